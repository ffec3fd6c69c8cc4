"""Times of day of a plan: whole seconds since midnight of its day in the county, written 09:30 (over midnight 26:30).
Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gis.errors import BadInput

DAY_S: Final = 86_400
LATEST_S: Final = 2 * DAY_S  # a shift ends at the end of the next day at the latest
_TIME: Final = re.compile(r"([0-4][0-9]):([0-5][0-9])", re.ASCII)


def seconds_of(value: object, field: str) -> int:
    """Seconds since midnight of a time such as 09:30, or 26:30 for half past two in the night after. Raises
    BadInput."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 if found else -1
    if not 0 <= seconds <= LATEST_S:
        raise BadInput("{field}: must be a time such as 09:30, after midnight 24:00 to 48:00", field=field)
    return seconds


def written(seconds: float) -> str:
    """A time as people write it: 09:30. Begun minutes count as not yet begun."""
    minutes = int(seconds // 60)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def window_of(value: object, field: str) -> tuple[int, int]:
    """A span such as ["09:00", "10:30"]; one whose end lies before its beginning ends on the next day. Raises
    BadInput."""
    if not isinstance(value, list) or len(value) != 2:
        raise BadInput('{field}: must be two times, such as ["09:00", "13:00"]', field=field)
    first, last = (seconds_of(one, field) for one in value)
    if last < first < DAY_S:
        last += DAY_S
    if not first < last <= LATEST_S:
        raise BadInput("{field}: must end after it begins", field=field)
    return first, last


def seconds_into(on: date, at: datetime, zone: ZoneInfo) -> int:
    """How many seconds after the beginning of a day an instant lies, on the clock of the county; may be negative."""
    local = at.astimezone(zone).replace(tzinfo=None)
    return int((local - datetime.combine(on, time())).total_seconds())


def instant_of(on: date, seconds: float, zone: ZoneInfo) -> datetime:
    """The instant at which the county's clock shows so many seconds of a day."""
    return (datetime.combine(on, time()) + timedelta(seconds=seconds)).replace(tzinfo=zone)
