"""everycell dispute heat|hotspots: what is drawn and judged from published counts of cases, as files for a GIS."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import err, opened, out
from api.cli.words import LANG, _
from gis.access.audit import Action, note_shell
from gis.access.scope import ALL, EVERYWHERE
from gis.disputes.categories import Category
from gis.disputes.kept import Kept
from gis.disputes.periods import Period, Span, period_of
from gis.disputes.questions import BANDWIDTHS_M, FEWEST_DAYS, MOST_DAYS, Mode, Question
from gis.errors import BadInput
from gis.households.coverage import counties, today_in
from gis.settings import settings
from gis.storage.engine import Store

Area = Annotated[str | None, typer.Option(help="code of a county, town or village; all where it is left out")]
Output = Annotated[Path, typer.Option("--output", "-o", help="the file, GeoJSON")]
AskedPeriod = Annotated[str | None, typer.Option("--period", help="a period that is published; default: the last one")]
Of = Annotated[Category | None, typer.Option("--category", help="only these cases; none for family disputes")]
_CAPACITY = 256 * 2**20


def heat(
    output: Output,
    period: AskedPeriod = None,
    category: Of = None,
    mode: Annotated[Mode, typer.Option(help="per km², or per 100 households")] = Mode.density,
    half_life: Annotated[
        str | None,
        typer.Option(help=f"of months: days after which they count half ({FEWEST_DAYS} to {MOST_DAYS}), or none"),
    ] = None,
    bandwidth: Annotated[int | None, typer.Option(help=f"metres: {', '.join(map(str, BANDWIDTHS_M))}")] = None,
    area: Area = None,
) -> None:
    """Where disputes were recorded, as bands of a smooth surface; drawn from published counts alone."""
    from api.heat_documents import heat_document  # loads SciPy, which the other commands do not need
    from gis.disputes.surfaces import draw, newest

    if bandwidth not in (None, *BANDWIDTHS_M):
        raise BadInput(
            "{field}: must be one of {words}",
            words=", ".join(map(str, BANDWIDTHS_M)),
            field="--bandwidth",
        )
    asked = _asked(period)
    with opened() as store, store.read(ALL.settings()) as conn:
        here = counties(conn, area)
        over = asked or newest(conn, here, (EVERYWHERE,))
        question = Question(over, category, mode, _days(half_life, over), bandwidth, area, (EVERYWHERE,))
        found = draw(conn, Kept(_CAPACITY), here, question, settings=settings(), today=today_in(settings()))
        _write(store, output, heat_document(found), "dispute_heat", over, area)


def hotspots(output: Output, period: AskedPeriod = None, category: Of = None, area: Area = None) -> None:
    """Cells with more recorded disputes than the number of households explains; judged from published counts alone."""
    from api.heat_documents import VERDICTS, WORDS, spots_document  # loads SciPy
    from gis.disputes.judged import judge
    from gis.disputes.verdicts import Verdict

    asked = _asked(period)
    with opened() as store, store.read(ALL.settings()) as conn:
        here = counties(conn, area)
        found = judge(
            *(conn, Kept(_CAPACITY), here, asked, category, (EVERYWHERE,)),
            settings=settings(),
            today=today_in(settings()),
        )
        document = spots_document(found, area)
        _write(store, output, document, "dispute_hotspots", found.period, area)
    counted = document["counts"]
    hot, few = counted[VERDICTS[Verdict.hot]], counted[VERDICTS[Verdict.too_few]]
    out.print(
        _(
            "{period}: {hot:,} of {number:,} have {what}; of {few:,} it is too few to say",
            period=found.period,
            hot=hot,
            number=sum(counted.values()),
            what=WORDS[LANG],
            few=few,
        )
    )


def _asked(period: str | None) -> Period | None:
    return None if period is None else period_of(period, field="--period")


def _days(text: str | None, period: Period) -> int | None:
    if text is None:
        return settings().heat_half_life_days if period.span is Span.month else None
    if text == "none":
        return None
    if not text.isascii() or not text.isdigit() or not FEWEST_DAYS <= int(text) <= MOST_DAYS:
        raise BadInput(
            "--half-life: give {low} to {high} days, or none",
            low=FEWEST_DAYS,
            high=MOST_DAYS,
            field="--half-life",
        )
    return int(text)


def _write(store: Store, output: Path, document: dict[str, Any], kind: str, period: Period, area: str | None) -> None:
    with store.begin() as noting:
        detail = {"kind": kind, "form": "geojson", "period": str(period)}
        note_shell(noting, Action.export, area or "", detail)
    partial = output.with_name(output.name + ".part")
    partial.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    partial.replace(output)
    err.print(f"{period} → {output}", markup=False, soft_wrap=True)
