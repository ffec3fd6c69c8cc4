"use strict";
// Polygons in degrees: their rings, a place for a label, whether they hold a point, how to trace and to paint them on a canvas.
{
  const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

  const spanOf = (polygon) => {
    const xs = polygon[0].map(([x]) => x);
    return Math.max(...xs) - Math.min(...xs);
  };

  const largest = (polygons) => polygons.reduce((best, polygon) => (spanOf(polygon) > spanOf(best) ? polygon : best));

  /** A point well inside a polygon (degrees): the middle of the widest piece of the scan line through its middle. */
  const insidePoint = (rings) => {
    const ys = rings[0].map(([, y]) => y);
    const low = Math.min(...ys);
    const high = Math.max(...ys);
    let best = null;
    for (const share of [0.5, 0.38, 0.62]) {
      const y = low + (high - low) * share;
      const crossings = rings.flatMap((ring) => crossingsOf(ring, y)).sort((a, b) => a - b);
      for (let index = 0; index + 1 < crossings.length; index += 2) {
        const width = crossings[index + 1] - crossings[index];
        if (!best || width > best.width * 1.15)
          best = { lon: (crossings[index] + crossings[index + 1]) / 2, lat: y, width, height: high - low };
      }
    }
    return best;
  };

  const crossingsOf = (ring, y) => {
    const found = [];
    for (let index = 1; index < ring.length; index += 1) {
      const [[x1, y1], [x2, y2]] = [ring[index - 1], ring[index]];
      if (y1 > y !== y2 > y) found.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    }
    return found;
  };

  const holds = (polygon, { lat, lng }) =>
    polygon.flatMap((ring) => crossingsOf(ring, lat)).filter((x) => x < lng).length % 2 === 1;

  const tracePolygons = (context, toPoint, polygons) => {
    for (const polygon of polygons) {
      for (const ring of polygon) {
        ring.forEach(([lon, lat], index) => {
          const { x, y } = toPoint([lat, lon]);
          if (index) context.lineTo(x, y);
          else context.moveTo(x, y);
        });
      }
    }
  };

  /** Whether two boxes {x, y, width, height} around their middles overlap. */
  const boxesMeet = (one, other) =>
    2 * Math.abs(one.x - other.x) < one.width + other.width &&
    2 * Math.abs(one.y - other.y) < one.height + other.height;

  // Around writing: light around dark ink, dark around white.
  const HALOS = {
    light: { white: "rgba(70,0,0,.55)", dark: "rgba(255,255,255,.85)" },
    dark: { white: "rgba(8,12,16,.7)", dark: "rgba(255,255,255,.3)" },
  };

  /** The halo that writing in an ink has on the map. */
  everycell.haloOf = (ink) => HALOS[everycell.theme][ink === "#ffffff" ? "white" : "dark"];

  everycell.shapes = { ringsOf, insidePoint, largest, holds, tracePolygons, boxesMeet };

  /** Paint polygons as `look` (one of everycell.looks) has it. */
  everycell.paintShape = (context, toPoint, polygons, look, { fill = true, line = true, halo = false } = {}) => {
    const { scale } = everycell;
    context.save();
    context.lineJoin = "round";
    context.beginPath();
    tracePolygons(context, toPoint, polygons);
    if (fill && (look.pattern || look.fill)) {
      context.fillStyle = look.pattern ? everycell.pattern(look.pattern, look.line) : look.fill;
      context.fill("evenodd");
    }
    if (halo) {
      context.lineWidth = (look.width + 2.8) * scale;
      context.strokeStyle = "rgba(255,255,255,.95)";
      context.stroke();
    }
    if (line) {
      context.setLineDash((look.dash ?? []).map((length) => length * scale));
      context.lineWidth = look.width * scale;
      context.strokeStyle = look.line;
      context.stroke();
    }
    context.restore();
  };

  /** Paint a line of [lon, lat]. */
  everycell.paintLine = (context, toPoint, line, look) => {
    const { scale } = everycell;
    context.save();
    context.beginPath();
    tracePolygons(context, toPoint, [[line]]);
    context.setLineDash((look.dash ?? []).map((length) => length * scale));
    context.lineWidth = look.width * scale;
    context.strokeStyle = look.line;
    context.stroke();
    context.restore();
  };
}
