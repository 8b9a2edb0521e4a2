/* Ticks of a list: the bar of what can be done with many appears with the first. Without scripts it is always there. */
(() => {
  "use strict";
  const form = document.getElementById("list-form"), bar = form && form.querySelector("[data-many]");
  if (!bar) return;
  const all = form.querySelector("[data-tick-all]");
  const ticks = () => [...form.querySelectorAll("input[name=id]")];
  const count = bar.querySelector("[data-ticked]");
  const everything = form.querySelector("input[name=everything]");
  function show() {
    const number = ticks().filter((tick) => tick.checked).length;
    count.textContent = number;
    bar.classList.toggle("lists-many-idle", !number && !everything.checked);
    all.checked = number > 0 && number === ticks().length;
    all.indeterminate = number > 0 && !all.checked;
  }
  form.addEventListener("change", (event) => {
    if (event.target === all) ticks().forEach((tick) => { tick.checked = all.checked; });
    show();
  });
  show();
})();
