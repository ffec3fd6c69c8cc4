"""everycell import …: the county's own files into the database."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from sqlalchemy import Connection

from api.cli.cleaning import Said, settle
from api.cli.folding import Table
from api.cli.output import cell, err, opened, out
from api.cli.words import _, say
from gis.crs import Datum
from gis.errors import Conflict, Interrupted, Unclean
from gis.exchange.headers import Kind, parse_mapping
from gis.exchange.importer import Options, Summary, import_file
from gis.exchange.osm_import import OsmSummary, import_osm, parse_levels
from gis.exchange.rejects import write_rejects
from gis.exchange.roads_import import RoadsSummary, import_roads
from gis.sentence import Sentence
from gis.settings import settings
from gis.storage.engine import Store
from gis.storage.report import LoadReport
from gis.words import word

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True,
    help="Import the county's files: GeoPackage, Shapefile (plain or zipped), GeoJSON, GeoParquet, CSV. A file with"
    " personal data is refused; of the others only known columns are stored. What stands in brackets is optional.",
)

File = Annotated[Path, typer.Argument(help="the file", show_default=False)]
RejectsFile = Annotated[Path | None, typer.Option("--rejects", help="CSV for rejected rows; default: beside the file")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="do everything but keep nothing")]

# What may be said about a file, by the field of `Options` that it becomes.
_OPTIONS: Final[Mapping[str, Any]] = {
    "crs": Annotated[
        str | None, typer.Option(help="its CRS, e.g. EPSG:4543; default: what the file says, else degrees")
    ],
    "datum": Annotated[
        Datum | None, typer.Option(help="what its degrees are: gcj02 for AMap and Tencent, bd09 for Baidu")
    ],
    "encoding": Annotated[str | None, typer.Option(help="its text encoding; default: guessed (UTF-8, GB18030)")],
    "layer": Annotated[str | None, typer.Option(help="which of several layers")],
    "mapping": Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=COLUMN where a heading is not understood")
    ],
    "county": Annotated[str | None, typer.Option(help="6 digits of the county, where the file does not say")],
    "rejects": RejectsFile,
    "strict": Annotated[bool, typer.Option("--strict", help="write nothing unless every row is good")],
    "dry_run": DryRun,
    "accept_offset": Annotated[
        bool, typer.Option("--accept-offset", help="import a file that sits beside its county as it is")
    ],
    "enclaves": Annotated[
        bool, typer.Option("--enclaves", help="holes between the cells are meant: land of another county")
    ],
    "new_outline": Annotated[bool, typer.Option("--new-outline", help="the cells may tile another area than before")],
    "clean": Annotated[
        bool, typer.Option("--clean", help="where they do not tile: show what would make them, and ask")
    ],
    "clean_width": Annotated[
        float, typer.Option(metavar="METRES", help="gaps and overlaps that are wider are water, or a person's to draw")
    ],
    "parts": Annotated[
        bool, typer.Option("--parts", help="each part of a cell in several parts becomes a cell of its own")
    ],
}
_TILING: Final = frozenset({"enclaves", "new_outline", "clean", "clean_width", "parts"})
_PLACING: Final = frozenset({"crs", "datum", "accept_offset"})
_DEFAULTS: Final = {**vars(Options()), "mapping": None}
_SAID: Final = vars(Said())

# What else may be said where cells do not tile, by the field of `Said` that it becomes.
_ASKED: Final[Mapping[str, Any]] = {
    "yes": Annotated[bool, typer.Option("--yes", help="with --clean: agree to what is proposed")],
    "report": Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="draw what does not tile, and what is proposed, as a map")
    ],
    "pieces": Annotated[Path | None, typer.Option(metavar="FILE", help="list the gaps and overlaps: .geojson or .csv")],
    "changes": Annotated[Path | None, typer.Option(metavar="FILE.csv", help="list what each cell would gain and lose")],
    "lang": Annotated[str, typer.Option(help="of the map: zh or en")],
}


def _command(kind: Kind, help: str, without: Collection[str]) -> None:
    """Add the command that imports files of a kind; it takes all options but those `without`."""
    taken = {name: (_OPTIONS[name], _DEFAULTS[name]) for name in _OPTIONS if name not in without}
    asked = {} if _TILING & set(without) else {name: (_ASKED[name], _SAID[name]) for name in _ASKED}

    def command(file: Path, mapping: Sequence[str] | None, **said: Any) -> None:
        answers = Said(**{name: said.pop(name) for name in asked})
        _import(kind, file, Options(mapping=parse_mapping(mapping or ()), **said), answers)

    # Typer reads the options of a command from its signature.
    parameters = [Parameter("file", Parameter.KEYWORD_ONLY, annotation=File)]
    for name, (annotation, default) in {**taken, **asked}.items():
        parameters.append(Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))
    vars(command)["__signature__"] = Signature(parameters)
    app.command(kind.value, help=help)(command)


_command(
    Kind.divisions,
    "County, towns, villages: code (6, 9, 12 digits), name, polygon. A village without cells gets some.",
    without=_TILING,
)
_command(
    Kind.cells,
    "Cells: code (15 digits), polygon (name, kind). All cells of each village that the file names; they must tile.",
    without=(),
)
_command(
    Kind.households,
    "Dwellings, one a row: place (address, code, unit, status, …). Rows of one address or point share a doorplate.",
    without=_TILING,
)
_command(
    Kind.visits,
    "Visits: household, time, outcome, team (purpose, id). The same file again repeats nothing.",
    without=_TILING | _PLACING,
)
_command(
    Kind.sites,
    "Key sites: name, category, place (code, address, …). Categories are a closed list of facilities.",
    without=_TILING,
)
_command(
    Kind.disputes,
    "Cases: category, time, a place or a cell, an id or number (channel, level). Places are not stored: each goes to"
    " one that stands for eight dwellings.",
    without=_TILING,
)


@app.command()
def osm(
    file: File,
    levels: Annotated[str, typer.Option(help="admin_level of each level, e.g. county=2,town=6,village=8")],
    county_code: Annotated[str | None, typer.Option(help="6 digits for the county; default 990001")] = None,
    county_name: Annotated[str | None, typer.Option(help="which county, where the file holds several")] = None,
    rejects: RejectsFile = None,
    dry_run: DryRun = False,
) -> None:
    """An OpenStreetMap extract (.osm.pbf): areas, first cells, doorplates, sites, streets; needs no other file."""
    target = rejects or file.with_name(f"{file.name}.rejects.csv")
    with opened() as store, _Bar() as bar:
        summary = in_transaction(
            store,
            lambda conn: import_osm(
                conn,
                file,
                parse_levels(levels),
                settings(),
                bar.told,
                county_code=county_code,
                county_name=county_name,
                dry_run=dry_run,
            ),
        )
    write_rejects(target, summary.outside, say)
    _show_osm(file, summary, target, dry_run)


@app.command()
def roads(
    file: File,
    county: Annotated[str | None, typer.Option(help="6 digits of the county, where the database holds several")] = None,
    rejects: RejectsFile = None,
    dry_run: DryRun = False,
) -> None:
    """Streets for patrols from an OpenStreetMap extract (.osm.pbf, .osm.gz, .osm): who may go where, how fast, and
    which turns are closed to cars. They take the place of the county's streets so far."""
    target = rejects or file.with_name(f"{file.name}.rejects.csv")
    with opened() as store, _Bar() as bar:
        summary = in_transaction(
            store, lambda conn: import_roads(conn, file, bar.told, county_code=county, dry_run=dry_run)
        )
    write_rejects(target, summary.left_out, say)
    _show_roads(file, summary, target, dry_run)


