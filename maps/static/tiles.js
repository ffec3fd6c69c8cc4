"use strict";
// Canvas layers on Leaflet: vector tiles drawn by a function of ours (why not a library: docs/decisions/0002), and one
// canvas over the view for what must not be cut at tile borders.
{
  const DEEPEST = 16; // Tiles are asked for down to this zoom; deeper ones are drawn from their ancestor.
  const KEPT = 400;

  /**
   * A grid of canvases. `options.load(z, x, y, {fresh})` resolves to a tile's features with `x` and `y` (points)
   * or `lines` as shares of the tile; `options.draw(context, features, place)` paints them, where `place.x(share)` and
   * `place.y(share)` are pixels. `options.overhang(zoom)` pixels around a tile are free for symbols that reach over its border.
   */
  everycell.VectorTiles = L.GridLayer.extend({
    options: { overhang: () => 0, updateWhenZooming: false, keepBuffer: 1, minZoom: 0, maxZoom: 22, deepest: DEEPEST },

    initialize(options) {
      L.setOptions(this, options);
      this._loaded = new Map();
      this.on("tileunload", (event) => event.tile.abort?.abort());
    },

    createTile(coords, done) {
      const tile = L.DomUtil.create("div", "vector-tile");
      tile.canvas = L.DomUtil.create("canvas", "", tile);
      tile.abort = new AbortController();
      tile.coords = coords;
      this._fill(tile, false).then(
        () => done(null, tile),
        (error) => (error.name === "AbortError" ? undefined : done(error, tile)),
      );
      return tile;
    },

    // Leaflet rounds a zoom between two steps, and would begin half a step before `minZoom`.
    _setView(center, zoom, ...how) {
      const step = zoom < this.options.minZoom ? Math.floor(zoom) : zoom;
      L.GridLayer.prototype._setView.call(this, center, step, ...how);
    },

    // Leaflet drops the tiles of the zoom before a quarter of a second after the last tile came. Where drawing takes longer
    // the new ones are not shown by then, and the old ones, blurred, would stay under them.
    _onOpaqueTile() {
      L.Util.cancelAnimFrame(this._pruneFrame);
      this._pruneFrame = L.Util.requestAnimFrame(() => this._noPrune || this._pruneTiles());
    },

    /** Every feature of the tiles on screen, once each: calls `visit(feature, tile)`. */
    eachFeature(visit) {
      for (const { el } of Object.values(this._tiles)) for (const feature of el.features ?? []) visit(feature, el);
    },

    /** Paint again what is there, without asking for anything. */
    repaint() {
      for (const { el } of Object.values(this._tiles)) if (el.features) this._paint(el);
    },

    /** Ask again for the tiles on screen (only those that touch `bounds`, where given) and paint them in place. */
    refresh(bounds = null) {
      const touched = Object.values(this._tiles).filter(
        ({ coords }) => !bounds || bounds.intersects(this._tileCoordsToBounds(coords)),
      );
      this._loaded.clear();
      return Promise.all(
        touched.map(({ el }) => this._fill(el, true).catch((error) => this.fire("tileerror", { error, tile: el }))),
      );
    },

    async _fill(tile, fresh) {
      const { z, x, y } = tile.coords;
      const up = Math.max(0, z - this.options.deepest);
      const features = await this._ancestor(z - up, x >> up, y >> up, tile.abort.signal, fresh);
      const side = 2 ** up;
      tile.window = { x: (x % side) / side, y: (y % side) / side, side };
      tile.features =
        up && features.length && features[0].x !== undefined
          ? features.filter((feature) => inside(feature, tile.window))
          : features;
      this._paint(tile);
    },

    _ancestor(z, x, y, signal, fresh) {
      const key = `${z}/${x}/${y}`;
      const known = this._loaded.get(key);
      if (known) return known;
      const wanted = this.options.load(z, x, y, { fresh });
      this._loaded.set(key, wanted);
      wanted.catch(() => this._loaded.delete(key));
      if (this._loaded.size > KEPT) this._loaded.delete(this._loaded.keys().next().value);
      return wanted.then((features) => {
        signal.throwIfAborted?.();
        return features;
      });
    },

    _paint(tile) {
      const overhang = this.options.overhang(tile.coords.z);
      const size = this.getTileSize();
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const { canvas } = tile;
      canvas.width = (size.x + 2 * overhang) * ratio;
      canvas.height = (size.y + 2 * overhang) * ratio;
      Object.assign(canvas.style, {
        width: `${size.x + 2 * overhang}px`,
        height: `${size.y + 2 * overhang}px`,
        left: `${-overhang}px`,
        top: `${-overhang}px`,
      });
      const context = canvas.getContext("2d");
      context.setTransform(ratio, 0, 0, ratio, overhang * ratio, overhang * ratio);
      const { window: seen } = tile;
      this.options.draw(context, tile.features, {
        zoom: tile.coords.z,
        size: size.x,
        ratio,
        x: (share) => (share - seen.x) * seen.side * size.x,
        y: (share) => (share - seen.y) * seen.side * size.y,
      });
    },
  });

  const inside = (feature, { x, y, side }) =>
    feature.x >= x && feature.x < x + 1 / side && feature.y >= y && feature.y < y + 1 / side;

  // What Leaflet's latLngToLayerPoint says of places, [lat, lon] or L.LatLng, by arithmetic alone: borders have a hundred thousand.
  const layerPoint = (map) => {
    const origin = map.getPixelOrigin();
    const world = map.options.crs.scale(map.getZoom());
    return (place) => {
      const [lat, lon] = Array.isArray(place) ? place : [place.lat, place.lng];
      const sine = Math.sin((lat * Math.PI) / 180);
      const down = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
      return new L.Point(Math.round(world * (lon / 360 + 0.5)) - origin.x, Math.round(world * down) - origin.y);
    };
  };

  /** One canvas a little larger than the view; `options.draw(context, toPoint, bounds)` paints it after every move. */
  everycell.Overlay = L.Renderer.extend({
    initialize(options) {
      L.Renderer.prototype.initialize.call(this, { padding: 0.08, ...options });
    },

    getEvents() {
      return { ...L.Renderer.prototype.getEvents.call(this), resize: this._update };
    },

    repaint() {
      if (this._map && this._bounds) this._draw();
    },

    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.className = "overlay-canvas";
      this._context = this._container.getContext("2d");
    },

    _destroyContainer() {
      L.DomUtil.remove(this._container);
      delete this._container;
    },

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = size.x * ratio;
      this._container.height = size.y * ratio;
      Object.assign(this._container.style, { width: `${size.x}px`, height: `${size.y}px` });
      this._ratio = ratio;
      this._draw();
    },

    _draw() {
      const { min, max } = this._bounds;
      this._context.setTransform(this._ratio, 0, 0, this._ratio, -min.x * this._ratio, -min.y * this._ratio);
      this._context.clearRect(min.x, min.y, max.x - min.x, max.y - min.y);
      this.options.draw(this._context, layerPoint(this._map), this._bounds);
    },
  });
}
