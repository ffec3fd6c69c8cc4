"""What each kind of file becomes: its frame, its comparison with what is stored, its loader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from gis.cells.load import load_divisions
from gis.disputes.load import load_disputes
from gis.errors import Unclean
from gis.exchange import frames, guard, reference
from gis.exchange.cleaning import unclean, write_cells
from gis.exchange.headers import Kind, Match
from gis.exchange.job import Job
from gis.exchange.parts import split_parts
from gis.exchange.places import Placed
from gis.exchange.rejects import Rejects
from gis.exchange.table import Table
from gis.households.dwellings import SAME_M, split_dwellings
from gis.households.load import load_dwellings
from gis.households.visits import load_visits
from gis.sentence import Sentence
from gis.sites.load import load_sites
from gis.storage.report import LoadReport, Reject


def load_shapes(job: Job, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
    """Divisions or cells, county by county. Raises Unclean with the proposals for all of them."""
    terms = frames.Terms.of(job.settings, job.options.county)
    make = frames.divisions if job.kind == Kind.divisions else frames.cells
    frame = make(table, match.columns, placed, rejects, terms)
    job.refuse_nothing(frame, rejects.found)
    given = (placed.given[0][rejects.good], placed.given[1][rejects.good])
    head = frame["code"].str[:6].to_numpy(dtype=object)
    reports, proposals = [], []
    for county in sorted(set(head)):
        mine = head == county
        part = gpd.GeoDataFrame(frame[mine].reset_index(drop=True))
        if not job.options.accept_offset:
            near = (given[0][mine], given[1][mine])
            guard.check_shapes(job.conn, job.kind, int(county), part, near, job.datum, job.file)
        job.progress(Sentence("writing"), 0, len(frame))
        try:
            reports.append(_write_shapes(job, int(county), part, terms, table.notes))
        except Unclean as error:
            proposals += error.proposals
    if proposals:
        num_rows = len(table.rows) + len(table.malformed)
        if job.options.strict:
            job.settle(num_rows, rejects.found)
        raise unclean(job.file, proposals, job.note_rejects(num_rows, rejects.found))
    return reports


def _write_shapes(
    job: Job, county: int, part: gpd.GeoDataFrame, terms: frames.Terms, notes: list[Sentence]
) -> LoadReport:
    if job.kind == Kind.divisions:
        return job.in_savepoint(lambda: load_divisions(job.conn, county, part, today=terms.today))
    cells = split_parts(job.conn, county, part) if job.options.parts else part
    if len(cells) > len(part):
        notes.append(
            Sentence("{number:,} further parts of cells became cells of their own", number=len(cells) - len(part))
        )
    report, cleaned = write_cells(job, county, cells, terms.today)
    notes.extend(cleaned)
    return report


def load_households(job: Job, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
    """Dwellings: doorplates and the households behind them."""
    terms = frames.Terms.of(job.settings)
    frame = frames.dwellings(table, match.columns, placed, rejects, terms)
    job.refuse_nothing(frame, rejects.found)
    county = job.county(frame["code"], frame["doorplate_code"])
    _check_points(job, county, _codes_of(table, match), placed, rejects)
    split = split_dwellings(frame, county)
    known = reference.doorplates(job.conn, county, split.doorplates["code"])
    if not job.options.accept_offset:
        guard.check_doorplates(known, split.doorplates, table.rows, placed.given, job.datum, job.file)
    moved = guard.moved_doorplates(known, split.doorplates, SAME_M)
    households, gone = guard.reject_moved(moved, split.households)
    doorplates = split.doorplates[~split.doorplates["code"].isin(list(moved))]
    rejects.found.extend(split.rejects + gone)
    job.refuse_nothing(households, rejects.found)
    counting = job.counting(len(households))
    report = job.in_savepoint(
        lambda: load_dwellings(
            job.conn, county, doorplates, households, job.settings, today=terms.today, on_progress=counting
        )
    )
    return [report]


def load_key_sites(job: Job, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
    """Key sites."""
    codes = _codes_of(table, match)
    county = job.county(*([] if codes is None else [codes]))
    frame = frames.sites(table, match.columns, placed, rejects, frames.Terms.of(job.settings, f"{county:06}"))
    job.refuse_nothing(frame, rejects.found)
    _check_points(job, county, None, placed, rejects)
    job.progress(Sentence("writing"), 0, len(frame))
    return [job.in_savepoint(lambda: load_sites(job.conn, county, frame))]


def load_file_of_visits(job: Job, table: Table, match: Match, rejects: Rejects) -> list[LoadReport]:
    """Visits, of any number of counties."""
    known = reference.counties(job.conn)
    county = job.options.county or (known[0] if len(known) == 1 else None)
    frame = frames.visits(table, match.columns, rejects, frames.Terms.of(job.settings, county))
    job.refuse_nothing(frame, rejects.found)
    counting = job.counting(len(frame))
    report = job.in_savepoint(lambda: load_visits(job.conn, frame, job.settings, counting))
    # The sentence for a single visit names its household; a rejects file never repeats a value of a row.
    plain = [
        Reject(each.row, each.column, Sentence("there is no such household")) if each.column == "household" else each
        for each in report.rejects
    ]
    return [replace(report, rejects=plain)]


def load_file_of_disputes(
    job: Job, table: Table, match: Match, placed: Placed | None, rejects: Rejects
) -> list[LoadReport]:
    """Cases of a county. Where they lie goes to snap points before anything is stored."""
    column = match.columns.get("cell")
    county = job.county(*([] if column is None else [table.data[column].astype("str")]))
    terms = frames.Terms.of(job.settings, f"{county:06}")
    frame = frames.disputes(table, match.columns, placed, rejects, terms)
    job.refuse_nothing(frame, rejects.found)
    if placed is not None:
        _check_points(job, county, None, placed, rejects)
    counting = job.counting(len(frame))
    load = partial(load_disputes, job.conn, county, frame, job.settings, at=terms.now, on_progress=counting)
    return [job.in_savepoint(load)]


Load = Callable[[Job, Table, Match, Placed, Rejects], list[LoadReport]]
LOADERS: Final[Mapping[Kind, Load]] = {
    Kind.divisions: load_shapes,
    Kind.cells: load_shapes,
    Kind.households: load_households,
    Kind.sites: load_key_sites,
}


def _check_points(job: Job, county: int, codes: pd.Series[Any] | None, placed: Placed, rejects: Rejects) -> None:
    if not job.options.accept_offset:
        guard.check_points(job.conn, county, codes, placed, rejects.good, job.datum, job.file)


def _codes_of(table: Table, match: Match) -> pd.Series[Any] | None:
    """The codes of the rows as the file has them: they may name a village."""
    column = match.columns.get("code") or match.columns.get("doorplate_code")
    return None if column is None else table.data[column].astype("str")
