"""A file into the database: read, guard, validate, load. One transaction, which the caller owns.

Nothing is written before the whole file has been read and judged. Bad rows go into a rejects CSV beside the file; the
good ones are written, or with `strict` nothing is. Importing the same file again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from gis.cells.cleaning.clean import WIDEST_M
from gis.errors import BadInput, WrongPlace
from gis.exchange import headers, places, reference
from gis.exchange.datum import hinted, refuse_arctic
from gis.exchange.headers import Kind, Match
from gis.exchange.job import Job, Options, Progress
from gis.exchange.kinds import LOADERS, load_file_of_disputes, load_file_of_visits
from gis.exchange.personal import refuse_personal
from gis.exchange.places import Placed, Reading
from gis.exchange.readers import read_table
from gis.exchange.rejects import Rejects
from gis.exchange.table import Table
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.report import LoadReport, Reject

__all__ = ["Options", "Progress", "Summary", "import_file"]


@dataclass(frozen=True)
class Summary:
    """What an import read, understood and did."""

    kind: Kind
    path: Path
    rows_read: int
    reports: list[LoadReport]
    rejects: list[Reject]
    rejects_path: Path | None
    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    format: str
    encoding: str | None
    place: str | None
    notes: list[Sentence]
    dry_run: bool


def import_file(
    conn: Connection,
    kind: Kind,
    path: Path,
    settings: Settings,
    options: Options | None = None,
    progress: Progress | None = None,
    agreed: Collection[str] = (),
    say: Callable[[str], str] = str,
) -> Summary:
    """Import one file of `kind`. `progress` is told the stage, the rows done and the rows in all (0: unknown). `say`
    says a sentence in the language of whoever reads the list of rejects.

    Cells that do not tile raise Unclean with proposals; with `options.clean` those are written whose digests are in
    `agreed`. Raises BadInput (or PersonalData, WrongPlace, BrokenCoverage) where the file cannot be used as a whole,
    where no row of it can, or with `strict` one cannot; then nothing is to be committed.
    """
    job = Job(conn, kind, path, settings, options or Options(), progress or _silent, frozenset(agreed), say)
    county = job.options.county
    if county is not None and (len(county) != 6 or not (county.isascii() and county.isdecimal())):
        raise BadInput("{field}: {code!r} is not the 6 digits of a county", code=county, field="--county")
    if not 0 < job.options.clean_width <= WIDEST_M:
        width = f"{job.options.clean_width:g}"
        raise BadInput(
            "--clean-width: {width} is no width from 0 to {most_m:g} m",
            width=width,
            most_m=WIDEST_M,
            field="--clean-width",
        )
    job.progress(Sentence("reading"), 0, 0)
    table = read_table(path, encoding=job.options.encoding, layer=job.options.layer)
    match = _guarded(job, table)
    rejects = Rejects(table.rows)
    rejects.found.extend(table.malformed)
    placed = _placed(job, table, match, rejects) if _has_places(kind, table, match) else None
    if kind == Kind.disputes:
        reports = load_file_of_disputes(job, table, match, placed, rejects)
    elif placed is None:
        reports = load_file_of_visits(job, table, match, rejects)
    else:
        reports = LOADERS[kind](job, table, match, placed, rejects)
    found = rejects.found + [reject for report in reports for reject in report.rejects]
    return _settled(job, table, match, placed, reports, found)


def _silent(_stage: Sentence, _done: int, _total: int) -> None:
    pass


def _has_places(kind: Kind, table: Table, match: Match) -> bool:
    """Whether the rows have places: all kinds do but visits, and cases where cells are given instead."""
    given = table.geometry is not None or "geometry" in match.columns or "lon" in match.columns
    return kind != Kind.visits and (kind != Kind.disputes or given or "cell" not in match.columns)


def _guarded(job: Job, table: Table) -> Match:
    """The match of headings, after the guard against personal data: it goes before every other message."""
    columns = [str(column) for column in table.data.columns]
    job.progress(Sentence("looking for personal data"), 0, len(table.rows))
    refuse_personal(
        table.data,
        job.kind,
        rows=table.rows,
        codes=headers.code_columns(job.kind, columns, job.options.mapping),
        counties=[job.options.county] if job.options.county else reference.counties(job.conn),
    )
    match = headers.match(job.kind, columns, job.options.mapping, cut=table.format.startswith("Shapefile"))
    named = hinted([match.columns[name] for name in ("lon", "lat", "geometry") if name in match.columns])
    if named is not None and job.options.datum is None and job.kind != Kind.visits:
        raise WrongPlace(
            "{file}: a heading names {name}; say --datum {datum}, or --datum wgs84 if it is not",
            file=job.file,
            name=named.upper(),
            datum=named,
            field="--datum",
        )
    return match


def _placed(job: Job, table: Table, match: Match, rejects: Rejects) -> Placed:
    job.progress(Sentence("checking"), 0, len(table.rows))
    reading = Reading(job.options.crs, job.datum)
    if job.kind in (Kind.divisions, Kind.cells):
        parts = job.kind == Kind.divisions or job.options.parts
        placed = places.polygons(table, match.columns, reading, rejects, parts=parts)
    else:
        placed = places.points(table, match.columns, reading, rejects)
    refuse_arctic(placed.lon, placed.lat, job.file)
    return placed


def _settled(
    job: Job, table: Table, match: Match, placed: Placed | None, reports: list[LoadReport], found: list[Reject]
) -> Summary:
    rows_read = len(table.rows) + len(table.malformed)
    if not any(report.inserted + report.updated + report.unchanged for report in reports):
        job.refuse_all(found)
    job.settle(rows_read, found)
    job.progress(Sentence("done"), rows_read, rows_read)
    return Summary(
        kind=job.kind,
        path=job.path,
        rows_read=rows_read,
        reports=reports,
        rejects=found,
        rejects_path=job.rejects_path if found else None,
        columns=match.columns,
        ignored=match.ignored,
        format=table.format,
        encoding=table.encoding,
        place=placed.understood if placed else None,
        notes=table.notes,
        dry_run=job.options.dry_run,
    )
