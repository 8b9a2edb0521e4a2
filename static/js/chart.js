/* Charts. Every `<figure class="chart" data-chart='{…}'>` on the page is drawn with ECharts, themed by Tabler's tokens.

   A page that has charts loads vendor/echarts/echarts.min.js, js/chart.js and css/chart.css, and shows the same
   numbers in a table beside the figure: that table is what people without scripts or eyes read.

   {
     "kind": "bar",             bar | line | funnel | pie | progress
     "title": "Won by month",   said to a screen reader
     "categories": ["May", …],  what stands along the axis; the parts of a funnel or a pie; the rows of a progress
     "series": [{
       "name": "Won",
       "points": [3, null, {"value": 5, "url": "/deals/table/?…", "text": "1 250 000 ₽"}],
       "color": "green",        a Tabler colour; by default each series takes the next of the palette
       "colors": ["red", …],    one a point (pie, funnel, bars of one series)
       "pale": true             drawn in the background: the period before, a plan
     }],
     "format": "number",        number | money | percent (50 is 50 %) | days | minutes
     "currency": "RUB",         of money
     "stacked": true,           bars and lines one upon another
     "horizontal": true,        bars lie, names at the left
     "legend": true             by default from two series on
   }

   A figure with `data-chart-grows` is as high as its lying bars need.
   A point with `url` is a link; `text` is said in its tooltip in place of the value. `progress` takes two series:
   what is, and what was planned. A changed attribute is drawn anew, a removed figure is let go. */
