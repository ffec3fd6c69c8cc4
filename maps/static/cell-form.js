"use strict";
// What can be changed of a cell without drawing: name and kind, code, village; and ending it.
{
  const { h, t } = everycell;
  const LEAVES = "-"; // the choice that the land leaves the grid

  /** `editor` is the page: the form acts on its only selected cell. */
  everycell.CellForm = class {
    constructor(editor) {
      this.editor = editor;
    }

    get cell() {
      const { selection, grid } = this.editor;
      const [code] = selection;
      return selection.size === 1 && this.editor.editable(code) ? (grid.cells.get(code) ?? null) : null;
    }

    /** Buttons for what can be done with the cell; null where none is chosen, or not one's own. */
    buttons() {
      if (!this.cell) return null;
      const button = (text, work) => h("button", { type: "button", onclick: () => work() }, text);
      return h(
        "div",
        { class: "cell-does" },
        button(t("Name, kind…"), () => this.attributes()),
        button(t("Renumber…"), () => this.renumber()),
        button(t("To village…"), () => this.move()),
        button(t("Retire…"), () => this.retire()),
      );
    }

    async attributes() {
      const { cell } = this;
      const answer = await everycell.ask({
        title: t("Name and kind of {cell}", { cell: this.editor.names.cell(cell.code) }),
        fields: [
          { name: "name", label: t("Name"), value: cell.name, most: 100 },
          { name: "kind", label: t("Kind"), options: everycell.kinds(), value: cell.kind },
        ],
        ok: t("Apply"),
      });
      if (!answer) return;
      const changed = Object.entries(answer).filter(([name, value]) => value && value !== cell[name]);
      if (changed.length)
        await this.editor.work.apply([{ op: "set", cell: cell.code, ...Object.fromEntries(changed) }]);
    }

    async renumber() {
      const { cell } = this;
      const answer = await everycell.ask({
        title: t("Renumber {cell}", { cell: this.editor.names.cell(cell.code) }),
        told: t("The old code ends and leads to the new one. A code is never used twice."),
        fields: [{ name: "code", label: t("New code: three digits; empty: the next free one"), pattern: "[0-9]{3}" }],
        ok: t("Renumber"),
      });
      if (!answer) return;
      const operation = { op: "renumber", cell: cell.code };
      if (answer.code) operation.code = cell.village + answer.code;
      await this._follow(operation);
    }

    async move() {
      const { cell, editor } = this;
      const answer = await everycell.ask({
        title: t("Move {cell} to another village", { cell: editor.names.cell(cell.code) }),
        told: t("The cell gets a code of that village; the old one leads to it."),
        fields: [
          {
            name: "village",
            label: t("Village"),
            options: editor.names.villages().filter(([code]) => code !== cell.village),
          },
          { name: "code", label: t("New code: three digits; empty: the next free one"), pattern: "[0-9]{3}" },
        ],
        ok: t("Move"),
      });
      if (!answer?.village) return;
      const operation = { op: "move_to_village", cell: cell.code, village: answer.village };
      if (answer.code) operation.code = answer.village + answer.code;
      await this._follow(operation);
    }

    async retire() {
      const { cell, editor } = this;
      if (!cell) return;
      const neighbours = [...editor.grid.neighbours(cell.code).keys()];
      const options = [
        ...neighbours.map((code) => [code, editor.names.cell(code)]),
        [LEAVES, t("nobody: the land leaves the grid")],
      ];
      const answer = await everycell.ask({
        title: t("Retire {cell}", { cell: editor.names.cell(cell.code) }),
        told: t("Its households move with the land."),
        fields: [{ name: "to", label: t("The land goes to"), options }],
        ok: t("Retire"),
        danger: true,
      });
      if (!answer) return;
      const to = answer.to === LEAVES ? null : answer.to;
      if (await editor.work.apply([{ op: "retire", cell: cell.code, to }])) editor.choose(to ? [to] : []);
    }

    // What gets a new code stays chosen under it.
    async _follow(operation) {
      const { editor } = this;
      if (await editor.work.apply([operation])) editor.choose([editor.draft.steps.at(-1).op.code]);
    }
  };
}
