/* Columns of any table: dragged in their window, and by their headings. Wants vendor/sortable on the page. */
(() => {
  "use strict";

  // ── The window: <ul data-sortable-columns>, whose items are dragged or shifted by their buttons.
  function arrange(root) {
    root.querySelectorAll("[data-sortable-columns]:not([data-ready])").forEach((list) => {
      list.dataset.ready = "";
      Sortable.create(list, { handle: ".columns-grip", animation: 120, ghostClass: "columns-ghost" });
      list.querySelectorAll("[data-shift]").forEach((button) => { button.hidden = false; });
      list.addEventListener("click", (event) => {
        const button = event.target.closest("[data-shift]");
        if (!button) return;
        const item = button.closest("li"), up = button.dataset.shift === "-1";
        const other = up ? item.previousElementSibling : item.nextElementSibling;
        if (!other) return;
        if (up) other.before(item); else other.after(item);
        button.focus();
      });
    });
  }
  arrange(document);
  document.addEventListener("htmx:afterSwap", (event) => arrange(event.detail.target));

  // ── Headings: <tr data-columns="where the order is posted"> of <th data-column="code">.
  document.querySelectorAll("tr[data-columns]").forEach((row) => {
    const headings = () => [...row.querySelectorAll("th[data-column]")];
    Sortable.create(row, {
      draggable: "th[data-column]", animation: 0, ghostClass: "columns-ghost", delay: 200, delayOnTouchOnly: true,
      onStart: () => row.classList.add("columns-dragging"),
      onEnd: (event) => {
        row.classList.remove("columns-dragging");
        if (event.oldIndex === event.newIndex) return;
        const column = headings().map((heading) => heading.dataset.column);
        // The server keeps the order and the page is drawn anew in it.
        htmx.ajax("POST", row.dataset.columns, { source: row, target: row, swap: "none", values: { column } });
      },
    });
  });
})();
