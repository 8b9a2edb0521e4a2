/* Widgets are taken by their heads and dropped in another place, which the server remembers. */
(() => {
  "use strict";
  const desktop = document.getElementById("desktop");
  if (!desktop || !window.Sortable) return;
  const codes = () => [...desktop.querySelectorAll(".desktop-cell")].map((cell) => cell.dataset.code);
  let before = null;
  Sortable.create(desktop, {
    draggable: ".desktop-cell", handle: ".desktop-head", filter: "a, button", preventOnFilter: false,
    animation: 150, ghostClass: "desktop-ghost", delay: 200, delayOnTouchOnly: true, touchStartThreshold: 5,
    onStart: () => { before = [...desktop.children]; },
    onEnd: () => {
      const home = before;
      htmx.ajax("POST", desktop.dataset.orderUrl, { source: desktop, swap: "none", values: { code: codes() } })
        // Not remembered is not moved; app.js has said why.
        .catch(() => desktop.append(...home));
    },
  });
})();
