"""A file into the database: read, guard, validate, load. One transaction, which the caller owns.

Nothing is written before the whole file has been read and judged. Bad rows go into a rejects CSV beside the file; the
good ones are written, or with `strict` nothing is. Importing the same file again changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from sqlalchemy import Connection, text

from gis.cells.load import load_cells, load_divisions
from gis.crs import Datum
from gis.errors import BadInput, WrongPlace
from gis.exchange import frames, guard, headers, places, reference
from gis.exchange.datum import hinted, refuse_arctic
from gis.exchange.headers import Kind, Match
from gis.exchange.personal import refuse_personal
from gis.exchange.places import Placed, Reading
from gis.exchange.readers import read_table
from gis.exchange.rejects import Rejects, write_rejects
from gis.exchange.table import Table
from gis.households.dwellings import SAME_M, split_dwellings
from gis.households.load import load_dwellings
from gis.households.visits import load_visits
from gis.settings import Settings
from gis.sites.load import load_sites
from gis.storage.report import LoadReport, Reject

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Options:
    """What the caller says about a file; None: the file says it, or it is guessed."""

    crs: str | None = None
    datum: Datum | None = None
    encoding: str | None = None
    layer: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    county: str | None = None
    rejects: Path | None = None
    accept_offset: bool = False
    enclaves: bool = False
    new_outline: bool = False
    strict: bool = False
    dry_run: bool = False


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
    notes: list[str]
    dry_run: bool


def import_file(
    conn: Connection,
    kind: Kind,
    path: Path,
    settings: Settings,
    options: Options | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Import one file of `kind`. `progress` is told the stage, the rows done and the rows in all.

    Raises BadInput (or PersonalData, WrongPlace, BrokenCoverage) where the file cannot be used as a whole, where no row
    of it can, or with `strict` one cannot; then nothing is to be committed.
    """
    return _Import(conn, kind, path, settings, options or Options(), progress or _silent).run()


def _silent(_stage: str, _done: int, _total: int) -> None:
    pass


