"""What comes in batches, each item for itself: its members parsed to their types, and what became of the batch.

A wrong value is never part of a sentence: it could be anything, a person's name among it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from gis.errors import BadInput
from gis.sentence import Sentence

E = TypeVar("E", bound=StrEnum)

# A phone's clock may be ahead of ours.
CLOCK_SKEW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An item that was not taken: its index in the batch, its id, a stable word and the reason in one sentence."""

    index: int
    id: str | None
    code: str
    detail: Sentence


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of a batch: every item is accepted, repeated or refused."""

    accepted: int
    repeated: int
    refused: list[Refusal]


def known_only(item: object, fields: Sequence[str], *, what: Sentence, field: str) -> Mapping[Any, Any]:
    """The item, where it is an object without other members than `fields`. Raises BadInput naming `field`, or the
    member."""
    if not isinstance(item, Mapping):
        raise BadInput("{what} is an object with the fields {fields}", what=what, fields=", ".join(fields), field=field)
    extra = sorted(set(map(str, item)) - set(fields))
    if extra:
        raise BadInput(
            "{field}: {what} has no such field; it has {fields}", what=what, fields=", ".join(fields), field=extra[0]
        )
    return item


def text_of(item: Mapping[Any, Any], field: str) -> str:
    """A text of 1 to 100 characters. Raises BadInput naming the field."""
    value = item.get(field)
    if value is None:
        raise BadInput("{field}: is missing", field=field)
    if not isinstance(value, str) or not value or len(value) > 100 or "\x00" in value:
        raise BadInput("{field}: must be a text of 1 to 100 characters", field=field)
    return value


def uuid_of(item: Mapping[Any, Any], field: str) -> UUID:
    """A UUID. Raises BadInput naming the field."""
    try:
        return UUID(text_of(item, field))
    except ValueError:
        raise BadInput("{field}: is no UUID", field=field) from None


def member_of(kind: type[E], item: Mapping[Any, Any], field: str) -> E:
    """A word of a closed list. Raises BadInput naming the field and the list."""
    try:
        return kind(text_of(item, field))
    except ValueError:
        raise BadInput("{field}: must be one of {words}", words=", ".join(kind), field=field) from None


def instant_of(item: Mapping[Any, Any], field: str) -> datetime:
    """An aware instant. Raises BadInput naming the field."""
    try:
        instant = datetime.fromisoformat(text_of(item, field))
    except ValueError:
        raise BadInput("{field}: must be an instant such as 2026-11-22T09:30:00+08:00", field=field) from None
    if instant.tzinfo is None:
        raise BadInput("{field}: needs its offset from UTC, such as +08:00", field=field)
    return instant


def past_instant_of(item: Mapping[Any, Any], field: str, now: datetime) -> datetime:
    """An instant that is not to come, in UTC. Raises BadInput naming the field."""
    try:
        instant = instant_of(item, field).astimezone(UTC)
    except OverflowError:
        raise BadInput("{field}: lies outside the calendar", field=field) from None
    if instant > now + CLOCK_SKEW:
        raise BadInput("{field}: lies in the future", field=field)
    return instant
