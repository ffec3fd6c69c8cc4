"use strict";
// Where the editor's map looks, and what it says of itself: panes, controls, legend, the time of the data.
{
  const { h, t } = everycell;
  const PANES = { streets: 250, land: 300, cells: 400, doors: 430, marks: 450 };
  const CLOSEST = 19;
  const VIEW = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/; // zoom/lat/lon

  /** `editor` is the page. */
  everycell.EditView = class {
    constructor(editor) {
      Object.assign(this, { editor, map: editor.map });
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
      this._credit();
    }

    _credit() {
      const { attribution, credits } = everycell.config;
      if (!attribution && !credits.length) return;
      const control = L.control.attribution({ prefix: false }).addTo(this.map);
      for (const credit of credits) control.addAttribution(credit); // printed as HTML: they come escaped
    }

    /** The view that the address tells, or all cells. */
    restore() {
      const asked = VIEW.exec(everycell.address.read().map ?? "");
      if (!asked) this.fit([...this.editor.grid.live.keys()], false);
      else {
        const [zoom, lat, lon] = asked.slice(1).map(Number);
        this.map.setView([lat, lon], zoom, { animate: false });
      }
    }

    /** Keep the view in the address. */
    remember() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
    }

    /** Show cells by their codes, clear of everything that lies over the map. */
    fit(codes, animate = !everycell.still) {
      const bounds = this.editor.grid.boundsOf(codes);
      if (bounds) this.zoom(bounds, animate);
    }

    zoom(bounds, animate = !everycell.still) {
      const { map } = this;
      const zooms = Array.from({ length: CLOSEST - map.getMinZoom() + 1 }, (_, index) => CLOSEST - index);
      const view = everycell.viewOf(map, [bounds], {
        zooms,
        panel: everycell.byId("panel"),
        over: () => [...document.querySelectorAll("#legend, #datatime, #tools, #hint, .leaflet-control")],
        before: () => {},
      });
      if (view) map.setView(view.center, view.zoom, { animate });
    }

    /** Go to a place, [lon, lat], as near as to see its surroundings. */
    goTo([lon, lat]) {
      this.map.setView([lat, lon], Math.max(17, this.map.getZoom()), { animate: !everycell.still });
    }

    /** The legend of what is drawn. */
    explain() {
      const { grid, layer, hand, nodes, issues, conflicts, past } = this.editor;
      everycell.showGridLegend(everycell.byId("legend-body"), {
        past: past.day !== null,
        draft: grid.marks.size > 0,
        both: layer.view === "both",
        hand: hand.cells.length > 0,
        nodes: nodes.shown,
        doors: everycell.may("doors") && this.map.getZoom() >= everycell.doorDots.FROM_ZOOM,
        issues: issues.list.length > 0,
        conflict: conflicts.list.length > 0,
        closed: [...grid.cells.keys()].some((code) => !this.editor.editable(code)),
      });
    }

    /** The day of the figures and when the grid was fetched; `stale` where there is a newer one. */
    showTime(asOf, fetchedAt, stale = false) {
      const time = everycell.byId("datatime");
      time.classList.toggle("stale", stale);
      const fetched = everycell.clock(fetchedAt).slice(11);
      const words = [t("Data {time}", { time: asOf ?? "–" }), t("fetched {time}", { time: fetched })];
      time.replaceChildren(...words.map((text) => h("span", {}, text)));
    }
  };
}
