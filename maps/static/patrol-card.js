"use strict";
// What a click on a stop shows: why it is there, who waits (households by their codes of places), when it is reached, or why not.
{
  const { h, t, number } = everycell;
  const MOST_UNITS = 12; // units that are shown at once; how many more there are is told

  const pair = (name, value) => (value || value === 0 ? [h("dt", {}, name), h("dd", {}, value)] : []);

  const units = ({ units: listed }) => {
    if (!listed?.length) return null;
    const names = listed.slice(0, MOST_UNITS).map(({ code, unit }) => unit || code);
    const more = listed.length - names.length;
    return names.join(t(", ")) + (more ? ` ${t("and {number} more", { number: number(more) })}` : "");
  };

  const times = (stop) => {
    if (!stop.arrive_at) return null;
    return stop.leave_at ? `${stop.arrive_at}–${stop.leave_at}` : stop.arrive_at;
  };

  const why = (stop) => {
    if (stop.removed) return everycell.patrolName("why_not", "removed");
    return stop.why_not ? everycell.whyNot(stop.why_not) : null;
  };

  /** The card of a stop; `actions` are {text, go}. */
  everycell.stopCard = (stop, { colour = null, areas, actions = [] } = {}) => {
    const kind = everycell.patrolName("kind", stop.kind);
    const head = [kind, t("Tier {tier}", { tier: stop.tier }), stop.cell ? areas.name(stop.cell) : null];
    const team = stop.team && stop.position;
    return h(
      "div",
      { class: "card stop-card" },
      h(
        "h3",
        {},
        team
          ? h(
              "i",
              { class: `number ${stop.kind}`, style: { backgroundColor: colour } },
              h("span", {}, String(stop.position)),
            )
          : everycell.stopSigns.imageOf(stop),
        h("span", {}, everycell.titleOfStop(stop)),
      ),
      h("p", { class: "muted" }, head.filter(Boolean).join(" · ")),
      h("p", { class: "reason" }, everycell.reasonOf(stop)),
      h(
        "dl",
        {},
        pair(t("Address"), stop.name ? stop.address : null),
        pair(t("Households"), units(stop)),
        pair(t("Team"), team ? stop.team : null),
        pair(t("Time"), times(stop)),
        pair(t("At the stop"), stop.minutes ? t("{minutes} min", { minutes: number(Math.round(stop.minutes)) }) : null),
        pair(t("Time window"), stop.windows?.length ? stop.windows.map((window) => window.join("–")).join(", ") : null),
        pair(t("Why not"), team ? null : why(stop)),
        pair(t("Outcome"), everycell.outcomeOf(stop)),
      ),
      actions.length
        ? h(
            "div",
            { class: "does" },
            actions.map(({ text, go }) => h("button", { type: "button", onclick: go }, text)),
          )
        : null,
    );
  };
}
