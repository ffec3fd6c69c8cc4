"use strict";
// The snap points of the cases that are listed, on the map: one sign a point, with a number where there are several.
{
  const { number } = everycell;
  const RADIUS = 7; // pixels on a desk
  const REACH = 15;
  const pick = ({ x, y }) => ({ x, y });

  /** The cases that are told a point, by that point: `take` brings them. */
  everycell.CasePoints = class {
    constructor(map) {
      Object.assign(this, { map, groups: [] });
    }

    take(cases, now) {
      const { ORDER } = everycell.caseSigns;
      const byPlace = new Map();
      for (const one of cases.filter(({ place }) => place)) {
        const key = one.place.coordinates.join(" ");
        if (!byPlace.has(key)) byPlace.set(key, { place: one.place.coordinates, cases: [], presses: 0 });
        const group = byPlace.get(key);
        group.cases.push(one);
        group.presses = Math.max(group.presses, ORDER.indexOf(everycell.urgencyOf(one, now)));
      }
      this.groups = [...byPlace.values()].sort((a, b) => a.presses - b.presses);
    }

    /** The point near a place of the map, {place, cases}, or null. */
    at(latLng) {
      const here = this.map.latLngToLayerPoint(latLng);
      const away = ({ place: [lon, lat] }) => this.map.latLngToLayerPoint([lat, lon]).distanceTo(here);
      const [nearest] = this.groups
        .map((group) => ({ group, far: away(group) }))
        .filter(({ far }) => far <= REACH * everycell.scale)
        .sort((a, b) => a.far - b.far);
      return nearest?.group ?? null;
    }

    /** The boxes of the points, which labels leave free. */
    boxes(toPoint) {
      const side = 3 * RADIUS * everycell.scale;
      return this.groups.map(({ place: [lon, lat] }) => ({ ...pick(toPoint([lat, lon])), width: side, height: side }));
    }

    /** Paint the points; the one of the case `chosen` (an id, or null) stands out. */
    draw(context, toPoint, bounds, chosen) {
      const size = RADIUS * everycell.scale;
      for (const group of this.groups) {
        const [lon, lat] = group.place;
        const { x, y } = toPoint([lat, lon]);
        if (!bounds.contains([x, y])) continue;
        const marked = group.cases.some(({ id }) => id === chosen);
        context.save();
        context.translate(x, y);
        this._halo(context, size, marked);
        everycell.caseSigns.paint(context, everycell.caseSigns.ORDER[group.presses], marked ? size * 1.3 : size);
        context.restore();
        if (group.cases.length > 1) this._count(context, { x: x + size * 1.5, y: y - size * 1.3 }, group.cases.length);
      }
    }

    _halo(context, size, marked) {
      context.beginPath();
      context.arc(0, 0, marked ? size * 2 : size * 1.45, 0, 2 * Math.PI);
      context.fillStyle = "rgba(255,255,255,.85)";
      context.fill();
      if (!marked) return;
      context.lineWidth = size * 0.4;
      context.strokeStyle = "#0b4f8a";
      context.stroke();
    }

    _count(context, { x, y }, count) {
      const text = number(count);
      const size = 11.5 * everycell.scale;
      context.font = `700 ${size}px ${everycell.font}`;
      const half = Math.max(size * 0.72, context.measureText(text).width / 2 + size * 0.35);
      context.fillStyle = "#1c2733";
      context.beginPath();
      context.roundRect(x - half, y - size * 0.72, 2 * half, size * 1.44, size * 0.72);
      context.fill();
      Object.assign(context, { fillStyle: "#ffffff", textAlign: "center", textBaseline: "middle" });
      context.fillText(text, x, y + size * 0.05);
    }
  };
}
