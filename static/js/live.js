/* What others do comes to this page: one stream of events a browser, passed on among its tabs; polling where no stream
   comes through. Events on `document`: live:changed, live:deals, live:many, live:unread, live:state. See docs/live.md. */
(() => {
  "use strict";
  const { live, user, readAt } = document.body.dataset;
  if (!live || !Number(user)) return;
  const POLL_MS = 10000, SILENCE_MS = 40000, PATIENCE_MS = 8000, AGAIN_MS = [1000, 5000, 15000, 30000];
  const me = `${Date.now()}-${Math.random()}`;
  const own = `user:${user}`;
  const topics = () => [...new Set([...document.querySelectorAll("[data-live-topic]")].map((node) => node.dataset.liveTopic))];
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`live:${name}`, { detail }));

  // --- the tabs of one person in one browser: one leads, holds the stream and tells the others
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(`reglament-live-${user}`) : null;
  const pass = (message) => channel?.postMessage({ ...message, from: me });
  const wanted = new Map();
  let leads = false, since = Number(readAt) * 1000, stopped = false;

  function announce() {
    wanted.set(me, topics());
    if (leads) widen(); else pass({ kind: "topics", topics: topics(), since });
  }
  const all = () => [...new Set([...wanted.values()].flat())].sort().slice(0, 50);

  channel?.addEventListener("message", ({ data }) => {
    if (data.kind === "who") pass({ kind: "topics", topics: topics(), since });
    else if (data.kind === "topics" && leads) { wanted.set(data.from, data.topics); widen(); }
    else if (data.kind === "bye") wanted.delete(data.from);
    else if (data.kind === "told" && !leads) hear(data.message);
    else if (data.kind === "unread" && !leads) tell("unread", data.detail);
    else if (data.kind === "state" && !leads) tell("state", data.detail);
  });

  function lead() {
    leads = true;
    wanted.clear();
    wanted.set(me, topics());
    pass({ kind: "who" });
    open();
  }

  function hear(message) {
    const { topic, data } = message, mine = topics();
    if (topic === "*") return tell("many", {});
    if (topic === own && leads && (data.what === "notice" || data.what === "read")) return look(data.what === "notice");
    if (mine.includes(topic)) tell(data.what, { topic, ...data });
  }
  function spread(message) { hear(message); pass({ kind: "told", message }); }

  // --- the stream
  let stream = null, listening = "", failures = 0, again = 0, patience = 0, silence = 0;

  function open() {
    clearTimeout(again);
    if (stopped) return;
    stream?.close();
    listening = all().join(",");
    const opened = stream = new EventSource(`${live}?topics=${listening}&since=${since}`);
    watch();
    opened.onmessage = (event) => { if (opened === stream) take(event); };
    opened.onerror = () => {
      if (opened !== stream) return;
      // The browser comes back by itself from a cut, not from a refusal.
      if (opened.readyState === EventSource.CLOSED) later();
      else patience = patience || setTimeout(startPolling, PATIENCE_MS);
    };
  }
  function later() {
    stream?.close();
    stream = null;
    startPolling();
    clearTimeout(again);
    again = setTimeout(open, AGAIN_MS[Math.min(failures++, AGAIN_MS.length - 1)] * (1 + Math.random() / 2));
  }
  // Signs of life are comments, which no script sees: a connection that died without a word is found by the clock.
  function watch() {
    clearTimeout(silence);
    silence = setTimeout(async () => { if (stream) (await look(false) ? watch : later)(); }, SILENCE_MS);
  }
  function take(event) {
    const message = JSON.parse(event.data), { what, why } = message.data;
    watch();
    if (event.lastEventId) since = Number(event.lastEventId);
    if (what === "hello") {
      failures = 0;
      clearTimeout(patience);
      patience = 0;
      const wasCut = polling !== 0;
      stopPolling();
      state(true);
      // For whoever wonders by what this page hears.
      document.documentElement.dataset.live = "on";
      if (wasCut) look(true);
    } else if (what === "end") {
      if (why === "signed-out") { stopped = true; stream.close(); return; }
      later();
    } else spread(message);
  }
  let widening = 0;
  function widen() {
    clearTimeout(widening);
    widening = setTimeout(() => {
      const known = listening.split(",");
      if (stream && !all().every((topic) => known.includes(topic))) open();
    }, 150);
  }

  // --- polling: while the stream is away
  let polling = 0, heardTo = since;
  function startPolling() {
    if (polling || stopped) return;
    heardTo = since;
    document.documentElement.dataset.live = "polls";
    polling = setInterval(() => look(true), POLL_MS);
    look(true);
  }
  function stopPolling() { clearInterval(polling); polling = 0; }

  const seen = new Set();
  /* Ask what is new; false where nobody answers. */
  async function look(withNews) {
    const from = polling ? heardTo : since;
    const asked = polling ? all().join(",") : "";
    let answer;
    try {
      answer = await fetch(`${live}poll/?since=${from}&topics=${asked}`, { headers: { "X-Requested-With": "live" } });
    } catch { state(false); return false; }
    if (answer.status === 401) { stopped = true; stopPolling(); stream?.close(); stream = null; return true; }
    if (!answer.ok) { state(false); return false; }
    const found = await answer.json();
    state(true);
    if (polling) { heardTo = since = found.now; found.changes.forEach(spread); }
    const fresh = withNews ? found.notices.filter((notice) => !seen.has(notice.id)) : [];
    fresh.forEach((notice) => seen.add(notice.id));
    const detail = { unread: found.unread, notices: fresh };
    tell("unread", detail);
    pass({ kind: "unread", detail });
    // One tab makes the sound.
    if (fresh.length) tell("news", {});
    return true;
  }

  let up = true;
  function state(isUp) {
    if (isUp === up) return;
    up = isUp;
    tell("state", { up });
    pass({ kind: "state", detail: { up } });
  }

  // --- who leads
  addEventListener("pagehide", () => { stream?.close(); stream = null; stopPolling(); pass({ kind: "bye" }); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  // Parts that htmx draws may listen to something else.
  document.addEventListener("htmx:afterSettle", () => {
    const now = topics().join();
    if (now !== (wanted.get(me) || []).join()) announce();
  });
  if (channel && navigator.locks) {
    wanted.set(me, topics());
    pass({ kind: "topics", topics: topics(), since });
    navigator.locks.request(`reglament-live-${user}`, () => new Promise(lead));
  } else {
    // Without a common lock (plain http in an office's network) each tab in sight has a stream of its own: a browser
    // allows six connections, and tabs out of sight must not take them.
    const look = () => {
      if (document.visibilityState === "visible") { if (!stream) lead(); } else { stream?.close(); stream = null; stopPolling(); }
    };
    document.addEventListener("visibilitychange", look);
    look();
  }
})();
