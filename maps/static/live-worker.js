"use strict";
// The service's stream of events: one connection for all pages of a browser that ask the same. Browsers run this file as a
// shared worker (on plain http too); where there is none, a page loads it as a script and has a connection of its own.
{
  const KINDS = [
    "hello",
    "beat",
    "reset",
    "coverage",
    "grid",
    "rounds",
    "case_figures",
    "cases",
    "patrols",
    "sites",
    "board",
    "alarms",
  ];
  const SILENT_MS = 15000; // three beats: a connection that says less is dead, whatever the network believes
  const LOOK_MS = 1000;
  const FIRST_WAIT_MS = 1000;
  const LONGEST_WAIT_MS = 15000;
  const OVER_WAIT_MS = 30000;
  const OVERLAP_MS = 10000; // as the service does: whoever begins is told of this time too
  const LOST_MS = 150000; // so long without a word a page is gone; hidden ones get the clock only once a minute

  const now = () => performance.now();

  /**
   * One stream. `tell(kind, data)` gets the events as the service sends them, with the `id` up to which it has been told by
   * then, and of the connection "online", "offline" and "over" (nobody is signed in). A `hello` has `fresh` where what came
   * before it may have been missed. A beat before the hello of its connection is not told: what was missed is not told yet
   * either, and it would make that look new.
   */
  class EventStream {
    constructor({ base, query, tell }) {
      Object.assign(this, { base, query, tell, at: null, wait: FIRST_WAIT_MS, source: null, state: "new" });
      this.stopped = false;
    }

    start() {
      this.looking = setInterval(() => this._look(), LOOK_MS);
      this._open();
    }

    stop() {
      this.stopped = true;
      clearInterval(this.looking);
      clearTimeout(this.opening);
      this.source?.close();
      this.source = null;
    }

    /** Connect anew at once, and go on from where it was. */
    again() {
      clearTimeout(this.opening);
      this._open();
    }

    _open() {
      if (this.stopped) return;
      this.source?.close();
      const query = { ...this.query, ...(this.at !== null && { last_event_id: this.at }) };
      const source = new EventSource(`${this.base}/events?${new URLSearchParams(query)}`);
      Object.assign(this, { source, fresh: this.at === null, greeted: false, heardAt: now() });
      for (const kind of KINDS)
        source.addEventListener(kind, (event) => source === this.source && this._heard(kind, event));
      // How long to wait and from where to go on is ours to say: the browser would give up at the first refusal.
      source.onerror = () => source === this.source && this._lost();
    }

    _heard(kind, { data, lastEventId }) {
      this.heardAt = now();
      if (lastEventId !== "") this.at = lastEventId;
      const message = { ...JSON.parse(data), id: this.at };
      if (kind === "reset") return this._reset(message);
      if (kind === "beat" && !this.greeted) return;
      if (kind === "hello") {
        this.greeted = true;
        this.wait = FIRST_WAIT_MS;
        this.at = String(message.at ?? this.at);
        this._become("online");
        return this.tell(kind, { ...message, fresh: this.fresh });
      }
      this.tell(kind, message);
    }

    // What was missed is not told any more: everything is to be read anew.
    _reset(message) {
      this.at = null;
      this.tell("reset", message);
      this._retry(FIRST_WAIT_MS);
    }

    _lost() {
      this._retry(this.wait);
      this.wait = Math.min(LONGEST_WAIT_MS, this.wait * 1.6);
      this._become("offline");
      this._ask();
    }

    // A stream that is refused does not say why. Until that is known it may have been stopped, or have come back.
    async _ask() {
      const signal = AbortSignal.timeout(SILENT_MS);
      const options = { credentials: "same-origin", cache: "no-store", signal };
      const answer = await fetch(`${this.base}/me`, options).catch(() => null);
      if (answer?.status !== 401 || this.stopped || this.state === "online") return;
      this._become("over");
      this._retry(OVER_WAIT_MS); // somebody may sign in again in another tab
    }

    _retry(wait) {
      this.source?.close();
      this.source = null;
      clearTimeout(this.opening);
      this.opening = setTimeout(() => this._open(), wait * (0.75 + Math.random() / 2)); // not all walls at once
    }

    _look() {
      if (this.source && now() - this.heardAt > SILENT_MS) this._lost();
    }

    _become(state) {
      if (state === this.state) return;
      this.state = state;
      this.tell(state, {});
    }
  }

  // --- as a shared worker ---------------------------------------------------------------------------------------------

  const streams = new Map(); // by what is asked and by whom

  class Shared {
    constructor(key, { base, query }) {
      Object.assign(this, { key, pages: new Set(), last: null, recent: [] });
      this.stream = new EventStream({ base, query, tell: (kind, data) => this._tell(kind, data) });
      this.stream.start();
    }

    _tell(kind, data) {
      if (kind === "hello" || kind === "beat") this.last = { data, at: now() };
      else if (kind === "reset") this.recent = [];
      else if (KINDS.includes(kind)) this.recent = [...this._recent(), { message: { kind, data }, at: now() }];
      for (const page of this.pages) this._pass(page, kind, data);
    }

    // Who has joined while the stream was cut off may have missed more than is told now.
    _pass(page, kind, data) {
      const first = kind === "hello" && !page.greeted;
      page.greeted ||= first;
      page.port.postMessage({ kind, data: first ? { ...data, fresh: true } : data });
    }

    _recent() {
      return this.recent.filter(({ at }) => now() - at < OVERLAP_MS);
    }

    join(page) {
      this.pages.add(page);
      page.greeted = false;
      const { state } = this.stream;
      if (state !== "new") page.port.postMessage({ kind: state, data: {} });
      if (state !== "online" || !this.last) return;
      // As the service would say it now: its clock has gone on since it spoke.
      const gone = now() - this.last.at;
      const when = new Date(Date.parse(this.last.data.now) + gone).toISOString();
      this._pass(page, "hello", { ...this.last.data, now: when });
      for (const { message } of this._recent()) page.port.postMessage(message);
    }

    leave(page) {
      this.pages.delete(page);
      if (this.pages.size) return;
      this.stream.stop();
      streams.delete(this.key);
    }
  }

  const pages = new Set();

  const HEARD = {
    join: (page, asked) => {
      page.shared?.leave(page);
      const key = JSON.stringify([asked.base, asked.query, asked.who]);
      if (!streams.has(key)) streams.set(key, new Shared(key, asked));
      page.shared = streams.get(key);
      page.shared.join(page);
      pages.add(page);
    },
    here: (page) => page.port.postMessage({ kind: page.shared ? "here" : "unknown", data: {} }),
    again: (page) => page.shared?.stream.again(),
    leave: (page) => {
      page.shared?.leave(page);
      page.shared = null;
      pages.delete(page);
    },
  };

  const serve = () => {
    addEventListener("connect", ({ ports: [port] }) => {
      const page = { port, shared: null, greeted: false, heardAt: now() };
      port.onmessage = ({ data: { kind, ...asked } }) => {
        page.heardAt = now();
        HEARD[kind](page, asked);
      };
    });
    setInterval(() => {
      for (const page of pages) if (now() - page.heardAt > LOST_MS) HEARD.leave(page);
    }, LOST_MS / 5);
  };

  if (typeof everycell === "undefined") serve();
  else everycell.EventStream = EventStream;
}
