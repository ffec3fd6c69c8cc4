"use strict";
// What this device keeps: routes by their link, and ticks until they are sent (and a week longer, to show them). In
// IndexedDB; where that is switched off, in memory only, and the page says so.
{
  const WEEK_MS = 7 * 86400000;

  const opened = () =>
    new Promise((resolve, reject) => {
      const asked = indexedDB.open("everycell-patrol", 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("ticks", { keyPath: "id" });
        asked.result.createObjectStore("routes", { keyPath: "token" });
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
      asked.onblocked = () => reject(new Error("blocked"));
    });

  const finished = (transaction, result) =>
    new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(result());
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });

  class Kept {
    constructor(database) {
      this.database = database;
      this.lasting = true;
    }

    all(name) {
      return this._do(name, "readonly", (store) => store.getAll());
    }

    put(name, items) {
      return this._do(name, "readwrite", (store) => {
        for (const item of items) store.put(item);
      });
    }

    remove(name, keys) {
      return this._do(name, "readwrite", (store) => {
        for (const key of keys) store.delete(key);
      });
    }

    _do(name, mode, work) {
      const transaction = this.database.transaction(name, mode, { durability: "strict" });
      const asked = work(transaction.objectStore(name));
      return finished(transaction, () => asked?.result);
    }
  }

  class Remembered {
    constructor() {
      this.lasting = false;
      this.stores = { ticks: new Map(), routes: new Map() };
    }

    async all(name) {
      return [...this.stores[name].values()].map((item) => structuredClone(item));
    }

    async put(name, items) {
      for (const item of items) this.stores[name].set(item.id ?? item.token, structuredClone(item));
    }

    async remove(name, keys) {
      for (const key of keys) this.stores[name].delete(key);
    }
  }

  /**
   * A tick is {id, token, patrol, seq, made, state, body, detail}: `state` is waiting, sent or refused, `body` what the
   * service is sent, `patrol` names day, area and team, whatever the link.
   */
  everycell.PatrolStore = class {
    static async open() {
      const store = new everycell.PatrolStore();
      try {
        store.kept = new Kept(await opened());
        await store.kept.all("routes");
      } catch {
        store.kept = new Remembered();
      }
      await store._tidy();
      return store;
    }

    get lasting() {
      return this.kept.lasting;
    }

    ticks() {
      return this.kept.all("ticks");
    }

    /** Write ticks; resolves when they are on the disk. */
    keep(ticks) {
      return this.kept.put("ticks", ticks);
    }

    drop(ids) {
      return this.kept.remove("ticks", ids);
    }

    async route(token) {
      return (await this.kept.all("routes")).find((one) => one.token === token) ?? null;
    }

    keepRoute(record) {
      return this.kept.put("routes", [record]);
    }

    dropRoute(token) {
      return this.kept.remove("routes", [token]);
    }

    // Routes of links that are over, with the addresses in them, and old ticks that have arrived.
    async _tidy() {
      const now = Date.now();
      const routes = await this.kept.all("routes");
      const over = routes.filter(({ route }) => Date.parse(route.expires_at) < now - WEEK_MS);
      const ticks = await this.kept.all("ticks");
      const old = ticks.filter(({ state, made }) => state !== "waiting" && made < now - WEEK_MS);
      await this.kept.remove(
        "routes",
        over.map(({ token }) => token),
      );
      await this.drop(old.map(({ id }) => id));
    }
  };
}
