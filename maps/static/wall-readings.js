"use strict";
// What a wall reads from the service: asked for again when it has changed, kept as it was when nothing comes.
{
  const PAUSE_MS = 2000; // between two readings of the same: news may come many times a second
  const FIRST_WAIT_MS = 2000;
  const LONGEST_WAIT_MS = 30000;

  /**
   * One thing that is read. `ask()` resolves to an answer, `use(answer)` shows it; `as_of(answer)` tells of what moment it
   * is (milliseconds since 1970), where it says so itself. `ages` keeps the moments, `onmissed(error)` hears of failures.
   */
  everycell.Reading = class {
    constructor(name, { ask, use, as_of = () => null, ages, onmissed = () => {} }) {
      Object.assign(this, { name, ask, use, as_of, ages, onmissed });
      Object.assign(this, { wanted: false, running: null, wait: FIRST_WAIT_MS, readAt: -PAUSE_MS, timer: null });
    }

    /** It has changed: read it soon. */
    news() {
      this.ages.changed(this.name);
      this.wanted = true;
      this._plan(Math.max(0, this.readAt + PAUSE_MS - performance.now()));
    }

    /** Read it now, or with what is under way. Resolves to whether it came. */
    read() {
      clearTimeout(this.timer);
      this.timer = null;
      this.running ??= this._read().finally(() => {
        this.running = null;
        if (this.wanted) this._plan(this.failed ? this.wait : PAUSE_MS);
      });
      return this.running;
    }

    /** It is another thing that is asked for from now on: read it now, and not with what is under way. */
    anew() {
      this.ages.changed(this.name);
      return this.running ? this.running.then(() => this.read()) : this.read();
    }

    async _read() {
      const from = this.ages.clock.now();
      this.wanted = false;
      this.readAt = performance.now();
      let answer;
      try {
        answer = await this.ask();
      } catch (error) {
        return this._missed(error);
      }
      this.ages.took(this.name, from, this.as_of(answer));
      if (this.wanted) this.ages.changed(this.name); // there were news of it meanwhile
      Object.assign(this, { failed: false, wait: FIRST_WAIT_MS });
      return this._show(answer);
    }

    // A mistake of ours is for the console: asking again at once would not mend it.
    _show(answer) {
      try {
        this.use(answer);
        return true;
      } catch (error) {
        this.ages.changed(this.name);
        reportError(error);
        return false;
      }
    }

    // Whatever came was no answer: refused, cut off, too late, or not the service's (a page of a proxy's).
    _missed(error) {
      this.ages.changed(this.name);
      Object.assign(this, { wanted: true, failed: true, wait: Math.min(LONGEST_WAIT_MS, this.wait * 1.5) });
      this.onmissed(error);
      return false;
    }

    _plan(wait) {
      if (this.timer || this.running) return;
      this.timer = setTimeout(() => this.read(), wait);
    }
  };
}
