"use strict";
// The scenes of the wall. A scene names the readings it shows (`needs`), how cells look under it (`cells`), which areas are
// drawn over them (`areas`: {shapes, look, say}, or null), what else is painted (`over`), and its legend.
{
  const { h, t } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const { legend } = everycell;
  const looks = everycell.wallLooks;

  const heading = (text) => h("h2", {}, text);
  const items = (...lines) => h("ul", { class: "items" }, lines);

  /** A small picture of how an area looks, for the legend. */
  const picture = (look) => {
    const [width, height] = [28, 18].map((size) => Math.round(size * everycell.scale));
    const canvas = h("canvas", { width, height, class: "look" });
    const [right, bottom] = [width - 1, height - 1];
    const box = [
      [1, 1],
      [right, 1],
      [right, bottom],
      [1, bottom],
      [1, 1],
    ];
    everycell.paintShape(canvas.getContext("2d"), ([y, x]) => ({ x, y }), [[box]], look);
    return canvas;
  };

  const countLegend = (title, classes, { withheld = false } = {}) => {
    const words = ({ low, high }) => (high === null ? `≥ ${low}` : low === high ? String(low) : `${low} – ${high}`);
    const lines = [...classes].reverse().map((entry) => {
      const look = looks.countLook(entry.low, classes);
      return legend.line(picture(look), words(entry));
    });
    if (withheld) lines.push(legend.line(picture(looks.countLook(null, classes)), t("1 to 4, withheld")));
    lines.push(legend.line(picture(looks.countLook(0, classes)), "0"));
    lines.push(legend.line(picture(looks.countLook(undefined, classes)), t("No data")));
    return [heading(title), items(...lines)];
  };

  const CASES = [5, 10, 20, 40];
  const SITES = [1, 2, 4, 8];

  /** Areas of a level with their counts from a table [{code, …}]; `value(row)` is a number, null (withheld) or undefined. */
  const counted = (wall, level, rows, value, classes) => {
    const byCode = new Map(rows.map((row) => [row.code, row]));
    const of = (shape) => {
      const row = byCode.get(shape.code);
      return row ? value(row) : undefined;
    };
    return {
      shapes: wall.drawing.areas(level),
      levels: level === "town" ? ["town"] : undefined, // names of villages would take the room of the numbers of towns
      look: (shape) => looks.countLook(of(shape), classes),
      say: (shape) => {
        const count = of(shape);
        if (count === undefined) return null;
        const text = count === null ? "<5" : everycell.number(count);
        return { text, ink: looks.countLook(count, classes).ink, bold: Boolean(count) };
      },
    };
  };

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
      return counted(wall, level, level === "town" ? towns : areas, ({ number }) => number, looks.countClasses(CASES));
    },
    legend: () => countLegend(t("Cases past their date, published"), looks.countClasses(CASES), { withheld: true }),
  };

  const patrols = {
    title: N("Patrols today"),
    needs: ["board", "plans"],
    areas: (wall) => {
      const rows = wall.board?.patrols_today?.areas ?? [];
      const byCode = new Map(rows.map((row) => [row.code, row]));
      const lookOf = ({ code }) => looks.shareLook(byCode.get(code)?.ticked ?? 0, byCode.get(code)?.stops ?? 0);
      return {
        shapes: wall.drawing.areas("village"),
        look: lookOf,
        say: (shape) => {
          const row = byCode.get(shape.code);
          return row?.stops ? { text: `${row.ticked}/${row.stops}`, ink: lookOf(shape).ink, bold: true } : null;
        },
      };
    },
    over: (wall, ...canvas) => wall.routes?.draw(...canvas),
    legend: () => [heading(t("Stops of today's patrols: done of planned")), legend.coverageRamp()],
  };

  const sites = {
    title: N("Key sites due"),
    needs: ["board"],
    areas: (wall) => {
      const rows = wall.board?.sites_due?.villages ?? [];
      return counted(wall, "village", rows, ({ never, overdue }) => never + overdue, looks.countClasses(SITES));
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
        return legend.line(picture(bandLook(index, drawn.classes.length)), words);
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

  /** The scenes by their keys. */
  everycell.wallScenes = Object.fromEntries(
    Object.entries(SCENES).map(([key, scene]) => [
      key,
      { key, cells: looks.quiet, areas: () => null, over: () => null, labels: !scene.areas && !scene.over, ...scene },
    ]),
  );
}
