"use strict";
// Every doorplate from zoom 14: one symbol a door, shaped and coloured by its longest-waiting household, sized by how
// many of its households wait.
{
  const FROM_ZOOM = 14;
  const EPOCH = 18262; // 2020-01-01 in days since 1970-01-01: day zero of the tiles.
  const RADIUS = [1.5, 1.8, 2.3, 3, 4.2, 5.6, 7.4, 9, 10]; // at zooms 12 to 20 as the eye sees them
  const MANY = 200;
  const COUNT_FROM_ZOOM = 17;
  const COUNT_FROM_HOUSEHOLDS = 3;

  const radiusOf = (door, zoom) => {
    const step = Math.min(RADIUS.length - 1, Math.max(0, everycell.seenZoom(zoom) - 12));
    const below = RADIUS[Math.floor(step)];
    const base = (below + (RADIUS[Math.ceil(step)] - below) * (step % 1)) * everycell.scale;
    return base * everycell.legend.DOORS[door.state].grow * (1 + 0.3 * Math.log2(Math.max(1, door.wait)));
  };

  // The largest symbol reaches so far over the border of its tile, and its count beside it.
  const overhang = (zoom) =>
    Math.ceil(radiusOf({ state: "never", wait: MANY }, zoom) + (zoom >= COUNT_FROM_ZOOM ? 40 : 2) * everycell.scale);

  const fromTile = (features, state) =>
    features.map(({ id, properties: { n, never, wait, due, oldest }, geometry }) => {
      const door = { id, n, never, wait, x: geometry[0][0][0], y: geometry[0][0][1] };
      if (due !== undefined) door.due = due + EPOCH;
      if (oldest !== undefined) door.oldest = oldest + EPOCH;
      door.state = state(door);
      return door;
    });

  const drawCount = (context, door, x, y, radius) => {
    const text = door.wait === door.n ? String(door.n) : `${door.wait}/${door.n}`;
    context.strokeText(text, x + radius + 2, y);
    context.fillText(text, x + radius + 2, y);
  };

  /** Paint doors of one tile. A door in the buffer around a tile belongs to its neighbour. */
  const draw = (context, doors, place) => {
    const byState = Object.fromEntries(everycell.legend.DRAWING_ORDER.map((state) => [state, []]));
    for (const door of doors)
      if (door.x >= 0 && door.x < 1 && door.y >= 0 && door.y < 1) byState[door.state].push(door);
    for (const state of everycell.legend.DRAWING_ORDER) {
      for (const door of byState[state]) {
        const sprite = everycell.legend.doorSprite(state, radiusOf(door, place.zoom), place.ratio);
        const side = sprite.width / place.ratio;
        context.drawImage(sprite, place.x(door.x) - side / 2, place.y(door.y) - side / 2, side, side);
      }
    }
    if (place.zoom >= COUNT_FROM_ZOOM) drawCounts(context, doors, place);
  };

  const drawCounts = (context, doors, place) => {
    context.font = `600 ${11 * everycell.scale}px ${everycell.font}`;
    context.textBaseline = "middle";
    context.lineWidth = 3 * everycell.scale;
    context.lineJoin = "round";
    context.strokeStyle = "rgba(255,255,255,.9)";
    context.fillStyle = "#1c2733";
    for (const door of doors) {
      if (door.n < COUNT_FROM_HOUSEHOLDS || !door.wait || door.x < 0 || door.x >= 1 || door.y < 0 || door.y >= 1)
        continue;
      drawCount(context, door, place.x(door.x), place.y(door.y), radiusOf(door, place.zoom));
    }
  };

  /**
   * The layer of doors. `source.doorTile(z, x, y, since, fresh)` gives tile features; `today` and `since` may change.
   */
  everycell.Doorplates = class {
    constructor(map, source, { today, dueSoonDays, since }) {
      Object.assign(this, { map, source, today, dueSoonDays, since });
      this.layer = new everycell.VectorTiles({
        pane: "doors",
        minZoom: FROM_ZOOM,
        overhang,
        load: (z, x, y, { fresh }) => this._load(z, x, y, fresh),
        draw,
      });
      this.layer.on("tileerror", ({ error }) => this.onerror?.(error));
      this.layer.on(
        "loading load",
        ({ type }) => (map.getContainer().dataset.doors = type === "load" ? "drawn" : "loading"),
      );
      this.layer.addTo(map);
    }

    get drawn() {
      return this.drawnAt(this.map.getZoom());
    }

    drawnAt(zoom) {
      return zoom >= FROM_ZOOM;
    }

    async _load(z, x, y, fresh) {
      const features = await this.source.doorTile(z, x, y, this.since, fresh);
      return fromTile(features, (door) => everycell.legend.doorState(door, this.today, this.dueSoonDays));
    }

    /** Another day to count from: the same doors, sized anew. */
    setSince(since, today) {
      if (since === this.since && today === this.today) return Promise.resolve();
      Object.assign(this, { since, today });
      return this.layer.refresh();
    }

    refresh(bounds) {
      return this.layer.refresh(bounds);
    }

    /** The door under a point of the map, topmost first, or null. */
    at(latLng) {
      if (!this.drawn) return null;
      const zoom = this.map.getZoom();
      const world = 2 ** zoom * 256;
      const point = this.map.project(latLng, zoom);
      let best = null;
      this.layer.eachFeature((door, { coords, window: seen }) => {
        if (door.x < 0 || door.x >= 1 || door.y < 0 || door.y >= 1 || coords.z !== zoom) return;
        const x = (coords.x + (door.x - seen.x) * seen.side) * 256;
        const y = (coords.y + (door.y - seen.y) * seen.side) * 256;
        const reach = Math.max(radiusOf(door, zoom), 5 * everycell.scale) + 1;
        const distance = Math.hypot(x - point.x, y - point.y) / reach;
        if (distance > 1 || (best && !above(door, distance, best))) return;
        best = { door, distance, latLng: this.map.unproject([x, y], zoom), world };
      });
      return best && { ...best.door, latLng: best.latLng };
    }
  };

  const above = (door, distance, best) => {
    const order = everycell.legend.DRAWING_ORDER;
    const higher = order.indexOf(door.state) - order.indexOf(best.door.state);
    return higher > 0 || (higher === 0 && distance < best.distance);
  };

  /** In the place of the layer for whoever may see no doors: nothing is drawn or asked for. */
  everycell.NoDoors = class {
    drawn = false;

    drawnAt() {
      return false;
    }

    at() {
      return null;
    }

    async setSince() {}

    async refresh() {}
  };

  everycell.Doorplates.FROM_ZOOM = FROM_ZOOM;
  everycell.Doorplates.EPOCH = EPOCH;
}
