"use strict";
// Between which times of day a single stop can be visited: set in its card before there is a plan.
{
  const { h, t, tab } = everycell;

  /** `onchange()` is called when another time is set. */
  everycell.StopWindows = class {
    constructor(onchange) {
      this.onchange = onchange;
      this.times = JSON.parse(tab.get("patrol.windows") ?? "{}");
    }

    /** The fields of a stop, for its card. */
    fieldsOf({ key }) {
      const told = h("p", { class: "late", role: "alert" });
      const [from, until] = [t("From"), t("Until")].map((label, end) => this._field(key, label, end, told));
      return h(
        "fieldset",
        { class: "stop-window" },
        h("legend", {}, t("Only between")),
        h("div", { class: "two-fields" }, from, until),
        told,
      );
    }

    _field(key, label, end, told) {
      const value = this.times[key]?.[end] ?? "";
      const input = h("input", {
        type: "text",
        value,
        maxlength: "5",
        inputmode: "numeric",
        placeholder: ["09:00", "11:00"][end],
      });
      input.addEventListener("input", () => {
        const text = input.value.trim();
        const wrong = text && !everycell.isTime(text);
        input.setCustomValidity(wrong ? t("A time such as 09:00") : "");
        told.textContent = wrong ? t("A time such as 09:00") : "";
        if (!wrong) this._set(key, end, text);
      });
      return h("label", {}, label, input);
    }

    _set(key, end, text) {
      const times = this.times[key] ?? ["", ""];
      times[end] = text;
      if (times.some(Boolean)) this.times[key] = times;
      else delete this.times[key];
      tab.set("patrol.windows", JSON.stringify(this.times));
      this.onchange();
    }

    /** The times of a stop, where both are set; null else. */
    of({ key }) {
      const times = this.times[key];
      return times?.every(Boolean) ? times : null;
    }

    /** What the service is asked for: only of stops that go into the plan. */
    wish(choice) {
      return choice.fitting
        .filter((stop) => choice.has(stop) && this.of(stop))
        .map((stop) => ({ stop: stop.key, kind: null, window: this.of(stop) }));
    }

    /** The title of a stop that goes into the plan and has one time only; "" where there is none. */
    half(choice) {
      const stop = choice.fitting.find((one) => choice.has(one) && this.times[one.key] && !this.of(one));
      return stop ? everycell.titleOfStop(stop) : "";
    }
  };
}
