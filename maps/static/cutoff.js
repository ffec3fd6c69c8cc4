"use strict";
// From which day on a visit counts: so many days back, a day, or a round. In the address: 30d, 2026-01-01, round:CODE.
{
  const { h } = everycell;

  const parse = (text, today, rounds) => {
    const days = /^(\d{1,4})d$/.exec(text ?? "");
    if (days)
      return { kind: "days", days: Number(days[1]), since: everycell.isoDay(today - Number(days[1])), key: text };
    if (/^\d{4}-\d{2}-\d{2}$/.test(text ?? "")) return { kind: "since", since: text, key: text };
    const round = rounds.find(({ code }) => text === `round:${code}`);
    return round
      ? { kind: "round", code: round.code, name: round.name, since: round.first_on, round, key: text }
      : null;
  };

  /**
   * The cut-off that a text names ("30d", a day, "round:CODE"). Where it names none: the round that the service says is
   * `running` (its code or null), else the longest of the fixed cut-offs.
   */
  everycell.cutoffOf = (text, { cutoffs, rounds, running, today }) =>
    parse(text, today, rounds) ?? parse(running ? `round:${running}` : `${Math.max(...cutoffs)}d`, today, rounds);

  /** A cut-off in words. */
  everycell.cutoffText = (cutoff) => {
    const { t } = everycell;
    if (cutoff.kind === "days") return t("in the last {days} days", { days: cutoff.days });
    if (cutoff.kind === "round") return t("in {name}", { name: cutoff.name || cutoff.code });
    return t("since {day}", { day: cutoff.since });
  };

  /** The switch in the bar. `onchange(cutoff)` is called when another one is chosen; `fixed` is a day that stays. */
  everycell.Cutoff = class {
    constructor(target, { cutoffs = [], rounds = [], running = null, today, chosen, fixed, onchange }) {
      Object.assign(this, { target, cutoffs, rounds, today, onchange });
      const { t } = everycell;
      this.now = everycell.cutoffOf(fixed ?? chosen, { cutoffs, rounds, running, today });
      if (fixed) target.replaceChildren(h("span", { class: "caption" }, t("Counted since {day}", { day: fixed })));
      else this._show();
    }

    text() {
      return everycell.cutoffText(this.now);
    }

    _choose(key) {
      const next = parse(key, this.today, this.rounds);
      if (!next || next.key === this.now.key) return;
      this.now = next;
      this._show();
      this.onchange(next);
    }

    _show() {
      const { t } = everycell;
      const buttons = this.cutoffs.map((days) =>
        h(
          "button",
          {
            type: "button",
            "aria-pressed": String(this.now.key === `${days}d`),
            onclick: () => this._choose(`${days}d`),
          },
          t("{days} days", { days }),
        ),
      );
      const parts = [h("span", { class: "caption" }, t("Counted")), ...buttons, this._rounds(), this._date()];
      this.target.replaceChildren(...parts.filter(Boolean));
    }

    _rounds() {
      if (!this.rounds.length) return null;
      const { t } = everycell;
      const options = this.rounds.map(({ code, name, first_on: from, last_on: to, closed_at: closed }) => {
        const label = name || `${from} – ${to}`;
        return h(
          "option",
          { value: `round:${code}`, selected: this.now.key === `round:${code}` },
          closed ? `${label} (${t("closed")})` : label,
        );
      });
      const none = h(
        "option",
        { value: "", selected: this.now.kind !== "round", disabled: true, hidden: true },
        t("Round"),
      );
      return h(
        "select",
        {
          "aria-label": t("Round"),
          class: this.now.kind === "round" ? "chosen" : "",
          onchange: (event) => this._choose(event.target.value),
        },
        none,
        options,
      );
    }

    // The browser's own date field would show the day in the browser's fashion, not as 2026-11-22.
    _date() {
      const { t } = everycell;
      const chosen = this.now.kind === "since";
      const field = h("input", {
        type: "date",
        "aria-label": t("Since a day"),
        tabindex: "-1",
        value: this.now.since,
        max: everycell.isoDay(this.today),
        onchange: (event) => event.target.value && this._choose(event.target.value),
      });
      const open = () => (field.showPicker ? field.showPicker() : field.focus());
      const button = h(
        "button",
        { type: "button", "aria-pressed": String(chosen), title: t("Since a day"), onclick: open },
        t("since {day}", { day: this.now.since }),
      );
      return h("span", { class: "date" }, field, button);
    }
  };
}
