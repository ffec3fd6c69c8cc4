"use strict";
// The list of cells where more was recorded than the number of households explains, of those where that fades, and of
// those where there are too few cases to say.
{
  const { h, t } = everycell;
  const CHANGE_ORDER = ["lasting", "new", "fading"];

  const rank = ({ change }) => (CHANGE_ORDER.indexOf(change) + CHANGE_ORDER.length + 1) % (CHANGE_ORDER.length + 1);
  const byRank = (one, other) =>
    rank(one) - rank(other) || other.ratio - one.ratio || one.code.localeCompare(other.code);

  /** The list. `name(code, properties)` says how an area is called, `onpick(code)` goes to one. */
  everycell.HotCells = class {
    constructor(target, { name, onpick }) {
      Object.assign(this, { target, name, onpick });
    }

    /** Show the verdicts (the answer of `/disputes/hotspots`, with its claim in words) of an area; how many are hot there. */
    show({ features, period, before, claim }, area) {
      const verdicts = features.map(({ properties }) => properties);
      const here = verdicts.filter(({ code }) => code.startsWith(area) || area.startsWith(code));
      const of = (verdict) => here.filter((one) => everycell.heatLooks.verdictOf(one) === verdict);
      const fading = here.filter(({ change }) => change === "fading");
      const hot = of("hot").sort(byRank);
      const held = before
        ? t("{period}, held against {before}", {
            period: everycell.periods.inWords(period),
            before: everycell.periods.inWords(before),
          })
        : everycell.periods.inWords(period);
      this.target.replaceChildren(
        h("p", { class: "claim" }, h("b", {}, claim), h("small", {}, held)),
        hot.length
          ? this._rows(hot)
          : h("p", { class: "muted none" }, t("No cell here has more than chance explains.")),
        ...(fading.length
          ? [h("h2", {}, t("Was so the year before, is as expected now")), this._rows(fading.sort(byRank))]
          : []),
        this._few(of("too_few")),
        h(
          "p",
          { class: "rest muted" },
          t("As expected: {expected}; without households: {none}", {
            expected: of("as_expected").length,
            none: of("none").length,
          }),
        ),
      );
      return hot.length;
    }

    /** Say why there is nothing to list. */
    say(text) {
      this.target.replaceChildren(h("p", { class: "muted none" }, text));
    }

    // An answer of its own, and a long one: its rows are made when somebody wants to see them.
    _few(rows) {
      const box = h(
        "details",
        { class: "few" },
        h("summary", {}, t("Too few to say"), h("b", {}, everycell.number(rows.length))),
      );
      box.append(
        h(
          "p",
          { class: "muted" },
          t("Even three times as many cases would hardly be noticed here. It does not say that there is nothing."),
        ),
      );
      box.addEventListener("toggle", () => box.open && !box.querySelector("ul") && box.append(this._rows(rows)), {
        once: true,
      });
      return box;
    }

    _rows(rows) {
      return h(
        "ul",
        { class: "hot-list" },
        rows.map((one) => this._row(one)),
      );
    }

    _row(one) {
      const { CHANGES, verdictOf, written, short } = everycell.heatLooks;
      const verdict = verdictOf(one);
      const change = CHANGES[one.change];
      const ratio = t("with its neighbours {ratio} times what households let expect", { ratio: short(one.ratio) });
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: `hot-row ${verdict}`, "data-code": one.code, onclick: () => this.onpick(one.code) },
          h(
            "span",
            { class: "name" },
            this.name(one.code, one),
            change ? h("em", { class: one.change }, `${change.sign} ${t(change.words)}`) : null,
          ),
          h(
            "small",
            {},
            t("recorded {number}", { number: written(one.number) }),
            verdict === "too_few" ? null : ` · ${ratio}`,
          ),
        ),
      );
    }
  };
}
