"use strict";
// Fills that tell states apart without colour: hatched either way, crossed, dotted.
{
  const tile = (size, paint) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = size;
    paint(canvas.getContext("2d"), size);
    return canvas;
  };

  const slanted = (context, size, rising) => {
    const [from, to] = rising ? [size, 0] : [0, size];
    context.beginPath();
    for (const shift of [-size, 0, size]) {
      context.moveTo(shift, from);
      context.lineTo(shift + size, to);
    }
    context.stroke();
  };

  const PAINT = {
    rising: (context, size) => slanted(context, size, true),
    falling: (context, size) => slanted(context, size, false),
    crossed: (context, size) => {
      slanted(context, size, true);
      slanted(context, size, false);
    },
    dotted: (context, size) => {
      context.beginPath();
      context.arc(size / 2, size / 2, size / 6, 0, 7);
      context.fill();
    },
  };

  const GROUND = 0.1; // how strong the colour is between the strokes

  /** A small canvas to repeat: `kind` is rising, falling, crossed or dotted; `gap` pixels from stroke to stroke. */
  const patternTile = (kind, colour, gap = 10) => {
    const size = Math.round(gap * everycell.scale);
    return tile(size, (context) => {
      context.strokeStyle = context.fillStyle = colour;
      context.globalAlpha = GROUND;
      context.fillRect(0, 0, size, size);
      context.globalAlpha = 0.5;
      context.lineWidth = Math.max(1, 1.2 * everycell.scale);
      PAINT[kind](context, size);
    });
  };

  const known = new Map();

  /** A pattern that fills a shape on a canvas. */
  everycell.pattern = (kind, colour, gap) => {
    const key = `${kind}/${colour}/${gap}/${everycell.scale}`;
    if (!known.has(key)) {
      const context = document.createElement("canvas").getContext("2d");
      known.set(key, context.createPattern(patternTile(kind, colour, gap), "repeat"));
    }
    return known.get(key);
  };

  everycell.patternTile = patternTile;

  /** What colours and fills mean in the editor, in one place: the map, the legend and the conflicts ask the same. */
  everycell.looks = {
    live: { line: "#66727d", width: 1.1 },
    closed: { line: "#a3adb5", width: 0.8, fill: "#dfe3e6" },
    changed: { line: "#0f6ab4", width: 1.8, pattern: "rising" },
    new: { line: "#0f6ab4", width: 1.8, pattern: "dotted" },
    retired: { line: "#6b5b4d", width: 1.6, dash: [6, 5] },
    before: { line: "#6b5b4d", width: 1.6, dash: [6, 5] },
    past: { line: "#8b7a6a", width: 1.1, fill: "#f4efe9" },
    other: { line: "#6b5b4d", width: 1.8, pattern: "rising" },
    chosen: { line: "#0b4f8a", width: 3.2 },
    hand: { line: "#7a2fa8", width: 2.4, dash: [7, 4], pattern: "falling" },
    error: { line: "#b3261e", width: 2, pattern: "crossed" },
    warning: { line: "#9a5b00", width: 2, pattern: "dotted" },
    mine: { line: "#0f6ab4", width: 2.2, pattern: "rising" },
    theirs: { line: "#b35a00", width: 2.2, pattern: "falling" },
    base: { line: "#2b343c", width: 2, dash: [3, 4] },
  };
}
