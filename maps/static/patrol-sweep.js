"use strict";
// A sweep of all streets, of the chosen area or of a polygon drawn with clicks: asked for, told in figures, drawn with arrows.
{
  const { h, t, number } = everycell;
  const WIDTH = 3;
  const ASIDE = 2.2; // pixels to the right of the street: there and back are two lines
  const ARROWS = 70; // pixels from arrow to arrow
  const N = (message) => message; // Marks a message for the catalogue.
  const WHY = {
    mode: N("not open to this mode: {metres} m"),
    border: N("short ends at the border: {metres} m"),
    no_way: N("not connected with the others: {metres} m"),
    shift: N("too far or too long for the shift: {metres} m"),
  };

  /** The part of the panel, a <details>. `desk` is the page: {map, source, areaAsked, repaint()}. */
  everycell.SweepView = class {
    constructor(details, target, desk) {
      Object.assign(this, { details, target, desk, corners: [], start: null, found: null, asked: null });
      this._build();
      details.addEventListener("toggle", () => {
        this._stations();
        this._tell();
      });
    }

    /** Whether the sweep has the map, instead of the stops. */
    get open() {
      return this.details.open;
    }

    get polygon() {
      return this.form.elements.of.value === "polygon";
    }

    /** Whether a click on the map is a place of the sweep: where it begins, or a corner. */
    get placing() {
      return this.polygon || this._startWanted;
    }

    // Whether the next click tells where it begins.
    get _startWanted() {
      return this.form.elements.start.value === "place" && !this.start;
    }

    // Where walks may begin: anywhere, at the stations of teams, at a place that is clicked.
    _stations() {
      const select = this.form.elements.start;
      const { value } = select;
      const stations = this.desk.teams.list.map((team) => [
        `team ${team.area} ${team.code}`,
        t("at the station of {team}", { team: team.code }),
      ]);
      const places = [["", t("anywhere")], ["place", t("at a place on the map")], ...stations];
      select.replaceChildren(
        ...places.map(([key, text]) => h("option", { value: key, selected: key === value }, text)),
      );
    }

    get _begin() {
      const { value } = this.form.elements.start;
      if (value === "place") return this.start;
      return this.desk.teams.list.find(({ area, code }) => value === `team ${area} ${code}`)?.station ?? null;
    }

    _build() {
      const modes = everycell.config.lists.mode.map(([code, name]) => h("option", { value: code }, name));
      const field = (text, input) => h("label", {}, text, input);
      this.hint = h("p", { class: "muted", role: "status" });
      this.problem = h("p", { class: "late", role: "alert" });
      this.result = h("div", { class: "sweep-result" });
      this.last = h("button", { type: "button", class: "quiet", onclick: () => this._drop() }, t("Undo last corner"));
      this.ask = h("button", { class: "primary" }, t("Find the walk"));
      this.form = h(
        "form",
        { class: "fields", autocomplete: "off" },
        field(
          t("Streets"),
          h(
            "select",
            { name: "of" },
            h("option", { value: "area" }, t("of the chosen area")),
            h("option", { value: "polygon" }, t("of a polygon drawn on the map")),
          ),
        ),
        h(
          "div",
          { class: "two-fields" },
          field(t("Goes"), h("select", { name: "mode" }, modes)),
          field(
            t("Minutes of a shift"),
            h("input", { type: "number", name: "shift", min: "10", max: "1440", placeholder: t("one walk") }),
          ),
        ),
        field(t("Begins"), h("select", { name: "start" })),
        this.hint,
        h("div", { class: "answers" }, this.ask, this.last),
        this.problem,
      );
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this._find();
      });
      // While it is typed, not when the field is left: the button would move away from under a click on it.
      this.form.addEventListener("input", ({ target }) => {
        if (target.name === "start") this.start = null;
        this.clear();
      });
      this.target.replaceChildren(this.form, this.result);
      this._stations();
      this._tell();
    }

    /** What was found is no longer what is asked for. */
    clear() {
      this.asked?.abort();
      Object.assign(this, { found: null, asked: null });
      this.problem.textContent = "";
      this._tell();
    }

    /** A place of the map was clicked. False where it is none of the sweep. */
    placeAt({ lat, lng }) {
      if (this._startWanted) {
        this.start = { lon: Number(lng.toFixed(7)), lat: Number(lat.toFixed(7)) };
        this.clear();
        return true;
      }
      if (!this.polygon) return false;
      if (this.found) this.corners = [];
      this.corners.push([Number(lng.toFixed(7)), Number(lat.toFixed(7))]);
      this.clear();
      return true;
    }

    _drop() {
      this.corners.pop();
      this.clear();
    }

    _hint() {
      const left = 3 - this.corners.length;
      if (this._startWanted) return t("Click on the map where the walk begins.");
      if (!this.polygon) return t("A click on the map chooses its cell.");
      if (this.found) return t("Another click begins another polygon.");
      if (left > 0) return t("Click the corners on the map; {number} more at least.", { number: left });
      return t("{number} corners", { number: this.corners.length });
    }

    _tell() {
      this.hint.textContent = this._hint();
      this.last.hidden = !this.polygon || !this.corners.length || Boolean(this.found);
      this.ask.disabled = Boolean(this.asked) || this._startWanted || (this.polygon && this.corners.length < 3);
      this.ask.textContent = this.asked ? t("Looking for the walk…") : t("Find the walk");
      this.result.replaceChildren(...(this.found ? this._figures() : []));
      this.desk.map.getContainer().classList.toggle("placing", this.open && this.placing);
      this.desk.legend();
      this.desk.repaint();
    }

    get _wish() {
      const { mode, shift } = this.form.elements;
      const ring = [...this.corners, this.corners[0]];
      return {
        ...(this.polygon ? { polygon: { type: "Polygon", coordinates: [ring] } } : { area: this.desk.areaAsked }),
        mode: mode.value,
        start: this._begin,
        shift_minutes: shift.value ? Number(shift.value) : null,
      };
    }

    async _find() {
      this.clear();
      const asked = (this.asked = new AbortController());
      this.wish = this._wish;
      this._tell();
      try {
        const found = await this.desk.source.sweep(this.wish, asked.signal);
        if (!asked.signal.aborted) this.found = found;
      } catch (error) {
        if (!asked.signal.aborted) this.problem.textContent = everycell.reason(error);
      }
      if (asked.signal.aborted) return;
      this.asked = null;
      this._tell();
    }

    _figures() {
      const { found } = this;
      if (!found.routes.length) return [h("p", {}, t("No street lies there that can be walked.")), this._left()];
      const kilometres = { walk: everycell.kilometres(found.walk_m), street: everycell.kilometres(found.street_m) };
      const cells = (...texts) => texts.map((text) => h("td", {}, text));
      const row = ({ metres, seconds }, index) => {
        const chip = h("i", { class: "chip", style: { backgroundColor: everycell.stopSigns.teamColour(index) } });
        const figures = [number(Math.round(metres)), number(Math.ceil(seconds / 60))];
        return h("tr", {}, h("th", { scope: "row" }, chip, ` ${index + 1}`), cells(...figures));
      };
      const head = [t("Walk"), t("Metres"), t("Minutes")].map((text) => h("th", { scope: "col" }, text));
      const save = h("button", { type: "button", class: "quiet", onclick: () => this._save() }, t("GPX, for devices"));
      return [
        h("p", {}, t("{walk} km walked for {street} km of street", kilometres)),
        h("p", {}, t("{ratio} m for a metre of street; no single walk can do with less than {least}", this._ratios())),
        h(
          "table",
          { class: "figures-table" },
          h("thead", {}, h("tr", {}, head)),
          h("tbody", {}, found.routes.map(row)),
        ),
        this._left(),
        save,
      ];
    }

    _ratios() {
      const { ratio, bound_m: bound, street_m: street } = this.found;
      return { ratio: ratio.toFixed(2), least: (bound / street).toFixed(2) };
    }

    _left() {
      const gaps = this.found.left_out.map(({ why, metres }) =>
        h("li", {}, t(WHY[why] ?? why, { metres: number(Math.round(metres)) })),
      );
      return gaps.length ? h("div", { class: "muted small" }, t("Streets left out"), h("ul", {}, gaps)) : "";
    }

    async _save() {
      try {
        const url = URL.createObjectURL(await this.desk.source.sweepFile(this.wish));
        h("a", { href: url, download: `sweep-${this.wish.area ?? "polygon"}.gpx` }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60000);
      } catch (error) {
        this.desk.failed(error);
      }
    }

    // --- on the map ---------------------------------------------------------------------------------------------

    draw(context, toPoint, bounds) {
      const near = Math.min(1, Math.max(0, (everycell.seenZoom(this.desk.map.getZoom()) - 12) / 3));
      if (this.polygon) this._polygon(context, toPoint);
      this.found?.routes.forEach(({ line }, index) => {
        const colour = everycell.stopSigns.teamColour(index);
        const points = line.coordinates.map(([lon, lat]) => toPoint([lat, lon]));
        this._walk(context, bounds, everycell.lines.beside(points, ASIDE * everycell.scale * near), colour);
      });
      const begin = this._begin;
      if (begin) this._station(context, toPoint([begin.lat, begin.lon]));
    }

    _station(context, { x, y }) {
      context.save();
      context.translate(x, y);
      everycell.stopSigns.station(context, 11 * everycell.scale, "#0b4f8a");
      context.restore();
    }

    _polygon(context, toPoint) {
      const points = this.corners.map(([lon, lat]) => toPoint([lat, lon]));
      if (!points.length) return;
      context.save();
      Object.assign(context, { strokeStyle: "#1c2733", fillStyle: "#1c2733", lineWidth: 2 * everycell.scale });
      context.setLineDash([6 * everycell.scale, 4 * everycell.scale]);
      everycell.lines.trace(context, [...points, points[0]]);
      context.stroke();
      for (const { x, y } of points) {
        context.beginPath();
        context.arc(x, y, 4 * everycell.scale, 0, 2 * Math.PI);
        context.fill();
      }
      context.restore();
    }

    _walk(context, bounds, line, colour) {
      const { along, trace, arrow } = everycell.lines;
      const width = WIDTH * everycell.scale;
      context.save();
      Object.assign(context, { lineJoin: "round", lineCap: "round", lineWidth: width, strokeStyle: colour });
      trace(context, line);
      context.stroke();
      for (const place of along(line, ARROWS * everycell.scale)) {
        if (bounds.contains([place.x, place.y])) arrow(context, place, width * 1.4, colour);
      }
      context.restore();
    }
  };
}
