"use strict";
// A plan is looked at again: quickly while its routes are being found, slowly afterwards, so that what colleagues change and
// teams tick off is seen.
{
  const QUICK_MS = 200;
  const QUICK_FOR_MS = 8000; // then a search takes long, and is looked at less often
  const SLOW_MS = 1000;
  const IDLE_MS = 10000;
  const COMPARED_MS = 60000; // after the routes the service works out what they would come to with the other aim

  /** `source` reads; `onplan(plan, before)` is told what is new, `onlook()` that there was an answer, `onerror(error)` what went wrong. */
  everycell.PlanWatch = class {
    constructor(source, { onplan, onlook, onerror }) {
      Object.assign(this, { source, onplan, onlook, onerror, id: null, plan: null });
      document.addEventListener("visibilitychange", () => !document.hidden && this.id && this._look());
    }

    /** Watch a plan; what is known of it (null: nothing) is not told again. */
    begin(id, plan = null) {
      this.end();
      Object.assign(this, { id, since: Date.now() });
      this.take(plan);
      if (plan) this._later();
      else this._look();
    }

    end() {
      clearTimeout(this.timer);
      Object.assign(this, { id: null, plan: null, text: null, asked: null });
    }

    /** The plan as an answer told it: what was asked for before is older. */
    take(plan) {
      if (plan && plan.status === "planning" && this.plan?.status !== "planning") this.since = Date.now();
      this.plan = plan;
      this.text = plan && JSON.stringify(plan);
      this.asked = null;
      if (this.id && plan) this._later();
    }

    _pause() {
      const { status, compare } = this.plan ?? {};
      if (status === "planned" && !compare && Date.now() - this.since < COMPARED_MS) return SLOW_MS * 2;
      if (status !== "planning") return IDLE_MS;
      return Date.now() - this.since < QUICK_FOR_MS ? QUICK_MS : SLOW_MS;
    }

    _later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(
        () => (document.hidden && this.plan?.status !== "planning" ? null : this._look()),
        this._pause(),
      );
    }

    async _look() {
      const { id } = this;
      const asked = (this.asked = Symbol("asked"));
      try {
        const plan = await this.source.plan(id);
        if (this.id !== id || this.asked !== asked) return; // another plan, or a newer answer
        const text = JSON.stringify(plan);
        const news = text !== this.text;
        const before = this.plan;
        this.take(plan);
        this.onlook();
        if (news) this.onplan(plan, before);
      } catch (error) {
        if (this.id !== id) return;
        if (error.status !== 401) this._later(); // whoever is not known any more is refused each time
        this.onerror(error);
      }
    }
  };
}
