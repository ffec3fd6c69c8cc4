"""Published counts of cases as rows: the shapes of JSON and CSV that HTTP and the command line share."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from gis.disputes.categories import FAMILY, TABLED, Category
from gis.disputes.figures import AreaFigures, Figures
from gis.disputes.ledger import shown

COUNTS: Final = ("code", "name", "level", "households", "total", *(each.value for each in TABLED), "family", "all")


def counts_row(area: AreaFigures) -> dict[str, Any]:
    """The published counts of one area as a row for people: withheld numbers have their mark."""
    numbers = {"total": area.total, **{each.value: area.parts[each] for each in TABLED}}
    numbers |= {"family": area.family, "all": area.all}
    marked = {name: shown(number) for name, number in numbers.items()}
    return {"code": area.code, "name": area.name, "level": area.level.value, "households": area.households, **marked}


def counts_document(found: Figures, category: Category | None, *, as_of: date) -> dict[str, Any]:
    """The shape of `GET /disputes/counts`; of one category alone where it is given."""
    return {
        "period": str(found.period),
        "level": found.level.value,
        "grid_on": found.grid_on.isoformat(),
        "as_of": as_of.isoformat(),
        "areas": [_counts(area, category) for area in found.areas],
        "total": None if found.total is None else _counts(found.total, category),
    }


def _counts(area: AreaFigures, category: Category | None) -> dict[str, Any]:
    told = [each for each in TABLED if category in (None, each)]
    row: dict[str, Any] = {name: getattr(area, name) for name in ("code", "name", "households", "total")}
    row |= {"level": area.level.value, "categories": {each.value: area.parts[each] for each in told}}
    return row | ({"family": area.family} if category in (None, FAMILY) and area.family_told else {})
