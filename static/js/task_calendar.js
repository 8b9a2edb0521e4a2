/* The calendar of tasks. The server draws in the reader's zone and decides what may be moved; what it refuses snaps back. */
(() => {
  "use strict";
  const box = document.getElementById("task-calendar");
  if (!box || !window.FullCalendar) return;
  const said = document.getElementById("task-calendar-said");
  const narrow = matchMedia("(max-width: 767.98px)");
  const NAMES = { day: "timeGridDay", week: "timeGridWeek", month: "dayGridMonth", list: "listWeek" };
  const csrf = () => JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  // Times are written by the reader's clock and without a zone; to FullCalendar they are all UTC.
  const plain = (text) => text.replace(/(:00)?(\.\d+)?Z$/, "");
  const began = Date.now();
  const now = () => new Date(Date.parse(`${box.dataset.now}Z`) + Date.now() - began).toISOString();

  async function read(info, success, failure) {
    const asked = new URLSearchParams(box.dataset.query);
    asked.set("start", plain(info.startStr));
    asked.set("end", plain(info.endStr));
    try {
      const answer = await fetch(`${box.dataset.feed}?${asked}`, { headers: { Accept: "application/json" } });
      const found = await answer.json();
      said.textContent = found.said || "";
      said.hidden = !found.said;
      success(found.events || []);
    } catch (error) {
      reglament.toast(document.body.dataset.offline, "danger");
      failure(error);
    }
  }

  async function put(info) {
    const task = info.event, form = new FormData();
    form.set("start", task.allDay ? task.startStr.slice(0, 10) : plain(task.startStr));
    if (!task.allDay && task.end) form.set("end", plain(task.endStr));
    form.set("revision", task.extendedProps.revision);
    try {
      const url = box.dataset.drag.replace("/0/", `/${task.id}/`);
      const answer = await fetch(url, { method: "POST", body: form, headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
      if (answer.redirected) { info.revert(); return reglament.ended(); }
      const found = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
      if (!answer.ok) {
        info.revert();
        return reglament.toast(found.said || document.body.dataset[answer.status === 404 ? "gone" : "failed"], "danger");
      }
      task.setExtendedProp("revision", found.revision);
      reglament.toast(found.said);
    } catch {
      info.revert();
      reglament.toast(document.body.dataset.offline, "danger");
    }
  }

  function face({ event, timeText }) {
    if (event.display === "background") return undefined;
    const line = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });
    const icon = Object.assign(document.createElement("i"), { className: `ti ti-${event.extendedProps.icon}` });
    icon.setAttribute("aria-label", event.extendedProps.kind);
    icon.setAttribute("role", "img");
    const parts = [icon];
    if (timeText) parts.push(line("task-event-time", timeText));
    parts.push(line("task-event-text", event.title));
    if (event.extendedProps.about) parts.push(line("task-event-about", event.extendedProps.about));
    return { domNodes: parts };
  }

  const open = (url) => htmx.ajax("GET", url, { target: "#dialog", swap: "innerHTML" });
  const calendar = new FullCalendar.Calendar(box, {
    locale: box.dataset.lang, timeZone: "UTC", now, firstDay: 1, height: "auto",
    initialDate: box.dataset.day,
    initialView: NAMES[box.dataset.view] || (narrow.matches ? "listWeek" : "timeGridWeek"),
    headerToolbar: { left: "prev,next today", center: "title", right: "timeGridDay,timeGridWeek,dayGridMonth,listWeek" },
    buttonText: { list: box.dataset.wordsList }, allDayText: box.dataset.wordsAllDay, noEventsText: box.dataset.wordsNone,
    moreLinkText: (number) => `+${number} ${box.dataset.wordsMore}`,
    nowIndicator: true, navLinks: true, dayMaxEvents: 4, slotDuration: "00:30:00", snapDuration: "00:15:00",
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
    scrollTime: "08:00:00", slotMinTime: "06:00:00", slotMaxTime: "23:00:00", expandRows: true, slotEventOverlap: false, eventMinHeight: 22, displayEventEnd: false,
    editable: true, selectable: true, selectMirror: true, longPressDelay: 300, eventInteractive: true,
    events: read, eventContent: face, eventDrop: put, eventResize: put,
    eventClick: (info) => { info.jsEvent.preventDefault(); open(info.event.url); },
    select: (info) => { open(`${box.dataset.new}?at=${encodeURIComponent(info.allDay ? info.startStr.slice(0, 10) : plain(info.startStr))}`); calendar.unselect(); },
    datesSet: (info) => {
      const name = Object.keys(NAMES).find((key) => NAMES[key] === info.view.type), asked = new URLSearchParams(box.dataset.query);
      asked.set("view", name);
      asked.set("day", calendar.getDate().toISOString().slice(0, 10));
      history.replaceState(history.state, "", `${location.pathname}?${asked}`);
    },
  });
  calendar.render();
  // The arrows' buttons have their names; the icons in them would be pictures without one.
  for (const icon of box.querySelectorAll(".fc-icon")) icon.setAttribute("aria-hidden", "true");

  // A dialog that did something says `deal:changed`.
  document.body.addEventListener("deal:changed", () => calendar.refetchEvents());
  // Arrows turn the pages where nothing is typed and no task holds the focus; Home is today.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select, .modal, a, button")) return;
    if (event.key === "ArrowLeft") calendar.prev();
    else if (event.key === "ArrowRight") calendar.next();
    else if (event.key === "Home") calendar.today();
    else return;
    event.preventDefault();
  });
})();
