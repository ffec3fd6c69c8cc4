"""Calendar periods: the only spans of time for which case figures exist.

A period is written as ISO 8601 has it, or nearly: "2026", "2026Q4", "2026-11". There is no other span, so two spans
that differ by a day cannot be held against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from typing import Final

from gis.errors import BadInput
from gis.sentence import Sentence
from gis.words import word


class Span(IntEnum):
    """How long a period is, in months."""

    month = 1
    quarter = 3
    year = 12


def spans_of(text: str) -> tuple[Span, ...]:
    """The lengths of period of county, town, village and cell that a text gives: "month,quarter,year,year".

    Raises ValueError for another number of words, other words, or a length that is shorter than the one before.
    """
    words = [word.strip() for word in text.split(",")]
    if len(words) != 4 or not set(words) <= set(Span.__members__):
        raise ValueError(
            Sentence("must be four of month, quarter and year with commas between: of county, town, village, cell")
        )
    spans = tuple(Span[word] for word in words)
    if list(spans) != sorted(spans):
        raise ValueError(Sentence("{text}: none may be shorter than that of the level above", text=text))
    return spans


_WRITTEN: Final = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])|Q([1-4]))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar month, quarter or year. `first` is its first day; ordered by it."""

    first: date
    span: Span

    def __post_init__(self) -> None:
        if self.first.day != 1 or (self.first.month - 1) % self.span:
            raise BadInput("{first} begins no {span}", first=self.first, span=word(self.span.name), field="period")

    @property
    def last(self) -> date:
        """The last day."""
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> Period:
        """The next period of the same length."""
        months = self.first.year * 12 + self.first.month - 1 + self.span
        return Period(date(months // 12, months % 12 + 1, 1), self.span)

    def closed(self, today: date) -> bool:
        """Whether the whole period is over."""
        return self.last < today

    def parts(self, span: Span) -> tuple[Period, ...]:
        """The periods of a length of which this one consists. Raises BadInput where `span` is longer."""
        if span > self.span:
            raise BadInput(
                "a {span} does not consist of {part}s", span=word(self.span.name), part=word(span.name), field="period"
            )
        parts = [Period(self.first, span)]
        while len(parts) < self.span // span:
            parts.append(parts[-1].following)
        return tuple(parts)

    def __str__(self) -> str:
        if self.span is Span.year:
            return f"{self.first.year:04}"
        if self.span is Span.quarter:
            return f"{self.first.year:04}Q{self.first.month // 3 + 1}"
        return f"{self.first:%Y-%m}"


def period_of(text: str, *, field: str = "period") -> Period:
    """The period that a text means. Raises BadInput naming `field` for anything else, days and ranges included."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None or found[1] == "0000":
        raise BadInput(
            "{field}: {text!r} is no period; give a year (2026), a quarter (2026Q4) or a month"
            " (2026-11). There are no figures of cases for other spans of time",
            text=text,
            field=field,
        )
    year, month, quarter = int(found[1]), found[2], found[3]
    if month:
        return Period(date(year, int(month), 1), Span.month)
    if quarter:
        return Period(date(year, int(quarter) * 3 - 2, 1), Span.quarter)
    return Period(date(year, 1, 1), Span.year)
