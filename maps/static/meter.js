"use strict";
// What the cells in hand hold and measure: households, walking minutes across, area, compactness; before and after.
{
  const { h, t, number, measure } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const MEASURES = [
    { name: "households", label: N("Households"), text: number },
    { name: "across_min", label: N("Across on foot"), text: everycell.minutesText },
    { name: "area_m2", label: N("Size"), text: everycell.areaText },
    { name: "compactness", label: N("Compactness"), text: everycell.shareText },
  ];
  const VILLAGE_DIGITS = 12;
  const MARKS = { new: N("new"), retired: N("retired"), changed: N("changed") };

  /** The measures of a cell as the page itself takes them. */
  everycell.measuresOf = (cell, households) => ({ ...measure(cell.polygon), households });

  /** One cell: its four figures, large. */
  everycell.meterOne = (measures) =>
    h(
      "dl",
      { class: "meter" },
      MEASURES.map(({ name, label, text }) => h("div", {}, h("dt", {}, t(label)), h("dd", {}, text(measures[name])))),
    );

  const cell = (before, after, text) => {
    const [was, is] = [before, after].map((value) => (value === null || value === undefined ? null : text(value)));
    if (is === null) return h("td", { class: "gone" }, was ?? "–");
    const old = was !== null && was !== is ? h("small", {}, was) : null;
    return h("td", { class: old ? "other" : "" }, old, is);
  };

  const rowOf = ({ code, mark, before, after }, village) =>
    h(
      "tr",
      { class: mark ?? "" },
      h(
        "th",
        { scope: "row" },
        code.slice(-3),
        mark ? h("i", {}, t(MARKS[mark])) : null,
        village ? h("small", {}, village) : null,
      ),
      MEASURES.map(({ name: measured, text }) => cell(before?.[measured], after?.[measured], text)),
    );

  /**
   * Some cells in a table: rows {code, mark, before, after} with measures; where both differ, both are shown. Where the
   * cells are of several villages, `villageName(code)` names them.
   */
  everycell.meterTable = (rows, villageName) => {
    const villages = new Set(rows.map(({ code }) => code.slice(0, VILLAGE_DIGITS)));
    const heads = [t("Cell"), ...MEASURES.map(({ label }) => t(label))];
    return h(
      "table",
      { class: "meters" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) => rowOf(row, villages.size > 1 ? villageName(row.code.slice(0, VILLAGE_DIGITS)) : null)),
      ),
    );
  };

  const side = (area, which) => {
    const area_m2 = area[`${which}_m2`];
    if (area_m2 === null || area_m2 === undefined) return null;
    return { area_m2, households: area[`households_${which}`] };
  };

  /**
   * The rows of a preview: what each of its cells is before and after. `codes` are the cells to show, null for all;
   * `cellBefore(code)` gives a cell as it was, of which the preview tells less.
   */
  everycell.metersOf = (impact, codes = null, cellBefore = () => null) =>
    impact.areas
      .filter((area) => !codes || codes.includes(area.code))
      .map((area) => {
        const [before, after] = [side(area, "before"), side(area, "after")];
        const cell = before && cellBefore(area.code);
        if (cell) {
          const { compactness, across_min } = measure(cell.polygon);
          Object.assign(before, { compactness, across_min });
        }
        if (after) Object.assign(after, { compactness: area.compactness, across_min: area.across_min });
        return { code: area.code, before, after, mark: before ? (after ? null : "retired") : "new" };
      });
}
