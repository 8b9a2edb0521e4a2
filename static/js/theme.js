/* Before anything is drawn: where the system decides, its light or dark is what the page takes, now and when it changes. */
(() => {
  "use strict";
  const root = document.documentElement;
  if (root.dataset.theme !== "auto") return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", () => { follow(); document.dispatchEvent(new CustomEvent("theme:changed")); });
})();
