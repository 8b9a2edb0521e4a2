/* Analytics: the tab that is open is in view; in the filter a chosen period takes the typed days away, typed days take the period
   away, and a list to tick in closes by a click elsewhere. */
(() => {
  "use strict";
  // On a telephone the tabs are wider than the page: one sees where one is.
  const tab = document.querySelector(".analytics-tab.active");
  if (tab) {
    const row = tab.parentElement, left = tab.offsetLeft - row.offsetLeft;
    if (left + tab.offsetWidth > row.clientWidth) row.scrollLeft = left - 16;
  }
  document.addEventListener("click", ({ target }) => {
    document.querySelectorAll("#analytics-filter .filter-list[open]").forEach((list) => {
      if (!list.contains(target)) list.open = false;
    });
  });
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("#analytics-filter");
    if (!form) return;
    const { period, since, until } = form.elements;
    if (target === period && period.value) since.value = until.value = "";
    if (target === since || target === until) period.value = "";
  });
})();
