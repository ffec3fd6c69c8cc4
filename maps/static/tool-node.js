"use strict";
// Moving one node of the grid in every cell that shares it.
{
  const { h, t, onGrid } = everycell;
  const STEP = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  everycell.NodeTool = class extends everycell.Tool {
    get nodes() {
      return true;
    }

    get ready() {
      return Boolean(this.handle) && this._moved();
    }

    start() {
      this.handle = null;
      this.dragging = false;
    }

    stop() {
      this.editor.snapping.clear();
      this.handle?.remove();
      this.handle = null;
    }

    hint() {
      if (this.handle) return everycell.sharedText(this.node.codes.size);
      if (!this.editor.nodes.list([...this.editor.selection]).length)
        return t("Zoom in or click a cell: its nodes appear.");
      return t("Drag a node; it moves in every cell that shares it. [ and ] go from node to node.");
    }

    click(latLng) {
      if (this.handle) return;
      const code = this.editor.grid.at(latLng);
      this.editor.choose(code ? [code] : []);
      this.editor.tools.tell();
    }

    /** The node under the pointer gets a handle to drag it by. */
    move(latLng) {
      if (this.dragging || this.ready) return;
      const node = this.editor.nodes.at(latLng, this.editor.snapping.pixels, [...this.editor.selection]);
      if (node === (this.node ?? null) && Boolean(node) === Boolean(this.handle)) return;
      this._take(node);
    }

    async enter() {
      if (!this.ready) return;
      const operation = this._operation();
      if (await this.editor.work.apply([operation])) this._take(null);
      else if (this.handle) this._reset();
    }

    back() {
      if (!this.handle) return false;
      this._take(null);
      this.editor.work.outlook.clear();
      return true;
    }

    /** [ and ] go from node to node; arrows move the one that has the handle. */
    key(event) {
      if (event.key === "[" || event.key === "]") return this._next(event.key === "]" ? 1 : -1);
      const step = STEP[event.key];
      if (!step || !this.handle) return false;
      const pixels = event.shiftKey ? 10 : 1;
      const { map } = this.editor;
      const to = map.latLngToContainerPoint(this.handle.getLatLng()).add([step[0] * pixels, step[1] * pixels]);
      this.handle.setLatLng(map.containerPointToLatLng(to));
      this._dragged();
      this.editor.tools.tell();
      return true;
    }

    /** The border pieces that would follow the node. */
    draw(context, toPoint) {
      if (!this.handle || !this._moved()) return;
      const { lng, lat } = this.handle.getLatLng();
      for (const place of this._ends())
        everycell.paintLine(context, toPoint, [place, [lng, lat]], everycell.looks.hand);
    }

    _take(node) {
      this.stop();
      this.node = node;
      if (node) this._handle();
      this.editor.tools.tell();
      this.editor.repaint();
    }

    _handle() {
      const { editor, node } = this;
      const icon = L.divIcon({
        className: `marker-icon node-handle${node.codes.size > 2 ? " many" : ""}`,
        iconSize: null,
      });
      this.handle = L.marker([node.lat, node.lon], { icon, pmIgnore: false, snapIgnore: true, keyboard: true });
      this.handle.addTo(editor.map);
      const label = everycell.sharedText(node.codes.size);
      this.handle.getElement().setAttribute("aria-label", label);
      this.handle
        .bindTooltip(h("span", {}, label), { className: "cell-tip", direction: "top", offset: [0, -10] })
        .openTooltip();
      const around = new Set([...node.codes].flatMap((code) => [code, ...editor.grid.neighbours(code).keys()]));
      const here = ([lon, lat]) => lon === node.lon && lat === node.lat;
      editor.snapping.to(
        [...around].map((code) => editor.grid.get(code)),
        ({ from, to }) => here(from) || here(to),
      );
      this.handle.pm.enable({ ...editor.snapping.options, draggable: true, preventMarkerRemoval: true });
      this.handle.on("pm:dragstart", () => (this.dragging = true));
      this.handle.on("move", () => this.dragging && this._dragged());
      this.handle.on("pm:dragend", () => this._dropped());
    }

    _dragged() {
      this.editor.work.look([this._operation()]);
      this.editor.repaint();
    }

    async _dropped() {
      this.dragging = false;
      if (this._moved()) await this.enter();
      else this.editor.work.outlook.clear();
    }

    _reset() {
      this.handle.setLatLng([this.node.lat, this.node.lon]);
      this.editor.work.outlook.clear();
      this.editor.repaint();
    }

    _moved() {
      const [lon, lat] = onGrid(this.handle.getLatLng());
      return lon !== this.node.lon || lat !== this.node.lat;
    }

    _operation() {
      return { op: "move_node", from: [this.node.lon, this.node.lat], to: onGrid(this.handle.getLatLng()) };
    }

    // The other ends of the border pieces that meet in the node.
    _ends() {
      const { lon, lat, codes } = this.node;
      const here = ([x, y]) => x === lon && y === lat;
      return [...codes]
        .flatMap((code) => everycell.piecesOf(this.editor.grid.get(code)))
        .filter(({ from, to }) => here(from) || here(to))
        .map(({ from, to }) => (here(from) ? to : from));
    }

    _next(step) {
      const list = this.editor.nodes.list([...this.editor.selection]);
      if (!list.length) return true;
      const here = list.findIndex((node) => node.lon === this.node?.lon && node.lat === this.node?.lat);
      this._take(list[(here + step + list.length) % list.length]);
      this.handle.getElement().focus();
      if (!this.editor.map.getBounds().contains(this.handle.getLatLng()))
        this.editor.map.panTo(this.handle.getLatLng());
      return true;
    }
  };
}
