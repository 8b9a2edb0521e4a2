/* A page outlives its session: it ended, or one signed in anew in another tab. Nothing typed is thrown away. */
(() => {
  "use strict";
  const said = document.body.dataset;
  const FIELDS = "textarea, input:not([type=hidden], [type=checkbox], [type=radio], [type=file], [type=search])";
  const isTyped = () => [...document.querySelectorAll(FIELDS)].some((field) => field.value !== field.defaultValue && !field.closest("[role=search]"));

  // Who has typed nothing loses nothing by leaving; the page of signing in says why it is there.
  function ended(url) {
    if (!isTyped()) return location.assign(url);
    if (document.querySelector(".app-toast-sign-in")) return;
    const link = Object.assign(document.createElement("a"), { href: url, target: "_blank", textContent: said.signIn, className: "app-toast-sign-in" });
    reglament.toast(`${said.ended} `, "danger").querySelector(".toast-body").append(link);
  }
  document.addEventListener("session:ended", ({ detail }) => ended(detail.url));
  window.reglament.ended = () => ended(`${said.login}?ended=1&next=${encodeURIComponent(location.pathname + location.search)}`);

  document.addEventListener("session:renewed", ({ detail }) => {
    if (detail.user !== said.user) return reglament.toast(said.another, "danger");
    document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = detail.token; });
    document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": detail.token }));
    reglament.toast(said.renewed, "warning");
  });
})();
