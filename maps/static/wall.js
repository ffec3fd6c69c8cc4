"use strict";
// The wall: puts the scenes, their rotation, the drill-down, the readings and the events together.
{
  const { t, byId } = everycell;
  const TICK_MS = 1000;
  const MAP_BODY = 11.5; // the smallest that the map writes is as large as the page's text
  const ALARMS_MS = 1500; // they are not waited for any longer
  const AGAIN_MS = 3000;
  const POLL_S = 20; // without events
  const SLEPT_MS = 5000;
  const QUARTER_MS = 15 * 60 * 1000; // so often the service looks at what is over
  // So many characters across at least: the panel, the map and the alarms side by side; without the alarms; a few figures.
  const ROOMS = [
    [56, "near"],
    [40, "middle"],
    [0, "far"],
  ];

  // Type is as large as the room asks for; how much of it the screen holds decides what there is room for.
  const fitRoom = () => {
    const { config } = everycell;
    const { text } = everycell.room({ ...config.wall, theme: config.theme });
    const columns = innerWidth / text;
    document.body.dataset.room = ROOMS.find(([least]) => columns >= least)[1];
    everycell.sizeOf(MAP_BODY);
  };

  const soon = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

  class Wall {
    constructor(map) {
      const { config } = everycell;
      Object.assign(this, { map, config, board: null, heat: null, routes: null, polled_s: 0 });
      this.today = everycell.day(config.today);
      this.live = everycell.Live({ base: config.api });
      const [onover, told] = [() => this.over(), () => this.live.at];
      this.source = new everycell.WallSource(config.api, { csrf: config.csrf, onover, told });
      this.ages = new everycell.Ages(this.live.clock);
      this.events = new everycell.WallEvents(this);
      this.status = new everycell.WallStatus(this);
      this.drawing = new everycell.WallDrawing(this);
      this.readings = this._readings();
    }

    async open() {
      const { readings } = this;
      const shapes = this._first(readings.shapes);
      await this._first(readings.rounds);
      this.events.listen(this._query);
      await this.events.begun();
      const alarms = Promise.race([this._alarms(), soon(ALARMS_MS)]); // they take room from the map
      await Promise.all([shapes, this._first(readings.coverage), alarms]);
      this._turn();
      for (const name of ["board", "heat", "plans"]) this._wants(name) && readings[name].read();
      this._area();
      this.map.invalidateSize({ animate: false }); // the bar has grown with the type, and alarms have come beside it
      this._fit(false);
      this.drawing.begin();
      this._show();
      document.documentElement.dataset.ready = "yes";
      this._tick();
    }

    // Until the first picture is there, it is asked for again and again.
    async _first(reading) {
      while (!(await reading.read())) await soon(AGAIN_MS);
    }

    // --- what is read ---------------------------------------------------------------------------------------------------

    _readings() {
      const { source } = this;
      const parts = {
        shapes: [() => source.grid(), (shapes) => this._takeShapes(shapes)],
        rounds: [() => source.rounds(this.config.wall.area), (answer) => this._takeRounds(answer)],
        coverage: [() => this._askCoverage(), (answer) => this._takeCoverage(answer)],
        board: [() => this._askBoard(), (board) => this._takeBoard(board)],
        heat: [() => this._askHeat(), (heat) => this._takeHeat(heat)],
        plans: [() => source.plans(everycell.isoDay(this.today)), (plans) => this._takePlans(plans)],
      };
      const { ages } = this;
      const made = ([name, [ask, use, as_of]]) => [name, new everycell.Reading(name, { ask, use, as_of, ages })];
      return Object.fromEntries(Object.entries(parts).map(made));
    }

    /** Whether a reading is asked for at all. */
    _wants(name) {
      const scenes = this.config.wall.scenes.map((key) => everycell.wallScenes[key]);
      if (name === "plans" && !everycell.may("patrols")) return false;
      return (
        ["shapes", "rounds", "coverage", "board"].includes(name) || scenes.some(({ needs }) => needs.includes(name))
      );
    }

    /** The readings that are seen now. */
    get _seen() {
      const needs = everycell.wallScenes[this.rotation.key].needs.filter((name) => this._wants(name));
      return [...new Set(["shapes", "coverage", "board", ...needs])];
    }

    _takeShapes({ cells, divisions }) {
      const { figures: before, early } = this;
      this.figures = new everycell.Figures(cells, divisions);
      this.drawing.take(cells, divisions);
      if (this.drill || this.events.forgot(this.askedAt)) this.readings.coverage.news();
      if (before) this._keepFigures(before);
      if (early) this._takeCoverage(early);
      if (this.drill) this.drawing.select(this._marked);
    }

    // Figures are as new as they were; those of new cells come with the next reading.
    _keepFigures(before) {
      this.figures.take([...before.byCell.values()]);
      this.drawing.recolour(new Map(this.figures.byCell));
    }

    _takeRounds({ rounds, running }) {
      const { cutoff } = this;
      const { cutoffs, wall } = this.config;
      this.cutoff = everycell.cutoffOf(wall.cutoff, { cutoffs, rounds, running, today: this.today });
      if (!cutoff || (cutoff.key === this.cutoff.key && cutoff.since === this.cutoff.since)) return;
      this.events.ask(this._query); // its hello has everything read anew
      if (this.live.online) return;
      this.again("coverage"); // where no events come there is no hello
      if (this.drill) this.again("board");
    }

    get _query() {
      const { kind, code, since } = this.cutoff;
      return kind === "round" ? { round: code } : { since };
    }

    _askCoverage() {
      this.askedAt = performance.now();
      return this.source.coverage(this.cutoff);
    }

    _takeCoverage(answer) {
      this.early = this.figures ? null : answer;
      if (this.early) return; // the shapes take it along when they come
      this.figures.take(answer.areas);
      this.events.bringTo(this.figures, this.askedAt);
      this.drawing.recolour(new Map(this.figures.byCell));
      if (everycell.day(answer.as_of) > this.today) this._newDay(answer.as_of);
      if (this.drill) this._area();
    }

    async _askBoard() {
      const { area } = this.drill;
      return { of: area, ...(await this.source.board({ area, cutoff: this.cutoff })) };
    }

    _takeBoard(board) {
      this.board = board;
      this._came("board");
    }

    // What is told of the area that is looked at; what it says of areas by their codes holds as long as it is there.
    get _boardHere() {
      return this.board?.of === this.drill.area ? this.board : null;
    }

    // Something has been read: the map is drawn anew where the scene shows it there.
    _came(name) {
      if (!this.rotation) return;
      if (everycell.wallScenes[this.rotation.key].needs.includes(name)) this._show();
      else {
        this._charts();
        this._area();
      }
    }

    _charts() {
      everycell.showWallCharts(byId("board"), this._boardHere, this.rotation.key);
    }

    _alarms() {
      const { source } = this;
      this.alarms = new everycell.Alarms({
        node: byId("alarms"),
        live: this.live,
        ask: () => source.alarms(),
        send: everycell.may("visits") ? (path, body) => source.tell(path, body) : null,
        clock: everycell.clock,
      });
      return this.alarms.read();
    }

    async _askHeat() {
      const { periods } = await this.source.periods();
      this.source.forget();
      return periods.length ? this.source.heat({ mode: "density" }) : null;
    }

    _takeHeat(heat) {
      const band = (one) => ({ ...one, polygons: everycell.shapes.ringsOf(one.geometry) });
      this.heat = heat && { ...heat, bands: heat.features.map(band) };
      if (!this.drill.down && this._tallest().height > this.clearOf) this._fit(false);
      this._came("heat");
    }

    _takePlans(plans) {
      this.routes = new everycell.WallRoutes(plans);
      this.drawing.repaint();
    }

    // Days pass: what is overdue, and from which day on is counted, are others.
    _newDay(day) {
      this.today = everycell.day(day);
      this.againAll();
    }

    // --- what the events tell -------------------------------------------------------------------------------------------

    /** What is read under this name has changed. */
    again(name) {
      if (this._wants(name)) this.readings[name].news();
    }

    /** Everything may have changed. */
    againAll() {
      for (const name of Object.keys(this.readings)) this.again(name);
    }

    /** Counts have changed. */
    counted() {
      if (!this.drill) return;
      this.drawing.recolour(new Map(this.figures.byCell));
      this._area();
    }

    // The session or the token is over: nothing comes any more, until somebody signs in again.
    over(over = true) {
      const { kiosk } = this.config.wall;
      const words = kiosk
        ? t("The token of this wall is over or was taken back. Open it again with a new one.")
        : t("The session is over.");
      if (over && !kiosk) everycell.sayOver();
      this.status.over = over ? words : null;
    }

    // --- scenes and areas -----------------------------------------------------------------------------------------------

    _turn() {
      const { wall } = this.config;
      const { scenes, dwell_s, return_s } = wall;
      this.rotation = new everycell.Rotation({ keys: scenes, dwell_s, onshow: () => this._show() });
      const toggle = () => {
        this.rotation.hold("key", !this.rotation.holds("key"));
        this.bar.progress();
      };
      this.bar = new everycell.WallBar({
        rotation: this.rotation,
        onpick: (key) => this.rotation.show(key),
        ontoggle: toggle,
      });
      const home = wall.area || this.figures.top;
      this.drill = new everycell.Drill({
        home,
        return_s,
        named: (code) => this.figures.names.has(code),
        onchange: () => this._moved(),
        ondoors: (code) => this._doors(code),
      });
      this.keys = new everycell.WallKeys({
        toggle,
        step: (places) => this.rotation.step(places),
        nth: (index) => this.rotation.show(scenes[index]),
        up: () => this.drill.up(),
        home: () => this.drill.go(home),
        zoom: (steps) => this.map.setZoom(this.map.getZoom() + steps),
      });
      this._watch();
    }

    _show() {
      if (!this.rotation) return;
      const scene = everycell.wallScenes[this.rotation.key];
      document.body.dataset.scene = scene.key;
      this.drawing.show(scene);
      this.bar.show();
      byId("legend-body").replaceChildren(...scene.legend(this));
      this._charts();
      byId("legend").dataset.of = ["shapes", ...scene.needs].join(" ");
      this._area();
    }

    // Of the legends of all scenes the tallest, and how tall it is.
    _tallest() {
      const body = byId("legend-body");
      const shown = [...body.childNodes];
      const heights = this.rotation.keys.map((key) => {
        const legend = everycell.wallScenes[key].legend(this);
        body.replaceChildren(...legend);
        return { legend, height: body.offsetHeight };
      });
      body.replaceChildren(...shown);
      return heights.reduce((one, other) => (other.height > one.height ? other : one));
    }

    // The view stays when scenes change: it is clear of the largest of their legends.
    _fit(...how) {
      const body = byId("legend-body");
      const { legend, height } = this._tallest();
      body.replaceChildren(...legend);
      this.drawing.fit(this.drill.area, ...how);
      body.replaceChildren(...everycell.wallScenes[this.rotation.key].legend(this));
      this.clearOf = height;
    }

    get _marked() {
      return this.drill.down ? this.drill.area : "";
    }

    // Another area: the map goes there, and as long as it is looked at the scene stays.
    _moved() {
      this.rotation.hold("down", this.drill.down);
      this.drawing.select(this._marked);
      this._fit();
      this.readings.board.anew();
      this._charts();
      this._area();
    }

    _area() {
      const { key } = this.rotation;
      everycell.showWallPanel({
        scene: key,
        told: everycell.wallScenes[key].areas(this),
        area: this.drill.area,
        home: this.drill.home,
        figures: this.figures,
        board: this._boardHere,
        cutoff: everycell.cutoffText(this.cutoff),
        onpick: (code) => this.drill.go(code),
      });
      this._tellTime();
    }

    _doors(code) {
      if (everycell.may("doors", code)) location.assign(everycell.doorsAddress(code));
    }

    // --- time -----------------------------------------------------------------------------------------------------------

    _watch() {
      const touched = () => this.drill.touched();
      for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"])
        addEventListener(kind, touched, { passive: true });
      this.map.on("click", ({ latlng }) => {
        const cell = this.drawing.cells.at(latlng);
        if (cell) this.drill.click(cell);
      });
      setInterval(() => this._tick(), TICK_MS);
      addEventListener("online", () => this.live.again());
      new ResizeObserver(() => this._resized()).observe(this.map.getContainer());
    }

    _resized() {
      const { clientWidth, clientHeight } = this.map.getContainer();
      if (this.map.getSize().equals([clientWidth, clientHeight])) return; // it is told of its size at first too
      this.map.invalidateSize({ animate: false });
      this._fit(false);
    }

    _tick() {
      this._slept();
      this._time();
      this.rotation.tick();
      this.drill.tick();
      this.bar.progress();
      this._tellTime();
      this.polled_s = this.live.online ? 0 : this.polled_s + 1;
      if (this.polled_s % POLL_S === POLL_S - 1)
        for (const name of ["rounds", ...this._seen]) this.readings[name].news();
    }

    // What is so at a time of day (days that pass, shifts that are over) nobody records: no event tells it.
    _time() {
      if (!this.live.clock.known) return;
      const now = this.live.clock.now();
      if (everycell.day(everycell.dayAt(now)) > this.today) this._newDay(everycell.dayAt(now));
      const quarter = Math.floor(now / QUARTER_MS);
      if (this.quarter && quarter !== this.quarter) this.again("board");
      this.quarter = quarter;
    }

    // A machine that slept does not know how long: its counting clock stood still.
    _slept() {
      const [wall, counted] = [Date.now(), performance.now()];
      const before = this.ticked ?? { wall, counted };
      this.ticked = { wall, counted };
      if (wall - before.wall - (counted - before.counted) > SLEPT_MS) this.live.again();
    }

    _tellTime() {
      if (this.rotation) this.status.show(this._seen);
    }
  }

  /** Called by the page when its map is made. */
  everycell.startWall = (map) => {
    everycell.open();
    fitRoom();
    addEventListener("resize", fitRoom);
    everycell.font = getComputedStyle(document.body).fontFamily;
    document.body.classList.toggle("kiosk", everycell.config.wall.kiosk);
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      if (everycell.may("figures"))
        everycell.awaitCells(new everycell.WallSource(everycell.config.api, { onover: () => {} }));
      document.documentElement.dataset.ready = "empty";
      return;
    }
    everycell.page = new Wall(map);
    everycell.page.open();
  };
}
