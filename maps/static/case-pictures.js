"use strict";
// Published counts as small pictures in the panel: bars of categories, columns of periods. Zero, withheld and no data look
// different, and each number is written.
{
  const { h } = everycell;

  const bar = (number, most) => {
    const kind = everycell.heatLooks.kindOf(number);
    const share = kind === "shown" ? number / most : 0;
    return h("i", {
      class: `count-bar ${kind}`,
      style: kind === "shown" ? { width: `${Math.max(2, share * 100)}%` } : {},
    });
  };

  /**
   * Counts by category: `rows` are [{code, name, number, note}] in their order, number undefined without data, null where it
   * is withheld; `chosen` is the category on the map, `onpick(code)` chooses another one.
   */
  everycell.showKinds = (target, rows, { chosen, onpick }) => {
    const { written } = everycell.heatLooks;
    const most = Math.max(1, ...rows.map(({ number }) => number ?? 0));
    const items = rows.map(({ code, name, number, note }) =>
      h(
        "tr",
        { class: code === chosen ? "chosen" : "" },
        h(
          "th",
          { scope: "row" },
          onpick && code !== null && !note
            ? h(
                "button",
                {
                  type: "button",
                  class: "plain",
                  "aria-pressed": String(code === chosen),
                  onclick: () => onpick(code),
                },
                name,
              )
            : h("span", {}, name),
          note ? h("small", {}, note) : null,
        ),
        h("td", { class: "picture" }, bar(number, most)),
        h("td", {}, written(number)),
      ),
    );
    target.replaceChildren(h("table", { class: "kinds" }, h("tbody", {}, items)));
  };

  /**
   * Columns of periods: `rows` are [{period, number, chosen}]; a click on one calls `onpick(period)`, which the timeline
   * does for those without a mouse: columns are too narrow to be buttons. Withheld periods are gaps that are hatched.
   */
  everycell.showCourse = (target, rows, { title, onpick }) => {
    const { t } = everycell;
    const { kindOf, written } = everycell.heatLooks;
    const most = Math.max(1, ...rows.map(({ number }) => number ?? 0));
    const column = ({ period, number, chosen }) => {
      const kind = kindOf(number);
      const words = `${everycell.periods.inWords(period)}: ${written(number)}`;
      const height = kind === "shown" ? { height: `${Math.max(3, (number / most) * 100)}%` } : {};
      const attributes = { class: `column ${kind}`, title: words, "aria-current": chosen && "date" };
      return h(
        "li",
        { ...attributes, onclick: () => onpick(period) },
        h("i", { style: height }),
        h("span", { class: "unseen" }, words),
      );
    };
    const ends = rows.length ? [rows[0].period, rows.at(-1).period] : [];
    target.replaceChildren(
      h("h2", {}, title, h("small", {}, t("most {number}", { number: everycell.number(most) }))),
      h("ol", { class: "columns", "aria-label": title }, rows.map(column)),
      h(
        "p",
        { class: "ends" },
        [...new Set(ends)].map((period) => h("span", {}, period)),
      ),
    );
  };
}
