"use strict";
// Reshaping a cell: its border becomes handles. A node where three cells or more meet is moved in all of them; all else
// is a new border, and the service gives the neighbours what the cell gives up and takes from them what it gains.
{
  const { t, closed, onGrid } = everycell;
  const MANY = 3;
  const STEP = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  const samePlace = ([lon, lat], [x, y]) => lon === x && lat === y;

  everycell.ReshapeTool = class extends everycell.Tool {
    get nodes() {
      return true;
    }

    get ready() {
      return Boolean(this.shape) && this.operations().length > 0;
    }

    start() {
      const [code] = this.editor.selection;
      this.cell = this.editor.selection.size === 1 && this.editor.editable(code) ? this.editor.grid.get(code) : null;
      this.told = null;
      if (this.cell) this._handles();
    }

    stop() {
      this.editor.snapping.clear();
      this.shape?.pm.disable();
      this.shape?.remove();
      this.shape = null;
    }

    hint() {
      if (!this.cell) return t("Click the cell to reshape.");
      return this.told ?? t("Drag its border; small handles add nodes, a right click or Del removes one.");
    }

    click(latLng) {
      if (this.cell) return;
      const code = this.editor.grid.at(latLng);
      if (!code || !this.editor.mayEdit(code)) return;
      this.editor.choose([code]);
      this.start();
      this.editor.tools.tell();
    }

    async enter() {
      if (!this.ready) return;
      const { editor } = this;
      const { code } = this.cell;
      if (!(await editor.work.apply(this.operations()))) return;
      editor.choose([code]);
      editor.tools.use("select");
    }

    /** Back to the border as it was, where it was changed. */
    back() {
      if (!this.ready) return false;
      this.stop();
      this.start();
      this.editor.work.outlook.clear();
      return true;
    }

    remove() {
      const marker = this._focused();
      if (marker) this.shape.pm._removeMarker({ target: marker });
    }

    /** Arrow keys move the handle that has the focus. */
    key(event) {
      const step = STEP[event.key];
      const marker = step && this._focused();
      if (!marker) return false;
      const pixels = event.shiftKey ? 10 : 1;
      const { map } = this.editor;
      const to = map.latLngToContainerPoint(marker.getLatLng()).add([step[0] * pixels, step[1] * pixels]);
      marker.fire("dragstart");
      marker.setLatLng(map.containerPointToLatLng(to));
      marker.fire("dragend");
      return true;
    }

    /** What the handles come to: moves of nodes that many cells share, then the border as it is now. */
    operations() {
      const moved = this._markers()
        .filter(({ node }) => node)
        .map((marker) => ({ ...marker.node, to: onGrid(marker.getLatLng()) }))
        .filter(({ place, to }) => !samePlace(place, to));
      const moves = moved.filter(({ cells }) => cells >= MANY);
      const others = this._rings().some((ring, index) => this._differs(ring, this.cell.polygon[index], moves));
      const asked = moves.map(({ place, to }) => ({ op: "move_node", from: place, to }));
      if (!others) return asked;
      return [
        ...asked,
        { op: "reshape", cell: this.cell.code, polygon: { type: "Polygon", coordinates: this._rings() } },
      ];
    }

    // Whether a ring is another than it was, once the nodes that many cells share have been moved.
    _differs(ring, before, moves) {
      if (!before || ring.length !== before.length) return true;
      const expected = before.map((place) => moves.find((move) => samePlace(move.place, place))?.to ?? place);
      return expected.some((place, index) => !samePlace(place, ring[index]));
    }

    _handles() {
      const { editor, cell } = this;
      const rings = cell.polygon.map((ring) => ring.slice(0, -1).map(([lon, lat]) => [lat, lon]));
      const look = { color: everycell.looks.hand.line, weight: 2.6 * everycell.scale, fill: false };
      this.shape = L.polygon(rings, { ...look, pmIgnore: false, snapIgnore: true, interactive: false }).addTo(
        editor.map,
      );
      const own = new Set(everycell.piecesOf(cell).map(({ key }) => key));
      const around = [...editor.grid.neighbours(cell.code).keys()].map((code) => editor.grid.get(code));
      editor.snapping.to(around, ({ key }) => own.has(key));
      this.shape.pm.enable({ ...editor.snapping.options, allowSelfIntersection: true });
      for (const marker of this._markers()) {
        const place = onGrid(marker.getLatLng());
        marker.node = { place, cells: editor.grid.sharing(place).length };
      }
      this._name();
      this._listen();
    }

    _listen() {
      this.shape.on("pm:markerdragstart", ({ markerEvent }) => this._grab(markerEvent.target));
      this.shape.on("pm:change", () => this._changed());
      this.shape.on("pm:markerdragend pm:vertexremoved", () => this._letGo());
      this.shape.on("pm:vertexadded", () => this._name());
    }

    _grab({ node }) {
      const shared = node && everycell.sharedText(node.cells);
      const together = shared && node.cells >= MANY ? t("{shared}; it moves in all of them", { shared }) : shared;
      this.told = together ?? t("A new node");
      this.editor.tools.tell();
    }

    _changed() {
      this.editor.work.look(this.operations());
      this.editor.repaint();
    }

    _letGo() {
      this.told = null;
      this._changed();
      this.editor.tools.tell();
    }

    // Handles can have the focus: whoever hears them knows which is which.
    _name() {
      this._markers().forEach((marker, index) => {
        const text = t("Node {number}", { number: index + 1 });
        marker
          .getElement()
          ?.setAttribute("aria-label", marker.node ? `${text}. ${everycell.sharedText(marker.node.cells)}` : text);
      });
    }

    _markers() {
      return (this.shape?.pm._markers ?? []).flat(2);
    }

    _focused() {
      return this._markers().find((marker) => marker.getElement() === document.activeElement) ?? null;
    }

    _rings() {
      return this.shape.getLatLngs().map((ring) => closed(ring.map(onGrid)));
    }
  };
}
