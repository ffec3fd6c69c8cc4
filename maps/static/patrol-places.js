"use strict";
// Places that the leader adds by a click on the map, before there is a plan.
{
  const { h, t, tab } = everycell;

  /** `onchange()` is called when one is added or taken out; `ongo(place)` shows one on the map. */
  everycell.AddedPlaces = class {
    constructor(target, { onchange, ongo }) {
      Object.assign(this, { target, onchange, ongo });
      this.list = JSON.parse(tab.get("patrol.places") ?? "[]");
      this._show();
    }

    add(place) {
      this.list.push({ ...place, key: everycell.uuid() });
      this._changed();
    }

    drop(key) {
      this.list = this.list.filter((place) => place.key !== key);
      this._changed();
    }

    clear() {
      this.list = [];
      this._changed();
    }

    /** As stops, for the map. */
    get stops() {
      return this.list.map((place) => ({ ...place, kind: "place", reason: { because: "picked" } }));
    }

    /** What the service is asked for. */
    get wish() {
      return this.list.map(({ lon, lat, minutes, tier }) => ({ lon, lat, minutes, tier }));
    }

    _changed() {
      tab.set("patrol.places", JSON.stringify(this.list));
      this._show();
      this.onchange();
    }

    _show() {
      this.target.replaceChildren(...this.stops.map((stop, index) => this._row(stop, index)));
    }

    _row(stop, index) {
      const name = t("Added place {number}", { number: index + 1 });
      const facts = t("{minutes} min · tier {tier}", { minutes: stop.minutes, tier: stop.tier });
      return h(
        "li",
        {},
        h(
          "button",
          { type: "button", class: "row", onclick: () => this.ongo(stop) },
          everycell.stopSigns.imageOf(stop),
          h("span", {}, name),
          h("small", {}, facts),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon",
            "aria-label": t("Take out {name}", { name }),
            onclick: () => this.drop(stop.key),
          },
          "×",
        ),
      );
    }
  };

  /** A form for a place that is to be added: `onadd({minutes, tier})`. */
  everycell.placeForm = ({ minutes, onadd, onarea = null }) => {
    const tiers = everycell.config.tiers.map((tier) =>
      h("option", { value: tier, selected: tier === 1 }, t("Tier {tier}", { tier })),
    );
    const form = h(
      "form",
      { class: "fields place-form", autocomplete: "off" },
      h("h3", {}, t("Add a stop here")),
      h(
        "div",
        { class: "two-fields" },
        h(
          "label",
          {},
          t("Minutes"),
          h("input", { type: "number", name: "minutes", min: "1", max: "240", value: minutes, required: true }),
        ),
        h("label", {}, t("Tier"), h("select", { name: "tier" }, tiers)),
      ),
      h(
        "div",
        { class: "answers" },
        h("button", { class: "primary" }, t("Add")),
        onarea ? h("button", { type: "button", onclick: onarea.go }, onarea.text) : null,
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { minutes: m, tier } = Object.fromEntries(new FormData(form));
      onadd({ minutes: Number(m), tier: Number(tier) });
    });
    return form;
  };
}
