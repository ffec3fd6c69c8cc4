"""Cases past their date on an old grid and on a new one, beside registered ones and stages: nothing small follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text

from gis.disputes.categories import Category
from gis.disputes.overdue import publish_overdue
from gis.disputes.publication import publish_due
from gis.disputes.standing import STAGE_OF, Stage
from gis.disputes.workflow import State
from gis.storage.engine import Store
from tests.api.conftest import serving
from tests.api.test_dispute_figures import FAMILY, GENERAL, Pot, cells_of, change_grid, numbers_of
from tests.conftest import Filled
from tests.gis.disputes import counting
from tests.gis.disputes.attack import Bounds, Mask, Weights
from tests.gis.disputes.counting import CELLS, KINDS, add, some_cases
from tests.gis.disputes.places import THROUGH, TOLD, become

MONTHS: Final = (1, 2, 3)
ENDS: Final = ("2026-02-01", "2026-03-01", "2026-04-01")  # midnight in the county


def build(store: Store) -> None:
    with store.begin(TOLD) as conn:
        counting.build(conn)


@pytest.fixture(params=[0.3, 0.9])
def quarter(filled: Filled, request: pytest.FixtureRequest) -> Iterator[tuple[Store, dict[UUID, str], dict[UUID, str]]]:
    """January and February are published, then a cell goes to another town and one is split, then March. So many of the
    cases of each month are accepted and left, others closed."""
    with filled.copy("counted_nothing", build) as (whole, _):
        layout = {"dispute_periods": "month,month,quarter,quarter"}
        store = Store(whole.engine, whole.settings.model_copy(update=layout))
        rng = np.random.default_rng(7)
        before: dict[UUID, str] = {}
        for month in MONTHS:
            with store.begin(TOLD) as conn:
                made = add(conn, date(2026, month, 1), some_cases(month, 2))
                at = datetime(2026, month, 12, tzinfo=UTC)
                for dispute in made:
                    drawn = rng.random()
                    if drawn < request.param:
                        become(conn, dispute, State.accepted, at=at)
                    elif drawn > 0.95:
                        become(conn, dispute, *THROUGH, at=at)
            before = cells_of(store)
            if month == 3:
                change_grid(store)
            publish_due(store, date(2026, month + 1, 1))
            publish_overdue(store, date(2026, month + 1, 1))
        yield store, before, cells_of(store)


class Told:
    """What is published of the quarter. Counted are, for each pot, its cases and how many of them are past their date
    when each month ends; then the cases of each month by stage."""

    def __init__(self, store: Store, before: dict[UUID, str], after: dict[UUID, str]) -> None:
        ways = sorted({(before[id], after[id]) for id in before} | {(cell, cell) for cell in CELLS if cell != CELLS[5]})
        self.pots = [Pot(*way, kind, month) for way in ways for kind in KINDS for month in MONTHS]
        self.size = len(self.pots)
        self.truth = np.zeros(self.size * 4 + len(Stage) * 3, np.int64)
        at = {pot: n for n, pot in enumerate(self.pots)}
        with store.read(TOLD) as conn:
            for row in conn.execute(text("SELECT id, category, counted_on FROM everycell.dispute")).all():
                pot = at[Pot(before[row.id], after[row.id], Category(row.category), row.counted_on.month)]
                self.truth[pot] += 1
                for end, state, due in states_at(conn, row.id):
                    late = state in ("accepted", "in_mediation") and due is not None and due <= end
                    self.truth[(1 + MONTHS.index(end.month - 1)) * self.size + pot] += late
                    if end.month - 1 == row.counted_on.month and row.category != "family":
                        self.truth[self._stage(STAGE_OF[State(state)], row.counted_on.month)] += 1
            self.overdue = conn.execute(text("SELECT month, area, number FROM everycell.case_overdue_figure")).all()
            self.stages = conn.execute(
                text("SELECT month, part, number FROM everycell.case_standing_figure WHERE part LIKE 'stage%'")
            ).all()

    def _stage(self, stage: Stage, month: int) -> int:
        return self.size * 4 + list(Stage).index(stage) * 3 + month - 1

    def row(self, pots: Any, late: int = 0) -> Weights:
        """The variables of some pots: their cases, or those past their date at the end of a month."""
        found = np.zeros(len(self.truth))
        found[late * self.size : (late + 1) * self.size] = pots
        return found

    def stage(self, stage: Stage, month: int) -> Weights:
        found = np.zeros(len(self.truth))
        found[self._stage(stage, month)] = 1
        return found

    def published(
        self, registered: Iterator[tuple[Mask, int | None, bool]]
    ) -> Iterator[tuple[Weights, int | None, bool]]:
        for mask, number, positive in registered:
            yield self.row(mask), number, positive
        of_month = {(row.month.month, row.area): row.number for row in self.overdue}
        for (month, area), number in of_month.items():
            beside = [n for (m, other), n in of_month.items() if m == month and other[:-3] == area[:-3]]
            here = [(pot.before if month < 3 else pot.after).startswith(area) for pot in self.pots]
            yield self.row(here, month), number, len(area) > 6 and any(n is not None for n in beside)
        for row in self.stages:
            some = any(other.number is not None for other in self.stages if other.month == row.month)
            yield self.stage(Stage(row.part.removeprefix("stage_")), row.month.month), row.number, some

    def caps(self) -> Iterator[tuple[Weights, Weights]]:
        """What is past its date is a case of an earlier month."""
        for end in MONTHS:
            for n, pot in enumerate(self.pots):
                one = np.arange(self.size) == n
                yield self.row(one, end), self.row(one & (pot.month < end))

    def sums(self) -> Iterator[tuple[Weights, int]]:
        for month in MONTHS:
            of_month = self.row([pot.month == month and pot.kind in GENERAL for pot in self.pots])
            yield sum(self.stage(stage, month) for stage in Stage) - of_month, 0  # type: ignore[misc]


def states_at(conn: Any, dispute: UUID) -> Iterator[tuple[datetime, str, datetime | None]]:
    """The state and date of a case at the end of each month."""
    said = text(
        "SELECT state, due_at FROM everycell.dispute_event WHERE dispute = :id AND at < CAST(:at AS timestamptz)"
        " ORDER BY seq DESC LIMIT 1"
    )
    for day in ENDS:
        row = conn.execute(said, {"id": dispute, "at": f"{day}T00:00+08:00"}).one_or_none()
        if row is not None:
            yield datetime.fromisoformat(f"{day}T00:00+08:00"), row.state, row.due_at


def test_nothing_small_follows_from_two_grids(quarter: tuple[Store, dict[UUID, str], dict[UUID, str]]) -> None:
    store, before, after = quarter
    told = Told(store, before, after)
    with serving(store) as served:
        registered = [
            (mask & [pot.kind in kinds for pot in told.pots], number, positive)
            for kinds in (GENERAL, (FAMILY,))
            for mask, number, positive in numbers_of(served, told.pots, kinds)
        ]
    numbers = list(told.published(iter(registered)))
    known = [(row, number) for row, number, _ in numbers if number is not None]
    assert [(number, told.truth @ row) for row, number in known if number != told.truth @ row] == []
    assert sum(number > 0 for _, number in known) > 20
    bounds = Bounds(
        len(told.truth),
        [*known, *told.sums()],
        [row for row, n, some in numbers if some and n is None],
        list(told.caps()),
    )
    small = [row for row, number, _ in numbers if number is None and 1 <= told.truth @ row <= 4]
    assert len(small) > 20
    for row in small:
        least, most = bounds.of(row)
        assert (least < 1 + 1e-6, most > 4 - 1e-6) == (True, True), (least, told.truth @ row, most)
