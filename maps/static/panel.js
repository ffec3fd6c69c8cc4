"use strict";
// The panel at the left: where we are, the figures, the areas inside, the households that wait.
{
  const { h, number, percent } = everycell;
  const figure = (name, value, note, className = "") =>
    h(
      "div",
      { class: `figure ${className}` },
      h("dt", {}, name),
      h("dd", {}, value, note ? h("small", {}, note) : null),
    );

  /** Figures of one area, never only a percentage. */
  everycell.showFigures = (target, figures, today, cutoffText) => {
    const { t } = everycell;
    if (!figures) return target.replaceChildren(h("p", { class: "muted" }, t("No data")));
    if (!figures.known) {
      const empty =
        figures.empty === "confirmed"
          ? t("Confirmed empty: no household lives here")
          : t("No household is listed here, and nobody has confirmed that it is empty");
      return target.replaceChildren(h("p", { class: "empty-cell" }, empty));
    }
    const { known, reached, tried, never, overdue, oldest_on: oldest } = figures;
    const head = h(
      "div",
      { class: "headline" },
      h("strong", {}, percent(reached, known)),
      h(
        "span",
        {},
        t("reached {cutoff}", { cutoff: cutoffText }),
        h("br"),
        h("b", {}, number(known - reached)),
        ` ${t("households left")}`,
      ),
    );
    const part = (className, count) =>
      count > 0 ? h("i", { class: className, style: { flexGrow: String(count) } }) : null;
    const bar = h(
      "div",
      {
        class: "bar-of",
        role: "img",
        "aria-label": t("{reached} of {known} reached, {tried} tried", {
          reached: number(reached),
          known: number(known),
          tried: number(tried),
        }),
      },
      part("reached", reached),
      part("tried", tried),
      part("left", known - reached - tried),
    );
    const wait = oldest
      ? figure(t("Oldest visit"), oldest, everycell.ago(oldest, today))
      : figure(t("Oldest visit"), "–");
    const list = h(
      "dl",
      { class: "figures" },
      figure(t("Known"), number(known)),
      figure(t("Reached"), number(reached), null, "key-reached"),
      figure(t("Tried, nobody answered"), number(tried), null, "key-tried"),
      figure(t("Never visited"), number(never), null, never ? "key-never" : ""),
      figure(t("Overdue"), number(overdue), null, overdue ? "key-overdue" : ""),
      wait,
    );
    return target.replaceChildren(head, bar, list);
  };

  /** The areas one level down, most left first; a click goes there. */
  everycell.showAreas = (target, areas, onpick) => {
    const { t } = everycell;
    const rows = areas.map(({ code, name, figures }) => {
      const look = everycell.legend.look(figures);
      const chip = h("i", {
        class: `swatch cell ${look.kind}`,
        style: look.colour ? { backgroundColor: look.colour } : {},
      });
      const open = h(
        "button",
        { type: "button", class: "area", onclick: () => onpick(code) },
        chip,
        h("span", {}, name),
      );
      const cells = figures?.known
        ? [
            percent(figures.reached, figures.known),
            number(figures.known - figures.reached),
            number(figures.never),
            number(figures.overdue),
          ]
        : [figures?.empty === "confirmed" ? t("empty") : figures ? t("unchecked") : "–", "", "", ""];
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, open),
        cells.map((text) => h("td", {}, text)),
      );
    });
    const heads = [t("Area"), t("Coverage"), t("Left"), t("Never"), t("Overdue")];
    target.replaceChildren(
      h(
        "table",
        {},
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
      ),
    );
  };

  const crumbs = new WeakMap(); // by the element: the chain that it shows, and what a press calls

  /** The chain of areas above the chosen one, each a button. Whoever had the focus on one of another chain has it on the
   *  chosen area; the same chain stays as it stands. */
  everycell.showCrumbs = (target, chain, onpick) => {
    const said = JSON.stringify(chain);
    const same = crumbs.get(target)?.said === said;
    crumbs.set(target, { said, onpick });
    if (same) return;
    const pick = (code) => crumbs.get(target).onpick(code);
    const items = chain.map(({ code, name }, index) =>
      index === chain.length - 1
        ? h("li", { "aria-current": "page", tabindex: "-1" }, name)
        : h("li", {}, h("button", { type: "button", class: "plain", onclick: () => pick(code) }, name)),
    );
    const held = target.contains(document.activeElement);
    target.replaceChildren(h("ol", {}, items));
    if (held) everycell.toCrumb(target);
  };

  /** Give the focus to the area that the crumbs end with: what had it is gone. */
  everycell.toCrumb = (target) => target.querySelector("[aria-current]").focus({ preventScroll: true });

  /**
   * A list that holds any number of rows and keeps only those in sight in the document. Rows have one height, given by
   * the style sheet (`--row`). `draw(item, index)` makes a row's element.
   */
  everycell.LongList = class {
    constructor(scroller, draw) {
      Object.assign(this, { scroller, draw, items: [] });
      this.inner = h("div", { class: "long-list", role: "list" });
      scroller.replaceChildren(this.inner);
      this.paint = everycell.eachFrame(() => this._paint());
      scroller.addEventListener("scroll", this.paint, { passive: true });
      this.watch = new ResizeObserver(this.paint);
      this.watch.observe(scroller);
    }

    add(items) {
      for (const item of items) this.items.push(item);
      this.inner.style.height = `${this.items.length * this.rowHeight}px`;
      this.paint();
    }

    remove(unwanted) {
      this.items = this.items.filter((item) => !unwanted(item));
      this.paint();
    }

    clear() {
      this.items = [];
      this.scroller.scrollTop = 0;
      this.paint();
    }

    get rowHeight() {
      return 4.1 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    }

    _paint() {
      const height = this.rowHeight;
      const from = Math.max(0, Math.floor(this.scroller.scrollTop / height) - 4);
      const to = Math.min(
        this.items.length,
        Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / height) + 4,
      );
      const focused = this.inner.contains(document.activeElement) ? document.activeElement.dataset.key : null;
      const byKey = (key) => this.inner.querySelector(`[data-key="${CSS.escape(key)}"]`);
      this.inner.style.height = `${this.items.length * height}px`;
      const rows = [];
      for (let index = from; index < to; index += 1) {
        const row = this.draw(this.items[index], index);
        row.setAttribute("role", "listitem");
        row.setAttribute("aria-setsize", String(this.items.length));
        row.setAttribute("aria-posinset", String(index + 1));
        row.style.top = `${index * height}px`;
        rows.push(row);
      }
      this.inner.replaceChildren(...rows);
      // A row drawn anew keeps the focus; where its button is gone its place has it, where the row is gone the list.
      if (focused)
        (byKey(focused) ?? byKey(focused.replace(/^record-/, "go-")) ?? this.scroller).focus({ preventScroll: true });
    }
  };
}
