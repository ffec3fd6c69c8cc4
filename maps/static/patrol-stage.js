"use strict";
// The map of patrols: what is drawn on it, and what a click or the pointer finds there.
{
  const { h, t } = everycell;
  const PANES = { streets: 250, cells: 400, marks: 450 };

  /** `desk` is the page: {map, config, source, areas, part, plan, sweep, form, teams, places, minutes, area, areaAsked, select(code)}. */
  everycell.PatrolStage = class {
    constructor(desk, cells, divisions) {
      const { map, source, config } = desk;
      const view = new everycell.MapView(map, PANES, { between: true });
      if (!config.base_map) everycell.streets(map, source);
      Object.assign(this, {
        desk,
        map,
        view,
        cells: new everycell.Cells(map, cells, { solid: 0, doors: false }),
        borders: new everycell.Borders(divisions),
        proposals: new everycell.Proposals(map),
        routes: new everycell.PlanRoutes(map),
        cards: new everycell.Cards(desk),
        marks: new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._marks(...canvas) }),
        tip: L.tooltip({ direction: "top", offset: [0, -10], className: "cell-tip" }),
      });
      this.repaint = everycell.eachFrame(() => this.marks.repaint());
    }

    /** Listen to the pointer. */
    listen() {
      const { map } = this;
      this.cells.add();
      this.marks.addTo(map);
      map.on("click", ({ latlng }) => this.click(latlng));
      map.on("moveend", () => this.view.remember());
      map.on(
        "mousemove",
        everycell.eachFrame(({ latlng }) => this._point(latlng)),
      );
      map.on("mouseout", () => this.tip.remove());
      map.on("popupclose", () => this.desk.plan.unchoose());
    }

    // The plan that is shown, once it has routes; null else.
    get _plan() {
      const { plan } = this.desk.plan;
      return plan?.status === "planned" ? plan : null;
    }

    // Whether the map shows a sweep, instead of stops.
    get sweeping() {
      return this.desk.part === "prepare" && Boolean(this.desk.sweep?.open);
    }

    // --- what is on it ------------------------------------------------------------------------------------------

    _marks(context, toPoint, bounds) {
      const [zoom, taken, plan] = [this.map.getZoom(), [], this._plan];
      const outlined = this.desk.plan.plan?.area ?? this.desk.areaAsked;
      this.borders.draw(context, toPoint, zoom, outlined);
      this.cells.select(outlined);
      this.cells.drawSelection(context, toPoint);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      this.cells.drawLabels(context, toPoint, bounds, taken);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
      if (plan) this.routes.draw(context, toPoint, bounds);
      else this._prepared(context, toPoint, bounds);
      this.map.getContainer().dataset.plan = plan ? `${plan.id} ${plan.version}` : "";
    }

    _prepared(context, toPoint, bounds) {
      const { desk } = this;
      if (this.sweeping) {
        desk.sweep.draw(context, toPoint, bounds);
        return;
      }
      this.proposals.draw(context, toPoint, bounds);
      if (desk.part === "team") desk.form.draw(context, toPoint);
      else desk.teams.draw(context, toPoint);
    }

    /** Move to an area; "" to all of it. */
    fit(code, animate = !everycell.still) {
      const areas = this.cells.areas(code);
      if (areas.length) this.view.zoom(areas, animate);
      else {
        const [west, south, east, north] = this.desk.config.bounds;
        this.view.zoom(L.latLngBounds([south, west], [north, east]), animate);
      }
    }

    // --- what is clicked, and pointed at ------------------------------------------------------------------------

    /** A click on a place: a corner, a station, a stop, or somewhere to add one. */
    click(latLng) {
      const { desk } = this;
      if (desk.part === "team") desk.form.placeAt(latLng);
      else if (this.sweeping) this._sweepAt(latLng);
      else {
        const stop = this._at(latLng);
        if (stop && this._plan) desk.plan.choose(stop.key);
        else if (stop) this.open(stop);
        else this._offer(latLng);
      }
    }

    _at(latLng) {
      return this._plan ? this.routes.at(latLng) : this.proposals.at(latLng);
    }

    // A corner of a polygon, where the walk begins, or another cell to be swept.
    _sweepAt(latLng) {
      const cell = this.desk.sweep.placeAt(latLng) ? null : this.cells.at(latLng);
      if (cell) this.desk.select(cell);
    }

    /** The card of a stop that is proposed. */
    open(stop) {
      const { desk } = this;
      const own = stop.kind === "place";
      const drop = {
        text: t("Take out"),
        go: () => {
          this.map.closePopup();
          desk.places.drop(stop.key);
        },
      };
      const card = everycell.stopCard(stop, { areas: desk.areas, actions: own ? [drop] : [] });
      if (!own && desk.choice.has(stop)) card.append(desk.windows.fieldsOf(stop));
      this.cards.show([stop.lat, stop.lon], card);
    }

    // A place of the map where nothing is: it may be added, or its cell be chosen.
    _offer(latLng) {
      const { desk } = this;
      const planned = Boolean(this._plan);
      if (planned ? !desk.plan.editable : desk.part !== "prepare" || desk.on < desk.config.today) return;
      const cell = this.cells.at(latLng);
      if (!cell) return;
      if (!planned && !cell.startsWith(desk.areaAsked)) desk.select(cell);
      else this._form(latLng, planned, cell);
    }

    _form(latLng, planned, cell) {
      const { desk } = this;
      const place = { lon: Number(latLng.lng.toFixed(7)), lat: Number(latLng.lat.toFixed(7)) };
      const onadd = (said) => {
        this.map.closePopup();
        if (planned) desk.plan.add({ ...place, ...said });
        else desk.places.add({ ...place, ...said });
      };
      const other = !planned && cell !== desk.areaAsked;
      const onarea = other ? { text: desk.areas.name(cell), go: () => desk.select(cell, true) } : null;
      const form = everycell.placeForm({ minutes: desk.minutes.minutes.place, onadd, onarea });
      this.cards.show(latLng, form);
      form.querySelector("button").focus({ preventScroll: true });
    }

    _point(latLng) {
      const stop = this.desk.part === "team" || this.sweeping ? null : this._at(latLng);
      this.map.getContainer().classList.toggle("over-door", Boolean(stop));
      if (!stop) {
        this.tip.remove();
        return;
      }
      const head = stop.position ? `${stop.team} · ${stop.position} · ${stop.arrive_at}` : null;
      const words = [head, everycell.reasonOf(stop)].filter(Boolean);
      this.tip.setContent(
        h(
          "div",
          {},
          h("b", {}, everycell.titleOfStop(stop)),
          words.map((text) => h("span", {}, text)),
        ),
      );
      this.tip.setLatLng([stop.lat, stop.lon]).openOn(this.map);
    }

    /** What a search has found: an area is chosen, a door gone to. */
    found({ properties, geometry }) {
      const { desk } = this;
      const { kind, code } = properties;
      const area = ["county", "town", "village", "cell"].includes(kind);
      if (area && desk.part === "prepare") desk.select(code, true);
      else if (area) this.fit(code);
      else {
        this.view.goTo(geometry.coordinates);
        const [lng, lat] = geometry.coordinates;
        if (desk.part !== "team") this.click(L.latLng(lat, lng));
      }
    }
  };
}
