"use strict";
// What the step in hand would do, asked of the service while somebody still draws: one question at a time, the newest.
{
  const PAUSE_MS = 140;

  /** `ask(operations)` resolves to a preview; `onresult({operations, impact, error})` is called with the newest, or null. */
  everycell.Outlook = class {
    constructor(ask, onresult) {
      Object.assign(this, { ask, onresult, wanted: null, asking: false, shown: null });
    }

    /** Look at these operations; none: nothing is in hand. */
    look(operations) {
      if (!operations.length) {
        this.clear();
        return;
      }
      const text = JSON.stringify(operations);
      if (text === this.text) return;
      Object.assign(this, { text, wanted: operations });
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this._next(), PAUSE_MS);
    }

    clear() {
      clearTimeout(this.timer);
      Object.assign(this, { text: null, wanted: null });
      if (this.shown) this.onresult((this.shown = null));
    }

    async _next() {
      if (this.asking || !this.wanted) return;
      const [operations, text] = [this.wanted, this.text];
      Object.assign(this, { asking: true, wanted: null });
      const result = await this.ask(operations).then(
        (impact) => ({ operations, impact, error: null }),
        (error) => ({ operations, impact: null, error }),
      );
      this.asking = false;
      if (this.text === text) this.onresult((this.shown = result));
      this._next();
    }
  };
}
