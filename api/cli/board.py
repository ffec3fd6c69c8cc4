"""everycell board: the figures of the wall, in a shell."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import typer
from rich import box

from api.board_documents import board_document
from api.cli.coverage import Area
from api.cli.folding import Table
from api.cli.output import Form, cell, opened, out
from api.cli.words import _
from gis.access.scope import ALL
from gis.board.content import Board
from gis.board.gather import Question, gather
from gis.board.today import DayVisits
from gis.disputes.disclosure import MARK
from gis.errors import BadInput
from gis.households.coverage import counties
from gis.households.figures import Figures
from gis.settings import settings
from maps.numbers import percent

app = typer.Typer()

_COLUMNS: Final = {
    "code": _("code"),
    "name": _("name"),
    "hour": _("hour"),
    "known": _("known"),
    "reached": _("reached"),
    "no_answer": _("no answer"),
    "never": _("never"),
    "never_checked": _("never checked"),
    "overdue": _("overdue"),
    "due": _("due soon"),
    "coverage": _("coverage"),
    "oldest_on": _("oldest"),
    "sites": _("key sites"),
    "number": _("cases"),
}


@app.command()
def board(
    area: Area = None,
    round: Annotated[str | None, typer.Option(help="code of a visit round; default: the open one")] = None,
    format: Annotated[Form, typer.Option("--format", "-f", help="table or json")] = Form.table,
) -> None:
    """The figures of the wall: the round, visits of today, villages, key sites, patrols."""
    if format is Form.csv:
        raise BadInput("--format: the board is several tables; give table or json", field="--format")
    with opened() as store, store.read(ALL.settings()) as conn:
        ask = Question(area, round, ("",), counties(conn, area or (round and round[:6])), datetime.now(settings().zone))
        figures, visits = Figures(), DayVisits(settings().timezone)
        found = gather(
            conn,
            ask,
            lambda since: {one: figures.county(conn, one, None, since, ask.today, by_day=True) for one in ask.counties},
            lambda parts: [visits.county(conn, one, part.revisions, ask.today) for one, part in parts.items()],
            settings(),
        )
    if format is Form.json:
        out.print_json(json.dumps(board_document(found), ensure_ascii=False))
    else:
        _show(found)


def _show(board: Board) -> None:
    document = board_document(board)
    out.print(_("board {area}, as of {time:%Y-%m-%d %H:%M:%S}", area=board.area or "", time=board.as_of), markup=False)
    out.print(_lines(document), markup=False)
    _table(
        _("villages") if document["villages"]["level"] == "village" else _("cells"),
        ("code", "name", "known", "reached", "never", "overdue", "coverage"),
        document["villages"]["areas"],
    )
    _table(
        _("worst of {number:,} cells with overdue households", number=document["worst_cells"]["with_overdue"]),
        ("code", "name", "known", "overdue", "coverage", "oldest_on"),
        document["worst_cells"]["cells"],
    )
    _table(_("visits today"), ("hour", "reached", "no_answer"), _hours(document["visits_today"]["hours"]))
    _table(
        _("key sites"),
        ("code", "name", "sites", "never_checked", "overdue", "due"),
        [row | {"never_checked": row["never"]} for row in document["sites_due"]["villages"]],
    )
    cases = document["cases_overdue"]
    if cases is not None:
        title = _("cases past their date at the end of {month}", month=cases["month"])
        listed = [*([cases["own"]] if cases["own"] else []), *cases["towns"], *cases["areas"]]
        rows = [row | {"number": MARK if row["number"] is None else row["number"]} for row in listed]
        _table(title, ("code", "name", "number"), rows)


def _lines(document: dict[str, Any]) -> str:
    coverage, round_, patrols = document["coverage"], document["round"], document["patrols_today"]
    lines = [
        _(
            "coverage since {since}: {reached:,} of {known:,} reached, {share}; never {never:,}, overdue {overdue:,}",
            **coverage,
            share=percent(coverage["coverage"]),
        )
    ]
    if round_ is not None:
        planned = (
            _("no target")
            if round_["target"] is None
            else _(
                "target {target}, of which {planned} by today",
                target=percent(round_["target"]),
                planned=percent(round_["planned_today"]),
            )
        )
        lines.append(_("round {code} {name}, to {last_on}: {planned}", **round_, planned=planned))
    lines.append(
        _(
            "patrols today: {planned} planned, {waiting} waiting, {out} out, {done} done, {over} over; {ticked} of"
            " {stops} stops ticked, {missed} missed",
            **patrols,
        )
    )
    return "\n".join(lines)


def _hours(hours: list[list[int]]) -> list[dict[str, Any]]:
    return [{"hour": f"{hour:02}:00", "reached": reached, "no_answer": no} for hour, reached, no in hours]


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        justify: Literal["left", "right"] = "left" if name in ("code", "name", "hour") else "right"
        shown.add_column(_COLUMNS[name], no_wrap=name == "code", justify=justify)
    for row in rows:
        shown.add_row(*(_written(name, row[name]) for name in columns))
    out.print(shown)


def _written(name: str, value: Any) -> Any:
    if name == "coverage":
        return percent(value)
    return f"{value:,}" if isinstance(value, int) else cell(str(value if value is not None else "—"))
