"use strict";
// Nodes of the grid: which are shown, how many cells share each, and which is under the pointer.
{
  const MOST_ALL = 6000; // so many nodes in view at most are drawn; with more, only those of the cells in hand
  const FROM_ZOOM = 15; // as the eye sees it
  const COLOURS = { 1: "#7d8b96", 2: "#0b4f8a", 3: "#7a2fa8" };

  const shareOf = ({ codes }) => Math.min(3, codes.size);
  const radiusOf = (node) => [2.1, 2.4, 3.6][shareOf(node) - 1] * everycell.scale;

  const trace = (context, node, { x, y }) => {
    const radius = radiusOf(node);
    context.beginPath();
    // Where three cells or more meet, a node is a square: its shape tells, not only its colour.
    if (shareOf(node) === 3) context.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else context.arc(x, y, radius, 0, 7);
  };

  /** The nodes of a map's grid, for tools that draw or drag. */
  everycell.Nodes = class {
    constructor(map, grid) {
      Object.assign(this, { map, grid, shown: false, hot: null });
    }

    /** The nodes to draw and to find: all in view, or those of `codes` and their neighbours where that were too many. */
    list(codes) {
      if (!this.shown) return [];
      const bounds = this.map.getBounds();
      const close = everycell.seenZoom(this.map.getZoom()) >= FROM_ZOOM;
      const all = [...this.grid.nodesIn(bounds).values()];
      if (close && all.length <= MOST_ALL) return all;
      const near = new Set(codes.flatMap((code) => [code, ...this.grid.neighbours(code).keys()]));
      return all.filter(({ codes: of }) => [...of].some((code) => near.has(code)));
    }

    draw(context, toPoint, bounds, codes) {
      context.lineWidth = 1.2 * everycell.scale;
      for (const node of this.list(codes)) {
        const point = toPoint([node.lat, node.lon]);
        if (!bounds.contains(point)) continue;
        trace(context, node, point);
        context.fillStyle = "#ffffff";
        context.strokeStyle = COLOURS[shareOf(node)];
        if (shareOf(node) === 3) context.fillStyle = COLOURS[3];
        context.fill();
        context.stroke();
      }
    }

    /** The node nearest to a place on the map, within `pixels`; null where there is none. */
    at(latLng, pixels, codes) {
      const here = this.map.latLngToContainerPoint(latLng);
      let best = null;
      for (const node of this.list(codes)) {
        const away = here.distanceTo(this.map.latLngToContainerPoint([node.lat, node.lon]));
        if (away <= pixels && (!best || away < best.away)) best = { node, away };
      }
      return best?.node ?? null;
    }
  };

  /** How many cells share a node, in words. */
  everycell.sharedText = (number) =>
    number > 1
      ? everycell.t("This node is shared by {number} cells", { number })
      : everycell.t("This node is of one cell");

  everycell.nodeColours = COLOURS;
}
