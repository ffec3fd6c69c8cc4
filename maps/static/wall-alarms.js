"use strict";
// The list of alarms: what somebody has to do something about. Many of a kind are one line with a count; nothing blinks. Who
// may, acknowledges a line or puts it aside for a while; a wall that a token opened reads only. It is drawn anew every minute
// and at every event, and keeps what stays in it: who is about to press something, or has opened a menu, goes on.
{
  const { h, svg, t, number } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.

  const ASIDE_MIN = [30, 120, 480];
  const ROWS = 5;
  const OLD_S = 180; // the service looks once a minute: three looks are missing
  const POLL_MS = 60000;
  const PAUSE_MS = 1000;
  const MINUTE_MS = 60000;

  // What a line says of its kind: its name, and its number in words.
  const KINDS = {
    cases: { name: N("Cases past their date"), says: N("{count} at the end of the month") },
    patrols: { name: N("Stops missed"), says: N("{count} after the shift") },
    behind: { name: N("Behind the plan"), says: N("{count} percentage points") },
    overdue: { name: N("Households overdue"), says: N("{count} households") },
    sites: { name: N("Key sites overdue"), says: N("{count} key sites") },
    silent: { name: N("Nothing has come in"), says: N("{count} days") },
  };
  const LARGEST = new Set(["behind", "silent"]); // of several areas the most is told, not the sum
  const PARTS = { town: N("{count} villages of {name}"), county: N("{count} villages of {name}") };
  // A shape for each priority, so that colour is not all that tells.
  const SIGNS = { high: "M8 1 15 14H1z", medium: "M2 2H14V14H2z", low: "M8 2a6 6 0 1 0 .01 0z" };
  const PRIORITIES = { high: N("High priority"), medium: N("Medium priority"), low: N("Low priority") };

  const tell = ({ kind, number: value, count }) => {
    const words = t(KINDS[kind].says, { count: number(value) });
    return count > 1 && LARGEST.has(kind) ? t("up to {most}", { most: words }) : words;
  };

  const where = ({ level, count, name, area, areas }) => {
    if (count === 1) return areas[0].name || areas[0].code;
    return t(PARTS[level] ?? PARTS.town, { count: number(count), name: name || area });
  };

  const alarmOf = (node) => node.closest("[data-alarm]")?.dataset.alarm;

  const sign = (priority) =>
    svg(
      "svg",
      { class: "sign", viewBox: "0 0 16 16", role: "img", "aria-label": t(PRIORITIES[priority]) },
      svg("path", { d: SIGNS[priority] }),
    );

  // What somebody has pressed was refused, or never came there: whoever presses again is told of the last time only.
  let told = null;
  const tellFailed = (error) => {
    if (error.status === 401) return; // the page says that the session is over
    told?.remove();
    told = everycell.notice(`${t("Not changed.")} ${everycell.reason(error)}`, "bad");
  };

  /** A short tone, made by the browser itself. */
  class Tone {
    constructor() {
      this.on = everycell.memory.get("wall.sound") === "on";
    }

    /** Only what somebody has pressed may sound: the first press makes the instrument. */
    toggle() {
      this.on = !this.on;
      everycell.memory.set("wall.sound", this.on ? "on" : "off");
      if (this.on) this.play();
    }

    play() {
      if (!this.on || !globalThis.AudioContext) return;
      this.audio ??= new AudioContext();
      this.audio.resume();
      const { audio } = this;
      const [voice, volume] = [audio.createOscillator(), audio.createGain()];
      const [start, end] = [audio.currentTime, audio.currentTime + 0.5];
      voice.frequency.setValueAtTime(660, start);
      voice.frequency.setValueAtTime(880, start + 0.18);
      volume.gain.setValueAtTime(0.0001, start);
      volume.gain.exponentialRampToValueAtTime(0.25, start + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, end);
      voice.connect(volume).connect(audio.destination);
      voice.start(start);
      voice.stop(end);
      this.played = (this.played ?? 0) + 1;
    }
  }

  /**
   * The list in `node`, read anew at every event `alarms` of `live` (everycell.Live). `ask()` resolves to what `GET /alarms`
   * says; `send(path, body)` posts and resolves to the list as it is then, or is null where nothing may be sent;
   * `onfailed(error)` tells whoever has sent something that it failed. `now()` is the service's time, in milliseconds since
   * 1970; `clock(instant)` writes a time on the county's clock, as "2026-11-20 09:10".
   */
  everycell.Alarms = class {
    constructor({ node, live, ask, send = null, now = null, clock = everycell.clock, onfailed = tellFailed }) {
      Object.assign(this, { node, live, ask, send, clock, onfailed, list: null, seen: null, tone: new Tone() });
      this.now = now ?? (() => live.clock.now());
      this.node.classList.add("alarms");
      live.on("alarms", () => this.soon()).on("hello", () => this.soon());
      this.polling = setInterval(() => this.read(), POLL_MS);
      addEventListener("keydown", (event) => this._key(event));
    }

    /** Read the list a moment later: news may come many times a second. */
    soon() {
      this.waiting ??= setTimeout(() => this.read(), PAUSE_MS);
    }

    async read() {
      clearTimeout(this.waiting);
      this.waiting = null;
      try {
        await this._latest(this.ask());
      } catch {
        if (this.list) this.show(); // the list stays, and says how old it is
      }
    }

    // A list that was asked for before another one is older than it, whenever it comes.
    async _latest(asked) {
      const turn = (this.turn = (this.turn ?? 0) + 1);
      const list = await asked;
      if (turn === this.turn) this.take(list);
    }

    /** Show a list. Whatever stands in it for the first time, and nobody has seen to it, sounds. */
    take(list) {
      const waiting = list.alarms.filter((line) => line.unacknowledged);
      const names = waiting.map(({ id, since }) => `${id} ${since}`);
      if (this.seen && names.some((name) => !this.seen.has(name))) this.tone.play();
      this.seen = new Set(names);
      this.list = list;
      this.show();
    }

    /** Whether the service has stopped looking, or this page hearing of it. */
    get old() {
      return !this.list?.as_of || (this.now() - Date.parse(this.list.as_of)) / 1000 > OLD_S;
    }

    show() {
      const { alarms, shelved } = this.list;
      const unacknowledged = alarms.filter((line) => line.unacknowledged).length;
      const title = unacknowledged
        ? t("Alarms: {count} not acknowledged", { count: number(unacknowledged) })
        : t("Alarms: {count}", { count: number(alarms.length) });
      this.node.dataset.waiting = unacknowledged;
      const held = this._held();
      // As many lines as there is room for; how many more there are is said.
      let most = ROWS;
      do this._fill(title, most);
      while (this.node.scrollHeight > this.node.clientHeight + 1 && (most -= 1) > 0);
      if (held && !this.node.contains(document.activeElement)) this._hold(held);
    }

    // What can be pressed, in its order.
    get _controls() {
      return [...this.node.querySelectorAll("button, summary")].filter((one) => one.checkVisibility());
    }

    // Which control has the focus: of which alarm, at which place; null where none has.
    _held() {
      const focused = document.activeElement;
      if (!this.node.contains(focused)) return null;
      return { alarm: alarmOf(focused), at: this._controls.indexOf(focused) };
    }

    // What had the focus is gone: another control of its alarm gets it, or the one that has come to its place.
    _hold({ alarm, at }) {
      const controls = this._controls;
      const own = alarm && controls.find((one) => alarmOf(one) === alarm);
      (own || controls.at(Math.min(at, controls.length - 1)))?.focus({ preventScroll: true });
    }

    _fill(title, most) {
      const { alarms, shelved } = this.list;
      const rest = alarms.length - most;
      const lines = alarms.slice(0, most).map((line) => this._line(line));
      const parts = [
        h("header", {}, h("h2", {}, title), this._soundButton()),
        this.old ? h("p", { class: "old", role: "status", "data-key": "old" }, this._age()) : null,
        lines.length ? h("ul", {}, lines) : h("p", {}, t("Nothing needs attention.")),
        rest > 0 ? h("p", {}, t("and {count} more", { count: number(rest) })) : null,
        shelved.length ? this._aside(shelved) : null,
      ];
      everycell.renew(this.node, parts.filter(Boolean));
    }

    // As the list has it now: what is drawn of a line may have been made for an earlier one.
    _found(part, id) {
      return this.list[part].find((line) => line.id === id);
    }

    // Of today the hour alone.
    _time(instant) {
      const [day, hour] = this.clock(instant).split(" ");
      return this.clock(this.now()).startsWith(day) ? hour : `${day} ${hour}`;
    }

    _age() {
      const { as_of: at } = this.list;
      return at ? t("Last looked at {time}", { time: this._time(at) }) : t("Nobody has looked yet.");
    }

    _soundButton() {
      const press = () => {
        this.tone.toggle();
        this.show();
      };
      const words = this.tone.on ? t("Sound on") : t("Sound off");
      return h(
        "button",
        { type: "button", class: "sound", "aria-pressed": String(this.tone.on), onclick: press },
        words,
      );
    }

    _line(line) {
      const { id, kind, priority, unacknowledged, since, times, acknowledged_at: done } = line;
      const facts = [
        where(line),
        t("since {time}", { time: this._time(since) }),
        times ? t("back {count} times", { count: times }) : null,
        done ? t("acknowledged {time}", { time: this._time(done) }) : null,
      ];
      return h(
        "li",
        { class: `${priority} ${unacknowledged ? "waiting" : "seen"}`, "data-alarm": id, "data-key": id },
        sign(priority),
        h(
          "div",
          {},
          h("b", {}, t("{name}: {what}", { name: t(KINDS[kind].name), what: tell(line) })),
          h(
            "div",
            { class: "facts" },
            h("p", {}, facts.filter(Boolean).join(" · ")),
            this.send && line.may ? this._buttons(line) : null,
          ),
        ),
      );
    }

    _buttons({ id, unacknowledged }) {
      const first = this.list.alarms.find(({ unacknowledged, may }) => unacknowledged && may)?.id === id;
      const press = () => this._do(this._found("alarms", id), "acknowledge");
      const acknowledge = h(
        "button",
        { type: "button", "data-key": "acknowledge", onclick: press, "aria-keyshortcuts": first ? "A" : null },
        t("Acknowledge"),
      );
      return h("div", { class: "does" }, unacknowledged ? acknowledge : null, this._menu(id));
    }

    // For how long an alarm is put aside: buttons that a button opens, so that no key chooses one on its way to another.
    _menu(id) {
      const menu = `aside-${id}`;
      const choice = (minutes) => {
        const press = () => this._do(this._found("alarms", id), "shelve", { minutes });
        const closes = { popovertarget: menu, popovertargetaction: "hide" };
        return h("button", { type: "button", ...closes, onclick: press }, this._span(minutes));
      };
      return [
        h("button", { type: "button", "data-key": "aside", popovertarget: menu }, t("Put aside")),
        h(
          "div",
          { id: menu, class: "choices", popover: true, role: "group", "aria-label": t("Put aside") },
          ASIDE_MIN.map(choice),
        ),
      ];
    }

    _span(minutes) {
      return minutes < 60 ? t("{count} minutes", { count: minutes }) : t("{count} hours", { count: minutes / 60 });
    }

    _aside(shelved) {
      const line = (one) => {
        const left = Math.max(1, Math.round((Date.parse(one.shelved_until) - this.now()) / MINUTE_MS));
        const back = () => this._do(this._found("shelved", one.id), "shelve", { minutes: 0 });
        return h(
          "li",
          { "data-alarm": one.id, "data-key": one.id },
          sign(one.priority),
          h(
            "div",
            {},
            `${t(KINDS[one.kind].name)} ${where(one)}`,
            h("p", {}, t("back in {count} minutes", { count: left })),
          ),
          this.send && one.may ? h("button", { type: "button", onclick: back }, t("Back to the list")) : null,
        );
      };
      return h(
        "details",
        {},
        h("summary", {}, t("Put aside: {count}", { count: number(shelved.length) })),
        h("ul", {}, shelved.map(line)),
      );
    }

    async _do(line, what, body = {}) {
      try {
        // What has joined the line since it was drawn is not meant: nobody has seen it.
        const meant = { as_of: line.since, ...body };
        await this._latest(this.send(`/alarms/${encodeURIComponent(line.id)}/${what}`, meant));
      } catch (error) {
        this.onfailed(error);
        this.soon(); // it may have gone meanwhile
      }
    }

    // A acknowledges the line that waits first.
    _key(event) {
      if (event.key.toLowerCase() !== "a" || event.ctrlKey || event.altKey || event.metaKey) return;
      if (everycell.keysTaken(event)) return;
      const line = this.send && this.list?.alarms.find(({ unacknowledged, may }) => unacknowledged && may);
      if (line) this._do(line, "acknowledge");
    }
  };
}
