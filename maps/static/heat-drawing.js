"use strict";
// What lies over the surface of heat: outlines with their published numbers, or cells in the colour of their verdict, and
// what is said of the one under the pointer.
{
  const { h, t } = everycell;
  const { LEVELS } = everycell.periods;

  /** `page` is the page of heat; cells and divisions are GeoJSON. */
  everycell.HeatDrawing = class {
    constructor(page, cells, divisions) {
      Object.assign(this, { page, divisions: divisions.features });
      const of = (level) => this.divisions.filter(({ properties }) => properties.level === level);
      this.shapes = Object.fromEntries(LEVELS.map((level) => [level, new everycell.AreaShapes(of(level))]));
      this.shapes.cell = new everycell.AreaShapes(cells.features);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._paint(...canvas) }).addTo(
        page.map,
      );
      this.tip = L.tooltip({ direction: "top", offset: [0, -6], className: "cell-tip" });
    }

    repaint() {
      this.marks.repaint();
    }

    /** Show the borders down to what is chosen: with verdicts and without outlines, those that lead through the map. */
    showBorders() {
      const { layer, level } = this.page.controls;
      const last = level || (layer === "heat" ? "town" : "village");
      const shown = LEVELS.slice(0, LEVELS.indexOf(last) + 1);
      const features = this.divisions.filter(({ properties }) => shown.includes(properties.level));
      this.borders = new everycell.Borders({ features });
    }

    _paint(context, toPoint, bounds) {
      if (!this.borders) return;
      const [zoom, taken] = [this.page.map.getZoom(), []];
      const drawn = this._drawn();
      drawn?.shapes.draw(context, toPoint, bounds, drawn.look);
      this.borders.draw(context, toPoint, zoom, null);
      for (const level of LEVELS) this.shapes[level].drawChosen(context, toPoint, this.page.area);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      drawn?.shapes.drawLabels(context, toPoint, bounds, { say: drawn.say, taken });
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
    }

    /** The areas that are painted: {shapes, look, say}; null for none. */
    _drawn() {
      const { layer, level } = this.page.controls;
      if (layer === "heat") return level ? this._numbered(this.shapes[level]) : null;
      return this.page.verdicts && this._judged(layer, this.page.verdicts);
    }

    _numbered(shapes) {
      const { AREA, kindOf, written } = everycell.heatLooks;
      const old = this.page.release && !this.page.release.exact;
      const look = ({ code }) => {
        const kind = kindOf(this.page.numberOf(code));
        return AREA[kind === "withheld" && old ? "withheldOld" : kind];
      };
      const say = ({ code }) => {
        const value = this.page.numberOf(code);
        if (value === undefined) return null;
        return { text: written(value), ink: old ? "#7a858e" : "#1c2733", bold: Boolean(value) };
      };
      return { shapes, look, say };
    }

    _judged(layer, { shapes, rates }) {
      const { VERDICTS, CHANGES, verdictOf, rateLook, giLook, short } = everycell.heatLooks;
      const ways = {
        hot: [(one) => VERDICTS[verdictOf(one)], (one) => `${CHANGES[one.change]?.sign ?? ""}${one.code.slice(-3)}`],
        rate: [(one) => rateLook(one, rates), (one) => short(one.rate_smoothed)],
        gi: [giLook, (one) => short(one.gi)],
      };
      const [look, text] = ways[layer];
      const say = ({ properties: one }) => ({ text: text(one), ink: look(one).ink, bold: one.verdict === "hot" });
      return { shapes, look: ({ properties }) => look(properties), say };
    }

    /** The area at a place of the map that a click means, or null. */
    at(latLng) {
      const { layer, level } = this.page.controls;
      const shapes = layer === "heat" ? this.shapes[level || "village"] : this.page.verdicts?.shapes;
      return shapes?.at(latLng) ?? null;
    }

    /** Say what is under the pointer; null: nothing. */
    point(latLng) {
      const shape = latLng && this.at(latLng);
      if (!shape) {
        this.tip.remove();
        return;
      }
      const heat = this.page.controls.layer === "heat";
      const lines = heat ? this._ofHeat(shape, latLng) : this._ofVerdict(shape.properties);
      const name = h("b", {}, this.page.nameOf(shape.code, shape.properties.name));
      const said = lines.filter(Boolean).map((text) => h("span", {}, text));
      this.tip
        .setContent(h("div", {}, name, said))
        .setLatLng(latLng)
        .openOn(this.page.map);
    }

    _ofHeat({ code }, latLng) {
      const { short, written } = everycell.heatLooks;
      const { heat, release } = this.page;
      const value = this.page.numberOf(code);
      const period = release && everycell.periods.inWords(release.period);
      const inside = ({ polygons }) => polygons.some((polygon) => everycell.shapes.holds(polygon, latLng));
      const { low, high } = heat?.bands.findLast(inside)?.properties ?? {};
      const unit = heat?.unit?.[everycell.periods.lang()] ?? "";
      return [
        release &&
          (value === undefined ? t("No data") : t("{number} recorded, {period}", { number: written(value), period })),
        low !== undefined && `${short(low)} – ${Number.isFinite(high) ? short(high) : "∞"} ${unit}`,
      ];
    }

    _ofVerdict(one) {
      const { VERDICT_WORDS, CHANGES, verdictOf, written, short } = everycell.heatLooks;
      const verdict = verdictOf(one);
      const change = CHANGES[one.change];
      return [
        t(VERDICT_WORDS[verdict]) + (change ? ` · ${t(change.words)}` : ""),
        verdict !== "none" && t("recorded {number}", { number: written(one.number) }),
        ["hot", "as_expected"].includes(verdict) &&
          t("with its neighbours {ratio} times what households let expect", { ratio: short(one.ratio) }),
        Number.isFinite(one.rate_smoothed) &&
          t("{rate} per 100 households, smoothed", { rate: short(one.rate_smoothed) }),
      ];
    }
  };
}
