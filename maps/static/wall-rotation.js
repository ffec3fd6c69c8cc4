"use strict";
// Scenes one after another, each for its time.
{
  const TICK_MS = 1000;

  /**
   * `keys` are the scenes in their order, `dwell_s` how long each is shown, `elapsed()` a clock in milliseconds;
   * `onshow(key)` is called when another one is due. Call `tick()` about every second: the one that is nearest to the end
   * of a scene's time ends it, and the next scene is shown so much longer or shorter. As long as anything holds it, by a
   * name, the scene stays and its time stands still.
   */
  everycell.Rotation = class {
    constructor({ keys, dwell_s, onshow, elapsed = () => performance.now() }) {
      Object.assign(this, { keys, dwell_ms: dwell_s * 1000, onshow, elapsed, holders: new Set() });
      Object.assign(this, { index: 0, shown_ms: 0, at: elapsed() });
    }

    get key() {
      return this.keys[this.index];
    }

    get turning() {
      return this.keys.length > 1 && !this.holders.size;
    }

    /** How much of its time the scene has had, 0 to 1. */
    get progress() {
      return Math.min(1, Math.max(0, this.shown_ms / this.dwell_ms));
    }

    tick() {
      this._count();
      const over_ms = this.shown_ms - this.dwell_ms;
      if (!this.turning || over_ms < -TICK_MS / 2) return;
      this.step(1);
      this.shown_ms = Math.min(over_ms, TICK_MS); // a page that stood still for long does not run after it
    }

    /** Show the scene so many places on. */
    step(places) {
      this.show(this.keys[(this.index + places + this.keys.length) % this.keys.length]);
    }

    /** Show a scene, from the beginning of its time. */
    show(key) {
      if (!this.keys.includes(key)) return;
      this._count();
      Object.assign(this, { index: this.keys.indexOf(key), shown_ms: 0 });
      this.onshow(key);
    }

    hold(name, held = true) {
      this._count();
      if (held) this.holders.add(name);
      else this.holders.delete(name);
    }

    holds(name) {
      return this.holders.has(name);
    }

    _count() {
      const now = this.elapsed();
      if (this.turning) this.shown_ms += now - this.at;
      this.at = now;
    }
  };
}
