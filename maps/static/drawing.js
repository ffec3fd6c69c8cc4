"use strict";
// Drawing a line or a polygon with Geoman: by pointer, or by keys with a cross in the middle of the map.
{
  const LOOK = { color: "#7a2fa8", weight: 2.6, dashArray: null, interactive: false };

  /** `onchange(places)` and `ondone(places)` get [lon, lat]; a change has the place under the pointer at its end. */
  everycell.Drawing = class {
    constructor(map, shape, { snapping, onchange, ondone }) {
      Object.assign(this, { map, shape, snapping, onchange, ondone, placed: 0 });
    }

    get _draw() {
      return this.map.pm.Draw[this.shape];
    }

    start() {
      const weight = LOOK.weight * everycell.scale;
      this.placed = 0;
      this.map.on("pm:create", this._created, this);
      this.map.once("pm:drawstart", ({ workingLayer }) => {
        workingLayer.on("pm:vertexadded", () => (this.placed += 1));
        workingLayer.on("pm:change", ({ latlngs }) => this.onchange?.(places(latlngs)));
      });
      this.map.pm.enableDraw(this.shape, {
        ...this.snapping.options,
        tooltips: false,
        allowSelfIntersection: true,
        templineStyle: { ...LOOK, weight },
        hintlineStyle: { ...LOOK, weight, dashArray: [5, 6].map((length) => length * everycell.scale).join(" ") },
        pathOptions: { ...LOOK, weight },
      });
    }

    stop() {
      this.map.off("pm:create", this._created, this);
      this.map.pm.disableDraw();
      this.placed = 0;
    }

    /** Begin anew, with nothing drawn. */
    again() {
      this.stop();
      this.start();
    }

    finish() {
      this._draw._finishShape();
    }

    /** Take back the last point; false where there is none. */
    back() {
      if (!this.placed) return false;
      if (this.placed === 1) this.again();
      else {
        this._draw._removeLastVertex();
        this.placed -= 1;
      }
      return true;
    }

    /** Put a point where the cross is, in the middle of the map. */
    put() {
      const latlng = this.map.getCenter();
      this.map.fire("mousemove", { latlng });
      this.map.fire("click", { latlng });
    }

    /** The cross has moved. */
    follow() {
      this.map.fire("mousemove", { latlng: this.map.getCenter() });
    }

    _created({ layer }) {
      layer.remove();
      const drawn = layer.getLatLngs();
      this.map.off("pm:create", this._created, this);
      this.placed = 0;
      this.ondone(places(this.shape === "Polygon" ? drawn[0] : drawn));
    }
  };

  const GRID = 1e8; // cells lie on a grid of 1e-8°: what is sent is what will be stored

  /** A place of the map as [lon, lat] on the grid of cells. */
  everycell.onGrid = ({ lng, lat }) => [lng, lat].map((degrees) => Math.round(degrees * GRID) / GRID);

  const places = (latLngs) => latLngs.flat(2).map(everycell.onGrid);

  /** A ring of [lon, lat] whose last place is its first. */
  everycell.closed = (ring) => (ring.length ? [...ring, ring[0]] : ring);
}
