"use strict";
// A plan in the panel: its head, what can be done with it, its lists and tables.
{
  const { h, t, number, byId } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const WARNINGS = {
    shift: N("{minutes} min longer than the shift"),
    window: N("A time window is missed by {minutes} min"),
    pause: N("A break is missed by {minutes} min"),
    skills: N("A stop wants what the team cannot do"),
    team: N("A stop is kept for another team"),
    no_way: N("There is no way to one of its stops: it is left out"),
  };

  /** `desk` is the page. */
  everycell.PlanView = class {
    constructor(desk) {
      Object.assign(this, { desk, plan: null, chosen: null, colours: new Map(), late: null });
      this.changes = new everycell.PlanChanges(this);
      this.lists = new everycell.PlanLists(byId("routes-panel"), byId("left-panel"), this);
      this.drag = new everycell.StopDrag(byId("planned"), (...where) => this._dropped(...where));
      this.progress = new everycell.PlanProgress(() => this._giveUp());
      this.watch = new everycell.PlanWatch(desk.source, {
        onplan: (plan, before) => this._news(plan, before),
        onlook: () => desk.read(),
        onerror: (error) => this._lost(error),
      });
      this.tabs = new everycell.TabList(byId("tabs"), (name) => name === "after" && this._report());
      byId("back").addEventListener("click", () => desk.back());
      const caughtUp = () => this.late && this._news(...this.late);
      byId("planned").addEventListener("dragend", caughtUp);
      document.addEventListener("menuclose", caughtUp);
    }

    get open() {
      return this.watch.id !== null;
    }

    /** Whether the plan may be changed: while its day is not over, by whoever has the right for its area. */
    get editable() {
      const { plan, desk } = this;
      return plan?.status === "planned" && plan.on >= desk.config.today && everycell.may("patrols", plan.area);
    }

    get focus() {
      return this.desk.stage.routes.focus;
    }

    /** Open a plan by its id; `plan` where it is known already. */
    begin(id, plan = null) {
      Object.assign(this, { plan: null, chosen: null, report: null, fitted: false, late: null });
      this.desk.stage.routes.focus = null;
      for (const name of ["progress", "planned"]) byId(name).hidden = true;
      byId("plan-title").textContent = t("Loading…");
      byId("plan-facts").textContent = "";
      byId("plan-notes").replaceChildren();
      this.watch.begin(id, plan);
      if (plan) this._take(plan);
    }

    end() {
      this.watch.end();
      this.progress.stop();
      Object.assign(this, { plan: null, late: null });
      this.desk.stage.routes.take(null, this.colours);
    }

    /** The plan as a change from here has made it. */
    changed(plan) {
      if (plan.id !== this.watch.id) return;
      this.watch.take(plan);
      this._take(plan);
    }

    /** Read the plan again. */
    async reload() {
      const { id } = this.watch;
      try {
        const plan = await this.desk.source.plan(id);
        this.changed(plan);
      } catch (error) {
        this._lost(error);
      }
    }

    // While a stop is dragged, or its menu is open, nothing is drawn anew under it.
    _news(plan, before) {
      if (this.drag.active || everycell.menuOpen()) {
        this.late = [plan, this.late?.[1] ?? before];
        return;
      }
      const other = before && before.status === plan.status && plan.version !== before.version;
      this._take(plan);
      if (other) everycell.notice(t("Somebody else has changed this plan; it is shown as it is now."));
    }

    _lost(error) {
      if (error.status === 404) {
        this.desk.back();
        everycell.notice(t("This plan is not there any more."), "bad");
      } else if (!this.plan) byId("plan-title").textContent = everycell.reason(error);
      this.desk.stale = true;
      this.desk.showTime();
    }

    _take(plan) {
      const { desk } = this;
      Object.assign(this, { plan, late: null });
      desk.read();
      this.colours = new Map(plan.teams.map(({ code }, index) => [code, everycell.stopSigns.teamColour(index)]));
      desk.stage.routes.take(plan, this.colours);
      if (!plan.stops.some(({ key }) => key === this.chosen)) this.chosen = null;
      this._head();
      const running = this.progress.show(plan);
      const planned = plan.status === "planned";
      byId("planned").hidden = !planned;
      if (planned) this._show();
      if (planned && !this.fitted) this._fit();
      if (running) byId("cancel").focus({ preventScroll: true });
      desk.legend();
      desk.repaint();
    }

    _fit() {
      this.fitted = true;
      const bounds = this.desk.stage.routes.bounds();
      if (bounds) this.desk.stage.view.zoom(bounds);
      if (this.plan.on < this.desk.config.today) this.tabs.show("after");
    }

    // --- what is shown ------------------------------------------------------------------------------------------

    _head() {
      const { plan, desk } = this;
      byId("plan-title").textContent = `${plan.on} · ${desk.areas.name(plan.area)}`;
      byId("plan-facts").textContent = plan.status === "planned" ? this._facts() : everycell.planState(plan.status);
      const again = plan.on >= desk.config.today ? () => desk.back() : null;
      const notes = [
        plan.straight ? h("p", { class: "note" }, t("No street data: estimated by straight lines × 1.4")) : null,
        everycell.planEnded(plan, again),
        ...this._fallen().map((text) => h("p", { class: "note late" }, text)),
      ];
      byId("plan-notes").replaceChildren(...notes.filter(Boolean));
    }

    _facts() {
      const { totals, aim } = this.plan;
      const inHouseholds = totals.households ? t("{number} households", { number: number(totals.households) }) : null;
      return [
        t("{planned} of {stops} stops", { planned: number(totals.planned), stops: number(totals.stops) }),
        inHouseholds,
        everycell.patrolName("aim", aim),
        totals.spread === null ? null : t("spread of hours {percent} %", { percent: Math.round(totals.spread * 100) }),
      ]
        .filter(Boolean)
        .join(" · ");
    }

    // Warnings of teams that the plan no longer has, or of the plan as a whole.
    _fallen() {
      const codes = new Set(this.plan.teams.map(({ code }) => code));
      return (this.plan.warnings ?? []).filter(({ team }) => !codes.has(team)).map((one) => this._warning(one));
    }

    _warning({ why, minutes }) {
      return WARNINGS[why] ? t(WARNINGS[why], { minutes: number(minutes ?? 0) }) : String(why);
    }

    /** Where a team's route no longer fits, in words. */
    warningsOf(code) {
      return (this.plan.warnings ?? []).filter(({ team }) => team === code).map((one) => this._warning(one));
    }

    _show() {
      const { plan } = this;
      const left = plan.stops.filter(({ team, position }) => !team || !position).length;
      this._buttons();
      everycell.teamTable(byId("team-table"), this);
      this.lists.show();
      byId("tab-left").querySelector("b").textContent = left ? number(left) : "";
      everycell.comparison(byId("compare-panel"), this, (aim) => this.changes.replan({ aim }));
      this._after();
    }

    _after() {
      everycell.afterwards(byId("after-panel"), this, this.report);
    }

    // Asked for when somebody looks at it: it counts households.
    async _report() {
      const { plan } = this;
      if (!plan || plan.status !== "planned") return;
      try {
        const report = await this.desk.source.report(plan.id);
        if (this.plan?.id !== plan.id) return;
        this.report = report;
        this._after();
      } catch (error) {
        everycell.notice(everycell.reason(error), "bad");
      }
    }

    _buttons() {
      const { changes, editable } = this;
      const button = (text, go, menu = false) => {
        const one = h(
          "button",
          { type: "button", "aria-haspopup": menu ? "menu" : null, "aria-expanded": menu ? "false" : null },
          text,
        );
        one.addEventListener("click", () => go(one));
        return one;
      };
      const undo = button(t("Undo"), () => changes.undo());
      undo.disabled = this.plan.version <= 1;
      const own = editable
        ? [
            button(t("Plan again…"), () => this._again()),
            undo,
            button(t("To phones…"), () => everycell.sendToPhones(this.desk.source, this.plan)),
          ]
        : [];
      const files = [
        button(t("Print ▼"), (one) => this._print(one), true),
        button(t("More ▼"), (one) => this._files(one), true),
      ];
      byId("does").replaceChildren(...own, ...files);
    }

    _print(button) {
      const { plan, desk } = this;
      const lang = document.documentElement.lang === "en" ? "en" : null;
      const sheet = (team, text) => ({ text, href: desk.source.fileOf(plan.id, "sheet", { team, lang }) });
      const teams = plan.teams.filter(({ route }) => route?.stops?.length);
      everycell.openMenu(button, [
        sheet(null, t("Sheets of all teams (PDF)")),
        ...teams.map(({ code }) => sheet(code, t("Sheet of team {team} (PDF)", { team: code }))),
      ]);
    }

    _files(button) {
      const { plan, desk } = this;
      const file = (f, text) => ({
        text,
        href: desk.source.fileOf(plan.id, "export", { f }),
        download: `patrol-${plan.on}.${f}`,
      });
      everycell.openMenu(button, [
        file("gpx", t("GPX, for devices")),
        file("geojson", t("GeoJSON, for maps")),
        file("csv", t("CSV, for tables")),
        this.editable ? { text: t("Give this plan up…"), danger: true, go: () => this._drop() } : null,
      ]);
    }

    // --- what is chosen -----------------------------------------------------------------------------------------

    stop(key) {
      return this.plan?.stops.find((stop) => stop.key === key) ?? null;
    }

    /** Point a stop out in the list and on the map, with its card. */
    choose(key) {
      const stop = this.stop(key);
      if (!stop) return;
      const { desk } = this;
      this.chosen = desk.stage.routes.chosen = key;
      const free = desk.map.getBounds().pad(-0.1);
      if (!free.contains([stop.lat, stop.lon]))
        desk.map.setView([stop.lat, stop.lon], desk.map.getZoom(), { animate: false });
      const card = everycell.stopCard(stop, {
        colour: this.colours.get(stop.team),
        areas: desk.areas,
        actions: this._actions(stop),
      });
      desk.stage.cards.show([stop.lat, stop.lon], card);
      this.lists.show();
      this.lists.reveal(key);
      desk.repaint();
    }

    /** The card was closed. */
    unchoose() {
      if (!this.chosen) return;
      this.chosen = this.desk.stage.routes.chosen = null;
      for (const row of document.querySelectorAll("#plan .chosen[data-stop]")) row.classList.remove("chosen");
      this.desk.repaint();
    }

    /** Let the route of one team stand out; again: all of them. */
    focusTeam(code) {
      const { routes, view } = this.desk.stage;
      routes.focus = routes.focus === code ? null : code;
      everycell.teamTable(byId("team-table"), this);
      const bounds = routes.bounds(routes.focus);
      if (bounds) view.zoom(bounds);
      this.desk.repaint();
    }

    // --- what is changed ----------------------------------------------------------------------------------------

    // What may be done with a stop: in its card and in its menu.
    _actions(stop) {
      if (!this.editable || stop.done) return [];
      const { changes } = this;
      if (stop.removed) return [{ text: t("Put back"), go: () => changes.restore(stop) }];
      return [
        { text: t("Move to team…"), go: () => this._move(stop) },
        { text: stop.pinned ? t("Unpin") : t("Pin"), go: () => changes.pin(stop) },
        { text: t("Take out"), go: () => changes.remove(stop) },
      ];
    }

    menuOf(stop, button) {
      const others = this.plan.teams.filter(({ code }) => code !== stop.team && !stop.removed && !stop.done);
      const quick = others
        .slice(0, 6)
        .map(({ code }) => ({ text: t("To team {team}", { team: code }), go: () => this.changes.move(stop, code) }));
      const actions = this._actions(stop);
      if (actions.length) everycell.openMenu(button, [...quick, ...actions]);
    }

    async _move(stop) {
      const teams = this.plan.teams.map(({ code }) => [code, t("Team {team}", { team: code })]);
      const most = Math.max(0, ...this.plan.teams.map(({ route }) => route?.stops?.length ?? 0)) + 1;
      const places = Array.from({ length: most }, (_, index) => [
        String(index + 1),
        t("as stop {number}", { number: index + 1 }),
      ]);
      const answer = await everycell.ask({
        title: t("Move to team…"),
        told: everycell.titleOfStop(stop),
        fields: [
          { name: "team", label: t("Team"), options: teams, value: stop.team ?? teams[0][0] },
          {
            name: "position",
            label: t("Place in its route"),
            options: [["", t("where it fits best")], ...places],
            value: "",
          },
        ],
        ok: t("Move"),
      });
      if (answer) await this.changes.move(stop, answer.team, this._within(answer, stop));
    }

    // A position beyond the end of a route is its end.
    _within({ team, position }, stop) {
      if (!position) return null;
      const route = this.plan.teams.find(({ code }) => code === team).route?.stops ?? [];
      const others = route.filter((key) => key !== stop.key).length;
      return Math.min(Number(position), others + 1);
    }

    /** Move a stop along its route by the keyboard. */
    moveBy(key, step) {
      const stop = this.stop(key);
      if (!this.editable || !stop?.team || stop.done) return;
      const length = this.plan.teams.find(({ code }) => code === stop.team).route.stops.length;
      const position = stop.position + step;
      if (position >= 1 && position <= length) this.changes.move(stop, stop.team, position);
    }

    _dropped(key, team, position) {
      const stop = this.stop(key);
      if (!stop || stop.done) return;
      if (!team) {
        if (!stop.removed && stop.team) this.changes.remove(stop);
      } else if (stop.team !== team || stop.position !== position) this._toTeam(stop, team, position);
    }

    async _toTeam(stop, team, position) {
      if (stop.removed && !(await this.changes.restore(stop))) return;
      await this.changes.move(stop, team, position);
    }

    /** Add a place of the map: {lon, lat, minutes, tier}. */
    add(place) {
      this.desk.map.closePopup();
      this.changes.add(place);
    }

    undo() {
      if (this.editable && this.plan.version > 1) this.changes.undo();
    }

    async _again() {
      const today = this.plan.on === this.desk.config.today;
      const from = [["", t("the whole plan")]];
      if (today) from.push(["now", t("what is left, from now on")]);
      const answer = await everycell.ask({
        title: t("Plan again"),
        told: t("Pinned stops stay with their team, done ones as they are; all others may change."),
        fields: [
          { name: "aim", label: t("Routes are made for"), options: everycell.config.lists.aim, value: this.plan.aim },
          { name: "from", label: t("Planned is"), options: from, value: "" },
        ],
        ok: t("Plan again"),
      });
      if (answer) await this.changes.replan({ aim: answer.aim, from: answer.from || null });
    }

    async _drop() {
      const told = t("It stays in the list as cancelled; links of phones end.");
      if (await everycell.ask({ title: t("Give this plan up?"), told, ok: t("Give up"), danger: true }))
        await this._giveUp();
    }

    async _giveUp() {
      try {
        await this.desk.source.giveUp(this.watch.id);
        await this.reload();
      } catch (error) {
        everycell.notice(everycell.reason(error), "bad");
      }
    }
  };
}
