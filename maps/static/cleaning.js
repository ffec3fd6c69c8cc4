"use strict";
// The page of a coverage that is to be cleaned: cells by how their area changes, the pieces on top, lists beside.
{
  const { h, t } = everycell;
  const { look, net, pieceLook, pieceName } = everycell.cleaningLegend;
  const { Pages, area, share, tabs } = everycell.lists;
  const PIECES_FROM = 14; // from afar four thousand slivers are one grey
  const CLOSEST = 19;

  class CleaningMap {
    constructor(map, { cells, pieces }) {
      Object.assign(this, { map, cells: cells.features, pieces: pieces.features, layers: new Map(), chosen: null });
      this._tools();
      this._draw();
      this._panel();
      this._view(this.group.getBounds(), 0.02, 0.25);
      map.on("zoomend", () => this._zoomed());
      this._zoomed();
    }

    _tools() {
      const { map } = this;
      map.getContainer().setAttribute("role", "application");
      map.getContainer().setAttribute("aria-label", t("Map: arrows move it, plus and minus zoom"));
      for (const [name, level] of Object.entries({ cells: 400, pieces: 430 }))
        map.createPane(name).style.zIndex = String(level);
      L.control.zoom({ position: "topright", zoomInTitle: t("Zoom in"), zoomOutTitle: t("Zoom out") }).addTo(map);
      L.control.scale({ imperial: false, position: "bottomright" }).addTo(map);
    }

    // One canvas for both: of two, the upper one would take the pointer from the lower.
    _draw() {
      const renderer = L.canvas({ pane: "cells", padding: 0.2 });
      const layer = (features, style, card) =>
        L.geoJSON(
          { type: "FeatureCollection", features },
          {
            pane: "cells",
            renderer,
            smoothFactor: 0.4,
            style: ({ properties }) => style(properties),
            onEachFeature: (feature, one) => {
              this.layers.set(feature, one);
              one.bindTooltip(() => card(feature.properties), { sticky: true, className: "cell-tip" });
            },
          },
        );
      this.group = layer(this.cells, (cell) => this._cellStyle(cell), cellCard).addTo(this.map);
      const small = ({ properties: { fate } }) => fate === "settled" || fate === "sliver";
      const settled = this.pieces.filter(small);
      const others = this.pieces.filter((piece) => !small(piece));
      this.others = layer(others, pieceStyle, pieceCard).addTo(this.map);
      this.slivers = layer(settled, pieceStyle, pieceCard);
      everycell.cleaningLegend.show(everycell.byId("legend-body"), this.pieces);
    }

    _cellStyle(cell) {
      const near = this.map.getZoom() >= PIECES_FROM;
      return {
        color: near ? "#3c4650" : "#9aa4ad",
        weight: near ? 1.4 : 0.6,
        fillColor: look(cell).colour,
        fillOpacity: 0.9,
      };
    }

    _zoomed() {
      const near = this.map.getZoom() >= PIECES_FROM;
      if (near === this.near) return;
      this.near = near;
      this.group.setStyle(({ properties }) => this._cellStyle(properties));
      if (near) this.slivers.addTo(this.map);
      else this.slivers.remove();
      this.others.bringToFront();
    }

    _panel() {
      const changed = this.cells
        .filter(({ properties: { gained_m2, lost_m2 } }) => gained_m2 > 0 || lost_m2 > 0)
        .sort((one, other) => most(other.properties) - most(one.properties));
      const pieces = [...this.pieces].sort(
        (one, other) =>
          rank(one.properties) - rank(other.properties) || other.properties.area_m2 - one.properties.area_m2,
      );
      everycell.byId("figures").append(...this._figures(changed.length));
      for (const [name, number] of Object.entries({ cells: changed.length, pieces: pieces.length }))
        everycell.byId(`tab-${name}`).querySelector("b").textContent = everycell.number(number);
      const list = (name) => everycell.byId(`${name}-panel`).querySelector(".list");
      const lists = [
        new Pages(
          list("cells"),
          changed.map((cell) => this._entry(cell, cellText, cellRow)),
        ),
        new Pages(
          list("pieces"),
          pieces.map((piece) => this._entry(piece, pieceText, pieceRow)),
        ),
      ];
      everycell
        .byId("filter")
        .addEventListener("input", ({ target }) => lists.forEach((one) => one.filter(target.value)));
      tabs(["cells", "pieces"]);
    }

    _figures(changed) {
      const sum = (name) => this.cells.reduce((total, { properties }) => total + properties[name], 0);
      const kinds = new Map();
      for (const { properties } of this.pieces) {
        const name = pieceName(properties);
        const { number, size, wide } = kinds.get(name) ?? { number: 0, size: 0, wide: 0 };
        const grown = { number: number + 1, size: size + properties.area_m2, wide: Math.max(wide, properties.width_m) };
        kinds.set(name, grown);
      }
      const rows = [...kinds].map(([name, { number, size, wide }]) =>
        h(
          "tr",
          {},
          [name, everycell.number(number), area(size), `${wide.toFixed(1)} m`].map((text) => h("td", {}, text)),
        ),
      );
      const heads = [t("Pieces"), t("Number"), t("Area in all"), t("Widest")].map((text) =>
        h("th", { scope: "col" }, text),
      );
      return [
        h("table", {}, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows)),
        h(
          "p",
          {},
          t("{changed} of {all} cells change: {gained} gained, {lost} lost.", {
            changed: everycell.number(changed),
            all: everycell.number(this.cells.length),
            gained: area(sum("gained_m2")),
            lost: area(sum("lost_m2")),
          }),
        ),
        h("p", { class: "muted" }, t("Pieces up to {width} m wide are settled.", { width: everycell.config.width_m })),
      ];
    }

    _entry(feature, text, row) {
      return { text: text(feature.properties), row: () => row(feature.properties), onchoose: () => this.show(feature) };
    }

    /** Bring a cell or a piece into view, and mark it. */
    show(feature) {
      const layer = this.layers.get(feature);
      this.mark?.remove();
      this._view(layer.getBounds(), 0.3);
      this.mark = L.geoJSON(feature, {
        pane: "pieces",
        interactive: false,
        style: { color: "#ffb000", weight: 4, fill: false },
      }).addTo(this.map);
    }

    // Steps of the zoom are whole; only the first view may lie between two to fill the map.
    _view(bounds, pad, step = 1) {
      const zooms = [];
      for (let zoom = CLOSEST; zoom >= this.map.getMinZoom(); zoom -= step) zooms.push(zoom);
      const view = everycell.viewOf(this.map, [bounds.pad(pad)], {
        zooms,
        panel: everycell.byId("panel"),
        over: () => [...document.querySelectorAll("#legend, .leaflet-control")],
        before: () => {},
      });
      this.map.options.zoomSnap = step;
      if (view) this.map.setView(view.center, view.zoom, { animate: false });
      else this.map.fitBounds(bounds, { animate: false });
      this.map.options.zoomSnap = 1;
    }
  }

  const most = ({ before_m2, gained_m2, lost_m2 }) => (before_m2 ? Math.max(gained_m2, lost_m2) / before_m2 : Infinity);

  const FATES = ["left", "hole", "settled", "sliver"]; // what needs a person comes first
  const rank = ({ fate }) => FATES.indexOf(fate);

  const pieceStyle = (piece) => {
    const { colour, dash } = pieceLook(piece);
    return {
      color: colour,
      weight: 2,
      dashArray: dash,
      fillColor: colour,
      fillOpacity: piece.fate === "hole" ? 0.15 : 0.55,
    };
  };

  const cellText = ({ code, name }) => `${code} ${name}`;
  const pieceText = (piece) => `${pieceName(piece)} ${piece.cells.join(" ")}`;

  const titled = ({ code, name }) => (name && name !== code ? `${code} ${name}` : code);

  const areasOf = ({ gained_m2, lost_m2 }) =>
    t("{gained} gained, {lost} lost", { gained: area(gained_m2), lost: area(lost_m2) });

  const cellRow = (cell) => [h("b", {}, titled(cell)), h("span", {}, share(net(cell))), h("small", {}, areasOf(cell))];

  const cellCard = (cell) =>
    h(
      "div",
      {},
      h("b", {}, titled(cell)),
      h("span", {}, `${area(cell.before_m2)} → ${area(cell.after_m2)} (${share(net(cell))})`),
      h("span", {}, areasOf(cell)),
    );

  const fateOf = ({ fate, given }) => {
    if (fate === "left") return t("To be drawn right by a person");
    if (fate === "hole") return t("Stays as it is");
    if (!Object.keys(given).length) return t("Is cut away");
    const shares = Object.entries(given).map(([code, size]) => `${code} (${area(size)})`);
    return t("Goes to {cells}", { cells: shares.join(", ") });
  };

  const sizeOf = ({ area_m2, width_m }) =>
    t("{area}, at most {width} m wide", { area: area(area_m2), width: width_m.toFixed(1) });

  const pieceRow = (piece) => [
    h("b", {}, pieceName(piece)),
    h("span", {}, area(piece.area_m2)),
    h("small", {}, piece.cells.join(", ")),
  ];

  const pieceCard = (piece) =>
    h(
      "div",
      {},
      h("b", {}, pieceName(piece)),
      h("span", {}, sizeOf(piece)),
      h("span", {}, piece.cells.join(", ")),
      h("span", {}, fateOf(piece)),
    );

  /** Called by the page when its map is made. */
  everycell.start = (map) => {
    everycell.open();
    everycell.frame();
    everycell.byId("legend").open = innerWidth >= 720;
    everycell.page = new CleaningMap(map, JSON.parse(everycell.byId("data").textContent));
    document.documentElement.dataset.ready = "yes";
  };
}
