"use strict";
// Where a new case lies: a point of the map, or a cell, becomes the snap point that stands for it. What was pointed at is
// sent once and forgotten: neither the page nor the service keeps it.
{
  const { h, t, number } = everycell;
  const VILLAGE_DIGITS = 12;
  const COLOUR = "#7a2fa8";

  /** `form` is the intake form, `desk` the page; `onchange()` is called when another place is chosen, or none. */
  everycell.IntakePlace = class {
    constructor(form, desk, onchange) {
      Object.assign(this, { form, desk, onchange, choices: [], chosen: null, asked: 0 });
      Object.assign(this, { village: form.elements.village, cell: form.elements.cell });
      this.list = everycell.byId("places");
      this.told = everycell.byId("place-told");
      this.village.addEventListener("change", () => this._village(this.village.value));
      this.cell.addEventListener("change", () => this.cell.value && this.ofCell(this.cell.value));
    }

    /** Begin without a place, in the area that the desk shows. */
    begin(area) {
      const villages = this.desk.villages().filter(([code]) => everycell.mayWithin("cases", code));
      this._fill(this.village, villages);
      this._village(area.length >= VILLAGE_DIGITS ? area.slice(0, VILLAGE_DIGITS) : "");
      this._take([], null, "");
      if (area.length > VILLAGE_DIGITS && everycell.may("cases", area)) this.ofCell(area);
    }

    _fill(select, entries) {
      const options = [["", t("Choose…")], ...entries].map(([value, text]) => h("option", { value }, text));
      select.replaceChildren(...options);
    }

    _village(code) {
      this.village.value = code;
      const cells = code ? this.desk.cellsOf(code).filter(([cell]) => everycell.may("cases", cell)) : [];
      this._fill(this.cell, cells);
    }

    /** The places of a cell, to choose one of. */
    async ofCell(code) {
      this._village(code.slice(0, VILLAGE_DIGITS));
      this.cell.value = code;
      await this._ask(async () => {
        const choices = await this.desk.source.snapsOf(code);
        const none = t(
          "Fewer than eight dwellings are in this cell: click on the map where it is, for a place around.",
        );
        this._take(choices, choices.length === 1 ? choices[0] : null, choices.length ? "" : none);
        if (choices.length) this.desk.ground.fit(choices[0].cell);
      });
    }

    /** The place that stands for a point of the map. */
    async at(latLng) {
      await this._ask(async () => {
        const snap = await this.desk.source.snapAt(latLng);
        this._village(snap.cell.slice(0, VILLAGE_DIGITS));
        this.cell.value = snap.cell;
        this._take([snap], snap, "");
      });
    }

    // Only the newest question counts.
    async _ask(work) {
      const question = (this.asked += 1);
      this._take([], null, t("Loading…"));
      try {
        await work();
      } catch (error) {
        const outside = error.status === 403;
        const words = outside ? t("This place does not lie in your area.") : this._words(error);
        if (question === this.asked) this._take([], null, words);
      }
    }

    _words(error) {
      return error.status === 404
        ? t("Nothing around stands for eight dwellings: no case can be registered there.")
        : everycell.reason(error);
    }

    _take(choices, chosen, words) {
      Object.assign(this, { choices, chosen, words });
      this.show();
      this.onchange();
    }

    show() {
      const { choices } = this;
      this.list.replaceChildren(...(choices.length > 1 ? choices.map((snap, index) => this._choice(snap, index)) : []));
      const several = choices.length > 1 ? t("Choose the point that is nearest, here or on the map.") : "";
      this.told.textContent = this.chosen ? this._standsFor(this.chosen) : this.words || several;
      this.desk.repaint();
    }

    _standsFor({ cell, dwellings }) {
      return t("{place}: about {number} households share this point; where it was reported is not kept", {
        place: everycell.placeWords(this.desk.areas, cell),
        number: number(dwellings),
      });
    }

    _choice(snap, index) {
      const pick = () => this._take(this.choices, snap, "");
      const radio = h("input", { type: "radio", name: "snap", value: snap.snap, onchange: pick });
      radio.checked = snap === this.chosen;
      const words = t("Point {index}: about {number} households", { index: index + 1, number: number(snap.dwellings) });
      return h("label", {}, radio, h("span", {}, words));
    }

    /** Choose the place that lies near a point of the map, where there are several to choose of; false where none does. */
    pick(latLng) {
      const { map } = this.desk;
      const here = map.latLngToLayerPoint(latLng);
      const near = this.choices.find(
        ({ place: { coordinates } }) =>
          map.latLngToLayerPoint([coordinates[1], coordinates[0]]).distanceTo(here) < 16 * everycell.scale,
      );
      if (!near || this.choices.length < 2) return false;
      this._take(this.choices, near, "");
      return true;
    }

    /** Paint the places to choose of, by their numbers. */
    draw(context, toPoint) {
      const size = 12 * everycell.scale;
      Object.assign(context, { textAlign: "center", textBaseline: "middle" });
      context.font = `700 ${size}px ${everycell.font}`;
      this.choices.forEach((snap, index) => {
        const [lon, lat] = snap.place.coordinates;
        const { x, y } = toPoint([lat, lon]);
        const chosen = snap === this.chosen;
        context.beginPath();
        context.arc(x, y, size * (chosen ? 1.15 : 0.95), 0, 2 * Math.PI);
        context.fillStyle = chosen ? COLOUR : "#ffffff";
        context.fill();
        context.lineWidth = size * 0.22;
        context.strokeStyle = chosen ? "#ffffff" : COLOUR;
        context.stroke();
        context.fillStyle = chosen ? "#ffffff" : COLOUR;
        context.fillText(this.choices.length > 1 ? String(index + 1) : "✓", x, y + size * 0.04);
      });
    }
  };
}
