"use strict";
// How stops look: the shape tells what is done there, the colour how urgent it is, or in a plan which team goes.
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

  // Outlines of about one area, so that none looks more important than another.
  const OUTLINES = {
    doorplate: (context, r) => around(context, r),
    site: (context, r) => {
      context.beginPath();
      context.roundRect(-0.9 * r, -0.9 * r, 1.8 * r, 1.8 * r, r * 0.25);
    },
    revisit: (context, r) =>
      polygon(context, [
        [0, -1.25 * r],
        [1.25 * r, 0],
        [0, 1.25 * r],
        [-1.25 * r, 0],
      ]),
    place: (context, r) =>
      polygon(context, [
        [0, -1.2 * r],
        [1.1 * r, -0.25 * r],
        [0.75 * r, 1 * r],
        [-0.75 * r, 1 * r],
        [-1.1 * r, -0.25 * r],
      ]),
  };

  // The most urgent is the darkest, as everywhere; what somebody has added by hand has the colour of what one does.
  const TIERS = { 1: "#7f0000", 2: "#cf2a1b", 3: "#ec6c35", 4: "#b98a62" };
  const colourOf = ({ kind, tier }) => (kind === "place" ? "#0b4f8a" : (TIERS[tier] ?? TIERS[4]));

  // Colours of routes: white on each can be read, and no two are one for whoever confuses red and green.
  const TEAMS = [
    "#0b62a8",
    "#c2410c",
    "#0f766e",
    "#8b1d6b",
    "#4d5b12",
    "#5b3fb5",
    "#9a1c1c",
    "#3f4a55",
    "#0a7ea4",
    "#7a4a12",
  ];
  const teamColour = (index) => TEAMS[index % TEAMS.length];

  /** A proposed stop around the origin. Doorplates look as on the page of coverage: never visited, a ring with a core. */
  const propose = (context, stop, radius) => {
    const never = stop.reason?.because === "never_reached";
    context.fillStyle = context.strokeStyle = colourOf(stop);
    if (stop.kind === "doorplate" && never) {
      context.lineWidth = Math.max(1.1, radius * 0.3);
      around(context, radius - context.lineWidth / 2);
      context.save();
      context.fillStyle = "#ffffff";
      context.fill();
      context.restore();
      context.stroke();
      around(context, radius * 0.36);
      context.fill();
    } else {
      OUTLINES[stop.kind](context, radius);
      context.fill();
    }
    if (stop.reason?.because === "missed") {
      context.lineWidth = Math.max(1, radius * 0.22);
      around(context, radius * 1.5);
      context.stroke();
    }
  };

  const badge = (context, radius, text, colour) => {
    const size = radius * 0.78;
    context.save();
    context.translate(radius * 0.95, -radius * 0.95);
    around(context, size * 0.78);
    context.fillStyle = colour;
    context.strokeStyle = "#ffffff";
    context.lineWidth = size * 0.18;
    context.fill();
    context.stroke();
    context.fillStyle = "#ffffff";
    context.font = `700 ${size}px ${everycell.font}`;
    context.fillText(text, 0, size * 0.06);
    context.restore();
  };

  const MARKS = { reached: ["✓", "#17613a"], no_answer: ["–", "#7a4a12"], skipped: ["×", "#566472"] };

  /** A stop of a route around the origin: the shape of its kind in the colour of its team, with its number. */
  const number = (context, stop, radius, colour) => {
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
    OUTLINES[stop.kind](context, radius);
    context.fillStyle = colour;
    context.strokeStyle = "#ffffff";
    context.lineWidth = Math.max(1.5, radius * 0.22);
    context.stroke();
    context.fill();
    const text = String(stop.position);
    context.fillStyle = "#ffffff";
    context.font = `700 ${radius * (text.length > 2 ? 0.86 : 1.12)}px ${everycell.font}`;
    context.fillText(text, 0, radius * 0.06);
    if (stop.done) badge(context, radius, ...(MARKS[stop.done.outcome] ?? MARKS.skipped));
    else if (stop.pinned) badge(context, radius, "•", "#1c2733");
  };

  /** A stop that is in no route: hollow, with a stroke across where somebody took it out. */
  const leftOut = (context, stop, radius) => {
    OUTLINES[stop.kind](context, radius * 0.85);
    context.fillStyle = "#ffffff";
    context.strokeStyle = colourOf(stop);
    context.lineWidth = Math.max(1.4, radius * 0.24);
    context.setLineDash([radius * 0.5, radius * 0.32]);
    context.fill();
    context.stroke();
    context.setLineDash([]);
    if (!stop.removed) return;
    context.beginPath();
    context.moveTo(-radius * 0.6, radius * 0.6);
    context.lineTo(radius * 0.6, -radius * 0.6);
    context.stroke();
  };

  /** The station of a team around the origin: a house. */
  const station = (context, radius, colour) => {
    const r = radius;
    polygon(context, [
      [0, -r],
      [r, -0.15 * r],
      [0.72 * r, -0.15 * r],
      [0.72 * r, 0.85 * r],
      [-0.72 * r, 0.85 * r],
      [-0.72 * r, -0.15 * r],
      [-r, -0.15 * r],
    ]);
    Object.assign(context, { fillStyle: colour, strokeStyle: "#ffffff", lineWidth: r * 0.28, lineJoin: "round" });
    context.stroke();
    context.fill();
    context.fillStyle = "#ffffff";
    context.fillRect(-0.2 * r, 0.2 * r, 0.4 * r, 0.65 * r);
  };

  /** The code of a team below the origin, on a pill of its colour: a route is known by its name too. */
  const teamName = (context, radius, code, colour) => {
    const size = radius * 1.25;
    context.font = `700 ${size}px ${everycell.font}`;
    const half = context.measureText(code).width / 2 + size * 0.45;
    const y = radius * 1.95;
    context.beginPath();
    context.roundRect(-half, y - size * 0.7, 2 * half, size * 1.4, size * 0.7);
    Object.assign(context, { fillStyle: colour, strokeStyle: "#ffffff", lineWidth: size * 0.2 });
    context.stroke();
    context.fill();
    Object.assign(context, { fillStyle: "#ffffff", textAlign: "center", textBaseline: "middle" });
    context.fillText(code, 0, y + size * 0.05);
    return 2 * half;
  };

  /**
   * The station of a team with its code. `before` are the codes of teams that have theirs at the same place: theirs stand
   * to the left.
   */
  const stationOf = (context, { x, y }, { code, before, colour, size }) => {
    const widths = before.map((other) => Math.max(2.4, 0.95 * other.length + 1.2) * size);
    context.save();
    context.translate(x + widths.reduce((all, one) => all + one, 0), y);
    station(context, size, colour);
    teamName(context, size, code, colour);
    context.restore();
  };

  const images = new Map();

  /** A sign as an image beside words, which say the same; `paint(context, radius)` draws it, `key` names it. */
  const image = (key, paint) => {
    if (!images.has(key)) {
      const canvas = document.createElement("canvas");
      const side = Math.ceil(40 * everycell.scale);
      canvas.width = canvas.height = side;
      const context = canvas.getContext("2d");
      context.translate(side / 2, side / 2);
      paint(context, side * 0.32);
      images.set(key, canvas.toDataURL());
    }
    return h("img", { src: images.get(key), alt: "", class: "sign" });
  };

  /** The image of a proposed stop. */
  const imageOf = (stop) => {
    const because = stop.reason?.because ?? "";
    return image(`${stop.kind}/${stop.tier}/${because}`, (context, radius) => propose(context, stop, radius));
  };

  everycell.stopSigns = {
    TIERS,
    colourOf,
    teamColour,
    propose,
    number,
    leftOut,
    station,
    teamName,
    stationOf,
    image,
    imageOf,
  };
}
