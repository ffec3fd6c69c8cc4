"use strict";
// What a drawn or dragged point snaps to: borders and nodes of cells, within a number of pixels that are always said in
// metres, too. Geoman does the snapping; here it gets its targets, as lines that nobody sees.
{
  const PIXELS = 12;
  const { piecesOf } = everycell;

  // Pieces that follow each other become one line: fewer layers, and Geoman finds the nearest of them.
  const linesOf = (pieces) => {
    const lines = [];
    for (const { from, to } of pieces) {
      const last = lines.at(-1);
      const [lon, lat] = last?.at(-1) ?? [];
      if (last && lon === from[0] && lat === from[1]) last.push(to);
      else lines.push([from, to]);
    }
    return lines;
  };

  /** The targets of snapping on a map. */
  everycell.Snapping = class {
    constructor(map) {
      Object.assign(this, { map, lines: [] });
    }

    get pixels() {
      return Math.round(PIXELS * everycell.scale);
    }

    /** How far snapping reaches at the present zoom, in words. */
    words() {
      const metres = everycell.metresText(everycell.metres(this.map, this.pixels));
      return everycell.t("Snaps within {pixels} px ({metres}); Alt: not", { pixels: this.pixels, metres });
    }

    /** What Geoman is told. */
    get options() {
      return { snappable: true, snapDistance: this.pixels, snapVertex: true, snapSegment: true, snapMiddle: false };
    }

    /**
     * Snap to the borders of `cells`, but not to the pieces that `without(piece)` names: a border that is being dragged
     * must not hold itself where it was.
     */
    to(cells, without = () => false) {
      this.clear();
      for (const cell of cells) {
        for (const line of linesOf(piecesOf(cell).filter((piece) => !without(piece)))) {
          const places = line.map(([lon, lat]) => [lat, lon]);
          const layer = L.polyline(places, { stroke: false, interactive: false, pmIgnore: true, snapIgnore: false });
          this.lines.push(layer.addTo(this.map));
        }
      }
    }

    clear() {
      for (const line of this.lines) line.remove();
      this.lines = [];
    }
  };

  L.PM.setOptIn(true); // only what a tool hands to Geoman can be drawn on, dragged or snapped to
}
