"""everycell report: the monthly report of an area as a file."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.output import err, lang_of, opened, write
from api.cli.words import _
from gis.access.audit import Action, note_shell
from gis.access.scope import ALL, EVERYWHERE
from gis.disputes.kept import Kept
from gis.errors import BadInput
from gis.households.coverage import counties, today_in
from gis.report.cases import Reader
from gis.report.content import Report
from gis.report.gather import Step, gather
from gis.report.months import month_of
from gis.settings import settings
from gis.storage.engine import Store
from maps.text import Lang

app = typer.Typer()

_DRAWN_BYTES: Final = 64 * 2**20
_FORMS: Final = (".pdf", ".html", ".xlsx")


@app.command()
def report(
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write: .pdf, .html or .xlsx")],
    area: Annotated[
        str | None, typer.Option(help="code of a county, town, village or cell; default: the only county there is")
    ] = None,
    month: Annotated[str | None, typer.Option(help="the month, 2026-10; default: the last that is over")] = None,
    lang: Annotated[str, typer.Option(help="zh or en")] = "zh",
) -> None:
    """The monthly report of an area: coverage, rounds, ranking, work left, cases; as PDF, page or workbook."""
    form = output.suffix.lower()
    if form not in _FORMS:
        raise BadInput(
            "{field}: {name!r} ends in none of {words}",
            name=output.name,
            words=", ".join(_FORMS),
            field="--output",
        )
    spoken = lang_of(lang)
    with err.status(_("reading …")) as status:
        with opened() as store:
            found = _gathered(store, area, month, form, lambda what: status.update(_("reading {what} …", what=what)))
        status.update(_("drawing {file} …", file=output.name))
        write(output, _drawn(found, form, spoken))
    named = _(
        "{area} {month}, figures of {day} → {output}",
        area=found.place.names[-1],
        month=found.month,
        day=found.visits.data_on,
        output=output,
    )
    err.print(named, markup=False, soft_wrap=True)


def _gathered(store: Store, area: str | None, month: str | None, form: str, on_step: Step) -> Report:
    today = today_in(settings())
    about = month_of(month, today, field="--month")
    # Whoever has the shell sees everything: nothing has to be widened.
    reader = Reader((EVERYWHERE,), lambda _: nullcontext(), Kept(_DRAWN_BYTES))
    with store.read(ALL.settings()) as conn:
        found = counties(conn, None)
        if area is None and len(found) != 1:
            raise BadInput("--area: is missing; there are {number} counties", number=len(found), field="--area")
        here = area or f"{found[0]:06}"
        made = gather(conn, here, about, reader, settings=settings(), today=today, on_step=on_step)
    with store.begin() as conn:
        note_shell(conn, Action.export, here, {"kind": "report", "form": form[1:], "month": str(about)})
    return made


def _drawn(found: Report, form: str, lang: Lang) -> bytes:
    from maps.report.assemble import document

    made = document(found, lang)
    if form == ".html":
        from maps.report.page import page

        return page(made).encode()
    if form == ".xlsx":
        from maps.report.workbook import workbook

        return workbook(made)
    from maps.report.pdf import pdf

    return pdf(made, settings().report_fonts)
