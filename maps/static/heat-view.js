"use strict";
// Where the map of heat looks, and what it says of itself: panes, controls, legend, the time of the figures.
{
  const { h, t, byId } = everycell;
  const PANES = { streets: 250, heat: 300, marks: 450 };
  const CLOSEST = 17;
  const VIEW = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/; // zoom/lat/lon

  /** `page` is the page of heat. */
  everycell.HeatView = class {
    constructor(page) {
      Object.assign(this, { page, map: page.map });
      this._panes();
    }

    _panes() {
      const { map } = this;
      map.getContainer().setAttribute("role", "application");
      map.getContainer().setAttribute("aria-label", t("Map: arrows move it, plus and minus zoom"));
      for (const [name, level] of Object.entries(PANES)) {
        const pane = map.createPane(name);
        pane.style.zIndex = String(level);
        pane.style.pointerEvents = "none";
      }
      L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
      const wide = Math.round(110 * everycell.scale);
      L.control.scale({ imperial: false, position: "bottomright", maxWidth: wide }).addTo(map);
      const { attribution, credits } = everycell.config;
      if (!attribution && !credits.length) return;
      const control = L.control.attribution({ prefix: false }).addTo(map);
      for (const credit of credits) control.addAttribution(credit); // printed as HTML: they come escaped
    }

    /** The view that the address tells, or the area; whether the address did. */
    restore() {
      const asked = VIEW.exec(everycell.address.read().map ?? "");
      if (!asked) this.fit(this.page.area, false);
      else {
        const [zoom, lat, lon] = asked.slice(1).map(Number);
        this._go([lat, lon], zoom, false);
      }
      return Boolean(asked);
    }

    /** Keep the view in the address. */
    remember() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
    }

    _go(center, zoom, animate) {
      this.map.options.zoomSnap = 0.25;
      this.map.setView(center, zoom, { animate });
      this.map.options.zoomSnap = 1;
    }

    /** Show an area by its code, clear of everything that lies over the map. */
    fit(code, animate = !everycell.still) {
      const areas = this.page.drawing.shapes.cell.areas(code);
      if (code && !areas.length) return;
      const zooms = [];
      for (let zoom = CLOSEST; zoom >= this.map.getMinZoom(); zoom -= 0.25) zooms.push(zoom);
      const [west, south, east, north] = everycell.config.bounds;
      const whole = L.latLngBounds([south, west], [north, east]);
      const view = everycell.viewOf(this.map, areas.length ? areas : [whole], {
        zooms,
        panel: byId("panel"),
        over: () => [...document.querySelectorAll("#legend, #datatime, #controls, .leaflet-control")],
        before: () => {},
      });
      if (view) this._go(view.center, view.zoom, animate);
    }

    /** Go to a place, as near as to see its surroundings. */
    goTo(lat, lon) {
      this.map.setView([lat, lon], Math.max(16, this.map.getZoom()), { animate: !everycell.still });
    }

    /** The legend of what is drawn. */
    explain() {
      const { controls, heat, release, verdicts } = this.page;
      const { layer, mode, level } = controls;
      everycell.showHeatLegend(byId("legend-body"), { layer, mode, heat, verdicts, outlines: level, release });
    }

    /** When the figures were published, on which grid, and from which period places within villages are. */
    showTime() {
      const { controls, heat, verdicts, published } = this.page;
      const drawn = controls.layer === "heat" ? heat : verdicts;
      const newest = published.releases.map(({ published_at: at }) => everycell.clock(at).slice(0, 10)).sort();
      const words = [
        t("Published {day}", { day: newest.at(-1) ?? "–" }),
        drawn?.grid_on && t("grid of {day}", { day: drawn.grid_on }),
        drawn?.base && t("places within villages: {period}", { period: everycell.periods.inWords(drawn.base) }),
        drawn && drawn === verdicts && everycell.periods.inWords(drawn.period),
      ];
      byId("datatime").replaceChildren(...words.filter(Boolean).map((text) => h("span", {}, text)));
    }
  };
}
