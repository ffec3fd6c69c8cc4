"use strict";
// Afterwards: what of a plan was done, what was missed and why, and what coverage has gained by it.
{
  const { h, t, number } = everycell;
  const heads = (texts) =>
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        texts.map((text) => h("th", { scope: "col" }, text)),
      ),
    );
  const row = (name, figures, late = null) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name),
      figures.map((text, index) => h("td", { class: index === late && text !== "0" ? "late" : null }, text)),
    );

  // Stops of a plan by what came of them; what nobody has ticked is open until the day is over.
  const sorted = (stops) => {
    const inRoutes = stops.filter(({ team, position }) => team && position);
    const of = (outcome) => inRoutes.filter(({ done }) => (done?.outcome ?? null) === outcome);
    return { all: inRoutes, reached: of("reached"), nobody: of("no_answer"), skipped: of("skipped"), open: of(null) };
  };

  const teamsTable = (plan, over) => {
    const rows = plan.teams.map(({ code }) => {
      const { all, reached, nobody, skipped, open } = sorted(plan.stops.filter(({ team }) => team === code));
      return row(
        code,
        [all, reached, nobody, skipped, open].map(({ length }) => number(length)),
        over ? 4 : null,
      );
    });
    const titles = [t("Team"), t("Stops"), t("Reached"), t("Nobody answered"), t("Skipped"), t("Not ticked")];
    return h("table", { class: "figures-table" }, heads(titles), h("tbody", {}, rows));
  };

  const missedList = (missed, onpick) =>
    missed.map((stop) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "row", onclick: () => onpick(stop.key) },
          everycell.stopSigns.imageOf(stop),
          h("span", { class: "what" }, everycell.titleOfStop(stop)),
          h("time", {}, stop.team),
          h("small", {}, everycell.outcomeOf(stop) || t("Not ticked"), " · ", everycell.reasonOf(stop)),
        ),
      ),
    );

  const headline = ({ all, reached, nobody, skipped, open }, missed) => {
    const words = t("reached {done} of {all} stops", { done: number(reached.length), all: number(all.length) });
    const part = (kind, count) => (count ? h("i", { class: kind, style: { flexGrow: String(count) } }) : null);
    const parts = [
      part("reached", reached.length),
      part("nobody", nobody.length),
      part("skipped", skipped.length),
      part("open", open.length),
    ];
    return [
      h(
        "p",
        { class: "headline" },
        h("strong", {}, everycell.percent(reached.length, all.length)),
        h("span", {}, words),
      ),
      h("div", { class: "done-bar", role: "img", "aria-label": words }, parts),
      missed.length
        ? h("p", { class: "late" }, t("Missed: {number}. They lead the next plan.", { number: number(missed.length) }))
        : null,
    ];
  };

  // Coverage gained: of the households that waited at stops so many were reached, and which share that is of all.
  const coverage = (report, areas) => {
    if (!report?.cells.length) return null;
    const share = ({ gained }) => (gained ? `+${(gained * 100).toFixed(1)} %` : "–");
    const rows = report.cells.map((cell) =>
      row(areas.name(cell.code), [
        `${number(cell.done)} / ${number(cell.planned)}`,
        `${number(cell.reached)} / ${number(cell.households)}`,
        number(cell.known),
        share(cell),
      ]),
    );
    const titles = [t("Cell"), t("Stops"), t("Households reached"), t("Known"), t("Coverage")];
    return h(
      "section",
      {},
      h("h3", {}, t("Coverage gained, by cell")),
      h("table", { class: "figures-table" }, heads(titles), h("tbody", {}, rows)),
    );
  };

  /** Fill the tab. `view`: {plan, desk: {areas, today, source}, choose(key)}; `report` what the service tells (null: not yet). */
  everycell.afterwards = (target, view, report) => {
    const { plan, desk } = view;
    const over = plan.on < desk.config.today;
    const found = sorted(plan.stops);
    const missed = [...found.skipped, ...(over ? found.open : [])];
    const csv = h(
      "a",
      { class: "quiet", href: desk.source.fileOf(plan.id, "report", { f: "csv" }), download: "" },
      t("Report as CSV"),
    );
    const parts = [...headline(found, missed), teamsTable(plan, over), coverage(report, desk.areas)];
    if (missed.length)
      parts.push(
        h("h3", {}, t("Missed")),
        h(
          "ul",
          { class: "rows" },
          missedList(missed, (key) => view.choose(key)),
        ),
      );
    target.replaceChildren(...parts.filter(Boolean), csv);
  };
}
