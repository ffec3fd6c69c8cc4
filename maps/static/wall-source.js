"use strict";
// What the wall asks the service for, beside what the page of heat does.
{
  const LONGEST_MS = 30000; // a connection that has died silently answers never, and nothing is asked again until then

  const query = (values) => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
    return given.length ? `?${new URLSearchParams(given)}` : "";
  };

  // Whether one of two areas lies in the other.
  const meets = (one, other) => one.startsWith(other) || other.startsWith(one);

  /** `told()` is the id of the event up to which the page has been told, null before the first, or where none are. */
  everycell.WallSource = class extends everycell.HeatSource {
    constructor(base, { told = () => null, ...options }) {
      super(base, options);
      this.told = told;
    }

    // Another worker of the service than the one that tells the events may be a little behind it.
    _ask(path, { headers, ...options } = {}) {
      const id = this.told();
      const signal = AbortSignal.timeout(LONGEST_MS);
      return super._ask(path, { signal, ...options, headers: { ...headers, ...(id && { "Everycell-After": id }) } });
    }

    /** Counts of an area ("": all that is seen) for what stands beside the map. */
    board({ area, cutoff }) {
      const round = cutoff.kind === "round" && meets(area, cutoff.round.area) ? cutoff.code : "";
      return this._json(`/board${query({ area, round })}`);
    }

    /** Whether there are any cells that one may see. */
    async hasCells() {
      const { features } = await this._json("/collections/cells/items?limit=1");
      return features.length > 0;
    }

    /** What somebody has to do something about. */
    alarms() {
      return this._json("/alarms");
    }

    /** Send what somebody does with an alarm. */
    tell(path, body) {
      return this._send("POST", path, body);
    }

    /** The plans of a day, with their routes; for those who may see them. */
    async plans(on, area) {
      const { plans } = await this._json(`/patrol/plans${query({ on, area })}`);
      return Promise.all(plans.map(({ id }) => this._json(`/patrol/plans/${id}`)));
    }
  };
}
