"use strict";
// Patrols over HTTP: stops that are proposed, teams, plans and what is changed in them.
{
  const of = (id, more = "") => `/patrol/plans/${encodeURIComponent(id)}${more}`;
  const asked = (values) =>
    Object.entries(values)
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join("&");

  // The totals come before the features; null once they have been read.
  const headOf = (text, ontotals) => {
    const end = text.search(/,\s*"features"/);
    if (end < 0) return text;
    ontotals(JSON.parse(`${text.slice(0, end)}}`).totals ?? {});
    return null;
  };

  /** The service's HTTP interface with what the page of patrols needs. */
  everycell.PatrolSource = class extends everycell.LiveSource {
    /** All teams that the account may see. */
    teams() {
      return this._json("/patrol/teams").then(({ teams }) => teams);
    }

    keepTeam(team) {
      return this._send("PUT", `/patrol/teams/${encodeURIComponent(team.code)}`, team);
    }

    dropTeam({ code, area }) {
      return this._send("DELETE", `/patrol/teams/${encodeURIComponent(code)}?${asked({ area })}`);
    }

    /**
     * The stops proposed for an area on a day, in batches as they arrive, in the service's order: what presses most first.
     * `again`: also those that stand in another plan of the day. `ontotals(totals)` is told how many are not among them.
     */
    async *stops(area, on, { signal, again, ontotals }) {
      const headers = { Accept: "application/geo+json" };
      const answer = await this._ask(`/patrol/stops?${asked({ area, on, in_other_plans: again ? "true" : null })}`, {
        signal,
        headers,
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const features = everycell.featureStream();
      let head = "";
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (head !== null) head = headOf(head + part.value, ontotals);
        const batch = features.take(part.value).map(({ properties, geometry: { coordinates } }) => ({
          ...properties,
          lon: coordinates[0],
          lat: coordinates[1],
        }));
        if (batch.length) yield batch;
      }
      if (!features.complete()) throw new Error(everycell.t("The list broke off before its end"));
    }

    /** Plans of an area, all days. */
    plans(area) {
      return this._json(`/patrol/plans?${asked({ area })}`).then(({ plans }) => plans);
    }

    /** Ask for a plan; it has the id that the request carries, so that a lost answer may be asked for again. */
    begin(request) {
      return this._send("POST", "/patrol/plans", request);
    }

    /** A plan as it is now. The browser asks with the ETag it has, so that one without news is not sent again. */
    plan(id) {
      return this._json(of(id), { cache: "no-cache", headers: { Accept: "application/json" } });
    }

    /** End the search where one runs, give the plan up otherwise. */
    giveUp(id) {
      return this._send("DELETE", of(id));
    }

    change(id, version, changes) {
      return this._send("POST", of(id, "/changes"), { version, changes });
    }

    undo(id, version) {
      return this._send("POST", of(id, "/undo"), { version });
    }

    replan(id, wish) {
      return this._send("POST", of(id, "/replan"), wish);
    }

    report(id) {
      return this._json(of(id, "/report"), { cache: "no-cache", headers: { Accept: "application/json" } });
    }

    /** The shortest walk over all streets of an area or a polygon; of a shift, several. */
    sweep(wish, signal) {
      return this._send("POST", "/patrol/sweeps", wish, signal);
    }

    /** The same as a GPX file. */
    async sweepFile(wish) {
      const headers = { "Content-Type": "application/json", ...(this.csrf && { "X-CSRF-Token": this.csrf }) };
      const options = { method: "POST", headers, body: JSON.stringify(wish) };
      return (await this._ask("/patrol/sweeps?f=gpx", options)).blob();
    }

    /** Links for the phones of teams: [{team, url, expires_at, qr}]. */
    phones(id, teams) {
      return this._send("POST", of(id, "/phones"), { teams }).then(({ phones }) => phones);
    }

    /** The address of a file of a plan: `kind` is "sheet", "export" or "report". */
    fileOf(id, kind, values = {}) {
      const query = asked(values);
      return this.base + of(id, `/${kind}`) + (query ? `?${query}` : "");
    }
  };
}
