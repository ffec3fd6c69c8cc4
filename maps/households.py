"""The coverage page: which cells and which households have been visited, and which have not.

Two forms of one page. `coverage_page` is served by the API and reads its figures, tiles and lists from there;
`coverage_file` is one file that carries everything and asks nobody for anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from gis.access.scope import Right
from gis.households.coverage import AreaCoverage
from gis.households.unvisited import UnvisitedHousehold
from gis.households.visits import Purpose
from gis.sites.categories import CATEGORIES, Category
from maps.assets import TOPOJSON
from maps.page import ANIMATED, BaseMap, Bounds, Frame, GridMap, LivePage, render, rights_of
from maps.text import Lang, translator

STYLES: Final = ("base.css", "page.css", "households.css")
SCRIPTS: Final = (
    "page.js",
    "unsent.js",
    "account.js",
    "tiles.js",
    "legend.js",
    "streets.js",
    "shapes.js",
    "cells.js",
    "borders.js",
    "doorplates.js",
    "sites.js",
    TOPOJSON,
    "sources.js",
    "embedded.js",
    "panel.js",
    "tabs.js",
    "figures.js",
    "cutoff.js",
    "visits.js",
    "waiting.js",
    "cards.js",
    "search.js",
    "views.js",
    "households.js",
)
MODULE: Final = "mvt.mjs"
CUTOFFS: Final = (30, 60, 90)
_FILE: Final = frozenset({Right.figures, Right.doors})  # a file shows what it carries, and takes no visits

_SIGNS: Final[Mapping[Category, str]] = {
    Category.kindergarten: "幼",
    Category.school: "校",
    Category.college: "学",
    Category.hospital: "医",
    Category.clinic: "诊",
    Category.pharmacy: "药",
    Category.elderly_care: "养",
    Category.government_service: "政",
    Category.village_office: "村",
    Category.fire_station: "消",
    Category.library: "图",
    Category.museum: "博",
    Category.sports: "体",
    Category.park: "园",
    Category.market: "市",
    Category.supermarket: "超",
    Category.shop: "店",
    Category.restaurant: "餐",
    Category.hotel: "宿",
    Category.entertainment: "娱",
    Category.bank: "银",
    Category.post_office: "邮",
    Category.parcel_station: "递",
    Category.bus_station: "客",
    Category.railway_station: "铁",
    Category.gas_station: "油",
    Category.fuel_storage: "储",
    Category.fireworks_store: "爆",
    Category.farm_supplies: "农",
    Category.warehouse: "仓",
    Category.factory: "厂",
    Category.workshop: "坊",
    Category.construction_site: "工",
    Category.quarry: "矿",
    Category.substation: "电",
    Category.waterworks: "水",
    Category.sewage_works: "污",
    Category.reservoir: "库",
    Category.waste_station: "废",
    Category.parking: "停",
}


@dataclass(frozen=True)
class CoveragePage(LivePage):
    """What the coverage page is made from. Whoever has not the right `figures` in any area is told so."""

    cutoffs: Sequence[int] = CUTOFFS
    due_soon_days: int = 14


@dataclass(frozen=True)
class CoverageFile:
    """What the standalone page is made from.

    `cells` and `divisions` are GeoJSON FeatureCollections (CRS84) whose features have `code` and `name`, divisions also
    `level`; `sites` has the properties of the sites collection. `figures` are of cells, `waiting` the households of the
    chosen `area` not reached since `since`, in any order.
    """

    as_of: date
    since: date
    bounds: Bounds | None
    cells: Mapping[str, Any]
    divisions: Mapping[str, Any]
    figures: Iterable[AreaCoverage]
    waiting: Iterable[UnvisitedHousehold]
    sites: Mapping[str, Any] = field(default_factory=lambda: {"type": "FeatureCollection", "features": []})
    area: str = ""
    title: str = ""
    lang: Lang = "zh"
    due_soon_days: int = 14
    credits: Sequence[str] = ()


def coverage_page(config: CoveragePage) -> str:
    """The live page. Send it with `maps.csp.policy(config.nonce, base_map_url=…)` as its Content-Security-Policy."""
    frame = Frame(_title(config.title, config.lang), config.nonce, config.lang, config.base)
    data = {
        "config": config.data(
            cutoffs=list(config.cutoffs), due_soon_days=config.due_soon_days, categories=_categories(config.lang)
        )
    }
    visits = {Right.doors, Right.visits} <= config.rights
    chrome = config.chrome("coverage.html", "coverage", frame.title, visits=visits, purposes=purposes(config.lang))
    return _map(frame, data, chrome, modules=(MODULE,), base_map=config.base_map, shows_map=config.shows_map).page()


def coverage_file(content: CoverageFile) -> str:
    """The standalone page: one HTML text that needs no service and no network."""
    frame = Frame(_title(content.title, content.lang), secrets.token_urlsafe(18), content.lang, standalone=True)
    config = {
        "data": True,
        "today": content.as_of.isoformat(),
        "since": content.since.isoformat(),
        "area": content.area,
        "bounds": content.bounds,
        "rights": rights_of(_FILE, {}),
        "due_soon_days": content.due_soon_days,
        "categories": _categories(content.lang),
        "base_map": False,
        "attribution": False,
        "credits": [str(Markup.escape(credit)) for credit in content.credits],
    }
    data = {"config": config, "data": _embedded(content)}
    empty = content.bounds is None
    chrome = render(
        "coverage.html",
        frame.lang,
        title=frame.title,
        barred=False,
        empty=empty,
        doors=True,
        linked=False,
        visits=False,
    )
    return _map(frame, data, chrome, shows_map=not empty).page()


def _title(title: str, lang: Lang) -> str:
    _ = translator(lang)
    return title or _("Visit coverage")


def _categories(lang: Lang) -> dict[str, dict[str, str]]:
    return {
        category.value: {"sign": _SIGNS[category], "name": info.zh if lang == "zh" else info.en}
        for category, info in CATEGORIES.items()
    }


def purposes(lang: Lang) -> list[tuple[str, str]]:
    """The closed list of purposes with their names, in the order in which they are offered."""
    _ = translator(lang)
    names = {
        Purpose.routine: _("Routine visit"),
        Purpose.safety: _("Safety check"),
        Purpose.publicity: _("Policy information"),
        Purpose.address_check: _("Address check"),
    }
    return [(purpose.value, names[purpose]) for purpose in Purpose]


def _map(
    frame: Frame,
    data: Mapping[str, Any],
    chrome: Markup,
    *,
    modules: Sequence[str] = (),
    base_map: BaseMap | None = None,
    shows_map: bool,
) -> GridMap:
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=modules,
        chrome=chrome,
        data=data,
        base_map=base_map,
        shows_map=shows_map,
        start="everycell.start",
        attribution_control=False,
        zoom_animation=ANIMATED,
    )


def _embedded(content: CoverageFile) -> dict[str, Any]:
    return {
        "cells": _rounded(content.cells),
        "divisions": _rounded(content.divisions),
        "sites": content.sites,
        "coverage": {
            "as_of": content.as_of.isoformat(),
            "since": content.since.isoformat(),
            "areas": [_figures(area) for area in content.figures],
        },
        "doors": _doors(content.waiting),
    }


def _rounded(collection: Mapping[str, Any]) -> dict[str, Any]:
    """The collection with its coordinates as a map shows them: to a decimetre."""
    features = [{**one, "geometry": {**one["geometry"]}} for one in collection["features"]]
    for one in features:
        one["geometry"]["coordinates"] = _degrees(one["geometry"]["coordinates"])
    return {**collection, "features": features}


def _degrees(coordinates: Any) -> Any:
    if isinstance(coordinates, list | tuple):
        return [_degrees(one) for one in coordinates]
    return round(coordinates, 6)


def _figures(area: AreaCoverage) -> dict[str, Any]:
    return {
        "code": area.code,
        "name": area.name,
        "known": area.known,
        "reached": area.reached,
        "tried": area.tried,
        "never": area.never,
        "overdue": area.overdue,
        "oldest_on": _iso(area.oldest_on),
        "empty": area.empty,
    }


def _doors(waiting: Iterable[UnvisitedHousehold]) -> list[dict[str, Any]]:
    """Households grouped by their doorplate, the page's own short form of them."""
    doors: dict[int, dict[str, Any]] = {}
    for one in waiting:
        door = doors.setdefault(
            one.doorplate,
            {
                "id": one.doorplate,
                "address": one.address,
                "cell": one.cell,
                "lon": one.lon,
                "lat": one.lat,
                "waiting": [],
            },
        )
        door["waiting"].append([one.code, one.unit, _iso(one.last_reached_on), _iso(one.due_on)])
    return list(doors.values())


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
