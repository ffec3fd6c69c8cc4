"use strict";
// Whether what is seen is the newest: something new is published once a month, and until then the only question is whether
// the service still answers.
{
  const { t, byId } = everycell;
  const WATCH_MS = 600000;

  /**
   * `ask()` looks whether there is anything new, `again()` asks anew for what did not come; `onstale()` is called when
   * something stops coming.
   */
  everycell.Freshness = class {
    constructor({ ask, again, onstale }) {
      Object.assign(this, { ask, again, onstale, failing: new Set(), over: false });
    }

    listen() {
      setInterval(() => this.look(), WATCH_MS);
      document.addEventListener("visibilitychange", () => this.look());
    }

    async look() {
      if (document.hidden || this.over || this.looking) return;
      this.looking = true;
      const missed = this.failing.size > 0;
      try {
        const renewed = await this.ask();
        this.came("news");
        if (missed && !renewed) await this.again();
      } catch (error) {
        this.missed("news", error);
      } finally {
        this.looking = false;
      }
    }

    /** Something of a kind came. */
    came(kind) {
      this.failing.delete(kind);
      if (this.over || this.failing.size) return;
      this.notice?.remove();
      this.notice = null;
      this._mark(false);
    }

    /** Something of a kind did not come, and why. */
    missed(kind, error) {
      this.failing.add(kind);
      this._mark(true);
      this.onstale();
      if (this.over || this.notice?.isConnected) return;
      const detail = everycell.reason(error);
      this.notice = everycell.notice(t("{detail} What you see is not the newest.", { detail }), "bad");
    }

    /** The session is over: whatever is asked from now on would be refused. */
    end() {
      this.over = true;
      this.notice?.remove();
      this._mark(true);
      everycell.sayOver();
    }

    _mark(stale) {
      byId("datatime")?.classList.toggle("stale", stale);
      document.body.classList.toggle("stale", stale);
    }
  };
}
