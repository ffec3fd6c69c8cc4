"""An OpenStreetMap extract into the database: divisions, cells, doorplates, sites and streets, to be drawn and for
patrols, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, text

from gis.cells.load import load_cells, load_divisions
from gis.cells.sources import adopt_codes
from gis.cells.topology import Fault
from gis.codes import Level
from gis.errors import BadInput, WrongPlace
from gis.exchange.importer import Progress
from gis.exchange.osm import OsmExtract, read_osm
from gis.exchange.roads_import import NoStreets, RoadsSummary, import_roads
from gis.households.dwellings import split_dwellings
from gis.households.load import load_dwellings
from gis.sentence import Sentence
from gis.settings import Settings
from gis.sites.load import load_sites
from gis.storage.report import LoadReport, Reject
from gis.streets.load import load_streets


@dataclass(frozen=True)
class OsmSummary:
    """What an extract held (`counts`) and what became of it; `outside` is what was not used, each with its reason.
    `roads`: its streets for patrols, None where it has none."""

    county: str
    counts: dict[str, int]
    reports: list[LoadReport]
    outside: list[Reject]
    settled: list[Fault]
    roads: RoadsSummary | None


def parse_levels(levels: str) -> dict[Level, int]:
    """ "county=2,town=6,village=8" → the admin_level of each level. Raises BadInput naming --levels."""
    found: dict[Level, int] = {}
    for part in levels.split(","):
        level, _, number = part.strip().partition("=")
        if level not in ("county", "town", "village") or not number.isdecimal():
            raise BadInput(
                "--levels: {part!r} is not LEVEL=NUMBER; write county=2,town=6,village=8", part=part, field="--levels"
            )
        found[Level(level)] = int(number)
    for needed in (Level.county, Level.village):
        if needed not in found:
            raise BadInput(
                "--levels: say which admin_level a {level} has, e.g. {level}=8", level=needed, field="--levels"
            )
    return found


def import_osm(
    conn: Connection,
    path: Path,
    levels: Mapping[Level, int],
    settings: Settings,
    progress: Progress | None = None,
    *,
    county_code: str | None = None,
    county_name: str | None = None,
    dry_run: bool = False,
) -> OsmSummary:
    """Import an extract; the caller owns the transaction. A second extract keeps the codes of the first.

    Raises BadInput where the file is no extract or has no areas of these levels, BrokenCoverage where villages do not
    tile.
    """
    told = progress or (lambda _stage, _done, _total: None)
    reading = _counting(told, Sentence("reading objects"), 0)
    extract = read_osm(path, levels, county_code, reading, county_name=county_name)
    savepoint = conn.begin_nested() if dry_run else None
    try:
        summary = _load(conn, path, extract, settings, told)
        if savepoint is not None:
            conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    finally:
        if savepoint is not None:
            savepoint.rollback()
    told(Sentence("done"), 0, 0)
    return summary


def _load(conn: Connection, path: Path, extract: OsmExtract, settings: Settings, told: Progress) -> OsmSummary:
    today = datetime.now(UTC).astimezone(settings.zone).date()
    code = str(extract.divisions["code"].str[:6].iloc[0])
    county = int(code)
    told(Sentence("writing cells"), 0, 0)
    coded = adopt_codes(conn, county, extract.divisions, extract.cells)
    reports = [
        load_divisions(conn, county, coded.divisions, today=today, cut=False),
        load_cells(conn, county, coded.cells, today=today, new_outline=True, enclaves=True),
    ]
    split = split_dwellings(extract.dwellings, county)
    reports.append(
        load_dwellings(
            conn,
            county,
            split.doorplates,
            split.households,
            settings,
            today=today,
            on_progress=_counting(told, Sentence("writing doorplates"), len(split.households)),
        )
    )
    reports.append(load_sites(conn, county, extract.sites))
    reports.append(load_streets(conn, county, extract.streets))
    roads = _roads(conn, path, code, told)
    outside = [*extract.outside, *split.rejects, *(reject for report in reports for reject in report.rejects)]
    return OsmSummary(code, dict(extract.counts), reports, outside, extract.settled, roads)


def _roads(conn: Connection, path: Path, county: str, told: Progress) -> RoadsSummary | None:
    """The streets of the file for patrols. A file of areas and doorplates alone is none the worse."""
    try:
        return import_roads(conn, path, told, county_code=county)
    except (NoStreets, WrongPlace):
        return None


def _counting(told: Progress, stage: Sentence, total: int) -> Callable[[int], None]:
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        told(stage, done, total)

    return count
