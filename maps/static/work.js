"use strict";
// Steps on their way into the draft: looked at before, stored, refused with what is wrong, taken back and done again.
{
  const { h, t, number, byId } = everycell;

  const isOf = (error, kind) => error.problem?.type?.endsWith(`:${kind}`);

  /** `editor` is the page. */
  everycell.Work = class {
    constructor(editor) {
      Object.assign(this, { editor, refused: [], asked: 0 });
      this.draft = new everycell.Draft(editor.source, {
        onchange: () => this._drafted(),
        onbusy: (yes) => this._busy(yes),
      });
      this.outlook = new everycell.Outlook(
        (operations) => this.draft.outlook(operations, this._area(operations)),
        (result) => this._looked(result),
      );
    }

    // --- before: what a step would do ---------------------------------------------------------------------------

    /** Look at what operations would do, without storing them; none: nothing is in hand. */
    look(operations) {
      this.outlook.look(operations);
    }

    _looked(result) {
      const { editor } = this;
      editor.hand.take(result);
      if (result?.error && !editor.hand.issues.length) editor.tools.tell(everycell.reason(result.error));
      if (editor.tools.active) editor.showHand();
      this.showIssues();
    }

    // A draft is of the area of one's own that holds all that is worked on: what the operations name, or is chosen.
    _area(operations) {
      const { names, selection, grid } = this.editor;
      const namedBy = (op) =>
        op.op === "move_node" ? grid.sharing(op.from) : [...everycell.cellsOf(op), op.village].filter(Boolean);
      const named = operations.flatMap(namedBy);
      const codes = named.length ? named : [...selection];
      const areas = names.areas();
      const [area] = areas.find(([code]) => codes.every((cell) => cell.startsWith(code))) ?? areas[0];
      return area;
    }

    // --- storing ------------------------------------------------------------------------------------------------

    /** How a draft for operations is begun where none is in hand: {title, area}. */
    begun(operations) {
      return { title: everycell.titleOf(this.editor.today), area: this._area(operations) };
    }

    /** Store an action in the draft (one is begun where none is in hand); false where it was refused. */
    async apply(operations) {
      const { draft, editor } = this;
      const { grid } = editor;
      this.refused = [];
      const moved = operations.filter(({ op }) => op === "move_node").map(({ from }) => grid.sharing(from).length);
      try {
        await draft.add(operations, this.begun(operations));
      } catch (error) {
        if (draft.id && isOf(error, "conflict")) await draft.open(draft.id).catch((ended) => this.say(ended));
        this.refuse(error);
        return false;
      }
      this.outlook.clear();
      if (moved.length) everycell.notice(t("Moved in {number} cells", { number: number(Math.max(...moved)) }));
      return true;
    }

    /** What the service refuses is explained; nothing was stored. */
    refuse(error) {
      const { editor } = this;
      this.outlook.clear();
      this.refused = everycell.issuesOf(error);
      if (!this.refused.length) {
        this.say(error);
        return;
      }
      this.showIssues();
      editor.tabs.show("issues");
      editor.tools.tell(everycell.issueText(this.refused[0], (code) => editor.names.code(code)));
    }

    /** What was refused is no matter any more. */
    forget() {
      if (!this.refused.length) return;
      this.refused = [];
      this.showIssues();
    }

    say(error) {
      if (!this.editor.over) everycell.notice(everycell.reason(error), "bad");
    }

    /** Wait for something and say what went wrong with it; whether it went well. */
    async try(work) {
      try {
        await work;
        return true;
      } catch (error) {
        this.refuse(error);
        return false;
      }
    }

    /** Do what an issue proposes. */
    async fix(operations) {
      if (await this.apply(operations)) this.editor.tools.use("select");
    }

    async undo() {
      if (await this.try(this.draft.undo())) this.editor.tools.use("select");
    }

    async redo() {
      if (await this.try(this.draft.redo())) this.editor.tools.use("select");
    }

    // --- what is shown of it ------------------------------------------------------------------------------------

    _drafted() {
      const { editor, draft } = this;
      this.refused = [];
      everycell.address.write({ draft: draft.id });
      this._showDraft();
      editor.drafted();
      this.showIssues();
    }

    _showDraft() {
      const { draft, editor } = this;
      const steps = draft.steps.length;
      byId("draft-title").textContent = draft.set ? draft.set.title : t("No draft");
      byId("draft-steps").textContent = t("{number} steps", { number: number(steps) });
      byId("publish").disabled = byId("undo").disabled = !steps;
      byId("redo").disabled = !draft.undone.length;
      byId("tab-steps").querySelector("b").textContent = steps ? number(steps) : "";
      everycell.showSteps(byId("steps"), draft, {
        ongo: (codes, place) => (place ? editor.view.goTo(place) : editor.view.fit(codes)),
        onback: (seq) => this.try(draft.backTo(seq)),
        onredo: () => this.redo(),
      });
    }

    /** Show what was refused, what is wrong with the step in hand, and what is odd about the draft. */
    showIssues() {
      const { editor, outlook } = this;
      const drawn = editor.tools.active?.quiet ? [] : editor.hand.issues;
      const standing = outlook.shown?.impact ? [] : (this.draft.impact?.issues?.features ?? []);
      editor.issues.show([...this.refused, ...drawn, ...standing]);
      const count = byId("tab-issues").querySelector("b");
      count.textContent = editor.issues.list.length ? number(editor.issues.list.length) : "";
      count.classList.toggle("late", editor.issues.errors > 0);
      editor.repaint();
    }

    /** Show that the service is asked while `work` is on its way. */
    async busy(work) {
      this._busy(true);
      try {
        return await work;
      } finally {
        this._busy(false);
      }
    }

    _busy(yes) {
      this.asked += yes ? 1 : -1;
      document.documentElement.classList.toggle("busy", this.asked > 0);
      byId("panel").setAttribute("aria-busy", String(this.asked > 0));
    }
  };
}
