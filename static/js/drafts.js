/* What is being written outlives a page left by accident: kept in this browser, by person and form, until it is sent. */
(() => {
  "use strict";
  const LIFE = 30 * 24 * 3600 * 1000;
  const seen = new WeakSet();
  const start = `draft:${document.body.dataset.user}:`;
  const keyOf = (form) => start + form.dataset.draft;
  const texts = (form) => [...form.querySelectorAll("textarea[name], input[type=text][name], input:not([type])[name]")];
  let waiting = 0;

  // A browser may forbid keeping anything; then nothing is kept.
  function stored(work) { try { return work(localStorage); } catch { return null; } }
  function read(key) {
    const raw = stored((store) => store.getItem(key));
    try { return JSON.parse(raw); } catch { return null; }
  }

  function keep(form) {
    const typed = texts(form).filter((field) => field.value.trim() && field.value !== field.defaultValue);
    if (!typed.length) return forget(form);
    const fields = Object.fromEntries(typed.map((field) => [field.name, field.value]));
    stored((store) => store.setItem(keyOf(form), JSON.stringify({ at: Date.now(), fields })));
  }
  function forget(form) {
    stored((store) => store.removeItem(keyOf(form)));
    form.querySelector(".compose-draft")?.remove();
  }

  function restore(form) {
    if (seen.has(form)) return;
    seen.add(form);
    const draft = read(keyOf(form));
    if (!draft) return;
    // Into empty fields only: what the server has filled in, from a template say, was asked for later.
    const back = texts(form).filter((field) => !field.value && draft.fields[field.name]);
    back.forEach((field) => { field.value = draft.fields[field.name]; });
    if (back.length) say(form);
  }
  function say(form) {
    const said = document.getElementById("draft-template")?.content.firstElementChild.cloneNode(true);
    if (!said) return;
    said.querySelector("button").addEventListener("click", () => {
      forget(form);
      texts(form).forEach((field) => { field.value = field.defaultValue; });
    });
    form.prepend(said);
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.draft) return;
    clearTimeout(waiting);
    waiting = setTimeout(keep, 250, form);
  });
  window.addEventListener("pagehide", () => document.querySelectorAll("form[data-draft]").forEach((form) => {
    if (seen.has(form) && texts(form).some((field) => field.value !== field.defaultValue)) keep(form);
  }));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!event.detail.successful || !form.dataset?.draft || event.detail.requestConfig.verb !== "post") return;
    clearTimeout(waiting);
    forget(form);
  });

  const prepare = () => document.querySelectorAll("form[data-draft]").forEach(restore);
  document.addEventListener("htmx:afterSettle", prepare);
  document.addEventListener("DOMContentLoaded", prepare);
  if (document.readyState !== "loading") prepare();
  stored((store) => Object.keys(store).filter((key) => key.startsWith("draft:")).forEach((key) => {
    if (Date.now() - (read(key)?.at || 0) > LIFE) store.removeItem(key);
  }));
})();
