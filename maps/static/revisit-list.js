"use strict";
// Places of closed cases that are to be visited again: the list of those that are due, and recording one.
{
  const { h, t, number } = everycell;

  const instant = () => new Date().toISOString();

  /** A row of the list of revisits that are due. `desk` is the page. */
  everycell.revisitRow = (desk, one) => {
    const words = everycell.revisitWords(one, desk.now);
    return h(
      "button",
      {
        type: "button",
        class: "case",
        "data-key": `revisit-${one.dispute}-${one.seq}`,
        "aria-current": one.dispute === desk.chosen ? "true" : null,
        onclick: () => desk.openCase(one.dispute),
      },
      everycell.caseSigns.image(words === t("Due today") ? "soon" : "overdue"),
      h("span", { class: "what" }, everycell.nameOf("category", one.category)),
      h("span", { class: "due overdue" }, words),
      h(
        "span",
        { class: "second" },
        h("b", {}, t("Revisit {number}", { number: one.seq })),
        h("span", {}, everycell.placeWords(desk.areas, one.area)),
        h("small", {}, one.due_on),
      ),
    );
  };

  everycell.revisitsListed = (count, more) => {
    if (!count && !more) return t("No revisit is due here.");
    return more
      ? t("Listed: {number}, the longest overdue first; scroll for more", { number: number(count) })
      : t("Listed: {number}, the longest overdue first", { number: number(count) });
  };

  /** The revisits of a case in its card; `steps` sends what is recorded. */
  everycell.revisitsPart = (desk, one, steps) => {
    if (!one.revisits.length) return null;
    const waiting = one.revisits.find(({ done_at: done }) => !done);
    const mayRecord = everycell.may("cases", one.area);
    const line = (revisit) => {
      const open = !revisit.done_at;
      const due = open && everycell.day(revisit.due_on) <= everycell.day(everycell.clock(desk.now));
      const words = open
        ? everycell.revisitWords(revisit, desk.now)
        : `${everycell.nameOf("outcome", revisit.outcome)} · ${everycell.clock(revisit.done_at).slice(0, 10)}`;
      return h(
        "li",
        {},
        h("span", {}, h("b", {}, revisit.due_on), h("small", { class: due ? "late" : null }, words)),
        mayRecord && open && (due || revisit === waiting) ? record(one, revisit, steps) : null,
      );
    };
    return h("section", { class: "revisits" }, h("h3", {}, t("Revisits")), h("ul", {}, one.revisits.map(line)));
  };

  const record = (one, revisit, steps) =>
    h(
      "span",
      { class: "does", role: "group", "aria-label": t("Record the revisit of {day}", { day: revisit.due_on }) },
      everycell.config.lists.outcome.map(([outcome, name]) =>
        h("button", { type: "button", onclick: () => ask(one, revisit, steps, { outcome, name }) }, name),
      ),
    );

  // What is recorded of a revisit cannot be changed afterwards: it is asked first.
  const ask = async (one, revisit, steps, { outcome, name }) => {
    const answer = await everycell.ask({
      title: t("Record the revisit of {day}", { day: revisit.due_on }),
      told: t("{outcome}. What is recorded is not changed afterwards.", { outcome: name }),
      ok: t("Record"),
    });
    if (answer) await steps.revisited(one, revisit, { outcome, done_at: instant() });
  };
}
