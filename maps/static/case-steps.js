"use strict";
// What may happen to a case next: the buttons for it, and sending it. A change carries an id of its own: where the answer
// is lost it is sent again without happening twice.
{
  const { h, t } = everycell;

  const N = (message) => message; // Marks a message for the catalogue.
  const button = (text, onclick, className = null) => h("button", { type: "button", class: className, onclick }, text);

  /** `card` shows the case: {desk, busy(yes), tell(...elements), reload()}. */
  everycell.CaseSteps = class {
    constructor(card) {
      Object.assign(this, { card, desk: card.desk });
    }

    /** The parts of the card for what the account may do with a case; none where it may not change it. */
    parts(one) {
      if (!everycell.may("mediation", one.area)) return [];
      const next = Object.keys(one.next).map((state) =>
        button(everycell.nameOf("state", state), () => this._become(one, state)),
      );
      const more = [...this._levels(one), this._time(one)].filter(Boolean);
      return [
        next.length ? h("section", {}, h("h3", {}, t("Next step")), h("div", { class: "does" }, next)) : null,
        more.length ? h("section", {}, h("h3", {}, t("Level and date")), h("div", { class: "does" }, more)) : null,
      ];
    }

    _levels(one) {
      const { running, ladder } = everycell.config;
      if (!running.includes(one.state)) return [];
      const here = ladder.indexOf(one.level);
      const to = (level, words) =>
        level && button(t(words, { level: everycell.nameOf("level", level) }), () => this.make(one, { level }));
      return [to(ladder[here + 1], N("Up to: {level}")), to(ladder[here - 1], N("Back to: {level}"))];
    }

    _time(one) {
      const late = one.overdue || (one.due_at && new Date(one.due_at) <= this.desk.now);
      if (!everycell.runs(one) || one.extended || late) return null;
      return button(t("More time…"), () => this._extend(one));
    }

    // A state that asks for a code, and a step without a way back, are asked first.
    async _become(one, state) {
      const codes = one.next[state];
      const name = everycell.nameOf("state", state);
      const back = everycell.config.next[state].includes(one.state);
      if (back && !codes) return this.make(one, { state });
      const options = codes && [["", t("Choose…")], ...codes.map((code) => [code, everycell.nameOf(state, code)])];
      const answer = await everycell.ask({
        title: name,
        told: [everycell.nameOf("category", one.category), everycell.placeWords(this.desk.areas, one.area)].join(" · "),
        fields: options ? [{ name: "code", label: t("Reason"), options, required: true }] : [],
        ok: name,
      });
      return answer && this.make(one, codes ? { state, code: answer.code } : { state });
    }

    async _extend(one) {
      const reasons = [["", t("Choose…")], ...everycell.config.lists.extension];
      const answer = await everycell.ask({
        title: t("More time"),
        told: t("Once for each case, before its date: {days} days more.", { days: everycell.config.extension_days }),
        fields: [{ name: "extension", label: t("Reason"), options: reasons, required: true }],
        ok: t("More time"),
      });
      if (answer) await this.make(one, answer);
    }

    /** Change a case: {state, code}, {level} or {extension}. */
    make(one, said) {
      return this._send(one, { id: everycell.uuid(), version: one.version, ...said });
    }

    async _send(one, change) {
      this.card.busy(true);
      try {
        const now = await this.desk.source.change(one.id, change);
        this.desk.changed(now, true);
        everycell.notice(this._said(now), "good", this._back(one, now, change));
      } catch (error) {
        this._failed(error, () => this._send(one, change));
      }
      this.card.busy(false);
    }

    _said(now) {
      return t("{case}: {event}", {
        case: everycell.nameOf("category", now.category),
        event: everycell.eventWords(now.events.at(-1)),
      });
    }

    // The way back, where the workflow has one: to the state or the level before.
    _back(one, now, change) {
      const { next } = everycell.config;
      const codes = now.next[one.state];
      const way =
        change.level && change.level !== one.level
          ? { level: one.level }
          : change.state && next[now.state].includes(one.state) && !codes
            ? { state: one.state }
            : null;
      return (
        way &&
        button(t("Undo"), ({ target }) => {
          target.closest(".notice").remove();
          this.make(now, way);
        })
      );
    }

    /** Record a revisit: {outcome, done_at}. */
    async revisited(one, revisit, done) {
      this.card.busy(true);
      try {
        await this.desk.source.revisited(one.id, revisit.seq, done);
        everycell.notice(t("Recorded: {outcome}", { outcome: everycell.nameOf("outcome", done.outcome) }));
        this.desk.revisited(one.id, revisit.seq);
        await this.card.reload();
      } catch (error) {
        this._failed(error, () => this.revisited(one, revisit, done));
      }
      this.card.busy(false);
    }

    _failed(error, again) {
      const { card } = this;
      if (error.status === 409) {
        const read = button(t("Read it again"), () => card.reload());
        const words =
          error.problem?.field === "version"
            ? t("Somebody else has changed this case meanwhile. Nothing was changed by you.")
            : t("The case is not any more as it is shown here. Nothing was changed by you.");
        card.tell(words, read);
      } else if (error.status && error.status < 500) card.tell(everycell.reason(error));
      else card.tell(`${t("Not changed.")} ${everycell.reason(error)}`, button(t("Send again"), again));
    }
  };
}
