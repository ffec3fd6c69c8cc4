"""everycell coverage, unvisited, check: the figures, the doors behind them, and the proof that they are right."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Final

import typer
from rich import box
from sqlalchemy import Connection

from api import tables
from api.cli.folding import Table
from api.cli.output import Form, cell, day, err, opened, out
from api.cli.words import _
from gis.codes import Level
from gis.errors import BadInput
from gis.households.coverage import CoverageTable, coverage_of_round, default_since, today_in
from gis.households.coverage import coverage as figures
from gis.households.unvisited import unvisited as waiting
from gis.settings import settings
from gis.words import word
from maps.numbers import percent

app = typer.Typer()

_EMPTY: Final = {"confirmed": _("empty, confirmed"), "unchecked": _("empty, unchecked")}

Area = Annotated[str | None, typer.Option(help="code of a county, town, village or cell; all where it is left out")]
Since = Annotated[str | None, typer.Option(help="cut-off day, 2026-11-01; default: the open round, else 90 days back")]


@app.command()
def coverage(
    area: Area = None,
    since: Since = None,
    round: Annotated[str | None, typer.Option(help="code of a visit round instead of a day")] = None,
    level: Annotated[Level, typer.Option(help="what the rows are")] = Level.village,
    format: Annotated[Form, typer.Option("--format", "-f", help="form of the answer")] = Form.table,
) -> None:
    """Known, reached, tried, never reached and overdue households of each area."""
    if since is not None and round is not None:
        raise BadInput("--since and --round exclude each other", field="--round")
    cut_off = day(since, "--since")
    with opened() as store, store.read() as conn:
        table = _figures(conn, area, cut_off, round, level)
    if format == Form.json:
        out.print_json(json.dumps(tables.coverage_document(table), ensure_ascii=False))
    elif format == Form.csv:
        _to_stdout(tables.csv_pieces(tables.COVERAGE, map(tables.coverage_row, table.areas)))
    else:
        _show(table)


def _figures(conn: Connection, area: str | None, since: date | None, round: str | None, level: Level) -> CoverageTable:
    today = today_in(settings())
    if round is not None:
        return coverage_of_round(conn, round, level, today, area)
    cut_off = since or default_since(conn, area, today)
    return figures(conn, area=area, level=level, since=cut_off, today=today)


def _to_stdout(pieces: Iterable[bytes]) -> None:
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _show(table: CoverageTable) -> None:
    if not table.areas:
        out.print(_("no cells yet: everycell import cells FILE, or everycell import osm FILE.osm.pbf"))
        return
    title = _("coverage since {since}, as of {day}", since=table.since, day=table.as_of)
    shown = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column(_("code"), no_wrap=True)
    shown.add_column(_("name"), min_width=6, overflow="fold")
    counted = (_("known"), _("reached"), _("tried"), _("never"), _("overdue"), _("coverage"), _("oldest"))
    for name in counted:
        shown.add_column(name, justify="right", no_wrap=True)
    for area in [*table.areas, table.total]:
        share = percent(area.coverage) if area.empty is None else _EMPTY[area.empty]
        numbers = (f"{n:,}" for n in (area.known, area.reached, area.tried, area.never, area.overdue))
        if area is table.total:
            shown.add_section()
        label = (_("total"), "") if area is table.total else (area.code, cell(area.name))
        shown.add_row(*label, *numbers, share, str(area.oldest_on or "—"))
    out.print(shown)


@app.command()
def unvisited(
    area: Area = None,
    since: Since = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="file; standard output where left out")] = None,
) -> None:
    """The households not reached since a day as CSV, longest wait first. No cap."""
    cut_off = day(since, "--since")
    with opened() as store, store.read() as conn:
        cut_off = cut_off or default_since(conn, area, today_in(settings()))
        pieces = tables.csv_pieces(tables.UNVISITED, map(tables.unvisited_row, waiting(conn, area, cut_off)))
        if output is None:
            _to_stdout(pieces)
            return
        partial = output.with_name(output.name + ".part")
        with partial.open("wb") as file:
            file.writelines(pieces)
        partial.replace(output)
    err.print(
        _("households not reached since {day} → {output}", day=cut_off, output=output),
        markup=False,
        soft_wrap=True,
    )


@app.command()
def check() -> None:
    """Recount everything from what was recorded; print every difference; exit 1 if there is one."""
    from gis.households.check import check as recount  # loads GeoPandas, which the other commands do not need

    number = 0
    with opened() as store, store.read() as conn, err.status(_("recounting …")) as status:
        for difference in recount(conn, settings(), lambda what: status.update(_("recounting {what} …", what=what))):
            number += 1
            out.print(
                _(
                    "{kind} {code}: {figure}: stored {stored}, counted {counted}",
                    kind=word(difference.kind),
                    code=difference.code,
                    figure=difference.told,
                    stored=difference.stored,
                    counted=difference.counted,
                ),
                markup=False,
                soft_wrap=True,
            )
    if number:
        err.print(_("{number:,} differences", number=number))
        raise typer.Exit(1)
    out.print(_("no difference: every figure is what a recount gives"))
