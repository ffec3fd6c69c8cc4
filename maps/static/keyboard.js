"use strict";
// The editor by keys: tools by their letters, back and forth, and the cross in the middle of the map to draw with.
{
  const { h, t } = everycell;
  const PAN = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  const PAN_PX = 40;
  const FINE_PX = 4;

  const MARKED = "input[type=radio], input[type=checkbox]";
  const typing = ({ target }) => target.matches?.(`input:not(${MARKED}), select, textarea`);
  // Arrows and the space bar are the control's own where it has a choice.
  const choosing = ({ target, key }) => target.matches?.(MARKED) && (key in PAN || key === " ");
  // Out of the fields of a tool, not out of the search.
  const leaving = ({ target, key }) => key === "Escape" && target.closest?.("#hand");
  const onButton = ({ target }) => target.matches?.("button, summary, a, [role=tab]");

  /** Listens for a page's keys. `does` has a function for each name below. */
  everycell.Keyboard = class {
    constructor(editor, does) {
      Object.assign(this, { editor, does });
      document.addEventListener("keydown", (event) => this._key(event), true);
      const container = editor.map.getContainer();
      container.addEventListener("keydown", () => container.classList.add("by-keys"));
      container.addEventListener("pointermove", () => container.classList.remove("by-keys"));
    }

    _key(event) {
      if (document.querySelector("dialog[open]") || event.isComposing) return;
      if ((typing(event) && !leaving(event)) || choosing(event)) return;
      if (this._handle(event)) {
        event.preventDefault();
        event.stopPropagation();
      }
    }

    _handle(event) {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      const command = ctrlKey || metaKey;
      if (command && !altKey && key.toLowerCase() === "z") return this._do(shiftKey ? "redo" : "undo");
      if (command && !altKey && key.toLowerCase() === "y") return this._do("redo");
      if (command || altKey) return false;
      const { tools } = this.editor;
      if (tools.active.key(event)) return true;
      if (this._onMap(event)) return true;
      return this._plain(event, tools);
    }

    _plain(event, tools) {
      const { key } = event;
      const tool = { s: "split", m: "merge", r: "reshape", n: "node", c: "create", g: "village", v: "select" }[
        key.toLowerCase()
      ];
      if (tool) return this._use(tool);
      if (key === "?") return this._do("help");
      if (key.toLowerCase() === "b") return this._do("view");
      if (key === "Escape") return this._call(() => tools.escape());
      if (key === "Delete") return this._call(() => tools.active.remove());
      if (key === "Backspace") return this._call(() => tools.active.back());
      if (key === "Enter" && !onButton(event)) return this._call(() => tools.active.enter());
      return false;
    }

    // With the map in focus: arrows move it under the cross, the space bar sets a point there.
    _onMap(event) {
      const { map, tools } = this.editor;
      if (event.target !== map.getContainer() || !tools.active.points) return false;
      const pan = PAN[event.key];
      if (event.key === " ") tools.active.drawing?.put();
      else if (pan) {
        const pixels = event.shiftKey ? FINE_PX : PAN_PX;
        map.panBy([pan[0] * pixels, pan[1] * pixels], { animate: false });
        tools.active.drawing?.follow();
      } else return false;
      map.getContainer().classList.add("by-keys");
      return true;
    }

    _use(name) {
      this.editor.tools.use(name);
      return true;
    }

    _do(name) {
      return this._call(this.does[name]);
    }

    _call(work) {
      work();
      return true;
    }
  };

  const keys = (...names) => names.map((name) => h("kbd", {}, name));

  /** What the keys do, in a dialog. */
  everycell.showHelp = () => {
    const lines = [
      [keys("V"), t("Choose cells; Shift adds")],
      [keys("S"), t("Split the chosen cell by a line")],
      [keys("M"), t("Merge the chosen cells")],
      [keys("R"), t("Reshape the chosen cell by dragging its border")],
      [keys("N"), t("Move a node in every cell that shares it")],
      [keys("C"), t("Create a cell")],
      [keys("G"), t("Have a village cut anew or balanced")],
      [keys("Enter"), t("Store what is drawn")],
      [keys("Esc"), t("Back: last point, then tool, then choice")],
      [keys("Del"), t("Remove the last point or the node in focus; without a tool: retire the cell")],
      [keys("Ctrl", "Z"), t("Take back the last action")],
      [keys("Ctrl", "Y"), t("Do it again")],
      [keys("B"), t("After, before, both over each other")],
      [
        keys("↑", "↓", "←", "→"),
        t("Map in focus: move it under the cross, finely with Shift; a node in focus: move it"),
      ],
      [keys(t("Space")), t("Map in focus: set a point where the cross is")],
      [keys("[", "]"), t("From node to node")],
      [keys("Alt"), t("Held: no snapping")],
    ];
    const close = h("button", { class: "primary" }, t("Close"));
    const dialog = h(
      "dialog",
      { id: "help", "aria-label": t("Keys") },
      h(
        "form",
        { method: "dialog" },
        h("h2", {}, t("Keys")),
        h(
          "dl",
          {},
          lines.map(([names, text]) => h("div", {}, h("dt", {}, names), h("dd", {}, text))),
        ),
        h(
          "p",
          { class: "muted" },
          t("Nothing is lost: every step is stored in the draft, and the address of the page leads back to it."),
        ),
        close,
      ),
    );
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    close.focus();
  };
}
