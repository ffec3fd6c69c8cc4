"use strict";
// What has changed at the service, as it changes: the events of `GET /events`, through a shared worker where there is one.
{
  const HERE_MS = 15000;
  const UNANSWERED = 2; // so many words to the worker that it did not answer: it is gone

  class Live {
    constructor({ base, query = {}, who = everycell.config.who, worker = everycell.config.live_worker, on = {} }) {
      Object.assign(this, { base, query, who, worker, online: false, at: null });
      Object.assign(this, { port: null, renewed: false });
      this.clock = new everycell.ServerClock();
      this.listeners = new Map();
      for (const [kind, listener] of Object.entries(on)) this.on(kind, listener);
    }

    /** Call `listener(data)` for every event of a kind; "online", "offline" and "over" tell of the connection. */
    on(kind, listener) {
      if (!this.listeners.has(kind)) this.listeners.set(kind, []);
      this.listeners.get(kind).push(listener);
      return this;
    }

    /** Begin to listen. */
    start() {
      // A page that is put away without being closed comes back to whatever has happened meanwhile.
      addEventListener("pagehide", () => this.port?.postMessage({ kind: "leave" }));
      addEventListener("pageshow", ({ persisted }) => persisted && this._join());
      this._share();
      return this;
    }

    /** Ask for this from now on. */
    ask(query) {
      this.query = query;
      if (this.port) this._join();
      else if (this.stream) {
        this.stream.stop();
        this._alone();
      }
      return this;
    }

    /** Stop listening. */
    stop() {
      this._leave();
      this.stream?.stop();
    }

    /** Connect anew at once: the machine has slept, or its network has come back. */
    again() {
      if (this.port) this.port.postMessage({ kind: "again" });
      else this.stream?.again();
    }

    _share() {
      try {
        const worker = new SharedWorker(this.worker, { name: "everycell-live" });
        worker.onerror = (event) => {
          event.preventDefault();
          if (worker.port === this.port) this._alone();
        };
        this._listen(worker.port);
      } catch {
        this._alone(); // no shared workers in this browser
      }
    }

    _listen(port) {
      Object.assign(this, { port, unanswered: 0 });
      port.onmessage = ({ data: { kind, data } }) => {
        Object.assign(this, { unanswered: 0, renewed: false });
        this._heard(kind, data);
      };
      this._join();
      this.pinging = setInterval(() => this._here(), HERE_MS);
    }

    // A worker whose process has ended says nothing, and no browser tells of it. Words are counted, not time: a page that is
    // hidden or has slept gets its clock late, and the answers with it. One that does not answer either is not waited for.
    _here() {
      if (this.unanswered < UNANSWERED) {
        this.unanswered += 1;
        this.port.postMessage({ kind: "here" });
        return;
      }
      this._heard("offline", {});
      if (this.renewed) return this._alone();
      this.renewed = true;
      this._leave();
      this._share();
    }

    _leave() {
      clearInterval(this.pinging);
      this.port?.postMessage({ kind: "leave" });
      this.port?.close();
      this.port = null;
    }

    _join() {
      this.port?.postMessage({ kind: "join", base: this.base, query: this.query, who: this.who });
    }

    _alone() {
      this._leave();
      const { base, query } = this;
      this.stream = new everycell.EventStream({ base, query, tell: (kind, data) => this._heard(kind, data) });
      this.stream.start();
    }

    _heard(kind, data) {
      if (kind === "unknown") return this._join();
      if (data.now) this.clock.heard(Date.parse(data.now));
      // Up to which event it has been told; the log that follows a reset may be another one.
      this.at = kind === "reset" ? null : Math.max(this.at, data.id ?? 0) || null;
      if (["online", "offline", "over"].includes(kind)) this.online = kind === "online";
      for (const listener of this.listeners.get(kind) ?? []) listener(data);
    }
  }

  /**
   * `everycell.Live({base, query, on})`: the events that the caller may see. `query` is {since} or {round}, and {area}; `on`
   * has a listener by the name of an event. `who` tells apart accounts that sign in to one browser after another.
   */
  everycell.Live = function (options) {
    return new Live(options);
  };
}
