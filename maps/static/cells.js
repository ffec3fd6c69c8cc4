"use strict";
// Cells coloured by coverage, their numbers, the borders of villages and towns. Geometry is fetched once; new figures
// only recolour it.
{
  const FADE_FROM = 14; // Where doors are drawn the cells step back.
  const BORDERS = [
    { level: "village", width: 1.4, colour: "#5b6670" },
    { level: "town", width: 2.6, colour: "#3c4751" },
    { level: "county", width: 3.6, colour: "#27323c" },
  ];

  const ringsOf = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

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
        if (!best || width > best.width * 1.15) best = { lon: (crossings[index] + crossings[index + 1]) / 2, lat: y, width, height: high - low };
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

  /**
   * The layer of cells on a map. `onpick(code)` is called for a click that hit no door. Figures come by `recolour`.
   */
  everycell.Cells = class {
    constructor(map, collection, { onhover }) {
      Object.assign(this, { map, onhover, figures: new Map(), layers: new Map(), selected: null });
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
      const widest = rings.reduce((best, polygon) => (polygon[0].length > best[0].length ? polygon : best));
      this.layers.set(code, { layer, rings, name, label: insidePoint(widest) });
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
        fillOpacity: look.colour === null ? 0 : look.dots ? 1 : faded ? 0.3 : 0.86,
      };
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
      const faded = this.map.getZoom() >= FADE_FROM;
      if (faded === this.wasFaded) return;
      this.wasFaded = faded;
      for (const [code, { layer }] of this.layers) layer.setStyle(this._style(code));
    }

    /** Paint numbers of cells: the last three digits, and the coverage where there is room. */
    drawLabels(context, toPoint, bounds) {
      const size = 12.5 * everycell.scale;
      const faded = this.map.getZoom() >= FADE_FROM;
      Object.assign(context, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 3 * everycell.scale });
      for (const [code, { label }] of this.layers) {
        if (!label) continue;
        const at = toPoint([label.lat, label.lon]);
        if (!bounds.contains(at)) continue;
        const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
        const room = { x: 2 * (edge.x - at.x), y: 2 * (at.y - edge.y) };
        if (room.x < size * 1.9 || room.y < size * 1.1) continue;
        this._label(context, code, at, room, size, faded);
      }
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
      if (two) write(everycell.percent(figures.reached, figures.known), `${size * 0.92}px ${everycell.font}`, at.y + size * 0.6);
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

  const FIGURES = ["known", "reached", "tried", "never", "overdue", "oldest_on", "empty"];
  const differs = (before, now) => !before || FIGURES.some((name) => before[name] !== now[name]);

  const holds = (polygon, { lat, lng }) => polygon.flatMap((ring) => crossingsOf(ring, lat)).filter((x) => x < lng).length % 2 === 1;

  /** Borders of divisions (GeoJSON), painted on the overlay: what is selected above cell level stands out. */
  everycell.Borders = class {
    constructor(collection) {
      this.divisions = collection.features.map(({ properties, geometry }) => ({ ...properties, polygons: ringsOf(geometry) }));
      this.names = new Map(this.divisions.map(({ code, name }) => [code, name]));
    }

    draw(context, toPoint, zoom, selected) {
      context.lineJoin = "round";
      for (const { level, width, colour } of BORDERS) {
        if (level === "village" && zoom < 10) continue;
        context.lineWidth = width * everycell.scale;
        context.strokeStyle = colour;
        context.beginPath();
        for (const division of this.divisions) if (division.level === level) tracePolygons(context, toPoint, division.polygons);
        context.stroke();
      }
      const chosen = this.divisions.find(({ code }) => code === selected);
      if (!chosen) return;
      for (const [width, colour] of [[7, "rgba(255,255,255,.95)"], [4, "#0b4f8a"]]) {
        context.lineWidth = width * everycell.scale;
        context.strokeStyle = colour;
        context.beginPath();
        tracePolygons(context, toPoint, chosen.polygons);
        context.stroke();
      }
    }
  };
}
