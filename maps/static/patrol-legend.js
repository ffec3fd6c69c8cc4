"use strict";
// The legend of patrols: of stops that are proposed, or of a plan.
{
  const { h, t } = everycell;
  const line = (image, text) => h("li", {}, image, h("span", {}, text));

  const kinds = (sample) =>
    everycell.config.lists.kind.map(([kind, name]) => line(everycell.stopSigns.imageOf({ kind, ...sample }), name));

  const never = () =>
    line(
      everycell.stopSigns.imageOf({ kind: "doorplate", tier: 1, reason: { because: "never_reached" } }),
      t("Never visited"),
    );

  const missed = () =>
    line(
      everycell.stopSigns.imageOf({ kind: "doorplate", tier: 2, reason: { because: "missed" } }),
      t("Missed in an earlier plan"),
    );

  const tiers = () =>
    everycell.config.tiers.map((tier) =>
      line(everycell.stopSigns.imageOf({ kind: "doorplate", tier }), t("Tier {tier}", { tier })),
    );

  const proposed = () => [
    h("h2", {}, t("Shape: what is done there")),
    h("ul", { class: "items" }, kinds({ tier: 2 }), never(), missed()),
    h("h2", {}, t("Colour: how urgent; tier 1 before all others")),
    h("ul", { class: "items" }, tiers()),
  ];

  const route = (team, colour) => {
    const sample = h("i", { class: "route-sample", style: { backgroundColor: colour } });
    return line(sample, t("Team {team}", { team }));
  };

  const planned = (plan, colours) => {
    const { image, leftOut, station, number } = everycell.stopSigns;
    const grey = "#566472";
    const stop = { kind: "doorplate", position: 3, tier: 2 };
    const one = (key, more, colour = grey) =>
      image(key, (context, radius) => number(context, { ...stop, ...more }, radius, colour));
    const outcomes = plan.stops.some(({ done }) => done)
      ? [
          line(one("done", { done: { outcome: "reached" } }), t("Reached")),
          line(one("nobody", { done: { outcome: "no_answer" } }), t("Nobody answered")),
          line(one("skipped", { done: { outcome: "skipped" } }), t("Skipped")),
        ]
      : [];
    return [
      h("h2", {}, t("Routes, with arrows in their direction")),
      h(
        "ul",
        { class: "items" },
        plan.teams.map(({ code }) => route(code, colours.get(code))),
      ),
      h("h2", {}, t("Stops, in order; shape: what is done there")),
      h(
        "ul",
        { class: "items" },
        everycell.config.lists.kind.map(([kind, name]) => line(one(`kind-${kind}`, { kind }), name)),
        line(one("pinned", { pinned: true }), t("Pinned")),
        line(
          image("left", (context, radius) => leftOut(context, stop, radius)),
          t("Left out"),
        ),
        line(
          image("station", (context, radius) => station(context, radius * 1.2, grey)),
          t("Station"),
        ),
        outcomes,
      ),
      plan.straight ? h("p", {}, t("Dashed: no street data; straight lines, times estimated × 1.4")) : null,
    ];
  };

  /** Fill the legend of a sweep: its walks, once they are found. */
  everycell.sweepLegend = (target, { found }) => {
    const { image, station, teamColour } = everycell.stopSigns;
    const walk = (_, index) =>
      line(
        h("i", { class: "route-sample", style: { backgroundColor: teamColour(index) } }),
        t("Walk {number}", { number: index + 1 }),
      );
    const begins = image("begin", (context, radius) => station(context, radius * 1.2, "#0b4f8a"));
    target.replaceChildren(
      h("h2", {}, t("Walks over all streets, with arrows in their direction")),
      h("ul", { class: "items" }, (found?.routes ?? []).map(walk), line(begins, t("Where they begin and end"))),
    );
  };

  /** Fill the legend: of a plan, or (null) of stops that are proposed. */
  everycell.patrolLegend = (target, plan, colours) =>
    target.replaceChildren(...(plan ? planned(plan, colours) : proposed()).filter(Boolean));
}
