"use strict";
// Cards on the map: a door with its units, a key site.
{
  const { h, t, number } = everycell;

  const rank = ({ status, last_reached_on: last }) => (status === "exempt" ? "z" : (last ?? ""));
  const byWait = (a, b) =>
    rank(a).localeCompare(rank(b)) || (a.unit ?? "").localeCompare(b.unit ?? "", "zh", { numeric: true });

  /** `view` tells what cards need to know: {map, source, visits, today}. */
  everycell.Cards = class {
    constructor(view) {
      this.view = view;
      this.door = null;
      view.map.on("popupclose", () => (this.door = null));
    }

    show(latLng, content) {
      const width = Math.round(Math.min(innerWidth - 40, 380 * everycell.scale));
      const least = Math.min(width, Math.round(240 * everycell.scale));
      const left = document.body.classList.contains("folded") ? 24 : everycell.byId("panel").offsetWidth + 24;
      const top = (document.querySelector(".controls")?.offsetHeight ?? 0) + 24;
      const popup = L.popup({
        maxWidth: width,
        minWidth: least,
        autoPanPaddingTopLeft: [innerWidth > 2 * left ? left : 24, top],
        autoPanPaddingBottomRight: [64, 24],
      });
      popup.setLatLng(latLng).setContent(content).openOn(this.view.map);
      popup.getElement()?.querySelector(".leaflet-popup-close-button")?.setAttribute("aria-label", t("Close"));
      return popup;
    }

    /** Open a door's card and fill it when its units have come. */
    async openDoor(id, latLng) {
      const body = h("div", { class: "card" }, h("p", { class: "muted" }, t("Loading…")));
      const popup = this.show(latLng, body);
      this.door = { id, body, popup };
      await this.reload();
    }

    /** Ask again for the door whose card is open. */
    async reload() {
      const { door } = this;
      if (!door) return;
      try {
        [door.plate, door.units] = await Promise.all([this.view.source.door(door.id), this.view.source.units(door.id)]);
        this.repaint();
      } catch (error) {
        door.body.replaceChildren(h("p", { class: "late" }, everycell.reason(error)));
      }
      door.popup.update();
    }

    repaint() {
      if (this.door?.units) this.door.body.replaceChildren(...this._door(this.door.plate, this.door.units));
    }

    _door(plate, units) {
      const list = [...units].sort(byWait).map((unit) =>
        this._unit({
          ...unit,
          address: unit.address ?? plate.address,
          cell: unit.cell ?? plate.cell,
          lat: unit.lat ?? plate.lat,
          lon: unit.lon ?? plate.lon,
        }),
      );
      const known = number(plate.households ?? units.length);
      const counts = this.view.source.live
        ? t("households: {number}, never visited: {never}", { number: known, never: number(plate.never) })
        : t("Households that wait: {number}", { number: known });
      return [
        h("h3", {}, plate.address || plate.code),
        h("p", { class: "muted" }, plate.address && plate.code ? `${plate.code} · ${counts}` : counts),
        list.length
          ? h("ul", { class: "units" }, list)
          : h("p", { class: "muted" }, t("No household is listed behind this door.")),
      ];
    }

    _unit(household) {
      const { visits, today } = this.view;
      const wait =
        household.status === "exempt"
          ? h("span", { class: "state" }, t("exempt from visits"))
          : everycell.waitOf(household, today);
      return h(
        "li",
        {},
        h("span", { class: "unit" }, household.unit || t("Household")),
        wait,
        everycell.recordButton(visits, household),
      );
    }
  };
}
