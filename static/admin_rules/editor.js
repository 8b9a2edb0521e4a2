/* The rule editor: the parameters of the guard or action one chooses, the places an occasion needs, rows that can be
   dragged. Everything works without it by «save and continue editing». */
"use strict";
(() => {
  /* ── Parameters ── */
  async function draw(select, keep) {
    const name = select.name.replace(/(what|name)$/, "params");
    const editor = document.getElementById("rule-editor");
    const box = document.getElementById(`id_${name}`);
    if (!editor || !box) return;
    const url = new URL(editor.dataset.paramsUrl, location.href);
    url.searchParams.set("entry", select.value);
    url.searchParams.set("prefix", name);
    if (keep) url.searchParams.set(keep.name, keep.value);
    box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(url, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok && !answer.redirected) box.innerHTML = await answer.text();
    } finally {
      box.removeAttribute("aria-busy");
    }
    prepare(box);
  }

  document.addEventListener("change", (event) => {
    const target = event.target;
    if (target.matches("select[data-entry]")) draw(target);
    if (target.matches("select[data-redraw]")) {
      const box = target.closest("[data-params]");
      const select = document.querySelector(`select[data-entry][name="${box.id.slice(3).replace(/params$/, "what")}"], select[data-entry][name="${box.id.slice(3).replace(/params$/, "name")}"]`);
      if (select) draw(select, target);
    }
    if (target.matches("select[data-when]")) show(target);
    if (target.matches("[data-pair] > select:first-child")) offer(target);
  });

  /* ── Pairs of field and value ── */
  function offer(select) {
    const pairs = select.closest("[data-pairs]");
    const options = JSON.parse(pairs.dataset.choices)[select.value];
    const old = select.parentElement.lastElementChild;
    const made = document.createElement(options ? "select" : "input");
    made.name = old.name;
    made.setAttribute("aria-label", old.getAttribute("aria-label"));
    if (options) {
      made.append(new Option("—", ""), ...Object.entries(options).map(([code, label]) => new Option(label, code)));
    } else {
      made.type = "text";
    }
    old.replaceWith(made);
  }

  document.addEventListener("click", (event) => {
    const more = event.target.closest("[data-more]");
    if (!more) return;
    const last = more.previousElementSibling;
    const row = last.cloneNode(true);
    row.firstElementChild.value = "";
    last.after(row);
    offer(row.firstElementChild);
    row.firstElementChild.focus();
  });

  /* ── What an occasion needs ── */
  const NEEDS = {
    enter: ["stage"], leave: ["stage"], stay: ["stage", "period"], before: ["stage", "period", "date"],
    after: ["stage", "period", "date"], on: ["stage", "verb"], choose: ["scenario"], task: ["stage"], finish: ["stage"],
  };
  function show(select) {
    for (const name of ["stage", "scenario", "period", "date", "verb"]) {
      const row = document.querySelector(`.form-row.field-${name}`);
      if (row) row.hidden = !NEEDS[select.value].includes(name) && !row.classList.contains("errors");
    }
  }

  /* ── Rows that can be dragged, and are read on a phone ── */
  function prepare(root) {
    for (const button of root.querySelectorAll("[data-more]")) button.hidden = false;
  }
  function label(table) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    for (const row of table.tBodies[0].rows) {
      [...row.cells].forEach((cell, at) => {
        if (heads[at] && !cell.classList.contains("original")) cell.dataset.label = heads[at];
      });
    }
  }
  function number(body) {
    let at = 0;
    for (const input of body.querySelectorAll("tr.form-row:not(.empty-form) .field-position input")) input.value = at++;
  }
  function drag(group) {
    const body = group.querySelector("table > tbody");
    if (!body || !window.Sortable || !body.querySelector(".field-position input")) return;
    for (const cell of body.querySelectorAll("tr.form-row:not(.empty-form) > td.original")) grip(cell);
    window.Sortable.create(body, {
      handle: ".rule-grip", draggable: "tr.form-row:not(.empty-form)", animation: 120, onEnd: () => number(body),
    });
  }
  function grip(cell) {
    const handle = document.createElement("span");
    handle.className = "rule-grip";
    handle.textContent = "⠿";
    handle.setAttribute("aria-hidden", "true");
    (cell.querySelector("p") || cell).prepend(handle);
  }

  document.addEventListener("formset:added", (event) => {
    const row = event.target;
    prepare(row);
    const body = row.closest("tbody");
    const position = row.querySelector(".field-position input");
    if (body && position) {
      position.value = body.querySelectorAll("tr.form-row:not(.empty-form)").length - 1;
      if (window.Sortable) grip(row.querySelector("td.original"));
    }
  });

  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    const when = document.querySelector("select[data-when]");
    if (when) show(when);
    for (const group of document.querySelectorAll(".inline-group:has(fieldset.rule-rows)")) {
      label(group.querySelector("table"));
      drag(group);
    }
  });
})();
