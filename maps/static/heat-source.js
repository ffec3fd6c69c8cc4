"use strict";
// What the page of heat asks the service: figures as they were published, and what is drawn of them.
{
  const KEPT = 60; // answers with shapes; figures of a period are small, never change, and are all kept

  const query = (values) => {
    const given = Object.entries(values).filter(([, value]) => value);
    return given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  };

  everycell.HeatSource = class extends everycell.LiveSource {
    constructor(base, options) {
      super(base, options);
      this.counted = new Map();
      this.drawn = new Map();
    }

    /** The periods that have been published: {today, layout, periods}. */
    periods() {
      return this._json("/disputes/periods", { headers: { Accept: "application/json" }, cache: "no-cache" });
    }

    /**
     * Published counts of the areas of a level in a period; of one area, where `area` is given. Null where there are none.
     * They are asked for once: no published number changes.
     */
    counts({ area = "", level, period }) {
      return this._kept(this.counted, `/disputes/counts?${query({ area, level, period })}`);
    }

    /** The bands of the heat of a month, and what its classes mean. Null where nothing can be drawn. */
    heat(question) {
      return this._kept(this.drawn, `/disputes/heat?${query(question)}`, "application/geo+json");
    }

    /** The cells (or villages) of a period with their verdicts. Null where there are none yet. */
    hotspots(question) {
      return this._kept(this.drawn, `/disputes/hotspots?${query(question)}`, "application/geo+json");
    }

    /** The address of tiles of heat as Leaflet fills it in. */
    heatTiles(question) {
      return `${this.base}/disputes/heat/tiles/{z}/{x}/{y}.png?${query(question)}`;
    }

    /** Ask for a picture that did not come: it rejects with the reason. */
    probe(address) {
      return this._ask(new URL(address).pathname.slice(this.base.length) + new URL(address).search, {
        cache: "no-cache",
      });
    }

    /** Forget what was drawn: something new has been published. */
    forget() {
      this.counted.clear();
      this.drawn.clear();
    }

    _kept(answers, path, type = "application/json") {
      if (!answers.has(path)) {
        const answer = this._json(path, { headers: { Accept: type } }).catch((error) => {
          if (error.status === 404) return null;
          answers.delete(path);
          throw error;
        });
        answers.set(path, answer);
        if (answers === this.drawn && answers.size > KEPT) answers.delete(answers.keys().next().value);
      }
      return answers.get(path);
    }
  };
}
