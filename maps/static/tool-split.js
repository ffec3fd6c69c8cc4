"use strict";
// Splitting a cell by a line across it.
{
  const { t } = everycell;

  const operation = (cell, line) => ({ op: "split", cell, line: { type: "LineString", coordinates: line } });

  everycell.SplitTool = class extends everycell.Tool {
    get nodes() {
      return true;
    }

    get points() {
      return true;
    }

    get ready() {
      return (this.drawing?.placed ?? 0) > 1;
    }

    /** A line that is not finished divides nothing yet: that is no issue to show. */
    get quiet() {
      return true;
    }

    start() {
      const [code] = this.editor.selection;
      this.cell = this.editor.selection.size === 1 && this.editor.editable(code) ? code : null;
      this.refused = null;
      if (this.cell) this._draw();
    }

    stop() {
      this.drawing?.stop();
      this.drawing = null;
      this.editor.snapping.clear();
    }

    hint() {
      if (!this.cell) return t("Click the cell to split.");
      if (!this.drawing?.placed) return t("Draw a line across the cell, from outside or from its border.");
      return t("Go on across the cell; Enter or a click on the last point ends the line.");
    }

    click(latLng) {
      if (this.cell) return;
      const code = this.editor.grid.at(latLng);
      if (!code || !this.editor.mayEdit(code)) return;
      this.editor.choose([code]);
      this.start();
      this.editor.tools.tell();
    }

    enter() {
      this.drawing?.finish();
    }

    back() {
      return this.drawing?.back() ?? false;
    }

    remove() {
      this.back();
    }

    draw(context, toPoint) {
      if (this.refused) everycell.paintLine(context, toPoint, this.refused, everycell.looks.error);
    }

    _draw() {
      const { editor } = this;
      const near = [this.cell, ...editor.grid.neighbours(this.cell).keys()].map((code) => editor.grid.get(code));
      editor.snapping.to(near);
      this.drawing = new everycell.Drawing(editor.map, "Line", {
        snapping: editor.snapping,
        onchange: (line) => this._changed(line),
        ondone: (line) => this._done(line),
      });
      this.drawing.start();
    }

    _changed(line) {
      this.refused = null;
      if (this.drawing.placed && line.length > 1) this.editor.work.look([operation(this.cell, line)]);
      this.editor.tools.tell();
    }

    async _done(line) {
      const { editor } = this;
      if (await editor.work.apply([operation(this.cell, line)])) {
        const { code } = editor.draft.steps.at(-1).op;
        editor.choose([this.cell, code].filter((one) => editor.grid.cells.has(one)));
        editor.tools.use("select");
      } else if (editor.tools.active === this) {
        this.refused = line;
        this.drawing.again();
        editor.repaint();
      }
    }
  };
}
