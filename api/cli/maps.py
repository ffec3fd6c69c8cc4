"""everycell map coverage: the coverage page as one file that needs no service and no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Connection

from api.cli.output import day, err, lang_of, opened, write
from api.cli.words import _
from gis.cells.sources import credits
from gis.codes import Level
from gis.errors import NotFound
from gis.households.coverage import counties, default_since, today_in
from gis.households.coverage import coverage as figures
from gis.households.unvisited import unvisited
from gis.settings import settings
from gis.storage.queries import query
from maps.households import CoverageFile, coverage_file
from maps.page import Bounds

app = typer.Typer(help="Maps as files.", no_args_is_help=True)

_PAGE = 5_000
_CELL_DIGITS = 15
Json = dict[str, Any]


@app.callback()
def _maps() -> None:
    """Maps as files."""


@app.command()
def coverage(
    output: Annotated[Path, typer.Option("--output", "-o", help="the HTML file to write")],
    area: Annotated[str | None, typer.Option(help="code of a county, town, village or cell; all if left out")] = None,
    since: Annotated[
        str | None, typer.Option(help="cut-off day, 2026-11-01; default: the open round, else 90 days back")
    ] = None,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """The coverage map of an area as one HTML file: cells, doors with unvisited households, key sites."""
    spoken, cut_off = lang_of(lang), day(since, "--since")
    with opened() as store, store.read() as conn:
        today = today_in(settings())
        cut_off = cut_off or default_since(conn, area, today)
        table = figures(conn, area=area, level=Level.cell, since=cut_off, today=today)
        cells = _collection(conn, "cells/items", area)
        content = CoverageFile(
            as_of=today,
            since=cut_off,
            bounds=bounds_of(cells),
            cells=cells,
            divisions=_divisions(conn, area),
            figures=table.areas,
            waiting=unvisited(conn, area, cut_off),
            sites=_collection(conn, "sites/items", area),
            area=area or "",
            lang=spoken,
            due_soon_days=settings().due_soon_days,
            credits=credits(conn),
        )
        if content.bounds is None:
            raise NotFound("there is no cell yet; import cells first")
        page = coverage_file(content)
    write(output, page.encode())
    left = table.total.known - table.total.reached
    err.print(
        _(
            "{number:,} cells, {left:,} households not reached since {day} → {output}",
            number=len(table.areas),
            left=left,
            day=cut_off,
            output=output,
        )
    )


def _collection(conn: Connection, statement: str, area: str | None) -> Json:
    """All features of a collection inside an area, as a FeatureCollection (CRS84)."""
    prefix = area or ""
    values = {
        "counties": counties(conn, area),
        "first_cell": prefix.ljust(_CELL_DIGITS, "0"),
        "last_cell": prefix.ljust(_CELL_DIGITS, "9"),
        **dict.fromkeys(("item", "box", "box2")),
    }
    return {"type": "FeatureCollection", "features": list(_features(conn, statement, values))}


def _divisions(conn: Connection, area: str | None) -> Json:
    """The divisions inside an area and those around it, whose names stand above it."""
    prefix = area or ""
    values = {"area": prefix[:6], **dict.fromkeys(("item", "level", "box", "box2"))}
    codes = ((feature, feature["properties"]["code"]) for feature in _features(conn, "cells/divisions", values))
    kept = [feature for feature, code in codes if code.startswith(prefix) or prefix.startswith(code)]
    return {"type": "FeatureCollection", "features": kept}


def _features(conn: Connection, statement: str, values: Json) -> Iterator[Json]:
    after = None
    while True:
        rows = conn.execute(query(statement), {**values, "after": after, "limit": _PAGE}).all()
        for row in rows:
            yield json.loads(row.feature)
        if len(rows) < _PAGE:
            return
        after = rows[-1].key


def bounds_of(cells: Json) -> Bounds | None:
    """West, south, east and north (degrees) of polygons in a FeatureCollection; None where there are none."""
    points = [point for cell in cells["features"] for point in cell["geometry"]["coordinates"][0]]
    if not points:
        return None
    lons, lats = zip(*(point[:2] for point in points), strict=True)
    return min(lons), min(lats), max(lons), max(lats)
