"use strict";
// Where a map looks, and what it says of itself: panes, controls, credits, the view in the address, the time of the data.
{
  const { h, t } = everycell;
  const CLOSEST = 19;
  const WHOLE_FROM = 14;
  const NEAR = 17; // near enough to see what lies around a place
  const VIEW = /^(\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)\/(-?\d+(?:\.\d+)?)$/; // zoom/lat/lon

  // From near to far: whole steps from `whole` on. Views from farther away lie between two steps, to fill the map.
  const zoomsOf = (map, whole) => {
    const zooms = [];
    const least = Math.max(whole, map.getMinZoom());
    for (let zoom = CLOSEST; zoom >= least; zoom -= 1) zooms.push(zoom);
    for (let zoom = least - 0.25; zoom >= map.getMinZoom(); zoom -= 0.25) zooms.push(zoom);
    return zooms;
  };

  const OVER = ["#legend", "#datatime", "#tools", "#hint", ".controls", ".leaflet-control"];

  /**
   * `panes` are names with their height; nothing in them takes the pointer, the map does. `between`: a view from afar may
   * lie between two steps of the zoom; from `whole` on none does. `over` are the selectors of what lies over the map,
   * `label` says what it is, `ruler` is how long the scale may be, in pixels on a desk.
   */
  everycell.MapView = class {
    constructor(
      map,
      panes,
      { between = false, whole = between ? WHOLE_FROM : 0, over = OVER, label = null, ruler = 110 } = {},
    ) {
      Object.assign(this, { map, whole, over, ruler });
      this._panes(panes, label ?? t("Map: arrows move it, plus and minus zoom"));
    }

    _panes(panes, label) {
      const { map } = this;
      map.getContainer().setAttribute("role", "application");
      map.getContainer().setAttribute("aria-label", label);
      for (const [name, level] of Object.entries(panes)) {
        const pane = map.createPane(name);
        pane.style.zIndex = String(level);
        pane.style.pointerEvents = "none";
      }
      L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
      const wide = Math.round(this.ruler * everycell.scale);
      L.control.scale({ imperial: false, position: "bottomright", maxWidth: wide }).addTo(map);
      this._credit();
    }

    _credit() {
      const { attribution, credits } = everycell.config;
      if (!attribution && !credits.length) return;
      const control = L.control.attribution({ prefix: false }).addTo(this.map);
      for (const credit of credits) control.addAttribution(credit); // printed as HTML: they come escaped
    }

    /** Take the view that the address tells; false where it tells none. */
    recall() {
      const asked = VIEW.exec(everycell.address.read().map ?? "");
      if (!asked) return false;
      const [zoom, lat, lon] = asked.slice(1).map(Number);
      this._go([lat, lon], zoom, false);
      return true;
    }

    /** Keep the view in the address. */
    remember() {
      const { lat, lng } = this.map.getCenter();
      everycell.address.write({ map: `${this.map.getZoom()}/${lat.toFixed(5)}/${lng.toFixed(5)}` });
    }

    /** Show bounds (some L.LatLngBounds) clear of everything that lies over the map. */
    zoom(bounds, animate = !everycell.still) {
      const view = everycell.viewOf(this.map, [bounds].flat(), {
        zooms: zoomsOf(this.map, this.whole),
        panel: everycell.byId("panel"),
        over: () => [...document.querySelectorAll(this.over.join())],
        before: () => {},
      });
      if (view) this._go(view.center, view.zoom, animate);
    }

    _go(center, zoom, animate) {
      const { options } = this.map;
      options.zoomSnap = zoom < this.whole ? 0.25 : 1;
      this.map.setView(center, zoom, { animate });
      options.zoomSnap = 1;
    }

    /** Go to a place, [lon, lat], as near as to see its surroundings. */
    goTo([lon, lat]) {
      const { map } = this;
      const zoom = Math.max(NEAR, map.getZoom());
      const aside = map.getSize().divideBy(2).subtract(this._free.getCenter()); // into the middle of what is free
      const centre = map.unproject(map.project([lat, lon], zoom).add(aside), zoom);
      map.setView(centre, zoom, { animate: !everycell.still });
    }

    /** Whether a place, [lon, lat], lies on the map beside the panel. */
    shows([lon, lat]) {
      return this._free.contains(this.map.latLngToContainerPoint([lat, lon]));
    }

    get _free() {
      return everycell.freeOf(this.map, everycell.byId("panel"));
    }

    /** The day or time of the data and when it was fetched; `stale` where there is, or may be, newer one. */
    showTime(asOf, fetchedAt, stale = false) {
      const time = everycell.byId("datatime");
      time.classList.toggle("stale", stale);
      const fetched = everycell.clock(fetchedAt).slice(11);
      const words = [t("Data {time}", { time: asOf ?? "–" }), t("fetched {time}", { time: fetched })];
      time.replaceChildren(...words.map((text) => h("span", {}, text)));
    }
  };
}
