"use strict";
// The legend of what is drawn: heat with its classes and unit, verdicts, rates or Gi*, and the outlines with their numbers.
{
  const { h, t } = everycell;

  const line = (mark, text) => h("li", {}, mark, h("span", {}, text));
  const colour = (value) => h("i", { class: "swatch", style: { backgroundColor: value ?? "transparent" } });

  const look = (how, sign = "") => {
    const [width, height] = [24, 16].map((size) => Math.round(size * everycell.scale));
    const canvas = h("canvas", { width: 2 * width, height: 2 * height, class: "look" });
    const context = canvas.getContext("2d");
    const edge = everycell.scale;
    const [right, bottom] = [width - edge, height - edge];
    const box = [
      [edge, edge],
      [right, edge],
      [right, bottom],
      [edge, bottom],
      [edge, edge],
    ];
    context.scale(2, 2);
    everycell.paintShape(context, ([y, x]) => ({ x, y }), [[box]], how);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", fillStyle: how.ink ?? "#1c2733" });
    context.font = `600 ${10.5 * everycell.scale}px ${everycell.font}`;
    context.fillText(sign, width / 2, height / 2);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    return canvas;
  };

  const classes = (listed) =>
    h(
      "ol",
      { class: "classes" },
      listed.map(({ low, high, colour: value }) =>
        h(
          "li",
          {},
          colour(value),
          h(
            "span",
            {},
            everycell.heatLooks.short(low),
            h("small", {}, Number.isFinite(high) ? `– ${everycell.heatLooks.short(high)}` : t("and more")),
          ),
        ),
      ),
    );

  const PARTS = {
    heat: ({ heat, mode }) => [
      h("h2", {}, mode === "rate" ? t("Disputes recorded, per 100 households") : t("Disputes recorded, per km²")),
      heat ? classes(heat.classes) : h("p", {}, t("Nothing can be drawn of this period yet.")),
      heat?.classes.length
        ? h("p", {}, t("Below {low} nothing is coloured.", { low: everycell.heatLooks.short(heat.classes[0].low) }))
        : null,
      heat?.half_life
        ? h("p", {}, t("Earlier months count too, half as much for every {days} days.", { days: heat.half_life }))
        : null,
      heat?.bandwidth_m
        ? h(
            "p",
            {},
            t("Smoothed over {metres} m; where fewer than 30 households are near, nothing is drawn.", {
              metres: everycell.number(heat.bandwidth_m),
            }),
          )
        : null,
    ],
    hot: ({ verdicts }) => {
      const { VERDICTS, VERDICT_WORDS, CHANGES } = everycell.heatLooks;
      return [
        h("h2", {}, verdicts?.claim ?? t("Verdicts of cells")),
        h(
          "ul",
          { class: "items" },
          Object.entries(VERDICTS).map(([name, how]) => line(look(how), t(VERDICT_WORDS[name]))),
        ),
        h(
          "ul",
          { class: "items" },
          Object.values(CHANGES).map(({ sign, words: text }) => line(h("i", { class: "sign" }, sign), t(text))),
        ),
      ];
    },
    rate: ({ verdicts }) => [
      h("h2", {}, t("Disputes per 100 households, drawn to the neighbours'")),
      verdicts ? classes(verdicts.rates) : null,
      h("ul", { class: "items" }, line(look(everycell.heatLooks.VERDICTS.none), t("No household, no rate"))),
    ],
    gi: () => [
      h("h2", {}, t("Gi*: do high rates lie together (z)")),
      h(
        "ul",
        { class: "items" },
        everycell.heatLooks.GI.map(({ colour: value, words }) => line(colour(value), words)),
      ),
      h(
        "p",
        {},
        t("A colour only: where households are uneven it calls false alarms. What is not chance is in “Hot cells”."),
      ),
    ],
  };

  const numbers = ({ outlines, release }) => {
    const { AREA } = everycell.heatLooks;
    if (!outlines) return [];
    if (!release) return [h("h2", {}, t("Numbers: nothing is published for this level yet"))];
    const withheld = release.exact ? AREA.withheld : AREA.withheldOld;
    return [
      h("h2", {}, t("Numbers: published for {period}", { period: everycell.periods.inWords(release.period) })),
      h(
        "ul",
        { class: "items" },
        line(look(AREA.shown, "12"), t("Cases")),
        line(look(AREA.zero, "0"), t("None")),
        line(look(withheld, "<5*"), t("Withheld")),
        line(look(AREA.nodata), t("No data")),
      ),
      release.exact
        ? null
        : h("p", { class: "old" }, t("Grey: of an earlier period; the chosen one lies in none that is published.")),
    ];
  };

  /** Fill the legend: `drawn` is {layer, mode, heat, verdicts, outlines, release}. */
  everycell.showHeatLegend = (target, drawn) => {
    const parts = [
      h("p", { class: "recorded" }, t("Shown is what was recorded, not a prediction.")),
      ...PARTS[drawn.layer](drawn),
      ...numbers(drawn),
      h(
        "p",
        {},
        t("Everything comes from published tables; 1 to 4 cases are withheld (<5*), and so is what would tell them."),
      ),
    ];
    target.replaceChildren(...parts.filter(Boolean));
  };
}
