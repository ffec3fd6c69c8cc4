"use strict";
// The grid as it was on a day: to look at, not to edit. What was other than today stands out.
{
  const { h, t, number } = everycell;
  const USUAL_DAYS = 30;

  /** `editor` is the page. `day` is the ISO day that is shown, null for today; `cells` are those of that day, by code. */
  everycell.Past = class {
    constructor(editor) {
      Object.assign(this, { editor, day: null, cells: new Map(), others: new Set(), told: null });
    }

    /** The part of a panel where a day is asked for. */
    part() {
      const { today } = this.editor;
      const iso = everycell.isoDay(today);
      const value = this.day ?? everycell.isoDay(today - USUAL_DAYS);
      const field = everycell.dayField({ name: "past", label: t("The grid as of a day"), value, max: iso });
      const form = h(
        "form",
        { class: "past", autocomplete: "off" },
        h("span", {}, t("The grid as of a day")),
        h("div", {}, field, h("button", {}, t("Look at it"))),
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.show(field.input.value.trim());
      });
      return form;
    }

    /** Show the grid of a day. */
    async show(day) {
      const { editor } = this;
      const asked = editor.work.busy(editor.source.cellsAsOf(day));
      if (!(await editor.work.try(asked))) return;
      const { live } = editor.grid;
      const cells = (await asked).features.map(everycell.cellOf);
      const other = (cell) => !live.has(cell.code) || !everycell.sameCell(live.get(cell.code), cell);
      Object.assign(this, { day, told: null, cells: new Map(cells.map((cell) => [cell.code, cell])) });
      this.others = new Set(cells.filter(other).map(({ code }) => code));
      editor.tools.use("select");
      editor.layer.past = this;
      this._shown([...live.values()].filter(({ code }) => this.others.has(code) || !this.cells.has(code)));
    }

    /** Back to today; nothing where it is shown already. */
    leave() {
      if (!this.day) return;
      Object.assign(this, { day: null, cells: new Map(), others: new Set() });
      this.editor.layer.past = null;
      this._shown([]);
    }

    /** Tell which cell was at a place of the map. */
    tell(latLng) {
      const holds = ({ bounds, polygon }) => bounds.contains(latLng) && everycell.shapes.holds(polygon, latLng);
      const cell = [...this.cells.values()].find(holds);
      this.told = cell ? [cell.code.slice(-3), this.editor.names.village(cell.village), cell.name] : null;
      this.editor.tools.tell();
    }

    /** What is shown, in words. */
    hint() {
      const found = { day: this.day, cells: number(this.cells.size), others: number(this.others.size) };
      const told = this.told?.filter(Boolean).join(" · ");
      if (!this.cells.size) return t("On {day} there was no grid yet.", { day: this.day });
      if (told) return t("{day}: {cell}", { day: this.day, cell: told });
      return t("The grid as of {day}: {cells} cells, {others} of them other than today", found);
    }

    _shown(gone) {
      const { editor } = this;
      editor.layer.update();
      const after = [...this.others].map((code) => this.cells.get(code));
      if (this.day) editor.borders.follow(gone, after);
      else editor.borders.follow(editor.grid.replaced, editor.grid.coming);
      editor.tools.tell();
      editor.view.explain();
      editor.repaint();
    }
  };
}
