"use strict";
// The page of patrols by keys: P plans, Ctrl+Z takes a change back, Esc goes back.
{
  const typing = ({ target }) => target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea");

  /** Listens for the keys of the page. */
  everycell.patrolKeys = (desk) => {
    document.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
      if (event.isComposing || event.defaultPrevented || altKey) return;
      if (typing(event) || document.querySelector("dialog[open], .account[open]") || everycell.menuOpen()) return;
      const command = ctrlKey || metaKey;
      if (command && !shiftKey && key.toLowerCase() === "z") desk.undo();
      else if (command) return;
      else if (key === "Escape") desk.back();
      else if (key.toLowerCase() === "p") desk.go();
      else return;
      event.preventDefault();
    });
  };
}
