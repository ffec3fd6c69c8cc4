"use strict";
// Cases over HTTP. Where a case was reported is sent in a body, never in an address.
{
  const of = (id) => `/disputes/${encodeURIComponent(id)}`;
  const asked = (values) => {
    const given = Object.entries(values).filter(([, value]) => value);
    return given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  };

  /** The service's HTTP interface with what the case desk needs. */
  everycell.CaseSource = class extends everycell.LiveSource {
    /** A page of cases: {as_of, items, next}; `next` leads to the following one, null at the end. */
    cases(question, next, signal) {
      return this._page(next ?? `/disputes?${asked(question)}`, "disputes", signal);
    }

    /** A page of the revisits that are due: {items, next}. */
    revisits(question, next, signal) {
      return this._page(next ?? `/disputes/revisits?${asked(question)}`, "revisits", signal);
    }

    async _page(path, name, signal) {
      const answer = await this._json(path, { signal });
      const link = answer.links.find(({ rel }) => rel === "next")?.href;
      return { as_of: answer.as_of, items: answer[name], next: link ? this._own(link) : null };
    }

    /** A case with its events, its revisits and what may follow. */
    one(id) {
      return this._json(of(id));
    }

    /** Change a case; the case as it is then. */
    change(id, change) {
      return this._send("POST", `${of(id)}/changes`, change);
    }

    /** Record that a place was visited again. */
    revisited(id, seq, done) {
      return this._send("POST", `${of(id)}/revisits/${seq}`, done);
    }

    /** Register a case. */
    register(one) {
      return this._sendOne("/disputes", one);
    }

    /** The places of a cell that stand for its dwellings: [{snap, cell, place, dwellings}]. */
    snapsOf(cell) {
      return this._json(`/disputes/snap?cell=${encodeURIComponent(cell)}`).then(({ snaps }) => snaps);
    }

    /** The place that stands for a point of the map. */
    snapAt({ lat, lng }) {
      return this._send("POST", "/disputes/snap", { lon: lng, lat });
    }
  };
}
