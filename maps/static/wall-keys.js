"use strict";
// Keys of the wall, full screen, the screen that stays on, and the help that tells of them.
{
  const { h, t, byId } = everycell;
  const N = (message) => message; // Marks a message for the catalogue.

  // Keys, what they do, and the right without which they do nothing.
  const HELP = [
    [["Space"], N("Stop the rotation, go on")],
    [["←", "→"], N("Scene before, next scene")],
    [["1", "–", "9"], N("A scene by its number")],
    [["Esc"], N("One level up")],
    [["Home"], N("Back to the whole area")],
    [["+", "−"], N("Zoom in, zoom out")],
    [["A"], N("Acknowledge the first alarm"), "visits"],
    [["P"], N("Panel")],
    [["F"], N("Full screen")],
    [["?"], N("This help")],
  ];

  const fullScreen = () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {}); // switched off by whoever set up the browser
  };

  /** Keep the screen on as long as the page is seen. Only over https or on the machine itself do browsers allow it. */
  const stayAwake = () => {
    if (!navigator.wakeLock) return;
    const ask = () => document.hidden || navigator.wakeLock.request("screen").catch(() => {}); // the battery is low
    document.addEventListener("visibilitychange", ask);
    ask();
  };

  const row = ([keys, words]) => [
    h(
      "dt",
      {},
      keys.map((key) => (key === "–" ? " – " : h("kbd", {}, key))),
    ),
    h("dd", {}, t(words)),
  ];

  const useful = ([, , right]) => !right || everycell.may(right);

  /** `actions`: toggle, step(places), nth(index), up, home, zoom(steps). */
  everycell.WallKeys = class {
    constructor(actions) {
      this.actions = actions;
      this.help = byId("help");
      this._fill();
      addEventListener("keydown", (event) => this._key(event), { capture: true }); // before a menu closes by the same key
      byId("ask").addEventListener("click", () => this._help());
      stayAwake();
    }

    _fill() {
      const awake = navigator.wakeLock
        ? t("The screen is kept on while this page is seen.")
        : t("Over plain http a browser cannot keep the screen on: switch the screen saver off.");
      const close = h("button", { type: "button", onclick: () => this.help.close() }, t("Close"));
      const title = h("h2", { id: "help-title" }, t("Keys"));
      this.help.replaceChildren(
        title,
        h("dl", {}, HELP.filter(useful).flatMap(row)),
        h("p", { class: "muted" }, awake),
        close,
      );
    }

    _help() {
      if (this.help.open) this.help.close();
      else this.help.showModal();
    }

    _key(event) {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      if (this.help.open ? event.key !== "?" : everycell.keysTaken(event)) return;
      // Space and Enter press the button that has the focus.
      if (event.key === " " && event.target.closest?.("button, a, summary, input, select")) return;
      const act = this._action(event.key);
      if (!act) return;
      event.preventDefault();
      act();
    }

    _action(key) {
      const { actions } = this;
      if (/^[1-9]$/.test(key)) return () => actions.nth(Number(key) - 1);
      return {
        " ": actions.toggle,
        ArrowRight: () => actions.step(1),
        ArrowLeft: () => actions.step(-1),
        Escape: actions.up,
        Home: actions.home,
        "+": () => actions.zoom(1),
        "=": () => actions.zoom(1),
        "-": () => actions.zoom(-1),
        p: () => byId("fold").click(),
        f: fullScreen,
        "?": () => this._help(),
      }[key.length === 1 ? key.toLowerCase() : key];
    }
  };
}
