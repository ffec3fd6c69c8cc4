"use strict";
// The page of patrols: puts what is proposed, the teams, the plan and the map together.
{
  const { h, t, number, byId } = everycell;
  const PARTS = ["prepare", "team", "plan"];
  const OLD_MS = 5 * 60000; // what was fetched longer ago may not be so any more
  const LOOK_MS = 30000;
  const BEFORE = 366; // days that are looked back at
  const AHEAD = 60; // days that are planned ahead
  const MOST = 1000; // stops of one plan, as the service has it

  // Processor time for the search, in seconds: few stops are soon put in order, and whoever asked waits for it.
  const limitFor = (stops) => Math.min(10, 1 + stops / 40);

  class PatrolDesk {
    constructor(map) {
      Object.assign(this, {
        map,
        config: everycell.config,
        area: "",
        part: "prepare",
        stale: false,
        fetchedAt: Date.now(),
      });
      this.source = new everycell.PatrolSource(this.config.api, { csrf: this.config.csrf, onover: () => this._over() });
    }

    async open() {
      const { source } = this;
      const { cells, divisions } = await source.grid();
      this.areas = new everycell.Figures(cells, divisions);
      this.areas.take([]);
      this.stage = new everycell.PatrolStage(this, cells, divisions);
      this._restore();
      this._panel();
      this.legend();
      if (!this.stage.view.recall()) this.stage.fit(this.area, false);
      this._listen();
      const asked = everycell.address.read();
      if (asked.plan) this.openPlan(asked.plan);
      await this.load();
      document.documentElement.dataset.ready = "yes";
    }

    // --- the panel ----------------------------------------------------------------------------------------------

    // Where the address tells nothing: today, and all that the account may plan, or the first of its areas.
    _restore() {
      const asked = everycell.address.read();
      const { top } = this.areas;
      const own = this.config.rights.patrols?.[0] ?? "";
      this.area = asked.area ?? (everycell.may("patrols", top) ? "" : own);
      const day = everycell.day(this.config.today);
      [this.first, this.last] = [everycell.isoDay(day - BEFORE), everycell.isoDay(day + AHEAD)];
      this.on = asked.on >= this.first && asked.on <= this.last ? asked.on : this.config.today;
    }

    _panel() {
      const { source } = this;
      const changed = () => this._chosen();
      this.where = byId("where");
      this.where.addEventListener("submit", (event) => event.preventDefault());
      this.where.elements.inside.addEventListener(
        "change",
        ({ target }) => target.value && this.select(target.value, true),
      );
      this.day = everycell.dayField({
        name: "on",
        label: t("Day"),
        value: this.on,
        min: this.first,
        max: this.last,
        oninput: () => this._dayTyped(),
      });
      byId("day").replaceWith(this.day);
      this.choice = new everycell.StopChoice(byId("choice"), byId("stops-told"), changed, () => this.load());
      this.windows = new everycell.StopWindows(changed);
      this.minutes = new everycell.StopMinutes(byId("minutes-body"), changed);
      this.places = new everycell.AddedPlaces(byId("places"), {
        onchange: changed,
        ongo: (stop) => this.stage.open(stop),
      });
      this.teams = new everycell.Teams(byId("teams"), this, changed);
      this.form = new everycell.TeamForm(byId("team"), this);
      this.list = new everycell.PlanList(byId("plans"), byId("plans-list"), this);
      this.plan = new everycell.PlanView(this);
      this.sweep = new everycell.SweepView(byId("sweep"), byId("sweep-body"), this);
      this.search = new everycell.Search(byId("search"), source, (feature) => this.stage.found(feature));
      byId("add-team").addEventListener("click", () => this.editTeam(null));
      byId("go").addEventListener("click", () => this.go());
      this.stage.proposals.chosen = (stop) => stop.kind === "place" || this.choice.has(stop);
      this._showArea();
    }

    /** The code of the area that is asked for; "" where none is chosen and nothing holds all. */
    get areaAsked() {
      return this.area || this.areas.top;
    }

    /** The days since 1970 of today, for cards. */
    get today() {
      return everycell.day(this.config.today);
    }

    _part(name) {
      this.part = name;
      for (const part of PARTS) byId(part).hidden = part !== name;
      this.map
        .getContainer()
        .classList.toggle("placing", name === "team" || (this.stage.sweeping && this.sweep.placing));
      this.legend();
      this.repaint();
    }

    /** The legend of what the map shows. */
    legend() {
      const plan = this.part === "plan" ? this.plan?.plan : null;
      if (plan?.status === "planned") everycell.patrolLegend(byId("legend-body"), plan, this.plan.colours);
      else if (this.stage.sweeping) everycell.sweepLegend(byId("legend-body"), this.sweep);
      else everycell.patrolLegend(byId("legend-body"), null);
    }

    repaint() {
      this.stage.repaint();
    }

    _showArea() {
      const here = this.areaAsked;
      everycell.showCrumbs(byId("crumbs"), this.areas.chain(here), (code) => this.select(code, true));
      const inside = this.areas.inside(here);
      const select = this.where.elements.inside;
      const options = [{ code: "", name: inside.length ? t("All of it") : "–" }, ...inside];
      select.replaceChildren(...options.map(({ code, name }) => h("option", { value: code }, name)));
      select.disabled = !inside.length;
    }

    _dayTyped() {
      const { value, validity } = this.day.input;
      if (!validity.valid || value === this.on) return;
      this.on = value;
      everycell.address.write({ on: this.on === this.config.today ? null : this.on });
      this.load();
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.map.closePopup();
      this.area = code;
      if (!this.sweep.polygon) this.sweep.clear();
      everycell.address.write({ area: code });
      this._showArea();
      if (go) this.stage.fit(code);
      this.load();
    }

    // --- what is proposed ---------------------------------------------------------------------------------------

    /** Read anew: teams, plans and the stops of the area and day. */
    async load() {
      this.asked?.abort();
      this.asked = new AbortController();
      this.barred = this._barredWords();
      this.choice.clear();
      if (this.barred) {
        this.choice.end();
        return this._chosen();
      }
      const { signal } = this.asked;
      const reads = [this._read(signal), this.teams.load(), this.list.load()];
      const results = await Promise.allSettled(reads);
      if (signal.aborted) return;
      const failed = results.find(({ status }) => status === "rejected");
      if (failed) this.failed(failed.reason);
      this.read();
    }

    _barredWords() {
      const area = this.areaAsked;
      if (!area) return t("Choose an area.");
      return everycell.may("patrols", area) ? "" : t("Patrols of this area are not shown for this account.");
    }

    async _read(signal) {
      try {
        if (this.on < this.config.today) return;
        const ontotals = (totals) => (this.choice.totals = totals);
        const { again } = this.choice;
        for await (const batch of this.source.stops(this.areaAsked, this.on, { signal, again, ontotals })) {
          if (signal.aborted) return;
          this.choice.add(batch);
          this._chosen();
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        if (!signal.aborted) this.choice.end();
        this._chosen();
      }
    }

    /** Something failed that is no fault of a form. */
    failed(error) {
      if (!this.over) everycell.notice(everycell.reason(error), "bad");
    }

    // Another choice of stops, places, teams or minutes.
    _chosen() {
      if (!this.plan) return;
      this.stage.proposals.stops = [...this.places.stops, ...this.choice.stops];
      const fault = this._fault();
      byId("go").disabled = Boolean(fault);
      byId("go-told").textContent = fault || this._going();
      this.repaint();
    }

    // How many stops a plan would have.
    get _stops() {
      return this.choice.taken.size + this.places.list.length;
    }

    _going() {
      return t("{stops} stops, {teams} teams", { stops: number(this._stops), teams: number(this.teams.chosen.length) });
    }

    // Why it cannot be planned now; "" where it can.
    _fault() {
      const stops = this._stops;
      const { twice } = this.teams;
      if (this.barred) return this.barred;
      if (this.on < this.config.today) return t("This day is over: its plans can be looked at.");
      if (this.choice.loading) return t("Loading…");
      if (!stops) return t("Choose stops, or add a place on the map.");
      if (stops > MOST)
        return t("A plan has at most {most} stops, not {stops}: take fewer.", {
          most: number(MOST),
          stops: number(stops),
        });
      if (!this.teams.chosen.length) return t("Choose a team, or add one.");
      if (twice) return t("Two of the teams are called {team}: leave one out.", { team: twice });
      const half = this.windows.half(this.choice);
      return half ? t("{kind}: a time window has two times.", { kind: half }) : this.minutes.fault;
    }

    // --- teams --------------------------------------------------------------------------------------------------

    /** Open the form of a team; null: of a new one. */
    editTeam(team) {
      this.map.closePopup();
      this._part("team");
      this.form.begin(team);
      this.repaint();
    }

    endTeam() {
      this.form.close();
      this._part("prepare");
    }

    // --- plans --------------------------------------------------------------------------------------------------

    /** Ask for a plan of what is chosen. */
    go() {
      if (this.part !== "prepare" || byId("go").disabled) return;
      this._ask({
        id: everycell.uuid(),
        area: this.areaAsked,
        on: this.on,
        teams: this.teams.chosen,
        stops: { ...this.choice.wish, picked: this.places.wish },
        minutes: this.minutes.minutes,
        needs: this.minutes.needs,
        windows: [...this.minutes.wishedWindows, ...this.windows.wish(this.choice)],
        aim: document.querySelector("#aim [name=aim]:checked").value,
        limit_s: limitFor(this._stops),
      });
    }

    // Asked for again by the same id, where the answer was lost, it is still one plan.
    async _ask(request) {
      byId("go").disabled = true;
      try {
        const plan = await this.source.begin(request);
        this.places.clear();
        this.openPlan(plan.id, plan);
      } catch (error) {
        const lost = !error.status || error.status >= 500;
        const again = h("button", { type: "button" }, t("Send again"));
        again.addEventListener("click", () => {
          again.closest(".notice").remove();
          this._ask(request);
        });
        if (!this.over) everycell.notice(`${t("Not planned.")} ${everycell.reason(error)}`, "bad", lost ? again : null);
      }
      this._chosen();
    }

    /** Open a plan. */
    openPlan(id, plan = null) {
      this.map.closePopup();
      this._part("plan");
      everycell.address.write({ plan: id });
      this.plan.begin(id, plan);
      byId("plan").focus({ preventScroll: true });
    }

    /** Back to where one came from. */
    back() {
      this.map.closePopup();
      if (this.part === "team") this.endTeam();
      else if (this.part === "plan") {
        this.plan.end();
        everycell.address.write({ plan: null });
        this._part("prepare");
        this.load();
      }
    }

    undo() {
      if (this.part === "plan") this.plan.undo();
    }

    _listen() {
      this.stage.listen();
      addEventListener("hashchange", () => location.reload());
      everycell.patrolKeys(this);
      setInterval(() => this.showTime(), LOOK_MS);
    }

    // --- time ---------------------------------------------------------------------------------------------------

    /** Something was read just now. */
    read() {
      Object.assign(this, { fetchedAt: Date.now(), stale: false });
      this.showTime();
    }

    showTime() {
      const old = this.stale || this.over || Date.now() - this.fetchedAt > OLD_MS;
      this.stage.view.showTime(this.on, this.fetchedAt, old);
    }

    // The session is over: whatever is asked from now on would be refused.
    _over() {
      this.over = true;
      everycell.sayOver();
    }
  }

  /** Called by the page when its map is made. */
  everycell.startPatrol = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    byId("legend").open = innerWidth >= 720;
    everycell.page = new PatrolDesk(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      if (everycell.page.over) return; // said already, with what to do
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
