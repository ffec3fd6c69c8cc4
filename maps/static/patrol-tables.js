"use strict";
// A plan in figures: each team's times, and what its two aims come to beside each other.
{
  const { h, t, number } = everycell;
  const { hours, kilometres } = everycell;
  const cell = (text) => h("td", {}, text);
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

  /** Times of teams; a click on one lets its route stand out. `view`: {plan, colours, focus, focusTeam(code)}. */
  everycell.teamTable = (target, view) => {
    const row = (team) => {
      const { code, route } = team;
      const name = h(
        "button",
        {
          type: "button",
          class: "plain",
          "aria-pressed": String(view.focus === code),
          title: t("Show this route alone"),
          onclick: () => view.focusTeam(code),
        },
        h("i", { class: "chip", style: { backgroundColor: view.colours.get(code) } }),
        h("b", {}, code),
      );
      const figures = route?.stops?.length
        ? [
            `${route.begin_at}–${route.end_at}`,
            number(route.stops.length),
            hours(route.travel_s),
            hours(route.service_s),
            kilometres(route.metres),
          ]
        : ["–", "0", "–", "–", "–"];
      return h(
        "tr",
        { class: view.focus === code ? "focus" : null },
        h("th", { scope: "row" }, name),
        figures.map(cell),
      );
    };
    const titles = [t("Team"), t("Time"), t("Stops"), t("Way, h"), t("At stops, h"), "km"];
    target.replaceChildren(
      h("table", { class: "team-times" }, heads(titles), h("tbody", {}, view.plan.teams.map(row))),
    );
  };

  const sumOf = (points) =>
    typeof points === "number" ? points : Object.values(points ?? {}).reduce((all, one) => all + [one].flat()[0], 0);

  const bars = (side, most, colours) =>
    Object.entries(side.hours).map(([code, value]) =>
      h(
        "div",
        { class: "bar-row" },
        h("span", {}, code),
        h("i", { style: { width: `${(72 * value) / most}%`, backgroundColor: colours.get(code) ?? "#566472" } }),
        h("small", {}, hours(value * 3600)),
      ),
    );

  const SIDES = ["equal", "shortest"];

  /** What "equal" and "shortest" come to, in numbers and small bars. */
  everycell.comparison = (target, { plan, colours, editable }, replan) => {
    const { compare } = plan;
    if (!compare) {
      const other = SIDES.find((side) => side !== plan.aim);
      const words = t("Plan again for: {aim}", { aim: everycell.patrolName("aim", other) });
      const again = h("button", { type: "button", class: "quiet", onclick: () => replan(other) }, words);
      const told = h("p", { class: "told" }, t("This plan is not compared yet."));
      target.replaceChildren(...[told, editable ? again : null].filter(Boolean));
      return;
    }
    const most = Math.max(0.01, ...SIDES.flatMap((side) => Object.values(compare[side].hours)));
    const column = (side) => {
      const one = compare[side];
      const figures = [
        [t("Stops"), number(one.stops)],
        [t("Points"), number(sumOf(one.points))],
        [t("Way"), `${kilometres(one.metres)} km`],
        [t("Spread of hours"), one.spread === null ? "–" : `${Math.round(one.spread * 100)} %`],
      ];
      const chosen = plan.aim === side;
      return h(
        "section",
        { class: chosen ? "side chosen" : "side" },
        h("h3", {}, everycell.patrolName("aim", side), chosen ? h("small", {}, t("this plan")) : null),
        h(
          "dl",
          {},
          figures.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
        ),
        h("h4", {}, t("Hours of teams")),
        bars(one, most, colours),
        chosen || !editable
          ? null
          : h("button", { type: "button", class: "quiet", onclick: () => replan(side) }, t("Plan like this")),
      );
    };
    target.replaceChildren(h("div", { class: "sides" }, SIDES.map(column)));
  };
}
