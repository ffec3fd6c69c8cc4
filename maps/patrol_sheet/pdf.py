"""The sheets of a plan as one PDF: a team each, beginning on a page of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from maps.patrol_sheet.rows import Json, Streets
from maps.patrol_sheet.sheet import About, document
from maps.report.pdf import typeset
from maps.text import Lang

_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")


def sheets_pdf(
    plan: Json,
    about: About,
    streets: Streets | None = None,
    *,
    team: str | None = None,
    lang: Lang = "zh",
    fonts: Path | None = None,
    limit_s: float | None = None,
) -> bytes:
    """The PDF. `plan` is as `GET /patrol/plans/{id}` answers it, `team` the only one wanted, `fonts` a folder with a
    Chinese font (None: looked for).

    Raises BadInput for a plan without routes yet, NotFound for a team that is not in it, NoFont, TooLong.
    """
    return typeset(_TEMPLATE, document(plan, about, streets, team=team, lang=lang), fonts, limit_s)