def _show_roads(file: Path, summary: RoadsSummary, target: Path, dry_run: bool) -> None:
    told = _("{file}: OpenStreetMap, as of {day}, county {county}")
    if summary.data_on is None:
        told = _("{file}: OpenStreetMap, county {county}")
    out.print(told.format(file=file.name, day=summary.data_on, county=summary.county), markup=False)
    for name, number in summary.read.items():
        out.print(f"  {say(word(name)).replace('_', ' ')}: {number:,}", markup=False)
    counts = summary.counts
    out.print(
        _(
            "network: {nodes:,} nodes, {edges:,} edges, {km:,.1f} km",
            nodes=counts["nodes"],
            edges=counts["edges"],
            km=counts["metres"] / 1000,
        )
    )
    table = Table(_("connected"), _("nodes"), _("arcs"), _("parts dropped"), _("km dropped"))
    for column in table.columns[1:]:
        column.justify = "right"
    for mode, part in counts["modes"].items():
        km = f"{part['dropped_m'] / 1000:,.1f}"
        table.add_row(say(word(mode)), f"{part['nodes']:,}", f"{part['arcs']:,}", f"{part['dropped']:,}", km)
    out.print(table)
    if summary.left_out:
        out.print(
            _("not used, with reasons: {file} ({number:,} rows)", file=target, number=len(summary.left_out)),
            markup=False,
        )
    out.print(
        _("version {version}: imported", version=summary.version) if summary.changed else _("nothing changed"),
        markup=False,
    )
    if dry_run:
        out.print(_("dry run: nothing was kept"))


