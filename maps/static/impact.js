"use strict";
// Before publishing: what the draft does to households, areas, coverage, cases and plans, and from when on.
{
  const { h, t, number, percent } = everycell;
  const WHEN = ["now", "day"];

  const part = (title, content) => h("section", {}, h("h3", {}, title), content);

  const moves = (moved, cellName) => {
    if (!moved.length) return h("p", { class: "nothing" }, t("No household changes its cell."));
    const rows = moved.map(({ from, to, households, doorplates }) =>
      h(
        "tr",
        {},
        h("td", {}, from ? cellName(from) : "–", " → ", to ? cellName(to) : "–"),
        h("td", {}, number(households)),
        h("td", {}, number(doorplates)),
      ),
    );
    const heads = [t("From → to"), t("Households"), t("Doors")];
    return h(
      "table",
      { class: "moves" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      h("tbody", {}, rows),
    );
  };

  const share = (row) =>
    row ? `${percent(row.reached, row.known)} (${number(row.reached)}/${number(row.known)})` : "–";

  const sum = (rows) =>
    rows.reduce((total, { known, reached }) => ({ known: total.known + known, reached: total.reached + reached }), {
      known: 0,
      reached: 0,
    });

  // The coverage of each cell, and of all of them together: what only moves from cell to cell leaves the sum as it is.
  const coverage = ({ before, after }, cellName) => {
    const [old, now] = [before, after].map((rows) => new Map(rows.map((row) => [row.code, row])));
    const row = (name, was, is) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, name),
        h("td", {}, share(was)),
        h("td", {}, share(was) === share(is) ? t("unchanged") : share(is)),
      );
    const codes = [...new Set([...old.keys(), ...now.keys()])].sort();
    const heads = [t("Cell"), t("Coverage before"), t("After")];
    return h(
      "table",
      { class: "covered" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          heads.map((text) => h("th", { scope: "col" }, text)),
        ),
      ),
      h(
        "tbody",
        {},
        codes.map((code) => row(cellName(code), old.get(code), now.get(code))),
      ),
      h("tfoot", {}, row(t("Together"), sum(before), sum(after))),
    );
  };

  const counted = (value) => (value === null || value === undefined ? t("not kept here") : number(value));

  const summed = (moved) => moved.reduce((sum, { households }) => sum + households, 0);

  // The four figures that decide, large.
  const headline = ({ moved, cases, plans }, cells) =>
    h(
      "dl",
      { class: "headlines" },
      [
        [t("Cells that change"), number(cells)],
        [t("Households that change their cell"), number(summed(moved))],
        [t("Open cases touched"), counted(cases)],
        [t("Patrol plans touched"), counted(plans)],
      ].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    );

  const issues = (features, nameOf) =>
    h(
      "ul",
      { class: "issues" },
      features.map((issue) =>
        h(
          "li",
          { class: issue.properties.severity === "warning" ? "warning" : "error" },
          h("p", {}, everycell.issueText(issue, nameOf)),
        ),
      ),
    );

  const when = (tomorrow) => {
    const texts = { now: t("Publish now"), day: t("From a day on") };
    const marks = WHEN.map((value, index) => h("input", { type: "radio", name: "when", value, checked: index === 0 }));
    const [now, later] = marks;
    const choose = () => (later.checked = true);
    const field = everycell.dayField({
      name: "day",
      label: texts.day,
      min: tomorrow,
      value: tomorrow,
      oninput: choose,
    });
    field.input.addEventListener("click", choose);
    now.addEventListener("change", () => field.reset()); // published now, a day that is none stops nobody
    const choices = WHEN.map((value, index) => h("label", {}, marks[index], texts[value]));
    return h("fieldset", { class: "choices when" }, h("legend", {}, t("When")), choices, field);
  };

  // What lies between the title and the question.
  const contents = (impact, rows, { cellName, villageName, codeName }) => {
    const found = impact.issues?.features ?? [];
    return h(
      "div",
      { class: "impact", tabindex: "0", role: "region", "aria-label": t("What it does") },
      found.length ? part(t("Issues"), issues(found, codeName)) : null,
      h(
        "div",
        { class: "columns" },
        part(t("Cells"), everycell.meterTable(rows, villageName)),
        h(
          "div",
          {},
          part(t("Households that change their cell"), moves(impact.moved, cellName)),
          part(t("Visit coverage"), coverage(impact.coverage, cellName)),
        ),
      ),
    );
  };

  /**
   * Show what a draft does and ask whether and when to publish it. `names` is {cellName, villageName, codeName}, each from
   * a code; `cellBefore(code)` gives a cell as it was. Resolves to {day: null or an ISO day}, or to null where it is not
   * to be published.
   */
  everycell.askToPublish = ({ draft, today, cellBefore, names }) =>
    new Promise((resolve) => {
      const { impact } = draft;
      const rows = everycell.metersOf(impact, null, cellBefore);
      // What others have changed meanwhile is shown by trying: the service then sends the versions.
      const stops = ({ properties: { severity, code } }) => severity !== "warning" && code !== "STALE";
      const stopped = (impact.issues?.features ?? []).some(stops);
      const cancel = h("button", { type: "button", onclick: () => dialog.close() }, t("Not yet"));
      const go = h("button", { class: "primary", disabled: stopped }, t("Publish"));
      const form = h(
        "form",
        { method: "dialog" },
        h("h2", {}, t("Publish {title}", { title: draft.set.title })),
        headline(impact, rows.length),
        contents(impact, rows, names),
        when(everycell.isoDay(today + 1)),
        h("div", { class: "answers" }, go, cancel),
      );
      const dialog = h("dialog", { id: "impact", "aria-label": t("Publish") }, form);
      let answer = null;
      form.addEventListener("submit", () => {
        const values = new FormData(form);
        answer = { day: values.get("when") === "day" ? values.get("day") : null };
      });
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(answer);
      });
      document.body.append(dialog);
      dialog.showModal();
      go.focus();
    });
}
