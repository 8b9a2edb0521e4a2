/* Keys of the page. An element says which key presses it: data-key="n" data-key-label="Write a note"; «?» lists them.
   What another script hears is listed by data-key-said="Ctrl+K" with a label. By the place of a key, so that it works in any layout. */
(() => {
  "use strict";
  const places = { "[": "BracketLeft", "]": "BracketRight" };
  const isSeen = (node) => node.offsetParent !== null;
  const typing = (node) => node.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  const fits = (event, key) => event.key === key || event.code === places[key] || event.code === `Key${key.toUpperCase()}`;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(event.target)) return;
    if (document.querySelector(".modal.show")) return;
    if (event.key === "?" || (event.shiftKey && event.code === "Slash")) {
      event.preventDefault();
      return help();
    }
    if (event.shiftKey) return;
    const node = [...document.querySelectorAll("[data-key]")].find((item) => isSeen(item) && fits(event, item.dataset.key));
    if (!node) return;
    event.preventDefault();
    if (node.dataset.keyFocus) document.querySelector(node.dataset.keyFocus)?.focus();
    else if (typing(node)) node.focus();
    else node.click();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys-open]")) { event.preventDefault(); help(); }
  });

  function help() {
    const made = document.getElementById("keys-template").content.cloneNode(true), rows = made.querySelector("dl");
    const told = new Set(), first = rows.firstElementChild;
    document.querySelectorAll("[data-key], [data-key-said]").forEach((node) => {
      const key = node.dataset.keySaid || node.dataset.key;
      if (told.has(key) || (!node.dataset.keySaid && !isSeen(node))) return;
      told.add(key);
      const pair = document.createElement("div"), name = document.createElement("dt"), says = document.createElement("dd");
      name.append(Object.assign(document.createElement("kbd"), { textContent: key.length === 1 ? key.toUpperCase() : key }));
      says.textContent = node.dataset.keyLabel;
      pair.append(name, says);
      rows.insertBefore(pair, first);
    });
    document.getElementById("dialog").replaceChildren(made);
    tabler.Modal.getOrCreateInstance(document.getElementById("dialog-window")).show();
  }

  // --- the deals of the list one came from: [ and ] on a card lead to the one before and the one after
  const deal = (path) => /^\/deals\/(\d+)\/$/.exec(path)?.[1];
  document.addEventListener("click", (event) => {
    const link = event.target.closest("main a[href]");
    if (!link || deal(location.pathname) || !deal(link.pathname)) return;
    const ids = [...document.querySelectorAll("main a[href]")].map((item) => deal(item.pathname)).filter(Boolean);
    try { sessionStorage.setItem("deals", JSON.stringify([...new Set(ids)])); } catch { /* then there is no list to walk */ }
  }, true);
  function neighbours() {
    const nav = document.getElementById("card-neighbours");
    if (!nav) return;
    let ids = [];
    try { ids = JSON.parse(sessionStorage.getItem("deals")) || []; } catch { /* none */ }
    const place = ids.indexOf(deal(location.pathname));
    nav.hidden = place < 0 || ids.length < 2;
    [["before", place - 1], ["after", place + 1]].forEach(([name, at]) => {
      const link = nav.querySelector(`[data-neighbour=${name}]`);
      link.hidden = !ids[at];
      if (ids[at]) link.href = `/deals/${ids[at]}/`;
    });
    nav.querySelector("[data-place]").textContent = `${place + 1} / ${ids.length}`;
  }
  document.addEventListener("htmx:afterSettle", neighbours);
  document.addEventListener("DOMContentLoaded", neighbours);
})();
