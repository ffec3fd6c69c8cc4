"use strict";
// A stop is dragged to another place of its route, to another team, or out of the plan.
{
  const KIND = "application/x-everycell-stop";

  // Where in the list of a team a pointer is: before which of its stops (1-based; one after the last at the end).
  const positionAt = (list, y, key) => {
    const rows = [...list.querySelectorAll("[data-stop]")].filter((row) => row.dataset.stop !== key);
    const before = rows.findIndex((row) => {
      const { top, height } = row.getBoundingClientRect();
      return y < top + height / 2;
    });
    return before < 0 ? rows.length + 1 : before + 1;
  };

  const mark = (list, position, key) => {
    clear();
    const rows = [...list.querySelectorAll("[data-stop]")].filter((row) => row.dataset.stop !== key);
    if (rows[position - 1]) rows[position - 1].classList.add("drop-before");
    else (rows.at(-1) ?? list).classList.add("drop-after");
  };

  const clear = () => {
    for (const one of document.querySelectorAll(".drop-before, .drop-after"))
      one.classList.remove("drop-before", "drop-after");
  };

  /**
   * Watch the drags inside `area`, where rows carry `data-stop` (the key) and lists `data-team` (the code; "" is the list
   * of what is left out). `onmove(key, team, position)` is called when one is dropped.
   */
  everycell.StopDrag = class {
    constructor(area, onmove) {
      Object.assign(this, { area, onmove, key: null });
      area.addEventListener("dragstart", (event) => this._start(event));
      area.addEventListener("dragover", (event) => this._over(event));
      area.addEventListener("drop", (event) => this._drop(event));
      area.addEventListener("dragend", () => this._end());
    }

    /** Whether a stop is in hand: then nothing is drawn anew. */
    get active() {
      return this.key !== null;
    }

    _start(event) {
      const row = event.target.closest?.("[data-stop]");
      if (!row) return;
      this.key = row.dataset.stop;
      event.dataTransfer.setData(KIND, this.key);
      event.dataTransfer.effectAllowed = "move";
      row.classList.add("dragged");
    }

    _over(event) {
      const list = event.target.closest?.("[data-team]");
      if (!this.active || !list) return clear();
      event.preventDefault();
      event.dataTransfer.dropEffect = "move";
      return list.dataset.team ? mark(list, positionAt(list, event.clientY, this.key), this.key) : clear();
    }

    _drop(event) {
      const list = event.target.closest?.("[data-team]");
      if (!this.active || !list) return;
      event.preventDefault();
      const { key } = this;
      const { team } = list.dataset;
      const position = team ? positionAt(list, event.clientY, key) : null;
      this._end();
      this.onmove(key, team, position);
    }

    _end() {
      this.key = null;
      clear();
      for (const one of this.area.querySelectorAll(".dragged")) one.classList.remove("dragged");
    }
  };
}
