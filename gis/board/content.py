"""What the board shows: numbers of areas, no words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate

from gis.codes import Level
from gis.disputes.overdue import OverdueCases
from gis.households.coverage import AreaCoverage
from gis.households.rounds import Round, planned_percent


@dataclass(frozen=True, slots=True)
class Progress:
    """A round in the part of it that the board is of. `by_day`: households last reached on each day of the round up to
    today, from its first day on; None where that is not known (a closed round, or one that began years ago)."""

    round: Round
    figures: AreaCoverage
    today: date
    by_day: tuple[int, ...] | None

    @property
    def days(self) -> list[tuple[date, float]] | None:
        """Of each day the share of all households that were last reached on it or before it; none known: no days."""
        if self.by_day is None or not self.figures.known:
            return None if self.by_day is None else []
        counts = list(accumulate(self.by_day))
        first = self.round.first_on
        return [(first + timedelta(days=n), count / self.figures.known) for n, count in enumerate(counts)]

    @property
    def planned(self) -> float | None:
        """The share of households that the target asks for by the end of today; None without a target."""
        found = planned_percent(self.round.target, self.round.first_on, self.round.last_on, self.today)
        return None if found is None else found / 100


@dataclass(frozen=True, slots=True)
class VisitsToday:
    """Visits of today: (hour, reached, no answer), from the first hour that has one to the last, without gaps."""

    day: date
    hours: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """Key sites of a village (or of all: no code). No site is in two of `never` (checked), `overdue` (to be checked
    before today) and `due` (from today, as many days ahead as "soon" is)."""

    code: str
    name: str
    sites: int
    never: int
    overdue: int
    due: int


@dataclass(frozen=True, slots=True)
class Patrols:
    """Routes with stops in a village (or in all: no code). Of these `begun`: something was ticked or skipped, the shift
    is not over; `done`: all is ticked; `over`: the shift is over and not all is. A stop that was only skipped is not
    `ticked`; `missed` are those that are not, on routes whose shift is over."""

    code: str
    name: str
    routes: int
    begun: int
    done: int
    over: int
    stops: int
    ticked: int
    missed: int


@dataclass(frozen=True, slots=True)
class Board:
    """The board of an area (None: of all that its reader may see) at one moment.

    `parts` are villages, inside a village its cells; `worst` the cells with the largest share of overdue households,
    `num_overdue_cells` how many cells have any. `sites` and `patrols` begin with all together.
    """

    as_of: datetime
    today: date
    since: date
    area: str | None
    total: AreaCoverage
    parts: tuple[AreaCoverage, ...]
    parts_level: Level
    worst: tuple[AreaCoverage, ...]
    num_overdue_cells: int
    progress: Progress | None
    visits: VisitsToday
    sites: tuple[Sites, ...]
    patrols: tuple[Patrols, ...]
    cases: OverdueCases | None
