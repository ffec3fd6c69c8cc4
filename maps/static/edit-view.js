"use strict";
// Where the editor's map looks, and the legend of what is drawn on it.
{
  const PANES = { streets: 250, land: 300, cells: 400, doors: 430, marks: 450 };

  /** `editor` is the page. */
  everycell.EditView = class extends everycell.MapView {
    constructor(editor) {
      super(editor.map, PANES);
      this.editor = editor;
    }

    /** The view that the address tells, or all cells. */
    restore() {
      if (!this.recall()) this.fit([...this.editor.grid.live.keys()], false);
    }

    /** Show cells by their codes. */
    fit(codes, animate = !everycell.still) {
      const bounds = this.editor.grid.boundsOf(codes);
      if (bounds) this.zoom(bounds, animate);
    }

    /** The legend of what is drawn. */
    explain() {
      const { grid, layer, hand, nodes, issues, conflicts, past } = this.editor;
      everycell.showGridLegend(everycell.byId("legend-body"), {
        past: past.day !== null,
        draft: grid.marks.size > 0,
        both: layer.view === "both",
        hand: hand.cells.length > 0,
        nodes: nodes.shown,
        doors: everycell.may("doors") && this.map.getZoom() >= everycell.doorDots.FROM_ZOOM,
        issues: issues.list.length > 0,
        conflict: conflicts.list.length > 0,
        closed: [...grid.cells.keys()].some((code) => !this.editor.editable(code)),
      });
    }
  };
}
