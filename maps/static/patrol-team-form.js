"use strict";
// One team: code, how it gets about, where it begins and ends (by a click on the map), its shift, its breaks, what it can do.
{
  const { h, t } = everycell;
  const NEW = {
    code: "",
    mode: "foot",
    station: null,
    end: null,
    open_end: false,
    shift: ["09:00", "13:00"],
    breaks: [],
    skills: [],
  };
  const CODE = "[A-Z0-9][A-Z0-9\\-]{0,19}";

  const timeField = (name, value, label) => {
    const input = h("input", {
      type: "text",
      name,
      value,
      required: true,
      maxlength: "5",
      inputmode: "numeric",
      "aria-label": label,
    });
    input.addEventListener("input", () =>
      input.setCustomValidity(everycell.isTime(input.value.trim()) ? "" : t("A time such as 09:00")),
    );
    return input;
  };

  /**
   * The form, in `target`. `desk` is the page: {area, teams, endTeam(), failed(error), repaint()}. While it is open a click
   * on the map sets its station, or its end, where that is another place.
   */
  everycell.TeamForm = class {
    constructor(target, desk) {
      Object.assign(this, { target, desk, team: null, placing: "station" });
    }

    get open() {
      return this.team !== null;
    }

    /** Begin with a team that there is, or with a new one. */
    begin(team) {
      this.fresh = !team;
      this.team = structuredClone(team ?? { ...NEW, area: this.desk.areaAsked });
      this.placing = "station";
      this._show();
      this.target.querySelector("input:not([readonly])")?.focus({ preventScroll: true });
    }

    close() {
      this.team = null;
      this.target.replaceChildren();
    }

    /** A place of the map was clicked. */
    placeAt({ lat, lng }) {
      const place = { lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)) };
      if (this.placing === "end") this.team.end = place;
      else this.team.station = place;
      this._tellPlaces();
      this.desk.repaint();
    }

    _show() {
      const { team, fresh } = this;
      const modes = everycell.config.lists.mode.map(([code, name]) =>
        h("option", { value: code, selected: code === team.mode }, name),
      );
      this.placed = h("p", { class: "told", role: "status" });
      this.problem = h("p", { class: "late", role: "alert" });
      this.breaks = h("div", {});
      const form = h(
        "form",
        { class: "fields team-form", autocomplete: "off" },
        h("h2", { id: "team-title" }, fresh ? t("Add a team") : t("Team {team}", { team: team.code })),
        h(
          "div",
          { class: "two-fields" },
          h(
            "label",
            {},
            t("Code"),
            h("input", {
              name: "code",
              value: team.code,
              pattern: CODE,
              maxlength: "20",
              required: true,
              readonly: !fresh,
              title: t("Capital letters, digits and hyphens"),
            }),
          ),
          h("label", {}, t("Goes"), h("select", { name: "mode" }, modes)),
        ),
        h("div", { class: "two-fields" }, [
          h("label", {}, t("Shift from"), timeField("from", team.shift[0], t("Shift from"))),
          h("label", {}, t("until"), timeField("until", team.shift[1], t("Shift until"))),
        ]),
        h(
          "fieldset",
          {},
          h("legend", {}, t("Station")),
          h("p", { class: "muted" }, t("Click on the map where the team begins.")),
          this.placed,
        ),
        h("label", {}, t("It ends"), this._ends()),
        h("fieldset", { class: "skills" }, h("legend", {}, t("Can also do")), this._skills()),
        h(
          "fieldset",
          {},
          h("legend", {}, t("Breaks")),
          this.breaks,
          h("button", { type: "button", class: "quiet", onclick: () => this._addBreak() }, t("Add a break")),
        ),
        this.problem,
        h(
          "div",
          { class: "answers" },
          h("button", { class: "primary" }, t("Keep")),
          h("button", { type: "button", onclick: () => this.desk.endTeam() }, t("Cancel")),
          fresh ? null : h("button", { type: "button", class: "away", onclick: () => this._drop() }, t("Remove")),
        ),
      );
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this._keep();
      });
      this.form = form;
      this.target.replaceChildren(form);
      for (const pause of team.breaks ?? []) this._addBreak(pause);
      this._tellPlaces();
    }

    _skills() {
      return everycell.config.lists.skill.map(([skill, name]) => {
        const checked = this.team.skills?.includes(skill);
        return h(
          "label",
          { class: "tick" },
          h("input", { type: "checkbox", name: "skill", value: skill, checked }),
          h("span", {}, name),
        );
      });
    }

    _ends() {
      const { team } = this;
      const now = team.open_end ? "open" : team.end ? "other" : "station";
      const options = [
        ["station", t("at its station")],
        ["open", t("at its last stop")],
        ["other", t("at another place")],
      ];
      const select = h(
        "select",
        { name: "ends" },
        options.map(([value, text]) => h("option", { value, selected: value === now }, text)),
      );
      select.addEventListener("change", () => {
        this.placing = select.value === "other" ? "end" : "station";
        team.open_end = select.value === "open";
        if (select.value !== "other") team.end = null;
        this._tellPlaces();
        this.desk.repaint();
      });
      return select;
    }

    _tellPlaces() {
      const { station, end } = this.team;
      const words = ({ lon, lat }) => `${lon.toFixed(5)}, ${lat.toFixed(5)}`;
      const parts = [station ? t("Begins at {place}", { place: words(station) }) : t("No station yet")];
      if (end) parts.push(t("ends at {place}", { place: words(end) }));
      else if (this.placing === "end") parts.push(t("click on the map where it ends"));
      this.placed.textContent = parts.join(" · ");
    }

    _addBreak(pause = { window: ["11:00", "12:30"], minutes: 20 }) {
      const minutes = h("input", {
        type: "number",
        min: "1",
        max: "240",
        value: pause.minutes,
        required: true,
        "aria-label": t("Minutes"),
      });
      const row = h(
        "div",
        { class: "break" },
        timeField("b-from", pause.window[0], t("Break from")),
        "–",
        timeField("b-until", pause.window[1], t("Break until")),
        minutes,
        h("span", {}, t("min")),
        h(
          "button",
          { type: "button", class: "icon", "aria-label": t("Take the break out"), onclick: () => row.remove() },
          "×",
        ),
      );
      this.breaks.append(row);
    }

    // What the form says, as the service takes it.
    _said() {
      const { elements } = this.form;
      const breaks = [...this.breaks.children].map((row) => {
        const [from, until, minutes] = [...row.querySelectorAll("input")].map(({ value }) => value.trim());
        return { window: [from, until], minutes: Number(minutes) };
      });
      const shift = [elements.from.value.trim(), elements.until.value.trim()];
      const skills = [...this.form.querySelectorAll("[name=skill]:checked")].map(({ value }) => value);
      return { ...this.team, code: elements.code.value.trim(), mode: elements.mode.value, shift, breaks, skills };
    }

    async _keep() {
      const team = this._said();
      const { station, end } = team;
      const twice =
        this.fresh && this.desk.teams.list.some(({ code, area }) => code === team.code && area === team.area);
      if (twice) this.problem.textContent = t("There is a team {team} already.", { team: team.code });
      else if (!station) this.problem.textContent = t("Click on the map where the team begins.");
      else if (this.form.elements.ends.value === "other" && !end)
        this.problem.textContent = t("Click on the map where it ends.");
      else await this._try(this.desk.teams.keep(team));
    }

    async _drop() {
      const sure = await everycell.ask({
        title: t("Remove team {team}?", { team: this.team.code }),
        told: t("Plans that were made with it stay."),
        ok: t("Remove"),
        danger: true,
      });
      if (sure) await this._try(this.desk.teams.drop(this.team));
    }

    async _try(work) {
      try {
        await work;
        this.desk.endTeam();
      } catch (error) {
        this.problem.textContent = everycell.reason(error);
      }
    }

    /** Paint where it begins and ends. */
    draw(context, toPoint) {
      const { station, end } = this.team;
      const size = 11 * everycell.scale;
      for (const [place, colour] of [
        [end, "#566472"],
        [station, "#0b4f8a"],
      ]) {
        if (!place) continue;
        const { x, y } = toPoint([place.lat, place.lon]);
        context.save();
        context.translate(x, y);
        everycell.stopSigns.station(context, size, colour);
        context.restore();
      }
    }
  };
}
