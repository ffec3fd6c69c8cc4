"use strict";
// The draft in hand: one change set, its steps, what they do in sum, and the way back and forth among them.
{
  const { t } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.
  const ENDED = {
    published: N("{title} is published already."),
    scheduled: N("{title} is scheduled already."),
    abandoned: N("{title} was discarded."),
  };

  const remembered = (key) => {
    try {
      return JSON.parse(everycell.tab.get(key) ?? "[]");
    } catch {
      return [];
    }
  };

  /**
   * Steps are stored one after the other, however fast they come. `onchange()` is called when the draft is another,
   * `onbusy(yes)` while the service is asked. An action may be several steps: it is undone as a whole; the beginnings
   * of actions and what was undone are kept in this tab, so that a reload does not lose them.
   */
  everycell.Draft = class {
    constructor(source, { onchange, onbusy }) {
      Object.assign(this, { source, onchange, onbusy, set: null, impact: null, undone: [], waiting: 0 });
      this.queue = Promise.resolve();
    }

    get id() {
      return this.set?.id ?? null;
    }

    get steps() {
      return this.set?.ops ?? [];
    }

    /** Open a change set of the service. Raises where it is no draft any more; then none is in hand. */
    open(id) {
      return this._do(() => this._open(id));
    }

    async _open(id) {
      const set = await this.source.changeset(id);
      if (set.status !== "draft") {
        this.close();
        throw new Error(t(ENDED[set.status], { title: set.title }));
      }
      this.set = set;
      this.undone = remembered(`undone.${id}`);
      await this._look();
    }

    // Another window may have the same draft in hand: before steps are dropped, it is looked at as it is stored.
    async _sync() {
      const known = this.steps.length;
      const { status, ops } = await this.source.changeset(this.id);
      if (status === "draft" && ops.length === known) return;
      await this._open(this.id);
      throw new Error(t("The draft was changed in another window. Here it is as it is now."));
    }

    /** Let go of the draft; it stays stored. */
    close() {
      Object.assign(this, { set: null, impact: null, undone: [] });
      this.onchange();
    }

    /**
     * What operations would do at the end of the draft, or, where none is in hand, of one of this area; nothing is stored,
     * and no draft is begun by looking.
     */
    outlook(operations, area) {
      return this.set ? this.source.preview(this.id, operations) : this.source.outlook(area, operations);
    }

    /** Begin a new draft, whatever is in hand. */
    begin(title, area) {
      return this._do(async () => {
        this.set = await this.source.begin(title, area);
        this.undone = [];
        await this._look();
      });
    }

    /**
     * Store an action: its operations are stored together, or none of them. Where no draft is in hand, one is begun with
     * `{title, area}`; never one that is stored already, which may be in hand in another tab.
     */
    add(operations, { title, area }) {
      return this._do(async () => {
        await this._begun(title, area);
        await this._store(operations);
        this._remember([]);
        await this._look();
      });
    }

    /**
     * Have the service cut or balance a village: `ask` is the question, `{title, area}` as in `add`. The step `instead` (its
     * seq) is taken back before, and comes back where nothing else is stored. Resolves to what was proposed and the `seq` of
     * the step that does it (null: nothing is to be changed); to null where `givenUp()` when the answer comes: then
     * nothing is stored. Other steps wait for the answer.
     */
    propose(ask, { title, area }, { instead = null, givenUp = () => false } = {}) {
      return this._do(async () => {
        await this._begun(title, area);
        const last = this.steps.at(-1);
        const replaced = last && last.seq === instead ? last : null;
        if (replaced) this.set = await this.source.drop(this.id, replaced.seq);
        let found = null;
        try {
          found = await this._proposed(ask, givenUp);
        } finally {
          if (replaced && !found?.seq) await this._backAgain(replaced.op);
          if (found?.seq) this._remember([]);
          await this._look();
        }
        return found;
      });
    }

    async _proposed(ask, givenUp) {
      const known = this.steps.length;
      const { proposal, ...set } = await this.source.propose(this.id, ask);
      this.set = set;
      const added = this.steps[known] ?? null;
      if (!givenUp()) {
        if (added) this._begins(added.seq);
        return { ...proposal, seq: added?.seq ?? null };
      }
      if (added) this.set = await this.source.drop(this.id, added.seq);
      return null;
    }

    // Store a step again that was to be replaced; where that fails, it can be done again by hand.
    async _backAgain(operation) {
      try {
        await this._store([operation]);
      } catch {
        this._remember([...this.undone, [operation]]);
      }
    }

    /** Take back the last action; false where there is none. */
    undo() {
      return this._do(async () => {
        if (this.steps.length) await this._sync();
        const last = this.steps.at(-1);
        if (!last) return false;
        const begins = remembered(`actions.${this.id}`).filter((seq) => seq <= last.seq);
        const from = Math.max(begins.at(-1) ?? last.seq, this.steps[0].seq);
        await this._drop(from);
        return true;
      });
    }

    /** Take back every step from one on. */
    backTo(seq) {
      return this._do(async () => {
        await this._sync();
        await this._drop(seq);
      });
    }

    /** Do again what was taken back last; false where there is nothing. */
    redo() {
      return this._do(async () => {
        const operations = this.undone.at(-1);
        if (!operations) return false;
        await this._store(operations);
        this._remember(this.undone.slice(0, -1));
        await this._look();
        return true;
      });
    }

    /**
     * Do all steps anew, on the grid as it is now: without steps a draft stands on what is live. Those from the first
     * refused one on are kept as taken back, and what it was refused with is raised.
     */
    again() {
      return this._anew(async (actions, kept) => {
        for (const operations of actions) {
          await this._store(operations);
          operations.forEach((operation) => kept.add(operation));
        }
      });
    }

    /**
     * Do anew, on the grid as it is now, the steps that leave some cells as they are there; the others, and those that
     * cannot be done without them, are kept as taken back. Resolves to how many of either there are: {kept, left}.
     */
    without(cells) {
      return this._anew(async (actions, kept) => {
        for (const operation of actions.flat()) {
          if (!(await this._stored(operation))) continue;
          kept.add(operation);
          const { areas } = await this.source.preview(this.id);
          if (!areas.some(({ code }) => cells.includes(code))) continue;
          this.set = await this.source.drop(this.id, this.steps.at(-1).seq);
          kept.delete(operation);
        }
        return { kept: kept.size, left: actions.flat().length - kept.size };
      });
    }

    // Store one more step; false where the service refuses it.
    async _stored(operation) {
      try {
        await this._store([operation]);
        return true;
      } catch (error) {
        if (error.status >= 400 && error.status < 500 && error.status !== 401) return false;
        throw error;
      }
    }

    // Take all steps back and let `work(actions, kept)` store them anew; what it does not add to `kept` can be done again.
    _anew(work) {
      return this._do(async () => {
        const [actions, before, kept] = [this._actions(), this.undone, new Set()];
        this.set = await this.source.drop(this.id, this.steps[0].seq);
        try {
          return await work(actions, kept);
        } finally {
          const left = actions.flat().filter((operation) => !kept.has(operation));
          this._remember(left.length ? [...before, left] : before);
          await this._look();
        }
      });
    }

    // The operations of each action, in order; of what another tab has stored each is one of its own.
    _actions() {
      const begins = remembered(`actions.${this.id}`);
      const actions = [];
      for (const { seq, op } of this.steps) {
        const goesOn = begins.some((begin) => begin < seq) && !begins.includes(seq);
        if (goesOn && actions.length) actions.at(-1).push(op);
        else actions.push([op]);
      }
      return actions;
    }

    /** Ask anew what the draft does: the grid below it may be another, and so may its steps. Raises as `open` does. */
    look() {
      return this._do(() => this._open(this.id));
    }

    /** Publish, now or on a day. Raises what the service refuses with. */
    publish(validFrom) {
      return this._do(async () => {
        const published = await this.source.publish(this.id, validFrom);
        Object.assign(this, { set: null, impact: null, undone: [] });
        return published;
      });
    }

    abandon() {
      return this._do(async () => {
        await this.source.abandon(this.id);
        Object.assign(this, { set: null, impact: null, undone: [] });
        this.onchange();
      });
    }

    async _begun(title, area) {
      if (this.set) return;
      this.set = await this.source.begin(title, area);
      this.onchange();
    }

    async _store(operations) {
      const first = (this.steps.at(-1)?.seq ?? 0) + 1;
      this.set = await this.source.add(this.id, operations);
      this._begins(this.steps.find(({ seq }) => seq >= first)?.seq ?? first);
    }

    // Keep in mind that an action begins with a step; what came after it once is no more.
    _begins(first) {
      const begins = remembered(`actions.${this.id}`).filter((seq) => seq < first);
      everycell.tab.set(`actions.${this.id}`, JSON.stringify([...begins, first]));
    }

    async _drop(from) {
      const dropped = this.steps.filter(({ seq }) => seq >= from).map(({ op }) => op);
      this.set = await this.source.drop(this.id, from);
      this._remember([...this.undone, dropped]);
      await this._look();
    }

    _remember(undone) {
      this.undone = undone;
      everycell.tab.set(`undone.${this.id}`, JSON.stringify(undone));
    }

    // What a draft does is asked of the service after every step: what is drawn is what would be published.
    async _look() {
      this.impact = null;
      try {
        if (this.steps.length) this.impact = await this.source.preview(this.id);
      } finally {
        this.onchange();
      }
    }

    _do(work) {
      this.waiting += 1;
      if (this.waiting === 1) this.onbusy(true);
      const run = this.queue.then(work);
      this.queue = run
        .catch(() => {})
        .then(() => {
          this.waiting -= 1;
          if (!this.waiting) this.onbusy(false);
        });
      return run;
    }
  };
}
