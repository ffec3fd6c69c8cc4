"""How alarms come and go, on a clock of the test's own; and how many become one line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.access.scope import Role
from gis.alarms.kinds import OFF_DELAY, ON_DELAY, REPEAT, Kind, Reading
from gis.alarms.lifecycle import Change, Key, Watched, step
from gis.alarms.lines import FEW, MOST, Alarm, line_of, lines, taken
from gis.errors import BadInput

START = datetime(2026, 11, 20, 1, tzinfo=UTC)
VILLAGE = "990101100201"
MINUTE = timedelta(minutes=1)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


class Clock:
    """Looks once a minute at one number, whose limit is 10."""

    def __init__(self) -> None:
        self.now = START
        self.known: dict[Key, Watched] = {}
        self.changes: list[Change] = []

    def see(self, *numbers: float | None) -> list[Change]:
        """What changes while these are read, one a minute; None: there is no reading."""
        found = []
        for number in numbers:
            self.now += MINUTE
            readings = [] if number is None else [Reading(Kind.behind, VILLAGE, int(number), number, 10)]
            for watched, change in step(self.known, readings, self.now):
                self.known[watched.kind, watched.area] = watched
                found += [change] if change else []
        self.changes += found
        return found

    @property
    def up(self) -> bool:
        return any(one.up for one in self.known.values())


def test_an_alarm_comes_and_goes_by_itself() -> None:
    clock = Clock()
    assert clock.see(3, 9.9, 10) == []  # for a moment only
    assert clock.see(9.9) == []
    assert clock.see(10, 12) == [Change.raised]
    assert clock.see(*[9] * 20) == []  # between the limits it stays
    assert clock.see(7, 8.5, 7) == []
    assert clock.see(*[7] * 5) == [Change.cleared]
    assert not clock.up


def test_what_comes_back_soon_is_the_same_alarm() -> None:
    clock = Clock()
    clock.see(20, 20)
    raised_at = clock.known[Kind.behind, VILLAGE].raised_at
    clock.see(*[0] * 6)
    assert clock.see(20, 20) == [Change.returned]
    again = clock.known[Kind.behind, VILLAGE]
    assert (again.raised_at, again.times) == (raised_at, 1)
    clock.see(*[None] * 6)  # the round is over: nothing is measured any more
    assert not clock.up
    clock.see(*[0] * 31)
    assert clock.see(20, 20) == [Change.raised]
    assert clock.known[Kind.behind, VILLAGE].times == 0


def patrolled(*looks: tuple[int, date] | None) -> tuple[list[Change | None], Watched]:
    """What changes at looks a minute apart, at so many stops missed of a day, and what there is then."""
    known: dict[Key, Watched] = {}
    found: list[Change | None] = []
    for minute, look in enumerate(looks):
        readings = [Reading(Kind.patrols, VILLAGE, look[0], look[0], 1, look[1])] if look else []
        changed = step(known, readings, START + minute * MINUTE)
        known |= {(one.kind, one.area): one for one, _ in changed}
        found += [change for _, change in changed] or [None]
    return found, known[Kind.patrols, VILLAGE]


def test_stops_missed_on_a_later_day_raise_the_alarm_anew() -> None:
    found, watched = patrolled((3, MONDAY), (3, MONDAY), (4, MONDAY), (5, TUESDAY), (6, TUESDAY))
    assert found == [None, Change.raised, None, Change.raised, None]
    assert (watched.number, watched.raised_at, watched.patrol_on) == (6, START + 3 * MINUTE, TUESDAY)
    # What a phone sends late takes Tuesday's away: Monday's do not come back for it.
    found, watched = patrolled(*[(3, MONDAY)] * 2, (5, TUESDAY), *[(3, MONDAY)] * 6, (1, TUESDAY), (1, TUESDAY))
    assert found[2:] == [Change.raised, *[None] * 5, Change.cleared, None, Change.returned]
    assert (watched.number, watched.times) == (1, 1)


def test_what_was_raised_before_alarms_had_a_day_is_raised_once_more() -> None:
    old = Watched(Kind.patrols, VILLAGE, 3, over_since=START, raised_at=START)
    reading = Reading(Kind.patrols, VILLAGE, 3, 3, 1, MONDAY)
    ((watched, change),) = step({(old.kind, old.area): old}, [reading], START + MINUTE)
    assert (change, watched.patrol_on) == (Change.raised, MONDAY)
    assert step({(old.kind, old.area): watched}, [reading], START + 2 * MINUTE) == []


def test_another_day_is_another_alarm_also_shortly_after_one_has_gone() -> None:
    found, watched = patrolled(*[(3, MONDAY)] * 2, *[(0, MONDAY)] * 6, *[(2, TUESDAY)] * 2)
    assert [one for one in found if one] == [Change.raised, Change.cleared, Change.raised]
    assert (watched.times, watched.patrol_on) == (0, TUESDAY)


@given(st.lists(st.sampled_from([0.0, 7.9, 8.0, 9.9, 10.0, 30.0, None]), max_size=200))
def test_however_it_flutters_few_alarms_are_raised(numbers: list[float | None]) -> None:
    clock = Clock()
    clock.see(*numbers)
    minutes = len(numbers)
    assert clock.changes.count(Change.raised) <= 1 + minutes / ((ON_DELAY + OFF_DELAY + REPEAT) / MINUTE - 1)
    ups = [c for c in clock.changes if c is not Change.cleared]
    downs = [c for c in clock.changes if c is Change.cleared]
    assert len(ups) - len(downs) == int(clock.up)
    for one, other in zip(clock.changes, clock.changes[1:], strict=False):
        assert (one is Change.cleared) != (other is Change.cleared)


def up(
    area: str,
    number: int = 12,
    kind: Kind = Kind.behind,
    acknowledged: bool = False,
    minutes: float = 0,
    aside: bool = False,
) -> Alarm:
    at = START if acknowledged else None
    role = Role.operator if acknowledged else None
    return Alarm(kind, area, number, START + minutes * MINUTE, 0, at, role, None, None, aside)


def test_many_of_a_kind_become_one_line_with_a_count() -> None:
    few = [up(f"990101100{n}", n) for n in range(201, 201 + FEW)]
    assert [line.id for line in lines(few)] == [f"behind-{one.area}" for one in few]
    town = lines([*few, up("990101100299", 77, minutes=3), up("990101101201", 5)])
    assert [(line.id, len(line.alarms), line.number) for line in town] == [
        ("behind-990101100", 4, 203),
        ("behind-990101101201", 1, 5),
    ]
    assert town[0].since == START + 3 * MINUTE
    scattered = lines([up(f"99010110{n}201", 10 + n, Kind.overdue) for n in range(MOST + 1)])
    assert [(line.id, line.number) for line in scattered] == [("overdue-990101", sum(range(10, 16)))]
    assert [one.number for one in scattered[0].named] == [15, 14, 13, 12, 11]
    # Of what cannot be added the most; counties stay apart.
    both = lines([up("990101100201", 7, Kind.silent), up("990102100201", 9, Kind.silent)])
    assert [line.number for line in both] == [7, 9]
    assert lines([]) == []


def test_what_waits_for_somebody_leads() -> None:
    found = lines(
        [
            up("990101100201", acknowledged=True, kind=Kind.cases),
            up("990101100202", kind=Kind.sites),
            up("990101100203", kind=Kind.patrols),
            up("990101100204", kind=Kind.sites, minutes=5),
        ]
    )
    assert [line.kind for line in found] == [Kind.patrols, Kind.sites, Kind.sites, Kind.cases]
    assert [line.unacknowledged for line in found] == [1, 1, 1, 0]
    assert found[1].area == "990101100204"  # what came last


def test_acting_on_a_line_means_the_alarms_that_were_read() -> None:
    villages = [up(f"990101100{n}") for n in range(201, 205)]
    late, other = up("990101100205", minutes=3), up("990101100201", kind=Kind.sites)
    found = [*villages, late, other]
    assert taken(found, Kind.behind, "990101100", as_of=START) == tuple(villages)
    assert taken(found, Kind.behind, "990101100", as_of=START + 3 * MINUTE) == (*villages, late)
    assert taken(found, Kind.behind, "990101100") == (*villages, late)
    # Some have gone meanwhile, and the rest have lines of their own: they were read all the same.
    assert taken(villages[:2], Kind.behind, "990101100", as_of=START) == tuple(villages[:2])
    # The list tells milliseconds.
    finer = up("990101100206", minutes=0.00001)
    assert finer.raised_at > START
    assert taken([finer], Kind.behind, finer.area, as_of=START) == (finer,)
    assert taken([late], Kind.behind, late.area, as_of=START) == ()


def test_a_line_of_one_alarm_is_that_alarm() -> None:
    """Stops that lie in no cell count for what their plan is of, a town or the county."""
    county, town = up("990101", kind=Kind.patrols), up("990101100", kind=Kind.patrols)
    alone = [county, town, up("990101100201", kind=Kind.patrols)]
    assert [line.area for line in lines(alone)] == ["990101", "990101100", "990101100201"]
    assert taken(alone, Kind.patrols, "990101") == (county,)
    assert taken(alone, Kind.patrols, "990101100") == (town,)
    many = [county, *(up(f"99010110{n}201", kind=Kind.patrols) for n in range(MOST + 1))]
    assert [line.area for line in lines(many)] == ["990101"]
    assert set(taken(many, Kind.patrols, "990101")) == set(many)


def test_what_is_put_aside_on_its_own_is_left_alone() -> None:
    villages = [up(f"990101100{n}") for n in range(201, 205)]
    aside = up("990101100205", aside=True)
    assert taken([*villages, aside], Kind.behind, "990101100") == tuple(villages)
    assert taken([*villages, aside], Kind.behind, "990101100", aside=True) == (aside,)
    assert taken([aside], Kind.behind, aside.area) == (aside,)
    assert taken([aside], Kind.behind, "990101100") == ()


@pytest.mark.parametrize("wrong", ["", "behind", "smoke-990101", "behind-99010", "behind-990101100201001x"])
def test_an_id_that_names_nothing(wrong: str) -> None:
    with pytest.raises(BadInput, match="alarm: "):
        line_of(wrong)


def test_an_id_names_a_kind_and_an_area() -> None:
    assert line_of("cases-990101100") == (Kind.cases, "990101100")
