"use strict";
// How a stop stands: what the service knows of it, and above that what was ticked here. Pure.
{
  /** The units of a building that are ticked one by one; none where there is one door only. */
  const unitsOf = (stop) => (stop.kind === "doorplate" && stop.units.length > 1 ? stop.units : []);
  everycell.unitsOf = unitsOf;

  const inOrder = (a, b) => a.made - b.made || a.seq - b.seq;

  const standingOfUnits = (stop, ticks, done) => {
    const units = new Map((done?.households ?? []).map((code) => [code, "reached"]));
    let skipped = done?.outcome === "skipped";
    for (const { body } of ticks) {
      skipped = body.outcome === "skipped";
      if (!skipped) for (const code of body.households ?? []) units.set(code, body.outcome);
    }
    const outcomes = unitsOf(stop)
      .map(({ code }) => units.get(code))
      .filter(Boolean);
    const best = outcomes.includes("reached") ? "reached" : "no_answer";
    if (outcomes.length === unitsOf(stop).length) return { state: best, units };
    if (skipped) return { state: "skipped", units };
    if (outcomes.length) return { state: "partly", units };
    return { state: done?.outcome ?? "open", units };
  };

  /**
   * How a stop stands after `ticks` (of this stop): {state, units, waiting, refused}. `state` is open, partly, reached,
   * no_answer or skipped, `units` outcomes by code, `waiting` how many ticks are not sent, `refused` why the last one was
   * not taken (or null). A refused tick counts for nothing; a later tick replaces what an earlier one showed.
   */
  everycell.standing = (stop, ticks) => {
    const own = [...ticks].sort(inOrder);
    const good = own.filter(({ state }) => state !== "refused");
    const waiting = own.filter(({ state }) => state === "waiting").length;
    const refused = own.at(-1)?.state === "refused" ? own.at(-1).detail : null;
    if (unitsOf(stop).length) return { ...standingOfUnits(stop, good, stop.done), waiting, refused };
    return { state: good.at(-1)?.body.outcome ?? stop.done?.outcome ?? "open", units: new Map(), waiting, refused };
  };

  everycell.isDone = (standing) => !["open", "partly"].includes(standing.state);

  /** The codes of the units that nobody has ticked. */
  everycell.unticked = (stop, standing) =>
    unitsOf(stop)
      .map(({ code }) => code)
      .filter((code) => !standing.units.has(code));

  /** Which patrol a route is of, whatever its link: a new link of the same one takes over what the old one left. */
  everycell.patrolOf = ({ on, area, team }) => [on, area, team].join("/");

  /** Why a stop is in the plan, in words. */
  everycell.whyIn = ({ reason }) => {
    const { t, number } = everycell;
    const days = reason?.days ?? 0;
    const told = { days: number(days) };
    const words = {
      overdue: () => (days > 0 ? t("{days} days overdue", told) : t("Due today")),
      check_due: () => (days > 0 ? t("Check due for {days} days", told) : t("Check due")),
      revisit_due: () => (days > 0 ? t("Revisit due for {days} days", told) : t("Revisit due")),
      never_reached: () => t("Never reached"),
      missed: () => t("Missed last time"),
      picked: () => t("Chosen by the leader"),
    };
    return words[reason?.because]?.() ?? "";
  };

  /** What a stop is called: address or name, else what is done there. */
  everycell.whereIs = (stop) => {
    const { t } = everycell;
    const kinds = { site: t("Key site to check"), revisit: t("Place to revisit"), place: t("Chosen place") };
    return stop.address || stop.name || (kinds[stop.kind] ?? t("Doors to visit"));
  };
}
