"use strict";
// A field for a day, written as 2026-11-22 in every language: the browser's own field shows days in the browser's
// fashion. Its calendar is still there behind a button.
{
  const { h, t, day, isoDay } = everycell;
  const FORM = /^\d{4}-\d{2}-\d{2}$/;
  const STEP = { ArrowUp: 1, ArrowDown: -1 };

  /** Whether a text is a day of the calendar. */
  const isDay = (text) => FORM.test(text) && day(text) === day(text) && isoDay(day(text)) === text;

  const faultOf = (text, min, max) => {
    if (!isDay(text)) return t("A day such as {day}", { day: min ?? max });
    if (min && text < min) return t("Not before {day}", { day: min });
    return max && text > max ? t("Not after {day}", { day: max }) : "";
  };

  /**
   * The field: {name, label, value, min, max} with days as ISO texts, of which one limit is given at least. `oninput()`
   * is called when it gets another value. The element's `input` holds what was typed, and is not valid for any other day; `reset()`
   * brings the first value back.
   */
  everycell.dayField = ({ name, label, value, min, max, oninput = () => {} }) => {
    const check = () => {
      input.setCustomValidity(faultOf(input.value.trim(), min, max));
      oninput();
    };
    const put = (text) => {
      input.value = text;
      check();
    };
    const along = (event) => {
      const step = STEP[event.key];
      if (!step || !isDay(input.value)) return;
      event.preventDefault();
      const next = isoDay(day(input.value) + step);
      if (!faultOf(next, min, max)) put(next);
    };
    const input = h("input", {
      type: "text",
      name,
      value,
      "aria-label": label,
      inputmode: "numeric",
      placeholder: "YYYY-MM-DD",
      maxlength: "10",
      size: "10",
      oninput: check,
      onkeydown: along,
    });
    const calendar = h("input", {
      type: "date",
      tabindex: "-1",
      "aria-hidden": "true",
      min,
      max,
      onchange: () => calendar.value && put(calendar.value),
    });
    const open = () => {
      if (isDay(input.value)) calendar.value = input.value;
      if (calendar.showPicker) calendar.showPicker();
      else calendar.focus();
    };
    const button = h(
      "button",
      { type: "button", "aria-label": t("Calendar"), title: t("Calendar"), onclick: open },
      h("i", { "aria-hidden": "true" }),
    );
    const field = h("span", { class: "day-field" }, input, calendar, button);
    const reset = () => {
      input.value = value;
      input.setCustomValidity("");
    };
    return Object.assign(field, { input, reset });
  };
}
