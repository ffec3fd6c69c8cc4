"use strict";
// How long stops take, between which times of day, and what a team must be able to do there, by kind: a folded part of the
// panel.
{
  const { h, t, memory } = everycell;
  const KINDS = ["doorplate", "household", "site", "revisit", "place"];

  /** `onchange()` is called when something is changed. */
  everycell.StopMinutes = class {
    constructor(target, onchange) {
      Object.assign(this, { target, onchange });
      const kept = JSON.parse(memory.get("patrol.minutes") ?? "{}");
      this.minutes = { ...everycell.config.minutes, ...kept.minutes };
      this.windows = kept.windows ?? {};
      this.needed = kept.needed ?? {};
      this._build();
    }

    _build() {
      const head = [t("Kind"), t("Minutes"), t("From"), t("Until"), t("Needs")].map((text) =>
        h("th", { scope: "col" }, text),
      );
      this.target.replaceChildren(
        h(
          "table",
          { class: "minutes" },
          h("thead", {}, h("tr", {}, head)),
          h(
            "tbody",
            {},
            KINDS.map((kind) => this._row(kind)),
          ),
        ),
        h("p", { class: "muted small" }, t("Times of day such as 09:00; empty: at any time.")),
      );
    }

    _row(kind) {
      const name = kind === "household" ? t("each household") : everycell.patrolName("kind", kind);
      const minutes = h("input", {
        type: "number",
        min: "0",
        max: "240",
        required: true,
        value: this.minutes[kind],
        "aria-label": `${name}: ${t("Minutes")}`,
      });
      minutes.addEventListener("input", () => {
        if (minutes.validity.valid) this.minutes[kind] = Number(minutes.value);
        this._keep();
      });
      const times =
        kind === "household"
          ? [h("td", { colspan: "3" })]
          : [...[0, 1].map((end) => h("td", {}, this._time(kind, name, end))), h("td", {}, this._need(kind, name))];
      return h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, minutes), times);
    }

    _time(kind, name, end) {
      const value = this.windows[kind]?.[end] ?? "";
      const label = `${name}: ${end ? t("Until") : t("From")}`;
      const input = h("input", {
        type: "text",
        value,
        size: "5",
        maxlength: "5",
        inputmode: "numeric",
        "aria-label": label,
      });
      input.addEventListener("input", () => {
        const text = input.value.trim();
        const fault = text && !everycell.isTime(text) ? t("A time such as 09:00") : "";
        input.setCustomValidity(fault);
        if (fault) return;
        this.windows[kind] ??= ["", ""];
        this.windows[kind][end] = text;
        this._keep();
      });
      return input;
    }

    _need(kind, name) {
      const options = [["", "–"], ...everycell.config.lists.skill].map(([skill, text]) =>
        h("option", { value: skill, selected: skill === (this.needed[kind] ?? "") }, text),
      );
      const select = h("select", { "aria-label": `${name}: ${t("Needs")}` }, options);
      select.addEventListener("change", () => {
        this.needed[kind] = select.value;
        this._keep();
      });
      return select;
    }

    _keep() {
      const { minutes, windows, needed } = this;
      memory.set("patrol.minutes", JSON.stringify({ minutes, windows, needed }));
      this.onchange();
    }

    /** What is wrong with what was typed; "" where nothing is. */
    get fault() {
      const [wrong] = this.target.querySelectorAll(":invalid");
      if (wrong) return `${wrong.getAttribute("aria-label")}: ${wrong.validationMessage}`;
      const open = Object.entries(this.windows).find(([, [from, until]]) => Boolean(from) !== Boolean(until));
      return open ? t("{kind}: a time window has two times.", { kind: everycell.patrolName("kind", open[0]) }) : "";
    }

    /** What a team must be able to do, by kind, where anything is wanted. */
    get needs() {
      const wanted = Object.entries(this.needed).filter(([, skill]) => skill);
      return Object.fromEntries(wanted.map(([kind, skill]) => [kind, [skill]]));
    }

    get wishedWindows() {
      return Object.entries(this.windows)
        .filter(([, [from, until]]) => from && until)
        .map(([kind, window]) => ({ stop: null, kind, window }));
    }
  };
}
