"use strict";
// What things are called in the editor, and how many households are where: the grid's codes in words.
{
  const { t } = everycell;
  const COUNTY_DIGITS = 6;
  const VILLAGE_DIGITS = 12;
  const villageOf = (code) => code.slice(0, VILLAGE_DIGITS);

  /** `grid` is the page's, `draft` its draft; divisions and households are brought by `take`. */
  everycell.Names = class {
    constructor(grid, draft) {
      Object.assign(this, { grid, draft, divisions: new Map(), households: new Map() });
    }

    /** Divisions (GeoJSON) and households known of each cell (code -> number). */
    take(divisions, households) {
      this.divisions = new Map(divisions.features.map(({ properties: { code, name } }) => [code, name]));
      this.households = households;
    }

    division(code) {
      return this.divisions.get(code) || code;
    }

    village(code) {
      return this.divisions.get(villageOf(code)) || villageOf(code).slice(-3);
    }

    /** A cell by its number and village. */
    cell(code) {
      const village = this.village(this.grid.get(code)?.village ?? code);
      return `${t("Cell {number}", { number: code.slice(-3) })} · ${village}`;
    }

    /** A cell's number, with its village where the draft touches several. */
    short(code) {
      const villages = new Set((this.draft.impact?.areas ?? []).map((area) => villageOf(area.code)));
      const number = code.slice(-3);
      return villages.size > 1 ? `${this.village(code)} ${number}` : number;
    }

    /** A code in a sentence: a cell by its number and village, a village by its name. */
    code(code) {
      return code.length > VILLAGE_DIGITS ? `${code.slice(-3)} (${this.village(code)})` : this.division(code);
    }

    /** The villages one may put cells into: [code, name]. */
    villages() {
      return [...this.divisions]
        .filter(([code]) => code.length === VILLAGE_DIGITS && everycell.may("grid", code))
        .map(([code, name]) => [code, `${name || code} (${code.slice(-6)})`]);
    }

    /** The areas a draft may be of: [code, name]. */
    areas() {
      const counties = [...new Set([...this.grid.live.keys()].map((code) => code.slice(0, COUNTY_DIGITS)))];
      const areas = (everycell.config.rights.grid ?? []).flatMap((area) => (area ? [area] : counties));
      return areas.map((code) => [code, this.division(code)]);
    }

    /** Households of a cell as the draft leaves it; null where nobody knows. */
    householdsOf(code) {
      const drafted = this.draft.impact?.areas.find((area) => area.code === code)?.households_after;
      return drafted ?? this.households.get(code) ?? null;
    }

    measuresOf(code) {
      return everycell.measuresOf(this.grid.get(code), this.householdsOf(code));
    }
  };
}
