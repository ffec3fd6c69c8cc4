"use strict";
// The page of heat: puts the surface, the outlines, the periods, the panel and the list of hot cells together.
{
  const { t, byId } = everycell;
  const { LEVELS, lang } = everycell.periods;

  class HeatMap {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config, turns: {}, placed: false });
      Object.assign(this, { verdicts: null, heat: null, release: null, numbers: new Map() });
      this.freshness = new everycell.Freshness({
        ask: () => this._news(),
        again: () => this._again(),
        onstale: () => this.timeline?.stop(),
      });
      const { api, csrf } = this.config;
      this.source = new everycell.HeatSource(api, { csrf, onover: () => this.freshness.end() });
    }

    async open() {
      const { source } = this;
      this.view = new everycell.HeatView(this);
      const [{ cells, divisions }, periods] = await Promise.all([source.grid(), source.periods()]);
      this.names = new everycell.Figures(cells, divisions);
      this.names.take([]); // of visits there are none here
      this.published = this._published(periods);
      this.area = everycell.address.read().area ?? "";
      if (!this.config.base_map) everycell.streets(this.map, source);
      this.drawing = new everycell.HeatDrawing(this, cells, divisions);
      this._tools();
      const told = this.view.restore();
      this.view.remember();
      await this._begin();
      if (!told) this.view.fit(this.area, false); // the legend is as large now as it will be
      this.placed = true;
      if (!this.published.empty) this._showHeat();
      this._listen();
      document.documentElement.dataset.ready = "yes";
    }

    _published(answer) {
      return new everycell.Published(answer, this.config.rights.figures);
    }

    /** The period that the slider shows. */
    get period() {
      return this.timeline.step;
    }

    categoryName(code) {
      return this.config.case_categories.find((one) => one.code === code)?.name ?? code;
    }

    /** An area by its name, a cell with that of its village; `name` is for those that are not on today's grid. */
    nameOf(code, name = "") {
      const own = this.names.name(code);
      const called = own === code && name ? name : own;
      if (code.length < everycell.CELL_DIGITS) return called;
      return `${this.names.names.get(code.slice(0, 12)) ?? code.slice(9, 12)} ${called}`;
    }

    /** The published number of an area of the outlines: undefined without data, null where it is withheld. */
    numberOf(code) {
      return everycell.numberOf(this.numbers.get(code), this.controls.category);
    }

    _tools() {
      const { case_categories: categories } = this.config;
      this.tiles = new everycell.HeatTiles(this.map, {
        address: (question) => this.source.heatTiles(question),
        onerror: (address) => this._tileFailed(address),
      });
      this.controls = new everycell.HeatControls({ categories, onchange: (what) => this._changed(what) });
      const parts = { play: "play", back: "back", on: "on", range: "month", name: "month-name" };
      this.timeline = new everycell.Timeline(
        Object.fromEntries(Object.entries(parts).map(([part, id]) => [part, byId(id)])),
        { onchange: () => this._toStep(), onplay: (next) => this._ahead(next) },
      );
      this.panel = new everycell.HeatPanel(this);
      this.list = new everycell.HotCells(byId("hot"), {
        name: (code, { name }) => this.nameOf(code, name),
        onpick: (code) => this.select(code, true),
      });
      this.search = new everycell.Search(byId("search"), this.source, (feature) => this._found(feature));
      this.timeline.take(this.published.steps(), everycell.address.read().period);
    }

    // --- what is shown ------------------------------------------------------------------------------------------

    async _begin() {
      document.body.classList.toggle("unpublished", this.published.empty);
      byId("weight").disabled = !this.published.steps().every(everycell.periods.isMonth);
      this.drawing.showBorders();
      if (!this.published.empty) {
        await this._toStep();
        return;
      }
      this.panel.sayEmpty();
      this.view.explain();
      this.view.showTime();
      this.drawing.repaint();
    }

    /** Another period. Resolves when it is seen. */
    _toStep() {
      const newest = this.period === this.published.steps().at(-1);
      everycell.address.write({ period: newest ? null : this.period });
      return Promise.all([this._showHeat(), this._showNumbers(), this._showVerdicts(), this._showPanel()]);
    }

    _changed(what) {
      if (what === "outlines" || what === "layer") this.drawing.showBorders();
      if (what === "category") this._showPanel();
      if (what === "category" || what === "layer") this._showVerdicts();
      if (what !== "outlines") this._showHeat();
      this._showNumbers();
    }

    /** What tells the surface of a period from others, as the service is asked for it. */
    _question(period = this.period) {
      const { category, mode, weight } = this.controls;
      return { period, category, mode, half_life: weight === "none" ? weight : "" };
    }

    _showHeat() {
      if (this.controls.layer !== "heat") {
        this.tiles.hide();
        return Promise.resolve();
      }
      const question = this._question();
      const asked = this._latest("heat", this.source.heat(question), (answer) => {
        const band = (one) => ({ ...one, polygons: everycell.shapes.ringsOf(one.geometry) });
        this.heat = answer && { ...answer, bands: answer.features.map(band) };
        this.view.explain();
        this.view.showTime();
      });
      // Tiles are for a view, and there is none before all else is known.
      return Promise.all([asked, this.placed && this.tiles.show(JSON.stringify(question), question)]);
    }

    _ahead(step) {
      if (this.controls.layer !== "heat") return;
      const question = this._question(step);
      this.source.heat(question).catch(() => {}); // asked for again, and told, when it is its turn
      this.tiles.ahead(JSON.stringify(question), question);
    }

    _showNumbers() {
      const { level } = this.controls;
      const release = level ? this.published.of(level, this.period) : null;
      const asked = release ? this.source.counts({ level, period: release.period }) : Promise.resolve(null);
      return this._latest("numbers", asked, (answer) => {
        this.release = release;
        this.numbers = new Map((answer?.areas ?? []).map((row) => [row.code, row]));
        this.view.explain();
        this.drawing.repaint();
      });
    }

    _showVerdicts() {
      const judged = this.published.judged(this.period);
      const { category } = this.controls;
      const asked = judged ? this.source.hotspots({ period: judged.period, category }) : Promise.resolve(null);
      return this._latest("verdicts", asked, (answer) => {
        this.verdicts = answer && this._judged(answer);
        this._listHot();
        this.view.explain();
        this.view.showTime();
        this.drawing.repaint();
      });
    }

    _judged(answer) {
      const rates = everycell.heatLooks.rateClasses(answer.features.map(({ properties }) => properties.rate_smoothed));
      const words = answer.words[lang()];
      const claim = words.charAt(0).toUpperCase() + words.slice(1);
      return { ...answer, claim, rates, shapes: new everycell.AreaShapes(answer.features) };
    }

    _listHot() {
      const count = byId("tab-hot").querySelector("b");
      count.textContent = "";
      if (this.verdicts) {
        count.textContent = String(this.list.show(this.verdicts, this.panel.area));
        return;
      }
      const often = this.published.often("cell");
      this.list.say(
        t("Hot cells are told from figures of cells, which are published {often}; there are none yet.", { often }),
      );
    }

    _showPanel() {
      return this._latest("panel", this.panel.fetch(), (fetched) => this.panel.show(fetched));
    }

    // Only the newest answer of a kind counts; an older one that comes late is dropped.
    async _latest(kind, asked, use) {
      const turn = (this.turns[kind] = (this.turns[kind] ?? 0) + 1);
      let answer = null;
      try {
        answer = await asked;
      } catch (error) {
        if (turn === this.turns[kind]) this.freshness.missed(kind, error);
        return;
      }
      if (turn !== this.turns[kind]) return;
      use(answer);
      this.freshness.came(kind);
    }

    // --- whether it is the newest -------------------------------------------------------------------------------

    /** Something was published since: whoever looks at the newest period goes on to it. Whether there was. */
    async _news() {
      const published = this._published(await this.source.periods());
      if (published.version === this.published.version) return false;
      const { period } = this;
      const newest = this.published.empty || period === this.published.steps().at(-1);
      this.published = published;
      this.source.forget();
      this.timeline.take(published.steps(), newest ? null : period);
      await this._begin();
      return true;
    }

    // A picture does not say why it did not come; asked for once more, the service does. Until it is looked at again, by the
    // clock, nothing is asked for a second time.
    async _tileFailed(address) {
      if (this.freshness.over || this.freshness.failing.has("tiles") || this.probing) return;
      this.probing = true;
      try {
        await this.source.probe(address);
      } catch (error) {
        this.freshness.missed("tiles", error);
      } finally {
        this.probing = false;
      }
    }

    /** Ask again for what did not come. */
    _again() {
      this.tiles.again();
      this.freshness.came("tiles");
      return this.published.empty ? null : this._toStep();
    }

    // --- moving and pointing ------------------------------------------------------------------------------------

    _listen() {
      const { map, drawing } = this;
      map.on("click", ({ latlng }) => this._choose(drawing.at(latlng)));
      map.on("moveend", () => this.view.remember());
      map.on(
        "mousemove",
        everycell.eachFrame(({ latlng }) => drawing.point(latlng)),
      );
      map.on("mouseout", () => drawing.point(null));
      addEventListener("hashchange", () => location.reload());
      this.freshness.listen();
    }

    _choose(shape) {
      if (shape) this.select(shape.code);
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.area = code;
      everycell.address.write({ area: code });
      if (go) this.view.fit(code);
      this.drawing.repaint();
      if (this.published.empty) return this.panel.sayEmpty();
      this._listHot();
      return this._showPanel();
    }

    _found({ properties, geometry }) {
      const { kind, code } = properties;
      if (LEVELS.includes(kind)) {
        this.select(code, true);
        return;
      }
      const [lon, lat] = geometry.coordinates; // a door or a site: the cell it lies in
      this.view.goTo(lat, lon);
      this._choose(this.drawing.shapes.cell.at(L.latLng(lat, lon)));
    }
  }

  /** Called by the page when its map is made. */
  everycell.startHeat = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    byId("legend").open = innerWidth >= 720;
    everycell.page = new HeatMap(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      if (everycell.page.freshness.over) return; // said already, with what to do
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
