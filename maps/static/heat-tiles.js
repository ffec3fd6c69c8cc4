"use strict";
// The surface of heat under the outlines, a period at a time. A period takes the place of the one before when it is there
// as a whole, and the next one is fetched ahead: playing shows no holes.
{
  const PATIENCE_MS = 10000;
  const LARGE = 1.5; // of the scale of type, which grows with the screen

  /**
   * `address(question)` gives the address of tiles, `onerror(address)` is called where one did not come. `key` is the text that tells
   * a surface from others.
   */
  everycell.HeatTiles = class {
    constructor(map, { address, onerror }) {
      Object.assign(this, { map, address, onerror, layers: new Map(), shown: null, wanted: null });
    }

    /** Show a surface; resolves when it is seen, or when another one is wanted meanwhile. */
    show(key, question) {
      this.wanted = key;
      this._mark("loading");
      const layer = this._layer(key, question);
      return layer.whole.then(() => {
        if (this.wanted !== key) return;
        this.shown = key;
        for (const [other, { tiles }] of this.layers) tiles.setOpacity(other === key ? 1 : 0);
        this._drop((other) => other !== key && other !== this.next);
        this._mark("drawn");
      });
    }

    /** Fetch a surface that will be wanted next. */
    ahead(key, question) {
      this.next = key;
      this._layer(key, question);
      this._drop((other) => ![key, this.shown, this.wanted].includes(other));
    }

    hide() {
      this.wanted = this.shown = this.next = null;
      this._drop(() => true);
      this._mark("none");
    }

    /** Forget what did not come: the next `show` asks for all of it. */
    again() {
      this._drop(() => true);
    }

    _layer(key, question) {
      const known = this.layers.get(key);
      if (known) return known;
      const tiles = L.tileLayer(this.address(question), {
        pane: "heat",
        opacity: 0,
        keepBuffer: 1,
        updateWhenZooming: false,
        noWrap: true,
        minZoom: this.map.getMinZoom(),
        maxZoom: 22,
        maxNativeZoom: 16, // the kernel is 200 m or more: nearer, nothing is to be seen that 16 does not show
        ...(everycell.scale > LARGE ? { tileSize: 512, zoomOffset: -1 } : {}), // a quarter as many tiles on a wall
      });
      tiles.on("tileerror", ({ tile }) => this.onerror(tile.src));
      tiles.addTo(this.map);
      // A period whose tiles do not come in time is shown as far as it came: what plays goes on.
      const whole = new Promise((resolve) => {
        if (!tiles.isLoading()) resolve();
        tiles.once("load remove", resolve);
        setTimeout(resolve, PATIENCE_MS);
      });
      this.layers.set(key, { tiles, whole });
      return this.layers.get(key);
    }

    _drop(unwanted) {
      for (const [key, { tiles }] of [...this.layers]) {
        if (!unwanted(key)) continue;
        tiles.remove();
        this.layers.delete(key);
      }
    }

    _mark(state) {
      this.map.getContainer().dataset.heat = state;
    }
  };
}
