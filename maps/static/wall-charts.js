"use strict";
// Small charts beside the map of the wall, drawn from `GET /board`, of the parts in wall-marks.js. What a chart shows is also
// said in words, or is a table.
{
  const { h, t, number, percent } = everycell;
  const { bar, block, column, joined, more, quiet, shareOf, table, tile } = everycell.chartParts;

  const ROWS = 6; // as many as an eye takes in, fewer where there is less room; how many more there are is said
  const FEWEST = 2;
  const WIDEST_COLUMNS = 12;
  const COLUMN_CH = 1.2; // room beside the number above a column
  const points = (share) => Math.round(100 * share);
  const shareText = (share) => (share === null ? "–" : `${points(share)} %`);

  const standing = ({ coverage, planned_today }) => {
    if (planned_today === null || coverage === null) return null;
    const ahead = points(coverage) - points(planned_today);
    if (ahead === 0) return { text: t("As planned") };
    const count = Math.abs(ahead);
    return ahead > 0
      ? { text: t("{count} points ahead of the plan", { count }) }
      : { text: t("{count} points behind the plan", { count }), late: true };
  };

  /** The round against its target: coverage as a bar, today's plan as a line across it, the target as a dashed one. */
  const round = ({ round: found }) => {
    if (!found) return block("round", t("Round"), quiet(t("No round is open.")));
    const { reached, known, coverage, target, planned_today, name, last_on } = found;
    const told = { reached: percent(reached, known), planned: shareText(planned_today), target: shareText(target) };
    const words =
      target === null
        ? t("{reached} reached, no target", told)
        : t("{reached} reached, {planned} planned for today, target {target}", told);
    const marks = target === null ? [] : [{ at: 100 * target, colour: "var(--muted)", dash: true }];
    if (planned_today !== null) marks.push({ at: 100 * planned_today, colour: "var(--ink)" });
    const stands = standing(found);
    return block(
      "round",
      [t("Round {name}", { name }), " ", h("span", { class: "whole" }, t("to {day}", { day: last_on }))],
      h(
        "div",
        { role: "img", "aria-label": words },
        bar([{ share: 100 * (coverage ?? 0), colour: "var(--reached)" }], marks, "bullet"),
        h("p", { class: "chart-words", "aria-hidden": "true" }, words),
      ),
      stands && h("p", { class: stands.late ? "late" : "muted" }, stands.text),
    );
  };

  /** Villages (inside a village its cells) by coverage, least first. */
  const villages = ({ villages: { level, areas }, round: found }, { most }) => {
    const known = areas.filter((area) => area.known);
    const sorted = [...known].sort((a, b) => a.coverage - b.coverage || b.known - a.known);
    const marks =
      found && found.planned_today !== null ? [{ at: 100 * found.planned_today, colour: "var(--ink)" }] : [];
    const title = level === "cell" ? t("Coverage by cell") : t("Coverage by village");
    if (!sorted.length) return block("villages", title, quiet(t("No data")));
    const rows = sorted.slice(0, most).map(({ name, known: all, reached }) => ({
      name,
      bar: bar([{ share: shareOf(reached, all), colour: "var(--reached)" }], marks),
      values: [percent(reached, all)],
    }));
    return block("villages", title, table(title, [t("Coverage")], rows), more(sorted.length - rows.length));
  };

  /** Villages by households that were never visited, most first. */
  const never = ({ villages: { areas } }, { most: longest }) => {
    const sorted = areas.filter((area) => area.never).sort((a, b) => b.never - a.never);
    const title = t("Never visited");
    if (!sorted.length) return block("never", title, quiet(t("Every household was visited at least once.")));
    const most = sorted[0].never;
    const rows = sorted.slice(0, longest).map(({ name, never: count, known }) => ({
      name,
      bar: bar([{ share: shareOf(count, most), colour: "var(--left)" }]),
      values: [number(count), percent(count, known)],
    }));
    const heads = [t("Households"), t("Share")];
    return block("never", title, table(title, heads, rows), more(sorted.length - rows.length));
  };

  /** Visits of today by hour: reached solid, nobody there hatched. */
  const hours = ({ visits_today: { reached, no_answer, hours: counted } }, { node }) => {
    const title = t("Visits today by hour: {count}", { count: number(reached + no_answer) });
    if (!counted.length) return block("hours", title, quiet(t("No visit has come in yet today.")));
    const widest = Math.max(...counted.map(([, yes, no]) => number(yes + no).length), 2);
    const letter = parseFloat(getComputedStyle(node).fontSize) * 0.56;
    const fit = node.clientWidth ? Math.floor(node.clientWidth / ((widest + COLUMN_CH) * letter)) : WIDEST_COLUMNS;
    const columns = joined(counted, Math.max(2, Math.min(WIDEST_COLUMNS, fit)));
    const most = Math.max(...columns.map((one) => one.reached + one.no_answer));
    const words = t("{reached} reached, {no_answer} with no answer", {
      reached: number(reached),
      no_answer: number(no_answer),
    });
    const each = columns.map(({ from, to, reached: yes, no_answer: no }) => `${from}–${to}: ${yes} + ${no}`).join(", ");
    return block(
      "hours",
      title,
      h(
        "div",
        { role: "img", "aria-label": `${words}. ${each}`, class: "columns" },
        columns.map((one) => column(one, most)),
      ),
      h(
        "p",
        { class: "chart-key" },
        h("i", { class: "key reached" }),
        t("Reached {count}", { count: number(reached) }),
        h("i", { class: "key tried" }),
        t("No answer {count}", { count: number(no_answer) }),
      ),
    );
  };

  /** The cells with most work left. */
  const worst = ({ worst_cells: { with_overdue, cells }, villages: { areas } }, { most }) => {
    const title = t("Cells with most work left");
    if (!cells.length) return block("worst", title, quiet(t("No household is overdue.")));
    const names = new Map(areas.map(({ code, name }) => [code, name]));
    const rows = cells.slice(0, most).map(({ code, name, overdue, known }) => ({
      name: [names.get(code.slice(0, 12)), name].filter(Boolean).join(" "),
      bar: bar([{ share: shareOf(overdue, known), colour: "var(--left)" }]),
      values: [number(overdue), percent(overdue, known)],
    }));
    const heads = [t("Overdue households"), t("Share")];
    return block("worst", title, table(title, heads, rows), more(with_overdue - rows.length));
  };

  /** Villages by key sites that are to be checked: overdue and never checked solid, due soon hatched. */
  const sites = ({ sites_due: { sites: all, never: unchecked, overdue, due, villages: rows } }, { most: longest }) => {
    const title = t("Key sites: {late} of {all} overdue", { late: number(overdue + unchecked), all: number(all) });
    const work = (row) => row.overdue + row.never;
    const sorted = rows.filter((row) => work(row) + row.due).sort((a, b) => work(b) - work(a) || b.due - a.due);
    if (!sorted.length) return block("sites", title, quiet(t("No key site is due.")));
    const most = Math.max(...sorted.map((row) => work(row) + row.due));
    const shown = sorted.slice(0, longest).map((row) => ({
      name: row.name,
      bar: bar([
        { share: shareOf(work(row), most), colour: "var(--left)" },
        { share: shareOf(row.due, most), colour: "var(--tried)", hatch: true },
      ]),
      values: [number(work(row)), `+ ${number(row.due)}`],
    }));
    const heads = [t("Overdue"), t("Due soon")];
    const told = { overdue: number(overdue), never: number(unchecked), due: number(due) };
    const words = t("{overdue} overdue, {never} never checked, {due} due soon", told);
    return block("sites", title, quiet(words), table(title, heads, shown), more(sorted.length - shown.length));
  };

  /** Patrols of today: how far they are, and their stops. */
  const patrols = ({ patrols_today: found }) => {
    const { planned, waiting, out, done, over, stops, ticked, missed } = found;
    const title = t("Patrols today: {count}", { count: number(planned) });
    if (!planned) return block("patrols", title, quiet(t("No patrol is planned for today.")));
    const words = t("{ticked} of {stops} stops ticked", { ticked: number(ticked), stops: number(stops) });
    const parts = [{ share: shareOf(ticked, stops), colour: "var(--reached)" }];
    if (missed) parts.push({ share: shareOf(missed, stops), colour: "var(--left)", hatch: true });
    return block(
      "patrols",
      title,
      h(
        "dl",
        { class: "tiles" },
        tile(t("Not begun"), waiting),
        tile(t("Out"), out),
        tile(t("Done"), done),
        tile(t("Shift over"), over, true),
      ),
      h("div", { role: "img", "aria-label": words }, bar(parts, [], "bullet")),
      h("p", { class: "chart-words" }, words),
      missed ? h("p", { class: "late" }, t("{count} stops missed", { count: number(missed) })) : null,
    );
  };

  const WITHHELD = "<5*";
  const counted = (value) => (value === null ? WITHHELD : number(value));

  /** Cases past their date, as published: the area's own number, then the areas inside it. */
  const cases = ({ cases_overdue: found }, { most: longest }) => {
    if (!found) return block("cases", t("Cases past their date"), quiet(t("No figures have been published yet.")));
    const { month, own, areas, towns } = found;
    const title = t("Cases past their date, end of {month}", { month });
    const inside = areas.length > 1 && areas.some((area) => area.number) ? areas : towns.length > 1 ? towns : areas;
    const rank = ({ number: value }) => value ?? 0.5; // withheld: some, or none that may be told; above nothing at all
    const sorted = [...inside].sort((a, b) => rank(b) - rank(a));
    const most = Math.max(...sorted.map(rank), 1);
    const rows = sorted.slice(0, longest).map(({ name, number: value }) => ({
      name,
      bar: bar([
        value === null
          ? { share: shareOf(5, Math.max(most, 5)), colour: "var(--muted)", hatch: true }
          : { share: shareOf(value, Math.max(most, 5)), colour: "var(--left)" },
      ]),
      values: [counted(value)],
    }));
    const withheld = sorted.some(({ number: value }) => value === null);
    return block(
      "cases",
      title,
      own ? h("p", { class: "chart-words" }, h("b", { class: "lead" }, counted(own.number)), " ", own.name) : null,
      rows.length ? table(title, [t("Cases")], rows) : null,
      more(sorted.length - rows.length),
      withheld ? quiet(t("{mark}: 1 to 4, or withheld so that no 1 to 4 can be worked out", { mark: WITHHELD })) : null,
    );
  };

  const BLOCKS = { round, villages, never, hours, worst, sites, patrols, cases };
  const SCENES = {
    coverage: ["round", "hours", "villages", "worst"],
    never: ["never", "worst"],
    cases: ["cases"],
    patrols: ["patrols", "hours"],
    sites: ["sites"],
    heat: ["round", "hours"],
  };

  /** The charts of a scene, by their keys, in order; those of coverage where it has none of its own. */
  everycell.chartsOf = (scene) => SCENES[scene] ?? SCENES.coverage;

  const fits = (node) => node.scrollHeight <= node.clientHeight + 1;

  /**
   * Show what `GET /board` says in an element: the charts of a scene, or those named in `charts`. Where the element is not
   * high enough for them, their lists are shorter, and then the last charts are left out. Nothing is read of the page but
   * the element's size and that of its type.
   */
  everycell.showBoard = (node, board, scene, charts = everycell.chartsOf(scene)) => {
    node.classList.add("charts");
    const show = (most) => node.replaceChildren(...charts.map((key) => BLOCKS[key](board, { node, most })));
    if (!board) return node.replaceChildren();
    let most = ROWS;
    do show(most);
    while (!fits(node) && (most -= 1) >= FEWEST);
    while (node.childElementCount > 1 && !fits(node)) node.lastElementChild.remove();
  };
}
