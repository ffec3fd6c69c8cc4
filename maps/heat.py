"""The page of heat: where disputes were recorded, in which months, and whether a pattern is more than chance.

It shows what was published and what is drawn from that; it asks for it at `/disputes/periods`, `/disputes/counts`,
`/disputes/heat` and `/disputes/hotspots`. No case and no place of one is on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gis.disputes.categories import FAMILY, NAMES, TABLED, Category
from maps.assets import TOPOJSON
from maps.page import ANIMATED, Frame, GridMap, LivePage
from maps.text import Lang, translator

STYLES: Final = ("base.css", "page.css", "heat.css")
SCRIPTS: Final = (
    "page.js",
    "unsent.js",
    "account.js",
    "tiles.js",
    "streets.js",
    "shapes.js",
    "borders.js",
    "patterns.js",
    TOPOJSON,
    "sources.js",
    "panel.js",
    "tab-list.js",
    "figures.js",
    "search.js",
    "views.js",
    "heat-source.js",
    "published.js",
    "heat-looks.js",
    "heat-tiles.js",
    "heat-areas.js",
    "timeline.js",
    "case-pictures.js",
    "hot-cells.js",
    "heat-legend.js",
    "heat-controls.js",
    "heat-panel.js",
    "heat-view.js",
    "heat-drawing.js",
    "freshness.js",
    "heat.js",
)
MODULE: Final = "mvt.mjs"


@dataclass(frozen=True)
class HeatPage(LivePage):
    """What the page of heat is made from. Whoever has not the right `figures` in any area is told so."""


def heat_page(config: HeatPage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce, base_map_url=…)` as its Content-Security-Policy."""
    _ = translator(config.lang)
    frame = Frame(config.title or _("Dispute heat"), config.nonce, config.lang, config.base)
    data = {
        "config": config.data(
            case_categories=[_category(one, config.lang) for one in TABLED],
            family=_category(FAMILY, config.lang),
        )
    }
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=(MODULE,),
        chrome=config.chrome("heat.html", "heat", frame.title),
        data=data,
        base_map=config.base_map,
        shows_map=config.shows_map,
        start="everycell.startHeat",
        attribution_control=False,
        zoom_animation=ANIMATED,
        fade_animation=ANIMATED,
    ).page()


def _category(category: Category, lang: Lang) -> dict[str, str]:
    names = NAMES[category]
    return {"code": category.value, "name": names.zh if lang == "zh" else names.en}
