"use strict";
// Merging cells into one of them, which keeps its code.
{
  const { h, t } = everycell;

  everycell.MergeTool = class extends everycell.Tool {
    get ready() {
      return this.editor.selection.size > 1;
    }

    start() {
      this.keep = null;
      this._look();
    }

    hint() {
      const { size } = this.editor.selection;
      if (size < 2) return t("Click the cells to merge, two or more.");
      return t("{number} cells become one: {code} stays.", { number: size, code: this._kept().slice(-3) });
    }

    click(latLng) {
      const code = this.editor.grid.at(latLng);
      if (!code || !this.editor.mayEdit(code)) return;
      this.editor.toggle(code);
      this._look();
    }

    async enter() {
      if (!this.ready) return;
      const { editor } = this;
      const keep = this._kept();
      if (!(await editor.work.apply([this._operation()]))) return;
      editor.choose([keep]);
      editor.tools.use("select");
    }

    /** Which of the cells keeps its code. */
    controls() {
      if (!this.ready) return null;
      const choices = [...this.editor.selection].map((code) => {
        const pick = () => {
          this.keep = code;
          this._look();
        };
        const mark = { type: "radio", name: "keep", value: code, onchange: pick };
        const input = h("input", code === this._kept() ? { ...mark, checked: true } : mark);
        return h("label", {}, input, this.editor.names.cell(code));
      });
      return h("fieldset", { class: "choices" }, h("legend", {}, t("Keeps its code")), choices);
    }

    // The cell with the most households, unless another was chosen.
    _kept() {
      const { selection, names } = this.editor;
      if (selection.has(this.keep)) return this.keep;
      const households = (code) => names.householdsOf(code) ?? 0;
      return [...selection].reduce((best, code) => (households(code) > households(best) ? code : best));
    }

    _operation() {
      return { op: "merge", cells: [...this.editor.selection], keep: this._kept() };
    }

    _look() {
      this.editor.work.look(this.ready ? [this._operation()] : []);
      this.editor.tools.tell();
      this.editor.showHand();
    }
  };
}
