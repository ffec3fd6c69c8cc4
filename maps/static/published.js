"use strict";
// Calendar periods, and which of them have been published for which level. A period is "2026", "2026Q4" or "2026-11".
{
  const { t } = everycell;
  const LEVELS = ["county", "town", "village", "cell"];
  const LEVEL_OF = { 6: "county", 9: "town", 12: "village", 15: "cell" };
  const N = (message) => message; // Marks a message for the catalogue.
  const SPANS = { month: N("by month"), quarter: N("by quarter"), year: N("by year") };

  // The months of a period: {from, to}, counted from the year 0.
  const monthsOf = (period) => {
    const year = Number(period.slice(0, 4)) * 12;
    if (period.length === 4) return { from: year, to: year + 11 };
    const part = Number(period.slice(5));
    if (period[4] === "-") return { from: year + part - 1, to: year + part - 1 };
    return { from: year + (part - 1) * 3, to: year + part * 3 - 1 };
  };

  const monthOf = (index) =>
    `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;

  /** A period in words. */
  const inWords = (period) => {
    const [year, part] = [period.slice(0, 4), period.slice(5)];
    if (period.length === 4) return t("the year {year}", { year });
    return period[4] === "-" ? period : t("quarter {part} of {year}", { year, part });
  };

  /** The level of an area by its code; "" is everything that is seen. */
  const levelOf = (code) => LEVEL_OF[code.length] ?? "county";

  // The level by whose periods the service tells somebody of a county: that of their smallest area there.
  const sightOf = (areas) => {
    const smallest = {};
    for (const area of areas) {
      const county = area.slice(0, 6);
      if (area.length >= (smallest[county] ?? "").length) smallest[county] = area;
    }
    const levels = Object.values(smallest).map(levelOf);
    return LEVELS.find((level) => levels.includes(level)) ?? "county";
  };

  /** What has been published, from the answer of `/disputes/periods`, for somebody who sees figures of `areas` (codes). */
  everycell.Published = class {
    constructor({ today, layout, periods }, areas) {
      Object.assign(this, { today, layout, sight: sightOf(areas) });
      this.releases = periods
        .map((release) => ({ ...release, ...monthsOf(release.period) }))
        .sort((one, other) => one.from - other.from);
    }

    /** Whether there is nothing yet to tell them. */
    get empty() {
      return !this.steps().length;
    }

    /** Tells whether something was published since: the same text for the same releases. */
    get version() {
      return this.releases.map(({ level, period }) => `${level}/${period}`).join(" ");
    }

    /** The periods of the slider, in their order: those that are told to whoever looks, so months of a county only. */
    steps() {
      return this.series(this.sight, Infinity).map(({ period }) => period);
    }

    /** The step in which a period ends; the first of all where it ends before them. */
    stepOf(period) {
      const { to } = monthsOf(period);
      const steps = this.steps();
      return steps.findLast((step) => monthsOf(step).from <= to) ?? steps[0];
    }

    /** The release of a level that tells of a step: the one it lies in (`exact`), else the newest before it; or null. */
    of(level, step) {
      const { from, to } = monthsOf(step);
      const found = this.releases.findLast((release) => release.level === level && release.from <= from);
      return found ? { ...found, exact: to <= found.to } : null;
    }

    /** The newest releases of a level, in their order, so many at most. */
    series(level, most) {
      return this.releases.filter((release) => release.level === level).slice(-most);
    }

    /** The level whose verdicts there are at a step: cells, else villages; null where there are none. */
    judged(step) {
      for (const level of ["cell", "village"]) {
        const found = this.of(level, step) ?? this.series(level, 1)[0];
        if (found) return { ...found, level };
      }
      return null;
    }

    /** When the running period will be published. */
    next() {
      const length = { month: 1, quarter: 3, year: 12 }[this.layout[this.sight]];
      const { from } = monthsOf(this.today.slice(0, 7));
      return `${monthOf((Math.floor(from / length) + 1) * length)}-01`;
    }

    /** How often a level is published, in words. */
    often(level) {
      return t(SPANS[this.layout[level]] ?? SPANS.year);
    }
  };

  /** Whether a period is a month: only months are weighted by how long ago they are. */
  const isMonth = (period) => period[4] === "-";

  /** The language of the page, as the service names what it says in both. */
  const lang = () => (document.documentElement.lang === "en" ? "en" : "zh");

  everycell.periods = { LEVELS, levelOf, inWords, isMonth, lang };
}
