"use strict";
// What is said of a case: entries of the closed lists by their names, how long it has, where it lies, what happened to it.
{
  const { t, number } = everycell;
  const SOON_DAYS = 7;
  const VILLAGE_DIGITS = 12;

  /** The name of an entry of one of the closed lists of the page. */
  everycell.nameOf = (list, entry) =>
    everycell.config.lists[list]?.find(([stored]) => stored === entry)?.[1] ?? entry ?? "";

  /** The day of an instant on the reader's calendar, in days since 1970. */
  const dayOf = (instant) => everycell.day(everycell.clock(instant));

  const daysLeft = (one, now) => dayOf(one.due_at) - dayOf(now);

  /** Whether the date of a case runs: it is dealt with, and has one. */
  everycell.runs = ({ state, due_at: due }) => Boolean(due) && everycell.config.running.includes(state);

  /** How much a case presses: "overdue", "soon", "running", "waiting" (for something else) or "ended". */
  everycell.urgencyOf = (one, now) => {
    if (one.ended_at) return "ended";
    if (!everycell.runs(one)) return "waiting";
    if (one.overdue) return "overdue";
    return daysLeft(one, now) <= SOON_DAYS ? "soon" : "running";
  };

  const OVERDUE = (days) => (days > 0 ? t("{days} days overdue", { days: number(days) }) : t("Overdue since today"));
  const LEFT = (days) => (days > 0 ? t("{days} days left", { days: number(days) }) : t("Due today"));

  /** How long a case has, or is late, in words. */
  everycell.dueWords = (one, now) => {
    const urgency = everycell.urgencyOf(one, now);
    if (urgency === "ended") return t("Ended {day}", { day: everycell.clock(one.ended_at).slice(0, 10) });
    if (urgency === "waiting") return t("No date runs");
    const days = daysLeft(one, now);
    return urgency === "overdue" ? OVERDUE(-days) : LEFT(days);
  };

  /** The same of a revisit, by the day on which it is due. */
  everycell.revisitWords = ({ due_on: due }, now) => {
    const days = everycell.day(due) - dayOf(now);
    return days < 0 ? OVERDUE(-days) : LEFT(days);
  };

  /** Where a case lies: the cell with its village; of a family dispute the village. `areas` are the page's Figures. */
  everycell.placeWords = (areas, code) => {
    const village = areas.name(code.slice(0, VILLAGE_DIGITS));
    return code.length > VILLAGE_DIGITS ? `${village} ${areas.name(code)}` : village;
  };

  /** What an event changed, in words. */
  everycell.eventWords = ({ change, state, level, code }) => {
    const words = {
      registered: () => t("Registered"),
      state: () => everycell.nameOf("state", state),
      level: () => t("To level: {level}", { level: everycell.nameOf("level", level) }),
      extension: () => t("More time"),
    };
    const said = code && everycell.nameOf(change === "extension" ? "extension" : state, code);
    return [words[change]?.() ?? change, said].filter(Boolean).join(" · ");
  };
}
