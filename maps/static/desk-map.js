"use strict";
// The map beside the cases: the grid, the points that stand for where cases lie, and what a click or the pointer meets.
{
  const { h, t } = everycell;
  const PANES = { streets: 250, cells: 400, marks: 450 };
  const NEAR_ZOOM = 14;

  /** `desk` is the page: whoever is pointed at is opened or chosen there. */
  everycell.DeskMap = class {
    constructor(desk, map) {
      Object.assign(this, { desk, map });
      this.view = new everycell.MapView(map, PANES, { between: true });
    }

    /** Draw the grid, GeoJSON of cells and divisions. */
    draw(cells, divisions) {
      const { map, desk } = this;
      if (!desk.config.base_map) everycell.streets(map, desk.source);
      this.cells = new everycell.Cells(map, cells, { solid: 0, doors: false });
      this.borders = new everycell.Borders(divisions);
      this.points = new everycell.CasePoints(map);
      this.cards = new everycell.Cards(desk);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._marks(...canvas) });
      /** Draw anew what lies on the map. */
      this.repaint = everycell.eachFrame(() => this.marks.repaint());
      this.tip = L.tooltip({ direction: "top", offset: [0, -10], className: "cell-tip" });
    }

    /** Begin to answer to clicks and to the pointer. */
    listen() {
      const { map } = this;
      this.cells.add();
      this.marks.addTo(map);
      map.on("click", ({ latlng }) => this._click(latlng));
      map.on("moveend", () => this.view.remember());
      map.on(
        "mousemove",
        everycell.eachFrame(({ latlng }) => this._point(latlng)),
      );
      map.on("mouseout", () => this.tip.remove());
    }

    _marks(context, toPoint, bounds) {
      const { desk, cells, borders, points } = this;
      const [zoom, taken, outlined] = [this.map.getZoom(), points.boxes(toPoint), desk.outlined];
      borders.draw(context, toPoint, zoom, outlined);
      cells.select(outlined);
      cells.drawSelection(context, toPoint);
      borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      cells.drawLabels(context, toPoint, bounds, taken);
      borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
      points.draw(context, toPoint, bounds, desk.chosen);
      if (desk.intake.open) desk.intake.place.draw(context, toPoint);
    }

    /** Show an area, or all of them, clear of everything that lies over the map. */
    fit(code, animate = !everycell.still) {
      const areas = this.cells.areas(code);
      if (areas.length) this.view.zoom(areas, animate);
      else if (!code) {
        const [west, south, east, north] = this.desk.config.bounds;
        this.view.zoom(L.latLngBounds([south, west], [north, east]), animate);
      }
    }

    /** Show where a case lies, from near; one that is told no point, by its area. */
    show(one) {
      if (!one.place) this.fit(one.area);
      else if (this.map.getZoom() < NEAR_ZOOM || !this.view.shows(one.place.coordinates))
        this.view.goTo(one.place.coordinates);
    }

    /** Whether a new case is placed by the next click. */
    placing(yes) {
      this.map.getContainer().classList.toggle("placing", yes);
    }

    _click(latLng) {
      const { desk } = this;
      if (desk.intake.open) {
        if (!desk.intake.place.pick(latLng)) desk.intake.place.at(latLng);
        return;
      }
      const group = this.points.at(latLng);
      if (group?.cases.length === 1) desk.openCase(group.cases[0].id);
      else if (group) this._offer(group);
      else {
        const cell = this.cells.at(latLng);
        if (cell) desk.select(cell);
      }
    }

    // Several cases at one point: a list to choose of.
    _offer({ place: [lon, lat], cases }) {
      const rows = cases.map((one) => h("div", { class: "case-row" }, everycell.caseRow(this.desk, one)));
      this.cards.show([lat, lon], h("div", { class: "several" }, h("h3", {}, severalWords(cases)), rows));
    }

    _point(latLng) {
      const group = this.desk.intake.open ? null : this.points.at(latLng);
      this.map.getContainer().classList.toggle("over-door", Boolean(group));
      if (!group) {
        this.tip.remove();
        return;
      }
      const [one] = group.cases;
      const [title, second] =
        group.cases.length > 1
          ? [severalWords(group.cases)]
          : [everycell.nameOf("category", one.category), everycell.dueWords(one, this.desk.now)];
      this.tip.setContent(h("div", {}, h("b", {}, title), second ? h("span", {}, second) : null));
      this.tip.setLatLng([group.place[1], group.place[0]]).openOn(this.map);
    }
  };

  const severalWords = ({ length }) => t("Listed at this point: {number}", { number: everycell.number(length) });
}
