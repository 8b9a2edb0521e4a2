// Counts down what is left of a short limit, each second, in working time: the spans of it stand in the element.
// Without it the page shows what was left when it was drawn.
(function () {
  "use strict";
  const ahead = new WeakMap(); // the server's clock against ours, by element

  const two = (number) => String(number).padStart(2, "0");

  function left(spans, now) {
    return spans.reduce((sum, [start, end]) => sum + Math.max(0, end - Math.max(start, now)), 0);
  }

  function words(milliseconds) {
    const seconds = Math.ceil(milliseconds / 1000);
    const hours = Math.floor(seconds / 3600);
    const rest = `${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
  }

  function draw(item) {
    if (!ahead.has(item)) ahead.set(item, Number(item.dataset.now) - Date.now());
    const now = Date.now() + ahead.get(item);
    const spans = item.dataset.spans.split(",").map((span) => span.split("-").map(Number));
    const said = item.querySelector("[data-left]");
    if (now < spans[0][0] || !said) return; // not working yet: the server has said from when
    const rest = left(spans, now);
    if (rest <= 0) {
      item.classList.remove("age-near");
      item.classList.add("age-late");
      said.textContent = item.dataset.over;
      item.removeAttribute("data-spans");
      return;
    }
    if (rest <= Number(item.dataset.near)) item.classList.add("age-near");
    // Between working hours nothing runs: what is left stands still.
    said.textContent = words(rest);
  }

  setInterval(function () {
    if (!document.hidden) document.querySelectorAll("time[data-spans]").forEach(draw);
  }, 1000);
})();
