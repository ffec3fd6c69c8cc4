"use strict";
// The tabs of the panel: the areas inside, and the households that wait. Where no doors are shown there is no list, and
// so there are no tabs.
{
  const NAMES = ["areas", "list"];

  /** `onchange()` is called when another tab is chosen. */
  everycell.Tabs = class {
    constructor(onchange) {
      Object.assign(this, { onchange, chosen: "areas", bar: everycell.byId("tabs") });
      if (!this.bar) return;
      for (const name of NAMES) everycell.byId(`tab-${name}`).addEventListener("click", () => this._choose(name));
      this.bar.addEventListener("keydown", ({ key }) => {
        if (["ArrowLeft", "ArrowRight"].includes(key)) this._choose(this.chosen === "list" ? "areas" : "list", true);
      });
    }

    /** Show what is chosen; the list where there are no areas inside. Returns the name of what is shown. */
    show(hasAreas, left) {
      if (!this.bar) {
        everycell.byId("areas-panel").hidden = !hasAreas;
        return "areas";
      }
      const shown = hasAreas ? this.chosen : "list";
      for (const name of NAMES) {
        const button = everycell.byId(`tab-${name}`);
        button.setAttribute("aria-selected", String(shown === name));
        button.tabIndex = shown === name ? 0 : -1;
        button.hidden = name === "areas" && !hasAreas;
        everycell.byId(`${name}-panel`).hidden = shown !== name;
      }
      everycell.byId("tab-list").querySelector("b").textContent = everycell.number(left);
      return shown;
    }

    _choose(name, focus = false) {
      const button = everycell.byId(`tab-${name}`);
      if (button.hidden) return;
      this.chosen = name;
      this.onchange();
      if (focus) button.focus();
    }
  };
}
