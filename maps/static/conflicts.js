"use strict";
// A conflict: while this draft was made somebody else published a change to the same cell. Three versions beside each
// other and over each other on the map: as both began, mine, theirs.
{
  const { h, t } = everycell;
  const { ringsOf } = everycell.shapes;
  const VERSIONS = ["base", "mine", "theirs"];
  const names = () => ({ base: t("When I began"), mine: t("Mine"), theirs: t("Theirs") });

  const polygonsOf = (geometry) => (geometry ? ringsOf(geometry) : []);

  const boundsOf = (conflict) => {
    const places = VERSIONS.flatMap((version) => polygonsOf(conflict[version]).flat(2));
    return L.latLngBounds(places.map(([lon, lat]) => [lat, lon]));
  };

  // A version of a cell as a small picture; all three of a conflict have the same frame.
  const picture = (conflict, version, bounds) => {
    const [width, height] = [102, 84].map((size) => Math.round(size * everycell.scale));
    const canvas = h("canvas", { width: 2 * width, height: 2 * height, role: "img", "aria-label": names()[version] });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    const pad = 8 * everycell.scale;
    const squeeze = Math.cos((bounds.getCenter().lat * Math.PI) / 180);
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const scale = Math.min(
      (width - 2 * pad) / ((east - west) * squeeze || 1),
      (height - 2 * pad) / (north - south || 1),
    );
    const toPoint = ([lat, lon]) => ({
      x: width / 2 + (lon - (west + east) / 2) * squeeze * scale,
      y: height / 2 - (lat - (south + north) / 2) * scale,
    });
    const polygons = polygonsOf(conflict[version]);
    if (polygons.length) everycell.paintShape(context, toPoint, polygons, everycell.looks[version]);
    return h(
      "figure",
      {},
      canvas,
      h("figcaption", {}, polygons.length ? names()[version] : t("{version}: none", { version: names()[version] })),
    );
  };

  /** The conflicts of a draft, in `target` and on the map. `does`: zoom(bounds), theirs(cells), mine(), leave(). */
  everycell.Conflicts = class {
    constructor(target, does) {
      Object.assign(this, { target, does, list: [], shown: new Set(VERSIONS) });
    }

    /** Show conflicts [{cell, base, mine, theirs, theirs_changed}], with the ways out or without `choices`; none: the part of the panel goes away. */
    show(list, nameOf = (code) => code, { choices = true } = {}) {
      this.list = list;
      this.shown = new Set(VERSIONS);
      this.target.hidden = !list.length;
      if (!list.length) return;
      this.target.replaceChildren(
        h("h2", {}, t("Somebody else has changed the same cells")),
        h(
          "p",
          {},
          choices ? t("Nothing has been published. Look at the versions, then choose.") : t("Nothing has been undone."),
        ),
        this._layers(),
        ...list.map((conflict) => this._conflict(conflict, nameOf)),
        h(
          "div",
          { class: "does" },
          choices ? this._choices() : null,
          this._button(t("Close"), () => this.does.leave()),
        ),
      );
    }

    _button(text, work) {
      return h("button", { type: "button", onclick: work }, text);
    }

    _choices() {
      const cells = this.list.filter(({ theirs_changed: changed }) => changed).map(({ cell }) => cell);
      const way = (text, work, told) => h("div", {}, this._button(text, work), h("small", {}, told));
      return [
        way(
          t("Keep theirs"),
          () => this.does.theirs(cells),
          t("Takes back those of your steps that change these cells; the others stay where they can be done."),
        ),
        way(
          t("Redo my steps on the grid as it is now"),
          () => this.does.mine(),
          t("Your steps are done in turn on the new grid, up to the first that cannot be done."),
        ),
      ];
    }

    _conflict(conflict, nameOf) {
      const bounds = boundsOf(conflict);
      const zoom =
        bounds.isValid() && h("button", { type: "button", onclick: () => this.does.zoom(bounds) }, t("Show"));
      return h(
        "div",
        { class: "conflict", "data-cell": conflict.cell },
        h("h3", {}, nameOf(conflict.cell), zoom || null),
        h(
          "div",
          { class: "versions" },
          VERSIONS.map((version) => picture(conflict, version, bounds)),
        ),
      );
    }

    // Which versions lie on the map.
    _layers() {
      const box = (version) => {
        const toggle = ({ target }) => {
          this.shown[target.checked ? "add" : "delete"](version);
          this.does.repaint();
        };
        return h(
          "label",
          { class: version },
          h("input", { type: "checkbox", checked: true, value: version, onchange: toggle }),
          names()[version],
        );
      };
      return h("fieldset", { class: "choices layers" }, h("legend", {}, t("On the map")), VERSIONS.map(box));
    }

    // Fills first, so that no outline is hidden; as both began comes last.
    draw(context, toPoint) {
      for (const how of [{ line: false }, { fill: false, halo: true }]) {
        for (const conflict of this.list) {
          for (const version of [...VERSIONS].reverse()) {
            const polygons = this.shown.has(version) ? polygonsOf(conflict[version]) : [];
            if (polygons.length) everycell.paintShape(context, toPoint, polygons, everycell.looks[version], how);
          }
        }
      }
    }
  };
}
