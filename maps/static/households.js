"use strict";
// The coverage page: puts cells, doors, figures, the list and the visit together.
{
  const { h, t } = everycell;
  const REFRESH_MS = 60000;
  const PANES = { streets: 250, cells: 400, doors: 430, marks: 450 };
  const DOORS_TELL_FROM = 13.5; // as the eye sees it: from afar, doors are specks that hide the cells
  const CLOSEST = 17;
  const VIEW = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/; // zoom/lat/lon

  // From near to far. Steps of the zoom are whole; only a view without doors may lie between two to fill the map.
  const zoomsOf = (map) => {
    const zooms = [];
    for (let zoom = CLOSEST; zoom >= everycell.Doorplates.FROM_ZOOM; zoom -= 1)
      if (everycell.seenZoom(zoom) >= DOORS_TELL_FROM) zooms.push(zoom);
    for (let zoom = everycell.Doorplates.FROM_ZOOM - 0.25; zoom >= map.getMinZoom(); zoom -= 0.25) zooms.push(zoom);
    return zooms;
  };

  class CoverageMap {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config });
      this.source = this.config.data
        ? new everycell.FileSource(JSON.parse(everycell.byId("data").textContent))
        : new everycell.LiveSource(this.config.api, { csrf: this.config.csrf, onover: () => this._over() });
      this.today = everycell.day(this.config.today);
    }

    async open() {
      const { source } = this;
      this._panes();
      const [{ cells, divisions }, rounds, sites] = await Promise.all([
        source.grid(),
        source.rounds(),
        everycell.may("doors") ? source.sites() : null,
      ]);
      this.figures = new everycell.Figures(cells, divisions);
      this._draw(cells, divisions, sites);
      this._tools(rounds);
      this._view();
      this.cells.add();
      this._moved();
      await this._count();
      this._listen();
      this._openAsked();
      this.visits?.restore();
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
        doors: everycell.may("doors"),
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
      const [taken, zoom] = [[], this.map.getZoom()];
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      this.cells.drawLabels(context, toPoint, bounds, taken);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
    }

    _tools(rounds) {
      const { map, source, config, today } = this;
      const asked = everycell.address.read();
      const { cutoffs, since: fixed } = config;
      const choice = config.data ? { fixed } : { cutoffs, ...rounds, chosen: asked.since };
      this.cutoff = new everycell.Cutoff(everycell.byId("since"), {
        ...choice,
        today,
        onchange: () => this._recount(),
      });
      const { since } = this.cutoff.now;
      this.doors = everycell.may("doors")
        ? new everycell.Doorplates(map, source, { today, dueSoonDays: config.due_soon_days, since })
        : new everycell.NoDoors();
      this.doors.onerror = (error) => this._offline(error);
      const heard = { onrecorded: () => this._repaint(), onsettled: (...what) => this._settled(...what) };
      const form = everycell.byId("record"); // there for whoever may record visits
      this.visits = form ? new everycell.Visits(form, source, heard) : null;
      this.list = everycell.may("doors") ? new everycell.WaitingList(this) : null;
      this.tabs = new everycell.Tabs(() => this._showArea());
      this.cards = new everycell.Cards(this);
      this.search = new everycell.Search(everycell.byId("search"), source, (feature) => this._found(feature));
      this.area = asked.area ?? config.area ?? "";
      this.cells.select(this.area);
    }

    _view() {
      const asked = VIEW.exec(everycell.address.read().map ?? "");
      if (!asked) this._fit(this.area, false);
      else {
        const [zoom, lat, lon] = asked.slice(1).map(Number);
        this._go([lat, lon], zoom, false);
      }
    }

    _go(center, zoom, animate) {
      this.map.options.zoomSnap = zoom < everycell.Doorplates.FROM_ZOOM ? 0.25 : 1;
      this.map.setView(center, zoom, { animate });
      this.map.options.zoomSnap = 1;
    }

    /** Show an area by its code, clear of everything that lies over the map. */
    _fit(code, animate = !everycell.still) {
      const areas = this.cells.areas(code);
      if (code && !areas.length) return;
      const view = everycell.viewOf(this.map, areas.length ? areas : [this._configured()], {
        zooms: zoomsOf(this.map),
        panel: everycell.byId("panel"),
        over: () => [...document.querySelectorAll("#legend, #datatime, .controls, .leaflet-control")],
        before: (zoom) => this._explain(zoom),
      });
      if (view) this._go(view.center, view.zoom, animate);
    }

    _configured() {
      const [west, south, east, north] = this.config.bounds;
      return L.latLngBounds([south, west], [north, east]);
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
      if (everycell.tab.get("day") === day || this.visits?.dialog.open) return;
      everycell.tab.set("day", day);
      if (everycell.tab.get("day") !== day) return; // a tab that remembers nothing would do so again and again
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
      for (const area of changed.flatMap((code) => this.cells.areas(code))) bounds.extend(area);
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
      if (this.over || this.offline?.isConnected) return;
      const detail = everycell.reason(error);
      this.offline = everycell.notice(t("{detail} What you see is not the newest.", { detail }), "bad");
    }

    // The session is over: whatever is asked from now on would be refused, so nothing is.
    _over() {
      this.over = true;
      this.offline?.remove();
      this._showTime(true);
      everycell.sayOver();
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
      const shown = this.tabs.show(inside.length > 0, this.figures.left(here));
      if (shown === "list") this.list.show(here, this.cutoff.now.since);
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.area = code;
      this.cells.select(code);
      everycell.address.write({ area: code });
      if (go) this._fit(code);
      this._showArea();
      this.marks.repaint();
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
      addEventListener("hashchange", () => location.reload());
      if (!this.source.live) return;
      const poll = () => document.hidden || this.over || this.refresh();
      setInterval(poll, REFRESH_MS);
      document.addEventListener("visibilitychange", poll);
    }

    _moved() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
      this._explain(this.map.getZoom());
    }

    /** The legend of what is drawn at a zoom. */
    _explain(zoom) {
      const drawn = { doors: this.doors.drawnAt(zoom), sites: this.sites.drawnAt(zoom) };
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
      if (kind === "site" && this._openSite(code)) return;
      this.toDoor({ doorplate: properties.doorplate ?? (kind === "doorplate" ? id : null), lat, lon });
    }

    /** Go to a key site and open its card; whether there is one. */
    _openSite(code) {
      const site = this.sites.sites.find((one) => one.code === code);
      if (!site) return false;
      this.map.setView([site.lat, site.lon], Math.max(17, this.map.getZoom()), { animate: !everycell.still });
      this.cards.show([site.lat, site.lon], this.sites.card(site));
      return true;
    }

    /** Open what the first page has found: a door in the middle of the view, or a key site. */
    _openAsked() {
      const { door, site } = everycell.address.read();
      if (site) this._openSite(site);
      else if (/^\d+$/.test(door ?? "") && everycell.may("doors")) this.cards.openDoor(door, this.map.getCenter());
      everycell.address.write({ door: null, site: null });
    }
  }

  /** Called by the page when its map is made. */
  everycell.start = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    everycell.byId("legend").open = innerWidth >= 720;
    everycell.page = new CoverageMap(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      if (everycell.page.over) return; // said already, with what to do
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
