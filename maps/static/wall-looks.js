"use strict";
// How areas look on the wall, whatever a scene counts in them: class, pattern and number, never colour alone.
{
  const N = (message) => message; // Marks a message for the catalogue.

  const LINES = {
    light: {
      quiet: "#f6f7f6",
      line: "#aab3ba",
      withheld: "#5a4a3c",
      zero: "#e8ecee",
      ink: "#1c2733",
      muted: "#566472",
    },
    dark: { quiet: "#1b242d", line: "#3b4752", withheld: "#c3ccd4", zero: "#26313b", ink: "#ffffff", muted: "#c3ccd4" },
  };
  const lines = () => LINES[everycell.theme];

  /** Cells of which nothing is told: ground for what is drawn over them. */
  const quiet = () => ({
    look: () => ({ kind: "quiet", colour: lines().quiet, ink: lines().muted }),
    note: () => null,
  });

  // Steps of the scale for so many classes, so that the most is always the strongest.
  const STEPS = { 1: [6], 2: [3, 6], 3: [1, 4, 6], 4: [1, 3, 5, 6], 5: [1, 2, 4, 5, 6] };

  /** Classes of a count from bounds (ascending, the first above 0): [{low, high, colour, ink}]. */
  const countClasses = (bounds) =>
    bounds.map((low, index) => {
      const { colour, ink } = everycell.legend.step(STEPS[bounds.length][index]);
      return { low, high: bounds[index + 1] ? bounds[index + 1] - 1 : null, colour, ink };
    });

  const NODATA = () => ({ line: lines().line, width: 1, dash: [4, 4], ink: lines().muted });

  /** How an area with a count looks: a number, 0, null (withheld) or undefined (nothing is known). */
  const countLook = (count, classes) => {
    if (count === undefined) return NODATA();
    if (count === null) return { line: lines().withheld, width: 1, pattern: "rising", ink: lines().ink };
    if (!count) return { line: lines().line, width: 1, fill: lines().zero, ink: lines().muted };
    const { colour, ink } = classes.findLast(({ low }) => count >= low) ?? classes[0];
    return { line: lines().quiet, width: 1, fill: colour, ink };
  };

  /** How an area looks of which a part is done: the more is left, the stronger. */
  const shareLook = (done, all) => {
    if (!all) return { ...NODATA(), fill: lines().quiet };
    const { colour, ink } = everycell.legend.look({ known: all, reached: done });
    return { line: lines().quiet, width: 1, fill: colour, ink };
  };

  /** Bands of heat: the class of `count` classes in its colour. */
  const bandColour = (index, count) => {
    const share = count > 1 ? index / (count - 1) : 1;
    return everycell.legend.step(Math.round(6 * share)).colour;
  };

  // How much of its households a cell has that were never visited.
  const NEVER = [
    { kind: "none", from: 0.5, step: 6, text: N("half or more") },
    { kind: "c0", from: 0.25, step: 5, text: "25 % –" },
    { kind: "c25", from: 0.1, step: 4, text: "10 % –" },
    { kind: "c50", from: 0.05, step: 3, text: "5 % –" },
    { kind: "c75", from: Number.MIN_VALUE, step: 1, text: "< 5 %" },
    { kind: "all", from: 0, step: 0, text: "0" },
  ];

  /** Cells by their share of households that were never visited, with the number of these. */
  const never = () => ({
    look: (figures) => {
      const none = everycell.legend.special(figures);
      if (none) return none;
      const { kind, step } = NEVER.find(({ from }) => figures.never / figures.known >= from);
      return { kind, ...everycell.legend.step(step) };
    },
    note: (figures) => (figures?.known ? everycell.number(figures.never) : null),
    brief: (figures) => (figures?.known ? everycell.number(figures.never) : null),
  });

  const neverRamp = () =>
    everycell.legend.ramp(
      NEVER.map(({ kind, step, text }) => ({
        kind,
        colour: everycell.legend.step(step).colour,
        text: text === NEVER[0].text ? everycell.t(text) : text,
      })),
    );

  /** A small picture of how an area looks, for legends and lists. */
  const picture = (look) => {
    const [width, height] = [28, 18].map((size) => Math.round(size * everycell.scale));
    const canvas = everycell.h("canvas", { width, height, class: "look" });
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

  everycell.wallLooks = { quiet, countClasses, countLook, shareLook, bandColour, never, neverRamp, picture };
}
