"use strict";
// What colours and shapes mean, in one place: the map and the legend ask the same functions. Strongest = most left.
{
  const STEPS = [
    { kind: "all", from: 1 },
    { kind: "c90", from: 0.9 },
    { kind: "c75", from: 0.75 },
    { kind: "c50", from: 0.5 },
    { kind: "c25", from: 0.25 },
    { kind: "c0", from: 0 },
    { kind: "none", from: -1 },
  ];
  // From little left to everything left, both for colour-blind eyes too. On light ground OrRd (ColorBrewer); on dark
  // ground viridis without its dark end, which would be lost there: its least has 3.3:1 on the ground.
  const LIGHT = {
    colours: ["#fff7ec", "#fee3bf", "#fdc38d", "#fca66f", "#ec5f41", "#bb1a12", "#650000"],
    inks: ["#5b4636", "#5b4636", "#4b2e1e", "#3a1408", "#ffffff", "#ffffff", "#ffffff"],
    empty: { kind: "confirmed", colour: "#dfe6ea", ink: "#40505c" },
    unchecked: { kind: "unchecked", colour: "#ffffff", ink: "#40505c", dots: "#7d8b96" },
    nodata: { kind: "nodata", colour: null, ink: "#40505c" },
  };
  const DARK = {
    colours: ["#2c728e", "#25878d", "#289e86", "#35b779", "#72cc55", "#b4dc39", "#fde725"],
    inks: ["#ffffff", "#000000", "#0b1016", "#0b1016", "#0b1016", "#0b1016", "#0b1016"],
    empty: { kind: "confirmed", colour: "#2a343d", ink: "#c3ccd4" },
    unchecked: { kind: "unchecked", colour: "#1a222b", ink: "#c3ccd4", dots: "#8fa0ae" },
    nodata: { kind: "nodata", colour: null, ink: "#c3ccd4" },
  };
  // A wall on light ground, read from metres away: each class has 3:1 on the ground at least, as on dark ground; made for
  // even steps to colour-blind eyes too (CAM16-UCS, tests/maps/test_colours.py).
  const ROOM = {
    ...LIGHT,
    colours: ["#b88203", "#a16a06", "#8d5104", "#7b3604", "#6a1200", "#49030f", "#21010d"],
    inks: ["#000000", "#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff"],
  };
  const PALETTES = { desk: LIGHT, "wall-light": ROOM, "wall-dark": DARK };
  const palette = () => PALETTES[everycell.look];

  /** The class of a step of the scale, 0 for nothing left to 6 for everything: {colour, ink}. */
  const step = (index) => ({ colour: palette().colours[index], ink: palette().inks[index] });

  /** The classes of coverage, from nothing left to everything: [{kind, from, colour, ink}]. */
  const classes = () => STEPS.map((entry, index) => ({ ...entry, ...step(index) }));

  /** How a cell without a share looks: unknown, or without a household; null for every other. */
  const special = (figures) => {
    if (!figures) return palette().nodata;
    if (figures.known) return null;
    return figures.empty === "confirmed" ? palette().empty : palette().unchecked;
  };

  /** How a cell's (or a village's) figures look: {kind, colour, ink}. */
  const look = (figures) => {
    const none = special(figures);
    if (none) return none;
    const share = figures.reached ? figures.reached / figures.known : -1;
    const index = STEPS.findIndex(({ from }) => share >= from);
    return { ...STEPS[index], ...step(index) };
  };

  /** A dotted fill, for cells that nobody has looked at. */
  const dots = (size = 7) => {
    const tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const context = tile.getContext("2d");
    context.fillStyle = palette().unchecked.dots;
    context.beginPath();
    context.arc(size / 2, size / 2, size / 6.5, 0, 7);
    context.fill();
    return tile;
  };

  // Doors: colour and shape both tell the state; the order is the order of drawing, so the most urgent lies on top.
  const DOORS = {
    none: { colour: "#9aa4ad", grow: 0.5 },
    fresh: { colour: "#6f7b86", grow: 0.72 },
    soon: { colour: "#e8762c", grow: 0.95 },
    overdue: { colour: "#cf2a1b", grow: 1 },
    never: { colour: "#5f0000", grow: 1.12 },
  };
  const DRAWING_ORDER = ["none", "fresh", "soon", "overdue", "never"];

  /** The state of a door by its longest-waiting household. `door`: {n, never, due}, due as days since 1970. */
  const doorState = (door, today, dueSoonDays) => {
    if (!door.n) return "none";
    if (door.never) return "never";
    if (door.due < today) return "overdue";
    return door.due <= today + dueSoonDays ? "soon" : "fresh";
  };

  const circle = (context, radius) => {
    context.beginPath();
    context.arc(0, 0, radius, 0, 2 * Math.PI);
  };

  const SHAPES = {
    none: (context, radius) => {
      circle(context, radius);
      context.fill();
    },
    fresh: (context, radius) => {
      context.lineWidth = Math.max(0.9, radius * 0.34);
      circle(context, radius - context.lineWidth / 2);
      context.fillStyle = "#ffffff";
      context.fill();
      context.stroke();
    },
    soon: (context, radius) => {
      context.lineWidth = Math.max(0.9, radius * 0.26);
      circle(context, radius - context.lineWidth / 2);
      context.save();
      context.fillStyle = "#ffffff";
      context.fill();
      context.restore();
      context.stroke();
      context.beginPath();
      context.arc(0, 0, radius - context.lineWidth / 2, Math.PI / 2, (3 * Math.PI) / 2);
      context.fill();
    },
    overdue: (context, radius) => {
      circle(context, radius);
      context.fill();
    },
    never: (context, radius) => {
      context.lineWidth = Math.max(1.1, radius * 0.3);
      circle(context, radius - context.lineWidth / 2);
      context.save();
      context.fillStyle = "#ffffff";
      context.fill();
      context.restore();
      context.stroke();
      circle(context, radius * 0.36);
      context.fill();
    },
  };

  const sprites = new Map();

  /** A door's symbol as a small canvas, drawn once: its middle is the door. */
  const doorSprite = (state, radius, ratio) => {
    const step = Math.round(radius * 4) / 4;
    const key = `${state}/${step}/${ratio}`;
    let sprite = sprites.get(key);
    if (!sprite) {
      sprite = document.createElement("canvas");
      const half = Math.ceil((step + 1.5) * ratio);
      sprite.width = sprite.height = 2 * half;
      const context = sprite.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, half, half);
      if (step >= 3) {
        context.fillStyle = "rgba(255,255,255,.9)";
        circle(context, step + 1);
        context.fill();
      }
      context.fillStyle = context.strokeStyle = DOORS[state].colour;
      SHAPES[state](context, step);
      sprites.set(key, sprite);
    }
    return sprite;
  };

  everycell.legend = { DOORS, DRAWING_ORDER, step, special, look, dots, doorState, doorSprite };

  const swatch = (className, colour) =>
    everycell.h("i", { class: `swatch ${className}`, style: colour ? { backgroundColor: colour } : {} });
  const line = (mark, text) => everycell.h("li", {}, mark, everycell.h("span", {}, text));

  const RAMP_TEXT = { none: "0 %", c0: "< 25", c25: "25 –", c50: "50 –", c75: "75 –", c90: "90 –", all: "100 %" };

  /** The steps of a scale, the most left first: [{kind, colour, text}]. */
  const ramp = (steps) => {
    const shown = ({ kind, colour, text }) => everycell.h("span", {}, swatch(`cell ${kind}`, colour), text);
    return everycell.h("div", { class: "ramp" }, steps.map(shown));
  };

  const coverageRamp = () =>
    ramp(
      classes()
        .reverse()
        .map((entry) => ({ ...entry, text: RAMP_TEXT[entry.kind] })),
    );

  const SPECIAL = {
    confirmed: (t) => line(swatch("cell confirmed", palette().empty.colour), t("Confirmed empty")),
    unchecked: (t) => {
      const unchecked = swatch("cell unchecked");
      unchecked.style.backgroundImage = `url(${dots().toDataURL()})`;
      return line(unchecked, t("Unchecked"));
    },
    nodata: (t) => line(swatch("cell nodata"), t("No data")),
  };

  /** What cells without a share look like; only those of `kinds`, where room is dear. */
  const cellLines = (t, kinds = Object.keys(SPECIAL)) => kinds.map((kind) => SPECIAL[kind](t));

  const doorLines = (t) => {
    const names = {
      never: t("Never visited"),
      overdue: t("Overdue"),
      soon: t("Due soon"),
      fresh: t("Visited in time"),
    };
    return Object.entries(names).map(([state, name]) => {
      const sprite = doorSprite(state, 6.5 * everycell.scale, 2);
      const image = everycell.h("img", { src: sprite.toDataURL(), alt: "", class: "door" });
      Object.assign(image.style, { width: `${sprite.width / 2}px`, height: `${sprite.height / 2}px` });
      return line(image, name);
    });
  };

  Object.assign(everycell.legend, { ramp, coverageRamp, cellLines, line, swatch });

  /** Fill the legend: cells always, doors and sites where they are drawn. */
  everycell.legend.show = (target, { doors, sites }) => {
    const { h, t } = everycell;
    const parts = [
      h("h2", {}, t("Cells by coverage; dark: much left")),
      coverageRamp(),
      h("ul", { class: "items" }, cellLines(t)),
    ];
    if (doors)
      parts.push(
        h("h2", {}, t("Doors by the longest wait; large: many wait")),
        h("ul", { class: "items" }, doorLines(t)),
      );
    if (sites)
      parts.push(
        h("h2", {}, t("Key sites")),
        h(
          "ul",
          { class: "items" },
          line(swatch("site"), t("Checked in time")),
          line(swatch("site late"), t("Check overdue")),
        ),
      );
    target.replaceChildren(...parts);
  };
}
