"""The wall: the operators' screen. A map with figures beside it, scene after scene, followed by events as they happen.

It asks for aggregates only (`/coverage`, `/board`, `/alarms`, `/disputes/heat`), and for what goes beyond them only
where whoever looks may see it: routes with the right `patrols`, a link to the doors with the right `doors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from maps.assets import TOPOJSON, asset_url
from maps.page import ANIMATED, Frame, GridMap, LivePage
from maps.text import translator

STYLES: Final = ("base.css", "page.css", "wall.css", "wall-charts.css")
WORKER: Final = "live-worker.js"
SCRIPTS: Final = (
    "page.js",
    "renew.js",
    "room.js",
    "unsent.js",
    "account.js",
    "tiles.js",
    "streets.js",
    "shapes.js",
    "patterns.js",
    "legend.js",
    "cells.js",
    "borders.js",
    TOPOJSON,
    "sources.js",
    "panel.js",
    "figures.js",
    "cutoff.js",
    "views.js",
    "map-view.js",
    "heat-source.js",
    "published.js",
    "heat-looks.js",
    "heat-areas.js",
    "patrol-lines.js",
    "patrol-routes.js",
    "age.js",
    WORKER,
    "live.js",
    "wall-source.js",
    "wall-readings.js",
    "wall-looks.js",
    "wall-routes.js",
    "wall-scenes.js",
    "wall-rotation.js",
    "wall-drill.js",
    "wall-drawing.js",
    "wall-events.js",
    "wall-status.js",
    "wall-marks.js",
    "wall-charts.js",
    "wall-alarms.js",
    "wall-panel.js",
    "wall-bar.js",
    "wall-keys.js",
    "wall-empty.js",
    "wall.js",
)
MODULE: Final = "mvt.mjs"
CUTOFFS: Final = (30, 60, 90)

Theme = Literal["dark", "light"]


class Scene(StrEnum):
    """What the wall can show, in the order in which it does so."""

    coverage = "coverage"
    never = "never"
    cases = "cases"
    patrols = "patrols"
    sites = "sites"
    heat = "heat"


@dataclass(frozen=True)
class WallOptions:
    """What the address of a wall tells.

    `scenes` in their order, each for `dwell_s` seconds; after `return_s` seconds without anybody it goes back to `area`
    (a code; "": all that whoever looks may see). `cutoff` as the coverage page writes it ("30d", a day, "round:CODE";
    None: the running round). `distance_m` and `mm_per_px` are of the room, from which the size of type follows; None:
    as for a screen of 55 inches at three metres. `kiosk`: nobody sits here, a token opened it.
    """

    scenes: Sequence[Scene] = tuple(Scene)
    dwell_s: float = 30
    return_s: float = 120
    area: str = ""
    cutoff: str | None = None
    distance_m: float | None = None
    mm_per_px: float | None = None
    kiosk: bool = False


@dataclass(frozen=True)
class WallPage(LivePage):
    """What the wall is made from."""

    options: WallOptions = field(default_factory=WallOptions)
    theme: Theme = "dark"


def wall_page(config: WallPage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce, base_map_url=…, workers=True)` as its
    Content-Security-Policy."""
    _ = translator(config.lang)
    frame = Frame(config.title or _("Map wall"), config.nonce, config.lang, config.base, theme=config.theme)
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=(MODULE,),
        chrome=config.chrome("wall.html", "wall", frame.title, kiosk=config.options.kiosk),
        data={"config": _data(config)},
        base_map=config.base_map,
        shows_map=config.shows_map,
        start="everycell.startWall",
        attribution_control=False,
        keyboard=False,
        zoom_animation=ANIMATED,
        fade_animation=ANIMATED,
    ).page()


def _data(config: WallPage) -> dict[str, Any]:
    return config.data(
        wall=asdict(config.options),
        cutoffs=list(CUTOFFS),
        theme=config.theme,
        live_worker=asset_url(WORKER, config.base),
    )
