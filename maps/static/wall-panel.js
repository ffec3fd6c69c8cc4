"use strict";
// Beside the map of the wall: the figures of the area that is looked at, and the areas inside it.
{
  const { h, t, number, percent, byId } = everycell;

  const figure = (name, value, className) =>
    h("div", { class: `figure ${className}` }, h("dt", {}, name), h("dd", {}, value));

  const part = (className, count) =>
    count > 0 ? h("i", { class: className, style: { flexGrow: String(count) } }) : null;

  const bar = ({ known, reached, tried }) => {
    const values = { reached: number(reached), known: number(known), tried: number(tried) };
    return h(
      "div",
      { class: "bar-of", role: "img", "aria-label": t("{reached} of {known} reached, {tried} tried", values) },
      part("reached", reached),
      part("tried", tried),
      part("left", known - reached - tried),
    );
  };

  const headline = (figures, cutoff) => {
    if (!figures) return [h("p", { class: "muted" }, t("No data"))];
    if (!figures.known) return [h("p", { class: "muted" }, everycell.inWords(figures))];
    const { known, reached, never, overdue } = figures;
    return [
      h(
        "div",
        { class: "headline" },
        h("strong", {}, percent(reached, known)),
        h("span", {}, t("reached {cutoff}", { cutoff }), h("br"), `${number(reached)} / ${number(known)}`),
      ),
      bar(figures),
      h(
        "dl",
        { class: "figures" },
        figure(t("households left"), number(known - reached), "key-left"),
        figure(t("Never visited"), number(never), "key-never"),
        figure(t("Overdue"), number(overdue), "key-overdue"),
      ),
    ];
  };

  const row = ({ code, name, figures }, onpick) => {
    const look = everycell.legend.look(figures);
    const chip = h("i", {
      class: `swatch cell ${look.kind}`,
      style: look.colour ? { backgroundColor: look.colour } : {},
    });
    const values = figures?.known
      ? [percent(figures.reached, figures.known), number(figures.known - figures.reached)]
      : [everycell.inWords(figures), ""];
    return h(
      "li",
      {},
      h(
        "button",
        { type: "button", "data-code": code, onclick: () => onpick(code) },
        chip,
        h("span", { class: "name" }, name),
        values.map((text) => h("b", {}, text)),
      ),
    );
  };

  /** Fill the panel: {area, figures (everycell.Figures), cutoff (words), onpick(code)}. */
  everycell.showWallPanel = ({ area, figures, cutoff, onpick }) => {
    everycell.showCrumbs(byId("crumbs"), figures.chain(area), onpick);
    byId("headline").replaceChildren(...headline(figures.of(area), cutoff));
    byId("areas").replaceChildren(
      h(
        "ul",
        {},
        figures.inside(area).map((one) => row(one, onpick)),
      ),
    );
    const doors = byId("doors"); // there for whoever may see them
    if (!doors) return;
    doors.hidden = area.length !== everycell.CELL_DIGITS || !everycell.may("doors", area);
    doors.href = everycell.doorsAddress(area);
  };

  /** Where the doors of a cell are shown. */
  everycell.doorsAddress = (code) => {
    const english = document.documentElement.lang === "en" ? "?lang=en" : "";
    return `${everycell.config.api}/maps/coverage${english}#area=${code}`;
  };
}
