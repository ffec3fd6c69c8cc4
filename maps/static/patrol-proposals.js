"use strict";
// The stops that are proposed, on the map: which of them are chosen is told by the page, the others step back.
{
  const REACH = 13;
  const SIZES = [
    [16, 7.5],
    [14, 6],
    [12, 4.4],
    [0, 3],
  ];

  /** `stops` in the service's order, what presses most first; `chosen(stop)` tells which of them would be planned. */
  everycell.Proposals = class {
    constructor(map) {
      Object.assign(this, { map, stops: [], chosen: () => true });
    }

    get size() {
      const zoom = everycell.seenZoom(this.map.getZoom());
      return SIZES.find(([from]) => zoom >= from)[1] * everycell.scale;
    }

    /** Paint them, the most urgent last, so that they lie on top. */
    draw(context, toPoint, bounds) {
      const size = this.size;
      for (let index = this.stops.length - 1; index >= 0; index -= 1) {
        const stop = this.stops[index];
        const { x, y } = toPoint([stop.lat, stop.lon]);
        if (!bounds.contains([x, y])) continue;
        const chosen = this.chosen(stop);
        context.save();
        context.translate(x, y);
        context.globalAlpha = chosen ? 1 : 0.22;
        if (chosen && size >= 4) this._halo(context, size);
        everycell.stopSigns.propose(context, stop, chosen ? size : size * 0.75);
        context.restore();
      }
    }

    _halo(context, size) {
      context.beginPath();
      context.arc(0, 0, size + 1.6 * everycell.scale, 0, 2 * Math.PI);
      context.fillStyle = "rgba(255,255,255,.85)";
      context.fill();
    }

    /** The stop near a place of the map, or null. */
    at(latLng) {
      return everycell.nearestOf(this.map, this.stops.filter(this.chosen), latLng, REACH);
    }
  };

  /** Of things with lon and lat the one nearest to a place of the map, within so many pixels of a desk; or null. */
  everycell.nearestOf = (map, things, latLng, reach) => {
    const here = map.latLngToLayerPoint(latLng);
    let best = null;
    let least = reach * everycell.scale;
    for (const thing of things) {
      const far = map.latLngToLayerPoint([thing.lat, thing.lon]).distanceTo(here);
      if (far <= least) [best, least] = [thing, far];
    }
    return best;
  };
}
