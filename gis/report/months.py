"""The month that a report is of."""

from __future__ import annotations

from datetime import date

from gis.disputes.periods import Period, Span, period_of
from gis.errors import BadInput, NotFound


def month_of(written: str | None, today: date, *, field: str = "month") -> Period:
    """The month that is meant: "2026-10"; the last that is over where nothing is given.

    Raises BadInput naming `field` for what is no month, NotFound for one that has not begun.
    """
    if written is None:
        first = today.replace(day=1)
        earlier = date(first.year - (first.month == 1), (first.month - 2) % 12 + 1, 1)
        return Period(earlier, Span.month)
    try:
        month = period_of(written, field=field)
    except BadInput:
        month = None
    if month is None or month.span is not Span.month:
        raise BadInput("{field}: {written!r} is no month; write it like 2026-10", written=written, field=field)
    if month.first > today:
        raise NotFound("{field}: {month} has not begun", month=month, field=field)
    return month
