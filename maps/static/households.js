"use strict";
// The coverage page: puts cells, doors, figures, the list and the visit together.
{
  const { h, t } = everycell;
  const REFRESH_MS = 60000;
  const PANES = { streets: 250, cells: 400, doors: 430, marks: 450 };
  const WHOLE_FROM = 13;
  const VIEW = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/; // zoom/lat/lon

  const width = (element) => (document.body.classList.contains("folded") ? 0 : element.offsetWidth);

  class CoverageMap {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config, tab: "areas" });
      this.source = this.config.data
        ? new everycell.FileSource(JSON.parse(everycell.byId("data").textContent))
        : new everycell.LiveSource(this.config.api);
      this.today = everycell.day(this.config.today);
    }

    async open() {
      const { source } = this;
      this._panes();
      const [cells, divisions, rounds, sites] = await Promise.all([
        source.cells(),
        source.divisions(),
        source.rounds(),
        source.sites(),
      ]);
      this.figures = new everycell.Figures(cells, divisions);
      this._draw(cells, divisions, sites);
      this._tools(rounds);
      this._view();
      this._moved();
      await this._count();
      this._listen();
      document.documentElement.dataset.ready = "yes";
    }

    // --- what is on the map -------------------------------------------------------------------------------------

    _panes() {
      const { map } = this;
      map.getContainer().setAttribute("role", "application");
      map.getContainer().setAttribute("aria-label", t("Map: arrows move it, plus and minus zoom"));
      for (const [name, level] of Object.entries(PANES)) {
        const pane = map.createPane(name);
        pane.style.zIndex = String(level);
        if (name !== "cells") pane.style.pointerEvents = "none";
      }
      L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
      L.control
        .scale({ imperial: false, position: "bottomright", maxWidth: Math.round(110 * everycell.scale) })
        .addTo(map);
      this._credit(map);
    }

    /** Names whom the data's licences want named. Leaflet prints these as HTML: they come escaped. */
    _credit(map) {
      const { attribution, credits } = this.config;
      if (!attribution && !credits.length) return;
      const control = L.control.attribution({ prefix: false }).addTo(map);
      for (const credit of credits) control.addAttribution(credit);
    }

    _draw(cells, divisions, sites) {
      const { map, source } = this;
      if (source.live && !this.config.base_map) everycell.streets(map, source);
      this.cells = new everycell.Cells(map, cells, {
        solid: this.config.base_map ? 0.62 : 0.86,
        onhover: (code, event) => this._hover(code, event),
      });
      this.borders = new everycell.Borders(divisions);
      this.sites = new everycell.Sites(map, sites, this.config.categories, this.today);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._marks(...canvas) }).addTo(map);
      this.tip = L.tooltip({ direction: "top", offset: [0, -6], className: "cell-tip" });
    }

    _marks(context, toPoint, bounds) {
      this.borders.draw(context, toPoint, this.map.getZoom(), this.area);
      this.cells.drawSelection(context, toPoint);
      this.sites.draw(context, toPoint, bounds);
      const taken = this.cells.drawLabels(context, toPoint, bounds);
      this.borders.drawNames(context, toPoint, bounds, taken);
    }

    _tools(rounds) {
      const { map, source, config, today } = this;
      const asked = everycell.address.read();
      const choice = config.data ? { fixed: config.since } : { cutoffs: config.cutoffs, rounds, chosen: asked.since };
      this.cutoff = new everycell.Cutoff(everycell.byId("since"), {
        ...choice,
        today,
        onchange: () => this._recount(),
      });
      this.doors = new everycell.Doorplates(map, source, {
        today,
        dueSoonDays: config.due_soon_days,
        since: this.cutoff.now.since,
      });
      this.doors.onerror = (error) => this._offline(error);
      const heard = { onrecorded: () => this._repaint(), onsettled: (...what) => this._settled(...what) };
      this.visits = source.live ? new everycell.Visits(everycell.byId("record"), source, heard) : null;
      this.list = new everycell.WaitingList(this);
      this.cards = new everycell.Cards(this);
      this.search = new everycell.Search(everycell.byId("search"), source, (feature) => this._found(feature));
      this.area = asked.area ?? config.area ?? "";
      this.cells.select(this.area);
    }

    _view() {
      const asked = VIEW.exec(everycell.address.read().map ?? "");
      if (!asked) this._fit(this.cells.bounds(this.area) ?? this._configured(), false);
      else {
        const [zoom, lat, lon] = asked.slice(1).map(Number);
        this._between(zoom, () => this.map.setView([lat, lon], zoom, { animate: false }));
      }
    }

    // Steps of the zoom are whole; only a view of an area from afar, without doors, may lie between two to fill the map.
    _between(zoom, work) {
      this.map.options.zoomSnap = zoom < WHOLE_FROM ? 0.25 : 1;
      work();
      this.map.options.zoomSnap = 1;
    }

    _configured() {
      const [west, south, east, north] = this.config.bounds;
      return L.latLngBounds([south, west], [north, east]);
    }

    _fit(bounds, animate = !everycell.still) {
      if (!bounds) return;
      const panel = width(everycell.byId("panel"));
      const left = panel > innerWidth / 2 ? 0 : panel;
      const options = { animate, maxZoom: 17, paddingTopLeft: [left + 24, 24], paddingBottomRight: [64, 24] };
      const zoom = this.map.getBoundsZoom(bounds, false, L.point(left + 88, 48));
      this._between(zoom, () => this.map.fitBounds(bounds, options));
    }

    // --- figures ------------------------------------------------------------------------------------------------

    /** Ask for the figures; returns the codes of cells that changed. */
    async _count() {
      const cutoff = this.cutoff.now;
      try {
        const coverage = await this.source.coverage(cutoff);
        return cutoff === this.cutoff.now ? this._take(coverage) : [];
      } catch (error) {
        this._offline(error);
        return [];
      }
    }

    _take(coverage) {
      this.figures.take(coverage.areas);
      Object.assign(this, { asOf: coverage.as_of, fetchedAt: Date.now() });
      if (everycell.day(coverage.as_of) > this.today) this._newDay(coverage.as_of);
      this._online();
      const changed = this.cells.recolour(this.figures.byCell);
      const words = `${this.today}/${this.cutoff.text()}`;
      if (changed.length || words !== this.said) {
        this.said = words;
        this.marks.repaint();
        this._showArea();
      }
      this._showTime(false);
      return changed;
    }

    // On a screen that stays on, days pass: "30 days" and "due soon" count anew. Once a day, whatever the service says.
    _newDay(day) {
      if (sessionStorage.getItem("everycell.day") === day || this.visits?.dialog.open) return;
      sessionStorage.setItem("everycell.day", day);
      location.reload();
    }

    async _recount() {
      everycell.address.write({ since: this.cutoff.now.key });
      await Promise.all([this._count(), this.doors.setSince(this.cutoff.now.since, this.today)]);
    }

    /** New figures, and new tiles where figures changed. */
    async refresh() {
      const changed = await this._count();
      const bounds = L.latLngBounds([]);
      for (const code of changed) bounds.extend(this.cells.bounds(code) ?? []);
      if (bounds.isValid()) await this.doors.refresh(bounds);
    }

    _online() {
      if (!this.offline) return;
      this.offline.remove();
      this.offline = null;
      this.doors.refresh();
    }

    _offline(error) {
      this._showTime(true);
      if (this.offline?.isConnected) return;
      const detail = everycell.reason(error);
      this.offline = everycell.notice(t("{detail} What you see is not the newest.", { detail }), "bad");
    }

    _showTime(stale) {
      const time = everycell.byId("datatime");
      const fetched = this.source.live && this.fetchedAt ? everycell.clock(this.fetchedAt).slice(11) : null;
      time.classList.toggle("stale", stale);
      const words = [t("Data {time}", { time: this.asOf ?? "–" }), fetched && t("fetched {time}", { time: fetched })];
      time.replaceChildren(...words.filter(Boolean).map((text) => h("span", {}, text)));
    }

    // --- the panel ----------------------------------------------------------------------------------------------

    _showArea() {
      const here = this.area || this.figures.top;
      const go = (code) => this.select(code, true);
      everycell.showCrumbs(everycell.byId("crumbs"), this.figures.chain(here), go);
      everycell.showFigures(everycell.byId("figures"), this.figures.of(here), this.today, this.cutoff.text());
      const inside = this.figures.inside(here);
      everycell.showAreas(everycell.byId("areas"), inside, go);
      everycell.byId("tab-list").querySelector("b").textContent = everycell.number(this.figures.left(here));
      this._showTabs(inside.length > 0);
    }

    _showTabs(hasAreas) {
      const shown = hasAreas ? this.tab : "list";
      for (const name of ["areas", "list"]) {
        const button = everycell.byId(`tab-${name}`);
        button.setAttribute("aria-selected", String(shown === name));
        button.tabIndex = shown === name ? 0 : -1;
        button.hidden = name === "areas" && !hasAreas;
        everycell.byId(`${name}-panel`).hidden = shown !== name;
      }
      if (shown === "list") this.list.show(this.area || this.figures.top, this.cutoff.now.since);
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.area = code;
      this.cells.select(code);
      everycell.address.write({ area: code });
      if (go) this._fit(this.cells.bounds(code));
      this._showArea();
      this.marks.repaint();
    }

    _tab(name, focus = false) {
      if (everycell.byId(`tab-${name}`).hidden) return;
      this.tab = name;
      this._showArea();
      if (focus) everycell.byId(`tab-${name}`).focus();
    }

    // --- a visit ------------------------------------------------------------------------------------------------

    _repaint() {
      this.list.rows.paint();
      this.cards.repaint();
    }

    async _settled(household, visit, error) {
      this._repaint();
      if (error) return;
      const place = everycell.placeOf(household);
      everycell.notice(
        visit.outcome === "reached"
          ? t("Recorded: {place}, reached", { place })
          : t("Recorded: {place}, nobody answered", { place }),
      );
      if (visit.outcome === "reached") this.list.drop(household.code);
      const around = L.latLng(household.lat, household.lon).toBounds(60);
      await Promise.all([this._count(), this.doors.refresh(around), this.cards.reload()]);
    }

    // --- moving and pointing ------------------------------------------------------------------------------------

    _listen() {
      const { map } = this;
      map.on("click", (event) => this._click(event.latlng));
      map.on("moveend", () => this._moved());
      map.on(
        "mousemove",
        everycell.eachFrame((event) => this._point(event.latlng)),
      );
      map.on("mouseout", () => this.tip.remove());
      for (const name of ["areas", "list"])
        everycell.byId(`tab-${name}`).addEventListener("click", () => this._tab(name));
      const turn = ({ key }) =>
        ["ArrowLeft", "ArrowRight"].includes(key) && this._tab(this.tab === "list" ? "areas" : "list", true);
      everycell.byId("tabs").addEventListener("keydown", turn);
      addEventListener("hashchange", () => location.reload());
      if (!this.source.live) return;
      setInterval(() => document.hidden || this.refresh(), REFRESH_MS);
      document.addEventListener("visibilitychange", () => document.hidden || this.refresh());
    }

    _moved() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
      const drawn = { doors: this.doors.drawn, sites: this.sites.drawn };
      if (JSON.stringify(drawn) === this.explained) return;
      this.explained = JSON.stringify(drawn);
      everycell.legend.show(everycell.byId("legend-body"), drawn);
    }

    _point(latLng) {
      const over = this.sites.at(latLng) ?? this.doors.at(latLng);
      this.map.getContainer().classList.toggle("over-door", Boolean(over));
    }

    _hover(code, event) {
      if (!code || this.doors.drawn) {
        this.tip.remove();
        return;
      }
      if (this.tipped !== code) {
        const name = `${this.figures.names.get(code.slice(0, 12)) ?? ""} ${code.slice(-3)}`;
        this.tip.setContent(h("div", {}, h("b", {}, name), h("span", {}, everycell.inWords(this.figures.of(code)))));
        this.tipped = code;
      }
      this.tip.setLatLng(event.latlng).openOn(this.map);
    }

    _click(latLng) {
      const site = this.sites.at(latLng);
      const door = site ? null : this.doors.at(latLng);
      if (site) this.cards.show([site.lat, site.lon], this.sites.card(site));
      else if (door) this.cards.openDoor(door.id, door.latLng);
      else {
        const cell = this.cells.at(latLng);
        if (cell) this.select(cell);
      }
    }

    /** Go to a household's door and open it. */
    toDoor({ doorplate, lat, lon }) {
      if (!Number.isFinite(lat) || !Number.isFinite(lon)) return;
      this.map.setView([lat, lon], Math.max(18, this.map.getZoom()), { animate: !everycell.still });
      if (doorplate) this.cards.openDoor(doorplate, L.latLng(lat, lon));
    }

    _found({ id, properties, geometry }) {
      const { kind, code } = properties;
      if (["county", "town", "village", "cell"].includes(kind)) {
        this.select(code, true);
        return;
      }
      const [lon, lat] = geometry.coordinates;
      const site = kind === "site" ? this.sites.sites.find((one) => one.code === code) : null;
      if (!site) this.toDoor({ doorplate: properties.doorplate ?? (kind === "doorplate" ? id : null), lat, lon });
      else {
        this.map.setView([lat, lon], Math.max(17, this.map.getZoom()), { animate: !everycell.still });
        this.cards.show([lat, lon], this.sites.card(site));
      }
    }
  }

  /** Called by the page when its map is made. */
  everycell.start = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    everycell.byId("legend").open = innerWidth >= 720;
    everycell.page = new CoverageMap(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
