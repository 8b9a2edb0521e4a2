/* What pages do with the news of live.js: the bell, the board's cards, an open card. Nobody's drag or typing is disturbed. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const me = Number(document.body.dataset.user);

  // --- the bell, the title, the sound
  const title = document.title;
  function show(unread) {
    const badge = byId("bell-count");
    if (!badge) return;
    badge.textContent = unread;
    badge.hidden = !unread;
    document.title = unread ? `(${unread}) ${title}` : title;
  }
  show(byId("bell-count")?.hidden === false ? byId("bell-count").textContent : "");
  document.addEventListener("live:unread", (event) => {
    show(event.detail.unread);
    if (byId("bell")?.getAttribute("aria-expanded") === "true") htmx.trigger(byId("bell").parentElement, "show.bs.dropdown");
    if (document.visibilityState === "visible") event.detail.notices.slice(0, 3).forEach((notice) => reglament.toast(notice.text, "info"));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.requestConfig?.verb === "post" && event.detail.target.id === "bell-list") show("");
  });

  // A browser lets nobody make a sound before he has clicked or typed; until then there is silence, and no error.
  document.addEventListener("live:news", () => {
    if (!("sound" in document.body.dataset) || navigator.userActivation?.hasBeenActive === false) return;
    const context = new AudioContext(), tone = context.createOscillator(), loudness = context.createGain();
    tone.frequency.setValueAtTime(660, context.currentTime);
    tone.frequency.setValueAtTime(880, context.currentTime + 0.12);
    loudness.gain.setValueAtTime(0.08, context.currentTime);
    loudness.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.4);
    tone.connect(loudness).connect(context.destination);
    tone.start();
    tone.stop(context.currentTime + 0.4);
    tone.addEventListener("ended", () => context.close());
  });

  document.addEventListener("live:state", (event) => {
    const cut = byId("live-cut");
    if (!cut) return;
    cut.hidden = event.detail.up;
    cut.title = document.body.dataset.cut;
    cut.querySelector("span").textContent = event.detail.up ? "" : document.body.dataset.cut;
  });

  // What this very tab has just done it shows already.
  let acted = 0;
  document.addEventListener("htmx:afterRequest", (event) => { if (event.detail.requestConfig?.verb !== "get") acted = Date.now(); });
  const isOwn = (by) => by.length > 0 && by.every((user) => user === me) && Date.now() - acted < 3000;

  // --- the board
  const board = byId("board");
  const waiting = new Set();
  let timer = 0, isAsking = false, isWhole = false, seen = 0;
  // The same card once more is no news: neither its focus nor a pointer on its way to it is disturbed.
  const isSame = (old, card) => old.className.replace(" deal-news", "") === card.className && old.innerHTML === card.innerHTML;
  const isBusy = () => document.querySelector(".sortable-chosen, .deal-ghost, .deal-waits, .board-menu.show") !== null;
  // A drag has begun since the board was asked for, or has ended: that answer knows nothing of it.
  const isLate = () => isBusy() || acted !== seen;

  function soon() {
    clearTimeout(timer);
    // Not all boards at once.
    timer = setTimeout(refresh, 150 + Math.random() * 250);
  }
  async function refresh() {
    if (isAsking || isBusy()) return soon();
    if (!waiting.size && !isWhole) return;
    const asked = [...waiting].slice(0, 50), whole = isWhole || waiting.size > 50;
    isAsking = true;
    try {
      if (whole) {
        isWhole = false;
        waiting.clear();
        seen = acted;
        await htmx.ajax("GET", location.href, { source: board, target: board, select: "#board > *", swap: "innerHTML" });
      } else {
        seen = acted;
        const answer = await fetch(`${board.dataset.changedUrl}&deals=${asked.join()}`);
        const html = await answer.text();
        if (answer.ok && !isLate()) {
          asked.forEach((pk) => waiting.delete(pk));
          place(asked, new DOMParser().parseFromString(html, "text/html"));
        }
      }
    } catch { /* The next sign of life asks again. */ } finally { isAsking = false; }
    if (waiting.size || isWhole) soon();
  }
  function place(asked, news) {
    news.querySelectorAll(".board-head").forEach((head) => {
      const old = byId(head.id);
      if (old && old.outerHTML !== head.outerHTML && !old.querySelector("details[open]")) old.replaceWith(head);
    });
    asked.forEach((pk) => {
      const old = byId(`deal-${pk}`), box = news.querySelector(`[data-stage] > #deal-${pk}`)?.parentElement;
      if (!box) { old?.remove(); return; }
      const card = box.firstElementChild, column = byId(`column-${box.dataset.stage}`);
      if (!column) { old?.remove(); return; }
      const focused = old?.contains(document.activeElement);
      if (old && old.parentElement === column) {
        if (isSame(old, card)) return;
        old.replaceWith(card);
      } else {
        old?.remove();
        const more = column.querySelector(".deal-more");
        if (Date.now() / 1000 - Number(box.dataset.since) < 600) column.prepend(card);
        // An older one stands further down: where the rest is not read yet, it will come with it.
        else if (!more) column.append(card);
        else return;
      }
      htmx.process(card);
      card.classList.add("deal-news");
      if (focused) card.querySelector("a, button")?.focus();
    });
  }
  if (board) {
    document.addEventListener("live:deals", (event) => {
      if (isOwn(event.detail.by)) return;
      event.detail.deals.forEach((pk) => waiting.add(pk));
      soon();
    });
    document.addEventListener("live:many", () => { isWhole = true; soon(); });
    board.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.target !== board || !isLate()) return;
      event.detail.shouldSwap = false;
      isWhole = true;
    });
    board.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target === board) document.dispatchEvent(new CustomEvent("board:drawn"));
    });
  }

  // --- an open card
  const card = () => document.querySelector(".card-page[data-live-topic]");
  // A field that was refused, or that two people changed: its owner has still to say what it shall be.
  const UNSETTLED = ".card-field:has(.card-field-conflict, .invalid-feedback)";
  const typed = (field) => field.matches(UNSETTLED) || [...field.querySelectorAll("input:not([type=hidden]), textarea, select")].some((input) =>
    input === document.activeElement || (input.type === "checkbox" ? input.checked !== input.defaultChecked
      : input.tagName === "SELECT" ? false : input.value !== input.defaultValue));
  const isEdited = () => {
    const here = document.activeElement;
    return document.querySelector("#dialog-window.show, .card-page .dropdown-menu.show, .card-page .ts-wrapper.focus") !== null ||
      (here?.closest(".card-page") && here.matches("input, textarea, select, [contenteditable]") && !here.closest("#composers")) ||
      [...document.querySelectorAll(".card-page .card-field")].some(typed);
  };
  // The card is drawn anew after any verb; an unsettled field goes over into the new one as it stands.
  let kept = [], focus = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id !== "card" || !event.detail.shouldSwap) return;
    kept = [...event.detail.target.querySelectorAll(UNSETTLED)];
    focus = kept.some((field) => field.contains(document.activeElement)) ? document.activeElement : null;
    kept.forEach((field) => field.remove());
  });
  document.addEventListener("htmx:afterSwap", () => {
    kept.splice(0).forEach((field) => byId(field.id)?.replaceWith(field));
    focus?.focus();
    focus = null;
  });
  let cardTimer = 0, told = 0;

  async function freshen() {
    if (!card()) return;
    if (!isEdited()) return htmx.trigger(document.body, "deal:changed");
    htmx.trigger(document.body, "feed:changed");
    const answer = await fetch(card().getAttribute("hx-get"), { headers: { "X-Requested-With": "live" } }).catch(() => null);
    if (!answer?.ok) return;
    const news = new DOMParser().parseFromString(await answer.text(), "text/html");
    ["#card-stages", ...[...news.querySelectorAll(".card-page .card-field[id]")].map((field) => `#${CSS.escape(field.id)}`)].forEach((selector) => {
      const old = document.querySelector(selector), fresh = news.querySelector(selector);
      if (!old || !fresh || old.outerHTML === fresh.outerHTML || old.contains(document.activeElement) || typed(old)) return;
      old.replaceWith(fresh);
      htmx.process(fresh);
    });
  }
  function changed(by) {
    if (isOwn(by)) return;
    if (by.some((user) => user !== me) && isEdited() && Date.now() - told > 10000) {
      told = Date.now();
      reglament.toast(document.body.dataset.changed, "info");
    }
    clearTimeout(cardTimer);
    cardTimer = setTimeout(freshen, 200);
  }
  document.addEventListener("live:changed", (event) => { if (card()?.dataset.liveTopic === event.detail.topic) changed(event.detail.by); });
  document.addEventListener("live:many", () => changed([]));
})();
