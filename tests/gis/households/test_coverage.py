"""Coverage equals a brute-force recount, for any history and any cut-off day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from gis.codes import Level
from gis.errors import BadInput, Conflict, NotFound
from gis.households.check import check
from gis.households.coverage import AreaCoverage, coverage, coverage_of_round, default_since
from gis.households.rounds import close_round, list_rounds, open_round
from gis.households.unvisited import unvisited
from gis.households.visits import record_visits
from gis.storage.engine import Store
from tests.conftest import Filled
from tests.examples import examples
from tests.gis.world import SETTINGS, TODAY, VILLAGE, build, cell_code, visit

REGISTERED = TODAY - timedelta(days=200)
TABLES = (
    *("visit", "household", "doorplate", "coverage_histogram", "cell_revision"),
    *("cell", "county_outline", "division", "outbox"),
)
CODES = [f"990101-D00{cell}-000{k}-0{u}" for cell in (1, 2, 3) for k in range(3) for u in (0, 1)]


@dataclass
class Home:
    """What a brute-force recount knows of a household."""

    cell: int
    active: bool = True
    interval: int = 90
    visits: dict[str, tuple[date, bool]] = field(default_factory=dict)

    def last(self, only_reached: bool) -> date | None:
        return max((on for on, reached in self.visits.values() if reached or not only_reached), default=None)

    @property
    def due(self) -> date:
        return (self.last(True) or REGISTERED) + timedelta(days=self.interval)


def brute(homes: list[Home], since: date) -> tuple[int, int, int, int, int, date | None]:
    """known, reached, tried, never, overdue, oldest, straight from the definitions."""
    active = [home for home in homes if home.active]
    reached = [h for h in active if (on := h.last(True)) and on >= since]
    tried = [h for h in active if h not in reached and (on := h.last(False)) and on >= since]
    lasts = [on for h in active if (on := h.last(True))]
    overdue = sum(h.due < TODAY for h in active)
    return len(active), len(reached), len(tried), len(active) - len(lasts), overdue, min(lasts, default=None)


def figures(area: AreaCoverage) -> tuple[int, int, int, int, int, date | None]:
    return area.known, area.reached, area.tried, area.never, area.overdue, area.oldest_on


class Histories(RuleBasedStateMachine):
    """Random visits, corrections, exemptions and moves against a plain Python model."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        with self.store.begin() as conn:
            tables = (
                "coverage_histogram, visit, household, doorplate, cell_revision, cell, county_outline, division, outbox"
            )
            conn.execute(text(f"TRUNCATE {', '.join('everycell.' + t for t in tables.split(', '))} CASCADE"))
            build(conn, {1: 3, 2: 3, 3: 3}, units=2)
        self.homes = {code: Home(int(code[10])) for code in CODES}

    household = st.sampled_from(CODES)

    @rule(
        batch=st.lists(
            st.tuples(household, st.integers(0, 199), st.booleans(), st.integers(0, 23)), min_size=1, max_size=12
        )
    )
    def record(self, batch: list[tuple[str, int, bool, int]]) -> None:
        visits = [visit(c, days or 1, "reached" if r else "no_answer", hour=hour) for c, days, r, hour in batch]
        with self.store.begin() as conn:
            assert record_visits(conn, visits, SETTINGS).accepted == len(visits)
        for sent in visits:
            on = sent.visited_at.date()
            self.homes[sent.household].visits[str(sent.id)] = (on, sent.outcome == "reached")

    @rule(code=household, data=st.data())
    def delete_a_visit(self, code: str, data: st.DataObject) -> None:
        home = self.homes[code]
        if home.visits:
            gone = data.draw(st.sampled_from(sorted(home.visits)))
            self._run("DELETE FROM everycell.visit WHERE county = 990101 AND id = :id", id=gone)
            del home.visits[gone]

    @rule(code=household, data=st.data())
    def correct_a_visit(self, code: str, data: st.DataObject) -> None:
        home = self.homes[code]
        if home.visits:
            changed = data.draw(st.sampled_from(sorted(home.visits)))
            on, reached = home.visits[changed]
            outcome = "no_answer" if reached else "reached"
            self._run(
                "UPDATE everycell.visit SET outcome = :o WHERE county = 990101 AND id = :id", id=changed, o=outcome
            )
            home.visits[changed] = (on, not reached)

    @rule(code=household, active=st.booleans(), interval=st.sampled_from([10, 90, 365]))
    def change(self, code: str, active: bool, interval: int) -> None:
        self._run(
            "UPDATE everycell.household SET status = :s, interval_days = :i WHERE code = :c",
            c=code,
            s="active" if active else "exempt",
            i=interval,
        )
        self.homes[code].active, self.homes[code].interval = active, interval

    @rule(door=st.sampled_from(sorted({code[:16] for code in CODES})), cell=st.integers(1, 3))
    def move(self, door: str, cell: int) -> None:
        homes = [home for code, home in self.homes.items() if code.startswith(door)]
        self._run(
            "UPDATE everycell.doorplate SET geom = ST_Translate(geom, :by, 0) WHERE code = :d",
            d=door,
            by=0.01 * (cell - homes[0].cell),
        )
        for home in homes:
            home.cell = cell

    def _run(self, statement: str, **values: object) -> None:
        with self.store.begin() as conn:
            assert conn.execute(text(statement), values).rowcount == 1

    @invariant()
    def agrees(self) -> None:
        with self.store.read() as conn:
            for days in (0, 30, 120):
                since = TODAY - timedelta(days=days)
                table = coverage(conn, area="990101", level=Level.cell, since=since, today=TODAY)
                for area in table.areas:
                    inside = [home for home in self.homes.values() if cell_code(home.cell) == area.code]
                    assert figures(area) == brute(inside, since), (area.code, since)
                assert figures(table.total) == brute(list(self.homes.values()), since)
                village = coverage(conn, area=VILLAGE, level=Level.village, since=since, today=TODAY)
                assert figures(village.areas[0]) == figures(table.total)
                waiting = {h.code for h in unvisited(conn, None, since)}
                assert len(waiting) == table.total.known - table.total.reached
            assert list(check(conn, SETTINGS)) == []


