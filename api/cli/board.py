"""everycell board: the figures of the wall, in a shell."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from api.board_documents import board_document
from api.cli.coverage import Area
from api.cli.output import Form, cell, opened, out, percent
from gis.access.scope import ALL
from gis.board.content import Board
from gis.board.gather import Question, gather
from gis.board.today import DayVisits
from gis.disputes.disclosure import MARK
from gis.errors import BadInput
from gis.households.coverage import counties
from gis.households.figures import Figures
from gis.settings import settings

app = typer.Typer()


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
    out.print(f"大屏数据 board {board.area or ''}, as of {board.as_of:%Y-%m-%d %H:%M:%S}", markup=False)
    out.print(_lines(document), markup=False)
    _table(
        "村(社区) villages" if document["villages"]["level"] == "village" else "网格 cells",
        ("code", "name", "known", "reached", "never", "overdue", "coverage"),
        document["villages"]["areas"],
    )
    _table(
        f"剩余最多的网格 worst of {document['worst_cells']['with_overdue']:,} cells with overdue households",
        ("code", "name", "known", "overdue", "coverage", "oldest_on"),
        document["worst_cells"]["cells"],
    )
    _table("今日入户 visits today", ("hour", "reached", "no_answer"), _hours(document["visits_today"]["hours"]))
    _table(
        "重点场所 key sites",
        ("code", "name", "sites", "never", "overdue", "due"),
        document["sites_due"]["villages"],
    )
    cases = document["cases_overdue"]
    if cases is not None:
        title = f"超期纠纷 cases past their date at the end of {cases['month']}"
        listed = [*([cases["own"]] if cases["own"] else []), *cases["towns"], *cases["areas"]]
        rows = [row | {"number": MARK if row["number"] is None else row["number"]} for row in listed]
        _table(title, ("code", "name", "number"), rows)


def _lines(document: dict[str, Any]) -> str:
    coverage, round_, patrols = document["coverage"], document["round"], document["patrols_today"]
    lines = [
        f"覆盖率 coverage since {coverage['since']}: {coverage['reached']:,} of {coverage['known']:,} reached,"
        f" {percent(coverage['coverage'])}; never {coverage['never']:,}, overdue {coverage['overdue']:,}"
    ]
    if round_ is not None:
        planned = (
            "no target"
            if round_["target"] is None
            else (f"target {percent(round_['target'])}, of which {percent(round_['planned_today'])} by today")
        )
        lines.append(f"轮次 round {round_['code']} {round_['name']}, to {round_['last_on']}: {planned}")
    lines.append(
        f"巡逻 patrols today: {patrols['planned']} planned, {patrols['waiting']} waiting, {patrols['out']} out,"
        f" {patrols['done']} done, {patrols['over']} over; {patrols['ticked']} of {patrols['stops']} stops ticked,"
        f" {patrols['missed']} missed"
    )
    return "\n".join(lines)


def _hours(hours: list[list[int]]) -> list[dict[str, Any]]:
    return [{"hour": f"{hour:02}:00", "reached": reached, "no_answer": no} for hour, reached, no in hours]


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        shown.add_column(name, no_wrap=name == "code", justify="left" if name in ("code", "name", "hour") else "right")
    for row in rows:
        shown.add_row(*(_written(name, row[name]) for name in columns))
    out.print(shown)


def _written(name: str, value: Any) -> Any:
    if name == "coverage":
        return percent(value)
    return f"{value:,}" if isinstance(value, int) else cell(str(value if value is not None else "—"))
