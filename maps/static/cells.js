"use strict";
// Cells coloured by coverage, and their numbers. Geometry is fetched once; new figures only recolour it.
{
  const { ringsOf, insidePoint, largest, holds, tracePolygons } = everycell.shapes;
  const FADE_FROM = 14; // Where doors are drawn the cells step back.
  /**
   * The layer of cells on a map. `solid` is how much of a base map a cell hides (0 to 1), `onhover(code, event)` tells
   * which cell is under the pointer. Figures come by `recolour`.
   */
  everycell.Cells = class {
    constructor(map, collection, { solid, onhover }) {
      Object.assign(this, { map, solid, onhover, figures: new Map(), layers: new Map(), selected: null });
      this.renderer = L.canvas({ pane: "cells", padding: 0.1 });
      this.patterns = new Map();
      this.group = L.geoJSON(collection, {
        pane: "cells",
        renderer: this.renderer,
        smoothFactor: 0.6,
        style: (feature) => this._style(feature.properties.code),
        onEachFeature: (feature, layer) => this._keep(feature, layer),
      }).addTo(map);
      map.on("zoomend", this._faded, this);
    }

    get empty() {
      return this.layers.size === 0;
    }

    /** The code of the cell at a point of the map, or null. */
    at(latLng) {
      for (const [code, { layer, rings }] of this.layers) {
        if (layer.getBounds().contains(latLng) && rings.some((polygon) => holds(polygon, latLng))) return code;
      }
      return null;
    }

    /** Bounds of every cell whose code begins with `prefix`; null where there is none. */
    bounds(prefix = "") {
      const bounds = L.latLngBounds([]);
      for (const [code, { layer }] of this.layers) if (code.startsWith(prefix)) bounds.extend(layer.getBounds());
      return bounds.isValid() ? bounds : null;
    }

    /** New figures (code -> figures) on the same shapes. Returns the codes whose figures changed. */
    recolour(figures) {
      const changed = [...figures].filter(([code, now]) => differs(this.figures.get(code), now)).map(([code]) => code);
      this.figures = figures;
      for (const [code, { layer }] of this.layers) layer.setStyle(this._style(code));
      return changed;
    }

    select(prefix) {
      this.selected = prefix;
    }

    _keep(feature, layer) {
      const { code, name } = feature.properties;
      const rings = ringsOf(feature.geometry);
      this.layers.set(code, { layer, rings, name, label: insidePoint(largest(rings)) });
      layer.on("mouseover mousemove", (event) => this.onhover?.(code, event));
      layer.on("mouseout", () => this.onhover?.(null));
    }

    _style(code) {
      const look = everycell.legend.look(this.figures.get(code));
      const faded = this.map.getZoom() >= FADE_FROM;
      const thick = everycell.scale;
      return {
        color: look.kind === "nodata" ? "#8a96a0" : "#ffffff",
        weight: (faded ? 1.6 : 1) * thick,
        opacity: faded ? 0.95 : 0.85,
        fill: true,
        fillColor: look.dots ? this._pattern(faded) : (look.colour ?? "#000000"),
        fillOpacity: look.colour === null ? 0 : look.dots ? 1 : faded ? this._veil() : this.solid,
      };
    }

    // Below doors: enough colour to tell the cells apart; more of it where much of the county is in sight, as on a wall.
    _veil() {
      return everycell.seenZoom(this.map.getZoom()) < 13.5 ? 0.5 : 0.3;
    }

    _pattern(faded) {
      const key = String(faded);
      if (!this.patterns.has(key)) {
        const context = document.createElement("canvas").getContext("2d");
        this.patterns.set(key, context.createPattern(everycell.legend.dots(Math.round(7 * everycell.scale)), "repeat"));
      }
      return this.patterns.get(key);
    }

    _faded() {
      const solid = this.map.getZoom() >= FADE_FROM ? this._veil() : this.solid;
      if (solid === this.drawnSolid) return;
      this.drawnSolid = solid;
      for (const [code, { layer }] of this.layers) layer.setStyle(this._style(code));
    }

    /** Paint numbers of cells, the last three digits, and the coverage where there is room. Returns the boxes taken. */
    drawLabels(context, toPoint, bounds) {
      const size = 12.5 * everycell.scale;
      const faded = this.map.getZoom() >= FADE_FROM;
      const taken = [];
      Object.assign(context, {
        textAlign: "center",
        textBaseline: "middle",
        lineJoin: "round",
        lineWidth: 3 * everycell.scale,
      });
      for (const [code, { label }] of this.layers) {
        const at = label && toPoint([label.lat, label.lon]);
        if (!at || !bounds.contains(at)) continue;
        const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
        const room = { x: 2 * (edge.x - at.x), y: 2 * (at.y - edge.y) };
        if (room.x < size * 1.9 || room.y < size * 1.1) continue;
        const lines = this._label(context, code, at, room, size, faded);
        taken.push({ x: at.x, y: at.y, width: size * 2.6, height: size * 1.15 * lines });
      }
      return taken;
    }

    _label(context, code, at, room, size, faded) {
      const figures = this.figures.get(code);
      const look = everycell.legend.look(figures);
      const two = figures?.known && room.x > size * 3.2 && room.y > size * 2.8;
      context.fillStyle = faded ? "#1c2733" : look.ink;
      context.strokeStyle = !faded && look.ink === "#ffffff" ? "rgba(70,0,0,.55)" : "rgba(255,255,255,.75)";
      const write = (text, font, y) => {
        context.font = font;
        context.strokeText(text, at.x, y);
        context.fillText(text, at.x, y);
      };
      write(code.slice(-3), `600 ${size}px ${everycell.font}`, two ? at.y - size * 0.55 : at.y);
      if (two)
        write(
          everycell.percent(figures.reached, figures.known),
          `${size * 0.92}px ${everycell.font}`,
          at.y + size * 0.6,
        );
      return two ? 2 : 1;
    }

    /** Paint the outline of what is selected. */
    drawSelection(context, toPoint) {
      if (!this.selected) return;
      const exact = this.layers.get(this.selected);
      if (!exact) return;
      this._outline(context, toPoint, exact.rings, 6, "rgba(255,255,255,.95)");
      this._outline(context, toPoint, exact.rings, 3.2, "#0b4f8a");
    }

    _outline(context, toPoint, polygons, width, colour) {
      context.lineWidth = width * everycell.scale;
      context.strokeStyle = colour;
      context.lineJoin = "round";
      context.beginPath();
      tracePolygons(context, toPoint, polygons);
      context.stroke();
    }
  };

  const FIGURES = ["known", "reached", "tried", "never", "overdue", "oldest_on", "empty"];
  const differs = (before, now) => !before || FIGURES.some((name) => before[name] !== now[name]);
}
