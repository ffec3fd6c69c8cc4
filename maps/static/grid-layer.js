"use strict";
// The cells on the map: live, changed, new, retired, and those that are another's to edit. Numbers where there is room.
{
  const { boxesMeet } = everycell.shapes;
  const LABEL = 12.5;
  const LEVELS = ["county", "town", "village"];

  const styleOf = (look) => ({
    color: look.line,
    weight: look.width * everycell.scale,
    opacity: 1,
    fill: Boolean(look.pattern ?? look.fill),
    fillColor: look.pattern ? everycell.pattern(look.pattern, look.line) : look.fill,
    fillOpacity: look.pattern ? 1 : 0.75,
  });

  /**
   * The layer of cells. `editable(code)` tells whether a cell may be edited. `view` is "after" (as the draft leaves the
   * grid), "before" (as it is live) or "both"; `past` is the grid of another day, {cells, others}, or null.
   */
  everycell.GridLayer = class {
    constructor(map, grid, { editable }) {
      Object.assign(this, { map, grid, editable, view: "after", past: null, drawn: new Map() });
      this.renderer = L.canvas({ pane: "cells", padding: 0.1 });
      this.group = L.layerGroup().addTo(map);
    }

    /** Brighten the land of the grid, so that it stands out from what lies around: divisions as GeoJSON. */
    brighten(divisions) {
      this.land?.remove();
      const levels = LEVELS.map((level) => divisions.features.filter(({ properties }) => properties.level === level));
      const features = levels.find((list) => list.length) ?? [];
      const style = { stroke: false, fillColor: "#ffffff", fillOpacity: 0.45 };
      const how = { pane: "land", interactive: false, style: () => style };
      this.land = L.geoJSON({ type: "FeatureCollection", features }, how).addTo(this.map);
    }

    /** Bring the map in line with the grid; what is as it was is not drawn anew. */
    update() {
      const wanted = this.past?.cells ?? (this.view === "before" ? this.grid.live : this.grid.cells);
      for (const [code, { layer, cell }] of this.drawn) {
        if (wanted.get(code) === cell) continue;
        this.group.removeLayer(layer);
        this.drawn.delete(code);
      }
      for (const [code, cell] of wanted) {
        const look = this._look(code);
        const drawn = this.drawn.get(code);
        if (!drawn) this.drawn.set(code, { cell, look, layer: this._draw(cell, styleOf(look)) });
        else if (drawn.look !== look) {
          drawn.look = look;
          drawn.layer.setStyle(styleOf(look));
        }
      }
    }

    show(view) {
      this.view = view;
      this.update();
    }

    /** The cell whose code it is, as it is drawn. */
    cell(code) {
      return this.drawn.get(code)?.cell ?? null;
    }

    _draw(cell, style) {
      const rings = cell.polygon.map((ring) => ring.map(([lon, lat]) => [lat, lon]));
      const how = { pane: "cells", renderer: this.renderer, smoothFactor: 0.6, interactive: false };
      return L.polygon(rings, { ...how, ...style }).addTo(this.group);
    }

    _look(code) {
      if (this.past) return everycell.looks[this.past.others.has(code) ? "other" : "past"];
      const mark = this.view === "before" ? null : this.grid.marks.get(code);
      return everycell.looks[mark ?? (this.editable(code) ? "live" : "closed")];
    }

    /** Paint what the draft replaces, in the view of both. */
    drawBefore(context, toPoint) {
      if (this.view !== "both" || this.past) return;
      for (const [code, mark] of this.grid.marks)
        if (mark === "changed") this._before(context, toPoint, this.grid.live.get(code));
      for (const cell of this.grid.retired.values()) this._before(context, toPoint, cell);
    }

    _before(context, toPoint, cell) {
      if (cell) everycell.paintShape(context, toPoint, [cell.polygon], everycell.looks.before);
    }

    /** Paint the numbers of cells, last three digits, `without` some; the boxes painted are added to `taken`. */
    drawLabels(context, toPoint, bounds, { taken, without }) {
      const size = LABEL * everycell.scale;
      Object.assign(context, {
        textAlign: "center",
        textBaseline: "middle",
        lineJoin: "round",
        lineWidth: 3 * everycell.scale,
        strokeStyle: "rgba(255,255,255,.92)",
      });
      context.font = `600 ${size}px ${everycell.font}`;
      for (const { code, text, at, editable } of this._roomiest(toPoint, bounds, size)) {
        if (without?.has(code)) continue;
        const box = { ...at, width: context.measureText(text).width + size * 0.4, height: size * 1.2 };
        if (taken.some((other) => boxesMeet(box, other))) continue;
        taken.push(box);
        context.fillStyle = editable ? "#1c2733" : "#7a858e";
        context.strokeText(text, at.x, at.y);
        context.fillText(text, at.x, at.y);
      }
    }

    _roomiest(toPoint, bounds, size) {
      const roomy = [];
      for (const [code, { cell }] of this.drawn) {
        const { label } = cell;
        const { x, y } = label ? toPoint([label.lat, label.lon]) : {};
        if (!label || !bounds.contains([x, y])) continue;
        const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
        const room = { x: 2 * (edge.x - x), y: 2 * (y - edge.y) };
        const text = code.slice(-3) + (cell.kind === "dedicated" ? ` ${everycell.t("ded.")}` : "");
        if (room.x < size * 1.9 || room.y < size * 1.1) continue;
        roomy.push({ code, text, at: { x, y }, room, editable: this.editable(code) });
      }
      return roomy.sort((one, other) => other.room.x * other.room.y - one.room.x * one.room.y);
    }
  };
}
