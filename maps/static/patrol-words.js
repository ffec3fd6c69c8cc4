"use strict";
// Patrols in words: kinds and reasons, why a stop is left out, hours and kilometres.
{
  const { t, number } = everycell;
  const names = new Map();

  /** The name of an entry of a closed list. */
  everycell.patrolName = (list, code) => {
    if (!names.has(list)) names.set(list, new Map(everycell.config.lists[list]));
    return names.get(list).get(code) ?? code;
  };

  const days = (count) => {
    if (count === null || count === undefined) return "";
    return count === 1 ? t("1 day") : t("{days} days", { days: number(count) });
  };

  const N = (message) => message; // Marks a message for the catalogue.
  const SINCE = {
    missed: N("Missed, and {days} overdue"),
    never_reached: N("Never visited, {days} overdue"),
    overdue: N("{days} overdue"),
    check_due: N("Check {days} overdue"),
    revisit_due: N("Revisit {days} overdue"),
  };

  /** Why a stop is proposed: "47 days overdue · 12 households". */
  everycell.reasonOf = ({ reason, households }) => {
    const { because, days: late } = reason;
    const words = late > 0 && SINCE[because];
    const waiting = reason.households ?? households;
    return [
      words ? t(words, { days: days(late) }) : everycell.patrolName("because", because),
      waiting ? t("{number} households", { number: number(waiting) }) : "",
    ]
      .filter(Boolean)
      .join(" · ");
  };

  const MORE = {
    shift: N("Even alone it would take {minutes} min more than a shift"),
    full: N("It would take {minutes} min more than the shift"),
    displaced: N("More urgent stops take the time: {minutes} min are lacking"),
  };

  /** Why a stop is in no route. */
  everycell.whyNot = ({ why, minutes, metres }) => {
    if (why === "too_far" && metres)
      return t("{metres} m from the nearest street", { metres: number(Math.round(metres)) });
    if (MORE[why] && minutes) return t(MORE[why], { minutes: number(minutes) });
    return everycell.patrolName("why_not", why);
  };

  /** What a stop is called: its address or name, else what it is. */
  everycell.titleOfStop = ({ address, name, kind, ref }) =>
    name || address || [everycell.patrolName("kind", kind), ref].filter(Boolean).join(" ");

  /** Seconds as hours and minutes: "1:05". */
  everycell.hours = (seconds) => {
    const minutes = Math.round((seconds ?? 0) / 60);
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  };

  everycell.kilometres = (metres) => ((metres ?? 0) / 1000).toFixed(1);

  const OUTCOMES = { reached: N("Reached"), no_answer: N("Nobody answered"), skipped: N("Skipped") };

  /** What came of a stop, in words; "" where nothing has come of it yet. */
  everycell.outcomeOf = ({ done }) => (done ? t(OUTCOMES[done.outcome] ?? done.outcome) : "");

  /** A time of day such as "09:00", also past midnight ("26:30"). */
  everycell.isTime = (text) => /^([01]?\d|2\d|3[0-5]):[0-5]\d$/.test(text);

  const STATES = {
    planning: N("Being planned"),
    planned: N("Planned"),
    failed: N("Failed"),
    cancelled: N("Cancelled"),
  };
  everycell.planState = (status) => t(STATES[status] ?? status);
}
