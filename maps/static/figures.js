"use strict";
// Figures of cells and what follows from them: sums of villages and towns, names, who lies in whom.
{
  const { t } = everycell;
  const DIGITS = [6, 9, 12, 15];
  const CELL_DIGITS = DIGITS.at(-1);
  const COUNTS = ["known", "reached", "tried", "never", "overdue"];

  const sum = (rows) => {
    const total = { known: 0, reached: 0, tried: 0, never: 0, overdue: 0, oldest_on: null, empty: null };
    for (const row of rows) {
      for (const name of COUNTS) total[name] += row[name];
      if (row.oldest_on && (!total.oldest_on || row.oldest_on < total.oldest_on)) total.oldest_on = row.oldest_on;
    }
    if (!total.known) total.empty = rows.every(({ empty }) => empty === "confirmed") ? "confirmed" : "unchecked";
    return total;
  };

  /** The areas of a page. `cells` and `divisions` are GeoJSON; `take` brings the figures of cells. */
  everycell.Figures = class {
    constructor(cells, divisions) {
      this.names = new Map(divisions.features.map(({ properties: { code, name } }) => [code, name]));
      this.cells = new Map(cells.features.map(({ properties: { code, name } }) => [code, name]));
      /** Where the page begins: the largest named area that holds all cells, such as the county; "" where none does. */
      this.top = this._top();
      this.byCell = new Map();
    }

    // Whoever may see one town only has no name of the county: what they see begins with the town.
    _top() {
      const [first = "", ...others] = this.cells.keys();
      const above = DIGITS.map((digits) => first.slice(0, digits));
      const holds = (code) => others.every((cell) => cell.startsWith(code));
      return above.find((code) => (this.names.has(code) || this.cells.has(code)) && holds(code)) ?? "";
    }

    take(areas) {
      this.byCell = new Map(areas.map((area) => [area.code, area]));
      this.sums = new Map();
    }

    /** Newer counts of some cells: [[code, known, reached, tried, never, overdue]]. Returns the codes there are here. */
    update(rows) {
      const known = rows.filter(([code]) => this.byCell.has(code));
      for (const [code, ...counts] of known) {
        const now = Object.fromEntries(COUNTS.map((name, index) => [name, counts[index]]));
        const before = this.byCell.get(code);
        const empty = now.known ? null : (before.empty ?? "unchecked");
        this.byCell.set(code, { ...before, ...now, empty });
      }
      this.sums = new Map();
      return known.map(([code]) => code);
    }

    /** The figures of an area: its own for a cell, else the sum of its cells; null where nothing is known. */
    of(code) {
      if (code.length >= CELL_DIGITS) return this.byCell.get(code) ?? null;
      if (!this.sums.has(code)) {
        const rows = [...this.byCell].filter(([cell]) => cell.startsWith(code)).map(([, row]) => row);
        this.sums.set(code, rows.length ? sum(rows) : null);
      }
      return this.sums.get(code);
    }

    /** Households of an area that have not been reached. */
    left(code) {
      const figures = this.of(code);
      return figures ? figures.known - figures.reached : 0;
    }

    name(code) {
      if (!code) return t("All areas");
      if (!this.cells.has(code)) return this.names.get(code) ?? code;
      const name = this.cells.get(code);
      const number = code.slice(-3);
      return t("Cell {number}", { number }) + (name && !name.endsWith(number) ? ` ${name}` : "");
    }

    /** The areas from the top (or another one that holds it) down to one: [{code, name}]. */
    chain(code, top = this.top) {
      const above = DIGITS.filter((digits) => digits <= code.length).map((digits) => code.slice(0, digits));
      const codes = [...new Set([top, ...above])].filter((one) => one.startsWith(top));
      return codes
        .filter((one) => one === top || one === code || this.names.has(one))
        .map((one) => ({ code: one, name: this.name(one) }));
    }

    /** The areas one level below, most work left first: [{code, name, figures}]. */
    inside(code) {
      const cells = [...this.cells.keys()].filter((cell) => cell.startsWith(code));
      const named = (digits) => digits === CELL_DIGITS || cells.some((cell) => this.names.has(cell.slice(0, digits)));
      const digits = DIGITS.find((next) => next > code.length && named(next));
      if (!digits) return [];
      const areas = [...new Set(cells.map((cell) => cell.slice(0, digits)))].map((one) => ({
        code: one,
        name: this.name(one),
        figures: this.of(one),
      }));
      const weight = ({ figures }) =>
        figures?.known ? figures.known - figures.reached : ({ confirmed: -3, unchecked: -1 }[figures?.empty] ?? -2);
      return areas.sort((a, b) => weight(b) - weight(a) || a.code.localeCompare(b.code));
    }
  };

  /** Figures of an area in one line, for tips and tables. */
  everycell.inWords = (figures) => {
    if (!figures) return t("No data");
    if (!figures.known)
      return figures.empty === "confirmed" ? t("Confirmed empty") : t("Unchecked: no household listed");
    return `${everycell.percent(figures.reached, figures.known)} · ${everycell.number(figures.known - figures.reached)} ${t("households left")}`;
  };

  everycell.CELL_DIGITS = CELL_DIGITS;
}
