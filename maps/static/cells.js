"use strict";
// Cells coloured by coverage, and their numbers. Geometry is fetched once; new figures only recolour it.
{
  const { ringsOf, insidePoint, largest, holds, tracePolygons, boxesMeet } = everycell.shapes;
  const FADE_FROM = 14; // Where doors are drawn the cells step back.
  // Lines between cells and around what is selected.
  const INKS = {
    desk: {
      line: "#ffffff",
      unknown: "#8a96a0",
      around: "rgba(255,255,255,.95)",
      selected: "#0b4f8a",
    },
    "wall-light": {
      line: "#f3f4f2",
      unknown: "#8a96a0",
      around: "#1c2733",
      selected: "#ffffff",
    },
    "wall-dark": {
      line: "#12181f",
      unknown: "#6b7885",
      around: "#0b1016",
      selected: "#ffffff",
    },
  };

  // What cells show where nobody says otherwise: their coverage.
  const COVERAGE = (everycell.coverageShown = {
    look: (figures) => everycell.legend.look(figures),
    note: (figures) => (figures?.known ? everycell.percent(figures.reached, figures.known) : null),
  });

  /**
   * The layer of cells on a map. `solid` is how much of a base map a cell hides (0 to 1), `near` how much at most where
   * streets shine through, `doors` whether doors are drawn on it, `onhover(code, event)` tells which cell is under the pointer. Figures come by `recolour`; how they are shown is
   * told by `shows`: `look(figures)` gives {kind, colour, ink} and `note(figures)` what stands below the number, or null.
   * With `brief(figures)` a cell that has room for one line says that, where it is not null, instead of its number.
   */
  everycell.Cells = class {
    constructor(map, collection, { solid, near = 0.72, doors, onhover, shows = COVERAGE }) {
      Object.assign(this, { map, solid, near, doors, onhover, shows });
      Object.assign(this, { figures: new Map(), layers: new Map(), selected: null });
      this.renderer = L.canvas({ pane: "cells", padding: 0.1 });
      this.patterns = new Map();
      this.group = L.geoJSON(collection, {
        pane: "cells",
        renderer: this.renderer,
        smoothFactor: 0.6,
        style: (feature) => this._style(feature.properties.code),
        onEachFeature: (feature, layer) => this._keep(feature, layer),
      });
      map.on("zoomend", this._zoomed, this);
    }

    /** Put the cells on the map, best when it has found its view: each corner is reckoned anew for every other zoom. */
    add() {
      this.group.addTo(this.map);
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

    /** The bounds of each cell whose code begins with `prefix`. */
    areas(prefix = "") {
      return [...this.layers].filter(([code]) => code.startsWith(prefix)).map(([, { layer }]) => layer.getBounds());
    }

    /** New figures (code -> figures) on the same shapes. Returns the codes whose figures changed. */
    recolour(figures) {
      const changed = [...figures].filter(([code, now]) => differs(this.figures.get(code), now)).map(([code]) => code);
      const gone = [...this.figures.keys()].filter((code) => !figures.has(code));
      this.figures = figures;
      this._restyle([...changed, ...gone]);
      return changed;
    }

    /** Show the same figures otherwise: `shows` as the constructor has it. */
    show(shows) {
      this.shows = shows;
      this._restyle(this.layers.keys());
    }

    _restyle(codes) {
      for (const code of codes) this.layers.get(code)?.layer.setStyle(this._style(code));
    }

    /** Take the cells off the map. */
    remove() {
      this.map.off("zoomend", this._zoomed, this);
      this.group.remove();
      this.renderer.remove();
    }

    select(prefix) {
      this.selected = prefix;
    }

    _keep(feature, layer) {
      const { code, name } = feature.properties;
      const rings = ringsOf(feature.geometry);
      this.layers.set(code, { layer, rings, name, label: undefined });
      layer.on("mouseover mousemove", (event) => this.onhover?.(code, event));
      layer.on("mouseout", () => this.onhover?.(null));
    }

    _style(code) {
      const look = this.shows.look(this.figures.get(code));
      const faded = this._faded;
      const thick = everycell.stroke;
      const inks = INKS[everycell.look];
      return {
        color: look.kind === "nodata" ? inks.unknown : inks.line,
        weight: (faded ? 1.6 : 1) * thick,
        opacity: faded ? 0.95 : 0.85,
        fill: true,
        fillColor: look.dots ? this._pattern(faded) : (look.colour ?? "#000000"),
        fillOpacity: look.colour === null ? 0 : look.dots ? 1 : this._opacity(),
      };
    }

    /** Whether the cells step back for the doors on them. */
    get _faded() {
      return this.doors && this.map.getZoom() >= FADE_FROM;
    }

    // Below doors: enough colour to tell the cells apart; more of it where much of the county is in sight, as on a wall.
    // Where cells are all there is to see, they only let the streets shine through.
    _opacity() {
      if (this.map.getZoom() < FADE_FROM) return this.solid;
      if (!this.doors) return Math.min(this.solid, this.near);
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

    _zoomed() {
      const solid = this._opacity();
      if (solid === this.drawnSolid) return;
      this.drawnSolid = solid;
      this._restyle(this.layers.keys());
    }

    /**
     * Paint numbers of cells, the last three digits, and what is noted of their figures where there is room. Where labels
     * would meet each other or a box of `taken`, the smaller cell goes without; the boxes painted are added. Only those of
     * an area, where `within` is its code; none at all where fewer than the share `least` of the cells in sight would have
     * theirs.
     */
    drawLabels(context, toPoint, bounds, taken, { within = "", least = 0 } = {}) {
      const size = 12.5 * everycell.scale;
      Object.assign(context, {
        textAlign: "center",
        textBaseline: "middle",
        lineJoin: "round",
        lineWidth: 3 * everycell.scale,
      });
      const labels = this._placed(this._roomiest(toPoint, bounds, size, within), taken, size);
      if (least && labels.length < least * this._inSight(toPoint, bounds, within)) return;
      taken.push(...labels);
      for (const label of labels) this._label(context, label, size);
    }

    /** Boxes of labels, of two lines where there is room, that meet neither each other nor those that are taken. */
    _placed(roomy, taken, size) {
      const placed = [];
      for (const { code, at, room } of roomy) {
        const two = this.shows.note(this.figures.get(code)) !== null && room.x > size * 3.2 && room.y > size * 2.8;
        const widths = { 2: size * 2.5, 1: size * Math.max(1.9, 0.62 * this._brief(code).length) };
        const box = (two ? [2, 1] : [1])
          .map((lines) => ({ ...at, code, lines, width: widths[lines], height: size * 1.15 * lines }))
          .find((one) => ![...taken, ...placed].some((other) => boxesMeet(other, one)));
        if (box) placed.push(box);
      }
      return placed;
    }

    /** How many cells have their middle in sight. */
    _inSight(toPoint, bounds, within) {
      const seen = ([code, { layer }]) => {
        const { lat, lng } = layer.getBounds().getCenter();
        const { x, y } = toPoint([lat, lng]);
        return code.startsWith(within) && bounds.contains([x, y]);
      };
      return [...this.layers].filter(seen).length;
    }

    /** The cells in sight that have room for their number, those with the most room first. */
    _roomiest(toPoint, bounds, size, within) {
      const roomy = [];
      const least = { x: size * 1.9, y: size * 1.1 };
      for (const [code, cell] of this.layers) {
        if (!code.startsWith(within)) continue;
        const box = cell.layer.getBounds();
        const [from, to] = [box.getNorthWest(), box.getSouthEast()].map(({ lat, lng }) => toPoint([lat, lng]));
        if (to.x - from.x < least.x || to.y - from.y < least.y) continue; // nor does any line inside it have room
        const label = this._place(cell);
        const { x, y } = label ? toPoint([label.lat, label.lon]) : {};
        if (!label || !bounds.contains([x, y])) continue;
        const edge = toPoint([label.lat + label.height / 2, label.lon + label.width / 2]);
        const room = { x: 2 * (edge.x - x), y: 2 * (y - edge.y) };
        if (room.x >= least.x && room.y >= least.y) roomy.push({ code, at: { x, y }, room });
      }
      return roomy.sort((one, other) => other.room.x * other.room.y - one.room.x * one.room.y);
    }

    // Where a cell's number stands, null where there is no such place: looked for when there is room for one.
    _place(cell) {
      if (cell.label === undefined) cell.label = insidePoint(largest(cell.rings));
      return cell.label;
    }

    _brief(code) {
      return this.shows.brief?.(this.figures.get(code)) ?? code.slice(-3);
    }

    _label(context, { code, x, y, lines }, size) {
      const figures = this.figures.get(code);
      const look = this.shows.look(figures);
      const faded = this._faded;
      context.fillStyle = faded ? "#1c2733" : look.ink;
      // Over doors the halo must hold its own.
      context.strokeStyle = faded ? "rgba(255,255,255,.92)" : everycell.haloOf(look.ink);
      const write = (text, font, down) => {
        context.font = font;
        context.strokeText(text, x, y + down);
        context.fillText(text, x, y + down);
      };
      write(
        lines > 1 ? code.slice(-3) : this._brief(code),
        `600 ${size}px ${everycell.font}`,
        lines > 1 ? -size * 0.55 : 0,
      );
      if (lines > 1) write(this.shows.note(figures), `${size * 0.92}px ${everycell.font}`, size * 0.6);
    }

    /** Paint the outline of what is selected. */
    drawSelection(context, toPoint) {
      if (!this.selected) return;
      const exact = this.layers.get(this.selected);
      if (!exact) return;
      const { around, selected } = INKS[everycell.look];
      const thick = everycell.look === "desk" ? 1 : 0.7;
      this._outline(context, toPoint, exact.rings, 6 * thick, around);
      this._outline(context, toPoint, exact.rings, 3.2 * thick, selected);
    }

    _outline(context, toPoint, polygons, width, colour) {
      context.lineWidth = width * everycell.stroke;
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
