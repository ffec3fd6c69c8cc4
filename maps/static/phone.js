"use strict";
// The page of a link: one stop after another, ticks that are kept until they are sent, and what is on its way.
{
  const { h, byId } = everycell;
  const AGAIN_MS = 300000; // the route is asked for again while the page is looked at
  const SOONEST_MS = 20000;
  const TOAST_MS = 5000;

  const wantedLanguage = () => {
    const asked = new URLSearchParams(location.search).get("lang") ?? everycell.memory.get("lang");
    return asked === "en" || (!asked && !/^zh/i.test(navigator.language)) ? "en" : "zh";
  };

  class Patrol {
    constructor(store) {
      this.store = store;
      this.token = everycell.config.token;
      this.record = null; // {token, route, streets, fetched}
      this.ticks = [];
      this.key = null;
      this.view = "stop";
      this.over = false;
      this.asked = 0;
      this.seq = 0;
      this.sending = new everycell.Sending(store, () => this.refresh());
      this.map = new everycell.PatrolMap(byId("map"), (key) => this.choose(key));
    }

    // ---- what there is

    get route() {
      return this.record?.route ?? null;
    }

    get stops() {
      return this.route?.stops ?? [];
    }

    get patrol() {
      return this.route && everycell.patrolOf(this.route);
    }

    get waiting() {
      return this.ticks.filter(({ state }) => state === "waiting").length;
    }

    /** Ticks of stops of this patrol, by key. */
    ticksOf(key) {
      return this.ticks.filter(({ patrol, body }) => patrol === this.patrol && body.stop === key);
    }

    standings() {
      return new Map(this.stops.map((stop) => [stop.key, everycell.standing(stop, this.ticksOf(stop.key))]));
    }

    // ---- the route

    async open() {
      this.record = await this.store.route(this.token);
      this.ticks = await this.store.ticks();
      if (this.record) this.begin();
      await this.ask();
      await this.sending.go();
      this.draw();
    }

    begin() {
      this.key ??= everycell.memory.get(`at.${this.patrol}`);
      if (!this.stops.some(({ key }) => key === this.key)) this.key = this.nextOpen(-1) ?? this.stops[0]?.key ?? null;
      this.map.draw(this.route, this.record.streets);
      this.draw();
      this.map.near(this.key);
    }

    /** Ask for the route, unless that was just done. */
    async ask() {
      if (Date.now() - this.asked < SOONEST_MS) return;
      this.asked = Date.now();
      try {
        const route = await everycell.askByLink(this.token, "route");
        await this.took(route);
      } catch (error) {
        this.asked = 0;
        if (!(error instanceof everycell.LinkOver)) return this.draw();
        this.over = true;
        await this.forgetIfOver();
      }
      this.draw();
    }

    async took(route) {
      const before = this.record;
      this.over = false;
      const same = before?.route.version === route.version && before.streets;
      const streets = same
        ? before.streets
        : await everycell.askByLink(this.token, "streets").then(
            (found) => found.streets,
            () => null,
          );
      this.record = { token: this.token, route, streets, fetched: Date.now() };
      this.begin(); // at once: whatever is drawn from now on is drawn of this route
      if (before && before.route.version !== route.version) this.say(everycell.t("The route has changed."));
      await this.store.keepRoute(this.record);
      await this.adopt();
      everycell.keepOffline();
    }

    /** Ticks that an older link of the same patrol has left here go by this one. */
    async adopt() {
      const keys = new Set(this.stops.map(({ key }) => key));
      const left = this.ticks.filter(
        ({ state, token, patrol, body }) =>
          state === "waiting" && token !== this.token && patrol === this.patrol && keys.has(body.stop),
      );
      if (!left.length) return;
      await this.store.keep(left.map((tick) => ({ ...tick, token: this.token })));
      await this.refresh();
    }

    /** A link that is over and of which nothing waits leaves no addresses on this device. */
    async forgetIfOver() {
      const own = this.ticks.some(({ state, token }) => state === "waiting" && token === this.token);
      const late = this.record && Date.parse(this.route.expires_at) < Date.now();
      if (own || (this.record && !late)) return;
      await this.store.dropRoute(this.token);
      this.record = null;
      everycell.forgetOffline();
    }

    // ---- ticks

    async tick(outcome, more = {}) {
      const stop = this.stops.find(({ key }) => key === this.key);
      const units = everycell.unitsOf(stop);
      const only = stop.kind === "doorplate" && !units.length ? stop.units.map(({ code }) => code) : [];
      const households = more.households ?? (only.length && outcome !== "skipped" ? only : undefined);
      const made = Date.now();
      const id = everycell.uuid();
      const body = { id, stop: stop.key, outcome, ticked_at: new Date(made).toISOString(), ...more, households };
      const tick = { id, token: this.token, patrol: this.patrol, seq: this.seq++, made, state: "waiting", body };
      await this.store.keep([tick]);
      await this.refresh();
      this.sayTicked(tick, stop);
      this.sending.soon();
      if (everycell.isDone(this.standings().get(stop.key))) this.onward();
    }

    sayTicked(tick, stop) {
      const { t } = everycell;
      const number = this.stops.indexOf(stop) + 1;
      const word = everycell.stateWord(tick.body.outcome);
      const unit = everycell.unitsOf(stop).find(({ code }) => tick.body.households?.[0] === code);
      const what = unit && tick.body.households.length === 1 ? `${number} · ${unit.unit ?? unit.code}` : `${number}`;
      const undo = h("button", { type: "button", onclick: () => this.takeBack(tick) }, t("Undo"));
      this.say(`${what} · ${word}`, undo);
    }

    async takeBack(tick) {
      const back = await this.sending.takeBack(tick);
      this.choose(tick.body.stop);
      this.say(back ? everycell.t("Taken back.") : everycell.t("Already sent: tick it again to correct it."));
    }

    async refresh() {
      this.ticks = await this.store.ticks();
      this.draw();
    }

    // ---- from stop to stop

    /** The key of the next stop that is not done, after stop `n`; then from the beginning. */
    nextOpen(n) {
      const standings = this.standings();
      const later = [...this.stops.slice(n + 1), ...this.stops.slice(0, n + 1)];
      return later.find(({ key }) => !everycell.isDone(standings.get(key)))?.key ?? null;
    }

    onward() {
      const next = this.nextOpen(this.stops.findIndex(({ key }) => key === this.key));
      if (next) this.choose(next);
      else this.show("list");
    }

    step(by) {
      const n = this.stops.findIndex(({ key }) => key === this.key) + by;
      if (this.stops[n]) this.choose(this.stops[n].key);
    }

    choose(key) {
      this.key = key;
      everycell.memory.set(`at.${this.patrol}`, key);
      this.show("stop");
      this.map.near(key);
      byId("content").scrollTop = 0;
    }

    show(view) {
      this.view = view;
      this.draw();
      if (view === "map") this.map.all();
      else if (view === "stop") this.map.near(this.key);
    }

    // ---- drawn

    draw() {
      document.body.dataset.view = this.route ? this.view : "none";
      this.drawHead();
      this.drawBanner();
      if (!this.route) return this.drawNothing();
      const standings = this.standings();
      const states = new Map([...standings].map(([key, { state }]) => [key, state]));
      this.map.show(states, this.key);
      this.drawStop(standings);
      byId("list").replaceChildren(...this.stops.map((stop, n) => this.row(stop, n, standings.get(stop.key))));
      for (const button of document.querySelectorAll("nav [data-view]"))
        button.setAttribute("aria-pressed", String(button.dataset.view === this.view));
    }

    drawHead() {
      const { t, number } = everycell;
      const done = [...this.standings().values()].filter(everycell.isDone).length;
      byId("team").textContent = this.route?.team ?? "";
      byId("count").textContent = this.route ? `${number(done)} / ${number(this.stops.length)}` : "";
      const share = this.stops.length ? done / this.stops.length : 0;
      byId("bar").style.transform = `scaleX(${share})`;
      const offline = !navigator.onLine || this.sending.state === "offline";
      byId("day").textContent = offline ? t("No network") : (this.route?.on ?? "");
      byId("day").classList.toggle("offline", offline);
      const sync = byId("sync");
      sync.dataset.state = this.waiting ? "waiting" : "sent";
      sync.textContent = this.waiting
        ? t("{number} not yet sent", { number: number(this.waiting) })
        : this.ticks.length
          ? t("All sent")
          : t("Ready");
    }

    drawBanner() {
      const { t } = everycell;
      const told = [];
      if (this.over && this.route)
        told.push(
          this.waiting
            ? t("This link is over. Ticks are kept here; ask the leader for a new link, which sends them.")
            : t("This link is over. Ask the leader for a new one."),
        );
      if (this.sending.state === "busy") told.push(t("The service has trouble. Ticks are kept here and sent later."));
      if (!this.store.lasting) told.push(t("This browser keeps nothing: leave the page open until all is sent."));
      else if (!("serviceWorker" in navigator))
        told.push(t("Without https this page does not open without a network. Leave it open; ticks are kept."));
      byId("banner").replaceChildren(...told.map((text) => h("p", {}, text)), ...this.lost());
    }

    // Ticks that the service has refused, at stops that the route has no more: nothing else would show them.
    lost() {
      const { t, number } = everycell;
      const keys = new Set(this.stops.map(({ key }) => key));
      const lost = this.ticks.filter(
        ({ state, patrol, body }) => state === "refused" && patrol === this.patrol && !keys.has(body.stop),
      );
      if (!lost.length) return [];
      const text = t("{number} ticks were not taken: their stops are no longer in this route.", {
        number: number(lost.length),
      });
      const read = async () => {
        await this.store.drop(lost.map(({ id }) => id));
        await this.refresh();
      };
      return [h("p", {}, h("span", {}, text), h("button", { type: "button", onclick: read }, t("OK")))];
    }

    drawNothing() {
      const { t, number } = everycell;
      const left = this.waiting
        ? t("{number} ticks are kept here. A new link of the same team sends them.", { number: number(this.waiting) })
        : null;
      const title = this.over ? t("This link is over.") : this.asked ? t("Loading …") : t("No network");
      const told = this.over
        ? t("Ask the leader of the patrol for a new one.")
        : this.asked
          ? null
          : t("The route has not been loaded on this device yet. Open the link where there is a network.");
      byId("nothing").replaceChildren(
        h("h1", {}, title),
        ...[told, left].filter(Boolean).map((text) => h("p", {}, text)),
        ...(this.asked || this.over
          ? []
          : [h("button", { type: "button", onclick: () => this.ask() }, t("Try again"))]),
      );
    }

    drawStop(standings) {
      const { t } = everycell;
      const n = this.stops.findIndex(({ key }) => key === this.key);
      const stop = this.stops[n];
      if (!stop) {
        byId("stop").replaceChildren(h("p", { class: "empty" }, t("This team has no stop.")));
        byId("buttons").replaceChildren();
        return;
      }
      const standing = standings.get(stop.key);
      const tick = (outcome, more) => this.tick(outcome, more);
      const focused = document.activeElement?.closest?.("[data-unit]")?.dataset.unit;
      byId("stop").replaceChildren(everycell.stopCard(stop, n, standing, this.route.legs?.[n], tick));
      byId("buttons").replaceChildren(...everycell.stopButtons(stop, standing, tick));
      if (focused)
        byId("stop")
          .querySelector(`[data-unit="${CSS.escape(focused)}"] button`)
          ?.focus();
      byId("before").disabled = n === 0;
      byId("after").disabled = n === this.stops.length - 1;
    }

    row(stop, n, standing) {
      const { t } = everycell;
      const state = standing.state === "open" ? everycell.whyIn(stop) : everycell.stateWord(standing.state);
      const marks = standing.waiting
        ? ` · ${t("not yet sent")}`
        : standing.refused === null
          ? ""
          : ` · ${t("not taken")}`;
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: stop.key === this.key ? "next" : "", onclick: () => this.choose(stop.key) },
          h("b", { class: `badge ${stop.kind} ${standing.state}` }, h("span", {}, String(n + 1))),
          h("span", {}, everycell.whereIs(stop), h("small", {}, state + marks)),
          h("time", {}, stop.arrive_at ?? ""),
        ),
      );
    }

    say(text, action = null) {
      const toast = h("div", { class: "toast" }, h("span", {}, text), action);
      byId("toast").replaceChildren(toast);
      clearTimeout(this.toasted);
      this.toasted = setTimeout(() => toast.remove(), TOAST_MS);
    }
  }

  const listen = (patrol) => {
    for (const button of document.querySelectorAll("nav [data-view]"))
      button.addEventListener("click", () =>
        patrol.show(button.dataset.view === patrol.view ? "stop" : button.dataset.view),
      );
    byId("before").addEventListener("click", () => patrol.step(-1));
    byId("after").addEventListener("click", () => patrol.step(1));
    byId("sync").addEventListener("click", () => {
      patrol.asked = 0;
      patrol.ask();
      patrol.sending.go({ all: true });
    });
    byId("other").addEventListener("click", () => {
      everycell.memory.set("lang", wantedLanguage() === "en" ? "zh" : "en");
      location.assign(location.pathname);
    });
    const awake = () => {
      if (document.visibilityState === "hidden") patrol.sending.go({ all: true });
      else patrol.ask().then(() => patrol.sending.go());
    };
    document.addEventListener("visibilitychange", awake);
    addEventListener("online", () => {
      patrol.asked = 0;
      awake();
    });
    addEventListener("offline", () => patrol.draw());
    setInterval(() => document.visibilityState === "visible" && patrol.ask(), AGAIN_MS);
  };

  const words = () => {
    const lang = wantedLanguage();
    if (lang === "en") byId("messages").textContent = "{}";
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
    everycell.open();
    const { t } = everycell;
    document.title = t("Patrol");
    const told = {
      before: t("Stop before"),
      after: t("Next stop"),
      other: lang === "en" ? "中 · 中文" : "EN · English",
    };
    for (const [id, word] of Object.entries(told)) byId(id).setAttribute("aria-label", word);
    byId("other").textContent = lang === "en" ? "中" : "EN";
    byId("show-list").textContent = t("List");
    byId("show-map").textContent = t("Map");
  };

  everycell.startPatrol = async () => {
    words();
    const patrol = new Patrol(await everycell.PatrolStore.open());
    everycell.patrol = patrol;
    listen(patrol);
    navigator.storage?.persist?.().catch(() => {});
    await patrol.open();
    document.documentElement.dataset.ready = "yes";
  };
}
