"use strict";
// What the editor's colours, fills and nodes mean: the same looks as on the map, and only what is drawn.
{
  const { h, t } = everycell;

  const swatch = (look) => {
    const [width, height] = [24, 16].map((size) => Math.round(size * everycell.scale));
    const canvas = h("canvas", { width: 2 * width, height: 2 * height, class: "look" });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    const toPoint = ([y, x]) => ({ x, y });
    const edge = 1.5 * everycell.scale;
    const box = [
      [edge, edge],
      [width - edge, edge],
      [width - edge, height - edge],
      [edge, height - edge],
      [edge, edge],
    ];
    everycell.paintShape(context, toPoint, [[box]], look);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    return canvas;
  };

  const line = (mark, text) => h("li", {}, mark, h("span", {}, text));

  /** Fill the legend with what is on the map: {past, draft, both, hand, nodes, doors, issues, conflict, closed}. */
  everycell.showGridLegend = (target, drawn) => {
    const { looks } = everycell;
    const past = [line(swatch(looks.past), t("As today")), line(swatch(looks.other), t("Other than today"))];
    const now = [
      line(swatch(looks.live), t("Cell")),
      drawn.closed && line(swatch(looks.closed), t("Not yours to edit")),
      line(swatch(looks.chosen), t("Chosen")),
      drawn.draft && line(swatch(looks.changed), t("Changed in the draft")),
      drawn.draft && line(swatch(looks.new), t("New in the draft")),
      drawn.both && line(swatch(looks.before), t("Before")),
      drawn.hand && line(swatch(looks.hand), t("In hand, not stored")),
      drawn.conflict && line(swatch(looks.base), t("When I began")),
      drawn.conflict && line(swatch(looks.mine), t("Mine")),
      drawn.conflict && line(swatch(looks.theirs), t("Theirs")),
      drawn.issues && line(swatch(looks.error), t("Error")),
      drawn.issues && line(swatch(looks.warning), t("Warning")),
    ];
    const points = [
      drawn.nodes && line(h("i", { class: "node-sign" }), t("Node of two cells")),
      drawn.nodes && line(h("i", { class: "node-sign many" }), t("Node of three or more")),
      drawn.doors && line(h("i", { class: "door-sign" }), t("Door; large: many households")),
    ].filter(Boolean);
    target.replaceChildren(
      h("ul", { class: "items" }, (drawn.past ? past : now).filter(Boolean)),
      ...(points.length ? [h("ul", { class: "items" }, points)] : []),
    );
  };
}
