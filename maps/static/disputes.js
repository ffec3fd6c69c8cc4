"use strict";
// The case desk: puts the lists, the card, the intake form and the map together.
{
  const { h, t, byId } = everycell;
  const PANES = { streets: 250, cells: 400, marks: 450 };
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
      this.view = new everycell.MapView(this.map, PANES, { between: true });
      const [cells, divisions] = await Promise.all([source.cells(), source.divisions()]);
      this.areas = new everycell.Figures(cells, divisions);
      this.areas.take([]);
      this._draw(cells, divisions);
      this._panel();
      const asked = this._asked();
      this._restore(asked);
      everycell.caseSigns.legend(byId("legend-body"));
      if (!this.view.recall()) this._fit(this.area, false);
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

    // --- what is on the map -------------------------------------------------------------------------------------

    _draw(cells, divisions) {
      const { map, source } = this;
      if (!this.config.base_map) everycell.streets(map, source);
      this.cells = new everycell.Cells(map, cells, { solid: 0, doors: false });
      this.borders = new everycell.Borders(divisions);
      this.points = new everycell.CasePoints(map);
      this.cards = new everycell.Cards(this);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._marks(...canvas) });
      this.repaint = everycell.eachFrame(() => this.marks.repaint());
      this.tip = L.tooltip({ direction: "top", offset: [0, -10], className: "cell-tip" });
    }

    _marks(context, toPoint, bounds) {
      const [zoom, taken, outlined] = [this.map.getZoom(), this.points.boxes(toPoint), this._outlined()];
      this.borders.draw(context, toPoint, zoom, outlined);
      this.cells.select(outlined);
      this.cells.drawSelection(context, toPoint);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      this.cells.drawLabels(context, toPoint, bounds, taken);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
      this.points.draw(context, toPoint, bounds, this.chosen);
      if (this.intake.open) this.intake.place.draw(context, toPoint);
    }

    // A case without a point is shown by what is told of where it lies.
    _outlined() {
      const one = this._chosenCase();
      return one && !one.place ? one.area : this.area;
    }

    _chosenCase() {
      const known = [this.shown, ...this.list.items].filter(Boolean);
      return this.chosen ? known.find(({ id }) => id === this.chosen) : null;
    }

    /** Show an area, or all of them, clear of everything that lies over the map. */
    _fit(code, animate = !everycell.still) {
      const areas = this.cells.areas(code);
      if (areas.length) this.view.zoom(areas, animate);
      else if (!code) {
        const [west, south, east, north] = this.config.bounds;
        this.view.zoom(L.latLngBounds([south, west], [north, east]), animate);
      }
    }

    /** Show the places of a cell to choose of. */
    showPlaces(choices) {
      if (choices.length) this._fit(choices[0].cell);
    }

    _showOnMap(one) {
      if (!one.place) this._fit(one.area);
      else {
        const { coordinates } = one.place;
        if (this.map.getZoom() < 14 || !this.view.shows(coordinates)) this.view.goTo(coordinates);
      }
    }

    // --- the panel ----------------------------------------------------------------------------------------------

    _panel() {
      const { source } = this;
      this.filters = byId("filters");
      this.filters.addEventListener("change", ({ target }) => this._filtered(target));
      this.filters.addEventListener("submit", (event) => event.preventDefault());
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

    _restore(asked) {
      const { elements } = this.filters;
      this.area = asked.area ?? "";
      if (asked.state) elements.state.value = asked.state === "all" ? "" : asked.state;
      for (const name of ["category", "level"]) elements[name].value = asked[name] ?? "";
      elements.overdue.checked = ["true", "yes"].includes(asked.overdue);
      for (const name of ["state", "category", "level"])
        if (elements[name].selectedIndex < 0) elements[name].selectedIndex = 0; // there is no such entry
      this._showArea();
    }

    _filtered({ name, value }) {
      if (name === "inside") {
        if (value) this.select(value, true);
        return;
      }
      const { state, category, level, overdue } = this.filters.elements;
      everycell.address.write({
        state: state.value === "open" ? null : state.value || "all",
        category: category.value,
        level: level.value,
        overdue: overdue.checked ? "true" : null,
      });
      this.load();
    }

    get _question() {
      const { state, category, level, overdue } = this.filters.elements;
      return {
        state: state.value,
        category: category.value,
        level: level.value,
        overdue: overdue.checked ? "true" : "",
      };
    }

    // Whether a case stands in a list of what is asked for.
    _fits(one) {
      const { state, category, level, overdue } = this._question;
      const inState = state === "open" ? !one.ended_at : !state || one.state === state;
      return (
        inState &&
        (!category || one.category === category) &&
        (!level || one.level === level) &&
        (!overdue || one.overdue) &&
        one.area.startsWith(this.area)
      );
    }

    /** List anew what is asked for. */
    async load() {
      Object.assign(this, { stale: true, lacking: false }); // stale are the revisits
      if (!byId("revisits-panel").hidden) this._tab("revisits");
      await this.list.load(this._question, this.area || this.areas.top);
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
      this.points.take([...others, this.shown].filter(Boolean), this.now);
      this.repaint();
    }

    _showTime() {
      this.view.showTime(everycell.clock(this.asOf), this.fetchedAt, Date.now() - this.fetchedAt > OLD_MS || this.over);
    }

    _showArea() {
      const here = this.area || this.areas.top;
      everycell.showCrumbs(byId("crumbs"), this.areas.chain(here), (code) => this.select(code, true));
      const inside = this.areas.inside(here);
      const select = this.filters.elements.inside;
      const first = inside.length ? t("All of it") : "–";
      const options = [{ code: "", name: first }, ...inside];
      select.replaceChildren(...options.map(({ code, name }) => h("option", { value: code }, name)));
      select.disabled = !inside.length;
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
      if (go) this._fit(code);
      this.repaint();
      this.load();
    }

    // --- cases --------------------------------------------------------------------------------------------------

    _part(name) {
      this.part = name;
      for (const part of PARTS) byId(part).hidden = part !== name;
      this.map.getContainer().classList.toggle("placing", name === "intake");
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
      if (one?.place && !this.view.shows(one.place.coordinates)) this._showOnMap(one);
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
      if (this.shown?.id === id) this._showOnMap(this.shown);
    }

    /** A case as it is now: read, or (`anew`) changed from here. */
    changed(one, anew = false) {
      // One that comes into the list by its change is there when the list is looked at again.
      if (anew && this._fits(one) && !this.list.items.some(({ id }) => id === one.id)) this.lacking = true;
      if (this.card.id === one.id) this.shown = one;
      this.list.replace(({ id }) => id === one.id, this._fits(one) ? one : null);
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
      if (covered) this._fit(this.area); // what is to be clicked on lies beside the panel
      this.intake.begin(this.area);
      this._points();
    }

    // --- moving and pointing ------------------------------------------------------------------------------------

    _listen() {
      const { map } = this;
      this.marks.addTo(map);
      map.on("click", ({ latlng }) => this._click(latlng));
      map.on("moveend", () => this.view.remember());
      map.on(
        "mousemove",
        everycell.eachFrame(({ latlng }) => this._point(latlng)),
      );
      map.on("mouseout", () => this.tip.remove());
      addEventListener("hashchange", () => location.reload());
      everycell.deskKeys(this);
      setInterval(() => this._showTime(), LOOK_MS);
    }

    _click(latLng) {
      if (this.intake.open) {
        if (!this.intake.place.pick(latLng)) this.intake.place.at(latLng);
        return;
      }
      const group = this.points.at(latLng);
      if (group?.cases.length === 1) this.openCase(group.cases[0].id);
      else if (group) this._offer(group);
      else {
        const cell = this.cells.at(latLng);
        if (cell) this.select(cell);
      }
    }

    // Several cases at one point: a list to choose of.
    _offer({ place: [lon, lat], cases }) {
      const rows = cases.map((one) => h("div", { class: "case-row" }, everycell.caseRow(this, one)));
      const title = t("Listed at this point: {number}", { number: everycell.number(cases.length) });
      this.cards.show([lat, lon], h("div", { class: "several" }, h("h3", {}, title), rows));
    }

    _point(latLng) {
      const group = this.intake.open ? null : this.points.at(latLng);
      this.map.getContainer().classList.toggle("over-door", Boolean(group));
      if (!group) {
        this.tip.remove();
        return;
      }
      const [one] = group.cases;
      const words =
        group.cases.length > 1
          ? [t("Listed at this point: {number}", { number: everycell.number(group.cases.length) })]
          : [everycell.nameOf("category", one.category), everycell.dueWords(one, this.now)];
      const [title, second] = words;
      this.tip.setContent(h("div", {}, h("b", {}, title), second ? h("span", {}, second) : null));
      this.tip.setLatLng([group.place[1], group.place[0]]).openOn(this.map);
    }

    _found({ properties, geometry }) {
      const { kind, code, cell } = properties;
      if (["county", "town", "village", "cell"].includes(kind)) {
        if (this.intake.open && kind === "cell") this.intake.place.ofCell(code);
        else if (this.intake.open) this._fit(code);
        else this.select(code, true);
      } else {
        this.view.goTo(geometry.coordinates);
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
