"use strict";
// The plans of an area: of the chosen day, and those of days before, the newest first.
{
  const { h, t, number } = everycell;
  const FIRST = 5; // plans of other days that are shown before somebody asks for all

  const facts = (plan, over) => {
    if (plan.status !== "planned") return everycell.planState(plan.status);
    const parts = [t("{planned} of {stops} stops", { planned: number(plan.planned), stops: number(plan.stops) })];
    if (plan.done) parts.push(t("done {number}", { number: number(plan.done) }));
    if (plan.missed && over) parts.push(t("missed {number}", { number: number(plan.missed) }));
    return parts.join(" · ");
  };

  /** The list; `desk` is the page: {areaAsked, source, on, openPlan(id)}. */
  everycell.PlanList = class {
    constructor(section, target, desk) {
      Object.assign(this, { section, target, desk, plans: [], all: false, reading: 0 });
    }

    async load() {
      const reading = (this.reading += 1);
      const plans = await this.desk.source.plans(this.desk.areaAsked);
      if (reading !== this.reading) return;
      this.plans = plans.sort((a, b) => b.on.localeCompare(a.on) || b.created_at.localeCompare(a.created_at));
      this.show();
    }

    show() {
      const { on } = this.desk;
      const ofDay = this.plans.filter((plan) => plan.on === on);
      const others = this.plans.filter((plan) => plan.on !== on);
      const shown = this.all ? others : others.slice(0, FIRST);
      const more = others.length - shown.length;
      this.section.hidden = !this.plans.length;
      this.target.replaceChildren(
        ...[...ofDay, ...shown].map((plan) => this._row(plan, plan.on === on)),
        ...(more
          ? [
              h(
                "li",
                {},
                h(
                  "button",
                  { type: "button", class: "plain more", onclick: () => this._all() },
                  t("{number} more", { number: number(more) }),
                ),
              ),
            ]
          : []),
      );
    }

    _all() {
      this.all = true;
      this.show();
    }

    _row(plan, ofDay) {
      const over = plan.on < this.desk.config.today;
      const missed = plan.missed && over ? "late" : null;
      return h(
        "li",
        { class: ofDay ? "of-day" : null },
        h(
          "button",
          { type: "button", class: "row", onclick: () => this.desk.openPlan(plan.id) },
          h("b", {}, plan.on),
          h("span", {}, plan.teams.join(", ")),
          h("small", { class: missed }, facts(plan, over)),
        ),
      );
    }
  };
}