def _show_osm(file: Path, summary: OsmSummary, target: Path, dry_run: bool) -> None:
    out.print(_("{file}: OpenStreetMap, WGS 84, county {county}", file=file.name, county=summary.county), markup=False)
    for name, number in summary.counts.items():
        out.print(f"  {say(word(name)).replace('_', ' ')}: {number:,}", markup=False)
    for fault in summary.settled:
        out.print(_("note: healed: {fault}", fault=fault.sentence()), markup=False)
    table = _empty_table()
    for report in summary.reports:
        _add(table, say(word(report.table)), None, [report], len(report.rejects))
    out.print(table)
    if summary.outside:
        out.print(
            _("not used, with reasons: {file} ({number:,} rows)", file=target, number=len(summary.outside)),
            markup=False,
        )
    if dry_run:
        out.print(_("dry run: nothing was kept"))


def _import(kind: Kind, file: Path, options: Options, said: Said) -> None:
    said.check()
    with opened() as store:

        def attempt(agreed: Collection[str]) -> Summary:
            with _Bar() as bar:
                return in_transaction(
                    store, lambda conn: import_file(conn, kind, file, settings(), options, bar.told, agreed, say)
                )

        try:
            summary = attempt(())
            said.nothing_to_draw()
        except Unclean as unclean:
            # Nobody is asked in the midst of a transaction: it has ended, and what is agreed to is proposed anew.
            agreed = settle(unclean, said, clean=options.clean, dry_run=options.dry_run)
            try:
                summary = attempt(agreed)
            except Unclean:
                raise Conflict(
                    "{file}: it, or the stored cells, have changed since the proposal was shown; nothing was"
                    " written, look again",
                    file=file.name,
                ) from None
    show(summary)


def in_transaction(store: Store, work: Callable[[Connection], T]) -> T:
    """Run `work` in a transaction that Ctrl-C ends at once, and wholly: raises Interrupted, nothing is written.

    psycopg2 waits for PostgreSQL without looking at signals, so the work runs in a thread of its own and a signal
    cancels its query. The commit itself is not interrupted: afterwards it is known that it happened.
    """
    before = signal.getsignal(signal.SIGINT)
    try:
        with store.begin() as conn:
            result = _cancellable(conn, work)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return result
    finally:
        signal.signal(signal.SIGINT, before)


def _cancellable(conn: Connection, work: Callable[[Connection], T]) -> T:
    driver: Any = conn.connection.driver_connection
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(work, conn)
        try:
            return running.result()
        except KeyboardInterrupt:
            while not running.done():
                driver.cancel()  # again: between two queries there is nothing to cancel
                wait([running], timeout=0.1)
            raise Interrupted("stopped; nothing was written") from None


class _Bar:
    """A line for each stage, with rows, rate and remaining time where a stage can tell."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=True),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=err,
            transient=True,
        )
        self._task = self._progress.add_task(_("opening"), total=None)
        self._stage = ""

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def told(self, stage: Sentence, done: int, total: int) -> None:
        """What an import reports of itself."""
        if stage != self._stage:
            self._stage = stage
            self._progress.reset(self._task, description=say(stage), total=total or None)
        self._progress.update(self._task, completed=done, total=total or None)


def show(summary: Summary) -> None:
    """What was read, understood and done."""
    understood = [summary.format, summary.encoding, summary.place]
    out.print(f"{summary.path.name}: {', '.join(part for part in understood if part)}", markup=False)
    taken = ", ".join(f"{column} → {name}" if column != name else name for name, column in summary.columns.items())
    out.print(cell(_("columns: {taken}", taken=taken or _("none"))))
    if summary.ignored:
        out.print(cell(_("ignored, not stored: {columns}", columns=", ".join(summary.ignored))))
    for note in summary.notes:
        out.print(_("note: {note}", note=note), markup=False)
    out.print(_figures(summary))
    if summary.rejects:
        out.print(_("rejected rows, with reasons: {file}", file=summary.rejects_path), markup=False)
    if summary.dry_run:
        out.print(_("dry run: nothing was kept"))


def _figures(summary: Summary) -> Table:
    table = _empty_table()
    _add(table, say(word(summary.kind)), summary.rows_read, summary.reports, len(summary.rejects))
    return table


def _empty_table() -> Table:
    table = Table("", _("read"), _("inserted"), _("updated"), _("unchanged"), _("rejected"))
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _add(table: Table, name: str, read: int | None, reports: list[LoadReport], num_rejected: int) -> None:
    inserted, updated, unchanged = (
        sum(getattr(report, field) for report in reports) for field in ("inserted", "updated", "unchanged")
    )
    number = inserted + updated + unchanged + num_rejected if read is None else read
    table.add_row(name, *(f"{figure:,}" for figure in (number, inserted, updated, unchanged, num_rejected)))
