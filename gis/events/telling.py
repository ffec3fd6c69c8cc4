"""What of an event a listener is told: cut to areas and rights; ids, revisions and figures only. Pure.

`TOLD` says for each kind which right it needs and what goes into it. A kind that only says that something has changed
takes one line here and an `everycell.emit` where it happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from gis.access.scope import Right, Scope
from gis.events.log import Event
from gis.households.coverage import parts_of

CellRow = tuple[str, int, int, int, int, int]  # code, known, reached, tried, never, overdue
CellRows = Mapping[str, CellRow]


@dataclass(frozen=True, slots=True)
class Cutoff:
    """From when on a listener counts: a day, the first day of a round, or, with neither, what is usual for the area."""

    since: date | None = None
    round: str | None = None
    area: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What a listener may see and wants to: a scope, a part of it (`area`, None: all), a cut-off. Listeners with equal
    views are told the same."""

    key: bytes  # of the scope
    within: Mapping[Right, tuple[str, ...]]
    cutoff: Cutoff

    def __hash__(self) -> int:
        return hash((self.key, self.cutoff, tuple(self.within.values())))

    @classmethod
    def of(cls, scope: Scope, area: str | None, cutoff: Cutoff) -> View:
        """The view of somebody with a scope, of an area of it."""
        return cls(scope.key, {right: tuple(parts_of(area, scope.where(right))) for right in Right}, cutoff)


@dataclass(frozen=True, slots=True)
class Telling:
    """How a kind of event is told. `content` makes its members, None where there is nothing to tell; `spans`: also to
    those whose areas lie inside the event's."""

    right: Right = Right.figures
    content: Callable[[Event, Sequence[str], CellRows], dict[str, Any] | None] = lambda event, inside, cells: {}
    spans: bool = True


def _cells(event: Event, inside: Sequence[str], cells: CellRows) -> dict[str, Any] | None:
    rows = [cells[code] for code in inside if code in cells]
    return {"cells": rows} if rows else None


def _payload(event: Event, inside: Sequence[str], cells: CellRows) -> dict[str, Any]:
    return dict(event.payload)


def _published(event: Event, inside: Sequence[str], cells: CellRows) -> dict[str, Any]:
    """Of which counts: walls are told of it, so nothing else of the event is passed on."""
    return {name: event.payload[name] for name in ("level", "first_on", "months") if name in event.payload}


def _grid(event: Event, inside: Sequence[str], cells: CellRows) -> dict[str, Any]:
    return {"county": f"{event.county:06}", "revision": event.payload.get("revision")}


TOLD: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "coverage": Telling(content=_cells, spans=False),
        "grid": Telling(content=_grid),
        "rounds": Telling(),
        "case_figures": Telling(content=_published),
        "cases": Telling(Right.cases, _payload, spans=False),
        "patrols": Telling(Right.patrols, _payload, spans=False),
        "sites": Telling(spans=False),
        "board": Telling(),
        "alarms": Telling(),
    }
)


def told(event: Event, view: View, cells: CellRows) -> dict[str, Any] | None:
    """The members of what a view is told of an event, without the time; None where it is told nothing: no right,
    another area, a kind that this program does not know. `cells` are the figures of the cells concerned, since the
    view's cut-off."""
    telling = TOLD.get(event.kind)
    if telling is None:
        return None
    inside = list(_inside(event.areas, view.within.get(telling.right, ()), telling.spans))
    return telling.content(event, inside, cells) if inside else None


def _inside(areas: Iterable[str], within: Sequence[str], spans: bool) -> Iterable[str]:
    """The areas that lie within some others; with `spans` also those that hold one of them."""
    if within == ("",):
        yield from areas
        return
    for code in areas:
        if code.startswith(within if isinstance(within, tuple) else tuple(within)) or (
            spans and any(one.startswith(code) for one in within)
        ):
            yield code
