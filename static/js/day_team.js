/* The list of the team's day: all that is shown is chosen at once. */
(() => {
  "use strict";
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#worst [data-tick-all]")) return;
    document.querySelectorAll('#worst input[name="row"]').forEach((tick) => { tick.checked = event.target.checked; });
  });
})();
