"use strict";
// The case desk: puts the lists, the card, the intake form and the map together.
{
  const { t, byId } = everycell;
  const PARTS = ["desk", "case", "intake"];
  const OLD_MS = 5 * 60000; // what was fetched longer ago may not be so any more
  const LOOK_MS = 30000;

  class CaseDesk {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config, chosen: null, shown: null, part: "desk", area: "" });
      this.source = new everycell.CaseSource(this.config.api, { csrf: this.config.csrf, onover: () => this._over() });
      this.take({ as_of: `${this.config.today}T12:00:00` });
    }

    async open() {
      const { source } = this;
      const ground = (this.ground = new everycell.DeskMap(this, this.map));
      const { cells, divisions } = await source.grid();
      this.areas = new everycell.Figures(cells, divisions);
      this.areas.take([]);
      ground.draw(cells, divisions);
      this._panel();
      const asked = this._asked();
      this.area = asked.area ?? "";
      this.filters.restore(asked);
      this._showArea();
      everycell.caseSigns.legend(byId("legend-body"));
      if (!ground.view.recall()) ground.fit(this.area, false);
      ground.listen();
      this._listen();
      await this.load();
      this.intake.restore();
      if (asked.case) await this.openCase(asked.case);
      document.documentElement.dataset.ready = "yes";
    }

    /** The service's clock, from the last answer on. */
    get now() {
      return this.asOf + Date.now() - this.fetchedAt;
    }

    take({ as_of: asOf }) {
      if (asOf) Object.assign(this, { asOf: new Date(asOf).getTime(), fetchedAt: Date.now() });
    }

    /** The area that is outlined on the map: a case without a point is shown by what is told of where it lies. */
    get outlined() {
      const one = this._chosenCase();
      return one && !one.place ? one.area : this.area;
    }

    _chosenCase() {
      const known = [this.shown, ...this.list.items].filter(Boolean);
      return this.chosen ? known.find(({ id }) => id === this.chosen) : null;
    }

    // --- the panel ----------------------------------------------------------------------------------------------

    _panel() {
      const { source } = this;
      this.filters = new everycell.DeskFilters(byId("filters"), {
        onchange: () => this.load(),
        onarea: (code) => this.select(code, true),
      });
      byId("refresh").addEventListener("click", () => this.load());
      byId("register").addEventListener("click", () => this.beginIntake());
      this.list = new everycell.PagedList({
        scroller: byId("list"),
        status: byId("list-count"),
        ask: (...question) => source.cases(...question),
        row: (one) => everycell.caseRow(this, one),
        told: everycell.listedWords,
        onlisted: () => this._listed(),
        onmove: (one) => this.choose(one.id),
      });
      this.revisits = new everycell.PagedList({
        scroller: byId("revisits"),
        status: byId("revisit-count"),
        ask: (...question) => source.revisits(...question),
        row: (one) => everycell.revisitRow(this, one),
        told: everycell.revisitsListed,
        onlisted: () => {},
      });
      this.card = new everycell.CaseCard(byId("case"), this);
      this.intake = new everycell.Intake(byId("intake"), this);
      this.search = new everycell.Search(byId("search"), source, (feature) => this._found(feature));
      this.tabs = new everycell.TabList(byId("tabs"), (name) => this._tab(name));
    }

    /** What the address asks for, after `?` or after `#`. */
    _asked() {
      return { ...Object.fromEntries(new URLSearchParams(location.search)), ...everycell.address.read() };
    }

    // Whether a case stands in the list that is shown.
    _lists(one) {
      return one.area.startsWith(this.area) && this.filters.fits(one);
    }

    /** List anew what is asked for. */
    async load() {
      Object.assign(this, { stale: true, lacking: false }); // stale are the revisits
      if (!byId("revisits-panel").hidden) this._tab("revisits");
      await this.list.load(this.filters.question, this.area || this.areas.top);
    }

    _tab(name) {
      if (name !== "revisits" || !this.stale) return;
      this.stale = false;
      this.revisits.load({}, this.area || this.areas.top);
    }

    _listed() {
      this.take({ as_of: this.list.asOf });
      this.list.asOf = null; // a row that is replaced is no news of the others
      this._points();
      this._showTime();
    }

    _points() {
      const others = this.list.items.filter(({ id }) => id !== this.shown?.id);
      this.ground.points.take([...others, this.shown].filter(Boolean), this.now);
      this.repaint();
    }

    _showTime() {
      const stale = Date.now() - this.fetchedAt > OLD_MS || this.over;
      this.ground.view.showTime(everycell.clock(this.asOf), this.fetchedAt, stale);
    }

    _showArea() {
      const here = this.area || this.areas.top;
      everycell.showCrumbs(byId("crumbs"), this.areas.chain(here), (code) => this.select(code, true));
      this.filters.offer(this.areas.inside(here));
    }

    /** Draw anew what lies on the map. */
    repaint() {
      this.ground.repaint();
    }

    /** Villages one may look at: [code, name]. */
    villages() {
      const codes = new Set([...this.areas.cells.keys()].map((code) => code.slice(0, 12)));
      return [...codes].sort().map((code) => [code, this.areas.name(code)]);
    }

    /** The cells of a village: [code, name]. */
    cellsOf(village) {
      const codes = [...this.areas.cells.keys()].filter((code) => code.startsWith(village)).sort();
      return codes.map((code) => [code, this.areas.name(code)]);
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.area = code;
      this.chosen = null;
      everycell.address.write({ area: code });
      this._showArea();
      this._part("desk");
      if (go) this.ground.fit(code);
      this.repaint();
      this.load();
    }

    // --- cases --------------------------------------------------------------------------------------------------

    _part(name) {
      this.part = name;
      for (const part of PARTS) byId(part).hidden = part !== name;
      this.ground.placing(name === "intake");
      if (name !== "case") {
        this.shown = null;
        this.card.close();
        everycell.address.write({ case: null });
      }
      if (name !== "desk") return;
      for (const list of [this.list, this.revisits]) list.rows.paint();
    }

    /** Point a case out on the map, without opening it. */
    choose(id) {
      this.chosen = id;
      const one = this._chosenCase();
      if (one?.place && !this.ground.view.shows(one.place.coordinates)) this.ground.show(one);
      this.list.rows.paint();
      this.repaint();
    }

    /** Open the card of a case, and show where it lies. */
    async openCase(id) {
      this.map.closePopup();
      this._part("case");
      this.chosen = id;
      everycell.address.write({ case: id });
      byId("case").focus({ preventScroll: true });
      await this.card.open(id);
      if (this.shown?.id === id) this.ground.show(this.shown);
    }

    /** A case as it is now: read, or (`anew`) changed from here. */
    changed(one, anew = false) {
      // One that comes into the list by its change is there when the list is looked at again.
      if (anew && this._lists(one) && !this.list.items.some(({ id }) => id === one.id)) this.lacking = true;
      if (this.card.id === one.id) this.shown = one;
      this.list.replace(({ id }) => id === one.id, this._lists(one) ? one : null);
      this.stale = true; // closing it makes revisits
      this.card.show(one);
      this._points();
    }

    /** A revisit was recorded. */
    revisited(id, seq) {
      this.revisits.replace((one) => one.dispute === id && one.seq === seq, null);
    }

    /** A case was registered. */
    async registered(id) {
      this.load();
      await this.openCase(id);
    }

    /** Back to the list, where it is not there. */
    back() {
      this.map.closePopup();
      const from = this.part;
      this._part("desk");
      const index = this.list.items.findIndex(({ id }) => id === this.chosen);
      if (from === "desk") this.choose(null);
      else if (index >= 0 && !byId("cases-panel").hidden) this.list.focus(index);
      if (this.lacking) this.load();
      this._points();
    }

    /** Begin to register a case. */
    beginIntake() {
      this.map.closePopup();
      this.chosen = null;
      this._part("intake");
      const covered = document.body.classList.contains("folded");
      document.body.classList.remove("folded");
      if (covered) this.ground.fit(this.area); // what is to be clicked on lies beside the panel
      this.intake.begin(this.area);
      this._points();
    }

    _listen() {
      addEventListener("hashchange", () => location.reload());
      everycell.deskKeys(this);
      setInterval(() => this._showTime(), LOOK_MS);
    }

    _found({ properties, geometry }) {
      const { kind, code, cell } = properties;
      if (["county", "town", "village", "cell"].includes(kind)) {
        if (this.intake.open && kind === "cell") this.intake.place.ofCell(code);
        else if (this.intake.open) this.ground.fit(code);
        else this.select(code, true);
      } else {
        this.ground.view.goTo(geometry.coordinates);
        if (cell && !this.intake.open) this.select(cell);
      }
    }

    // The session is over: whatever is asked from now on would be refused.
    _over() {
      this.over = true;
      everycell.sayOver();
    }
  }

  /** Called by the page when its map is made. */
  everycell.startDesk = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    byId("legend").open = innerWidth >= 720;
    everycell.page = new CaseDesk(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      if (everycell.page.over) return; // said already, with what to do
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
