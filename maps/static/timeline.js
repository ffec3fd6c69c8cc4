"use strict";
// Periods as a slider that can be played: by pointer, by arrows and space on it, and anywhere where nothing else has
// the keys.
{
  const STEP_MS = 1100;
  const CALM_MS = 2200; // for whoever wants little motion: it still moves only when they start it

  /**
   * `parts` are the elements {play, back, on, range, name}; `onchange(step)` shows a period and resolves when it is seen;
   * `onplay(next)` is told the one that comes after it while it plays, or null.
   */
  everycell.Timeline = class {
    constructor(parts, { onchange, onplay }) {
      Object.assign(this, { parts, onchange, onplay, steps: [], at: 0, playing: false });
      this.pause = everycell.still ? CALM_MS : STEP_MS;
      parts.range.addEventListener("input", () => this._go(Number(parts.range.value)));
      parts.back.addEventListener("click", () => this._go(this.at - 1));
      parts.on.addEventListener("click", () => this._go(this.at + 1));
      parts.play.addEventListener("click", () => this.toggle());
      parts.range.addEventListener("keydown", (event) => event.key === " " && this._space(event));
      document.addEventListener("keydown", (event) => this._key(event));
      document.addEventListener("visibilitychange", () => document.hidden && this.stop());
    }

    get step() {
      return this.steps[this.at];
    }

    /** The periods there are; `chosen` or the last of them is where the slider stands. */
    take(steps, chosen) {
      this.steps = steps;
      this.at = steps.includes(chosen) ? steps.indexOf(chosen) : steps.length - 1;
      this.parts.range.max = String(steps.length - 1);
      this._show();
    }

    /** Go to a period, if it is one of them. */
    choose(step) {
      if (this.steps.includes(step)) this._go(this.steps.indexOf(step));
    }

    toggle() {
      if (this.playing) this.stop();
      else this._play();
    }

    stop() {
      this.playing = false;
      this._show();
    }

    async _play() {
      this.playing = true;
      if (this.at === this.steps.length - 1) await this._move(0);
      this._show();
      while (this.playing && this.at < this.steps.length - 1) {
        this.onplay(this.steps[this.at + 1]);
        await new Promise((soon) => setTimeout(soon, this.pause));
        if (this.playing) await this._move(this.at + 1);
      }
      this.stop();
    }

    // By hand: whoever takes the slider stops what is playing.
    _go(at) {
      this.playing = false;
      if (at < 0 || at >= this.steps.length || at === this.at) this._show();
      else this._move(at);
    }

    _move(at) {
      this.at = at;
      this._show();
      return this.onchange(this.step);
    }

    _show() {
      const { t } = everycell;
      const { play, back, on, range, name } = this.parts;
      range.value = String(this.at);
      range.setAttribute("aria-valuetext", this.step ?? "");
      name.textContent = this.step ?? "–";
      play.setAttribute("aria-pressed", String(this.playing));
      play.setAttribute("aria-label", this.playing ? t("Pause") : t("Play"));
      play.disabled = range.disabled = this.steps.length < 2;
      back.disabled = this.at <= 0;
      on.disabled = this.at >= this.steps.length - 1;
    }

    _key(event) {
      if (event.target !== document.body || event.altKey || event.ctrlKey || event.metaKey) return;
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === " ") this._space(event);
      else if (step) {
        event.preventDefault();
        this._go(this.at + step);
      }
    }

    _space(event) {
      event.preventDefault();
      if (!this.parts.play.disabled) this.toggle();
    }
  };
}
