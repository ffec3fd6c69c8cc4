"use strict";
// The cells as they are live, and as the draft leaves them: who lies where, who shares a node or a border with whom.
{
  const { insidePoint, holds } = everycell.shapes;
  const keyOf = ([lon, lat]) => `${lon},${lat}`;

  const cellOf = ({ properties, geometry }) => {
    const polygon = geometry.coordinates;
    const { code, name, kind } = properties;
    return {
      code,
      name: name ?? "",
      kind: kind ?? "general",
      village: properties.village ?? code.slice(0, 12),
      polygon,
      bounds: L.latLngBounds(polygon[0].map(([lon, lat]) => [lat, lon])),
      label: insidePoint(polygon),
    };
  };

  const ROUNDING_M = 0.001; // a node on a border lies on the grid of 1e-8°, about a millimetre beside it

  // Whether the border runs as it did, with a neighbour's new nodes on it.
  const onlyNoded = (one, other) => {
    const corners = new Set(other.polygon.flat().map(keyOf));
    if (!one.polygon.flat().every((place) => corners.has(keyOf(place)))) return false;
    const [before, after] = [one, other].map(({ polygon }) => everycell.measure(polygon));
    return Math.abs(before.area_m2 - after.area_m2) < before.around_m * ROUNDING_M;
  };

  const sameShape = (one, other) =>
    JSON.stringify(one.polygon) === JSON.stringify(other.polygon) || onlyNoded(one, other) || onlyNoded(other, one);

  /** Whether two cells are the same to the eye: all that a draft can change but nodes on a border that stays. */
  const same = (one, other) =>
    one.name === other.name && one.kind === other.kind && one.village === other.village && sameShape(one, other);

  /** The pieces of a cell's border, each between two nodes: {key, from, to} with [lon, lat]. */
  const piecesOf = ({ polygon }) =>
    polygon.flatMap((ring) =>
      ring.slice(1).map((to, index) => {
        const from = ring[index];
        return { from, to, key: [keyOf(from), keyOf(to)].sort().join(" ") };
      }),
    );

  /** The cells of a page (GeoJSON). `draw` brings what a draft does to them. */
  everycell.Grid = class {
    constructor(collection) {
      this.setLive(collection);
    }

    /** New live cells; what the draft does to them comes anew. */
    setLive(collection) {
      this.live = new Map(collection.features.map(cellOf).map((cell) => [cell.code, cell]));
      this.setDraft(null);
    }

    /** What a draft does: {before, after} as FeatureCollections; null for no draft. */
    setDraft(impact) {
      this.cells = new Map(this.live);
      this.marks = new Map(); // code -> "new" or "changed"
      this.retired = new Map();
      this.near = null;
      this.beside = new Map();
      const [before, after] = [impact?.before, impact?.after].map(
        (collection) => new Map((collection?.features ?? []).map(cellOf).map((cell) => [cell.code, cell])),
      );
      this.replaced = [...before.values()]; // the cells that it changes in any bit, as they were and as they come
      this.coming = [...after.values()];
      for (const [code, cell] of before) {
        this.cells.delete(code);
        if (!after.has(code)) this.retired.set(code, cell);
      }
      for (const [code, cell] of after) {
        this.cells.set(code, cell);
        if (!before.has(code)) this.marks.set(code, "new");
        else if (!same(before.get(code), cell)) this.marks.set(code, "changed");
      }
    }

    /**
     * What one more step would do on top of the draft: the cells that would be another, and the codes that would end.
     * `impact` is a preview of the draft with that step.
     */
    difference(impact) {
      const after = impact.after.features.map(cellOf);
      const left = new Set(after.map(({ code }) => code));
      const live = (code) => impact.before.features.some(({ properties }) => properties.code === code);
      return {
        cells: after.filter((cell) => !this.cells.has(cell.code) || !same(this.cells.get(cell.code), cell)),
        ended: [...this.cells.keys()].filter((code) => !left.has(code) && (live(code) || this.marks.has(code))),
      };
    }

    get(code) {
      return this.cells.get(code) ?? this.retired.get(code) ?? null;
    }

    /** The code of the cell at a point of the map, or null. */
    at(latLng) {
      for (const { code, bounds, polygon } of this.cells.values())
        if (bounds.contains(latLng) && holds(polygon, latLng)) return code;
      return null;
    }

    /** The code of the cell whose middle is nearest to a place of the map; null where there is no cell. */
    nearest(latLng) {
      const away = ({ label }) => (label ? latLng.distanceTo([label.lat, label.lon]) : Infinity);
      const cells = [...this.cells.values()];
      return cells.length ? cells.reduce((best, cell) => (away(cell) < away(best) ? cell : best)).code : null;
    }

    /** The cells whose boxes meet a box. */
    within(bounds) {
      return [...this.cells.values()].filter((cell) => cell.bounds.intersects(bounds));
    }

    /** The nodes of the cells in a box: key -> {lon, lat, codes}. Kept until the cells or the box change. */
    nodesIn(bounds) {
      const box = bounds.toBBoxString();
      if (this.near?.box === box) return this.near.nodes;
      const nodes = new Map();
      for (const { code, polygon } of this.within(bounds)) {
        for (const ring of polygon) {
          for (const [lon, lat] of ring.slice(1)) {
            const key = `${lon},${lat}`;
            const node = nodes.get(key);
            if (!node) nodes.set(key, { lon, lat, codes: new Set([code]) });
            else node.codes.add(code);
          }
        }
      }
      this.near = { box, nodes };
      return nodes;
    }

    /** The cells that share a node with a place, [lon, lat]. */
    sharing([lon, lat]) {
      const key = `${lon},${lat}`;
      return this.within(L.latLng(lat, lon).toBounds(1))
        .filter(({ polygon }) => polygon.some((ring) => ring.some((place) => keyOf(place) === key)))
        .map(({ code }) => code);
    }

    /** The cells that share a piece of border with a cell: code -> how much of it, in metres; the most first. */
    neighbours(code) {
      if (!this.beside.has(code)) this.beside.set(code, this._beside(code));
      return this.beside.get(code);
    }

    _beside(code) {
      const cell = this.get(code);
      if (!cell) return new Map();
      const own = new Map(piecesOf(cell).map((piece) => [piece.key, piece]));
      const found = this.within(cell.bounds)
        .filter((other) => other.code !== code)
        .map((other) => {
          const common = piecesOf(other).filter(({ key }) => own.has(key));
          return [other.code, common.reduce((sum, { from, to }) => sum + everycell.lengthOf([from, to]), 0)];
        })
        .filter(([, metres]) => metres > 0);
      return new Map(found.sort(([, one], [, other]) => other - one));
    }

    /** The box around some cells, live, drafted or retired; null where none of them is known. */
    boundsOf(codes) {
      const cells = codes.map((code) => this.get(code) ?? this.live.get(code)).filter(Boolean);
      if (!cells.length) return null;
      return cells.reduce((box, { bounds }) => box.extend(bounds), L.latLngBounds([]));
    }
  };

  everycell.cellOf = cellOf;
  everycell.sameCell = same;
  everycell.piecesOf = piecesOf;
}