(() => {
  "use strict";
  const PALETTE = ["blue", "green", "orange", "purple", "cyan", "red", "yellow", "indigo", "pink", "teal", "lime", "azure"];
  const language = document.documentElement.lang || "ru";
  const drawn = new Map();

  // Tabler's tokens are oklch() and light-dark(): the browser resolves them, a pixel says what came out.
  const pixel = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  function token(figure, name) {
    const probe = figure.appendChild(document.createElement("i"));
    probe.style.color = `var(--tblr-${name})`;
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = getComputedStyle(probe).color;
    probe.remove();
    pixel.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
    return `rgba(${red}, ${green}, ${blue}, ${Math.round(alpha / 2.55) / 100})`;
  }
  function themeOf(figure) {
    const known = {};
    return (name) => (known[name] ??= token(figure, name));
  }

  // As crm/money/sums.py has them; Intl knows other signs for some.
  const SIGNS = { RUB: "₽", BYN: "Br", USD: "$", EUR: "€", KZT: "₸", UAH: "₴" };
  // Thin spaces between thousands.
  const thin = (text) => text.replace(/[\u00a0\u202f](?=\d)/g, "\u2009");
  function formats(chart) {
    const styles = {
      money: { maximumFractionDigits: 0 },
      percent: { style: "unit", unit: "percent", maximumFractionDigits: 1 },
      days: { style: "unit", unit: "day", unitDisplay: "short", maximumFractionDigits: 1 },
      minutes: { style: "unit", unit: "minute", unitDisplay: "short", maximumFractionDigits: 0 },
      number: { maximumFractionDigits: 1 },
    };
    const style = styles[chart.format] || styles.number;
    const full = new Intl.NumberFormat(language, style);
    const isMoney = chart.format === "money";
    const short = new Intl.NumberFormat(language, isMoney ? { notation: "compact", maximumFractionDigits: 1 } : style);
    const unit = isMoney ? `\u00a0${SIGNS[chart.currency] || chart.currency || "₽"}` : "";
    return { full: (value) => thin(full.format(value)) + unit, short: (value) => thin(short.format(value)) + unit };
  }

  const valueOf = (point) => (point !== null && typeof point === "object" ? point.value : point);
  function said(chart, format, series, index) {
    const point = chart.series[series].points[index];
    if (point !== null && typeof point === "object" && point.text) return point.text;
    return valueOf(point) === null ? "—" : format.full(valueOf(point));
  }

  /* What a screen reader hears: the title, then the numbers, as many as one can bear. */
  function inWords(chart, format) {
    const parts = chart.series.flatMap((series, number) => series.points.slice(0, 12).map((point, index) =>
      `${chart.series.length > 1 ? `${series.name}, ` : ""}${chart.categories[index]}: ${said(chart, format, number, index)}`));
    return [chart.title, ...parts.slice(0, 24)].filter(Boolean).join(". ");
  }

  function common(chart, color, format) {
    const quick = matchMedia("(prefers-reduced-motion: reduce)").matches;
    return {
      animation: !quick,
      animationDuration: 250,
      aria: { enabled: true, label: { description: inWords(chart, format) } },
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("body-color") },
      tooltip: {
        // Tooltips of HTML would bring style attributes, which the Content-Security-Policy refuses.
        renderMode: "richText",
        confine: true,
        backgroundColor: color("bg-surface"),
        borderColor: color("border-color"),
        textStyle: { color: color("body-color"), fontSize: 12 },
      },
    };
  }
  const legend = (chart, color) => ({
    show: chart.legend ?? chart.series.length > 1,
    top: 0,
    left: 0,
    type: "scroll",
    itemWidth: 12,
    itemHeight: 8,
    textStyle: { color: color("secondary"), fontSize: 12 },
    pageTextStyle: { color: color("secondary") },
    pageIconColor: color("secondary"),
  });
  const hasUrl = (point) => Boolean(point !== null && typeof point === "object" && point.url);
  const datum = (point, paint) => ({
    value: valueOf(point),
    cursor: hasUrl(point) ? "pointer" : "default",
    ...(paint ? { itemStyle: { color: paint } } : {}),
  });

  const isLying = (chart) => chart.horizontal || chart.kind === "funnel" || chart.kind === "progress";
  function heightOf(chart) {
    const bars = chart.stacked || chart.kind === "progress" ? 1 : chart.series.length;
    return 64 + chart.categories.length * Math.max(24, bars * 12 + 8);
  }

  function withAxes(chart, color, format, width) {
    // A funnel is read by the lengths of its bars: slanting sides would show a way between stages that nobody measured.
    const narrows = chart.kind === "funnel";
    const lies = isLying(chart);
    const names = {
      type: "category",
      data: chart.categories,
      inverse: lies,
      axisLine: { lineStyle: { color: color("border-color") } },
      axisTick: { show: false },
      axisLabel: { color: color("secondary"), hideOverlap: true, ...(lies ? { width: Math.min(170, Math.round(width * .4)), overflow: "truncate" } : {}), ...(narrows ? { color: color("body-color"), interval: 0 } : {}) },
    };
    const values = {
      type: "value",
      splitNumber: lies && chart.format === "money" ? 3 : 4,
      minInterval: chart.format && chart.format !== "number" ? 0 : 1,
      axisLabel: { show: !narrows, color: color("secondary"), formatter: format.short, hideOverlap: true },
      splitLine: { show: !narrows, lineStyle: { color: color("border-color") } },
    };
    const told = (number, index) => said(chart, format, number, index);
    let taken = 0;
    const series = chart.series.map((item, number) => {
      const line = (item.kind || chart.kind) === "line";
      const own = () => color(PALETTE[taken++ % PALETTE.length]);
      const main = item.color ? color(item.color) : item.pale ? color("secondary") : own();
      const data = item.points.map((point, index) => datum(point, item.colors?.[index] && color(item.colors[index])));
      const same = { name: item.name, data, stack: chart.stacked ? "all" : undefined };
      if (chart.kind === "progress" && number === 1) {
        // A plan is a mark that the bar should reach.
        return { ...same, type: "scatter", symbol: "rect", symbolSize: [3, 26], z: 3, itemStyle: { color: color("body-color") } };
      }
      if (line) {
        return {
          ...same, type: "line", symbol: "circle", symbolSize: 6, showSymbol: data.length < 32, itemStyle: { color: main },
          lineStyle: { color: main, width: 2, type: item.pale ? "dashed" : "solid" },
          areaStyle: chart.stacked ? { color: main, opacity: .25 } : undefined,
        };
      }
      const label = { show: narrows, position: "right", color: color("body-color"), formatter: ({ dataIndex }) => told(number, dataIndex) };
      return { ...same, type: "bar", label, barMaxWidth: 28, barGap: "15%", itemStyle: { color: main, opacity: item.pale ? .45 : 1, borderRadius: chart.stacked ? 0 : 2 } };
    });
    return {
      ...common(chart, color, format),
      legend: legend(chart, color),
      grid: { top: (chart.legend ?? chart.series.length > 1) ? 32 : 12, left: 4, right: narrows ? 56 : 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      xAxis: lies ? values : names,
      yAxis: lies ? names : values,
      series,
      tooltip: {
        ...common(chart, color, format).tooltip,
        trigger: "axis",
        axisPointer: { type: chart.kind === "line" ? "line" : "shadow" },
        formatter: (found) => {
          const index = found[0].dataIndex;
          const rows = found.map((one) => `${one.seriesName ? `${one.seriesName}: ` : ""}${told(one.seriesIndex, index)}`);
          return [chart.categories[index], ...rows].join("\n");
        },
      },
    };
  }

  function inParts(chart, color, format) {
    const [series] = chart.series;
    const paint = (index) => color(series.colors?.[index] || PALETTE[index % PALETTE.length]);
    const data = series.points.map((point, index) => ({ ...datum(point, paint(index)), name: chart.categories[index] }));
    const total = data.reduce((sum, part) => sum + (part.value || 0), 0);
    const percent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
    const tooltip = {
      ...common(chart, color, format).tooltip,
      trigger: "item",
      formatter: ({ dataIndex, name }) =>
        `${name}\n${said(chart, format, 0, dataIndex)}` + (total ? ` · ${percent.format(data[dataIndex].value / total)}` : ""),
    };
    const ring = { type: "pie", radius: ["52%", "82%"], center: ["50%", "44%"], bottom: 24, label: { show: false } };
    return {
      ...common(chart, color, format),
      tooltip,
      legend: { ...legend(chart, color), show: chart.legend !== false, top: "auto", bottom: 0, left: "center" },
      series: [{ ...ring, name: series.name, data, itemStyle: { borderColor: color("bg-surface"), borderWidth: 2 } }],
    };
  }

  function draw(figure) {
    const chart = JSON.parse(figure.dataset.chart);
    const format = formats(chart), color = themeOf(figure);
    let known = drawn.get(figure);
    if (known && !figure.contains(known.box)) { letGo(figure); known = null; }
    if (!known) {
      const box = Object.assign(document.createElement("div"), { className: "chart-box" });
      figure.prepend(box);
      known = { box, echart: echarts.init(box, null, { renderer: "canvas" }) };
      known.sizes = new ResizeObserver(() => known.echart.resize());
      known.sizes.observe(box);
      known.echart.on("click", ({ seriesIndex, dataIndex }) => {
        const point = known.chart.series[seriesIndex]?.points[dataIndex];
        if (hasUrl(point)) location.assign(point.url);
      });
      drawn.set(figure, known);
    }
    known.chart = chart;
    known.text = figure.dataset.chart;
    if ("chartGrows" in figure.dataset && isLying(chart)) {
      figure.style.minHeight = `${heightOf(chart)}px`;
      known.box.style.minHeight = figure.style.minHeight;
    }
    const option = chart.kind === "pie" ? inParts(chart, color, format) : withAxes(chart, color, format, known.box.clientWidth);
    known.echart.setOption(option, { notMerge: true });
    figure.classList.add("chart-drawn");
  }
  function letGo(figure) {
    const known = drawn.get(figure);
    known.sizes.disconnect();
    known.echart.dispose();
    known.box.remove();
    drawn.delete(figure);
  }

  /* Brings what is drawn in line with the page: after a swap, a morph or a changed attribute. */
  function sweep() {
    for (const figure of drawn.keys()) if (!figure.isConnected) letGo(figure);
    for (const figure of document.querySelectorAll("figure[data-chart]")) {
      const known = drawn.get(figure);
      if (!known || known.text !== figure.dataset.chart || !figure.contains(known.box)) draw(figure);
    }
  }
  let waits = false;
  function soon() {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; sweep(); });
  }

  function start() {
    sweep();
    new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-chart"] });
    new MutationObserver(() => drawn.forEach((_known, figure) => draw(figure)))
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawn.forEach((_known, figure) => draw(figure)));
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
