"use strict";
// What is wrong with a step, or would be odd about it: in words, on the map, with what would mend it.
{
  const { h, t } = everycell;
  const CODE_FIRST = /^[A-Z_]+: /;
  const AREA_CODE = /\b(\d{15}|\d{12})\b/g;
  /** A sentence {zh, en} of the service in the page's language. */
  const inLanguage = (everycell.inLanguage = (sentence) =>
    sentence[document.documentElement.lang === "en" ? "en" : "zh"]);

  /** An issue in words, as the service says it; `nameOf(code)` names cells and villages in it. */
  everycell.issueText = ({ properties }, nameOf) =>
    inLanguage(properties.sentence).replace(CODE_FIRST, "").replace(AREA_CODE, nameOf);

  const polygonsOf = ({ type, coordinates }) => {
    if (type === "Polygon") return [coordinates];
    if (type === "MultiPolygon") return coordinates;
    return [];
  };

  const linesOf = ({ type, coordinates }) => {
    if (type === "LineString") return [coordinates];
    return type === "MultiLineString" ? coordinates : [];
  };

  const pointsOf = ({ type, coordinates }) =>
    type === "Point" ? [coordinates] : type === "MultiPoint" ? coordinates : [];

  const partsOf = (geometry) =>
    geometry?.type === "GeometryCollection" ? geometry.geometries : geometry ? [geometry] : [];

  /** The issues of a page: told in `target`; `onzoom(bounds)` and `onfix(operations)` are called from there. */
  everycell.Issues = class {
    constructor(target, { onzoom, onfix, nameOf }) {
      Object.assign(this, { target, onzoom, onfix, nameOf, list: [] });
    }

    get errors() {
      return this.list.filter(({ properties }) => properties.severity !== "warning").length;
    }

    /** Show issues (GeoJSON features). */
    show(list) {
      this.list = [...list].sort((one, other) => rank(one) - rank(other));
      if (!list.length) {
        this.target.replaceChildren(h("p", { class: "nothing" }, t("No issue: the cells tile.")));
        return;
      }
      this.target.replaceChildren(
        h(
          "ol",
          { class: "issues" },
          this.list.map((issue, index) => this._row(issue, index)),
        ),
      );
    }

    _row(issue, index) {
      const { severity, fixes = [] } = issue.properties;
      const bounds = boundsOf(issue);
      const zoom = bounds && h("button", { type: "button", onclick: () => this.onzoom(bounds) }, t("Show"));
      const mend = fixes.map((fix) =>
        h("button", { type: "button", class: "fix", onclick: () => this.onfix(fix.ops) }, inLanguage(fix.sentence)),
      );
      const kind = severity === "warning" ? t("Warning") : t("Error");
      return h(
        "li",
        { class: severity === "warning" ? "warning" : "error" },
        h("b", { class: "sign", "aria-label": kind }, String(index + 1)),
        h(
          "div",
          {},
          h("p", {}, everycell.issueText(issue, this.nameOf), h("small", { class: "code" }, issue.properties.code)),
          h("div", { class: "does" }, zoom, mend),
        ),
      );
    }

    /** Paint the offending pieces with their numbers; the boxes of these are added to `taken`. */
    draw(context, toPoint, taken) {
      this.list.forEach((issue, index) => {
        const look = everycell.looks[issue.properties.severity === "warning" ? "warning" : "error"];
        for (const part of partsOf(issue.geometry)) {
          for (const polygon of polygonsOf(part)) everycell.paintShape(context, toPoint, [polygon], look);
          for (const line of linesOf(part)) everycell.paintLine(context, toPoint, line, look);
          for (const point of pointsOf(part)) ringAt(context, toPoint(point.toReversed()), look);
        }
        const place = middleOf(issue);
        if (!place) return;
        taken.push({ ...toPoint(place), width: 20 * everycell.scale, height: 20 * everycell.scale });
        sign(context, toPoint(place), String(index + 1), look);
      });
    }
  };

  const rank = ({ properties }) => (properties.severity === "warning" ? 1 : 0);

  const boundsOf = ({ geometry }) => {
    if (!geometry) return null;
    const bounds = L.geoJSON(geometry, { pointToLayer: (_, place) => L.circleMarker(place) }).getBounds();
    return bounds.isValid() ? bounds : null;
  };

  const middleOf = (issue) => boundsOf(issue)?.getCenter() ?? null;

  const ringAt = (context, { x, y }, look) => {
    context.beginPath();
    context.arc(x, y, 7 * everycell.scale, 0, 7);
    context.lineWidth = look.width * everycell.scale;
    context.strokeStyle = look.line;
    context.stroke();
  };

  const sign = (context, { x, y }, text, look) => {
    const radius = 9 * everycell.scale;
    context.save();
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fillStyle = look.line;
    context.strokeStyle = "#ffffff";
    context.lineWidth = 2 * everycell.scale;
    context.fill();
    context.stroke();
    context.fillStyle = "#ffffff";
    context.font = `700 ${11 * everycell.scale}px ${everycell.font}`;
    Object.assign(context, { textAlign: "center", textBaseline: "middle" });
    context.fillText(text, x, y);
    context.restore();
  };
}
