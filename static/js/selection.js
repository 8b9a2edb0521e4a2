/* Ticks of a table that last over its pages: <form data-selection="what is listed">, for any list.

   Rows are ticked by `input[name=deal]` (or the name in data-selection-name); `[data-tick-all]` ticks the page; inside the
   bar `[data-selected]` says how many, `input[name=everything]` means all that the filter finds, `[data-select-none]` lets go.
   The bar itself is `[data-selection-bar]`. Ticks of other pages go along as hidden inputs. A click with Shift ticks a range. */
(() => {
  "use strict";
  document.querySelectorAll("form[data-selection]").forEach((form) => {
    const key = `ticked:${form.dataset.selection}`, name = form.dataset.selectionName || "deal";
    const bar = form.querySelector("[data-selection-bar]"), all = form.querySelector("[data-tick-all]");
    const ticks = [...form.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
    if (!bar || !all) return;
    const everything = form.querySelector("input[name=everything]");
    // By the record's number alone: on another visit the rest of the value may be another.
    const idOf = (value) => value.split("~")[0];
    const chosen = new Map(JSON.parse(sessionStorage.getItem(key) || "[]").map((value) => [idOf(value), value]));

    ticks.forEach((tick) => {
      if (!chosen.has(idOf(tick.value))) return;
      tick.checked = true;
      chosen.set(idOf(tick.value), tick.value);
    });

    function show() {
      const here = new Set(ticks.map((tick) => idOf(tick.value)));
      const ticked = ticks.filter((tick) => tick.checked).length;
      const wide = Boolean(everything?.checked);
      form.querySelectorAll("[data-selected]").forEach((place) => { place.textContent = wide ? place.dataset.everything || "" : chosen.size; });
      form.querySelectorAll("[data-elsewhere]").forEach((input) => input.remove());
      chosen.forEach((value, id) => {
        if (here.has(id)) return;
        const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
        input.dataset.elsewhere = "";
        form.append(input);
      });
      bar.hidden = chosen.size === 0 && !wide;
      all.checked = ticked > 0 && ticked === ticks.length;
      all.indeterminate = ticked > 0 && ticked < ticks.length;
      ticks.forEach((tick) => { tick.closest("tr")?.classList.toggle("is-ticked", tick.checked || wide); });
      form.dispatchEvent(new CustomEvent("selection:changed", { bubbles: true, detail: { count: chosen.size, everything: wide } }));
    }
    function keep(tick) {
      if (tick.checked) chosen.set(idOf(tick.value), tick.value); else chosen.delete(idOf(tick.value));
    }
    function write() {
      sessionStorage.setItem(key, JSON.stringify([...chosen.values()]));
      show();
    }

    let last = null;
    form.addEventListener("click", (event) => {
      const tick = event.target;
      if (!ticks.includes(tick)) return;
      if (event.shiftKey && last && last !== tick) {
        const [from, to] = [ticks.indexOf(last), ticks.indexOf(tick)].sort((a, b) => a - b);
        ticks.slice(from, to + 1).forEach((item) => { item.checked = tick.checked; keep(item); });
        write();
      }
      last = tick;
    });
    form.addEventListener("change", (event) => {
      if (event.target === all) ticks.forEach((tick) => { tick.checked = all.checked; keep(tick); });
      else if (ticks.includes(event.target)) keep(event.target);
      else if (event.target !== everything) return;
      // Taking one away from everything is choosing by hand again.
      if (everything && event.target !== everything) everything.checked = false;
      write();
    });
    function none() {
      chosen.clear();
      ticks.forEach((tick) => { tick.checked = false; });
      if (everything) everything.checked = false;
      write();
    }
    form.addEventListener("click", (event) => {
      if (event.target.closest("[data-select-none]")) none();
    });
    // What was done with them is done: the answer says so by this event.
    document.addEventListener("selection:done", none);
    show();
  });
})();
