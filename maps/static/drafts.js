"use strict";
// Change sets: the drafts one may go on with, and those that were published, each with its way back.
{
  const { h, t, number } = everycell;

  const MANY = 30; // so many published ones are shown at first

  const dayOf = (instant) => (instant ? everycell.clock(instant).slice(0, 16) : "–");

  const line = (set) => {
    const steps = set.num_ops ?? set.ops?.length ?? 0;
    const facts = [set.created_by, t("{number} steps", { number: number(steps) })];
    if (set.status === "draft") facts.push(dayOf(set.created_at));
    else if (set.status === "scheduled") facts.push(t("from {day} on", { day: set.valid_from }));
    else facts.push(dayOf(set.published_at));
    return facts.join(" · ");
  };

  // Cells that came with a file have no title that somebody gave them.
  const titleOf = ({ title, created_by: by }) => (by === "import" && title === "import" ? t("Imported") : title);

  const row = (set, buttons, mark = null) =>
    h(
      "li",
      { "data-id": set.id },
      h("div", {}, h("b", {}, titleOf(set), mark ? h("i", { class: "mark" }, mark) : null), h("small", {}, line(set))),
      h("div", { class: "does" }, buttons),
    );

  const section = (title, rows, none) => [
    h("h3", {}, title),
    rows.length ? h("ul", { class: "changesets" }, rows) : h("p", { class: "nothing" }, none),
  ];

  /**
   * The list in `target`; each of `does` is what a button calls: open, abandon, begin, undo. `does.past()` makes the part
   * where another day is asked for.
   */
  everycell.Drafts = class {
    constructor(target, source, does) {
      Object.assign(this, { target, source, does, lists: null, many: MANY });
    }

    /** Ask the service anew, then show. Resolves to what was published, the newest first. */
    async load(current) {
      const [drafts, published, scheduled] = await Promise.all(
        ["draft", "published", "scheduled"].map((status) => this.source.changesets(status)),
      );
      this.lists = { drafts, published, scheduled };
      this.show(current);
      return published;
    }

    /** The draft in hand has so many steps now: nothing is asked for. */
    count(current, steps) {
      const draft = this.lists?.drafts.find(({ id }) => id === current);
      if (!draft || draft.num_ops === steps) return;
      draft.num_ops = steps;
      this.show(current);
    }

    /** Show what was loaded; `current` is the id of the draft in hand. */
    show(current) {
      if (!this.lists) return;
      const { drafts, published, scheduled } = this.lists;
      const mine = ({ created_by: by }) => by === everycell.config.who;
      const ofOthers = drafts.filter((one) => !mine(one));
      const draft = (set) => this._draft(set, current);
      const waiting = (set) => this._scheduled(set);
      const past = (set) => this._published(set);
      this.target.replaceChildren(
        h("button", { type: "button", class: "begin", onclick: () => this.does.begin() }, t("New draft…")),
        this.does.past(),
        ...section(t("My drafts"), drafts.filter(mine).map(draft), t("No draft. The first step begins one.")),
        ...(ofOthers.length ? section(t("Drafts of others"), ofOthers.map(draft), "") : []),
        ...(scheduled.length ? section(t("Scheduled"), scheduled.map(waiting), "") : []),
        ...section(t("Published"), published.slice(0, this.many).map(past), t("Nothing has been published yet.")),
        ...(published.length > this.many ? [this._more(current)] : []),
      );
    }

    /** A way to go on with the draft that was worked on last, where none is in hand; null where there is none. */
    resume() {
      const mine = ({ created_by: by, num_ops: steps }) => by === everycell.config.who && steps > 0;
      const last = this.lists?.drafts.find(mine);
      if (!last) return null;
      const go = h("button", { type: "button", onclick: () => this.does.open(last.id) }, t("Go on"));
      return h("div", { class: "resume" }, h("p", {}, t("Unfinished: {title}", { title: last.title })), go);
    }

    _more(current) {
      const more = () => {
        this.many += MANY;
        this.show(current);
      };
      return h("button", { type: "button", class: "begin", onclick: more }, t("Show more"));
    }

    _scheduled(set) {
      return row(set, [h("button", { type: "button", onclick: () => this.does.abandon(set) }, t("Call off…"))]);
    }

    _draft(set, current) {
      const open = h("button", { type: "button", onclick: () => this.does.open(set.id) }, t("Go on"));
      const drop = h("button", { type: "button", onclick: () => this.does.abandon(set) }, t("Discard"));
      const here = set.id === current;
      return row(set, here ? [drop] : [open, drop], here ? t("in hand") : null);
    }

    _published(set) {
      const undo = h("button", { type: "button", onclick: () => this.does.undo(set) }, t("Undo…"));
      const something = set.num_ops > 0 || set.undoes; // the grid as it was imported is no change set to undo
      return row(set, something ? [undo] : [], set.undoes ? t("an undo") : null);
    }
  };
}
