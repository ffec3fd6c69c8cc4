"""A bar that moves while a village is worked on, never back, and ends at its doors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.cells.cutting.cut import cut
from gis.cells.cutting.partition import Range
from gis.cells.cutting.progress import Progress
from gis.cells.cutting.rebalance import rebalance
from tests.gis.cells.cutting.streets import place

VILLAGE = "990101100201"


@given(st.integers(0, 10_000), st.integers(0, 200))
def test_whole_doors_that_add_up(doors: int, steps: int) -> None:
    told: list[int] = []
    progress = Progress(doors, told.append)
    for _ in range(steps):
        progress.step()
    assert sum(told) <= doors
    progress.end()
    assert sum(told) == doors
    assert all(one > 0 for one in told)


def test_it_moves_within_a_village() -> None:
    there = place(11, rows=9, columns=9, doors=900, heaviest=3)
    told: list[int] = []
    found = cut(VILLAGE, [there.area], there.lines, there.doors, Range(100, 170), on_progress=told.append)
    assert (sum(told), len(told) > 10) == (900, True)
    cells = {cell.code: cell.polygon for cell in found.cells}
    told.clear()
    rebalance(VILLAGE, cells, there.lines, there.doors, Range(150, 200), on_progress=told.append)
    assert (sum(told), len(told) > 10) == (900, True)


def test_what_it_raises_ends_the_work() -> None:
    there = place(11, rows=9, columns=9, doors=900, heaviest=3)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut(VILLAGE, [there.area], there.lines, there.doors, Range(100, 170), on_progress=stop)
