/* The side panel folds at once; the server remembers how it stands. Without this the page comes anew. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-side]");
    const panel = document.getElementById("side");
    if (!button || !panel) return;
    event.preventDefault();
    panel.classList.remove("is-narrow", "is-wide");
    panel.classList.add(`is-${button.dataset.side}`);
    panel.querySelector(`[data-side="${button.dataset.side === "wide" ? "narrow" : "wide"}"]`)?.focus();
    htmx.ajax("POST", button.form.action, { source: button.form, swap: "none", values: { side: button.dataset.side } }).catch(() => {});
    window.dispatchEvent(new Event("resize"));
  });
})();
