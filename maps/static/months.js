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

  /** What has been published, from the answer of `/disputes/periods`. */
  everycell.Published = class {
    constructor({ today, layout, periods }) {
      Object.assign(this, { today, layout });
      this.releases = periods
        .map((release) => ({ ...release, ...monthsOf(release.period) }))
        .sort((one, other) => one.from - other.from);
    }

    get empty() {
      return !this.releases.length;
    }

    /** Tells whether something was published since: the same text for the same releases. */
    get version() {
      return this.releases.map(({ level, period }) => `${level}/${period}`).join(" ");
    }

    /** The months of the slider, without a gap: from the first that is published for any level to the last. */
    months() {
      if (this.empty) return [];
      const from = Math.min(...this.releases.map((release) => release.from));
      const to = Math.max(...this.releases.map((release) => release.to));
      return Array.from({ length: to - from + 1 }, (_, step) => monthOf(from + step));
    }

    /** The release of a level that tells of a month: the one it lies in (`exact`), else the newest before it; or null. */
    of(level, month) {
      const { from: index } = monthsOf(month);
      const before = this.releases.filter((release) => release.level === level && release.from <= index);
      const found = before.at(-1);
      return found ? { ...found, exact: index <= found.to } : null;
    }

    /** The newest releases of a level, in their order, so many at most. */
    series(level, most) {
      return this.releases.filter((release) => release.level === level).slice(-most);
    }

    /** The level whose verdicts there are in a month: cells, else villages; null where there are none. */
    judged(month) {
      for (const level of ["cell", "village"]) {
        const found = this.of(level, month) ?? this.series(level, 1)[0];
        if (found) return { ...found, level };
      }
      return null;
    }

    /** When the running month will be published. */
    next() {
      return `${monthOf(monthsOf(this.today.slice(0, 7)).from + 1)}-01`;
    }

    /** How often a level is published, in words. */
    often(level) {
      return t(SPANS[this.layout[level]] ?? SPANS.year);
    }
  };

  /** The last month of a period. */
  const lastMonth = (period) => monthOf(monthsOf(period).to);

  /** The language of the page, as the service names what it says in both. */
  const lang = () => (document.documentElement.lang === "en" ? "en" : "zh");

  everycell.periods = { LEVELS, levelOf, inWords, lastMonth, lang };
}
