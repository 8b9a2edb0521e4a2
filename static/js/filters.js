/* Lists to tick in, which say what is ticked in them; and the filter's panel: closed by its link, Escape or a click elsewhere. */
(() => {
  "use strict";
  document.addEventListener("change", ({ target }) => {
    const list = target.closest(".filter-list");
    if (!list) return;
    const summary = list.querySelector("summary"), group = list.querySelector("[role=group]");
    const ticked = [...list.querySelectorAll("input:checked")].map((tick) => tick.parentElement.textContent.trim());
    summary.textContent = ticked.join(", ") || summary.dataset.nothing || "—";
    summary.setAttribute("aria-label", `${group.getAttribute("aria-label")}: ${summary.textContent}`);
  });
  // Escape closes the list that one is in, and nothing around it.
  document.addEventListener("keydown", (event) => {
    const list = event.key === "Escape" && document.activeElement?.closest(".filter-list[open]");
    if (!list) return;
    event.stopImmediatePropagation();
    list.open = false;
    list.querySelector("summary").focus();
  });
})();
(() => {
  "use strict";
  const place = document.getElementById("filters"), button = document.getElementById("filter-button");
  if (!place || !button) return;
  const close = (refocus) => {
    if (!place.childElementCount) return;
    place.replaceChildren();
    button.setAttribute("aria-expanded", "false");
    if (refocus) button.focus();
  };

  function wake() {
    button.setAttribute("aria-expanded", String(place.childElementCount > 0));
    place.querySelectorAll("[data-period]").forEach(worded);
  }
  function worded(select) {
    const days = select.closest(".filter-days"), dates = select.value === "..";
    days.classList.toggle("is-worded", !dates);
    // Dates that nobody sees would ask all the same.
    if (!dates) days.querySelectorAll("input").forEach((input) => { input.value = ""; });
  }
  wake();
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== place) return;
    wake();
    place.querySelector("input:not([type=hidden]), select, summary")?.focus();
  });
  // A second press closes what the first one opened.
  button.addEventListener("click", (event) => {
    if (!place.childElementCount) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    close(true);
  }, true);
  place.addEventListener("click", (event) => {
    if (!event.target.closest("[data-filter-close]")) return;
    event.preventDefault();
    close(true);
  });
  place.addEventListener("change", (event) => {
    if (event.target.matches("[data-period]")) worded(event.target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && place.contains(document.activeElement)) close(true);
  });
  document.addEventListener("click", (event) => {
    if (event.target.isConnected && !event.target.closest("#filters, #filter-button, .modal")) close(false);
  });
})();
