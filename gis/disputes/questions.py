"""What may be asked of heat: which surface, of which period, for whom. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gis.disputes.categories import FAMILY, Category
from gis.disputes.periods import Period, Span
from gis.errors import BadInput

BANDWIDTHS_M: Final = (200, 400, 800, 1600)  # those there are: none is chosen freely
FEWEST_DAYS, MOST_DAYS = 7, 365  # of a half-life


class Mode(StrEnum):
    """What a surface is of: cases per km², or per 100 households."""

    density = "density"
    rate = "rate"


@dataclass(frozen=True, slots=True)
class Question:
    """Which surface. `half_life_days` None: the period alone; `bandwidth_m` None: 400 m, or the next that the area is
    not too wide for. `within` are the areas that the reader may see, `area` the part of them that is asked for."""

    period: Period
    category: Category | None
    mode: Mode
    half_life_days: int | None
    bandwidth_m: int | None
    area: str | None
    within: tuple[str, ...]


def check_question(question: Question) -> None:
    """Raises BadInput for what is not drawn: family disputes, and recency of anything but months."""
    if question.category is FAMILY:
        raise BadInput("category: family disputes are counted down to villages and not drawn as heat", field="category")
    if question.half_life_days is not None and question.period.span is not Span.month:
        raise BadInput("half_life: only months are weighted by how long ago they are; give none", field="half_life")
