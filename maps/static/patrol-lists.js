"use strict";
// The stops of a plan as lists: each team's in its order, and those that are left out with why.
{
  const { h, t, number } = everycell;

  const details = (stop) =>
    [everycell.reasonOf(stop), stop.windows?.length ? stop.windows.map((window) => window.join("–")).join(", ") : ""]
      .filter(Boolean)
      .join(" · ");

  const outcome = (stop) => {
    const words = everycell.outcomeOf(stop);
    return words ? h("em", { class: `outcome ${stop.done.outcome}` }, words) : null;
  };

  /** The lists; `view` is the plan in the panel: {plan, colours, editable, choose(key), menuOf(stop, button), focusTeam(code)}. */
  everycell.PlanLists = class {
    constructor(routes, left, view) {
      Object.assign(this, { routes, left, view, folded: new Set() });
      for (const panel of [routes, left]) panel.addEventListener("keydown", (event) => this._key(event));
    }

    show() {
      const { plan } = this.view;
      const byTeam = new Map(plan.teams.map(({ code }) => [code, []]));
      for (const stop of plan.stops) if (stop.team && stop.position) byTeam.get(stop.team)?.push(stop);
      for (const stops of byTeam.values()) stops.sort((a, b) => a.position - b.position);
      this._keeping(
        this.routes,
        plan.teams.map((team) => this._team(team, byTeam.get(team.code))),
      );
      this._keeping(this.left, this._leftOut());
    }

    // What is drawn anew keeps the focus and where it was scrolled to.
    _keeping(panel, content) {
      const { scrollTop } = panel;
      const { key } = panel.contains(document.activeElement) ? document.activeElement.dataset : {};
      panel.replaceChildren(...content);
      panel.scrollTop = scrollTop;
      if (key) panel.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
    }

    _team(team, stops) {
      const { code, route } = team;
      const warnings = this.view.warningsOf(code);
      const part = h(
        "details",
        { class: "team", open: !this.folded.has(code) },
        h(
          "summary",
          {},
          h("i", { class: "chip", style: { backgroundColor: this.view.colours.get(code) } }),
          h("b", {}, t("Team {team}", { team: code })),
          h("small", {}, everycell.patrolName("mode", team.mode)),
          h("span", {}, route?.begin_at ? `${route.begin_at}–${route.end_at}` : team.shift.join("–")),
        ),
        warnings.map((text) => h("p", { class: "late warning" }, text)),
        h(
          "ol",
          { "data-team": code, "aria-label": t("Stops of team {team}", { team: code }) },
          this._rows(team, stops),
        ),
      );
      part.addEventListener("toggle", () => (part.open ? this.folded.delete(code) : this.folded.add(code)));
      return part;
    }

    // Stops and, between them, breaks.
    _rows(team, stops) {
      if (!stops.length) return [h("li", { class: "muted nobody" }, t("No stop: this team stays."))];
      const pauses = team.route?.pauses ?? [];
      const pauseRow = ({ begin_at: from, end_at: until }) =>
        h("li", { class: "pause" }, t("Break {from}–{until}", { from, until }));
      const after = (place) => pauses.filter(({ after: stop }) => stop === place).map(pauseRow);
      return [...after(0), ...stops.flatMap((stop, index) => [this._row(stop), ...after(index + 1)])];
    }

    _row(stop) {
      const { view } = this;
      const colour = view.colours.get(stop.team);
      return this._item(
        stop,
        h(
          "i",
          { class: `number ${stop.kind}`, style: { backgroundColor: colour } },
          h("span", {}, String(stop.position)),
        ),
        h("span", { class: "what" }, everycell.titleOfStop(stop)),
        h("time", {}, stop.arrive_at ?? ""),
        h("small", {}, stop.pinned ? h("b", { class: "pin" }, t("Pinned")) : null, outcome(stop), details(stop)),
      );
    }

    _item(stop, ...content) {
      const { view } = this;
      const menu = h(
        "button",
        {
          type: "button",
          class: "icon",
          "data-key": `menu-${stop.key}`,
          "aria-haspopup": "menu",
          "aria-expanded": "false",
          "aria-label": t("What to do with {stop}", { stop: everycell.titleOfStop(stop) }),
        },
        "⋯",
      );
      menu.addEventListener("click", () => view.menuOf(stop, menu));
      return h(
        "li",
        {
          "data-stop": stop.key,
          draggable: view.editable ? "true" : null,
          class: stop.key === view.chosen ? "chosen" : null,
        },
        h(
          "button",
          { type: "button", class: "row", "data-key": `stop-${stop.key}`, onclick: () => view.choose(stop.key) },
          content,
        ),
        view.editable ? menu : null,
      );
    }

    _leftOut() {
      const left = this.view.plan.stops.filter(({ team, position }) => !team || !position);
      left.sort((a, b) => a.tier - b.tier || (b.reason.days ?? 0) - (a.reason.days ?? 0));
      const rows = left.map((stop) =>
        this._item(
          stop,
          everycell.stopSigns.imageOf(stop),
          h("span", { class: "what" }, everycell.titleOfStop(stop)),
          h("time", {}, t("Tier {tier}", { tier: stop.tier })),
          h("small", {}, h("b", { class: "why" }, this._why(stop)), details(stop)),
        ),
      );
      const said = left.length
        ? t("{number} stops are in no route.", { number: number(left.length) })
        : t("Every stop is in a route.");
      return [h("p", { class: "told" }, said), h("ol", { "data-team": "", "aria-label": t("Left out") }, rows)];
    }

    _why(stop) {
      if (stop.removed) return everycell.patrolName("why_not", "removed");
      return stop.why_not ? everycell.whyNot(stop.why_not) : "";
    }

    // Alt and arrows move a stop along its route; plain arrows go from row to row.
    _key(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const row = event.target.closest?.("[data-stop]");
      if (!step || !row || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (event.altKey) {
        this.view.moveBy(row.dataset.stop, step);
        return;
      }
      const rows = [...event.currentTarget.querySelectorAll("[data-stop]")].filter((one) => one.offsetHeight);
      rows[rows.indexOf(row) + step]?.querySelector(".row").focus();
    }

    /** Bring a stop into sight. */
    reveal(key) {
      const row = document.querySelector(`#plan [data-stop="${CSS.escape(key)}"]`);
      const part = row?.closest("details");
      if (part) part.open = true;
      row?.scrollIntoView({ block: "nearest" });
    }
  };
}
