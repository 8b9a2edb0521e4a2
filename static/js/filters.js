/* The filter's panel: closed by its link, Escape or a click elsewhere; lists that say what is ticked in them. */
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
    const list = event.target.closest(".filter-list");
    if (!list) return;
    const said = [...list.querySelectorAll("input:checked")].map((tick) => tick.parentElement.textContent.trim());
    list.querySelector("summary").textContent = said.join(", ") || "—";
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !place.contains(document.activeElement)) return;
    const list = document.activeElement.closest(".filter-list[open]");
    if (list) { list.open = false; list.querySelector("summary").focus(); return; }
    close(true);
  });
  document.addEventListener("click", (event) => {
    if (event.target.isConnected && !event.target.closest("#filters, #filter-button, .modal")) close(false);
  });
})();
