"""everycell dispute counts|ledger|publish: published counts of cases."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from api.case_tables import COUNTS, counts_document, counts_row
from api.cli.folding import Table
from api.cli.output import Form, cell, day, err, lang_of, opened, out
from api.cli.words import _
from api.spreadsheets import ledger_csv, ledger_xlsx
from api.tables import csv_pieces
from gis.access.audit import Action, note_shell, shell_user
from gis.access.scope import ALL
from gis.codes import Level
from gis.disputes import publication
from gis.disputes.figures import Figures, figures
from gis.disputes.ledger import ledger as ledger_of
from gis.disputes.ledger import ledger_level, shown
from gis.disputes.overdue import publish_overdue
from gis.disputes.periods import Period, period_of
from gis.disputes.releases import layout_of
from gis.errors import BadInput
from gis.households.coverage import counties, today_in
from gis.settings import settings
from gis.storage.engine import Store
from gis.words import word

Area = Annotated[str | None, typer.Option(help="code of a county, town or village; all where it is left out")]
AskedPeriod = Annotated[str, typer.Option("--period", help="2026, 2026Q3 or 2026-10")]


def counts(
    period: AskedPeriod,
    area: Area = None,
    level: Annotated[Level, typer.Option(help="what the rows are")] = Level.village,
    format: Annotated[Form, typer.Option("--format", "-f", help="form of the answer")] = Form.table,
) -> None:
    """Published counts of cases of each area in a period. <5*: 1 to 4, or withheld so that none can be worked out."""
    with opened() as store:
        found = _figures(store, area, level, period_of(period, field="--period"))
    if format == Form.json:
        out.print_json(json.dumps(counts_document(found, None, as_of=today_in(settings())), ensure_ascii=False))
    elif format == Form.csv:
        for piece in csv_pieces(COUNTS, map(counts_row, found.areas)):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    else:
        _show(found)


def ledger(
    period: AskedPeriod,
    output: Annotated[Path, typer.Option("--output", "-o", help="the file: .xlsx or .csv")],
    area: Area = None,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """The ledger (台账) of a period as a file: cases by area and category, withheld numbers as <5*."""
    if output.suffix not in (".xlsx", ".csv"):
        raise BadInput(
            "{field}: {name!r} ends in none of {words}", name=output.name, words=".xlsx, .csv", field="--output"
        )
    asked, spoken = period_of(period, field="--period"), lang_of(lang)
    with opened() as store:
        table = ledger_of(_figures(store, area, ledger_level(area, asked, layout_of(settings())), asked), spoken)
        with store.begin() as conn:
            detail = {"kind": "dispute_ledger", "form": output.suffix[1:], "period": str(asked)}
            note_shell(conn, Action.export, area or "", detail)
    partial = output.with_name(output.name + ".part")
    partial.write_bytes(ledger_xlsx(table) if output.suffix == ".xlsx" else ledger_csv(table))
    partial.replace(output)
    err.print(f"{table.title} → {output}", markup=False, soft_wrap=True)


def publish(
    today: Annotated[str | None, typer.Option(help="as on this day, not a later one; default: today")] = None,
) -> None:
    """Publish the counts of cases of the periods that are over. The service does it by itself; once, and for good."""
    on = _not_later(day(today, "--today"))
    with opened() as store, Progress(console=err, transient=True) as progress:
        task = progress.add_task("", total=max(len(publication.due_months(store, on)), 1))

        def told(what: str) -> None:
            progress.update(task, description=what, advance=1)

        done = publication.publish_due(store, on, who=shell_user(), source="shell", on_step=told)
        overdue = publish_overdue(store, on, who=shell_user(), source="shell", on_step=told)
    for one in done:
        kind = _("family disputes") if one.family else _("cases")
        out.print(
            _(
                "{county:06}: {kind} by {level}, {period}",
                county=one.county,
                kind=kind,
                level=word(one.level),
                period=one.period,
            )
        )
    for county, month in overdue:
        out.print(_("{county:06}: cases past their date at the end of {month}", county=county, month=month))
    number = len(done) + len(overdue)
    out.print(
        _("{number:,} tables published", number=number) if number else _("nothing is due: what is over is published")
    )


def _figures(store: Store, area: str | None, level: Level, period: Period) -> Figures:
    with store.read(ALL.settings()) as conn:
        here = counties(conn, area)
        return figures(conn, here, area, level, period, settings=settings(), today=today_in(settings()))


def _not_later(on: date | None) -> date:
    now = today_in(settings())
    if on is not None and on > now:
        raise BadInput("--today: lies in the future: what is over then is not over yet", field="--today")
    return on or now


def _show(found: Figures) -> None:
    table = Table(
        _("code"),
        _("name"),
        _("households"),
        _("cases"),
        _("family"),
        title=_("cases of {period}", period=found.period),
    )
    for area in [*found.areas, *([] if found.total is None else [found.total])]:
        label = (_("total"), "") if area is found.total else (area.code, cell(area.name))
        family = str(shown(area.family)) if area.family_told else "—"
        table.add_row(*label, f"{area.households:,}", str(shown(area.total)), family)
    out.print(table)
    out.print(_("<5*: 1 to 4, or withheld so that no 1 to 4 can be worked out"), markup=False)
