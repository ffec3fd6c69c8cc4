"use strict";
// One stop: where it is, why, and the buttons that tick it.
{
  const { h } = everycell;

  /** What a standing is called. */
  everycell.stateWord = (state) => {
    const { t } = everycell;
    const words = {
      open: t("Not yet there"),
      partly: t("Begun"),
      reached: t("Met"),
      no_answer: t("No answer"),
      skipped: t("Skipped"),
    };
    return words[state];
  };

  const wayTo = (leg, n) => {
    const { t, number } = everycell;
    if (!leg) return null;
    const told = { metres: number(Math.round(leg.metres / 10) * 10) };
    return n ? t("{metres} m from the stop before", told) : t("{metres} m from the start", told);
  };

  const facts = (stop, leg, n) => {
    const { t, number } = everycell;
    const windows = stop.windows.map(([from, to]) => `${from}–${to}`).join(", ");
    const waiting = stop.kind === "doorplate" ? stop.households : null;
    const name = stop.address && stop.name && stop.name !== stop.address ? stop.name : null;
    return [
      name,
      everycell.whyIn(stop),
      waiting > 1 ? t("{number} households wait", { number: number(waiting) }) : null,
      wayTo(leg, n),
      windows ? t("Only {times}", { times: windows }) : null,
    ].filter(Boolean);
  };

  const mapLink = (stop) => {
    const { t } = everycell;
    const place = `${stop.lat.toFixed(6)},${stop.lon.toFixed(6)}`;
    return h("a", { class: "elsewhere", href: `geo:${place}?q=${place}` }, t("Open in a map"));
  };

  const choices = (stop) => {
    const { t } = everycell;
    const reached = {
      site: [["reached", t("Checked"), {}]],
      place: [["reached", t("Done here"), {}]],
      revisit: [
        ["reached", t("Holds"), { revisit: "holds" }],
        ["reached bad", t("Broken"), { revisit: "broken" }],
      ],
    }[stop.kind] ?? [["reached", t("Met"), {}]];
    return [...reached, ["no_answer", t("No answer"), {}], ["skipped", t("Skip"), {}]];
  };

  const unitRow = ({ code, unit }, standing, tick) => {
    const { t } = everycell;
    const now = standing.units.get(code);
    const button = (outcome, word) =>
      h(
        "button",
        {
          type: "button",
          class: `${outcome} ${now === outcome ? "chosen" : ""}`,
          "aria-pressed": String(now === outcome),
          onclick: () => tick(outcome, { households: [code] }),
        },
        word,
      );
    return h(
      "li",
      { "data-unit": code },
      h("span", {}, unit ?? code),
      button("reached", t("Met")),
      button("no_answer", t("No answer")),
    );
  };

  /** The text of a stop; `tick(outcome, more)` is called for a unit. */
  everycell.stopCard = (stop, n, standing, leg, tick) => {
    const units = everycell.unitsOf(stop);
    const { t } = everycell;
    return h(
      "article",
      { class: "card", "data-key": stop.key, "data-state": standing.state },
      h(
        "header",
        {},
        h("b", { class: `badge ${stop.kind} ${standing.state}` }, h("span", {}, String(n + 1))),
        h("h1", {}, everycell.whereIs(stop)),
      ),
      h(
        "p",
        { class: "when" },
        h("time", {}, stop.arrive_at ?? ""),
        standing.state === "open"
          ? null
          : h("strong", { class: `state ${standing.state}` }, everycell.stateWord(standing.state)),
        mapLink(stop),
      ),
      h(
        "ul",
        { class: "facts" },
        facts(stop, leg, n).map((fact) => h("li", {}, fact)),
      ),
      standing.refused === null
        ? null
        : h("p", { class: "refused", role: "alert" }, t("Not taken: {why}", { why: standing.refused })),
      units.length
        ? h(
            "ul",
            { class: "units" },
            units.map((unit) => unitRow(unit, standing, tick)),
          )
        : null,
    );
  };

  /** The large buttons of a stop. */
  everycell.stopButtons = (stop, standing, tick) => {
    const { t, number } = everycell;
    const button = (kind, word, work) => h("button", { type: "button", class: `tick ${kind}`, onclick: work }, word);
    if (everycell.unitsOf(stop).length) {
      const rest = everycell.unticked(stop, standing);
      return [
        button("no_answer", t("No answer at the other {number}", { number: number(rest.length) }), () =>
          tick("no_answer", { households: rest }),
        ),
        button("skipped", t("Skip"), () => tick("skipped", {})),
      ].slice(rest.length ? 0 : 1);
    }
    return choices(stop).map(([kind, word, more]) => button(kind, word, () => tick(kind.split(" ")[0], more)));
  };
}
