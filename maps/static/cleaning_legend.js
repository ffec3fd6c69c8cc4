"use strict";
// What colours and lines mean where a coverage is cleaned, in one place for the map and the legend.
{
  // PuOr (ColorBrewer, colour-blind safe): orange loses, purple gains, by the share of the area before.
  const CLASSES = [
    { from: 0.01, colour: "#542788", sign: "+", text: "≥ 1 %" },
    { from: 0.001, colour: "#998ec3", sign: "+", text: "0.1 – 1 %" },
    { from: 0.00001, colour: "#d8daeb", sign: "+", text: "< 0.1 %" },
    { from: -0.00001, colour: "#f7f7f4", sign: "", text: "0" },
    { from: -0.001, colour: "#fee0b6", sign: "−", text: "< 0.1 %" },
    { from: -0.01, colour: "#f1a340", sign: "−", text: "0.1 – 1 %" },
    { from: -Infinity, colour: "#b35806", sign: "−", text: "≥ 1 %" },
  ];

  // Kind and fate of a piece: colour and line tell both.
  const PIECES = {
    GAP: { colour: "#0b4f8a", dash: null },
    OVERLAP: { colour: "#a0153e", dash: "5 3" },
    OUTSIDE_COUNTY: { colour: "#4a4a4a", dash: "1 4" },
    MULTIPART: { colour: "#00695c", dash: "8 3 2 3" },
    sliver: { colour: "#9aa4ad", dash: null },
    hole: { colour: "#5f6b76", dash: "2 3" },
    left: { colour: "#000000", dash: null },
  };

  /** The net change of a cell as a share of what it was: below 0 where it loses. */
  const net = ({ before_m2, after_m2 }) => (before_m2 ? (after_m2 - before_m2) / before_m2 : 0);

  const look = (cell) => CLASSES.find(({ from }) => net(cell) >= from);

  const pieceLook = ({ kind, fate }) => (fate === "settled" ? PIECES[kind] : PIECES[fate]);

  /** What a piece is, in words. */
  const pieceName = ({ kind, fate }) => {
    const { t } = everycell;
    if (fate === "hole") return t("Hole that stays");
    if (fate === "sliver") return t("Rounding of coordinates");
    const names = {
      GAP: t("Gap"),
      OVERLAP: t("Overlap"),
      OUTSIDE_COUNTY: t("Outside the outline"),
      MULTIPART: t("Cut off from its cell"),
    };
    return fate === "left" ? t("{piece}, not settled", { piece: names[kind] }) : names[kind];
  };

  const line = ({ colour, dash }) => {
    const canvas = everycell.h("canvas", { width: 60, height: 20, "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    context.strokeStyle = colour;
    context.lineWidth = 6;
    context.setLineDash(
      (dash ?? "")
        .split(" ")
        .filter(Boolean)
        .map((length) => 2 * length),
    );
    context.moveTo(0, 10);
    context.lineTo(60, 10);
    context.stroke();
    return canvas;
  };

  const step = ({ colour, sign, text }) =>
    everycell.h("li", {}, everycell.h("i", { style: { backgroundColor: colour } }), `${sign} ${text}`.trim());

  /** Fill the legend with the classes of cells and the kinds of pieces that there are. */
  const show = (target, pieces) => {
    const { h, t } = everycell;
    const kinds = new Map(pieces.map(({ properties }) => [pieceName(properties), pieceLook(properties)]));
    target.replaceChildren(
      h("h2", {}, t("Cells by the change of their area")),
      h("ul", { class: "ramp" }, CLASSES.map(step)),
      kinds.size ? h("h2", {}, t("Pieces, from zoom 14 on")) : null,
      h(
        "ul",
        { class: "lines" },
        [...kinds].map(([name, style]) => h("li", {}, line(style), name)),
      ),
    );
  };

  everycell.cleaningLegend = { look, net, pieceLook, pieceName, show };
}
