"""What is proposed for cells that do not tile, as one file to look at: the pieces, and the cells by how they change."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from maps.page import ANIMATED, Frame, GridMap, render
from maps.text import Lang, translator

STYLES: Final = ("base.css", "page.css", "cleaning.css")
SCRIPTS: Final = ("page.js", "views.js", "cleaning_legend.js", "cleaning_lists.js", "cleaning.js")


@dataclass(frozen=True)
class CleaningFile:
    """What the page is made from: FeatureCollections (CRS84) of `gis.exchange.proposal_files`.

    `cells` have code, name, before_m2, after_m2, gained_m2 and lost_m2; `pieces` kind, cells, area_m2, width_m, fate
    and given. Wider pieces than `width_m` were not settled. There is one cell at least.
    """

    cells: Mapping[str, Any]
    pieces: Mapping[str, Any]
    width_m: float
    lang: Lang = "zh"


def cleaning_file(content: CleaningFile) -> str:
    """The page: one HTML text that needs no service and no network."""
    _ = translator(content.lang)
    frame = Frame(_("Gaps and overlaps between cells"), secrets.token_urlsafe(18), content.lang, standalone=True)
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        chrome=render("cleaning.html", frame.lang, title=frame.title, barred=False, empty=False, linked=False),
        data={
            "config": {"width_m": content.width_m},
            "data": {"cells": content.cells, "pieces": content.pieces},
        },
        start="everycell.start",
        attribution_control=False,
        prefer_canvas=True,
        zoom_animation=ANIMATED,
    ).page()
