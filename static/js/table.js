/* Ticks of the table: all at once, how many, and the bar that moves them. */
(() => {
  "use strict";
  const form = document.getElementById("deals"), all = document.getElementById("tick-all");
  const bar = document.getElementById("deals-many");
  if (!form || !all || !bar) return;
  const ticks = [...form.querySelectorAll('input[name="deal"]')];
  const show = () => {
    const number = ticks.filter((tick) => tick.checked).length;
    document.getElementById("ticked").textContent = number;
    bar.classList.toggle("deals-many-idle", number === 0);
    all.checked = number > 0 && number === ticks.length;
    all.indeterminate = number > 0 && number < ticks.length;
  };
  form.addEventListener("change", (event) => {
    if (event.target === all) ticks.forEach((tick) => { tick.checked = all.checked; });
    show();
  });
  show();
})();
