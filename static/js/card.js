/* The deal's card, the form of a new deal and the task windows. Without it everything still reads and posts. */
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

  // --- quick dates
  const two = (number) => String(number).padStart(2, "0");
  const typed = (day) => `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}T${two(day.getHours())}:${two(day.getMinutes())}`;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-quick] button");
    if (!button) return;
    const field = document.getElementById(button.closest("[data-quick]").dataset.quick);
    const at = new Date();
    if (button.dataset.hours) at.setHours(at.getHours() + Number(button.dataset.hours));
    else { at.setDate(at.getDate() + Number(button.dataset.days)); at.setHours(10, 0); }
    field.value = typed(at);
  });

  // --- parts of a form that belong to some choices only
  function fitForm(form) {
    const verb = form.querySelector("[name=verb]");
    if (verb) each(form, "[data-for]", (part) => { part.hidden = !part.dataset.for.split(" ").includes(verb.value); });
  }
  document.addEventListener("change", (event) => event.target.form && fitForm(event.target.form));

  // --- choosing a contact or company that we know
  document.addEventListener("click", (event) => {
    const choose = event.target.closest("[data-choose]");
    const leave = event.target.closest("[data-unchoose]");
    if (choose) {
      const list = choose.closest(".deal-new-found");
      choice(choose.closest("form"), list.dataset.as || choose.dataset.choose, choose.dataset.pk, choose.dataset.name);
      list.replaceChildren();
    } else if (leave) choice(leave.closest("form"), leave.dataset.unchoose, "", "");
  });
  function choice(form, kind, pk, name) {
    const box = form.querySelector(`[data-chosen="${kind}"]`);
    box.querySelector("input").value = pk;
    box.querySelector("span").textContent = name;
    box.hidden = !pk;
    form.querySelector(`[data-new="${kind}"]`).hidden = Boolean(pk);
  }

  // --- composers: a sent form is empty again; a click on an e-mail opens the letter
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!event.detail.successful || !form.matches) return;
    if (form.matches("form[data-reset]")) { form.reset(); fitForm(form); }
    if (form.matches("form[data-letter]") && event.detail.xhr.status === 204) {
      const tab = document.getElementById("compose-letter-tab");
      if (tab) htmx.ajax("GET", tab.getAttribute("href"), { target: "#compose-letter", swap: "innerHTML" });
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

  // Enter in a one-line field of the card saves it, as leaving it does.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches(".card-field input:not([type=checkbox])")) return;
    event.preventDefault();
    event.target.blur();
  });

  function prepare(root) {
    each(root, "[data-quick]", (part) => { part.hidden = false; });
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
