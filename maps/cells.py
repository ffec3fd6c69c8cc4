"""The editor's page: cells are drawn, split, merged and reshaped in a draft, looked at, and published.

The page draws and asks; what an operation does to the grid is worked out by the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gis.access.scope import Right
from maps.page import ANIMATED, Frame, GridMap, LivePage
from maps.text import translator

STYLES: Final = ("base.css", "page.css", "ask.css", "edit.css")
SCRIPTS: Final = (
    "vendor/@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    "page.js",
    "unsent.js",
    "account.js",
    "tiles.js",
    "streets.js",
    "shapes.js",
    "borders.js",
    "sources.js",
    "panel.js",
    "search.js",
    "views.js",
    "tab-list.js",
    "measures.js",
    "patterns.js",
    "grid.js",
    "grid-layer.js",
    "grid-legend.js",
    "door-dots.js",
    "nodes.js",
    "snapping.js",
    "drawing.js",
    "changesets.js",
    "draft.js",
    "outlook.js",
    "day-field.js",
    "ask.js",
    "meter.js",
    "issues.js",
    "steps.js",
    "cell-list.js",
    "cell-form.js",
    "drafts.js",
    "conflicts.js",
    "impact.js",
    "ancestry.js",
    "past.js",
    "hand.js",
    "tools.js",
    "tool-split.js",
    "tool-merge.js",
    "tool-reshape.js",
    "tool-node.js",
    "tool-create.js",
    "tool-village.js",
    "keyboard.js",
    "publishing.js",
    "work.js",
    "names.js",
    "map-view.js",
    "edit-view.js",
    "edit.js",
)
MODULE: Final = "mvt.mjs"


@dataclass(frozen=True)
class EditPage(LivePage):
    """What the editor's page is made from.

    Whoever has not the right `grid` in any area is told so, and gets no tool. `who` is the name by which the service
    knows whose drafts are whose.
    """

    @property
    def barred(self) -> bool:
        """Whether whoever looks may edit nowhere, or not see the grid."""
        return not {Right.figures, Right.grid} <= self.rights


def edit_page(config: EditPage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce, base_map_url=…)` as its Content-Security-Policy."""
    _ = translator(config.lang)
    frame = Frame(config.title or _("Grid editor"), config.nonce, config.lang, config.base)
    data = {"config": config.data()}
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=(MODULE,),
        chrome=config.chrome("edit.html", "edit", frame.title),
        data=data,
        base_map=config.base_map,
        shows_map=config.shows_map,
        start="everycell.startEditing",
        attribution_control=False,
        pm_ignore=False,  # Geoman is for what is told so, and the map is
        zoom_animation=ANIMATED,
    ).page()
