"use strict";
// The map of the wall: cells and what a scene paints over them, borders, names, numbers.
{
  const { t } = everycell;
  const PANES = { cells: 400, streets: 420, marks: 450 };
  const STREETS_FROM = 11; // as the eye sees it: from farther away they would only dim the cells
  const VEIL = { light: "rgba(243,244,242,.6)", dark: "rgba(18,24,31,.62)" };
  const FEW = 1 / 6; // of the cells in sight: so few numbers tell less than they hide
  const OVER = ["#legend", "#datatime", "#place", ".leaflet-control"];

  everycell.WallDrawing = class {
    constructor(wall) {
      Object.assign(this, { wall, map: wall.map, scene: null, cells: null, levels: {}, selected: "", begun: false });
      this.view = new everycell.MapView(this.map, PANES, {
        whole: everycell.config.base_map ? undefined : 20, // pictures of a base map blur between two steps
        between: true,
        ruler: 70,
        over: OVER,
        label: t("Map: a click goes down, from town to village to cell"),
      });
      if (!everycell.config.base_map) this._streets();
      const draw = (...canvas) => this._paint(...canvas);
      this.marks = new everycell.Overlay({ pane: "marks", draw }).addTo(this.map);
    }

    _streets() {
      const streets = everycell.streets(this.map, this.wall.source);
      const shown = () => {
        const near = everycell.seenZoom(this.map.getZoom()) >= STREETS_FROM;
        if (near === this.map.hasLayer(streets)) return;
        if (near) streets.addTo(this.map);
        else streets.remove();
      };
      this.map.on("zoomend", shown);
      shown();
    }

    /** The shapes of cells and divisions (GeoJSON): as they are now. */
    take(cells, divisions) {
      this.cells?.remove();
      this.cells = new everycell.Cells(this.map, cells, {
        solid: everycell.config.base_map ? 0.75 : 1,
        near: 1, // here streets are drawn over them
        doors: false,
        shows: this.scene?.cells() ?? everycell.coverageShown,
      });
      if (this.begun) this.cells.add();
      this.borders = new everycell.Borders(divisions);
      this.features = { cell: cells.features };
      for (const feature of divisions.features) (this.features[feature.properties.level] ??= []).push(feature);
      this.levels = {};
    }

    /** Begin to draw: the map has found its first view. */
    begin() {
      this.begun = true;
      this.cells.add();
    }

    /** The areas of a level, to be painted. */
    areas(level) {
      this.levels[level] ??= new everycell.AreaShapes(this.features?.[level] ?? []);
      return this.levels[level];
    }

    /** Show a scene. */
    show(scene) {
      this.scene = scene;
      this.cells?.show(scene.cells());
      this.repaint();
    }

    /** Show all figures anew (code -> figures). */
    recolour(figures) {
      this.cells.recolour(figures);
      this.repaint();
    }

    repaint() {
      this.marks.repaint();
    }

    /** Mark an area by its code. */
    select(code) {
      this.selected = code;
      this.cells.select(code);
      this.repaint();
    }

    /** Move the map to an area by its code; "" is everything. */
    fit(code, animate = !everycell.still) {
      const areas = this.cells.areas(code);
      const [west, south, east, north] = everycell.config.bounds;
      this.view.zoom(areas.length ? areas : L.latLngBounds([south, west], [north, east]), animate);
    }

    // What lies around the area that is looked at steps back.
    _veil(context, toPoint, { min, max }) {
      const polygons = this.selected && this._polygonsOf(this.selected);
      if (!polygons) return;
      context.beginPath();
      context.rect(min.x, min.y, max.x - min.x, max.y - min.y);
      everycell.shapes.tracePolygons(context, toPoint, polygons);
      context.fillStyle = VEIL[everycell.theme];
      context.fill("evenodd");
    }

    _polygonsOf(code) {
      const division = this.borders.divisions.find((one) => one.code === code);
      return division?.polygons ?? this.cells.layers.get(code)?.rings;
    }

    _paint(context, toPoint, bounds) {
      if (!this.cells || !this.scene) return;
      const [taken, zoom] = [[], this.map.getZoom()];
      const areas = this.scene.areas(this.wall);
      areas?.shapes.draw(context, toPoint, bounds, areas.look);
      this.scene.over(this.wall, context, toPoint, bounds);
      this._veil(context, toPoint, bounds);
      this.borders.draw(context, toPoint, zoom, this.selected);
      this.cells.drawSelection(context, toPoint);
      const names = { zoom, taken, levels: areas?.levels, note: (code) => this.scene.note(this.wall, code) };
      this.borders.drawNames(context, toPoint, bounds, { ...names, large: true });
      areas?.shapes.drawLabels(context, toPoint, bounds, { say: areas.say, taken });
      const numbers = { within: this.selected, least: FEW };
      if (this.scene.labels) this.cells.drawLabels(context, toPoint, bounds, taken, numbers);
      this.borders.drawNames(context, toPoint, bounds, { ...names, large: false });
    }
  };
}
