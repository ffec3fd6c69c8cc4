"use strict";
// The data of a standalone page: it answers what the service would answer, for one cut-off, and takes no visits.
{
  const share = ([lon, lat]) => {
    const sine = Math.sin((lat * Math.PI) / 180);
    return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  };

  const shown = (text) => text.toLowerCase();

  /** What a standalone page carries. It answers for one cut-off and takes no visits. */
  everycell.FileSource = class {
    constructor(data) {
      this.data = data;
      this.live = false;
      this.byTile = new Map();
      for (const door of data.doors) {
        this._count(door);
        this._place(door, share([door.lon, door.lat]));
      }
      this.doorById = new Map(data.doors.map((door) => [door.id, door]));
    }

    // The figures of a door's tile, from the households that wait behind it.
    _count(door) {
      const days = (place) =>
        door.waiting
          .map((row) => row[place])
          .filter(Boolean)
          .sort();
      const sinceEpoch = (iso) => (iso ? everycell.day(iso) - everycell.Doorplates.EPOCH : undefined);
      door.n = door.wait = door.waiting.length;
      door.never = door.waiting.filter(([, , reached]) => !reached).length;
      door.due = sinceEpoch(days(3)[0]);
      door.oldest = sinceEpoch(days(2)[0]);
    }

    // Doors by the zoom-14 tile they lie in: a deeper tile looks through one of these only.
    _place(door, [x, y]) {
      const side = 2 ** 14;
      const key = `${Math.floor(x * side)}/${Math.floor(y * side)}`;
      if (!this.byTile.has(key)) this.byTile.set(key, []);
      this.byTile.get(key).push({ door, x, y });
    }

    async grid() {
      const { cells, divisions } = this.data;
      return { cells, divisions };
    }

    async sites() {
      return this.data.sites;
    }

    async rounds() {
      return { rounds: [], running: null };
    }

    async coverage() {
      return this.data.coverage;
    }

    async *unvisited(area) {
      const batch = [];
      for (const { door, code, unit, reached, due } of this._waiting(area))
        batch.push(this._unit(door, { code, unit, reached, due }));
      if (batch.length) yield batch;
    }

    *_waiting(area) {
      const waiting = [];
      for (const door of this.data.doors) {
        if (door.cell?.startsWith(area))
          for (const [code, unit, reached, due] of door.waiting) waiting.push({ door, code, unit, reached, due });
      }
      yield* waiting.sort(
        (a, b) => (a.reached ?? "").localeCompare(b.reached ?? "") || (a.due ?? "").localeCompare(b.due ?? ""),
      );
    }

    _unit(door, { code, unit, reached, due }) {
      return {
        code,
        unit,
        doorplate: door.id,
        address: door.address,
        cell: door.cell,
        last_reached_on: reached,
        due_on: due,
        status: "active",
        lon: door.lon,
        lat: door.lat,
      };
    }

    async door(id) {
      return this.doorById.get(Number(id));
    }

    async units(id) {
      const door = this.doorById.get(Number(id));
      return door.waiting.map(([code, unit, reached, due]) => this._unit(door, { code, unit, reached, due }));
    }

    async search(text, most) {
      const wanted = shown(text);
      const found = [];
      const add = (kind, code, name, geometry) => found.push({ geometry, properties: { kind, code, name } });
      for (const { properties, geometry } of [...this.data.divisions.features, ...this.data.cells.features]) {
        if (shown(`${properties.code} ${properties.name}`).includes(wanted))
          add(properties.level ?? "cell", properties.code, properties.name, geometry);
      }
      for (const { code, address, lon, lat, id } of this.data.doors) {
        if (found.length >= most) break;
        if (shown(`${code} ${address}`).includes(wanted))
          found.push({
            id,
            geometry: { type: "Point", coordinates: [lon, lat] },
            properties: { kind: "doorplate", code, name: address },
          });
      }
      return found.slice(0, most);
    }

    async doorTile(z, x, y) {
      const side = 2 ** z;
      const up = 2 ** (z - 14);
      const here = this.byTile.get(`${Math.floor(x / up)}/${Math.floor(y / up)}`) ?? [];
      return here.map(({ door, x: wx, y: wy }) => ({
        id: door.id,
        properties: { n: door.n, never: door.never, wait: door.wait, due: door.due, oldest: door.oldest },
        geometry: [[[wx * side - x, wy * side - y]]],
      }));
    }

    async streetTile() {
      return [];
    }
  };
}
