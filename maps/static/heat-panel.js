"use strict";
// The panel of heat: the published counts of the chosen area by category, over the periods, and of the areas inside.
{
  const { h, t, byId, number } = everycell;
  const MOST_PERIODS = 24;
  const DIGITS = { county: 6, town: 9, village: 12, cell: 15 };

  /** The published number of a row: of a category, or in all. Undefined where there is no row, null where it is withheld. */
  everycell.numberOf = (row, category) => {
    if (!row) return undefined;
    return category ? row.categories[category] : row.total;
  };
  const { numberOf } = everycell;

  /** `page` is the page of heat: its `source`, `published`, `names`, `controls`, `period` and `area`. */
  everycell.HeatPanel = class {
    constructor(page) {
      Object.assign(this, { page, tabs: new everycell.TabList(byId("tabs")) });
    }

    get area() {
      return this.page.area || this.page.names.top;
    }

    /** The level of the chosen area; of everything that is seen, where no area holds it all, that of its parts. */
    get level() {
      const code = this.area || (this.page.names.inside("")[0]?.code ?? "");
      return everycell.periods.levelOf(code);
    }

    /** What the panel shows, fetched: {release, row, inside, course}. */
    async fetch() {
      const { source, published, period: step } = this.page;
      const { area, level } = this;
      const release = published.of(level, step);
      const below = this._below();
      const inner = below && published.of(below, step);
      const [answer, inside, course] = await Promise.all([
        release && source.counts({ area, level, period: release.period }),
        inner && source.counts({ area, level: below, period: inner.period }),
        Promise.all(published.series(level, MOST_PERIODS).map((one) => this._one(one.period))),
      ]);
      return { area, level, release, row: this._row(answer), below, inner, inside, course };
    }

    async _one(period) {
      const { area, level } = this;
      return { period, row: this._row(await this.page.source.counts({ area, level, period }), area) };
    }

    _row(answer, area = this.area) {
      if (!answer) return undefined;
      return area ? answer.areas.find(({ code }) => code === area) : answer.total;
    }

    /** The level of the areas inside; null in a cell. */
    _below() {
      const [first] = this.page.names.inside(this.area);
      return first ? everycell.periods.levelOf(first.code) : null;
    }

    show(fetched) {
      everycell.showCrumbs(byId("crumbs"), this.page.names.chain(this.area), (code) => this.page.select(code, true));
      this._head(fetched);
      this._kinds(fetched);
      this._course(fetched);
      this._inside(fetched);
    }

    /** Say from when there will be figures. */
    sayEmpty() {
      const { published } = this.page;
      everycell.showCrumbs(byId("crumbs"), this.page.names.chain(this.area), (code) => this.page.select(code, true));
      byId("figures").replaceChildren(
        h("h2", {}, t("Nothing has been published yet")),
        h(
          "p",
          { class: "muted" },
          t("Figures are published {often}, when the period is over, and never changed. The next ones come on {day}.", {
            often: published.often(published.sight),
            day: published.next(),
          }),
        ),
      );
    }

    _head({ release, row, level }) {
      const { published, controls } = this.page;
      if (!release) {
        const often = t("For this level figures are published {often}; there are none yet.", {
          often: published.often(level),
        });
        byId("figures").replaceChildren(h("p", { class: "muted" }, often));
        return;
      }
      const value = numberOf(row, controls.category);
      const { kindOf, written } = everycell.heatLooks;
      const what = controls.category ? this.page.categoryName(controls.category) : t("disputes recorded");
      byId("figures").className = release.exact ? "" : "old";
      byId("figures").replaceChildren(
        h(
          "div",
          { class: "headline" },
          h("strong", { class: kindOf(value) }, written(value)),
          h("span", {}, h("b", {}, everycell.periods.inWords(release.period)), h("br"), what),
        ),
        ...[this._explanation(value, row, release, level)]
          .flat()
          .filter(Boolean)
          .map((text) => h("p", { class: "muted" }, text)),
      );
    }

    _explanation(value, row, release, level) {
      const { published } = this.page;
      return [
        !release.exact &&
          t("Published {often}; this is the newest before {step}.", {
            often: published.often(level),
            step: everycell.periods.inWords(this.page.period),
          }),
        value === undefined && t("No data: the area is not in the published table."),
        value === null && t("Withheld: 1 to 4, or kept back so that no 1 to 4 can be worked out."),
        row &&
          t("{households} households, grid of {day}", { households: number(row.households), day: release.grid_on }),
      ];
    }

    _kinds({ row, level }) {
      const { controls, config } = this.page;
      const rows = config.case_categories.map(({ code, name }) => ({ code, name, number: numberOf(row, code) }));
      const hidden = level === "cell" ? t("not told below villages") : t("not in the total");
      rows.push({ ...config.family, number: row && level !== "cell" ? row.family : undefined, note: hidden });
      const onpick = (code) => controls.pickCategory(code);
      everycell.showKinds(byId("kinds"), rows, { chosen: controls.category, onpick });
    }

    _course({ course, release, level }) {
      const { controls, published } = this.page;
      const rows = course.map(({ period, row }) => ({
        period,
        number: numberOf(row, controls.category),
        chosen: period === release?.period,
      }));
      const cut = published.series(level, Infinity).length > MOST_PERIODS;
      const title = published.often(level) + (cut ? ` · ${t("the newest {number}", { number: MOST_PERIODS })}` : "");
      const onpick = (period) => this.page.timeline.choose(published.stepOf(period));
      everycell.showCourse(byId("course"), rows, { title, onpick });
    }

    _inside({ below, inner, inside }) {
      const { names, controls } = this.page;
      const target = byId("areas");
      byId("tab-areas").hidden = !below;
      if (!below) {
        if (!byId("areas-panel").hidden) this.tabs.show("kinds");
        return target.replaceChildren();
      }
      if (!inner)
        return target.replaceChildren(h("p", { class: "muted none" }, t("Nothing is published for this level yet")));
      const found = new Map((inside?.areas ?? []).map((row) => [row.code, row]));
      const rows = names
        .inside(this.area)
        .filter(({ code }) => code.length === DIGITS[below])
        .map(({ code, name }) => ({ code, name, number: numberOf(found.get(code), controls.category) }));
      const weight = ({ number: count }) => count ?? (count === null ? 0.5 : -1);
      rows.sort((one, other) => weight(other) - weight(one) || one.code.localeCompare(other.code));
      const list = h("div", {});
      everycell.showKinds(list, rows, { chosen: null, onpick: (code) => this.page.select(code, true) });
      const head = h("h2", { class: inner.exact ? "" : "old" }, everycell.periods.inWords(inner.period));
      return target.replaceChildren(head, list);
    }
  };
}
