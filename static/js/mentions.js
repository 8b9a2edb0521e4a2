/* «@» in a note offers the colleagues who see the card: arrows walk, Enter chooses, Escape closes. */
(() => {
  "use strict";
  const BEGUN = /(?:^|\s)@([^@\n]{0,40})$/;
  let box = null, field = null, asking = null, waiting = 0;

  const begun = (text) => BEGUN.exec(text.value.slice(0, text.selectionStart));
  const options = () => (box ? [...box.querySelectorAll("[role=option]")] : []);

  function close() {
    clearTimeout(waiting);
    asking?.abort();
    box?.remove();
    field?.removeAttribute("aria-activedescendant");
    box = asking = null;
  }

  function mark(option) {
    options().forEach((item) => item.setAttribute("aria-selected", String(item === option)));
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function draw(people, typed) {
    box?.remove();
    box = document.createElement("div");
    box.className = "mention-list dropdown-menu show";
    box.id = "mention-list";
    if (people.length) box.setAttribute("role", "listbox");
    people.forEach((person, number) => {
      const option = document.createElement("div");
      option.id = `mention-${number}`;
      option.className = "dropdown-item mention-option";
      option.setAttribute("role", "option");
      option.dataset.id = person.id;
      option.dataset.name = person.name;
      option.append(Object.assign(document.createElement("span"), { textContent: person.name }));
      option.append(Object.assign(document.createElement("small"), { textContent: person.team }));
      box.append(option);
    });
    if (!people.length) {
      // What goes on beyond a few words is a sentence with an «@» in it, not a name.
      if (typed.includes(" ")) return close();
      box.setAttribute("role", "status");
      box.append(Object.assign(document.createElement("div"), { className: "dropdown-item-text text-secondary", textContent: field.dataset.mentionsNone }));
    }
    field.after(box);
    field.setAttribute("aria-controls", box.id);
    if (people.length) mark(options()[0]);
  }

  async function ask(typed) {
    asking?.abort();
    const mine = (asking = new AbortController());
    try {
      const answer = await fetch(`${field.dataset.mentions}?q=${encodeURIComponent(typed)}`, { signal: mine.signal });
      if (!answer.ok) return close();
      const { people } = await answer.json();
      if (begun(field)) draw(people, typed);
    } catch (error) {
      if (error.name !== "AbortError") close();
    }
  }

  function choose(option) {
    const caret = field.selectionStart, start = field.value.slice(0, caret).lastIndexOf("@");
    const name = `@${option.dataset.name} `;
    field.setRangeText(name, start, caret, "end");
    const kept = Object.assign(document.createElement("input"), { type: "hidden", name: "mention", value: option.dataset.id });
    field.form.append(kept);
    field.dispatchEvent(new Event("input", { bubbles: true }));
    close();
    field.focus();
  }

  document.addEventListener("input", (event) => {
    if (!event.target.matches("[data-mentions]")) return;
    field = event.target;
    const found = begun(field);
    clearTimeout(waiting);
    if (!found) return close();
    waiting = setTimeout(ask, 120, found[1]);
  });
  // Before the form hears Enter.
  document.addEventListener("keydown", (event) => {
    if (!box || event.target !== field) return;
    const all = options(), now = all.findIndex((item) => item.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); return close(); }
    if (!all.length || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      choose(all[Math.max(0, now)]);
    }
  }, true);
  // Pressed, not clicked: a click would take the focus away from the text first.
  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest(".mention-option");
    if (option) { event.preventDefault(); choose(option); }
    else if (box && !event.target.closest(".mention-list")) close();
  });
  document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
  document.addEventListener("reset", (event) => {
    event.target.querySelectorAll?.("input[name=mention]").forEach((kept) => kept.remove());
  });
})();
