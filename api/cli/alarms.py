"""everycell alarms: the list of the wall in a shell, and what can be done with it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final

import typer
from rich import box
from sqlalchemy import Connection

from api.alarm_documents import alarms_document
from api.cli.coverage import Area
from api.cli.folding import Table
from api.cli.output import Form, cell, err, minute, opened, out
from api.cli.words import _, say
from gis.access.audit import Action, note_shell
from gis.access.scope import ALL, Role
from gis.alarms import store as kept
from gis.alarms.kinds import Kind
from gis.alarms.lifecycle import Change
from gis.alarms.lines import line_of
from gis.alarms.watch import look as look_at
from gis.errors import BadInput
from gis.households.coverage import counties
from gis.households.figures import CountyFigures, Figures
from gis.words import word

_ABOUT: Final = {
    Kind.cases: _("Cases past their date"),
    Kind.patrols: _("Stops missed"),
    Kind.behind: _("Behind the plan"),
    Kind.overdue: _("Households overdue"),
    Kind.sites: _("Key sites overdue"),
    Kind.silent: _("Nothing has come in"),
}
_CHANGE: Final = {
    Change.raised: _("raised"),
    Change.returned: _("back again"),
    Change.cleared: _("over"),
}
_PRIORITY: Final = {"high": _("high"), "medium": _("medium"), "low": _("low")}

app = typer.Typer(help="What somebody has to do something about.", invoke_without_command=True)

Line = Annotated[str, typer.Argument(help="the id of a line, as `everycell alarms` prints it")]


@app.callback()
def alarms(
    ctx: typer.Context,
    area: Area = None,
    format: Annotated[Form, typer.Option("--format", "-f", help="table or json")] = Form.table,
) -> None:
    """The alarms that are up, most urgent first; many of a kind are one line."""
    if ctx.invoked_subcommand is not None:
        return
    if format is Form.csv:
        raise BadInput("--format: give table or json", field="--format")
    with opened() as store, store.read(ALL.settings()) as conn:
        listed = counties(conn, area)
        found, names = kept.alarms(conn, listed, area)
        document = alarms_document(found, names, looked_at=kept.looked_at(conn, listed), may=lambda area: True)
    if format is Form.json:
        out.print_json(json.dumps(document, ensure_ascii=False))
    else:
        _show(document)


@app.command()
def look() -> None:
    """Look at every county now, as the service does once a minute."""
    figures = Figures()

    def of(conn: Connection, county: int, since: date, today: date) -> CountyFigures:
        return figures.county(conn, county, None, since, today)

    with opened() as store:
        with store.read() as conn:
            listed = counties(conn, None)
        for county in listed:
            for watched, change in look_at(store, county, datetime.now(UTC), of):
                if change is not None:
                    told = _CHANGE[change]
                    out.print(f"{watched.area} {_ABOUT[watched.kind]}: {told} ({watched.number:,})", markup=False)


@app.command()
def acknowledge(line: Line) -> None:
    """Say that somebody has seen the alarms of a line."""
    kind, area = line_of(line)
    with opened() as store, store.begin(ALL.settings()) as conn:
        number = kept.acknowledge(conn, kind, area, Role.admin)
        note_shell(conn, Action.alarm_acknowledge, area, {"kind": kind.value, "alarms": number})
    err.print(_("{number:,} alarms acknowledged", number=number))


@app.command()
def shelve(
    line: Line,
    minutes: Annotated[int, typer.Option(help="5 to 1440; 0 takes it back")] = 60,
) -> None:
    """Put the alarms of a line aside for some minutes."""
    kind, area = line_of(line)
    with opened() as store, store.begin(ALL.settings()) as conn:
        number = kept.shelve(conn, kind, area, minutes, Role.admin)
        detail = {"kind": kind.value, "alarms": number, "minutes": minutes}
        note_shell(conn, Action.alarm_shelve, area, detail)
    told = _("{number:,} alarms shelved for {minutes} minutes") if minutes else _("{number:,} alarms are back")
    err.print(told.format(number=number, minutes=minutes))


def _show(document: dict[str, Any]) -> None:
    looked = _minute(document["as_of"]) or _("never: the service looks once a minute, or `everycell alarms look`")
    told = _("alarms, last looked at {time}; {number} not acknowledged", time=looked, number=document["unacknowledged"])
    out.print(told, markup=False)
    for title, rows in (("", document["alarms"]), (_("shelved"), document["shelved"])):
        if rows:
            out.print(_table(title, rows))


def _minute(written: str | None) -> str:
    return "" if written is None else minute(datetime.fromisoformat(written))


def _table(title: str, rows: list[dict[str, Any]]) -> Table:
    shown = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    shown.add_column(_("id"), no_wrap=True)
    for name in (_("about"), _("name"), _("priority")):
        shown.add_column(name)
    for name in (_("areas"), _("number")):
        shown.add_column(name, justify="right")
    for name in (_("raised"), _("acknowledged")):
        shown.add_column(name)
    for row in rows:
        done = (
            f"{say(word(row['acknowledged_by']))} {_minute(row['acknowledged_at'])}" if row["acknowledged_at"] else "—"
        )
        shown.add_row(
            row["id"],
            _ABOUT[Kind(row["kind"])],
            cell(row["name"]),
            _PRIORITY[row["priority"]],
            f"{row['count']:,}",
            f"{row['number']:,}",
            _minute(row["since"]),
            done,
        )
    return shown
