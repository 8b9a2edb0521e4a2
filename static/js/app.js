/* What every page needs: dialogs, toasts, and words for a server that fails. No inline handlers anywhere. */
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const dialogWindow = () => tabler.Modal.getOrCreateInstance(byId("dialog-window"));

  // `back`: {label, url, seconds}, a button that posts to the address; Alt+Z presses the latest one.
  function toast(text, kind = "success", back = null) {
    const node = byId("toast-template").content.firstElementChild.cloneNode(true);
    node.classList.add(`app-toast-${kind}`);
    node.querySelector(".toast-body").textContent = text;
    byId("toasts").append(node);
    node.addEventListener("hidden.bs.toast", () => node.remove());
    // A refusal is read, not glimpsed.
    const shown = new tabler.Toast(node, { delay: back ? back.seconds * 1000 : kind === "danger" ? 12000 : 5000 });
    if (back) addWayBack(node, back, shown);
    shown.show();
    return node;
  }
  function addWayBack(node, back, shown) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-link my-auto text-nowrap app-toast-back";
    button.textContent = back.label;
    button.title = "Alt+Z";
    button.setAttribute("aria-keyshortcuts", "Alt+Z");
    button.addEventListener("click", () => {
      // Gone before the toast has faded: pressed twice, it would be refused the second time.
      button.remove();
      shown.hide();
      htmx.ajax("POST", back.url, { source: document.body, target: "#dialog", swap: "none" });
    });
    node.querySelector(".toast-body").after(button);
    // Longer than the server grants it nobody may press it, however long the pointer rests on the toast.
    setTimeout(() => node.isConnected && shown.hide(), back.seconds * 1000);
  }
  document.addEventListener("keydown", (event) => {
    if (event.code !== "KeyZ" || !event.altKey || event.ctrlKey || event.metaKey) return;
    const buttons = document.querySelectorAll(".app-toast-back");
    if (!buttons.length) return;
    event.preventDefault();
    buttons[buttons.length - 1].click();
  });
  window.reglament = { toast };

  // HX-Trigger: {"toast": {"text": …, "kind": "success|warning|danger", "label", "url", "seconds": a way back}, "dialog:close": true}
  document.addEventListener("toast", ({ detail }) => toast(detail.text, detail.kind, detail.url ? detail : null));
  // A moment later: the events of one answer start from the form in the window, and a form that is gone tells nobody.
  document.addEventListener("dialog:close", () => setTimeout(() => dialogWindow().hide()));

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id !== "dialog") return;
    if (!byId("dialog").childElementCount) return dialogWindow().hide();
    dialogWindow().show();
    focusFirst();
  });
  document.addEventListener("shown.bs.modal", focusFirst);
  document.addEventListener("hidden.bs.modal", (event) => {
    if (event.target.id === "dialog-window") byId("dialog").replaceChildren();
  });
  function focusFirst() {
    const dialog = byId("dialog");
    const field = dialog.querySelector("[autofocus], .is-invalid") ||
      dialog.querySelector("input:not([type=hidden]):not([type=radio]), select, textarea");
    if (field && !dialog.contains(document.activeElement)) field.focus();
  }

  // What is sent from a part of the page wants to find it there when its answer comes: only then that part draws itself anew.
  const sent = new Set(), late = new Set();
  document.addEventListener("htmx:beforeSend", ({ detail: { requestConfig: { verb, elt } } }) => { if (verb !== "get") sent.add(elt); });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { target, requestConfig: { verb, elt } } = detail;
    if (verb !== "get" || target !== elt || ![...sent].some((from) => target.contains(from))) return;
    detail.shouldSwap = false;
    late.add(target.id === "feed" ? "feed:changed" : "deal:changed");
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { requestConfig: { verb, elt } } }) => {
    if (verb === "get") return;
    sent.delete(elt);
    if ([...sent].some((from) => from.isConnected)) return;
    late.forEach((name) => htmx.trigger(document.body, name));
    late.clear();
  });

  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail, said = xhr.getResponseHeader("HX-Trigger");
    if (said && /"(toast|session:\w+)"/.test(said)) return;
    const { gone, forbidden, failed } = document.body.dataset;
    toast({ 403: forbidden, 404: gone }[xhr.status] || failed, "danger");
  });
  document.addEventListener("htmx:sendError", () => toast(document.body.dataset.offline, "danger"));

  // Ctrl+Enter sends the form one types in; Ctrl+K and «/» go to the search box.
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
    } else if (isSearch(event, typing) && byId("search")) {
      event.preventDefault();
      byId("search").focus();
      byId("search").select();
    }
  });

  // By the key's place, so that it is the same key in the Russian layout.
  function isSearch(event, typing) {
    if (event.altKey || event.shiftKey) return false;
    if (event.ctrlKey || event.metaKey) return event.code === "KeyK";
    return event.code === "Slash" && !event.shiftKey && event.key !== "?" && !typing;
  }

  // A select or a tick that is the whole form sends it at once: <form data-send-on-change>.
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-send-on-change]");
    if (form) form.requestSubmit();
  });

  // The found list closes on Escape and on a click elsewhere; arrows walk through it.
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".app-search")) byId("search-found")?.replaceChildren();
  });
  document.addEventListener("keydown", (event) => {
    const found = byId("search-found");
    if (!found || !event.target.closest(".app-search")) return;
    if (event.key === "Escape") { found.replaceChildren(); byId("search").focus(); }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [byId("search"), ...found.querySelectorAll("a")];
    const next = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    event.preventDefault();
    stops[Math.max(0, Math.min(next, stops.length - 1))].focus();
  });
})();
