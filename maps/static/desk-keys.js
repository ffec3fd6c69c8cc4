"use strict";
// The case desk by keys: N registers a case, Esc goes back to the list; arrows and Enter are the list's own.
{
  const typing = ({ target }) => target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea");

  /** Listens for the keys of the page. */
  everycell.deskKeys = (desk) => {
    document.addEventListener("keydown", (event) => {
      const { key, ctrlKey, metaKey, altKey } = event;
      if (ctrlKey || metaKey || altKey || event.isComposing || event.defaultPrevented) return;
      if (typing(event) || document.querySelector("dialog[open], .account[open]")) return;
      if (key === "Escape") desk.back();
      else if (key.toLowerCase() === "n") desk.beginIntake();
      else return;
      event.preventDefault();
    });
  };
}
