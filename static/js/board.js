/* Dragging and the keyboard's way of moving. The server decides; a card that it does not let through snaps back. */
(() => {
  "use strict";
  const board = document.getElementById("board");
  if (!board) return;
  const menu = document.getElementById("move-menu");
  const columnOf = (card) => card.closest(".board-cards");

  function post(card, from, to) {
    const url = board.dataset.moveUrl.replace("/0/", `/${card.dataset.deal}/`);
    card.classList.add("deal-waits");
    const values = { to: to.dataset.code, seen: from.dataset.stage };
    // A server that does not answer rejects the promise, and app.js has said so already.
    return htmx.ajax("POST", url, { source: card, target: "#dialog", swap: "innerHTML", values })
      .catch(() => {})
      .finally(() => card.classList.remove("deal-waits"));
  }

  function watch(cards) {
    let before = null;
    Sortable.create(cards, {
      group: "deals", draggable: ".deal-card", filter: ".deal-menu", preventOnFilter: false, ghostClass: "deal-ghost",
      // A finger that rests drags; one that moves at once scrolls.
      delay: 200, delayOnTouchOnly: true, touchStartThreshold: 5, animation: 120,
      scroll: true, scrollSensitivity: 80, scrollSpeed: 16, bubbleScroll: true,
      onStart: (event) => { before = { parent: event.item.parentNode, next: event.item.nextSibling }; },
      onEnd: (event) => {
        const { item: card, from, to } = event, home = before;
        const back = () => { if (card.isConnected) home.parent.insertBefore(card, home.next?.isConnected ? home.next : null); };
        // The order inside a column is the order of arrival.
        if (from === to) return back();
        const snap = (answer) => {
          if (answer.detail.elt !== card || answer.detail.xhr.status < 400) return;
          back();
        };
        card.addEventListener("htmx:beforeSwap", snap);
        card.addEventListener("htmx:afterRequest", snap);
        card.addEventListener("htmx:sendError", back);
        post(card, from, to).finally(() => {
          card.removeEventListener("htmx:beforeSwap", snap);
          card.removeEventListener("htmx:afterRequest", snap);
          card.removeEventListener("htmx:sendError", back);
        });
      },
    });
  }
  const watchAll = () => board.querySelectorAll(".board-cards").forEach(watch);
  watchAll();
  // live_pages.js has drawn all columns anew.
  document.addEventListener("board:drawn", watchAll);

  // A drag ends with a click on the name's link: that click is not meant.
  let dragged = 0;
  board.addEventListener("dragend", () => { dragged = Date.now(); });
  board.addEventListener("click", (event) => {
    if (event.target.closest(".deal-name") && Date.now() - dragged < 100) event.preventDefault();
  });

  let chosen = null;
  function closeMenu(refocus) {
    if (!chosen) return;
    menu.classList.remove("show");
    if (refocus) chosen.querySelector("[data-move-menu]")?.focus();
    chosen = null;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move-menu]");
    if (!button) { if (!event.target.closest("#move-menu")) closeMenu(false); return; }
    chosen = button.closest(".deal-card");
    const here = columnOf(chosen).dataset.stage, box = button.getBoundingClientRect();
    menu.querySelectorAll("[data-to]").forEach((item) => { item.hidden = item.dataset.stage === here; });
    menu.classList.add("show");
    menu.style.left = `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8))}px`;
    menu.style.top = `${Math.max(8, Math.min(box.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
    menu.querySelector("[data-to]:not([hidden])")?.focus();
  });
  menu.addEventListener("click", (event) => {
    const task = event.target.closest("[data-task-url]");
    if (task && chosen) {
      const url = task.dataset.taskUrl.replace("/0/", `/${chosen.dataset.deal}/`);
      closeMenu(true);
      htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" }).catch(() => {});
      return;
    }
    const item = event.target.closest("[data-to]");
    if (!item || !chosen) return;
    const card = chosen, from = columnOf(card);
    const to = board.querySelector(`[data-code="${CSS.escape(item.dataset.to)}"]`);
    closeMenu(false);
    post(card, from, to);
  });
  // On the window, before the document: there Bootstrap takes an arrow in any menu as meant for the toolbar's.
  window.addEventListener("keydown", (event) => {
    if (!menu.contains(event.target) || !["Escape", "Tab", "ArrowDown", "ArrowUp"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") return closeMenu(true);
    const items = [...menu.querySelectorAll("[role=menuitem]:not([hidden])")];
    const next = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    items[(next + items.length) % items.length].focus();
  }, true);
  board.addEventListener("scroll", () => closeMenu(false), { passive: true, capture: true });

  // A deal that somebody else took away or archived: the card goes; app.js says a word about it.
  document.addEventListener("htmx:responseError", (event) => {
    const card = event.target.closest?.(".deal-card");
    if (!card || event.detail.xhr.status !== 404) return;
    card.remove();
  });
})();
