"use strict";
// Outlines of areas with their published numbers, and cells in the colour of their verdict, painted over the surface.
{
  const { ringsOf, insidePoint, largest, holds, boxesMeet } = everycell.shapes;
  const LABEL = 12.5; // pixels on a desk

  const boundsOf = (polygons) => {
    const bounds = L.latLngBounds([]);
    for (const [outer] of polygons) for (const [lon, lat] of outer) bounds.extend([lat, lon]);
    return bounds;
  };

  /** An area that is painted, from a GeoJSON feature: {code, properties, polygons, bounds, label}. */
  const shapeOf = ({ properties, geometry }) => {
    const polygons = ringsOf(geometry);
    return {
      code: properties.code,
      properties,
      polygons,
      bounds: boundsOf(polygons),
      label: insidePoint(largest(polygons)),
    };
  };

  /** Areas of one level. `look(shape)` tells how one is painted (null: not at all), `text(shape)` what stands in it. */
  everycell.AreaShapes = class {
    constructor(features) {
      this.shapes = features.map(shapeOf);
      this.byCode = new Map(this.shapes.map((shape) => [shape.code, shape]));
    }

    /** The area at a place of the map, or null. */
    at(latLng) {
      const here = this.shapes.filter(({ bounds }) => bounds.contains(latLng));
      return here.find(({ polygons }) => polygons.some((polygon) => holds(polygon, latLng))) ?? null;
    }

    /** The bounds of each area whose code begins with `prefix`. */
    areas(prefix = "") {
      return this.shapes.filter(({ code }) => code.startsWith(prefix)).map(({ bounds }) => bounds);
    }

    /** Paint the areas in sight. */
    draw(context, toPoint, bounds, look) {
      for (const shape of this._inSight(toPoint, bounds)) {
        const wanted = look(shape);
        if (wanted) everycell.paintShape(context, toPoint, shape.polygons, wanted);
      }
    }

    /** Paint the outline of one area, so that it stands out. */
    drawChosen(context, toPoint, code) {
      const chosen = this.byCode.get(code);
      const look = everycell.heatLooks.AREA.chosen;
      if (chosen) everycell.paintShape(context, toPoint, chosen.polygons, look, { fill: false, halo: true });
    }

    /**
     * Paint what stands in the areas where there is room, those with the most room first: `say(shape)` gives {text, ink,
     * bold} or null. The boxes painted are added to `taken`.
     */
    drawLabels(context, toPoint, bounds, { say, taken }) {
      const size = LABEL * everycell.scale;
      Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round" });
      context.lineWidth = 3 * everycell.scale;
      for (const { shape, at, room } of this._roomiest(toPoint, bounds)) {
        const label = say(shape);
        if (!label) continue;
        context.font = `${label.bold ? 700 : 500} ${size}px ${everycell.font}`;
        const [width, height] = [context.measureText(label.text).width + size * 0.5, size * 1.25];
        // In the middle, or below or above a name that stands there.
        const box = [0, 1.35, -1.35]
          .map((lines) => ({
            x: at.x,
            y: at.y + lines * height,
            width,
            height,
            needed: (1 + 2 * Math.abs(lines)) * height,
          }))
          .find((one) => room.x > width && room.y > one.needed && !taken.some((other) => boxesMeet(other, one)));
        if (!box) continue;
        taken.push(box);
        context.strokeStyle = everycell.haloOf(label.ink);
        context.fillStyle = label.ink;
        context.strokeText(label.text, box.x, box.y);
        context.fillText(label.text, box.x, box.y);
      }
    }

    _inSight(toPoint, { min, max }) {
      return this.shapes.filter(({ bounds }) => {
        const [from, to] = [bounds.getNorthWest(), bounds.getSouthEast()].map(({ lat, lng }) => toPoint([lat, lng]));
        return from.x <= max.x && to.x >= min.x && from.y <= max.y && to.y >= min.y;
      });
    }

    _roomiest(toPoint, bounds) {
      const found = [];
      for (const shape of this._inSight(toPoint, bounds)) {
        const { label } = shape;
        if (!label) continue;
        const at = toPoint([label.lat, label.lon]);
        const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
        found.push({ shape, at: { x: at.x, y: at.y }, room: { x: 2 * (edge.x - at.x), y: 2 * (at.y - edge.y) } });
      }
      return found.sort((one, other) => other.room.x * other.room.y - one.room.x * one.room.y);
    }
  };
}
