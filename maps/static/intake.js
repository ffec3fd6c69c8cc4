"use strict";
// Registering a case. Until the service has confirmed it the tab keeps it, and it is sent again with the same id.
{
  const { h, t, byId } = everycell;
  const VILLAGE_DIGITS = 12;

  const today = () => everycell.clock(Date.now()).slice(0, 10);

  // Of today it is known when: now. Of another day, the middle of it.
  const instantOf = (day) => (day === today() ? new Date() : new Date(`${day}T12:00:00`)).toISOString();

  /** `section` holds the form, `desk` is the page. */
  everycell.Intake = class {
    constructor(section, desk) {
      Object.assign(this, { section, desk, form: section.querySelector("form") });
      this.fields = this.form.elements;
      this.place = new everycell.IntakePlace(this.form, desk, () => this._complain(""));
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this._register();
      });
      this.form.querySelector("[data-cancel]").addEventListener("click", () => desk.back());
      this.fields.category.addEventListener("change", () => this._family());
    }

    get open() {
      return !this.section.hidden;
    }

    /** Begin a new case in an area. */
    begin(area) {
      this.form.reset();
      this._family();
      this._complain("");
      const label = t("Reported on");
      byId("day").replaceChildren(everycell.dayField({ name: "day", label, value: today(), max: today() }));
      this.place.begin(area);
      this.fields.village.focus();
    }

    /** Offer again what the tab has kept from before. */
    restore() {
      for (const { one, words } of everycell.unsentCases.all())
        this._failed(one, words, t("The page was left before it was confirmed."));
    }

    _family() {
      byId("family-told").hidden = this.fields.category.value !== everycell.config.family;
    }

    _complain(words) {
      this.form.querySelector("[data-problem]").textContent = words;
    }

    _register() {
      const { chosen } = this.place;
      if (!chosen) return this._complain(t("Choose a place first: click on the map, or choose a cell."));
      const { category, channel, level, day } = this.fields;
      const one = {
        id: everycell.uuid(),
        snap: chosen.snap,
        category: category.value,
        channel: channel.value,
        level: level.value,
        reported_at: instantOf(day.value),
      };
      const told = one.category === everycell.config.family ? chosen.cell.slice(0, VILLAGE_DIGITS) : chosen.cell;
      const place = everycell.placeWords(this.desk.areas, told);
      return this._send(one, `${everycell.nameOf("category", one.category)}, ${place}`);
    }

    async _send(one, words) {
      const go = this.form.querySelector(".primary");
      go.disabled = true;
      everycell.unsentCases.keep({ id: one.id, one, words });
      try {
        await this.desk.source.register(one);
      } catch (error) {
        this._refused(one, words, error);
        return;
      } finally {
        go.disabled = false;
      }
      everycell.unsentCases.drop(one.id);
      everycell.notice(t("Registered: {case}", { case: words }));
      await this.desk.registered(one.id);
    }

    // What the service has read and refused is corrected in the form; what may have arrived is kept, to be sent again.
    _refused(one, words, error) {
      const read = error.status && error.status < 500 && error.status !== 401;
      if (!read) {
        this.desk.back(); // pressed again, the form would make a second case of it
        this._failed(one, words, everycell.reason(error));
        return;
      }
      everycell.unsentCases.drop(one.id);
      const gone = error.problem?.code === "unknown-snap";
      this._complain(gone ? t("This place is not there any more: choose one again.") : everycell.reason(error));
    }

    _failed(one, words, reason) {
      const again = h("button", { type: "button" }, t("Send again"));
      const onclose = () => everycell.unsentCases.drop(one.id);
      const box = everycell.notice(t("Not registered: {case}. {reason}", { case: words, reason }), "bad", again, {
        onclose,
      });
      again.addEventListener("click", () => {
        box.remove();
        this._send(one, words);
      });
    }
  };
}
