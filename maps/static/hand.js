"use strict";
// What is in hand: the cells that are chosen, or what the step being drawn would do; in the panel and on the map.
{
  const { h, t, number } = everycell;
  const LABEL = 13;

  /** `target` is the part of the panel; `editor` the page. */
  everycell.Hand = class {
    constructor(target, editor) {
      Object.assign(this, { target, editor, outlook: null, cells: [], ended: [] });
      this.ancestry = new everycell.Ancestry(editor);
    }

    /** What a step would do: {operations, impact, error} or null. */
    take(outlook) {
      const { grid } = this.editor;
      this.outlook = outlook;
      const empty = { cells: [], ended: [] };
      Object.assign(this, outlook?.impact ? grid.difference(outlook.impact) : empty);
    }

    /** The issues of the step being drawn. */
    get issues() {
      if (!this.outlook) return [];
      return this.outlook.impact?.issues?.features ?? everycell.issuesOf(this.outlook.error);
    }

    show() {
      const { editor } = this;
      const tool = editor.tools.active;
      this.target.classList.toggle("alone", Boolean(tool?.alone));
      if (tool?.alone) {
        this.target.replaceChildren(tool.controls());
        return;
      }
      const content = this.cells.length || this.ended.length ? this._drawn() : this._chosen();
      this.target.replaceChildren(...[...content, tool?.controls()].filter(Boolean));
    }

    _drawn() {
      const { editor } = this;
      const codes = [...this.cells.map(({ code }) => code), ...this.ended];
      const rows = everycell.metersOf(this.outlook.impact, codes).map((row) => this._row(row));
      const shared = this.outlook.impact.nodes_shared;
      return [
        h("h2", {}, t("What it would do")),
        everycell.meterTable(rows, (code) => editor.names.village(code)),
        shared ? h("p", { class: "shared" }, everycell.sharedText(shared)) : null,
      ];
    }

    // Against what is in the draft now, not against what is live.
    _row(row) {
      const { code } = row;
      const before = this.editor.grid.cells.has(code) ? this.editor.names.measuresOf(code) : null;
      if (this.ended.includes(code)) return { code, before, after: null, mark: "retired" };
      return { ...row, before, mark: before ? null : "new" };
    }

    /** The codes of the cells in hand. */
    get codes() {
      return new Set([...this.cells.map(({ code }) => code), ...this.ended]);
    }

    _chosen() {
      const { editor } = this;
      const codes = [...editor.selection].filter((code) => editor.grid.get(code));
      if (!codes.length)
        return [
          h("p", { class: "nothing" }, t("No cell is chosen. Click one on the map or in the list.")),
          editor.draft.set ? null : editor.sets.resume(),
        ];
      const measured = codes.map((code) => ({ code, after: editor.names.measuresOf(code) }));
      if (codes.length > 1)
        return [
          h("h2", {}, t("{number} cells", { number: number(codes.length) })),
          everycell.meterTable(measured, (one) => editor.names.village(one)),
        ];
      const [code] = codes;
      const { kind } = editor.grid.get(code);
      const { name } = editor.grid.get(code);
      const facts = [name === code ? null : name, everycell.kinds().find(([one]) => one === kind)?.[1], code];
      return [
        h("h2", {}, editor.names.cell(code)),
        h("p", { class: "muted" }, facts.filter(Boolean).join(" · ")),
        everycell.meterOne(measured[0].after),
        editor.editable(code) ? null : h("p", { class: "closed" }, editor.whyNot(code)),
        editor.form.buttons(),
        editor.grid.live.has(code) ? this._ancestry(code) : null,
      ];
    }

    // Drawn anew only for another cell: what was opened stays as it is.
    _ancestry(code) {
      if (this.ancestor !== code) {
        this.ancestor = code;
        this.ancestry.shown = null;
        this.part = this.ancestry.part(code);
      }
      return this.part;
    }

    /** Paint what the step would do, with the households of each cell. */
    draw(context, toPoint) {
      const { looks, paintShape } = everycell;
      for (const code of this.ended) {
        const cell = this.editor.grid.get(code);
        if (cell) paintShape(context, toPoint, [cell.polygon], looks.retired);
      }
      for (const cell of this.cells) paintShape(context, toPoint, [cell.polygon], looks.hand);
    }

    /** Paint the figures of the cells in hand over all else. */
    drawLabels(context, toPoint, taken) {
      const areas = new Map((this.outlook?.impact?.areas ?? []).map((area) => [area.code, area]));
      for (const { code, label } of this.cells) {
        const households = areas.get(code)?.households_after;
        if (!label || households === undefined) continue;
        const text = `${code.slice(-3)} · ${t("{number} hh.", { number: number(households) })}`;
        const at = toPoint([label.lat, label.lon]);
        everycell.paintPill(context, at, [text, number(households)], { colour: everycell.looks.hand.line, taken });
      }
    }
  };

  /**
   * Paint a text on a coloured pill around a point, the first of `texts` for which there is room beside what is `taken`;
   * none where there is no room. Its box is added.
   */
  everycell.paintPill = (context, { x, y }, texts, { colour, taken }) => {
    const size = LABEL * everycell.scale;
    context.save();
    context.font = `700 ${size}px ${everycell.font}`;
    const boxOf = (text) => ({ x, y, width: context.measureText(text).width + size * 1.2, height: size * 1.9 });
    const free = (text) => !taken.some((other) => everycell.shapes.boxesMeet(other, boxOf(text)));
    const text = texts.find(free);
    if (text === undefined) {
      context.restore();
      return;
    }
    const { width } = boxOf(text);
    taken.push(boxOf(text));
    context.beginPath();
    context.roundRect(x - width / 2, y - size * 0.95, width, size * 1.9, size * 0.95);
    context.fillStyle = colour;
    context.fill();
    Object.assign(context, { fillStyle: "#ffffff", textAlign: "center", textBaseline: "middle" });
    context.fillText(text, x, y + size * 0.05);
    context.restore();
  };
}
