"use strict";
// A small menu beside a button: by pointer, or by arrows, Enter and Esc.
{
  const { h } = everycell;
  let open = null;

  const close = (back) => {
    if (!open) return;
    const { menu, button } = open;
    open = null;
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus({ preventScroll: true });
    queueMicrotask(() => document.dispatchEvent(new Event("menuclose"))); // after what was chosen has been begun
  };

  const along = (event, menu) => {
    const items = [...menu.querySelectorAll("[role=menuitem]")];
    const here = items.indexOf(document.activeElement);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close(true);
    else if (to !== undefined) items[(to + items.length) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  // Below its button, or above where there is no room; never out of the window.
  const place = (menu, button) => {
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = at.bottom + 4 + height <= innerHeight;
    menu.style.top = `${Math.max(4, below ? at.bottom + 4 : at.top - height - 4)}px`;
    menu.style.left = `${Math.max(4, Math.min(at.right - width, innerWidth - width - 4))}px`;
  };

  /** Open a menu at a button. `items` are {text, go, href, danger}; null ones are left out. */
  everycell.openMenu = (button, items) => {
    const again = open?.button === button;
    close(false);
    if (again) return;
    const entry = ({ text, go, href, download, danger }) =>
      href
        ? h(
            "a",
            {
              role: "menuitem",
              tabindex: "-1",
              href,
              download: download ?? null,
              target: download ? null : "_blank",
              rel: "noopener",
              onclick: () => close(true),
            },
            text,
          )
        : h(
            "button",
            {
              type: "button",
              role: "menuitem",
              tabindex: "-1",
              class: danger ? "late" : null,
              onclick: () => {
                close(true);
                go();
              },
            },
            text,
          );
    const menu = h("div", { class: "menu", role: "menu" }, items.filter(Boolean).map(entry));
    menu.addEventListener("keydown", (event) => along(event, menu));
    document.body.append(menu);
    button.setAttribute("aria-expanded", "true");
    open = { menu, button, top: button.getBoundingClientRect().top };
    place(menu, button);
    menu.querySelector("[role=menuitem]").focus();
  };

  document.addEventListener(
    "pointerdown",
    ({ target }) => open && !open.menu.contains(target) && !open.button.contains(target) && close(false),
  );
  addEventListener("resize", () => close(false));
  // A list that is put where it was, when it is drawn anew, tells that it was scrolled, too.
  document.addEventListener(
    "scroll",
    () => open && Math.abs(open.button.getBoundingClientRect().top - open.top) > 1 && close(false),
    true,
  );

  /** Whether a menu is open; `menuclose` at the document tells when it no longer is. */
  everycell.menuOpen = () => open !== null;
}
