"use strict";
// The scenes of the wall. A scene names the readings its map shows (`needs`), how cells look under it (`cells`), which areas are
// drawn over them (`areas`: {shapes, look, say, head, weight}, or null), what else is painted (`over`), what stands below the
// name of a town or village (`note`), and its legend.
// `look` and `say` take any area by its code, `head` names the number that `say` says, `weight` puts areas in order.
{
  const { h, t } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const { legend } = everycell;
  const looks = everycell.wallLooks;

  const heading = (text) => h("h2", {}, text);
  const items = (...lines) => h("ul", { class: "items" }, lines);

  const countLegend = (title, classes, { withheld = false } = {}) => {
    const words = ({ low, high }) => (high === null ? `≥ ${low}` : low === high ? String(low) : `${low} – ${high}`);
    const lines = [...classes].reverse().map((entry) => {
      const look = looks.countLook(entry.low, classes);
      return legend.line(looks.picture(look), words(entry));
    });
    if (withheld) lines.push(legend.line(looks.picture(looks.countLook(null, classes)), t("1 to 4, withheld")));
    lines.push(legend.line(looks.picture(looks.countLook(0, classes)), "0"));
    lines.push(legend.line(looks.picture(looks.countLook(undefined, classes)), t("No data")));
    return [heading(title), items(...lines)];
  };

  const CASES = [5, 10, 20, 40];
  const SITES = [1, 2, 4, 8];

  const byCode = (rows) => {
    const found = new Map(rows.map((row) => [row.code, row]));
    return ({ code }) => found.get(code);
  };

  /** What a table of villages tells of an area, added up over those inside it; `names` are the numbers. */
  const addedUp =
    (rows, names) =>
    ({ code }) => {
      const inside = rows.filter((row) => row.code.startsWith(code));
      const sum = (name) => inside.reduce((all, row) => all + row[name], 0);
      return inside.length ? Object.fromEntries(names.map((name) => [name, sum(name)])) : undefined;
    };

  // Withheld counts stand between those that are told and none.
  const WITHHELD = 0.5;

  /** Areas of a level with their counts; `of(area)` is a number, null (withheld) or undefined (nothing is known). */
  const counted = (wall, level, of, classes, head) => ({
    shapes: wall.drawing.areas(level),
    levels: level === "town" ? ["town"] : undefined, // names of villages would take the room of the numbers of towns
    look: (area) => looks.countLook(of(area), classes),
    say: (area) => {
      const count = of(area);
      if (count === undefined) return null;
      const text = count === null ? "<5" : everycell.number(count);
      return { text, ink: looks.countLook(count, classes).ink, bold: Boolean(count) };
    },
    head,
    weight: (area) => (of(area) === null ? WITHHELD : (of(area) ?? -1)),
  });

  // What is told of areas is told of those one level below the one that is looked at, of villages at the finest.
  const levelBelow = ({ drill }) =>
    ({ county: "town", town: "village" })[everycell.periods.levelOf(drill.area)] ?? "village";

  // The legend explains what there is: the kinds of cells without a share that there are.
  const special = ({ figures }) => {
    const found = new Set([...figures.cells.keys()].map((code) => legend.special(figures.byCell.get(code))?.kind));
    const kinds = ["confirmed", "unchecked", "nodata"].filter((kind) => found.has(kind));
    return h("ul", { class: "items special" }, legend.cellLines(t, kinds));
  };

  const compact = (figures) => everycell.coverageShown.note(figures)?.replace(" ", "") ?? null;

  const coverage = {
    title: N("Visit coverage"),
    needs: ["coverage"],
    cells: () => ({ ...everycell.coverageShown, brief: compact }),
    legend: (wall) => [
      heading(t("Cells by coverage; the strongest colour: most left")),
      legend.coverageRamp(),
      special(wall),
    ],
  };

  const never = {
    title: N("Never visited"),
    needs: ["coverage"],
    cells: () => looks.never(),
    legend: (wall) => [
      heading(t("Households never visited: how many, and of how many")),
      looks.neverRamp(),
      special(wall),
    ],
  };

  const cases = {
    title: N("Cases past their date"),
    needs: ["board"],
    areas: (wall) => {
      const { towns = [], areas = [] } = wall.board?.cases_overdue ?? {};
      const level = levelBelow(wall);
      const row = byCode(level === "town" ? towns : areas);
      return counted(wall, level, (area) => row(area)?.number, looks.countClasses(CASES), t("Cases"));
    },
    legend: () => countLegend(t("Cases past their date, published"), looks.countClasses(CASES), { withheld: true }),
  };

  const patrols = {
    title: N("Patrols today"),
    needs: ["board", "plans"],
    areas: (wall) => {
      const row = addedUp(wall.board?.patrols_today?.areas ?? [], ["ticked", "stops"]);
      const look = (area) => looks.shareLook(row(area)?.ticked ?? 0, row(area)?.stops ?? 0);
      return {
        shapes: wall.drawing.areas("village"),
        look,
        say: (area) => {
          const { ticked, stops } = row(area) ?? {};
          return stops ? { text: `${ticked}/${stops}`, ink: look(area).ink, bold: true } : null;
        },
        head: t("Stops"),
        weight: (area) => row(area)?.stops ?? 0,
      };
    },
    over: (wall, ...canvas) => wall.routes?.draw(...canvas),
    legend: () => [heading(t("Stops of today's patrols: done of planned")), legend.coverageRamp()],
  };

  const sites = {
    title: N("Key sites due"),
    needs: ["board"],
    areas: (wall) => {
      const row = addedUp(wall.board?.sites_due?.villages ?? [], ["never", "overdue"]);
      const late = (area) => row(area) && row(area).never + row(area).overdue;
      return counted(wall, "village", late, looks.countClasses(SITES), t("Overdue"));
    },
    legend: () => countLegend(t("Key sites whose check is overdue"), looks.countClasses(SITES)),
  };

  const heat = {
    title: N("Dispute heat"),
    needs: ["heat"],
    over: (wall, context, toPoint) => {
      const { bands = [], classes = [] } = wall.heat ?? {};
      context.save();
      context.globalAlpha = 0.88;
      for (const { properties, polygons } of bands)
        everycell.paintShape(context, toPoint, polygons, bandLook(properties.class, classes.length), { line: false });
      context.restore();
    },
    legend: ({ heat: drawn }) => {
      if (!drawn) return [heading(t("Dispute heat")), h("p", {}, t("No figures have been published yet."))];
      const lines = drawn.classes.map(({ low, high }, index) => {
        const { short } = everycell.heatLooks;
        const words = high === null ? `≥ ${short(low)}` : `${short(low)} – ${short(high)}`;
        return legend.line(looks.picture(bandLook(index, drawn.classes.length)), words);
      });
      return [
        heading(t("Disputes recorded, per km²")),
        items(...lines.reverse()),
        h("p", {}, t("Published for {period}. No prediction.", { period: everycell.periods.inWords(drawn.period) })),
      ];
    },
  };

  const bandLook = (index, count) => ({ fill: looks.bandColour(index, count), line: "#00000000", width: 0 });

  const SCENES = { coverage, never, cases, patrols, sites, heat };

  // From afar cells have no room for their numbers: what they add up to stands below the name of the town or village.
  const sumOf = (scene) => (wall, code) => {
    const { area } = wall.drill;
    const below = code !== area && code.startsWith(area) && everycell.periods.levelOf(code) === levelBelow(wall);
    return below ? scene.cells().brief(wall.figures.of(code)) : null;
  };

  const PLAIN = { cells: looks.quiet, areas: () => null, over: () => null, note: () => null, labels: false };
  const OF_CELLS = (scene) => ({ ...PLAIN, labels: true, note: sumOf(scene) });

  /** The scenes by their keys. */
  everycell.wallScenes = Object.fromEntries(
    Object.entries(SCENES).map(([key, scene]) => [key, { key, ...(scene.cells ? OF_CELLS(scene) : PLAIN), ...scene }]),
  );
}
