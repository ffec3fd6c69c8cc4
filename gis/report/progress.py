"""How far rounds and villages have come. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from gis.households.coverage import AreaCoverage
from gis.households.rounds import Round


@dataclass(frozen=True, slots=True)
class RoundProgress:
    """A round with the figures of the part of it that lies in the report's area.

    `figures` are those of `as_of`: the data day, or the day on which the round was closed and they were frozen.
    `planned` is the coverage in percent that was to be reached by then, None where the round has no target.
    """

    round: Round
    area_name: str
    figures: AreaCoverage
    as_of: date
    planned: float | None

    @property
    def frozen(self) -> bool:
        """Whether the round is closed, and its figures do not change any more."""
        return self.round.closed_at is not None

    @property
    def ahead(self) -> float | None:
        """Percentage points by which coverage is ahead of the plan (negative: behind); None without one."""
        share = self.figures.coverage
        return None if share is None or self.planned is None else 100 * share - self.planned


@dataclass(frozen=True, slots=True)
class Standing:
    """A place in the ranking: `reached` of the `known` households of an area were reached since the month began.

    Areas with the same share have the same `place`. An area without households has none, and stands at the end.
    """

    place: int | None
    code: str
    name: str
    known: int
    reached: int
    since_cut_off: AreaCoverage

    @property
    def share(self) -> float | None:
        """reached / known."""
        return self.reached / self.known if self.known else None


def ranking(in_month: Iterable[AreaCoverage], since_cut_off: Sequence[AreaCoverage]) -> list[Standing]:
    """Areas by the share of their households that was reached since the month began, the largest first.

    `in_month` are figures since its first day, `since_cut_off` those of the same areas since the usual one.
    """
    usual = {area.code: area for area in since_cut_off}
    sorted_areas = sorted(
        (area for area in in_month if area.code in usual),
        key=lambda area: (not area.known, -(area.coverage or 0), area.code),
    )
    found: list[Standing] = []
    for position, area in enumerate(sorted_areas, start=1):
        place: int | None = position
        if found and found[-1].share == area.coverage:
            place = found[-1].place
        if not area.known:
            place = None
        found.append(Standing(place, area.code, area.name, area.known, area.reached, usual[area.code]))
    return found
