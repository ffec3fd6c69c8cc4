"use strict";
// The steps of a draft in words, with the way back to each; and what was taken back, which can be done again.
{
  const { h, t } = everycell;
  const short = (code) => (code ? code.slice(-3) : "?");
  const several = (codes) => codes.map(short).join(t(", "));

  const WORDS = {
    split: ({ cell, code }) => t("Split {cell}: new {code}", { cell: short(cell), code: short(code) }),
    merge: ({ cells, keep }) =>
      t("Merge {cells} into {keep}", { cells: several(cells.filter((code) => code !== keep)), keep: short(keep) }),
    reshape: ({ cell }) => t("Reshape {cell}", { cell: short(cell) }),
    move_node: () => t("Move a node"),
    create: ({ code }) => t("Create {code}", { code: short(code) }),
    retire: ({ cell, to }) =>
      to
        ? t("Retire {cell}, its land to {to}", { cell: short(cell), to: short(to) })
        : t("Retire {cell}, its land leaves the grid", { cell: short(cell) }),
    move_to_village: ({ cell, code, village }) =>
      t("Move {cell} to village {village} as {code}", {
        cell: short(cell),
        village: short(village),
        code: short(code),
      }),
    set: ({ cell, name, kind }) =>
      [
        t("Attributes of {cell}", { cell: short(cell) }),
        name,
        kind && everycell.kinds().find(([code]) => code === kind)?.[1],
      ]
        .filter(Boolean)
        .join(" · "),
    recut: ({ cells, pieces }) =>
      t("Draw {cells} cells of a village anew: {pieces} cells", { cells: cells.length, pieces: pieces.length }),
    renumber: ({ cell, code }) => t("Renumber {cell} as {code}", { cell: short(cell), code: short(code) }),
  };

  /** An operation in a few words. */
  everycell.stepText = (operation) => WORDS[operation.op]?.(operation) ?? operation.op;

  /** The codes that an operation is about. */
  everycell.cellsOf = ({ cell, cells = [], code, to, pieces = [] }) =>
    [cell, ...cells, code, typeof to === "string" ? to : null, ...pieces.map((piece) => piece.code)].filter(Boolean);

  /** The place of an operation that names no cell: [lon, lat]; else null. */
  const placeOf = ({ op, to }) => (op === "move_node" ? to : null);

  /** Show the steps of a draft in `target`; `ongo(operation)` goes to one, `onback(seq)` takes all from one on back. */
  everycell.showSteps = (target, draft, { ongo, onback, onredo }) => {
    const rows = draft.steps.map(({ seq, op }, index) =>
      h(
        "li",
        {},
        h("span", { class: "count" }, String(index + 1)),
        h(
          "button",
          { type: "button", class: "plain go", onclick: () => ongo(everycell.cellsOf(op), placeOf(op)) },
          everycell.stepText(op),
        ),
        h(
          "button",
          {
            type: "button",
            class: "undo",
            title: t("Take back this step and all after it"),
            onclick: () => onback(seq),
          },
          t("Take back"),
        ),
      ),
    );
    const again = [...draft.undone]
      .reverse()
      .map((operations, index) =>
        h(
          "li",
          { class: "undone" },
          h("span", { class: "count" }, "←"),
          h("span", {}, operations.map(everycell.stepText).join(t(", "))),
          index === 0 ? h("button", { type: "button", class: "undo", onclick: onredo }, t("Do again")) : null,
        ),
      );
    if (rows.length || again.length) target.replaceChildren(h("ol", { class: "steps" }, rows, again));
    else target.replaceChildren(h("p", { class: "nothing" }, t("No step yet. Choose a cell and a tool.")));
  };
}
