"use strict";
// Drawing a new cell: on land that no cell has yet, or inside one (a dedicated cell in a general one).
{
  const { t, closed } = everycell;
  const VILLAGE_DIGITS = 12;

  everycell.CreateTool = class extends everycell.Tool {
    get nodes() {
      return true;
    }

    get points() {
      return true;
    }

    get ready() {
      return (this.drawing?.placed ?? 0) > 2;
    }

    start() {
      const { editor } = this;
      this.refused = null;
      editor.snapping.to(editor.grid.within(editor.map.getBounds()));
      this.drawing = new everycell.Drawing(editor.map, "Polygon", {
        snapping: editor.snapping,
        onchange: () => editor.tools.tell(),
        ondone: (ring) => this._done(ring),
      });
      this.drawing.start();
    }

    stop() {
      this.drawing?.stop();
      this.drawing = null;
      this.editor.snapping.clear();
    }

    hint() {
      if (!this.drawing?.placed)
        return t("Draw the new cell: beside the grid it grows, inside a cell it becomes a hole there.");
      return t("Click the first point or press Enter to close it.");
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
      if (this.refused) everycell.paintShape(context, toPoint, [[this.refused]], everycell.looks.error);
    }

    async _done(drawn) {
      const { editor } = this;
      const ring = closed(drawn);
      const values = await this._ask(everycell.shapes.insidePoint([ring]));
      const polygon = { type: "Polygon", coordinates: [ring] };
      if (values && (await editor.work.apply([{ op: "create", polygon, ...values }]))) {
        editor.choose([editor.draft.steps.at(-1).op.code]);
        editor.tools.use("select");
      } else if (editor.tools.active === this) {
        this.refused = values ? ring : null;
        this.drawing.again();
        editor.repaint();
        if (!values) editor.tools.tell();
      }
    }

    // What cannot be drawn: whose the cell is, its name and kind. Inside a cell it is proposed as a dedicated one.
    async _ask(middle) {
      const { editor } = this;
      const here = middle && L.latLng(middle.lat, middle.lon);
      const around = here && editor.grid.at(here);
      const village = (around ?? (here && editor.grid.nearest(here)) ?? "").slice(0, VILLAGE_DIGITS);
      const answer = await everycell.ask({
        title: t("New cell"),
        fields: [
          { name: "village", label: t("Village"), options: editor.names.villages(), value: village },
          { name: "name", label: t("Name"), value: "", most: 40 },
          { name: "kind", label: t("Kind"), options: everycell.kinds(), value: around ? "dedicated" : "general" },
          { name: "code", label: t("Code: three digits; empty: the next free one"), value: "", pattern: "[0-9]{3}" },
        ],
        ok: t("Create"),
      });
      return (
        answer && { ...answer, name: answer.name || null, code: answer.code ? answer.village + answer.code : null }
      );
    }
  };
}
