"use strict";
// The teams of an area: which of them go, when, and how they get about.
{
  const { h, t } = everycell;
  const keyOf = ({ area, code }) => `${area} ${code}`; // a code is used once in an area, and again in others

  /** The list of teams. `desk` is the page: {area, areas, source, editTeam(team)}; `onchange()` when another choice is made. */
  everycell.Teams = class {
    constructor(target, desk, onchange) {
      Object.assign(this, { target, desk, onchange, all: [], list: [], out: new Set(), reading: 0 });
    }

    /** Read the teams anew: all that the account may see, whatever area is chosen. */
    async load() {
      const reading = (this.reading += 1);
      const teams = await this.desk.source.teams();
      if (reading !== this.reading) return;
      this.all = teams;
      this.refit();
    }

    /** Of all teams those that fit the area: of the area itself, of what is in it, of what it is in. */
    refit() {
      const { area } = this.desk;
      const fits = (team) => team.area.startsWith(area) || area.startsWith(team.area);
      this.list = this.all.filter(fits).sort((a, b) => a.code.localeCompare(b.code) || a.area.localeCompare(b.area));
      this._show();
      this.onchange();
    }

    /** Those that go. */
    get chosen() {
      return this.list.filter((team) => !this.out.has(keyOf(team)));
    }

    /** The code of two teams that go; null where each has its own. */
    get twice() {
      const codes = this.chosen.map(({ code }) => code);
      return codes.find((code, index) => codes.indexOf(code) !== index) ?? null;
    }

    colour(team) {
      return everycell.stopSigns.teamColour(this.list.indexOf(team));
    }

    _show() {
      const empty = h("li", { class: "muted" }, t("No team yet. A team has a code, a station and a shift."));
      this.target.replaceChildren(...(this.list.length ? this.list.map((team) => this._row(team)) : [empty]));
    }

    _row(team) {
      const { code, mode, shift, breaks } = team;
      const box = h("input", { type: "checkbox", checked: !this.out.has(keyOf(team)) });
      box.addEventListener("change", () => {
        if (box.checked) this.out.delete(keyOf(team));
        else this.out.add(keyOf(team));
        this.onchange();
      });
      const shared = this.list.some((other) => other !== team && other.code === code);
      const facts = [
        shared ? this.desk.areas.name(team.area) : null,
        everycell.patrolName("mode", mode),
        shift.join("–"),
        breaks?.length ? t("breaks: {number}", { number: breaks.length }) : null,
        ...(team.skills ?? []).map((skill) => everycell.patrolName("skill", skill)),
      ];
      return h(
        "li",
        {},
        h(
          "label",
          { class: "row" },
          box,
          h("i", { class: "chip", style: { backgroundColor: this.colour(team) } }),
          h("b", {}, code),
          h("small", {}, facts.filter(Boolean).join(" · ")),
        ),
        h(
          "button",
          {
            type: "button",
            class: "icon",
            "aria-label": t("Change team {team}", { team: code }),
            onclick: () => this.desk.editTeam(team),
          },
          "⋯",
        ),
      );
    }

    async keep(team) {
      await this.desk.source.keepTeam(team);
      this.out.delete(keyOf(team));
      await this.load();
    }

    async drop(team) {
      await this.desk.source.dropTeam(team);
      await this.load();
    }

    /** Paint the stations; those of one place stand beside each other. */
    draw(context, toPoint) {
      const size = 9 * everycell.scale;
      const there = new Map();
      for (const team of this.chosen) {
        const { lon, lat } = team.station;
        const place = `${lon} ${lat}`;
        const before = there.get(place) ?? [];
        there.set(place, [...before, team.code]);
        const sign = { code: team.code, before, colour: this.colour(team), size };
        everycell.stopSigns.stationOf(context, toPoint([lat, lon]), sign);
      }
    }
  };
}
