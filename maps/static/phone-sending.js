"use strict";
// Ticks on their way to the service: later if need be, in whatever order, each as often as it takes. The service takes an
// id once, so that sending again does no harm.
{
  const GRACE_MS = 5000; // so long a tick can be taken back
  const FIRST_MS = 2000;
  const MOST_MS = 120000;
  const BATCH = 40;
  const LIMIT_MS = 30000;

  const byToken = (ticks) => {
    const found = new Map();
    for (const tick of ticks) found.set(tick.token, [...(found.get(tick.token) ?? []), tick]);
    return found;
  };

  /** The link is over, or was never one. */
  class LinkOver extends Error {}
  everycell.LinkOver = LinkOver;

  /** Ask the service by a link. Raises LinkOver, or an Error with `status` (0: no network). */
  everycell.askByLink = async (token, what, options = {}) => {
    const address = `${everycell.config.base}/p/${token}/${what}`;
    const headers = { "Accept-Language": document.documentElement.lang, ...options.headers };
    const given = {
      ...options,
      headers,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(LIMIT_MS),
    };
    const answer = await fetch(address, given).catch((error) => {
      throw Object.assign(new Error(error.message), { status: 0 });
    });
    const isJson = (answer.headers.get("Content-Type") ?? "").includes("json");
    if ([401, 403, 404, 410].includes(answer.status) && isJson) throw new LinkOver();
    if (!answer.ok || !isJson) {
      const detail = isJson ? (await answer.json()).detail : "";
      // A page that somebody else answers with is as good as no network.
      throw Object.assign(new Error(detail ?? ""), { status: isJson ? answer.status : 0 });
    }
    return answer.json().catch(() => {
      throw Object.assign(new Error("cut off"), { status: 0 });
    });
  };

  everycell.Sending = class {
    /** `changed` is called whenever ticks or the state have changed. */
    constructor(store, changed) {
      this.store = store;
      this.changed = changed;
      this.state = "idle"; // or "offline" (no network), "busy" (the service has trouble)
      this.over = new Set(); // links that are over
      this.flying = new Set(); // ids that are on their way
      this.failed = 0;
      this.timer = null;
      this.running = null;
    }

    /** Send what waits, now; `all` also what could still be taken back. */
    go({ all = false } = {}) {
      this.running ??= this._round(all).finally(() => {
        this.running = null;
      });
      return this.running;
    }

    /** Send when the time to take back is over. */
    soon() {
      this._after(GRACE_MS + 100);
    }

    /** Take a tick back; false where it is too late. */
    async takeBack(tick) {
      const [now] = (await this.store.ticks()).filter(({ id }) => id === tick.id);
      if (!now || now.state !== "waiting" || this.flying.has(tick.id)) return false;
      await this.store.drop([tick.id]);
      await this.changed();
      return true;
    }

    _after(ms) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.go(), ms);
    }

    async _round(all) {
      const ticks = (await this.store.ticks()).filter(
        ({ state, token }) => state === "waiting" && !this.over.has(token),
      );
      const ripe = ticks.filter(({ made }) => all || Date.now() - made >= GRACE_MS || Date.now() < made);
      let trouble = null;
      for (const [token, own] of byToken(ripe)) {
        for (let n = 0; n < own.length && !trouble; n += BATCH) {
          trouble = await this._send(token, own.slice(n, n + BATCH));
          if (trouble === "over") {
            this.over.add(token);
            trouble = null;
            break;
          }
        }
      }
      this.failed = trouble ? this.failed + 1 : 0;
      this.state = trouble ?? "idle";
      await this.changed();
      if (trouble) this._after(Math.min(MOST_MS, FIRST_MS * 2 ** (this.failed - 1)) * (0.75 + Math.random() / 2));
      else if (ripe.length < ticks.length) this.soon();
    }

    // Null where it went well, else what is in the way: offline, busy, over.
    async _send(token, ticks) {
      for (const { id } of ticks) this.flying.add(id);
      try {
        const body = JSON.stringify(ticks.map((tick) => tick.body));
        const headers = { "Content-Type": "application/json", Accept: "application/json" };
        const { refused } = await everycell.askByLink(token, "ticks", { method: "POST", body, headers });
        const why = new Map(refused.map(({ index, detail }) => [index, detail]));
        const told = (tick, n) =>
          why.has(n) ? { ...tick, state: "refused", detail: why.get(n) } : { ...tick, state: "sent" };
        await this.store.keep(ticks.map(told));
        return null;
      } catch (error) {
        if (error instanceof LinkOver) return "over";
        // The service cannot take these, however often they are sent: find out which it is.
        if ([400, 409, 413, 422].includes(error.status)) return this._oneByOne(token, ticks, error);
        return error.status ? "busy" : "offline";
      } finally {
        for (const { id } of ticks) this.flying.delete(id);
      }
    }

    async _oneByOne(token, ticks, error) {
      if (ticks.length === 1) {
        await this.store.keep([{ ...ticks[0], state: "refused", detail: error.message }]);
        return null;
      }
      for (const tick of ticks) {
        const trouble = await this._send(token, [tick]);
        if (trouble) return trouble;
      }
      return null;
    }
  };
}
