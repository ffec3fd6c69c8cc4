"use strict";
// Borders and names of villages, towns and the county, painted over the cells.
{
  const { ringsOf, insidePoint, largest, holds, tracePolygons } = everycell.shapes;
  const BORDERS = [
    { level: "village", width: 1.4, colour: "#5b6670" },
    { level: "town", width: 2.6, colour: "#3c4751" },
    { level: "county", width: 3.6, colour: "#27323c" },
  ];

  /** Borders of divisions (GeoJSON), painted on the overlay: what is selected above cell level stands out. */
  everycell.Borders = class {
    constructor(collection) {
      this.divisions = collection.features.map(({ properties, geometry }) => {
        const polygons = ringsOf(geometry);
        const shape = largest(polygons);
        return { ...properties, polygons, label: { ...insidePoint(shape), shape } };
      });
    }

    draw(context, toPoint, zoom, selected) {
      context.lineJoin = "round";
      for (const { level, width, colour } of BORDERS) {
        if (level === "village" && zoom < 10) continue;
        context.lineWidth = width * everycell.scale;
        context.strokeStyle = colour;
        context.beginPath();
        for (const division of this.divisions)
          if (division.level === level) tracePolygons(context, toPoint, division.polygons);
        context.stroke();
      }
      const chosen = this.divisions.find(({ code }) => code === selected);
      if (!chosen) return;
      for (const [width, colour] of [
        [7, "rgba(255,255,255,.95)"],
        [4, "#0b4f8a"],
      ]) {
        context.lineWidth = width * everycell.scale;
        context.strokeStyle = colour;
        context.beginPath();
        tracePolygons(context, toPoint, chosen.polygons);
        context.stroke();
      }
    }

    /** Paint names of villages (of towns, seen from afar) where no label stands yet; `taken` are boxes. */
    drawNames(context, toPoint, bounds, taken) {
      const size = 13.5 * everycell.scale;
      Object.assign(context, {
        textAlign: "center",
        textBaseline: "middle",
        lineJoin: "round",
        lineWidth: 4 * everycell.scale,
        fillStyle: "#10202e",
        strokeStyle: "rgba(255,255,255,.92)",
      });
      context.font = `700 ${size}px ${everycell.font}`;
      for (const level of ["town", "village"]) {
        for (const { name, label } of this.divisions.filter(
          (division) => division.level === level && division.name && division.label,
        )) {
          const width = context.measureText(name).width + size;
          const at = freePlace({ toPoint, bounds, taken, label, width, height: size * 1.5 });
          if (!at) continue;
          taken.push(at);
          context.strokeText(name, at.x, at.y);
          context.fillText(name, at.x, at.y);
        }
      }
    }
  };

  const PLACES = [0, -0.12, 0.12, -0.22, 0.22, -0.32, 0.32];

  // The free place nearest to the middle of a division, wholly inside it; none where it is smaller than its name.
  const freePlace = ({ toPoint, bounds, taken, label, width, height }) => {
    const middle = toPoint([label.lat, label.lon]);
    const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
    const room = { x: 2 * (edge.x - middle.x), y: 2 * (middle.y - edge.y) };
    if (room.x < width * 1.1 || room.y < height * 1.6) return null;
    const free = (box) => !taken.some((other) => overlap(other, box)) && bounds.contains([box.x, box.y]);
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

  const overlap = (one, other) =>
    2 * Math.abs(one.x - other.x) < one.width + other.width &&
    2 * Math.abs(one.y - other.y) < one.height + other.height;
}