def test_random_histories(store: Store) -> None:
    Histories.store = store
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples(12), stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def county(filled: Filled) -> Iterator[Store]:
    with filled.copy("households_coverage_county", fill_county) as (store, _):
        yield store


def fill_county(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 3, 2: 3}, units=2)


def test_empty_cells_are_not_covered(county: Store) -> None:
    with county.begin() as conn:
        conn.execute(
            text("UPDATE everycell.cell SET confirmed_empty_on = :d WHERE code = :c"),
            {"c": cell_code(3), "d": TODAY},
        )
        table = coverage(conn, area=None, level=Level.cell, since=TODAY, today=TODAY)
    empty = {area.code: (area.empty, area.coverage) for area in table.areas}
    assert empty[cell_code(3)] == ("confirmed", None)
    assert empty[cell_code(4)] == ("unchecked", None)
    assert empty[cell_code(1)] == (None, 0.0)


def test_an_empty_database_has_no_figures(store: Store) -> None:
    with store.read() as conn:
        table = coverage(conn, area=None, level=Level.town, since=TODAY, today=TODAY)
        assert table.areas == []
        assert table.total.known == 0
        assert list(check(conn, SETTINGS)) == []


@pytest.mark.parametrize(
    ("area", "level", "error"),
    [("99", Level.cell, BadInput), ("9901011002", Level.cell, BadInput), ("990102", Level.cell, NotFound),
     ("99010a", Level.cell, BadInput), (VILLAGE, Level.town, BadInput)],
)  # fmt: skip
def test_bad_areas(county: Store, area: str, level: Level, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"area|level"), county.read() as conn:
        coverage(conn, area=area, level=level, since=TODAY, today=TODAY)


def test_a_closed_round_never_changes(county: Store) -> None:
    now = datetime.now(UTC)
    first = TODAY - timedelta(days=20)
    with county.begin() as conn:
        made = open_round(conn, area="990101", first_on=first, last_on=TODAY, target=70)
        assert default_since(conn, None, TODAY) == first
        assert default_since(conn, VILLAGE, TODAY) == first
        with pytest.raises(Conflict, match="still open"):
            open_round(conn, area="990101", first_on=TODAY, last_on=TODAY)
        record_visits(conn, [visit("990101-D001-0000-00", 3)], SETTINGS)
        live = coverage_of_round(conn, made.code, Level.cell, TODAY)
        closed = close_round(conn, made.code, today=TODAY, now=now)
        assert closed.closed_at is not None
        record_visits(conn, [visit("990101-D001-0001-00", 2)], SETTINGS)
        frozen = coverage_of_round(conn, made.code, Level.cell, TODAY)
        assert [figures(a) for a in frozen.areas] == [figures(a) for a in live.areas]
        assert [a.empty for a in frozen.areas] == [a.empty for a in live.areas]
        assert coverage(conn, area=None, level=Level.cell, since=first, today=TODAY).total.reached == 2
        with pytest.raises(Conflict, match="was closed"):
            close_round(conn, made.code, today=TODAY, now=now)
        assert [r.code for r in list_rounds(conn, VILLAGE)] == [made.code]
        assert default_since(conn, None, TODAY) == TODAY - timedelta(days=90)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"area": "990102"}, "no cell in 990102"),
        ({"last_on": TODAY - timedelta(days=1)}, "before the first day"),
        ({"target": 101}, "target"),
    ],
)
def test_bad_rounds(county: Store, values: dict[str, object], message: str) -> None:
    given = {"area": "990101", "first_on": TODAY, "last_on": TODAY, **values}
    with pytest.raises((BadInput, NotFound), match=message), county.begin() as conn:
        open_round(conn, **given)  # type: ignore[arg-type]


def test_longest_wait_comes_first(county: Store) -> None:
    with county.begin() as conn:
        record_visits(
            conn,
            [visit("990101-D001-0000-00", 50), visit("990101-D002-0000-00", 70), visit("990101-D001-0001-00", 1)],
            SETTINGS,
        )
        listed = [h.code for h in unvisited(conn, None, TODAY - timedelta(days=30))]
        only = [h.code for h in unvisited(conn, cell_code(2), TODAY - timedelta(days=30))]
    assert listed[-2:] == ["990101-D002-0000-00", "990101-D001-0000-00"]
    assert "990101-D001-0001-00" not in listed
    assert len(listed) == 11
    assert only[-1] == "990101-D002-0000-00"
    assert len(only) == 6
