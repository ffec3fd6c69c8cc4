"use strict";
// From a draft to the grid and back: publish after the impact was seen, undo what was published, settle conflicts.
{
  const { h, t, number } = everycell;

  /** `editor` is the page. */
  everycell.Publishing = class {
    constructor(editor) {
      this.editor = editor;
    }

    /** Show the impact and publish the draft, where it is wanted. */
    async publish() {
      const { editor } = this;
      const { draft } = editor;
      if (!draft.steps.length || !(await editor.work.try(draft.look()))) return;
      const { title } = draft.set;
      const wanted = await everycell.askToPublish({
        draft,
        today: editor.today,
        cellBefore: (code) => editor.grid.live.get(code),
        names: {
          cellName: (code) => editor.names.short(code),
          villageName: (code) => editor.names.village(code),
          codeName: (code) => editor.names.code(code),
        },
      });
      if (!wanted) return;
      try {
        await draft.publish(wanted.day);
      } catch (error) {
        this._refused(error);
        return;
      }
      const done = wanted.day
        ? t("{title} takes effect on {day}", { title, day: wanted.day })
        : t("{title} is published", { title });
      await editor.refresh();
      editor.tabs.show("sets");
      everycell.notice(done);
    }

    /** Ask, then take back what was published: a new change set that restores the state before. */
    async undo(set) {
      const { editor } = this;
      const sure = await everycell.ask({
        title: t("Undo {title}?", { title: set.title }),
        told: t(
          "A new change set restores the cells as they were before it. Figures of closed rounds stay as they are.",
        ),
        ok: t("Undo it"),
        danger: true,
      });
      if (!sure) return;
      try {
        await editor.work.busy(editor.source.undo(set.id));
      } catch (error) {
        this._refused(error, { choices: false });
        return;
      }
      await editor.refresh();
      everycell.notice(t("{title} is undone", { title: set.title }));
    }

    /** Ask, then discard a draft, or what waits for its day. */
    async abandon(set) {
      const { editor } = this;
      const waits = set.status === "scheduled";
      const sure = await everycell.ask({
        title: waits ? t("Call off {title}?", { title: set.title }) : t("Discard {title}?", { title: set.title }),
        told: t("Its steps are lost. The grid is not touched."),
        ok: waits ? t("Call it off") : t("Discard"),
        danger: true,
      });
      if (!sure) return;
      try {
        if (set.id === editor.draft.id) await editor.draft.abandon();
        else await editor.work.busy(editor.source.abandon(set.id));
        await editor.loadSets();
      } catch (error) {
        editor.work.say(error);
      }
    }

    /** Leave a conflict as it is. */
    settle() {
      const { editor } = this;
      editor.conflicts.show([]);
      editor.view.explain();
      editor.repaint();
    }

    /** Keep what others made of these cells: my steps that change them are taken back, the others stay where they can. */
    async keepTheirs(cells) {
      const { editor } = this;
      this.settle();
      await editor.refresh();
      const work = editor.draft.without(cells);
      if (!(await editor.work.try(work))) return;
      const { kept, left } = await work;
      const numbers = { kept: number(kept), left: number(left) };
      everycell.notice(t("Theirs is kept. Of your steps {kept} stay; {left} are taken back, see Steps.", numbers));
      editor.tabs.show("steps");
    }

    /** Do my steps again on the grid as it is now, as far as they go. */
    async redoMine() {
      const { editor } = this;
      this.settle();
      await editor.refresh();
      if (!(await editor.work.try(editor.draft.again()))) return;
      everycell.notice(t("Your steps stand on the grid as it is now. Look at them, then publish."));
    }

    _refused(error, how = {}) {
      const { editor } = this;
      const conflicts = everycell.conflictsOf(error);
      if (!conflicts) {
        editor.work.refuse(error);
        return;
      }
      editor.conflicts.show(conflicts, (code) => editor.names.cell(code), how);
      editor.view.fit(conflicts.map(({ cell }) => cell));
      editor.view.explain();
      editor.repaint();
      everycell.byId("conflicts").focus();
    }
  };

  /** The name of a draft that nobody has named. */
  everycell.titleOf = (today) => t("Grid changes {day}", { day: everycell.isoDay(today) });

  /** Ask for a new draft's title and area; null where none is wanted. */
  everycell.askForDraft = (today, areas) =>
    everycell.ask({
      title: t("New draft"),
      told: h("p", {}, t("A draft collects steps until it is published. You may have several.")),
      fields: [
        { name: "title", label: t("Title"), value: everycell.titleOf(today), most: 80, required: true },
        { name: "area", label: t("Area"), options: areas },
      ],
      ok: t("Begin"),
    });
}
