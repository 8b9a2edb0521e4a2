/* The deal's card. Without it everything still reads and posts. */
(() => {
  "use strict";
  const each = (root, selector, work) => root.querySelectorAll(selector).forEach(work);
  const shown = new Map();

  // --- tabs stay where they were when the card draws itself anew
  document.addEventListener("shown.bs.tab", (event) => {
    const list = event.target.closest("section");
    if (list && list.id !== "composers") shown.set(list.getAttribute("aria-label"), address(event.target));
  });
  const address = (link) => link.dataset.bsTarget || link.getAttribute("href");
  function restoreTabs() {
    each(document, "#card section", (section) => {
      const wanted = shown.get(section.getAttribute("aria-label"));
      if (!wanted || section.id === "composers") return;
      const link = [...section.querySelectorAll("[data-bs-toggle=tab]")].find((item) => address(item) === wanted);
      if (link && !link.classList.contains("active")) {
        tabler.Tab.getOrCreateInstance(link).show();
        if (link.hasAttribute("hx-get")) htmx.trigger(link, "click");
      }
    });
  }

  // --- the current stage is in sight on a phone
  function showStage() {
    const bar = document.getElementById("card-stages");
    const current = bar && bar.querySelector(".is-current");
    if (current && bar.scrollWidth > bar.clientWidth) bar.scrollLeft = current.offsetLeft - bar.clientWidth / 3;
  }

  // --- parts of a form that belong to some choices only
  function fitForm(form) {
    const verb = form.querySelector("[name=verb]");
    if (verb) each(form, "[data-for]", (part) => { part.hidden = !part.dataset.for.split(" ").includes(verb.value); });
  }
  document.addEventListener("change", (event) => event.target.form && fitForm(event.target.form));

  // --- composers: a sent form is empty again; a click on an e-mail opens the letter
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!event.detail.successful || !form.matches) return;
    if (form.matches("form[data-reset]")) { form.reset(); fitForm(form); }
    if (form.matches("form[data-letter]") && event.detail.xhr.status === 204) {
      const pane = form.closest(".tab-pane");
      const tab = pane && document.getElementById(`${pane.id}-tab`);
      if (tab) htmx.ajax("GET", tab.getAttribute("href"), { target: `#${pane.id}`, swap: "innerHTML" });
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-compose]");
    const tab = link && document.getElementById(`compose-${link.dataset.compose}-tab`);
    if (!tab) return;
    event.preventDefault();
    tabler.Tab.getOrCreateInstance(tab).show();
    document.getElementById("composers").scrollIntoView({ behavior: "smooth", block: "nearest" });
  });

  // Whoever unpins by a key goes on from the entry's own line.
  let pinned = "";
  document.addEventListener("click", (event) => { pinned = event.target.closest(".feed-pin-button")?.value || ""; });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (!pinned || event.target.id !== "feed") return;
    if (document.activeElement === document.body) (document.getElementById(`pin-${pinned}`) || document.querySelector(".feed-pin-button"))?.focus();
    pinned = "";
  });

  // Escape puts a field back as it was opened.
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Escape" || event.defaultPrevented || !field.matches?.(".card-field input, .card-field select, .card-field textarea")) return;
    if (field.type === "checkbox" || field.type === "radio") return;
    if (field.tagName === "SELECT") each(field, "option", (option) => { option.selected = option.defaultSelected; });
    else field.value = field.defaultValue;
    field.blur();
  });

  // A key that opens a composer puts one into its text, now or when its form has come.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("#composers [data-bs-toggle=tab]");
    if (!tab) return;
    const pane = document.querySelector(address(tab));
    // The first that is still to be written; a template or a channel is chosen by who wants to.
    const focus = () => {
      const fields = [...pane.querySelectorAll("form[method=post] :is(textarea, input:not([type=hidden], [type=file], [type=checkbox]))")];
      const shown = fields.filter((field) => field.offsetParent);
      (pane.querySelector("select[name=verb]") || shown.find((field) => !field.value) || shown[0])?.focus();
    };
    if (pane.querySelector("form")) setTimeout(focus);
    else pane.addEventListener("htmx:afterSettle", focus, { once: true });
  });
  // What a colleague chose stays: the card is drawn as it stands.
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-card-again]")) htmx.trigger(document.body, "deal:changed");
  });

  // Enter in a one-line field of the card saves it, as leaving it does.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches(".card-field input:not([type=checkbox]), .card-field [data-line]")) return;
    event.preventDefault();
    event.target.blur();
  });
  // What is pasted into a name is one line too.
  document.addEventListener("input", ({ target }) => {
    if (target.matches("[data-line]") && target.value.includes("\n")) target.value = target.value.replace(/\s*\n\s*/g, " ");
  });

  // A field that could not be saved looks so; leaving it once more, or Enter, tries again.
  const mark = (failed) => (event) => {
    const box = event.detail.elt;
    if (!box.matches?.(".card-field")) return;
    box.classList.toggle("is-unsaved", failed);
    each(box, "input:not([type=hidden]), select, textarea", (field) => field.classList.toggle("is-invalid", failed));
  };
  document.addEventListener("htmx:beforeRequest", mark(false));
  for (const failure of ["htmx:responseError", "htmx:sendError"]) document.addEventListener(failure, mark(true));
  document.addEventListener("focusout", (event) => {
    const box = event.target.closest(".card-field.is-unsaved");
    if (box) htmx.trigger(box, "change");
  });

  function prepare(root) {
    each(root, ".card-file-new", (part) => part.classList.add("is-quiet"));
    each(root, "form", fitForm);
  }
  document.addEventListener("htmx:afterSettle", (event) => {
    prepare(document);
    if (event.target.id === "card" || event.detail.target.id === "card") { restoreTabs(); showStage(); }
  });
  document.addEventListener("DOMContentLoaded", () => { prepare(document); showStage(); });
  if (document.readyState !== "loading") { prepare(document); showStage(); }
})();
