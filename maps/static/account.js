"use strict";
// Who looks: what this account may see and do, and where; signing out; and a session that is over.
{
  const { h } = everycell;

  const areasOf = (right) => everycell.config.rights[right] ?? [];

  /** Whether the account has a right for all of an area (a code; "" is everywhere). Without one: whether anywhere. */
  everycell.may = (right, code = null) => areasOf(right).some((area) => code === null || code.startsWith(area));

  /** Whether the account has a right for an area or for a part of it. */
  everycell.mayWithin = (right, code) =>
    everycell.may(right, code) || areasOf(right).some((area) => area.startsWith(code));

  /** The page to sign in, which leads back to this view. */
  const signInAddress = () => {
    const { config } = everycell;
    const back = encodeURIComponent(location.pathname + location.search + location.hash);
    return `${config.api}/login?next=${back}${document.documentElement.lang === "en" ? "&lang=en" : ""}`;
  };

  let told = null;

  /** Say that the session is over, once, with the way to sign in again. */
  everycell.sayOver = () => {
    if (told?.isConnected) return;
    const { t } = everycell;
    const again = h("button", { type: "button", onclick: () => location.assign(signInAddress()) }, t("Sign in again"));
    told = everycell.notice(t("The session is over."), "bad", again, { lasting: true });
  };

  const closeElsewhere = (menu) => {
    document.addEventListener("pointerdown", ({ target }) => menu.contains(target) || (menu.open = false));
    menu.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  };

  // Whoever signs out leaves nothing behind in the browser: what is not sent yet is named before it is dropped.
  const askFirst = (form) => {
    const { t, number, unsent, unsentCases } = everycell;
    form.addEventListener("submit", (event) => {
      const [visits, cases] = [unsent.all().length, unsentCases.all().length];
      if (!visits && !cases) return;
      event.preventDefault();
      const leave = () => {
        unsent.clear();
        unsentCases.clear();
        form.submit();
      };
      const anyway = h("button", { type: "button", onclick: leave }, t("Sign out all the same"));
      const lost = [
        visits && t("Visits not recorded yet, which would be lost: {number}", { number: number(visits) }),
        cases && t("Cases not registered yet, which would be lost: {number}", { number: number(cases) }),
      ];
      everycell.notice(lost.filter(Boolean).join(" "), "bad", anyway);
    });
  };

  /** The menu in the bar, where somebody is signed in. */
  everycell.accountMenu = () => {
    const menu = everycell.byId("account");
    if (!menu) return;
    closeElsewhere(menu);
    const form = menu.querySelector("form");
    if (form) askFirst(form);
  };
}
