"use strict";
// What the small charts beside the map of the wall are made of: bars, columns, tables, in blocks with a title. Numbers stand
// beside every bar; bars are as high as their text: they grow with the room (room.js).
{
  const { h, svg, t, number } = everycell;

  const MIN_HOURS = 4; // of the axis: one visit at nine is no block as wide as the chart
  const HATCH_EM = 0.26; // from stroke to stroke
  const shareOf = (part, whole) => (whole ? (100 * part) / whole : 0);

  // --- marks ------------------------------------------------------------------------------------------------------------

  // A fill that is hatched tells apart without colour. Each drawing carries its own: a reference does not reach into others.
  let patterns = 0;
  const hatched = (colour) => {
    const id = `hatch-${(patterns += 1)}`;
    const gap = HATCH_EM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    const stroke = svg("path", { d: `M0 0V${gap}`, "stroke-width": gap, style: { stroke: colour } });
    const pattern = svg(
      "pattern",
      { id, width: gap, height: gap, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      stroke,
    );
    return { fill: `url(#${id})`, pattern };
  };

  const rect = (x, width, style, attributes = {}) =>
    svg("rect", { x: `${x}%`, width: `${Math.max(0, width)}%`, y: 0, height: "100%", style, ...attributes });

  /**
   * A horizontal bar: parts [{share (percent), colour, hatch}] from the left, marks [{at (percent), colour}] across it.
   * What it says stands beside it.
   */
  const bar = (parts, marks = [], className = "") => {
    let x = 0;
    const drawn = parts.flatMap(({ share, colour, hatch }) => {
      const from = x;
      x += share;
      if (!hatch) return [rect(from, share, { fill: colour })];
      const { fill, pattern } = hatched(colour);
      return [svg("defs", {}, pattern), rect(from, share, { stroke: colour }, { fill })];
    });
    const lines = marks.map(({ at, colour, dash }) =>
      svg("line", {
        x1: `${at}%`,
        x2: `${at}%`,
        y1: 0,
        y2: "100%",
        class: dash ? "mark dashed" : "mark",
        style: { stroke: colour },
      }),
    );
    return svg("svg", { class: `chart-bar ${className}`, "aria-hidden": "true" }, drawn, lines);
  };

  // --- blocks -----------------------------------------------------------------------------------------------------------

  const block = (key, title, ...content) =>
    h("section", { class: `chart chart-${key}`, "data-chart": key }, h("h2", {}, title), content);

  const quiet = (text) => h("p", { class: "muted" }, text);

  const more = (count) => (count > 0 ? quiet(t("and {count} more", { count: number(count) })) : null);

  /** A table whose rows are {name, bar, values}; `heads` name the columns after the name. */
  const table = (caption, heads, rows) =>
    h(
      "table",
      { class: "chart-rows" },
      h("caption", { class: "unseen" }, caption),
      h(
        "thead",
        { class: "unseen" },
        h(
          "tr",
          {},
          [t("Area"), t("Chart"), ...heads].map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, row.name),
            h("td", { class: "drawn" }, row.bar),
            row.values.map((value) => h("td", { class: row.late ? "late" : null }, value)),
          ),
        ),
      ),
    );

  /** Hours joined by twos, threes or more until their columns have room for their numbers. */
  const joined = (hours, columns) => {
    const [first, last] = [hours[0][0], Math.max(hours.at(-1)[0], hours[0][0] + MIN_HOURS - 1)];
    const step = [1, 2, 3, 4, 6, 12, 24].find((size) => Math.ceil((last - first + 1) / size) <= columns) ?? 24;
    const found = [];
    for (let from = first - (first % step); from <= last; from += step) {
      const inside = hours.filter(([hour]) => hour >= from && hour < from + step);
      const sum = (index) => inside.reduce((total, row) => total + row[index], 0);
      found.push({ from, to: from + step, reached: sum(1), no_answer: sum(2) });
    }
    return found;
  };

  const column = ({ from, reached, no_answer }, most) => {
    const { fill, pattern } = hatched("var(--tried)");
    const [low, high] = [reached, no_answer].map((count) => shareOf(count, most));
    const at = (height, below) => ({ x: "12%", width: "76%", y: `${100 - height - below}%`, height: `${height}%` });
    return h(
      "div",
      { class: "column" },
      h("b", {}, reached + no_answer ? number(reached + no_answer) : ""),
      svg(
        "svg",
        { "aria-hidden": "true" },
        svg("defs", {}, pattern),
        svg("rect", { ...at(low, 0), style: { fill: "var(--reached)" } }),
        svg("rect", { ...at(high, low), fill, style: { stroke: "var(--tried)" } }),
      ),
      h("span", {}, String(from)),
    );
  };

  const tile = (label, value, late = false) =>
    h("div", { class: late && value ? "late" : null }, h("dt", {}, label), h("dd", {}, number(value)));

  everycell.chartParts = { bar, block, column, joined, more, quiet, shareOf, table, tile };
}
