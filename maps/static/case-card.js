"use strict";
// The card of a case: what it is about and where, how long it has, what may happen next and what happened so far.
{
  const { h, t, clock } = everycell;

  /** `target` is the part of the panel, `desk` the page. */
  everycell.CaseCard = class {
    constructor(target, desk) {
      Object.assign(this, { target, desk, one: null });
      this.steps = new everycell.CaseSteps(this);
    }

    /** Fetch a case and show it. */
    async open(id) {
      this.id = id;
      this.target.replaceChildren(this._head(t("Loading…")));
      await this.reload();
    }

    close() {
      Object.assign(this, { id: null, one: null });
      this.target.replaceChildren();
    }

    /** Read the case of the card again, where one is shown. */
    async reload() {
      const { id } = this;
      if (!id) return;
      try {
        const one = await this.desk.source.one(id);
        if (this.id !== id) return;
        this.desk.changed(one);
      } catch (error) {
        if (this.id === id)
          this.target.replaceChildren(this._head(""), h("p", { class: "late" }, everycell.reason(error)));
      }
    }

    /** Show a case as it is now. */
    show(one) {
      if (one.id !== this.id) return;
      this.one = one;
      this.problem = h("p", { class: "problem late", role: "alert" });
      this.target.replaceChildren(
        ...[
          this._head(everycell.nameOf("category", one.category)),
          this._due(one),
          this._facts(one),
          this.problem,
          ...this.steps.parts(one),
          everycell.revisitsPart(this.desk, one, this.steps),
          this._events(one),
        ].filter(Boolean),
      );
    }

    _head(title) {
      const back = h("button", { type: "button", class: "plain back", onclick: () => this.desk.back() }, t("‹ List"));
      return h("header", {}, back, h("h2", {}, title));
    }

    _due(one) {
      const urgency = everycell.urgencyOf(one, this.desk.now);
      return h(
        "p",
        { class: "standing" },
        everycell.caseSigns.image(urgency),
        h("b", {}, everycell.nameOf("state", one.state)),
        h("span", { class: `due ${urgency}` }, everycell.dueWords(one, this.desk.now)),
      );
    }

    _facts(one) {
      const day = (instant) => clock(instant).slice(0, 10);
      const due = one.due_at && `${day(one.due_at)}${one.extended ? ` · ${t("extended")}` : ""}`;
      const place = everycell.placeWords(this.desk.areas, one.area);
      const lines = [
        [t("Place"), place, one.place ? null : t("no point is told")],
        [t("Level"), everycell.nameOf("level", one.level)],
        [t("How it came"), everycell.nameOf("channel", one.channel)],
        [t("Reported on"), day(one.reported_at)],
        [t("To be settled by"), due || "–"],
        [t("Case number"), one.id.slice(0, 8)],
      ];
      return h(
        "dl",
        {},
        lines.flatMap(([name, value, note]) => [
          h("dt", {}, name),
          h("dd", {}, value, note && h("small", {}, ` ${note}`)),
        ]),
      );
    }

    _events(one) {
      const line = (event) =>
        h(
          "li",
          {},
          h("time", { datetime: event.at }, clock(event.at)),
          h("span", {}, everycell.eventWords(event), h("small", {}, everycell.nameOf("role", event.role))),
        );
      return h("section", {}, h("h3", {}, t("What happened")), h("ol", { class: "events" }, one.events.map(line)));
    }

    /** While something is sent no button of the card can be pressed. */
    busy(yes) {
      for (const each of this.target.querySelectorAll(".does button")) each.disabled = yes;
    }

    /** Say what went wrong, with a button to go on. */
    tell(words, ...does) {
      this.problem?.replaceChildren(words, ...does);
      this.problem?.scrollIntoView({ block: "nearest" });
    }
  };
}
