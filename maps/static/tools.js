"use strict";
// The tools over the map: one is in use; it gets the clicks, the keys and the say in what the hint tells.
{
  const { h, t } = everycell;

  /** What a tool is made from; each overrides what it needs. `editor` is the page. */
  everycell.Tool = class {
    constructor(editor) {
      this.editor = editor;
    }

    /** Whether nodes are shown while it is in use. */
    get nodes() {
      return false;
    }

    /** Whether what is not finished is no issue yet. */
    get quiet() {
      return false;
    }

    /** Whether points are set with it, so that the cross and the arrow keys are of use. */
    get points() {
      return false;
    }

    start() {}

    stop() {}

    /** What to do now, in words. */
    hint() {
      return "";
    }

    /** What Enter does, in a word. */
    get doneText() {
      return t("Done");
    }

    /** Whether there is something that Enter would store. */
    get ready() {
      return false;
    }

    click() {}

    move() {}

    enter() {}

    /** Step back; false where there is nothing to step back from, and then the tool is left. */
    back() {
      return false;
    }

    remove() {}

    key() {
      return false;
    }

    /** More to choose from, for the panel; null for nothing. */
    controls() {
      return null;
    }

    /** Whether these are all that the panel shows above the lists. */
    get alone() {
      return false;
    }

    /** The codes of cells that it labels itself. */
    get codes() {
      return [];
    }

    draw() {}

    /** Paint labels over all else; their boxes are added to `taken`. */
    drawLabels() {}
  };

  /** Choosing cells. */
  everycell.SelectTool = class extends everycell.Tool {
    hint() {
      const { past } = this.editor;
      if (past.day) return past.hint();
      return t("Click a cell; with Shift several. Then split (S), merge (M) or reshape (R).");
    }

    click(latLng, event) {
      const { past } = this.editor;
      if (past.day) {
        past.tell(latLng);
        return;
      }
      const code = this.editor.grid.at(latLng);
      if (event.shiftKey || event.ctrlKey || event.metaKey) code && this.editor.toggle(code);
      else this.editor.choose(code ? [code] : []);
    }

    /** Back to the grid of today. */
    back() {
      const { past } = this.editor;
      if (!past.day) return false;
      past.leave();
      return true;
    }

    remove() {
      this.editor.form.retire();
    }
  };

  /** The bar of tools. `made` is name -> tool. */
  everycell.Tools = class {
    constructor(bar, hint, made) {
      Object.assign(this, { bar, hintBox: hint, made, active: null, name: "" });
      bar.addEventListener("click", ({ target }) => {
        const name = target.closest("[data-tool]")?.dataset.tool;
        if (name) this.use(name);
      });
      bar.addEventListener("keydown", (event) => this._along(event));
    }

    /** Called when the page is ready. */
    show() {
      this.bar.hidden = this.hintBox.hidden = false;
    }

    use(name) {
      this.active?.stop();
      const tool = this.made[name];
      Object.assign(this, { active: tool, name });
      const { editor } = tool;
      editor.work.outlook.clear();
      editor.work.forget();
      if (name !== "select") editor.leaveBefore();
      editor.nodes.shown = tool.nodes;
      editor.map.getContainer().classList.toggle("drawing", tool.points);
      editor.map.doubleClickZoom[name === "select" ? "enable" : "disable"]();
      for (const button of this.bar.querySelectorAll("[data-tool]"))
        button.setAttribute("aria-pressed", String(button.dataset.tool === name));
      tool.start();
      this.tell();
      editor.repaint();
      editor.showHand();
    }

    /** Say anew what to do; `more` is said in its place, for as long as nothing else is told. */
    tell(more = null) {
      const tool = this.active;
      if (!tool) return;
      const key = [this.name, more ?? tool.hint(), tool.ready, tool.editor.snapping.words()].join();
      if (key === this.told) return; // what has the focus keeps it
      this.told = key;
      const snaps = tool.points || tool.nodes ? h("span", { class: "snaps" }, tool.editor.snapping.words()) : null;
      const done = h(
        "button",
        { type: "button", class: "do", onclick: () => tool.enter() },
        tool.doneText,
        h("kbd", {}, "Enter"),
      );
      const leave = h("button", { type: "button", onclick: () => this.escape() }, t("Back"), h("kbd", {}, "Esc"));
      this.hintBox.replaceChildren(
        ...[
          h("span", { class: "what" }, more ?? tool.hint()),
          snaps,
          tool.ready ? done : null,
          this.name === "select" && !tool.editor.past.day ? null : leave,
        ].filter(Boolean),
      );
    }

    escape() {
      if (this.active.back()) this.tell();
      else if (this.name !== "select") this.use("select");
      else this.active.editor.choose([]);
    }

    // Arrow keys go along the bar, as toolbars do.
    _along(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const buttons = [...this.bar.querySelectorAll("button:not(:disabled)")];
      const here = buttons.indexOf(document.activeElement);
      if (!step || here < 0) return;
      event.preventDefault();
      event.stopPropagation();
      buttons[(here + step + buttons.length) % buttons.length].focus();
    }
  };
}
