"use strict";
// What comes to the wall by itself: it has the readings read anew that have changed, and brings new counts to the figures.
{
  const HELLO_MS = 1500;
  const SHOW_MS = 250; // figures that change faster are shown together
  const RECENT_MS = 10000;

  /**
   * Follows the events of `wall.live`. `wall` is told by `again(name)` that a reading has changed, by `againAll()` that all
   * may have, by `counted()` that figures have, by `over(whether)` whether the service still knows who asks.
   */
  everycell.WallEvents = class {
    constructor(wall) {
      Object.assign(this, { wall, recent: [], showing: null });
    }

    /** Begin, with what `/events` is asked for. */
    listen(query) {
      const { wall } = this;
      const { live, ages } = wall;
      const heard = ({ as_of }) => ages.heard(Date.parse(as_of));
      const news = (name) => () => wall.again(name);
      live
        .on("hello", (message) => {
          ages.following = true;
          if (message.fresh) this.recent = []; // what counts of it is told again
          if (message.fresh && wall.rotation) wall.againAll(); // before the first picture all of it is being read
          heard(message); // what is read anew is not newer for it
        })
        .on("beat", heard)
        .on("coverage", (message) => this._changed(message))
        .on("grid", news("shapes"))
        .on("rounds", news("rounds"))
        .on("case_figures", news("heat"))
        .on("patrols", news("plans"))
        .on("board", news("board"))
        .on("online", () => wall.over(false))
        .on("offline", () => (ages.following = false))
        .on("over", () => wall.over())
        .on("reset", () => {
          this.recent = [];
          ages.lost();
        });
      live.ask(query).start();
    }

    /** Listen to this from now on: what was told are figures of another question. */
    ask(query) {
      this.recent = [];
      this.wall.live.ask(query);
    }

    /** Wait until the service has said from where on it tells what changes; not for long. */
    begun() {
      const said = new Promise((resolve) => this.wall.live.on("hello", resolve));
      return Promise.race([said, new Promise((resolve) => setTimeout(resolve, HELLO_MS))]);
    }

    /**
     * Bring to figures that were asked for at a time what may be newer: an event that came shortly before, or while they
     * were asked for. One that is older than they are is followed by the newer one.
     */
    bringTo(figures, askedAt) {
      for (const { at, cells } of this.recent) if (at >= askedAt - RECENT_MS) figures.update(cells);
    }

    /** Whether events since then may no longer be known. */
    forgot(since) {
      return performance.now() - since > 2 * RECENT_MS;
    }

    _changed({ cells, as_of }) {
      const { wall } = this;
      const at = performance.now();
      wall.ages.heard(Date.parse(as_of));
      this.recent = [...this.recent.filter((one) => at - one.at < 3 * RECENT_MS), { at, cells }];
      if (!wall.figures) return;
      wall.figures.update(cells);
      this.showing ??= setTimeout(() => {
        this.showing = null;
        wall.counted();
      }, SHOW_MS);
    }
  };
}
