"use strict";
// Where a cell comes from: its versions with their days, the cells it came of and those that came of it.
{
  const { h, t } = everycell;
  const short = (codes) => codes.map((code) => code.slice(-3)).join(t(", "));

  const days = ({ valid_from: from, valid_to: to }) =>
    to ? t("{from} to {to}", { from, to }) : t("from {day} on", { day: from });

  /** `editor` is the page. A version that is chosen is painted on the map until another one is, or the part is closed. */
  everycell.Ancestry = class {
    constructor(editor) {
      Object.assign(this, { editor, shown: null, open: false });
    }

    /** The part of the panel for a cell; what is in it is asked for when it is opened. */
    part(code) {
      const body = h("div", {}, h("p", { class: "muted" }, t("Loading…")));
      const part = h(
        "details",
        { class: "ancestry", open: this.open },
        h("summary", {}, t("Where it comes from")),
        body,
      );
      part.addEventListener("toggle", () => {
        this.open = part.open;
        this._paint(null);
        if (part.open) this._fill(code, body);
      });
      return part;
    }

    async _fill(code, body) {
      const { source } = this.editor;
      try {
        const [lineage, versions] = await Promise.all([source.lineage(code), source.versions(code)]);
        body.replaceChildren(...this._lines(lineage, versions));
      } catch (error) {
        body.replaceChildren(h("p", { class: "late" }, everycell.reason(error)));
      }
    }

    _lines({ parents, children }, versions) {
      const kin = [
        parents.length ? h("p", {}, t("Came of {cells}", { cells: short(parents) })) : null,
        children.length ? h("p", {}, t("Of it came {cells}", { cells: short(children) })) : null,
      ];
      const rows = [...versions].reverse().map((version) => this._version(version));
      return [...kin.filter(Boolean), h("ul", {}, rows)];
    }

    _version({ version, geometry, name, ...when }) {
      const show = ({ currentTarget }) => {
        const pressed = currentTarget.getAttribute("aria-pressed") === "true";
        for (const other of currentTarget.closest("ul").querySelectorAll("button"))
          other.setAttribute("aria-pressed", "false");
        currentTarget.setAttribute("aria-pressed", String(!pressed));
        this._paint(pressed ? null : geometry);
      };
      const words = [t("Version {number}", { number: version }), days(when), name];
      return h(
        "li",
        {},
        h("span", {}, words.filter(Boolean).join(" · ")),
        h("button", { type: "button", "aria-pressed": "false", onclick: show }, t("Draw it")),
      );
    }

    _paint(geometry) {
      this.shown = geometry;
      this.editor.repaint();
    }

    /** Paint the version that was chosen. */
    draw(context, toPoint) {
      if (!this.shown) return;
      const polygons = everycell.shapes.ringsOf(this.shown);
      everycell.paintShape(context, toPoint, polygons, everycell.looks.before);
    }
  };
}
