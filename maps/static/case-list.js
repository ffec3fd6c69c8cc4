"use strict";
// Lists of the desk that come page by page as one scrolls: cases, and revisits that are due.
{
  const { h, t, number } = everycell;
  const AHEAD = 12; // rows left below when the next page is asked for

  /**
   * A list of an area. `ask(question, next, signal)` resolves to {as_of, items, next}; `row(item)` is a button with the key
   * `data-key`; `told(count, more)` are the words above; `onlisted()` is called when rows have come.
   */
  everycell.PagedList = class {
    constructor({ scroller, status, ask, row, told, onlisted, onmove = null }) {
      Object.assign(this, { scroller, status, ask, told, onlisted, onmove, next: null, loading: false });
      this.rows = new everycell.LongList(scroller, (item) => h("div", { class: "case-row" }, row(item)));
      scroller.addEventListener("scroll", () => this._reach(), { passive: true });
      scroller.addEventListener("keydown", (event) => this._along(event));
    }

    get items() {
      return this.rows.items;
    }

    /** List anew what a question finds; `area` is what the page shows, of which the account may see all, a part or none. */
    async load(question, area) {
      this.asked?.abort();
      this.asked = new AbortController();
      this.seen = everycell.may("cases", area) ? "all" : everycell.mayWithin("cases", area) ? "part" : "none";
      Object.assign(this, { area, question: { ...question, area: this.seen === "all" ? area : "" }, next: null });
      this.rows.clear();
      this.loading = false;
      if (this.seen === "none") return this._end();
      return this._more();
    }

    // The service refuses a list of an area that the account may not see whole: of all it may see, what lies inside is
    // kept.
    async _more() {
      const { asked } = this;
      this.loading = true;
      this._tell();
      try {
        const page = await this.ask(this.question, this.next, asked.signal);
        if (asked.signal.aborted) return;
        Object.assign(this, { next: page.next, asOf: page.as_of, loading: false });
        this.rows.add(page.items.filter((item) => item.area.startsWith(this.area)));
        this._end();
        this._reach();
      } catch (error) {
        if (asked.signal.aborted) return;
        this.loading = false;
        this._failed(error);
      }
    }

    _end() {
      this._tell();
      this.onlisted();
    }

    _reach() {
      const { scroller, rows } = this;
      const below = rows.items.length * rows.rowHeight - scroller.scrollTop - scroller.clientHeight;
      if (this.next && !this.loading && scroller.clientHeight && below < AHEAD * rows.rowHeight) this._more();
    }

    /** What is above the rows: never more than how many are listed. */
    _tell() {
      if (this.seen === "none") this.status.textContent = t("Cases of this area are not shown for this account.");
      else if (this.loading && !this.items.length) this.status.textContent = t("Loading…");
      else
        this.status.textContent = [
          this.told(this.items.length, Boolean(this.next)),
          this.seen === "part" ? t("(only cases that are shown for this account)") : "",
        ]
          .join(" ")
          .trim();
    }

    _failed(error) {
      const again = h("button", { type: "button", class: "plain again", onclick: () => this._more() }, t("Try again"));
      this.status.replaceChildren(everycell.reason(error), " ", again);
    }

    /** Put `item` where `is(row)` holds, or take that row out (null). */
    replace(is, item) {
      const { rows } = this;
      if (!rows.items.some(is)) return;
      rows.items = rows.items.flatMap((row) => (is(row) ? (item ? [item] : []) : [row]));
      rows.paint();
      this._end();
    }

    /** Bring a row into sight and give it the focus. */
    focus(index) {
      const { scroller, rows } = this;
      const [top, height] = [index * rows.rowHeight, rows.rowHeight];
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + height > scroller.scrollTop + scroller.clientHeight)
        scroller.scrollTop = top + height - scroller.clientHeight;
      rows._paint();
      rows.inner.querySelector(`[aria-posinset="${index + 1}"] button`)?.focus({ preventScroll: true });
    }

    // Arrows go from row to row; Enter opens the row in focus, as a button does.
    _along(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step || !this.items.length || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const here = Number(document.activeElement.closest("[aria-posinset]")?.getAttribute("aria-posinset") ?? 0) - 1;
      const next = Math.min(this.items.length - 1, Math.max(0, here + step));
      this.focus(next);
      this.onmove?.(this.items[next]);
    }
  };

  /** A row of the list of cases. `desk` is the page. */
  everycell.caseRow = (desk, one) => {
    const urgency = everycell.urgencyOf(one, desk.now);
    return h(
      "button",
      {
        type: "button",
        class: "case",
        "data-key": `case-${one.id}`,
        "aria-current": one.id === desk.chosen ? "true" : null,
        onclick: () => desk.openCase(one.id),
      },
      everycell.caseSigns.image(urgency),
      h("span", { class: "what" }, everycell.nameOf("category", one.category)),
      h("span", { class: `due ${urgency}` }, everycell.dueWords(one, desk.now)),
      h(
        "span",
        { class: "second" },
        h("b", {}, everycell.nameOf("state", one.state)),
        h("span", {}, everycell.placeWords(desk.areas, one.area)),
        h("small", {}, everycell.nameOf("level", one.level)),
      ),
    );
  };

  /** How many cases are listed, and whether more follow; how many there are is counted nowhere. */
  everycell.listedWords = (count, more) => {
    if (!count && !more) return t("No case here that fits.");
    return more
      ? t("Listed: {number}, the longest overdue first; scroll for more", { number: number(count) })
      : t("Listed: {number}, the longest overdue first", { number: number(count) });
  };
}
