"""How the cases of a county stood when a month ended: counted and published with those past their date, and read.

Of the cases registered in the month it is told how far they had come, of the revisits that were due in it what had
become of them; family disputes are in neither. See `gis.disputes.standing` for what is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from sqlalchemy import Connection

from gis.disputes.disclosure import WITHHELD
from gis.disputes.merging import Ints
from gis.disputes.periods import Period
from gis.disputes.standing import STAGE_OF, Revisited, Stage, publish_revisits, publish_stages
from gis.disputes.workflow import State
from gis.storage.bulk import array
from gis.storage.queries import query

_STAGE: Final = "stage_"
_REVISIT: Final = "revisit_"
_ALL: Final = f"{_REVISIT}all"


@dataclass(frozen=True, slots=True)
class Stood:
    """What is published of a county's month; None is withheld. `revisits_due` is the sum of `revisits`."""

    stages: Mapping[Stage, int | None]
    revisits_due: int | None
    revisits: Mapping[Revisited, int | None]


@dataclass(frozen=True, slots=True)
class Late:
    """How many cases of a county were past their date, and how many of the month had to be (`publish_stages`)."""

    overdue: int
    pressed: int


def publish_standing(conn: Connection, county: int, month: Period, end: datetime, households: int, late: Late) -> None:
    """Publish how cases stood at the `end` of a month, in the transaction in which those past their date are.

    Nothing is published where the county is not counted by month.
    """
    registered = conn.execute(query("disputes/county_total"), {"county": county, "month": month.first}).one_or_none()
    if registered is None:
        return
    asked = {"county": county, "month": month.first, "after": month.following.first, "at": end}
    stages = _by(Stage, ((STAGE_OF[State(r.state)], r.cases) for r in conn.execute(query("disputes/stages_at"), asked)))
    outcomes = conn.execute(query("disputes/revisits_at"), asked)
    revisits = _by(Revisited, ((Revisited(r.outcome), r.revisits) for r in outcomes))
    number = WITHHELD if registered.number is None else registered.number
    shown = publish_stages(stages, households, number, late.pressed)
    told = conn.execute(query("disputes/county_before"), {"county": county, "month": month.first}).scalar_one()
    due = publish_revisits(revisits, households, told, late.overdue)
    parts = {
        **_named(_STAGE, Stage, shown.parts[0]),
        _ALL: int(due.totals[0]),
        **_named(_REVISIT, Revisited, due.parts[0]),
    }
    numbers = ",".join("NULL" if number == WITHHELD else str(number) for number in parts.values())
    values = {"county": county, "month": month.first, "parts": array(parts), "numbers": f"{{{numbers}}}"}
    conn.execute(query("disputes/publish_standing"), values | {"households": households})


def stood(conn: Connection, county: int, month: Period) -> Stood | None:
    """What is published of a month, as far as the caller may see it; None where nothing is."""
    rows = conn.execute(query("disputes/standing_published"), {"county": county, "month": month.first})
    found = {row.part: row.number for row in rows}
    if not found:
        return None
    return Stood(
        MappingProxyType({stage: found[f"{_STAGE}{stage}"] for stage in Stage}),
        found[_ALL],
        MappingProxyType({outcome: found[f"{_REVISIT}{outcome}"] for outcome in Revisited}),
    )


def _by(kind: type[StrEnum], counted: Iterable[tuple[StrEnum, int]]) -> Ints:
    numbers = Counter[StrEnum]()
    for entry, number in counted:
        numbers[entry] += number
    return np.array([numbers[entry] for entry in kind], np.int64)


def _named(prefix: str, kind: type[StrEnum], numbers: Ints) -> dict[str, int]:
    return {f"{prefix}{entry}": int(number) for entry, number in zip(kind, numbers, strict=True)}
