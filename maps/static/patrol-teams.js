"use strict";
// The teams of an area: which of them go, when, and how they get about.
{
  const { h, t } = everycell;

  /** The list of teams. `desk` is the page: {area, source, editTeam(team), failed(error)}; `onchange()` when another choice is made. */
  everycell.Teams = class {
    constructor(target, desk, onchange) {
      Object.assign(this, { target, desk, onchange, list: [], out: new Set(), reading: 0 });
    }

    /** Read the teams of the area anew. */
    async load() {
      const reading = (this.reading += 1);
      const teams = await this.desk.source.teams(this.desk.areaAsked);
      if (reading !== this.reading) return;
      this.list = teams;
      this._show();
      this.onchange();
    }

    /** The codes of those that go. */
    get chosen() {
      return this.list.filter(({ code }) => !this.out.has(code)).map(({ code }) => code);
    }

    colour(code) {
      return everycell.stopSigns.teamColour(this.list.findIndex((team) => team.code === code));
    }

    _show() {
      const empty = h("li", { class: "muted" }, t("No team yet. A team has a code, a station and a shift."));
      this.target.replaceChildren(...(this.list.length ? this.list.map((team) => this._row(team)) : [empty]));
    }

    _row(team) {
      const { code, mode, shift, breaks } = team;
      const box = h("input", { type: "checkbox", checked: !this.out.has(code) });
      box.addEventListener("change", () => {
        if (box.checked) this.out.delete(code);
        else this.out.add(code);
        this.onchange();
      });
      const facts = [
        everycell.patrolName("mode", mode),
        shift.join("–"),
        breaks?.length ? t("breaks: {number}", { number: breaks.length }) : null,
      ];
      return h(
        "li",
        {},
        h(
          "label",
          { class: "row" },
          box,
          h("i", { class: "chip", style: { backgroundColor: this.colour(code) } }),
          h("b", {}, code),
          h("small", {}, facts.filter(Boolean).join(" · ")),
        ),
        h("button", { type: "button", class: "icon", "aria-label": t("Change team {team}", { team: code }), onclick: () => this.desk.editTeam(team) }, "✎"),
      );
    }

    async keep(team) {
      await this.desk.source.keepTeam(team);
      this.out.delete(team.code);
      await this.load();
    }

    async drop(code) {
      await this.desk.source.dropTeam(code);
      await this.load();
    }

    /** Paint the stations; those of one place stand beside each other. */
    draw(context, toPoint) {
      const size = 9 * everycell.scale;
      const there = new Map();
      for (const { code, station } of this.list) {
        if (this.out.has(code)) continue;
        const { x, y } = toPoint([station.lat, station.lon]);
        const place = `${station.lon} ${station.lat}`;
        const before = there.get(place) ?? 0;
        there.set(place, before + 1);
        context.save();
        context.translate(x + before * size * 1.5, y);
        everycell.stopSigns.station(context, size, this.colour(code));
        context.restore();
      }
    }
  };
}
