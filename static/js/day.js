/* «My day» by the keyboard alone: a place in the queue, a window for the entry, and on to the next. */
(() => {
  "use strict";
  const list = () => document.getElementById("day");
  if (!list()) return;
  const way = () => document.getElementById("day-way");
  const entries = () => [...list().querySelectorAll(".day-entry")];
  const isOpen = () => document.getElementById("dialog-window").classList.contains("show");

  // Where one is: by key when the queue only draws itself anew, by place when one has just ended what stood there.
  let key = "", place = 0, acted = false, drawn = false;

  function stand(entry) {
    if (!entry) return;
    entries().forEach((other) => { other.tabIndex = other === entry ? 0 : -1; });
    entry.focus();
    entry.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("focusin", (event) => {
    const entry = event.target.closest(".day-entry");
    if (!entry) return;
    key = entry.dataset.entry;
    place = entries().indexOf(entry);
    entries().forEach((other) => { other.tabIndex = other === entry ? 0 : -1; });
  });
  function current() {
    const all = entries();
    return all.find((entry) => entry.contains(document.activeElement)) || all.find((entry) => entry.tabIndex === 0);
  }

  function back() {
    // Who types in the search meanwhile goes on typing.
    const at = document.activeElement;
    if (isOpen() || (at && at !== document.body && !at.closest("#dialog-window, #day"))) return;
    // The queue without what was done is on its way.
    if (acted && !drawn) return;
    const all = entries();
    const same = all.find((entry) => entry.dataset.entry === key);
    if (!all.length) return document.getElementById("day-empty")?.focus();
    stand(acted || !same ? all[Math.min(place, all.length - 1)] : same);
    acted = false;
  }
  document.addEventListener("hidden.bs.modal", back);
  document.addEventListener("deal:changed", () => { acted = true; drawn = false; });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "day") { drawn = true; back(); }
    if (event.target.id === "day-way") focusField();
  });

  function focusField() {
    // What the regulation asks on about comes before where one began.
    const field = way().querySelector(".is-invalid") || way().querySelector("[autofocus]") ||
      way().querySelector("input:not([type=hidden]):not([type=checkbox]), textarea, select") || way().querySelector("button");
    if (!field) return;
    field.focus();
    way().scrollIntoView({ block: "nearest" });
  }

  // --- keys of the queue; by their place on the keyboard, whatever the layout writes
  const ask = (entry, pressed) => {
    const url = new URL(entry.dataset.ask, location.href);
    if (pressed) url.searchParams.set("key", pressed);
    open(url.pathname + url.search);
  };
  const open = (url) => htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" }).catch(() => {});
  const step = (by) => {
    const all = entries(), entry = current();
    stand(all[Math.max(0, Math.min(all.indexOf(entry) + by, all.length - 1))]);
  };
  const KEYS = {
    KeyJ: () => step(1), ArrowDown: () => step(1), KeyK: () => step(-1), ArrowUp: () => step(-1),
    Home: () => stand(entries()[0]), End: () => stand(entries().at(-1)),
    Enter: (entry) => entry.dataset.ask && ask(entry),
    KeyD: (entry) => entry.dataset.ask && ask(entry, "d"),
    KeyP: (entry) => entry.dataset.ask && ask(entry, "p"),
    KeyN: (entry) => entry.dataset.new && open(entry.dataset.new),
    KeyC: (entry) => entry.querySelector(".day-phone")?.click(),
    KeyO: (entry) => { if (entry.dataset.card) location.assign(entry.dataset.card); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (isOpen()) return choose(event);
    const work = KEYS[event.code === "NumpadEnter" ? "Enter" : event.code], entry = current();
    if (!work || !entry) return;
    // On a link or a button Enter means that link.
    if (event.target.closest("a, button, summary") && !/^(Key|Arrow)/.test(event.code)) return;
    event.preventDefault();
    if (!entry.contains(document.activeElement) && /^(KeyJ|KeyK|Arrow)/.test(event.code)) return stand(entry);
    work(entry);
  });

  // --- in the window: 1 to 9 choose a way; its form, and what the regulation says of it, stay in the window
  function choose(event) {
    const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
    const ways = [...document.querySelectorAll("#dialog .day-way")].filter((item) => item.checkVisibility());
    if (!number || !ways[number[1] - 1]) return;
    event.preventDefault();
    ways[number[1] - 1].click();
  }
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("#dialog a.day-way");
    if (chosen) mark(chosen);
  });
  function mark(chosen) {
    document.querySelectorAll("#dialog .day-way").forEach((item) => item.classList.toggle("active", item === chosen));
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig, target } = event.detail;
    if (way() && target.id === "dialog" && requestConfig.elt.closest(".day-do")) event.detail.target = way();
  });
})();
