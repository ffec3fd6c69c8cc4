"""everycell round open|close|list."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from api.cli.folding import Table
from api.cli.output import cell, day, opened, out
from api.cli.words import _
from gis.errors import BadInput
from gis.households import rounds
from gis.households.coverage import today_in
from gis.settings import settings

app = typer.Typer(help="Visit rounds: open, close (freeze the figures), list.", no_args_is_help=True)


@app.command("open")
def open_(
    area: Annotated[str, typer.Option(help="code of the county, town or village the round is for")],
    last: Annotated[str, typer.Option(help="last day, 2026-11-30")],
    first: Annotated[str | None, typer.Option(help="first day; default: today")] = None,
    name: Annotated[str | None, typer.Option(help="what people call it; default: its month")] = None,
    target: Annotated[int | None, typer.Option(help="planned coverage in percent")] = None,
) -> None:
    """Open a round: from now on it is the cut-off of coverage in its area."""
    first_on, last_on = day(first, "--first") or today_in(settings()), day(last, "--last")
    if last_on is None:
        raise BadInput("{field}: is missing", field="--last")
    with opened() as store, store.begin() as conn:
        made = rounds.open_round(conn, area=area, first_on=first_on, last_on=last_on, name=name, target=target)
    out.print(_("round {code} is open: {first} – {last}", code=made.code, first=made.first_on, last=made.last_on))


@app.command()
def close(code: Annotated[str, typer.Argument(help="code of the round")]) -> None:
    """Close a round: its figures are frozen as they are now."""
    with opened() as store, store.begin() as conn:
        closed = rounds.close_round(conn, code, today=today_in(settings()), now=datetime.now(UTC))
    out.print(_("round {code} is closed, its figures are frozen", code=closed.code))


@app.command("list")
def list_(area: Annotated[str | None, typer.Option(help="only rounds that touch this area")] = None) -> None:
    """All rounds, open ones first."""
    with opened() as store, store.read() as conn:
        found = rounds.list_rounds(conn, area)
    shown = Table()
    for column in (_("code"), _("name"), _("area"), _("first"), _("last"), _("target"), _("state")):
        shown.add_column(column)
    for r in found:
        target = "—" if r.target is None else f"{r.target} %"
        state = _("open") if r.closed_at is None else _("closed {day:%Y-%m-%d}", day=r.closed_at)
        shown.add_row(r.code, cell(r.name), r.area, str(r.first_on), str(r.last_on), target, state)
    out.print(shown if found else _("no rounds yet: everycell round open --area CODE --last DAY"))
