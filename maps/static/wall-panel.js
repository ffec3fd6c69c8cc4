"use strict";
// Beside the map of the wall: the figures of the area that is looked at, and the areas inside it.
{
  const { h, t, number, percent, byId } = everycell;

  const figure = (name, value, className) =>
    h("div", { class: `figure ${className}` }, h("dt", {}, name), h("dd", {}, value));

  const part = (className, count) =>
    count > 0 ? h("i", { class: className, style: { flexGrow: String(count) } }) : null;

  const bar = ({ known, reached, tried }) => {
    const values = { reached: number(reached), known: number(known), tried: number(tried) };
    return h(
      "div",
      { class: "bar-of", role: "img", "aria-label": t("{reached} of {known} reached, {tried} tried", values) },
      part("reached", reached),
      part("tried", tried),
      part("left", known - reached - tried),
    );
  };

  const leading = (value, ...words) => h("div", { class: "headline" }, h("strong", {}, value), h("span", {}, ...words));

  const ofCoverage = (figures, cutoff) => {
    const { known, reached, never, overdue } = figures;
    return [
      leading(
        percent(reached, known),
        h("small", {}, t("reached {cutoff}", { cutoff })),
        h("b", {}, `${number(reached)} / ${number(known)}`),
      ),
      bar(figures),
      h(
        "dl",
        { class: "figures" },
        figure(t("households left"), number(known - reached), "key-left"),
        figure(t("Never visited"), number(never), "key-never"),
        figure(t("Overdue"), number(overdue), "key-overdue"),
      ),
    ];
  };

  const ofNever = ({ known, never }) => [
    leading(
      number(never),
      h("small", {}, t("Never visited")),
      h("b", {}, t("{share} of {known} households", { share: percent(never, known), known: number(known) })),
    ),
  ];

  // From far away there is no room for charts: what they say first.
  const OF_BOARD = {
    cases: ({ cases_overdue: found }) =>
      found?.own && leading(found.own.number === null ? "<5*" : number(found.own.number), words(found.month)),
    patrols: ({ patrols_today: { ticked, stops } }) =>
      leading(number(ticked), words(t("of {count} stops", { count: number(stops) }))),
    sites: ({ sites_due: { never, overdue, sites } }) =>
      leading(number(never + overdue), words(t("of {count} key sites", { count: number(sites) }))),
  };
  const words = (text) => h("b", {}, text);

  // What a scene says of an area first, and of the areas inside it: of most a chart tells more.
  const OF_SCENES = {
    coverage: {
      headline: ofCoverage,
      columns: ({ known, reached }) => [percent(reached, known), number(known - reached)],
      heads: () => [t("Reached"), t("Left")],
      first: ({ known, reached }) => known - reached,
    },
    never: {
      headline: ofNever,
      columns: ({ known, never }) => [percent(never, known), number(never)],
      heads: () => [t("Share"), t("Never")],
      first: ({ never }) => never,
    },
  };

  const headline = (scene, figures, board, cutoff) => {
    const say = OF_SCENES[scene]?.headline;
    if (!say) return document.body.dataset.room === "far" && board ? [OF_BOARD[scene]?.(board) || ""] : [];
    return figures?.known ? say(figures, cutoff) : [h("p", { class: "muted" }, everycell.inWords(figures))];
  };

  const swatch = ({ kind, colour }) =>
    h("i", { class: `swatch cell ${kind}`, style: colour ? { backgroundColor: colour } : {} });

  /** How a scene of coverage lists areas. */
  const ofFigures = (scene) => {
    const { columns, heads, first } = OF_SCENES[scene];
    const look = scene === "never" ? everycell.wallLooks.never().look : everycell.legend.look;
    return {
      heads: heads(),
      weight: ({ figures }) => (figures?.known ? first(figures) : -1),
      chip: ({ figures }) => swatch(look(figures)),
      values: ({ figures }) =>
        figures?.known ? columns(figures) : [figures?.empty === "confirmed" ? t("empty") : "–", ""],
    };
  };

  /** How a scene lists areas that draws them itself: as it draws them; inside a village nothing is told. */
  const ofAreas = ({ look, say, head, weight }) => ({
    heads: ["", head],
    weight,
    chip: (one) => (one.code.length < everycell.CELL_DIGITS ? everycell.wallLooks.picture(look(one)) : null),
    values: (one) => ["", say(one)?.text ?? ""],
  });

  const NAMES = { heads: ["", ""], weight: () => 0, chip: () => null, values: () => ["", ""] };

  const list = (scene, told, areas, onpick) => {
    const { heads, weight, chip, values } = OF_SCENES[scene] ? ofFigures(scene) : told ? ofAreas(told) : NAMES;
    const titles = h(
      "p",
      { class: "heads", "aria-hidden": "true" },
      heads.map((text) => h("span", {}, text)),
    );
    const row = (one) => {
      const inside = [
        chip(one) ?? h("i"),
        h("span", { class: "name" }, one.name),
        ...values(one).map((text) => h("b", {}, text)),
      ];
      return h(
        "li",
        { "data-key": one.code },
        h("button", { type: "button", "data-code": one.code, onclick: () => onpick(one.code) }, inside),
      );
    };
    const rows = [...areas].sort((one, other) => weight(other) - weight(one)).map(row);
    return rows.length ? [titles, h("ul", {}, rows)] : [];
  };

  // A list that is drawn anew stays where it was scrolled to. Whoever went down from one of its rows goes on at the crumbs.
  const refill = (target, nodes) => {
    const held = target.contains(document.activeElement);
    const { scrollTop } = target;
    everycell.renew(target, nodes);
    Object.assign(target, { scrollTop });
    if (held && !(nodes.length && target.contains(document.activeElement))) everycell.toCrumb(byId("crumbs"));
  };

  /** Fill the panel: {scene, told (the areas that it draws, or null), area, home (the area it
   *  begins with), figures (everycell.Figures), board, cutoff (words), onpick(code)}. */
  everycell.showWallPanel = ({ scene, told, area, home, figures, board, cutoff, onpick }) => {
    everycell.showCrumbs(byId("crumbs"), figures.chain(area, home), onpick);
    byId("headline").replaceChildren(...headline(scene, figures.of(area), board, cutoff));
    refill(byId("areas"), list(scene, told, figures.inside(area), onpick));
    const doors = byId("doors"); // there for whoever may see them
    if (!doors) return;
    doors.hidden = area.length !== everycell.CELL_DIGITS || !everycell.may("doors", area);
    doors.href = everycell.doorsAddress(area);
  };

  // The charts of a scene beside the list of areas; where there is no room for all, for the first ones.
  const CHARTS = { coverage: ["round", "hours", "worst"], never: ["worst", "hours"] };

  /** Show what the board (or null) has for a scene, as many charts as there is room for. */
  everycell.showWallCharts = (node, board, scene) => {
    everycell.showBoard(node, board, scene, CHARTS[scene] ?? everycell.chartsOf(scene));
    const inside = () => node.scrollHeight <= node.clientHeight + 1;
    while (node.childElementCount > 1 && !inside()) node.lastElementChild.remove();
  };

  /** Where the doors of a cell are shown. */
  everycell.doorsAddress = (code) => {
    const english = document.documentElement.lang === "en" ? "?lang=en" : "";
    return `${everycell.config.api}/maps/coverage${english}#area=${code}`;
  };
}
