"""Writing divisions and cells: the cells tile the county, divisions are unions of cells.

A file of cells is complete for every village it names: cells of those villages that it does not name are retired.
Nothing is written where the cells would not tile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

import geopandas as gpd
import shapely
from shapely import Polygon
from sqlalchemy import Connection, text

from gis.cells.topology import SLIVER_M, Fault, arrange, as_multipolygon, in_words, outline_faults, united
from gis.codes import DIGITS, Level, level_of, parent_of
from gis.errors import BadInput, BrokenCoverage
from gis.storage.frames import rows, value
from gis.storage.queries import query
from gis.storage.report import LoadReport

_SHOWN_FAULTS: Final = 5


def polygons_of(conn: Connection, county: int) -> dict[str, Polygon]:
    """The live cells of a county, by code; EPSG:4490. Empty where there are none."""
    found = conn.execute(
        text(
            "SELECT code, ST_AsBinary(geom) FROM everycell.cell WHERE county = :county AND retired_on IS NULL"
            " ORDER BY code"
        ),
        {"county": county},
    )
    return {code: cast(Polygon, shapely.from_wkb(bytes(wkb))) for code, wkb in found}


def load_divisions(
    conn: Connection, county: int, frame: gpd.GeoDataFrame, *, today: date, cut: bool = True
) -> LoadReport:
    """Write divisions (frame "divisions" of docs/architecture.md) and, with `cut`, a cell for each part of a village.

    A village that has cells keeps them: a division's shape is the union of its cells, the file's is only where the
    first cells come from. Raises BadInput where a division's parent is neither stored nor in the file, BrokenCoverage
    where villages overlap or leave gaps.
    """
    conn.execute(text("SELECT everycell.lock_grid(:county)"), {"county": county})  # divisions follow their cells
    _refuse_orphans(conn, frame)
    inserted = updated = 0
    for row in rows(frame.sort_values("code")):
        outcome = conn.execute(query("cells/upsert_division"), _division_values(row)).scalar()
        inserted += outcome is True
        updated += outcome is False
    if inserted or updated:
        _raise_revision(conn, county)
    if cut:
        _cut_first_cells(conn, county, frame, today)
    return LoadReport("division", inserted, updated, len(frame) - inserted - updated)


def _division_values(row: Any) -> dict[str, Any]:
    return {
        "code": row.code,
        "level": str(row.level),
        "name": row.name,
        "parent": parent_of(row.code),
        "source": value(row, "source"),
        "wkb": shapely.to_wkb(as_multipolygon(row.geometry)),
    }


def _refuse_orphans(conn: Connection, frame: gpd.GeoDataFrame) -> None:
    known = set(frame["code"]) | set(conn.execute(text("SELECT code FROM everycell.division")).scalars())
    for row in rows(frame):
        parent = parent_of(row.code)
        if parent is not None and parent not in known:
            raise BadInput(
                "row {row}, code: division {code} belongs to {parent}, which is neither in the file nor stored",
                row=row.row,
                code=row.code,
                parent=parent,
                field="code",
            )


def _cut_first_cells(conn: Connection, county: int, frame: gpd.GeoDataFrame, today: date) -> None:
    """One cell for each part of a village that has none yet."""
    cut = {code[:12] for code in polygons_of(conn, county)}
    parts_of: list[tuple[Any, ...]] = []
    villages = frame[(frame["level"].astype(str) == Level.village.value) & ~frame["code"].isin(cut)]
    for village in rows(villages):
        parts = sorted(shapely.get_parts(village.geometry), key=shapely.area, reverse=True)
        for number, part in enumerate(parts, start=1):
            name = village.name if len(parts) == 1 else f"{village.name} {number}"
            parts_of.append((village.row, f"{village.code}{number:03}", village.code, name, "general", part))
    if parts_of:
        columns = ["row", "code", "village", "name", "kind", "geometry"]
        load_cells(conn, county, gpd.GeoDataFrame(parts_of, columns=columns, crs=4490), today=today, new_outline=True)


def load_cells(
    conn: Connection,
    county: int,
    frame: gpd.GeoDataFrame,
    *,
    today: date,
    sliver_m: float = SLIVER_M,
    enclaves: bool = False,
    new_outline: bool = False,
) -> LoadReport:
    """Write cells (frame "cells" of docs/architecture.md): they and the other live cells must tile the county.

    Gaps and overlaps thinner than `sliver_m` metres are healed, thicker ones raise BrokenCoverage with the pieces.
    Where every village of the file has cells already, their union must stay what it was, unless `new_outline`.
    An empty frame writes nothing.
    """
    report = LoadReport("cell")
    if frame.empty:
        return report
    _begin(conn, county, today)
    existing = polygons_of(conn, county)
    villages = set(frame["village"])
    place = place_for(existing, villages, new_outline=new_outline)
    wanted = dict(zip(frame["code"], frame.geometry, strict=True))
    holes_are_known = place.outline is not None  # what the cells are to fill is compared below
    tiled = arrange({**place.kept, **wanted}, sliver_m=sliver_m, enclaves=enclaves or holes_are_known)
    _refuse(tiled.faults)
    if place.outline is not None:
        _refuse(outline_faults(tiled.cells, place.outline, sliver_m=sliver_m))
    _ensure_villages(conn, frame, tiled.cells)
    report = _write(conn, county, frame, tiled.cells, existing, today)
    _retire(conn, county, [code for code in existing if code[:12] in villages and code not in wanted], today)
    refresh_divisions(conn, county)
    conn.execute(
        text("SELECT set_config('everycell.reunited', current_setting('everycell.cell_statement', true), true)")
    )
    return report


def _begin(conn: Connection, county: int, today: date) -> None:
    """Wait for others who write cells of the county, and let the history call what is written now an import."""
    conn.execute(
        text(
            "SELECT everycell.lock_grid(:county), set_config('everycell.today', :today, true),"
            " set_config('everycell.writer', 'import', true)"
        ),
        {"county": county, "today": today.isoformat()},
    )


@dataclass(frozen=True)
class Place:
    """Where cells of some villages have to fit in: the other cells, which stay, and the outline to fill (None: any)."""

    kept: dict[str, Polygon]
    outline: shapely.Geometry | None


def place_for(existing: Mapping[str, Polygon], villages: Collection[str], *, new_outline: bool) -> Place:
    """The place for all cells of `villages` among the `existing` ones of the county.

    Where every village has cells already, all cells must fill together what they filled before, unless `new_outline`.
    """
    kept = {code: shape for code, shape in existing.items() if code[:12] not in villages}
    grows = not set(villages) <= {code[:12] for code in existing}
    fixed = bool(existing) and not grows and not new_outline
    return Place(kept, united(existing.values()) if fixed else None)


def _refuse(faults: list[Fault]) -> None:
    if not faults:
        return
    worst = sorted(faults, key=lambda fault: fault.area_m2, reverse=True)
    shown = in_words(worst, _SHOWN_FAULTS)
    raise BrokenCoverage("the cells do not tile: {shown}", shown=shown, pieces=[fault.geojson() for fault in worst])


def _ensure_villages(conn: Connection, frame: gpd.GeoDataFrame, cells: Mapping[str, Polygon]) -> None:
    """Villages, towns and the county that no file has named yet get their code as a name until one does."""
    codes = sorted({code[: DIGITS[level]] for code in frame["village"] for level in DIGITS if level != Level.cell})
    known = set(conn.execute(text("SELECT code FROM everycell.division")).scalars())
    for code in codes:
        if code not in known:
            inside = [shape for cell, shape in cells.items() if cell.startswith(code)]
            geometry = as_multipolygon(united(inside))
            row = {"code": code, "level": level_of(code).value, "name": code, "parent": parent_of(code), "source": None}
            conn.execute(query("cells/upsert_division"), {**row, "wkb": shapely.to_wkb(geometry)})


def _write(
    conn: Connection,
    county: int,
    frame: gpd.GeoDataFrame,
    tiled: Mapping[str, Polygon],
    existing: Mapping[str, Polygon],
    today: date,
) -> LoadReport:
    """Insert and update what differs; neighbours outside the file only where a node was inserted into their border."""
    stored = _attributes(conn, county)
    changed: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    given = {row.code: _cell_values(row) for row in rows(frame)}
    for code, shape in tiled.items():
        values = given.get(code) or _attribute_values(stored[code])
        if code not in stored:
            added.append({**values, "county": county, "code": code, "wkb": shapely.to_wkb(shape), "today": today})
            continue
        _refuse_retired(code, stored[code])
        if not _same_ring(shape, existing[code]) or values != _attribute_values(stored[code]):
            shape = existing[code] if _same_ring(shape, existing[code]) else shape
            changed.append({**values, "county": county, "code": code, "wkb": shapely.to_wkb(shape), "today": today})
    for statement, batch in (("cells/update_cell", changed), ("cells/insert_cell", added)):
        if batch:
            conn.execute(query(statement), batch)
    updated = sum(row["code"] in given for row in changed)
    return LoadReport("cell", len(added), updated, len(given) - len(added) - updated)


def _cell_values(row: Any) -> dict[str, Any]:
    return {
        "village": row.village,
        "kind": row.kind,
        "name": row.name,
        "confirmed_empty_on": value(row, "confirmed_empty_on"),
        "source": value(row, "source"),
    }


def _attribute_values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("village", "kind", "name", "confirmed_empty_on", "source")}


def _attributes(conn: Connection, county: int) -> dict[str, Any]:
    found = conn.execute(
        text(
            "SELECT code, village, kind, name, confirmed_empty_on, source, retired_on FROM everycell.cell"
            " WHERE county = :county"
        ),
        {"county": county},
    )
    return {row.code: row for row in found}


def _refuse_retired(code: str, stored: Any) -> None:
    if stored.retired_on is not None:
        raise BadInput(
            "code: cell {code} was retired on {retired_on}; a code is never used twice, give the cell a new one",
            code=code,
            retired_on=stored.retired_on,
            field="code",
        )


def _same_ring(one: Polygon, other: Polygon) -> bool:
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), tolerance=0))


def _retire(conn: Connection, county: int, codes: Iterable[str], today: date) -> None:
    conn.execute(
        text("UPDATE everycell.cell SET retired_on = :today WHERE county = :county AND code = ANY (:codes)"),
        {"county": county, "codes": list(codes), "today": today},
    )


def refresh_divisions(conn: Connection, county: int) -> None:
    """Make the outline of the county and the shape of its divisions the union of its live cells again.

    Divisions that no longer have a cell are left as they are: their names are still wanted.
    """
    cells = polygons_of(conn, county)
    if not cells:
        return
    villages = _united(cells, Level.village)
    towns = _united(villages, Level.town)
    whole = as_multipolygon(united(towns.values()))
    conn.execute(query("cells/upsert_outline"), {"county": county, "wkb": shapely.to_wkb(whole)})
    changed = 0
    for code, shape in {**villages, **towns, f"{county:06}": whole}.items():
        changed += conn.execute(
            text(
                "UPDATE everycell.division SET geom = ST_GeomFromWKB(:wkb, 4490)"
                " WHERE code = :code AND NOT ST_OrderingEquals(geom, ST_GeomFromWKB(:wkb, 4490))"
            ),
            {"code": code, "wkb": shapely.to_wkb(as_multipolygon(shape))},
        ).rowcount
    if changed:
        _raise_revision(conn, county)


def _raise_revision(conn: Connection, county: int) -> None:
    """Tell whoever holds an answer about the county's divisions that it is no longer valid."""
    conn.execute(
        text("UPDATE everycell.county_outline SET revision = revision + 1 WHERE county = :county"), {"county": county}
    )


def _united(inside: Mapping[str, shapely.Geometry], level: Level) -> dict[str, shapely.Geometry]:
    groups: dict[str, list[shapely.Geometry]] = {}
    for code, shape in inside.items():
        groups.setdefault(code[: DIGITS[level]], []).append(shape)
    return {code: united(shapes) for code, shapes in groups.items()}
