"use strict";
// Recording a visit: what was found at the door, by which team, why. An answer that did not arrive can be sent again
// with the same id, so a visit is never counted twice. Until it is recorded the tab keeps it (unsent.js).
{
  const TEAM = /^[A-Z0-9][A-Z0-9-]{0,19}$/;

  const localInstant = () => {
    const now = new Date();
    const offset = -now.getTimezoneOffset();
    const pad = (value) => String(Math.floor(Math.abs(value))).padStart(2, "0");
    const local = new Date(now.getTime() + offset * 60000).toISOString().slice(0, 19);
    return `${local}${offset < 0 ? "-" : "+"}${pad(offset / 60)}:${pad(offset % 60)}`;
  };

  const keep = ({ code, unit, address, lat, lon }, visit) =>
    everycell.unsent.keep({ id: visit.id, household: { code, unit, address, lat, lon }, visit });

  /**
   * The form for one household. `onrecorded()` is called at once, `onsettled(household, visit, error)`
   * when the service has answered.
   */
  everycell.Visits = class {
    constructor(dialog, source, { onrecorded, onsettled }) {
      Object.assign(this, { dialog, source, onrecorded, onsettled, state: new Map() });
      this.form = dialog.querySelector("form");
      this.team = this.form.elements.team;
      this.purpose = this.form.elements.purpose;
      this.team.value = everycell.memory.get("team") ?? "";
      this.purpose.value = everycell.memory.get("purpose") ?? this.purpose.options[0].value;
      for (const button of dialog.querySelectorAll("button[data-outcome]"))
        button.addEventListener("click", () => this._confirm(button.dataset.outcome));
      dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
    }

    /** Offer again what the tab has kept from before. */
    restore() {
      for (const { household, visit } of everycell.unsent.all())
        this._failed(household, visit, everycell.t("The page was left before it was confirmed."));
      this.onrecorded();
    }

    /** Ask what was found at a household's door. */
    ask(household) {
      this.household = household;
      this.dialog.querySelector("[data-place]").textContent = [household.address, household.unit]
        .filter(Boolean)
        .join(" ");
      this.dialog.querySelector("[data-code]").textContent = household.code;
      this._complain("");
      this.dialog.showModal();
      if (!this.team.value) this.team.focus();
    }

    /** "sending", "done", "failed" or undefined, for a household's code. */
    stateOf(code) {
      return this.state.get(code);
    }

    _complain(text) {
      this.dialog.querySelector("[data-problem]").textContent = text;
    }

    _confirm(outcome) {
      const team = this.team.value.trim().toUpperCase();
      if (!TEAM.test(team)) {
        this._complain(everycell.t("Team: a short code of capital letters and digits, such as A1"));
        this.team.focus();
        return;
      }
      everycell.memory.set("team", (this.team.value = team));
      everycell.memory.set("purpose", this.purpose.value);
      this.dialog.close();
      this._send(this.household, {
        id: everycell.uuid(),
        household: this.household.code,
        visited_at: localInstant(),
        outcome,
        team,
        purpose: this.purpose.value,
      });
    }

    async _send(household, visit) {
      const { code } = household;
      this.state.set(code, { step: "sending", outcome: visit.outcome });
      keep(household, visit);
      this.onrecorded();
      let failure = null;
      try {
        await this.source.record(visit);
        this.state.set(code, { step: "done", outcome: visit.outcome });
        everycell.unsent.drop(visit.id);
      } catch (error) {
        failure = error;
        this._failed(household, visit, everycell.reason(error));
      }
      this.onsettled(household, visit, failure);
    }

    _failed(household, visit, reason) {
      const { h, t } = everycell;
      this.state.set(household.code, { step: "failed", outcome: visit.outcome });
      const again = h("button", { type: "button" }, t("Send again"));
      const box = everycell.notice(
        t("Not recorded: {place}. {reason}", { place: everycell.placeOf(household), reason }),
        "bad",
        again,
        { onclose: () => everycell.unsent.drop(visit.id) },
      );
      again.addEventListener("click", () => {
        box.remove();
        this._send(household, visit);
      });
    }
  };
}
