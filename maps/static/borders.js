"use strict";
// Borders and names of villages, towns and the county, painted over the cells.
{
  const { ringsOf, insidePoint, largest, holds, tracePolygons, boxesMeet } = everycell.shapes;
  const BORDERS = [
    { level: "village", width: 1.4, thin: 0.9 },
    { level: "town", width: 2.6, thin: 1.4 },
    { level: "county", width: 3.6, thin: 1.7 },
  ];
  // On a wall a light line in a dark one, which is seen on every colour of the scale and thin enough not to dazzle.
  const INKS = {
    desk: {
      village: "#5b6670",
      town: "#3c4751",
      county: "#27323c",
      around: "rgba(255,255,255,.95)",
      selected: "#0b4f8a",
      name: "#10202e",
      halo: "rgba(255,255,255,.92)",
    },
    "wall-light": {
      village: "#dfe4e8",
      town: "#ffffff",
      county: "#ffffff",
      casing: "#1c2733",
      around: "#1c2733",
      selected: "#ffffff",
      name: "#10202e",
      halo: "rgba(255,255,255,.94)",
    },
    "wall-dark": {
      village: "#aab4bd",
      town: "#dfe4e8",
      county: "#ffffff",
      casing: "#12181f",
      around: "#0b1016",
      selected: "#ffffff",
      name: "#ffffff",
      halo: "rgba(11,16,22,.92)",
    },
  };

  /** Borders of divisions (GeoJSON), painted on the overlay: what is selected above cell level stands out. */
  everycell.Borders = class {
    constructor(collection) {
      this.divisions = collection.features.map(({ properties, geometry }) => {
        const polygons = ringsOf(geometry);
        const shape = largest(polygons);
        return { ...properties, polygons, label: { ...insidePoint(shape), shape } };
      });
    }

    /**
     * Draw borders as a draft would make them: `before` and `after` are the cells ({village, polygon}) that it changes, as
     * they are and as they would be; none: as they are. A division's border is made of the edges of its cells, and an edge
     * that two of them have is none; so the edges that go and those that come are all that must be known.
     */
    follow(before, after) {
      const changed = [...before, ...after];
      for (const division of this.divisions) {
        const own = changed.filter(({ village }) => village.startsWith(division.code));
        division.edges = own.length ? edgesOf([...division.polygons, ...own.map(({ polygon }) => polygon)]) : null;
      }
    }

    /** Paint them; `live` ones whatever a draft would make of them. */
    draw(context, toPoint, zoom, selected, { live = false } = {}) {
      Object.assign(context, { lineJoin: "round", lineCap: "round" });
      const inks = INKS[everycell.look];
      for (const { level, width, thin } of BORDERS) {
        if (level === "village" && zoom < 10) continue;
        context.beginPath();
        for (const division of this.divisions.filter((one) => one.level === level)) {
          const drafted = live ? null : division.edges;
          tracePolygons(context, toPoint, drafted ? [drafted] : division.polygons);
        }
        if (inks.casing) stroke(context, 2.6 * thin, inks.casing);
        stroke(context, inks.casing ? thin : width, inks[level]);
      }
      const chosen = this.divisions.find(({ code }) => code === selected);
      if (!chosen) return;
      context.beginPath();
      tracePolygons(context, toPoint, chosen.polygons);
      const thick = inks.casing ? 0.6 : 1;
      stroke(context, 7 * thick, inks.around);
      stroke(context, 4 * thick, inks.selected);
    }

    /**
     * Paint names of towns and villages where no label stands yet; `taken` are boxes, and more are added. `large` ones
     * only, which come before the numbers of cells as they leave most of their division free, or only the others; of
     * `levels`. Below a name stands what `note(code)` says, a text or null, where there is room for both.
     */
    drawNames(context, toPoint, bounds, { zoom, taken, large, levels = LEVELS, note = () => null }) {
      Object.assign(context, {
        textAlign: "center",
        textBaseline: "middle",
        lineJoin: "round",
        lineWidth: 4 * everycell.scale,
        fillStyle: INKS[everycell.look].name,
        strokeStyle: INKS[everycell.look].halo,
      });
      const seen = everycell.seenZoom(zoom);
      for (const { level, pixels, from } of NAMES.filter((one) => levels.includes(one.level))) {
        const size = pixels * everycell.scale;
        context.font = `700 ${size}px ${everycell.font}`;
        for (const { code, name, label } of this.divisions.filter(
          (division) => division.level === level && division.name && division.label,
        )) {
          const width = context.measureText(name).width + size;
          const room = roomOf(label, toPoint);
          if (large !== (seen >= from && room.x > LARGE * width && room.y > LARGE * size)) continue;
          const below = note(code);
          const choices = below === null ? [[name]] : [[name, below], [name]];
          writeWhereFree(context, choices, size, { room, bounds, taken, label, width });
        }
      }
    }
  };

  // Write the first of some choices of lines for which there is a free place.
  const writeWhereFree = (context, choices, size, { taken, ...where }) => {
    for (const lines of choices) {
      const at = freePlace({ ...where, taken, height: size * (0.3 + LINE * lines.length) });
      if (!at) continue;
      taken.push(at);
      write(context, lines, at, size);
      return;
    }
  };

  // Lines one below the other around the middle of a box.
  const write = (context, lines, { x, y }, size) =>
    lines.forEach((line, index) => {
      const at = y + (index - (lines.length - 1) / 2) * LINE * size;
      context.strokeText(line, x, at);
      context.fillText(line, x, at);
    });

  const stroke = (context, width, colour) => {
    context.lineWidth = width * everycell.stroke;
    context.strokeStyle = colour;
    context.stroke();
  };

  // The edges that an odd number of polygons have, as lines of two places.
  const edgesOf = (polygons) => {
    const found = new Map();
    for (const ring of polygons.flat()) {
      ring.slice(1).forEach((to, index) => {
        const edge = [ring[index], to];
        const key = edge.map(String).sort().join(" ");
        if (!found.delete(key)) found.set(key, edge);
      });
    }
    return [...found.values()];
  };

  // Pixels on a desk; the zoom, as the eye sees it, from which a division so many times as large as its name is `large`.
  const NAMES = [
    { level: "town", pixels: 16, from: 0 },
    { level: "village", pixels: 13.5, from: 12.5 },
  ];
  const LEVELS = NAMES.map(({ level }) => level);
  const LARGE = 2.2;
  const LINE = 1.2; // from line to line, in sizes of the type

  // The middle of a division on the map, and its width and height there.
  const roomOf = (label, toPoint) => {
    const middle = toPoint([label.lat, label.lon]);
    const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
    return { middle, x: 2 * (edge.x - middle.x), y: 2 * (middle.y - edge.y) };
  };

  const PLACES = [0, -0.12, 0.12, -0.22, 0.22, -0.32, 0.32];

  // The free place nearest to the middle of a division, wholly inside it; none where it is smaller than its name.
  const freePlace = ({ room, bounds, taken, label, width, height }) => {
    const { middle } = room;
    if (room.x < width * 1.1 || room.y < height * 1.6) return null;
    const free = (box) => !taken.some((other) => boxesMeet(other, box)) && bounds.contains([box.x, box.y]);
    const within = (down) => {
      const lat = label.lat - down * label.height;
      const half = ((width / room.x) * label.width) / 2;
      return [-half, 0, half].every((aside) => holds(label.shape, { lat, lng: label.lon + aside }));
    };
    for (const down of PLACES) {
      const box = { x: middle.x, y: middle.y + down * room.y, width, height };
      if (free(box) && within(down)) return box;
    }
    return null;
  };
}
