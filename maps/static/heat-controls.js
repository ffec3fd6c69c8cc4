"use strict";
// The switches over the map: what is drawn, how heat is measured, which category, which outlines. What is chosen stands in
// the address.
{
  const { h, t, byId } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const LAYERS = { heat: N("Heat"), hot: N("Hot cells"), rate: N("Smoothed rate"), gi: N("Gi*") };
  const MODES = { density: N("Density"), rate: N("Rate") };
  const OUTLINES = { town: N("Towns"), village: N("Villages"), cell: N("Cells"), none: N("No outlines") };
  const WEIGHTS = { recent: N("Recent months"), none: N("This period alone") };
  const USUAL = { layer: "heat", mode: "density", category: "", outlines: "village", weight: "recent" };
  const ONLY_HEAT = ["modes", "outlines-field", "weight"];

  const inWords = (offered) => Object.fromEntries(Object.entries(offered).map(([value, name]) => [value, t(name)]));
  const first = (asked, offered, usual) => (Object.hasOwn(offered, asked) ? asked : usual);

  everycell.HeatControls = class {
    /** `categories` are [{code, name}]; `onchange(what)` is called with the name of what was chosen anew. */
    constructor({ categories, onchange }) {
      this.onchange = onchange;
      const asked = everycell.address.read();
      const names = Object.fromEntries(categories.map(({ code, name }) => [code, name]));
      const offered = { layer: LAYERS, mode: MODES, category: names, outlines: OUTLINES, weight: WEIGHTS };
      for (const [what, values] of Object.entries(offered)) this[what] = first(asked[what], values, USUAL[what]);
      this._radios("layers", "layer", LAYERS);
      this._radios("modes", "mode", MODES);
      this._select("category", { "": t("All but family"), ...names });
      this._select("outlines", inWords(OUTLINES));
      this._select("weight", inWords(WEIGHTS));
      this._show();
    }

    /** The level of the outlines, "" for none; only heat has any to choose. */
    get level() {
      return this.layer === "heat" && this.outlines !== "none" ? this.outlines : "";
    }

    /** Choose a category from elsewhere; once more takes it back. */
    pickCategory(code) {
      this._choose("category", this.category === code ? "" : code);
      byId("category").value = this.category;
    }

    _choose(what, value) {
      this[what] = value;
      this._show();
      this.onchange(what);
    }

    _show() {
      for (const id of ONLY_HEAT) byId(id).hidden = this.layer !== "heat";
      const chosen = Object.entries(USUAL).map(([what, value]) => [what, this[what] === value ? null : this[what]]);
      everycell.address.write(Object.fromEntries(chosen));
    }

    _radios(id, what, offered) {
      const option = ([value, name]) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name: what,
            value,
            checked: this[what] === value,
            onchange: () => this._choose(what, value),
          }),
          h("span", {}, t(name)),
        );
      byId(id).replaceChildren(...Object.entries(offered).map(option));
    }

    _select(what, offered) {
      const select = byId(what);
      const option = ([value, name]) => h("option", { value, selected: this[what] === value }, name);
      select.replaceChildren(...Object.entries(offered).map(option));
      select.addEventListener("change", () => this._choose(what, select.value));
    }
  };
}
