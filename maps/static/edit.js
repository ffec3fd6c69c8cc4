"use strict";
// The editor's page: puts the grid, the draft, the tools and the panel together.
{
  const { h, t, byId } = everycell;
  const WATCH_MS = 60000;
  const VIEWS = ["after", "before", "both"];

  class EditMap {
    constructor(map) {
      Object.assign(this, { map, config: everycell.config, selection: new Set() });
      this.source = new everycell.EditSource(this.config.api, { csrf: this.config.csrf, onover: () => this._over() });
      this.today = everycell.day(this.config.today);
    }

    async open() {
      this.view = new everycell.EditView(this);
      const fetched = await this._fetch();
      this.grid = new everycell.Grid(fetched.cells);
      this.work = new everycell.Work(this);
      this.names = new everycell.Names(this.grid, this.draft);
      this._draw();
      this._panel();
      this._tools();
      this._take(fetched);
      this.marks.addTo(this.map);
      this.view.restore();
      this._listen();
      this._moved();
      await this._restore();
      this.tools.use("select");
      this.tools.show();
      document.documentElement.dataset.ready = "yes";
    }

    get draft() {
      return this.work.draft;
    }

    // --- the grid -----------------------------------------------------------------------------------------------

    async _fetch() {
      const { source } = this;
      const asked = [source.cells(), source.divisions(), source.households()];
      const [cells, divisions, { known, asOf }] = await Promise.all(asked);
      return { cells, divisions, known, asOf };
    }

    _take({ divisions, known, asOf }) {
      this.hand.ancestor = null; // its versions may be others now
      this.names.take(divisions, known);
      this.borders = new everycell.Borders(divisions);
      this.layer.brighten(divisions);
      Object.assign(this, { asOf, fetchedAt: Date.now(), newest: null, listedFor: undefined });
      this.view.showTime(asOf, this.fetchedAt);
    }

    /** Fetch the grid anew: somebody published. */
    async refresh() {
      this.newer?.remove();
      const asked = this.work.busy(this._fetch());
      if (!(await this.work.try(asked))) return;
      const fetched = await asked;
      this.grid.setLive(fetched.cells);
      this._take(fetched);
      if (this.draft.id) await this.work.try(this.draft.open(this.draft.id));
      else this.draft.close();
    }

    // Others publish, too: whoever edits an old grid is told before it comes to a conflict.
    async _watch() {
      if (document.hidden || this.over || this.newer?.isConnected) return;
      const published = await this.source.changesets("published").catch(() => null);
      this.view.showTime(this.asOf, this.fetchedAt, !published); // nobody knows how old it is: amber
      if (!published || this.newest === null || (published[0]?.id ?? "") === this.newest) return;
      const again = h("button", { type: "button", onclick: () => this.refresh() }, t("Load it"));
      this.newer = everycell.notice(t("The grid has changed: {title}", { title: published[0].title }), "bad", again);
      this.view.showTime(this.asOf, this.fetchedAt, true);
    }

    // --- what is on the map -------------------------------------------------------------------------------------

    _draw() {
      const { map, source, grid } = this;
      if (!this.config.base_map) everycell.streets(map, source);
      this.layer = new everycell.GridLayer(map, grid, { editable: (code) => this.editable(code) });
      if (everycell.may("doors")) everycell.doorDots(map, source, this.today);
      this.nodes = new everycell.Nodes(map, grid);
      this.snapping = new everycell.Snapping(map);
      this.marks = new everycell.Overlay({ pane: "marks", draw: (...canvas) => this._marks(...canvas) });
      this.repaint = everycell.eachFrame(() => this.marks.repaint());
    }

    _marks(context, toPoint, bounds) {
      const [zoom, taken, chosen] = [this.map.getZoom(), [], [...this.selection]];
      const without = new Set([...this.hand.codes, ...(this.tools.active?.codes ?? [])]);
      this.borders.draw(context, toPoint, zoom, null, { live: this.layer.view === "before" });
      this.layer.drawBefore(context, toPoint);
      this.conflicts.draw(context, toPoint);
      for (const code of chosen) this._outline(context, toPoint, code);
      this.hand.draw(context, toPoint);
      this.hand.ancestry.draw(context, toPoint);
      this.nodes.draw(context, toPoint, bounds, chosen);
      this.tools.active?.draw(context, toPoint);
      this.issues.draw(context, toPoint, taken);
      this.hand.drawLabels(context, toPoint, taken);
      this.tools.active?.drawLabels(context, toPoint, taken);
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: true });
      this.layer.drawLabels(context, toPoint, bounds, { taken, without });
      this.borders.drawNames(context, toPoint, bounds, { zoom, taken, large: false });
    }

    _outline(context, toPoint, code) {
      const cell = this.layer.cell(code);
      if (cell) everycell.paintShape(context, toPoint, [cell.polygon], everycell.looks.chosen, { halo: true });
    }

    /** Show the grid "after", "before" or "both". */
    show(view) {
      this.past.leave();
      this.layer.show(view);
      document.querySelector(`#views [value="${view}"]`).checked = true;
      this.view.explain();
      this.repaint();
    }

    /** Tools work on the grid as the draft leaves it: it is shown, where only the one before was. */
    leaveBefore() {
      this.past.leave();
      if (this.layer.view === "before") this.show("after");
    }

    // --- tools and panel ----------------------------------------------------------------------------------------

    _tools() {
      this.form = new everycell.CellForm(this);
      this.publishing = new everycell.Publishing(this);
      this.tools = new everycell.Tools(byId("tools"), byId("hint"), {
        select: new everycell.SelectTool(this),
        split: new everycell.SplitTool(this),
        merge: new everycell.MergeTool(this),
        reshape: new everycell.ReshapeTool(this),
        node: new everycell.NodeTool(this),
        create: new everycell.CreateTool(this),
        village: new everycell.VillageTool(this),
      });
    }

    _panel() {
      this.tabs = new everycell.TabList(byId("tabs"));
      this.past = new everycell.Past(this);
      this.hand = new everycell.Hand(byId("hand"), this);
      this.issues = new everycell.Issues(byId("issues"), {
        onzoom: (bounds) => this.view.zoom(bounds),
        onfix: (operations) => this.work.fix(operations),
        nameOf: (code) => this.names.code(code),
      });
      this.conflicts = new everycell.Conflicts(byId("conflicts"), {
        zoom: (bounds) => this.view.zoom(bounds),
        theirs: (cells) => this.publishing.keepTheirs(cells),
        mine: () => this.publishing.redoMine(),
        leave: () => this.publishing.settle(),
        repaint: () => this.repaint(),
      });
      this.list = new everycell.CellList(byId("cells"), this, {
        ontoggle: (code, add) => (add ? this.toggle(code) : this.choose([code])),
        ongo: (code) => this.view.fit([code]),
      });
      this.sets = new everycell.Drafts(byId("sets"), this.source, {
        open: (id) => this._open(id),
        begin: () => this._begin(),
        abandon: (set) => this.publishing.abandon(set),
        past: () => this.past.part(),
        undo: (set) => this.publishing.undo(set),
      });
      this.search = new everycell.Search(byId("search"), this.source, (feature) => this._found(feature));
    }

    /** Show what is in hand, in the panel and on the map. */
    showHand() {
      this.hand.show();
      this.view.explain();
      this.repaint();
    }

    _listCells() {
      const seen = this.grid.within(this.map.getBounds());
      this.list.show(seen);
      byId("tab-cells").querySelector("b").textContent = everycell.number(seen.length);
    }

    // --- choosing -----------------------------------------------------------------------------------------------

    /** Whether one may edit a cell: by right, and within the area of the draft in hand. */
    editable(code) {
      return everycell.may("grid", code) && code.startsWith(this.draft.set?.area ?? "");
    }

    /** The same, said where it is not so. */
    mayEdit(code) {
      if (this.editable(code)) return true;
      this.tools.tell(this.whyNot(code));
      return false;
    }

    /** Why one may not edit a cell: by right, or as the draft in hand is of another area. */
    whyNot(code) {
      const cell = this.names.cell(code);
      if (!everycell.may("grid", code)) return t("{cell} is not in an area that you may edit.", { cell });
      const area = this.names.division(this.draft.set.area);
      return t("{cell} is not in {area}, of which the draft is. Begin another draft for it.", { cell, area });
    }

    choose(codes) {
      this.selection = new Set(codes);
      this._chosen();
    }

    toggle(code) {
      if (!this.selection.delete(code)) this.selection.add(code);
      this._chosen();
    }

    _chosen() {
      everycell.address.write({ cells: [...this.selection].join(".") });
      this.showHand();
      this._listCells();
    }

    // --- drafts -------------------------------------------------------------------------------------------------

    /** The draft is another: draw what it does. */
    drafted() {
      const { grid } = this;
      this.past.leave();
      grid.setDraft(this.draft.impact);
      this.borders?.follow(grid.replaced, grid.coming);
      this.selection = new Set([...this.selection].filter((code) => grid.cells.has(code)));
      this.layer.update();
      this._chosen();
      if (this.draft.id === this.listedFor) this.sets.count(this.draft.id, this.draft.steps.length);
      else this.loadSets();
    }

    async _restore() {
      const { draft, cells } = everycell.address.read();
      if (draft) await this.work.try(this.draft.open(draft));
      if (!this.draft.set) this.draft.close();
      const codes = (cells ?? "").split(".").filter((code) => this.grid.cells.has(code));
      if (codes.length) this.choose(codes);
    }

    async _open(id) {
      this.tools.use("select");
      if (!(await this.work.try(this.draft.open(id)))) return;
      const touched = [...this.grid.marks.keys(), ...this.grid.retired.keys()];
      if (touched.length) this.view.fit(touched);
      this.tabs.show("steps");
    }

    async _begin() {
      const answer = await everycell.askForDraft(this.today, this.names.areas());
      if (answer && (await this.work.try(this.draft.begin(answer.title, answer.area)))) this.tabs.show("steps");
    }

    /** Ask for the change sets anew. */
    async loadSets() {
      this.listedFor = this.draft.id;
      try {
        const published = await this.sets.load(this.draft.id);
        this.newest ??= published[0]?.id ?? "";
        this.showHand();
      } catch (error) {
        this.work.say(error);
      }
    }

    // --- moving and pointing ------------------------------------------------------------------------------------

    _listen() {
      const { map, work } = this;
      const next = () => this.show(VIEWS[(VIEWS.indexOf(this.layer.view) + 1) % VIEWS.length]);
      const [undo, redo, help] = [() => work.undo(), () => work.redo(), () => everycell.showHelp()];
      map.on("click", ({ latlng, originalEvent }) => originalEvent && this.tools.active.click(latlng, originalEvent));
      map.on("moveend", () => this._moved());
      map.on(
        "mousemove",
        everycell.eachFrame(({ latlng }) => this.tools.active.move(latlng)),
      );
      this.keyboard = new everycell.Keyboard(this, { undo, redo, help, view: next });
      byId("undo").addEventListener("click", undo);
      byId("redo").addEventListener("click", redo);
      byId("keys").addEventListener("click", help);
      byId("publish").addEventListener("click", () => this.publishing.publish());
      byId("views").addEventListener("change", ({ target }) => this.show(target.value));
      byId("draft-chip").addEventListener("click", () => this.tabs.show("sets"));
      addEventListener("hashchange", () => location.reload());
      setInterval(() => this._watch(), WATCH_MS);
      document.addEventListener("visibilitychange", () => this._watch());
    }

    _moved() {
      this.view.remember();
      this._listCells();
      this.tools.tell();
      this.view.explain();
    }

    _found({ properties: { kind, code }, geometry }) {
      if (kind === "cell" && this.grid.cells.has(code)) this.choose([code]);
      const inside = [...this.grid.cells.keys()].filter((cell) => cell.startsWith(code));
      if (["county", "town", "village", "cell"].includes(kind) && inside.length) this.view.fit(inside);
      else this.view.goTo(geometry.coordinates);
    }

    // The session is over: whatever is asked from now on would be refused, so nothing is.
    _over() {
      this.over = true;
      everycell.sayOver();
    }
  }

  /** Called by the page when its map is made. */
  everycell.startEditing = (map) => {
    everycell.open();
    everycell.font = getComputedStyle(document.body).fontFamily;
    everycell.frame();
    everycell.accountMenu();
    if (!everycell.config.bounds) {
      document.documentElement.dataset.ready = "empty";
      return;
    }
    byId("legend").open = innerWidth >= 720;
    everycell.page = new EditMap(map);
    everycell.page.open().catch((error) => {
      document.documentElement.dataset.ready = "failed";
      if (everycell.page.over) return; // said already, with what to do
      everycell.notice(t("The page could not be opened: {reason}", { reason: everycell.reason(error) }), "bad");
    });
  };
}
