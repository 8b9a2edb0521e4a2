/* The windows of deals and tasks, which open over any page. Without it everything still reads and posts. */
(() => {
  "use strict";
  // --- quick dates: the server says what they mean
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-quick] button");
    if (!button) return;
    const field = document.getElementById(button.closest("[data-quick]").dataset.quick);
    field.value = field.type === "date" ? button.dataset.at.slice(0, 10) : button.dataset.at;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // --- a whole day has no hour: its field is one of days
  function fitDue(tick) {
    const field = tick.form?.elements[tick.name.replace("all_day", "due_at")];
    if (!field || (field.type === "date") === tick.checked) return;
    const [day, hour] = field.value.split("T");
    if (hour) field.dataset.hour = hour;
    field.type = tick.checked ? "date" : "datetime-local";
    field.value = tick.checked || !day ? day : `${day}T${field.dataset.hour || "10:00"}`;
  }
  const fitAllDues = () => document.querySelectorAll('[name$="all_day"]').forEach(fitDue);
  document.addEventListener("change", (event) => { if (event.target.name?.endsWith("all_day")) fitDue(event.target); });

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

  // --- a better way to write a name, taken with one click
  document.addEventListener("click", (event) => {
    const take = event.target.closest("[data-name-take]");
    if (!take) return;
    const field = take.closest("form").elements[take.dataset.nameTake];
    field.value = take.dataset.name;
    take.closest("[data-name-hints]").replaceChildren();
    field.focus();
  });

  function choice(form, kind, pk, name) {
    const box = form.querySelector(`[data-chosen="${kind}"]`);
    box.querySelector("input").value = pk;
    box.querySelector("span").textContent = name;
    box.hidden = !pk;
    form.querySelector(`[data-new="${kind}"]`).hidden = Boolean(pk);
  }

  // --- how long an SMS is, as notifications/sms.py counts it
  const gsm = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
  const wide = new Set("\f^{}\\[~]|€");
  function measure(text) {
    const signs = [...text];
    const plain = signs.every((sign) => gsm.has(sign) || wide.has(sign));
    const [one, more] = plain ? [160, 153] : [70, 67];
    const sizes = signs.map((sign) => (plain ? (wide.has(sign) ? 2 : 1) : sign.length));
    const all = sizes.reduce((sum, size) => sum + size, 0);
    if (all <= one) return { signs: all, parts: 1, room: one };
    let parts = 1, left = more;
    sizes.forEach((size) => {
      if (size > left) { parts += 1; left = more; }
      left -= size;
    });
    return { signs: all, parts, room: parts * more };
  }
  document.addEventListener("input", (event) => {
    const said = event.target.id && document.querySelector(`[data-sms-length="${event.target.id}"]`);
    if (!said) return;
    const length = measure(event.target.value.trim());
    said.textContent = said.dataset.words.replace(/\{(\w+)\}/g, (_all, name) => length[name]);
  });

  // Quick dates work only with this script, so only with it they show.
  const prepare = () => {
    document.querySelectorAll("[data-quick]").forEach((part) => { part.hidden = false; });
    fitAllDues();
  };
  document.addEventListener("htmx:afterSettle", prepare);
  document.addEventListener("DOMContentLoaded", prepare);
})();
