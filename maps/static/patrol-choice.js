"use strict";
// Which of the proposed stops are planned: by kind, by tier, and so many at most. Every number is told.
{
  const { h, t, number, memory } = everycell;
  const MOST = 200; // as long as nobody says otherwise
  const KINDS = ["doorplate", "site", "revisit", "place"]; // places: those that were missed before

  /**
   * The table of what is proposed, with a box for each kind and tier. `onchange()` is called when another choice is made,
   * `onagain()` when what stands in other plans is to be read, too, or no longer.
   */
  everycell.StopChoice = class {
    constructor(target, told, onchange, onagain) {
      Object.assign(this, { target, told, onchange, onagain, stops: [], loading: false, again: false, totals: {} });
      const kept = JSON.parse(memory.get("patrol.choice") ?? "{}");
      this.kinds = new Set(kept.kinds ?? KINDS);
      this.tiers = new Set(kept.tiers ?? everycell.config.tiers);
      this.most = kept.most === undefined ? MOST : kept.most;
      this._build();
    }

    _build() {
      const tiers = everycell.config.tiers;
      this.counts = new Map();
      const count = (key) => {
        const cell = h("td", {}, "–");
        this.counts.set(key, cell);
        return cell;
      };
      const head = tiers.map((tier) =>
        h("th", { scope: "col" }, this._box(this.tiers, tier, String(tier), t("Tier {tier}", { tier }))),
      );
      const row = (kind) =>
        h(
          "tr",
          { "data-kind": kind },
          h("th", { scope: "row" }, this._box(this.kinds, kind, everycell.patrolName("kind", kind))),
          tiers.map((tier) => count(`${kind}/${tier}`)),
          count(kind),
        );
      const sums = h(
        "tr",
        { class: "sums" },
        h("th", { scope: "row" }, t("All")),
        tiers.map((tier) => count(tier)),
        count("all"),
      );
      const corner = h("th", { scope: "col" }, t("Tier, most urgent first"));
      this.target.replaceChildren(
        h(
          "table",
          { class: "counts" },
          h("thead", {}, h("tr", {}, corner, head, h("th", { scope: "col" }, t("All")))),
          h("tbody", {}, KINDS.map(row), sums),
        ),
        this._mostField(),
        this._againField(),
      );
    }

    // Shown where some stand in another plan of the day; each of them would be visited twice.
    _againField() {
      const box = h("input", { type: "checkbox", name: "again" });
      box.addEventListener("change", () => {
        this.again = box.checked;
        this.onagain();
      });
      this.elsewhere = h("span", {});
      this.againField = h("label", { class: "tick again", hidden: true }, box, this.elsewhere);
      return this.againField;
    }

    _box(set, value, text, label = null) {
      const box = h("input", { type: "checkbox", checked: set.has(value), "aria-label": label });
      box.addEventListener("change", () => {
        if (box.checked) set.add(value);
        else set.delete(value);
        this._changed();
      });
      return h("label", { class: "tick" }, box, h("span", {}, text));
    }

    _mostField() {
      const input = h("input", {
        type: "number",
        name: "most",
        min: "1",
        max: "1000",
        value: this.most ?? "",
        inputmode: "numeric",
      });
      input.addEventListener("input", () => {
        this.most = input.value && input.validity.valid ? Number(input.value) : null;
        this._changed();
      });
      return h(
        "label",
        { class: "most" },
        h("span", {}, t("At most")),
        input,
        h("span", {}, t("stops, the most urgent first")),
      );
    }

    _changed() {
      const { kinds, tiers, most } = this;
      memory.set("patrol.choice", JSON.stringify({ kinds: [...kinds], tiers: [...tiers], most }));
      this._count();
      this.onchange();
    }

    /** Begin anew with no stop. */
    clear() {
      Object.assign(this, { stops: [], totals: {}, loading: true });
      this._count();
    }

    add(stops) {
      for (const stop of stops) this.stops.push(stop);
      this._count();
    }

    end() {
      this.loading = false;
      this._count();
    }

    _count() {
      const counts = new Map();
      const raise = (key) => counts.set(key, (counts.get(key) ?? 0) + 1);
      this.fitting = this.stops.filter(({ kind, tier }) => this.kinds.has(kind) && this.tiers.has(tier));
      for (const { kind, tier } of this.stops) {
        for (const key of [`${kind}/${tier}`, kind]) raise(key);
        raise(tier);
        raise("all");
      }
      this.target.querySelector("[data-kind=place]").hidden = !counts.get("place");
      for (const [key, cell] of this.counts) cell.textContent = number(counts.get(key) ?? 0);
      this.taken = new Set(this.fitting.slice(0, this.most ?? Infinity).map(({ key }) => key));
      this.told.textContent = this._words();
      this._tellElsewhere();
    }

    _tellElsewhere() {
      const elsewhere = this.totals.in_other_plans ?? 0;
      this.againField.hidden = !elsewhere && !this.again;
      this.elsewhere.textContent = this.again
        ? t("Also stops that stand in other plans of this day")
        : t("Also the {number} stops that stand in other plans of this day", { number: number(elsewhere) });
    }

    _words() {
      const { revisits_without_place: unplaced } = this.totals;
      const more = unplaced
        ? ` ${t("Revisits without a place, which no route can have: {number}.", { number: number(unplaced) })}`
        : "";
      return this._fitWords() + more;
    }

    _fitWords() {
      const [fit, taken] = [number(this.fitting.length), number(this.taken.size)];
      if (this.loading) return t("Loading… {number} so far", { number: number(this.stops.length) });
      if (!this.stops.length) return t("Nothing is due here on this day.");
      if (this.taken.size < this.fitting.length)
        return t("{taken} of {fit} chosen stops go into the plan, the most urgent first.", { taken, fit });
      return t("All {fit} chosen stops go into the plan.", { fit });
    }

    has({ key }) {
      return this.taken.has(key);
    }

    /** What the service is asked for. */
    get wish() {
      return {
        kinds: KINDS.filter((kind) => this.kinds.has(kind)),
        tiers: everycell.config.tiers.filter((tier) => this.tiers.has(tier)),
        most: this.most,
        in_other_plans: this.again,
      };
    }
  };
}
