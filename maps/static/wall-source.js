"use strict";
// What the wall asks the service for, beside what the page of heat does.
{
  const query = (values) => {
    const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== "");
    return given.length ? `?${new URLSearchParams(given)}` : "";
  };

  // Whether one of two areas lies in the other.
  const meets = (one, other) => one.startsWith(other) || other.startsWith(one);

  everycell.WallSource = class extends everycell.HeatSource {
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
