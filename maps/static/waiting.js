"use strict";
// The households that wait: how each is shown, the list of an area, and the button that records a visit.
{
  const { h, t, number } = everycell;
  const REST_MS = 150;

  /** A household's address and unit, or its code where it has neither. */
  everycell.placeOf = ({ address, unit, code }) => [address, unit].filter(Boolean).join(" ") || code;

  /** How long a household has waited. */
  everycell.waitOf = (household, today) => {
    const last = household.last_reached_on;
    if (!last) return h("span", { class: "state never" }, t("Never visited"));
    const late = household.due_on && everycell.day(household.due_on) < today;
    return h("span", { class: late ? "state overdue" : "state" }, everycell.ago(last, today), h("small", {}, last));
  };

  /** The button of a household, or what became of it. Null where visits cannot be recorded. */
  everycell.recordButton = (visits, household) => {
    if (!visits || household.status === "exempt" || !everycell.may("visits", household.cell ?? "")) return null;
    const state = visits.stateOf(household.code);
    if (state?.step === "sending") return h("span", { class: "sent" }, t("Sending…"));
    if (state?.step === "done")
      return h(
        "span",
        { class: "sent" },
        state.outcome === "reached" ? t("Reached") : t("Nobody answered"),
        h("small", {}, t("today")),
      );
    return h(
      "button",
      { type: "button", class: "record", "data-key": `record-${household.code}`, onclick: () => visits.ask(household) },
      t("Record a visit"),
    );
  };

  /**
   * The list at the left. `view` tells what it needs to know: {source, visits, today, figures} and `toDoor(household)`.
   */
  everycell.WaitingList = class {
    constructor(view) {
      this.view = view;
      this.count = everycell.byId("list-count");
      this.rows = new everycell.LongList(everycell.byId("list"), (household) => this._row(household));
      this.shown = null;
      this.loading = false;
    }

    /** Show the households of an area that wait since a day; the same question is asked once. */
    show(area, since) {
      this.area = area;
      const key = `${area}|${since}`;
      if (this.shown === key) return this.tell();
      this.shown = key;
      return this._load(area, since);
    }

    /** Ask again at the next `show`. */
    forget() {
      this.shown = null;
    }

    /** A household that was reached waits no longer. */
    drop(code) {
      this.rows.remove((household) => household.code === code);
      if (this.shown) this.tell();
    }

    // The service refuses a list of an area that the account may not see whole: of all it may see, what lies inside is
    // kept.
    async *_waiting(area, since, signal) {
      const { source } = this.view;
      if (this.seen === "all") yield* source.unvisited(area, since, signal);
      else
        for await (const batch of source.unvisited("", since, signal))
          yield batch.filter(({ cell }) => cell?.startsWith(area));
    }

    async _load(area, since) {
      this.asked?.abort();
      const asked = (this.asked = new AbortController());
      const leafing = this.loading;
      this.rows.clear();
      this.seen = everycell.may("doors", area) ? "all" : everycell.mayWithin("doors", area) ? "part" : "none";
      this.loading = this.seen !== "none";
      this.tell();
      if (!this.loading) return;
      // Who leafs through areas asks for the one where he stays: each answer that is cut off holds the service for a while.
      if (leafing) await new Promise((resolve) => setTimeout(resolve, REST_MS));
      if (asked.signal.aborted) return;
      try {
        for await (const batch of this._waiting(area, since, asked.signal)) {
          if (asked.signal.aborted) return;
          this.rows.add(batch);
          this.tell();
        }
        this.loading = false;
        this.tell();
      } catch (error) {
        if (asked.signal.aborted) return;
        this.loading = false;
        this.shown = null;
        this.count.replaceChildren(
          everycell.reason(error),
          " ",
          h("button", { type: "button", class: "plain again", onclick: () => this.show(area, since) }, t("Try again")),
        );
      }
    }

    /** Say how many there are; while they arrive, of how many. */
    tell() {
      const have = this.rows.items.length;
      const left = this.view.figures.left(this.area);
      if (this.seen === "none") this.count.textContent = t("Doors of this area are not shown for this account.");
      else if (this.loading)
        this.count.textContent = t("Loading {have} of {left}", { have: number(have), left: number(left) });
      else
        this.count.textContent = [
          have ? t("Households waiting: {have}, longest wait first", { have: number(have) }) : t("Nobody waits here."),
          this.seen === "part" ? t("(only doors that are shown for this account)") : "",
        ]
          .join(" ")
          .trim();
    }

    _row(household) {
      const { visits, today } = this.view;
      const go = h(
        "button",
        {
          type: "button",
          class: "place",
          "data-key": `go-${household.code}`,
          title: t("Show on the map"),
          onclick: () => this.view.toDoor(household),
        },
        h("span", { class: "address" }, household.address || household.code),
        h(
          "span",
          { class: "second" },
          household.address && household.unit ? h("b", {}, household.unit) : null,
          everycell.waitOf(household, today),
        ),
      );
      return h("div", { class: "row" }, go, everycell.recordButton(visits, household));
    }
  };
}
