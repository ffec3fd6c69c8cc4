"use strict";
// The cells in view as a list to walk through by keys: what can be done with the pointer on the map begins here, too.
{
  const { h, t, number } = everycell;
  const ROW_REM = 2.5;

  class Rows extends everycell.LongList {
    get rowHeight() {
      return ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    }
  }

  /** The list in `target`. `ontoggle(code, add)` is called where a row is chosen. */
  everycell.CellList = class {
    constructor(target, editor, { ontoggle, ongo }) {
      Object.assign(this, { editor, ontoggle, ongo });
      this.rows = new Rows(target, (cell) => this._row(cell));
      target.addEventListener("keydown", (event) => this._along(event));
    }

    /** Show these cells, by code. */
    show(cells) {
      const sorted = [...cells].sort((one, other) => one.code.localeCompare(other.code));
      const key = sorted.map(({ code }) => code).join();
      if (key !== this.key) {
        this.key = key;
        this.rows.items = [];
        this.rows.add(sorted);
      } else {
        this.rows.items = sorted;
        this.rows.paint();
      }
    }

    // Arrow keys go from row to row, also to those that are not in sight.
    _along(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const { items, scroller, rowHeight } = this.rows;
      const key = document.activeElement?.dataset.key;
      if (!step || !items.length) return;
      const here = items.findIndex(({ code }) => code === key);
      const next = Math.min(items.length - 1, Math.max(0, here + step));
      const [top, bottom] = [next * rowHeight, (next + 1) * rowHeight];
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
      event.preventDefault();
      this.rows._paint();
      scroller.querySelector(`[data-key="${items[next].code}"]`)?.focus({ preventScroll: true });
    }

    _row(cell) {
      const { editor } = this;
      const { code } = cell;
      const mark = editor.grid.marks.get(code);
      const choose = ({ shiftKey, ctrlKey, metaKey }) => this.ontoggle(code, shiftKey || ctrlKey || metaKey);
      return h(
        "div",
        { class: "cell-row" },
        h(
          "button",
          {
            type: "button",
            class: "choose",
            "data-key": code,
            "aria-pressed": String(editor.selection.has(code)),
            onclick: choose,
            ondblclick: () => this.ongo(code),
          },
          h("b", {}, code.slice(-3)),
          h(
            "span",
            {},
            `${editor.names.village(cell.village)}${cell.name && cell.name !== code ? ` · ${cell.name}` : ""}`,
          ),
          mark ? h("i", { class: "mark" }, mark === "new" ? t("new") : t("changed")) : null,
          h("small", {}, t("{number} hh.", { number: number(editor.names.householdsOf(code)) })),
        ),
      );
    }
  };
}
