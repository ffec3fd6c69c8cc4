"use strict";
// How much a case presses, as a sign: shape and colour both tell it, in the list, on the map and in the legend.
{
  const { h } = everycell;

  const around = (context, radius) => {
    context.beginPath();
    context.arc(0, 0, radius, 0, 2 * Math.PI);
  };
  const polygon = (context, corners) => {
    context.beginPath();
    for (const [x, y] of corners) context.lineTo(x, y);
    context.closePath();
  };
  const onPaper = (context) => {
    context.save();
    context.fillStyle = "#ffffff";
    context.fill();
    context.restore();
  };
  const ring = (context, radius) => {
    context.lineWidth = Math.max(1.2, radius * 0.3);
    around(context, radius - context.lineWidth / 2);
    onPaper(context);
    context.stroke();
  };

  // In the order of drawing: what presses most lies on top.
  const SIGNS = {
    ended: {
      colour: "#8a96a0",
      draw: (context, radius) => {
        around(context, radius * 0.62);
        context.fill();
      },
    },
    waiting: {
      colour: "#566472",
      draw: (context, radius) => {
        const side = radius * 0.74;
        context.lineWidth = Math.max(1.2, radius * 0.26);
        polygon(context, [
          [-side, -side],
          [side, -side],
          [side, side],
          [-side, side],
        ]);
        onPaper(context);
        context.stroke();
      },
    },
    running: { colour: "#0b4f8a", draw: ring },
    soon: {
      colour: "#d65f12",
      draw: (context, radius) => {
        ring(context, radius);
        context.beginPath();
        context.arc(0, 0, radius * 0.85, Math.PI / 2, (3 * Math.PI) / 2);
        context.fill();
      },
    },
    overdue: {
      colour: "#b3261e",
      draw: (context, radius) => {
        const reach = radius * 1.18;
        polygon(context, [
          [0, -reach],
          [reach, 0],
          [0, reach],
          [-reach, 0],
        ]);
        context.fill();
      },
    },
  };
  const ORDER = Object.keys(SIGNS);

  /** Paint a sign around the origin of a canvas. */
  const paint = (context, urgency, radius) => {
    context.fillStyle = context.strokeStyle = SIGNS[urgency].colour;
    SIGNS[urgency].draw(context, radius);
  };

  const images = new Map();

  /** A sign as an image beside words, which say the same. */
  const image = (urgency) => {
    if (!images.has(urgency)) {
      const canvas = document.createElement("canvas");
      const side = Math.ceil(34 * everycell.scale);
      canvas.width = canvas.height = side;
      const context = canvas.getContext("2d");
      context.translate(side / 2, side / 2);
      paint(context, urgency, side * 0.38);
      images.set(urgency, canvas.toDataURL());
    }
    return h("img", { src: images.get(urgency), alt: "", class: "sign" });
  };

  /** The signs of the legend, what presses most first, with their words. */
  const legend = (target) => {
    const { t } = everycell;
    const names = {
      overdue: t("Overdue"),
      soon: t("Seven days or fewer left"),
      running: t("In time"),
      waiting: t("No date runs: registered, agreed or referred"),
      ended: t("Ended"),
    };
    const line = (urgency) => h("li", {}, image(urgency), h("span", {}, names[urgency]));
    target.replaceChildren(
      h("h2", {}, t("Listed cases by what presses most; a number: several at one point")),
      h("ul", { class: "items" }, [...ORDER].reverse().map(line)),
      h("p", {}, t("A point stands for eight dwellings or more: no case was reported just there.")),
      h("p", {}, t("Family disputes have no point: choosing one outlines its village.")),
    );
  };

  everycell.caseSigns = { ORDER, paint, image, legend, colourOf: (urgency) => SIGNS[urgency].colour };
}
