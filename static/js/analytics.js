/* The filter of analytics: a chosen period takes the typed days away, typed days take the period away. */
(() => {
  "use strict";
  document.addEventListener("change", ({ target }) => {
    const form = target.closest("#analytics-filter");
    if (!form) return;
    const { period, since, until } = form.elements;
    if (target === period && period.value) since.value = until.value = "";
    if (target === since || target === until) period.value = "";
  });
})();
