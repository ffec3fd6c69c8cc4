"use strict";
// Change sets over HTTP: drafts and their steps, what they would do, publishing, history.
{
  const of = (id) => `/changesets/${encodeURIComponent(id)}`;
  const listed = (collection) => collection?.features ?? [];

  /** The service's HTTP interface with what an editor needs. */
  everycell.EditSource = class extends everycell.LiveSource {
    /** Cells as they are now, whatever the browser has kept. */
    cells() {
      return this._items("/collections/cells/items?limit=1000");
    }

    /** Cells as they were on a day. */
    cellsAsOf(day) {
      return this._items(`/collections/cells/items?datetime=${day}&limit=1000`);
    }

    /** Households of each cell: code -> how many are known. */
    async households() {
      const { areas, as_of } = await this._json("/coverage?level=cell");
      return { known: new Map(areas.map(({ code, known }) => [code, known])), asOf: as_of };
    }

    changesets(status) {
      return this._json(`/changesets?status=${status}`).then(({ changesets }) => changesets);
    }

    changeset(id) {
      return this._json(of(id), { cache: "no-cache" });
    }

    begin(title, area) {
      return this._send("POST", "/changesets", { title, area });
    }

    abandon(id) {
      return this._send("DELETE", of(id));
    }

    /** Store operations; the change set as it is then. */
    add(id, operations) {
      return this._send("POST", `${of(id)}/ops`, operations);
    }

    /** Drop an operation and all later ones; the change set as it is then. */
    drop(id, seq) {
      return this._send("DELETE", `${of(id)}/ops/${seq}`);
    }

    /** What a change set does; with `operations`, what it would do with them at its end. Nothing is stored. */
    preview(id, operations = [], signal = undefined) {
      return this._send("POST", `${of(id)}/preview`, operations.length ? { ops: operations } : {}, signal);
    }

    /** What operations would do that no change set has yet. */
    outlook(area, operations, signal = undefined) {
      return this._send("POST", "/changesets/preview", { area, ops: operations }, signal);
    }

    /** Have a village cut or balanced: the change set with one more step, and `proposal`; takes seconds to a minute. */
    propose(id, ask) {
      return this._send("POST", `${of(id)}/proposals`, ask);
    }

    publish(id, validFrom) {
      return this._send("POST", `${of(id)}/publish`, validFrom ? { valid_from: validFrom } : {});
    }

    undo(id) {
      return this._send("POST", `${of(id)}/undo`, {});
    }

    lineage(code) {
      return this._json(`/cells/${encodeURIComponent(code)}/lineage`);
    }

    versions(code) {
      return this._json(`/cells/${encodeURIComponent(code)}/history`).then(({ versions }) => versions);
    }
  };

  /** The issues that an error of the service carries: features; none where it carries none. */
  everycell.issuesOf = (error) => listed(error?.problem?.issues);

  /** The conflicts that an error carries: [{cell, base, mine, theirs, theirs_changed}]; null where it is no conflict. */
  everycell.conflictsOf = (error) => (error?.status === 409 ? (error.problem?.conflicts ?? null) : null);
}
