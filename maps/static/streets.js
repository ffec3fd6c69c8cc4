"use strict";
// The quiet background: streets in greys, their names where a straight piece is long enough.
{
  const STYLE = {
    1: { from: 8, width: { 8: 0.8, 12: 1.6, 14: 3, 16: 7, 18: 14 }, colour: "#ffffff", edge: "#cdd3d8" },
    2: { from: 10, width: { 10: 0.7, 12: 1.2, 14: 2.4, 16: 6, 18: 12 }, colour: "#ffffff", edge: "#d3d8dc" },
    3: { from: 12, width: { 12: 0.7, 14: 1.5, 16: 4, 18: 9 }, colour: "#ffffff", edge: "#d9dde0" },
    4: { from: 14, width: { 14: 0.7, 16: 1.4, 18: 3 }, colour: "#e3e2dc", edge: null },
  };
  // On a wall they are drawn over the cells, as what shines through.
  const OVER = {
    "wall-light": { colour: "rgba(255,255,255,.26)", edge: null },
    "wall-dark": { colour: "rgba(11,16,22,.34)", edge: null },
  };
  const styleOf = (number) => ({ ...STYLE[number], ...OVER[everycell.look] });
  const NAMES = {
    desk: { ink: "#75808a", halo: "rgba(255,255,255,.92)" },
    "wall-light": { ink: "#1c2733", halo: "rgba(255,255,255,.92)" },
    "wall-dark": { ink: "#e6e9ec", halo: "rgba(11,16,22,.85)" },
  };
  const STEEP = 1; // radians: steeper than this a Chinese name is written downwards
  const CHINESE = /^[\u3400-\u9fff]+$/;
  const NAMES_FROM = { 1: 14, 2: 15, 3: 16, 4: 17 };

  const widthAt = (steps, zoom) => {
    const known = Object.keys(steps)
      .map(Number)
      .sort((a, b) => a - b);
    const below = known.filter((step) => step <= zoom).at(-1) ?? known[0];
    const above = known.find((step) => step > zoom) ?? below;
    if (above === below) return steps[below];
    return steps[below] + ((steps[above] - steps[below]) * (zoom - below)) / (above - below);
  };

  const trace = (context, lines, place) => {
    context.beginPath();
    for (const { geometry } of lines) {
      for (const ring of geometry)
        ring.forEach(([x, y], index) =>
          index ? context.lineTo(place.x(x), place.y(y)) : context.moveTo(place.x(x), place.y(y)),
        );
    }
  };

  const stroke = (context, style, zoom, extra, colour) => {
    context.lineWidth = widthAt(style.width, zoom) * everycell.scale ** 0.5 + extra;
    context.strokeStyle = colour;
    context.stroke();
  };

  const draw = (context, features, place) => {
    context.lineJoin = context.lineCap = "round";
    const classes = [4, 3, 2, 1].filter((number) => place.zoom >= STYLE[number].from);
    const lines = Object.fromEntries(
      classes.map((number) => [number, features.filter(({ properties }) => properties.class === number)]),
    );
    for (const number of classes) {
      const style = styleOf(number);
      if (!style.edge || place.zoom < 13) continue;
      trace(context, lines[number], place);
      stroke(context, style, place.zoom, 1.6, style.edge);
    }
    for (const number of classes) {
      const style = styleOf(number);
      trace(context, lines[number], place);
      stroke(context, style, place.zoom, 0, place.zoom < 13 && style.edge ? style.edge : style.colour);
    }
    drawNames(
      context,
      classes.flatMap((number) => (place.zoom >= NAMES_FROM[number] ? lines[number] : [])),
      place,
    );
  };

  // A name stands on the longest straight piece that lies wholly inside the tile, once a tile, upright to read.
  const drawNames = (context, streets, place) => {
    const size = 11.5 * everycell.scale;
    context.font = `${size}px ${everycell.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.strokeStyle = NAMES[everycell.look].halo;
    context.fillStyle = NAMES[everycell.look].ink;
    const taken = [];
    const done = new Set();
    for (const { properties, geometry } of [...streets].reverse()) {
      if (!properties.name || done.has(properties.name)) continue;
      const width = context.measureText(properties.name).width;
      const piece = longestPiece(geometry, place, width + size);
      if (
        !piece ||
        taken.some((other) => Math.hypot(other.x - piece.x, other.y - piece.y) < (other.width + width) / 2 + size)
      )
        continue;
      done.add(properties.name);
      taken.push({ ...piece, width });
      context.save();
      context.translate(piece.x, piece.y);
      if (Math.abs(piece.turn) > STEEP && CHINESE.test(properties.name))
        writeDown(context, properties.name, piece.turn, size);
      else writeAlong(context, properties.name, piece.turn);
      context.restore();
    }
  };

  const writeAlong = (context, text, turn) => {
    context.rotate(turn);
    context.strokeText(text, 0, 0);
    context.fillText(text, 0, 0);
  };

  // Chinese along a street that runs up and down: upright characters, one below the other.
  const writeDown = (context, text, turn, size) => {
    const signs = [...text];
    const step = { x: (Math.cos(turn) / Math.sin(turn)) * size, y: size * 1.04 };
    for (const write of ["strokeText", "fillText"]) {
      signs.forEach((sign, index) => {
        const away = index - (signs.length - 1) / 2;
        context[write](sign, away * step.x, away * step.y);
      });
    }
  };

  const longestPiece = (geometry, place, needed) => {
    let best = null;
    for (const ring of geometry) {
      for (let index = 1; index < ring.length; index += 1) {
        const [from, to] = [ring[index - 1], ring[index]].map(([x, y]) => ({ x: place.x(x), y: place.y(y) }));
        const length = Math.hypot(to.x - from.x, to.y - from.y);
        const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
        const room = needed / 2;
        if (length < needed || (best && length <= best.length)) continue;
        const turn = Math.atan2(to.y - from.y, to.x - from.x);
        const reach = { x: Math.abs(Math.cos(turn)) * room, y: Math.abs(Math.sin(turn)) * room };
        if (
          middle.x < reach.x ||
          middle.x > place.size - reach.x ||
          middle.y < reach.y ||
          middle.y > place.size - reach.y
        )
          continue;
        best = { ...middle, length, turn: Math.abs(turn) > Math.PI / 2 ? turn + Math.PI : turn };
      }
    }
    return best;
  };

  /** The layer of streets below everything. `source.streetTile(z, x, y)` gives tile features. */
  everycell.streets = (map, source) =>
    new everycell.VectorTiles({
      pane: "streets",
      minZoom: 8,
      load: (z, x, y) => source.streetTile(z, x, y),
      draw,
    }).addTo(map);
}