class _Import:
    def __init__(
        self, conn: Connection, kind: Kind, path: Path, settings: Settings, options: Options, progress: Progress
    ) -> None:
        self.conn, self.kind, self.path, self.settings, self.options = conn, kind, path, settings, options
        self.progress = progress
        self.datum = options.datum or Datum.wgs84
        self.file = path.name
        if options.county is not None and (len(options.county) != 6 or not options.county.isdecimal()):
            raise BadInput("--county: give the 6 digits of a county", field="--county")

    def run(self) -> Summary:
        self.progress("reading", 0, 0)
        table = read_table(self.path, encoding=self.options.encoding, layer=self.options.layer)
        match = self._guarded(table)
        rejects = Rejects(table.rows)
        rejects.found.extend(table.malformed)
        placed = self._placed(table, match, rejects)
        reports = self._load(table, match, placed, rejects)
        found = rejects.found + [reject for report in reports for reject in report.rejects]
        self._settle(len(table.rows) + len(table.malformed), found)
        self.progress("done", len(table.rows), len(table.rows))
        return Summary(
            self.kind,
            self.path,
            len(table.rows) + len(table.malformed),
            reports,
            found,
            self._rejects_path(found),
            match.columns,
            match.ignored,
            table.format,
            table.encoding,
            placed.understood if placed else None,
            table.notes,
            self.options.dry_run,
        )

    def _guarded(self, table: Table) -> Match:
        """The match of headings, after the guard against personal data: it goes before every other message."""
        columns = [str(column) for column in table.data.columns]
        self.progress("looking for personal data", 0, len(table.rows))
        refuse_personal(
            table.data,
            self.kind,
            rows=table.rows,
            codes=headers.code_columns(self.kind, columns, self.options.mapping),
            counties=[self.options.county] if self.options.county else reference.counties(self.conn),
        )
        match = headers.match(self.kind, columns, self.options.mapping, cut=table.format.startswith("Shapefile"))
        named = hinted([match.columns[name] for name in ("lon", "lat", "geometry") if name in match.columns])
        if named is not None and self.options.datum is None and self.kind != Kind.visits:
            raise WrongPlace(
                f"{self.file}: a heading names {named.upper()}; say --datum {named}, or --datum wgs84 if it is not",
                field="--datum",
            )
        return match

    def _placed(self, table: Table, match: Match, rejects: Rejects) -> Placed | None:
        self.progress("checking", 0, len(table.rows))
        reading = Reading(self.options.crs, self.datum)
        if self.kind == Kind.visits:
            return None
        if self.kind in (Kind.divisions, Kind.cells):
            placed = places.polygons(table, match.columns, reading, rejects, parts=self.kind == Kind.divisions)
        else:
            placed = places.points(table, match.columns, reading, rejects)
        refuse_arctic(placed.lon, placed.lat, self.file)
        return placed

    # --- each kind --------------------------------------------------------------------------------------------------

    def _load(self, table: Table, match: Match, placed: Placed | None, rejects: Rejects) -> list[LoadReport]:
        if placed is None:
            return self._visits(table, match, rejects)
        return self._LOADERS[self.kind](self, table, match, placed, rejects)

    def _shapes(self, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
        terms = frames.Terms.of(self.settings, self.options.county)
        make = frames.divisions if self.kind == Kind.divisions else frames.cells
        frame = make(table, match.columns, placed, rejects, terms)
        self._refuse_nothing(frame, rejects)
        given = (placed.given[0][rejects.good], placed.given[1][rejects.good])
        reports = []
        head = frame["code"].str[:6].to_numpy(dtype=object)
        for county in sorted(set(head)):
            mine = head == county
            part = gpd.GeoDataFrame(frame[mine].reset_index(drop=True))
            if not self.options.accept_offset:
                near = (given[0][mine], given[1][mine])
                guard.check_shapes(self.conn, self.kind, int(county), part, near, self.datum, self.file)
            self.progress("writing", 0, len(frame))
            reports.append(self._write_shapes(int(county), part, terms))
        return reports

    def _write_shapes(self, county: int, part: gpd.GeoDataFrame, terms: frames.Terms) -> LoadReport:
        if self.kind == Kind.divisions:
            return self._in_savepoint(lambda: load_divisions(self.conn, county, part, today=terms.today))
        return self._in_savepoint(
            lambda: load_cells(
                self.conn,
                county,
                part,
                today=terms.today,
                enclaves=self.options.enclaves,
                new_outline=self.options.new_outline,
            )
        )

    def _households(self, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
        terms = frames.Terms.of(self.settings)
        frame = frames.dwellings(table, match.columns, placed, rejects, terms)
        self._refuse_nothing(frame, rejects)
        county = self._county(frame["code"], frame["doorplate_code"])
        self._check_points(county, _codes_of(table, match), placed, rejects)
        split = split_dwellings(frame, county)
        known = reference.doorplates(self.conn, county, split.doorplates["code"])
        if not self.options.accept_offset:
            guard.check_doorplates(known, split.doorplates, table.rows, placed.given, self.datum, self.file)
        moved = guard.moved_doorplates(known, split.doorplates, SAME_M)
        households, more = guard.reject_moved(moved, split.households)
        doorplates = split.doorplates[~split.doorplates["code"].isin(list(moved))]
        rejects.found.extend(split.rejects + more)
        report = self._in_savepoint(
            lambda: load_dwellings(
                self.conn,
                county,
                doorplates,
                households,
                self.settings,
                today=terms.today,
                on_progress=self._counting(len(households)),
            )
        )
        return [report]

    def _sites(self, table: Table, match: Match, placed: Placed, rejects: Rejects) -> list[LoadReport]:
        column = match.columns.get("code")
        codes = table.data[column].astype("str") if column else pd.Series([], dtype="str")
        county = self._county(codes)
        frame = frames.sites(table, match.columns, placed, rejects, frames.Terms.of(self.settings, f"{county:06}"))
        self._refuse_nothing(frame, rejects)
        self._check_points(county, None, placed, rejects)
        self.progress("writing", 0, len(frame))
        return [self._in_savepoint(lambda: load_sites(self.conn, county, frame))]

    def _visits(self, table: Table, match: Match, rejects: Rejects) -> list[LoadReport]:
        known = reference.counties(self.conn)
        county = self.options.county or (known[0] if len(known) == 1 else None)
        frame = frames.visits(table, match.columns, rejects, frames.Terms.of(self.settings, county))
        self._refuse_nothing(frame, rejects)
        counting = self._counting(len(frame))
        report = self._in_savepoint(lambda: load_visits(self.conn, frame, self.settings, counting))
        return [_without_values(report)]

    _LOADERS: Final = {
        Kind.divisions: _shapes,
        Kind.cells: _shapes,
        Kind.households: _households,
        Kind.sites: _sites,
    }

    # --- what they share --------------------------------------------------------------------------------------------

    def _county(self, *codes: pd.Series[Any]) -> int:
        """The county of the rows: --county, or the one that all codes begin with, or the only one that is stored."""
        if self.options.county is not None:
            return int(self.options.county)
        known = reference.counties(self.conn)
        heads = {head for each in codes for head in each.dropna().str[:6].unique()}
        if len(heads) == 1 and heads <= set(known):
            return int(heads.pop())
        if len(known) == 1:
            return int(known[0])
        if not known:
            raise BadInput(
                f"{self.file}: no county is stored yet; import its cells or divisions first", field="--county"
            )
        raise BadInput(
            f"{self.file}: say which county the rows are of with --county (stored: {', '.join(known)})",
            field="--county",
        )

    def _check_points(self, county: int, codes: pd.Series[Any] | None, placed: Placed, rejects: Rejects) -> None:
        if not self.options.accept_offset:
            guard.check_points(self.conn, county, codes, placed, rejects.good, self.datum, self.file)

    def _refuse_nothing(self, frame: pd.DataFrame, rejects: Rejects) -> None:
        if not len(frame):
            self._write_rejects(rejects.found)
            raise BadInput(
                f"{self.file}: none of its {len(rejects.found):,} rows can be used: {_commonest(rejects.found)}",
                field=self.file,
            )

    def _in_savepoint(self, load: Callable[[], LoadReport]) -> LoadReport:
        """Load; with `dry_run` undo it again, after all that the database would object to at the commit."""
        if not self.options.dry_run:
            return load()
        savepoint = self.conn.begin_nested()
        try:
            report = load()
            self.conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        finally:
            savepoint.rollback()
        return report

    def _counting(self, total: int) -> Callable[[int], None]:
        done = 0

        def told(rows: int) -> None:
            nonlocal done
            done += rows
            self.progress("writing", done, total)

        self.progress("writing", 0, total)
        return told

    def _settle(self, rows: int, rejects: list[Reject]) -> None:
        self._write_rejects(rejects)
        if rejects and self.options.strict:
            raise BadInput(
                f"{self.file}: {len(rejects):,} of {rows:,} rows cannot be used (--strict; nothing was written):"
                f" {_commonest(rejects)}; all of them are in {self._rejects_file().name}",
                field=self.file,
            )

    def _rejects_file(self) -> Path:
        return self.options.rejects or self.path.with_name(f"{self.path.name}.rejects.csv")

    def _rejects_path(self, rejects: list[Reject]) -> Path | None:
        return self._rejects_file() if rejects else None

    def _write_rejects(self, rejects: list[Reject]) -> None:
        target = self._rejects_file()
        try:
            if rejects:
                write_rejects(target, rejects)
            elif self.options.rejects is None:
                target.unlink(missing_ok=True)  # of an earlier try: it would mislead
        except OSError as error:
            raise BadInput(
                f"--rejects: {target} cannot be written ({error.strerror}); name another file", field="--rejects"
            ) from None


def _codes_of(table: Table, match: Match) -> pd.Series[Any] | None:
    """The codes of the rows as the file has them: they may name a village."""
    column = match.columns.get("code") or match.columns.get("doorplate_code")
    return None if column is None else table.data[column].astype("str")


def _commonest(rejects: list[Reject]) -> str:
    """The three commonest reasons with how often and where first."""
    counted = Counter((reject.column, reject.reason) for reject in rejects).most_common(3)
    first = {(reject.column, reject.reason): reject.row for reject in reversed(rejects)}
    parts = []
    for (column, reason), number in counted:
        more = f" and {number - 1:,} more" if number > 1 else ""
        parts.append(f"{column + ': ' if column else ''}{reason} (row {first[column, reason]}{more})")
    return "; ".join(parts)


def _without_values(report: LoadReport) -> LoadReport:
    """A rejects file never repeats a value of a row, as the sentences of single visits do."""
    plain = [
        Reject(each.row, each.column, "there is no such household") if each.column == "household" else each
        for each in report.rejects
    ]
    return LoadReport(report.table, report.inserted, report.updated, report.unchanged, plain)
