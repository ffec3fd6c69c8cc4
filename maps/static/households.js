"use strict";
// The coverage page: cells, doors, figures, the list of who waits, and the visit that changes all of them.
{
  const { h, t, number } = everycell;
  const REFRESH_MS = 60000;
  const CELL_DIGITS = 15;
  const PANES = { streets: 250, cells: 400, doors: 430, marks: 450 };

  const sum = (rows) => {
    const total = { known: 0, reached: 0, tried: 0, never: 0, overdue: 0, oldest_on: null, empty: null };
    for (const row of rows) {
      for (const name of ["known", "reached", "tried", "never", "overdue"]) total[name] += row[name];
      if (row.oldest_on && (!total.oldest_on || row.oldest_on < total.oldest_on)) total.oldest_on = row.oldest_on;
    }
    if (!total.known) total.empty = rows.every(({ empty }) => empty === "confirmed") ? "confirmed" : "unchecked";
    return total;
  };

  class CoverageMap {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config, area: "", tab: "areas", figures: new Map() });
      this.source = this.config.data ? new everycell.FileSource(JSON.parse(everycell.byId("data").textContent)) : new everycell.LiveSource(this.config.api);
      this.today = everycell.day(this.config.today);
    }

    async open() {
      this._panes();
      this._controls();
      const [cells, divisions, rounds, sites] = await Promise.all([this.source.cells(), this.source.divisions(), this.source.rounds(), this.source.sites()]);
      this._layers(cells, divisions, sites);
      this._tools(rounds);
      this._view();
      await this._figures();
      this._listen();
      document.documentElement.dataset.ready = "yes";
    }

    // --- what is on the map -------------------------------------------------------------------------------------

    _panes() {
      for (const [name, level] of Object.entries(PANES)) {
        const pane = this.map.createPane(name);
        pane.style.zIndex = String(level);
        if (name !== "cells") pane.style.pointerEvents = "none";
      }
    }

    _controls() {
      const zoom = L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") });
      zoom.addTo(this.map);
      L.control.scale({ imperial: false, position: "bottomright", maxWidth: Math.round(110 * everycell.scale) }).addTo(this.map);
      if (this.config.attribution) L.control.attribution({ prefix: false }).addTo(this.map);
    }

    _layers(cells, divisions, sites) {
      const { map } = this;
      if (this.source.live) everycell.streets(map, this.source);
      this.cells = new everycell.Cells(map, cells, { onhover: (code, event) => this._hover(code, event) });
      this.borders = new everycell.Borders(divisions);
      this.sites = new everycell.Sites(map, sites, this.config.categories, this.today);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (context, toPoint, bounds) => this._marks(context, toPoint, bounds) }).addTo(map);
      this.tip = L.tooltip({ direction: "top", offset: [0, -6], className: "cell-tip" });
    }

    _marks(context, toPoint, bounds) {
      this.borders.draw(context, toPoint, this.map.getZoom(), this.area);
      this.cells.drawSelection(context, toPoint);
      this.cells.drawLabels(context, toPoint, bounds);
      this.sites.draw(context, toPoint, bounds);
    }

    _tools(rounds) {
      const asked = everycell.address.read();
      const only = this.config.data ? { cutoffs: [], rounds: [], chosen: this.config.since } : { cutoffs: this.config.cutoffs, rounds, chosen: asked.since };
      this.cutoff = new everycell.Cutoff(everycell.byId("since"), { ...only, today: this.today, onchange: () => this._recount() });
      if (this.config.data) everycell.byId("since").replaceChildren(h("span", { class: "caption" }, t("Counted since {day}", { day: this.config.since })));
      this.doors = new everycell.Doorplates(this.map, this.source, { today: this.today, dueSoonDays: this.config.due_soon_days, since: this.cutoff.now.since });
      this.doors.onerror = () => this._offline();
      this.list = new everycell.LongList(everycell.byId("list"), (household) => this._row(household));
      this.search = new everycell.Search(everycell.byId("search"), this.source, (feature) => this._found(feature));
      this.visits = this.source.live
        ? new everycell.Visits(everycell.byId("record"), this.source, { onrecorded: () => this._repaintRows(), onsettled: (household, visit, error) => this._settled(household, visit, error) })
        : null;
      this.area = asked.area ?? this.config.area ?? "";
      this.cells.select(this.area);
    }

    _view() {
      const asked = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/.exec(everycell.address.read().map ?? "");
      if (asked) this.map.setView([Number(asked[2]), Number(asked[3])], Number(asked[1]), { animate: false });
      else this._fit(this.cells.bounds(this.area) ?? this._configured(), false);
    }

    _configured() {
      const [west, south, east, north] = this.config.bounds;
      return L.latLngBounds([south, west], [north, east]);
    }

    _fit(bounds, animate = !everycell.still) {
      if (!bounds) return;
      const panel = everycell.byId("panel");
      const left = document.body.classList.contains("folded") || panel.offsetWidth > innerWidth / 2 ? 0 : panel.offsetWidth;
      this.map.fitBounds(bounds, { animate, maxZoom: 17, paddingTopLeft: [left + 24, 24], paddingBottomRight: [64, 24] });
    }

    // --- figures ------------------------------------------------------------------------------------------------

    async _figures() {
      const cutoff = this.cutoff.now;
      try {
        const coverage = await this.source.coverage(cutoff);
        if (cutoff !== this.cutoff.now) return [];
        return this._take(coverage);
      } catch (error) {
        this._offline(error);
        return [];
      }
    }

    _take(coverage) {
      this.figures = new Map(coverage.areas.map((area) => [area.code, area]));
      this.today = Math.max(this.today, everycell.day(coverage.as_of)); // A closed round is as of its last day.
      this.asOf = coverage.as_of;
      this.fetchedAt = Date.now();
      this.offline?.remove();
      this.offline = null;
      const changed = this.cells.recolour(this.figures);
      this.marks.repaint();
      this._showArea();
      this._showTime();
      return changed;
    }

    _offline(error) {
      this._showTime(true);
      if (this.offline?.isConnected) return;
      const detail = error ? everycell.reason(error) : t("The service cannot be reached.");
      this.offline = everycell.notice(t("{detail} What you see is not the newest.", { detail }), "bad");
    }

    _showTime(stale = false) {
      const time = everycell.byId("datatime");
      const seen = this.asOf ? (this.asOf.length > 10 ? everycell.clock(this.asOf) : this.asOf) : "–";
      const fetched = this.source.live && this.fetchedAt ? everycell.clock(this.fetchedAt).slice(11) : null;
      time.classList.toggle("stale", stale);
      time.replaceChildren(h("span", {}, t("Data {time}", { time: seen })), fetched ? h("span", {}, t("fetched {time}", { time: fetched })) : "");
    }

    async _recount() {
      everycell.address.write({ since: this.cutoff.now.key });
      this._loadList();
      await Promise.all([this._figures(), this.doors.setSince(this.cutoff.now.since, this.today)]);
    }

    /** New figures, and new tiles where figures changed. */
    async refresh() {
      const changed = await this._figures();
      if (!changed.length) return;
      const bounds = L.latLngBounds([]);
      for (const code of changed) bounds.extend(this.cells.bounds(code) ?? bounds);
      if (bounds.isValid()) await this.doors.refresh(bounds);
    }

    // --- the panel ----------------------------------------------------------------------------------------------

    _name(code) {
      if (!code) return t("All areas");
      const cell = this.cells.layers.get(code);
      if (cell) return t("Cell {number}", { number: code.slice(-3) }) + (cell.name && !cell.name.endsWith(code.slice(-3)) ? ` ${cell.name}` : "");
      return this.borders.names.get(code) ?? code;
    }

    _chain(code) {
      const counties = this.borders.divisions.filter(({ level }) => level === "county");
      const codes = [6, 9, 12, CELL_DIGITS].filter((digits) => digits <= code.length).map((digits) => code.slice(0, digits));
      const chain = counties.length === 1 ? [...new Set([counties[0].code, ...codes])] : ["", ...codes];
      return chain.filter((entry) => entry === "" || entry === code || this.borders.names.has(entry)).map((entry) => ({ code: entry, name: this._name(entry) }));
    }

    _sum(prefix) {
      const exact = this.figures.get(prefix);
      if (exact) return exact;
      const rows = [...this.figures].filter(([code]) => code.startsWith(prefix)).map(([, row]) => row);
      return rows.length ? sum(rows) : null;
    }

    _inside(code) {
      const digits = [6, 9, 12, CELL_DIGITS].find((next) => next > code.length && [...this.figures.keys()].some((cell) => cell.startsWith(code) && (next === CELL_DIGITS || this.borders.names.has(cell.slice(0, next)))));
      if (!digits) return [];
      const codes = new Set([...this.figures.keys()].filter((cell) => cell.startsWith(code)).map((cell) => cell.slice(0, digits)));
      const left = ({ figures }) => (figures?.known ? figures.known - figures.reached : figures?.empty === "confirmed" ? -2 : -1);
      return [...codes].map((inner) => ({ code: inner, name: this._name(inner), figures: this._sum(inner) })).sort((a, b) => left(b) - left(a) || a.code.localeCompare(b.code));
    }

    _showArea() {
      const { area } = this;
      const chain = this._chain(area || this._chain("")[0].code);
      everycell.showCrumbs(everycell.byId("crumbs"), chain, (code) => this.select(code, true));
      everycell.showFigures(everycell.byId("figures"), this._sum(area), this.today, this.cutoff.text());
      const inside = area.length >= CELL_DIGITS ? [] : this._inside(area || chain[0].code);
      everycell.showAreas(everycell.byId("areas"), inside, (code) => this.select(code, true));
      this._showTabs(inside.length > 0);
      this._countList();
    }

    _showTabs(hasAreas) {
      const tab = hasAreas ? this.tab : "list";
      for (const name of ["areas", "list"]) {
        const button = everycell.byId(`tab-${name}`);
        button.setAttribute("aria-selected", String(tab === name));
        button.tabIndex = tab === name ? 0 : -1;
        button.hidden = name === "areas" && !hasAreas;
        everycell.byId(`${name}-panel`).hidden = tab !== name;
      }
      if (tab === "list" && this.listed !== this._listKey()) this._loadList();
    }

    _listKey() {
      return `${this.area}|${this.cutoff.now.since}`;
    }

    /** Choose an area by its code; `go` moves the map there. */
    select(code, go = false) {
      this.area = code;
      this.cells.select(code);
      everycell.address.write({ area: code });
      if (go) this._fit(this.cells.bounds(code));
      if (code.length < CELL_DIGITS) this.tab = "areas";
      this._showArea();
      this.marks.repaint();
    }

    // --- the list of who waits ----------------------------------------------------------------------------------

    async _loadList() {
      this.listing?.abort();
      this.listing = new AbortController();
      const { signal } = this.listing;
      const hidden = everycell.byId("list-panel").hidden;
      this.listed = hidden ? null : this._listKey();
      this.list.clear();
      if (hidden) return;
      this.loading = true;
      try {
        for await (const batch of this.source.unvisited(this.area || this._chain("")[0].code, this.cutoff.now.since, signal)) {
          if (signal.aborted) return;
          this.list.add(batch);
          this._countList();
        }
        this.loading = false;
        this._countList();
      } catch (error) {
        if (error.name === "AbortError") return;
        this.loading = false;
        this.listed = null;
        everycell.byId("list-count").textContent = everycell.reason(error);
      }
    }

    _countList() {
      const figures = this._sum(this.area);
      const left = figures ? figures.known - figures.reached : 0;
      const have = this.list.items.length;
      const text = this.loading
        ? t("Loading {have} of {left}", { have: number(have), left: number(left) })
        : have
          ? t("Households waiting: {have}, longest wait first", { have: number(have) })
          : t("Nobody waits here.");
      everycell.byId("list-count").textContent = text;
      everycell.byId("tab-list").querySelector("b").textContent = number(left);
    }

    _wait(household) {
      const last = household.last_reached_on;
      if (!last) return h("span", { class: "state never" }, t("Never visited"));
      const late = household.due_on && everycell.day(household.due_on) < this.today;
      return h("span", { class: late ? "state overdue" : "state" }, everycell.ago(last, this.today), h("small", {}, last));
    }

    _recordButton(household) {
      const state = this.visits?.stateOf(household.code);
      if (state?.step === "sending") return h("span", { class: "sent" }, t("Sending…"));
      if (state?.step === "done" && state.outcome === "no_answer") return h("span", { class: "sent" }, t("Nobody answered"), h("small", {}, t("today")));
      if (!this.visits || household.status === "exempt") return null;
      const key = `record-${household.code}`;
      return h("button", { type: "button", class: "record", "data-key": key, onclick: () => this.visits.ask(household) }, t("Record a visit"));
    }

    _row(household) {
      const place = [household.address, household.unit].filter(Boolean).join(" ") || household.code;
      const go = () => this._toDoor({ id: household.doorplate, lat: household.lat, lon: household.lon });
      return h(
        "div",
        { class: "row" },
        h("button", { type: "button", class: "place", "data-key": `go-${household.code}`, title: t("Show on the map"), onclick: go }, h("span", {}, place), this._wait(household)),
        this._recordButton(household),
      );
    }

    _repaintRows() {
      this.list.paint();
      this.repaintCard?.();
    }

    async _settled(household, visit, error) {
      if (error) return this._repaintRows();
      const place = [household.address, household.unit].filter(Boolean).join(" ") || household.code;
      everycell.notice(visit.outcome === "reached" ? t("Recorded: {place}, reached", { place }) : t("Recorded: {place}, nobody answered", { place }));
      if (visit.outcome === "reached") {
        const at = this.list.items.findIndex(({ code }) => code === household.code);
        if (at >= 0) this.list.items.splice(at, 1);
      }
      this._repaintRows();
      const here = L.latLng(household.lat, household.lon);
      await Promise.all([this._figures(), this.doors.refresh(here.toBounds(60)), this.reloadCard?.()]);
      return undefined;
    }

    // --- clicks -------------------------------------------------------------------------------------------------

    _listen() {
      const { map } = this;
      map.on("click", (event) => this._click(event.latlng));
      map.on("moveend", () => this._moved());
      map.on("mousemove", everycell.eachFrame((event) => this._point(event)));
      map.on("mouseout", () => this.tip.remove());
      map.on("popupclose", () => (this.repaintCard = this.reloadCard = null));
      for (const name of ["areas", "list"]) everycell.byId(`tab-${name}`).addEventListener("click", () => this._tab(name));
      everycell.byId("tabs").addEventListener("keydown", (event) => ["ArrowLeft", "ArrowRight"].includes(event.key) && this._tab(this.tab === "list" ? "areas" : "list", true));
      addEventListener("hashchange", () => location.reload());
      if (this.source.live) setInterval(() => document.hidden || this.refresh(), REFRESH_MS);
      this._moved();
    }

    _tab(name, focus = false) {
      if (everycell.byId(`tab-${name}`).hidden) return;
      this.tab = name;
      this._showArea();
      if (focus) everycell.byId(`tab-${name}`).focus();
    }

    _moved() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
      const state = `${this.doors.drawn}/${this.sites.sites.length > 0}`;
      if (state === this.legendState) return;
      this.legendState = state;
      everycell.legend.show(everycell.byId("legend-body"), { doors: this.doors.drawn, sites: this.sites.sites.length > 0 });
    }

    _point(event) {
      const over = this.sites.at(event.latlng) ?? this.doors.at(event.latlng);
      this.map.getContainer().classList.toggle("over-door", Boolean(over));
    }

    _hover(code, event) {
      if (!code || this.map.getZoom() >= everycell.Doorplates.FROM_ZOOM) return this.tip.remove();
      const figures = this.figures.get(code);
      if (this.tipped !== code || !this.map.hasLayer(this.tip)) {
        const text = figures?.known
          ? `${everycell.percent(figures.reached, figures.known)} · ${number(figures.known - figures.reached)} ${t("households left")}`
          : figures?.empty === "confirmed"
            ? t("Confirmed empty")
            : figures
              ? t("Unchecked: no household listed")
              : t("No data");
        this.tip.setContent(h("div", {}, h("b", {}, `${this.borders.names.get(code.slice(0, 12)) ?? ""} ${code.slice(-3)}`), h("span", {}, text)));
        this.tipped = code;
      }
      return this.tip.setLatLng(event.latlng).openOn(this.map);
    }

    _click(latLng) {
      const site = this.sites.at(latLng);
      if (site) return this._card([site.lat, site.lon], this.sites.card(site));
      const door = this.doors.at(latLng);
      if (door) return this._openDoor(door.id, door.latLng);
      const cell = this.cells.at(latLng);
      if (cell) this.select(cell);
      return undefined;
    }

    _card(latLng, content) {
      const width = Math.round(Math.min(innerWidth - 40, 330 * everycell.scale));
      L.popup({ maxWidth: width, minWidth: Math.min(width, Math.round(220 * everycell.scale)), autoPanPadding: [24, 24] }).setLatLng(latLng).setContent(content).openOn(this.map);
    }

    _toDoor({ id, lat, lon }) {
      if (lat === undefined || lat === null) return;
      this.map.setView([lat, lon], Math.max(18, this.map.getZoom()), { animate: !everycell.still });
      if (id) this._openDoor(id, L.latLng(lat, lon));
    }

    async _openDoor(id, latLng) {
      const body = h("div", { class: "card" }, h("p", { class: "muted" }, t("Loading…")));
      this._card(latLng, body);
      const load = async () => {
        try {
          const [door, units] = await Promise.all([this.source.door(id), this.source.units(id)]);
          const paint = () => body.replaceChildren(...this._door(door, units));
          paint();
          this.repaintCard = paint;
        } catch (error) {
          body.replaceChildren(h("p", { class: "late" }, everycell.reason(error)));
        }
      };
      this.reloadCard = load;
      await load();
      this.map._popup?.update();
    }

    _door(door, units) {
      const rank = ({ status, last_reached_on: last }) => (status === "exempt" ? "z" : (last ?? ""));
      const sorted = [...units].sort((a, b) => rank(a).localeCompare(rank(b)) || (a.unit ?? "").localeCompare(b.unit ?? "", "zh"));
      const rows = sorted.map((unit) => {
        const full = { ...unit, address: unit.address ?? door.address, lat: unit.lat ?? door.lat, lon: unit.lon ?? door.lon };
        const wait = unit.status === "exempt" ? h("span", { class: "state muted" }, t("exempt from visits")) : this._wait(full);
        return h("li", {}, h("span", { class: "unit" }, unit.unit || t("Household")), wait, this._recordButton(full));
      });
      const waiting = door.households ?? door.n ?? units.length;
      return [
        h("h3", {}, door.address || door.code),
        h("p", { class: "muted" }, door.code, " · ", t("households: {number}, never visited: {never}", { number: number(waiting), never: number(door.never) })),
        this.source.live ? null : h("p", { class: "muted" }, t("Households that wait:")),
        rows.length ? h("ul", { class: "units" }, rows) : h("p", { class: "muted" }, t("Nobody waits here.")),
      ].filter(Boolean);
    }

    _found({ properties, geometry }) {
      const { kind, code } = properties;
      if (["county", "town", "village", "cell"].includes(kind)) {
        this.select(code, true);
        return;
      }
      const [lon, lat] = geometry.coordinates;
      const id = properties.doorplate ?? properties.id;
      const site = kind === "site" && this.sites.sites.find((one) => one.code === code);
      if (site) {
        this.map.setView([lat, lon], Math.max(17, this.map.getZoom()), { animate: !everycell.still });
        this._card([lat, lon], this.sites.card(site));
      } else this._toDoor({ id, lat, lon });
    }
  }

  const foldable = () => {
    const button = everycell.byId("fold");
    const fold = (folded) => {
      document.body.classList.toggle("folded", folded);
      button.setAttribute("aria-expanded", String(!folded));
    };
    button.addEventListener("click", () => {
      fold(!document.body.classList.contains("folded"));
      everycell.memory.set("folded", document.body.classList.contains("folded") ? "yes" : "no");
    });
    fold(innerWidth < 720 || everycell.memory.get("folded") === "yes");
    const other = everycell.byId("language");
    other?.addEventListener("click", () => (other.href = other.href.split("#")[0] + location.hash));
  };

  /** Called by the page when its map is made. */
  everycell.start = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    foldable();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return null;
    }
    const page = new CoverageMap(map);
    everycell.page = page;
    page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
    return page;
  };
}
