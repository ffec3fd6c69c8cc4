"use strict";
// The lists of the panel: cells by how much they change, pieces by their size. Long lists are shown a page at a time.
{
  const PAGE = 100;

  const area = (value) => {
    const digits = Math.abs(value) < 100 ? 1 : 0;
    const fixed = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return `${fixed} m²`;
  };

  const share = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value * 100).toFixed(2)} %`;

  /** A list of `entries` ({text, row, onchoose}) in `target`; `text` is what the filter looks through. */
  class Pages {
    constructor(target, entries) {
      Object.assign(this, { target, entries, shown: PAGE, wanted: "" });
      this.show();
    }

    filter(text) {
      this.wanted = text.trim().toLowerCase();
      this.shown = PAGE;
      this.show();
    }

    show() {
      const { h, t, number } = everycell;
      const found = this.entries.filter(({ text }) => text.toLowerCase().includes(this.wanted));
      const rows = found
        .slice(0, this.shown)
        .map(({ row, onchoose }) => h("button", { type: "button", class: "entry", onclick: onchoose }, row()));
      const left = found.length - rows.length;
      const more = () => {
        this.shown += PAGE;
        this.show();
      };
      this.target.replaceChildren(
        ...rows,
        left > 0
          ? h("button", { type: "button", class: "more", onclick: more }, t("{number} more", { number: number(left) }))
          : "",
        found.length ? "" : h("p", { class: "muted" }, t("Nothing found")),
      );
    }
  }

  /** Two tabs, of which one panel is shown. */
  const tabs = (names) => {
    const choose = (chosen) => {
      for (const name of names) {
        const button = everycell.byId(`tab-${name}`);
        button.setAttribute("aria-selected", String(name === chosen));
        button.tabIndex = name === chosen ? 0 : -1;
        everycell.byId(`${name}-panel`).hidden = name !== chosen;
      }
    };
    for (const name of names) {
      const button = everycell.byId(`tab-${name}`);
      button.addEventListener("click", () => choose(name));
      button.addEventListener("keydown", ({ key }) => {
        if (!["ArrowLeft", "ArrowRight"].includes(key)) return;
        const other = names.find((one) => one !== name);
        choose(other);
        everycell.byId(`tab-${other}`).focus();
      });
    }
    choose(names[0]);
  };

  everycell.lists = { Pages, area, share, tabs };
}
