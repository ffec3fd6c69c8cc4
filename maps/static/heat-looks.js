"use strict";
// What colours, fills and marks mean on the page of heat, in one place: map, panel and legend ask the same functions.
{
  const N = (message) => message; // Marks a message for the catalogue.

  // OrRd, as all that counts work or cases: the strongest colour is the most.
  const RAMP = ["#fee3bf", "#fdc38d", "#fca66f", "#ec5f41", "#bb1a12"];
  const SOLID = "d9"; // how much of the ground a filled cell hides

  const AREA = {
    shown: { line: "#66727d", width: 1 },
    zero: { line: "#66727d", width: 1 },
    withheld: { line: "#5a4a3c", width: 1, pattern: "rising" },
    nodata: { line: "#8a96a0", width: 1, dash: [4, 4] },
    withheldOld: { line: "#8f969b", width: 1, pattern: "rising" },
    chosen: { line: "#0b4f8a", width: 3.2 },
  };

  const VERDICTS = {
    hot: { line: "#650000", width: 1.4, fill: `#bb1a12${SOLID}`, ink: "#ffffff" },
    as_expected: { line: "#8a7767", width: 0.8, fill: `#fff4e4${SOLID}`, ink: "#5b4636" },
    too_few: { line: "#7d8b96", width: 0.8, pattern: "dotted", ink: "#40505c" },
    none: { line: "#8a96a0", width: 0.8, dash: [4, 4], ink: "#40505c" },
  };
  const VERDICT_WORDS = {
    hot: N("More than the households explain"),
    as_expected: N("As the households let expect"),
    too_few: N("Too few to say"),
    none: N("No household"),
  };
  // What became of a hot cell: a sign on it, so that it is not told by colour.
  const CHANGES = {
    new: { sign: "▲", words: N("New") },
    lasting: { sign: "■", words: N("Lasting") },
    fading: { sign: "▽", words: N("Fading") },
  };

  const GI = [
    { from: 2.58, colour: RAMP[4], words: "≥ 2.58" },
    { from: 1.96, colour: RAMP[3], words: "1.96 – 2.58" },
    { from: 1, colour: RAMP[1], words: "1 – 1.96" },
    { from: -Infinity, colour: "#f4f1ec", words: "< 1" },
  ];

  const filled = (colour, ink = "#3a1408") => ({ line: "#8a7767", width: 0.8, fill: colour + SOLID, ink });

  const verdictOf = (properties) => (VERDICTS[properties.verdict] ? properties.verdict : "none");

  const giLook = ({ gi }) => {
    if (!Number.isFinite(gi)) return VERDICTS.none;
    return filled(GI.find(({ from }) => gi >= from).colour, gi >= 1.96 ? "#ffffff" : "#3a1408");
  };

  /** Two digits that count, so that classes have bounds that one can read. */
  const rounded = (value) => Number(value.toPrecision(2));

  /** Classes of rates (list of numbers, null where there is none): [{low, high, colour}], a fifth of the cells in each. */
  const rateClasses = (rates) => {
    const sorted = rates.filter(Number.isFinite).sort((one, other) => one - other);
    if (!sorted.length) return [];
    const cuts = RAMP.slice(1).map((_, index) =>
      rounded(sorted[Math.floor((sorted.length * (index + 1)) / RAMP.length)]),
    );
    const bounds = [...new Set([0, ...cuts])];
    const skipped = RAMP.length - bounds.length;
    return bounds.map((low, index) => ({ low, high: bounds[index + 1] ?? null, colour: RAMP[index + skipped] }));
  };

  const rateLook = ({ rate_smoothed: rate }, classes) => {
    if (!Number.isFinite(rate)) return VERDICTS.none;
    const found = classes.findLast(({ low }) => rate >= low) ?? classes[0];
    return filled(found.colour, RAMP.indexOf(found.colour) > 2 ? "#ffffff" : "#3a1408");
  };

  /** What a published number says: "shown", "zero", "withheld" (null) or "nodata" (undefined: no row). */
  const kindOf = (number) => {
    if (number === undefined) return "nodata";
    if (number === null) return "withheld";
    return number ? "shown" : "zero";
  };

  /** A published number as it is written. */
  const written = (number) => ({ nodata: "–", withheld: "<5*" })[kindOf(number)] ?? everycell.number(number);

  /** A number that was worked out, short. */
  const short = (value) => {
    if (!Number.isFinite(value)) return "–";
    if (value && Math.abs(value) < 0.095) return String(Number(value.toPrecision(1)));
    return Math.abs(value) < 9.95 ? String(Math.round(value * 10) / 10) : everycell.number(Math.round(value));
  };

  everycell.heatLooks = {
    AREA,
    VERDICTS,
    VERDICT_WORDS,
    CHANGES,
    GI,
    verdictOf,
    giLook,
    rateClasses,
    rateLook,
    kindOf,
    written,
    short,
  };
}
