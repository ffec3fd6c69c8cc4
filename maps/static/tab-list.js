"use strict";
// A row of tabs of which one panel is shown: by pointer, or by the arrow keys as tabs do.
{
  /** `bar` holds buttons `tab-NAME` for panels `NAME-panel`; `onshow(name)` is called when one is shown. */
  everycell.TabList = class {
    constructor(bar, onshow = () => {}) {
      Object.assign(this, { bar, onshow });
      this.buttons = [...bar.querySelectorAll("[role=tab]")];
      for (const button of this.buttons) button.addEventListener("click", () => this.show(this._nameOf(button)));
      bar.addEventListener("keydown", (event) => this._along(event));
    }

    show(name) {
      for (const button of this.buttons) {
        const chosen = this._nameOf(button) === name;
        button.setAttribute("aria-selected", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
        everycell.byId(button.getAttribute("aria-controls")).hidden = !chosen;
      }
      this.onshow(name);
    }

    _nameOf(button) {
      return button.id.replace(/^tab-/, "");
    }

    _along(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const here = this.buttons.indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      const next = this.buttons[(here + step + this.buttons.length) % this.buttons.length];
      this.show(this._nameOf(next));
      next.focus();
    }
  };
}
