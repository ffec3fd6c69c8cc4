"""A change that moves the fewest households: against all changes there are for small graphs, and on whole villages."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gis.cells.cutting.balance import balance, least_moved
from gis.cells.cutting.cut import cut
from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.partition import Aim, Graph, Ints, Range, anneal, contiguous, partition, score
from gis.cells.cutting.rebalance import Rebalance, rebalance
from gis.cells.topology import arrange, united
from tests.examples import examples
from tests.gis.cells.cutting.streets import Place, place

VILLAGE = "990101100201"


# ---- the graph


def graph_of(rows: int, columns: int, draw: np.random.Generator, heaviest: int = 9) -> Graph:
    """A grid of blocks."""
    index = np.arange(rows * columns).reshape(rows, columns)
    across = np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()])
    down = np.column_stack([index[:-1].ravel(), index[1:].ravel()])
    ends = np.concatenate([across, down])
    households = draw.integers(0, heaviest + 1, index.size)
    return Graph(households, ends, draw.integers(1, 100, len(ends)).astype(np.float64))


graphs = st.builds(
    lambda rows, columns, seed: graph_of(rows, columns, np.random.default_rng(seed)),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 10_000),
)


def hangs_together(graph: Graph, blocks: set[int]) -> bool:
    seen = {min(blocks)}
    while more := {b for pair in graph.ends.tolist() if seen & set(pair) for b in pair if b in blocks} - seen:
        seen |= more
    return seen == blocks


def all_labels(number: int, cells: int) -> Iterator[list[int]]:
    """All labels of so many blocks by the cells at home and new ones, these in the order of their first blocks."""

    def more(label: list[int], top: int) -> Iterator[list[int]]:
        if len(label) == number:
            yield label
            return
        for one in range(top + 1):
            yield from more([*label, one], max(top, one + 1))

    yield from more([], cells)


def best_of_all(graph: Graph, home: Ints, wanted: Range) -> tuple[int, int]:
    """(households off the range, households moved) of the best of all changes."""
    best = (10**9, 10**9)
    for label in all_labels(len(graph), int(home.max()) + 1):
        found = score(graph, np.array(label), wanted, Aim(home=home))[:2]
        if found < best and all(hangs_together(graph, {b for b, c in enumerate(label) if c == one}) for one in label):
            best = found
    return best


@pytest.mark.parametrize("seed", range(25))
def test_no_change_of_a_small_graph_is_better(seed: int) -> None:
    draw = np.random.default_rng(seed)
    graph = graph_of(*[(2, 3), (1, 6), (3, 2), (1, 5)][seed % 4], draw)
    home = contiguous(graph, draw.integers(0, 3, len(graph)))
    least = int(draw.integers(3, 12))
    wanted = Range(least, least + int(draw.integers(3, 12)))
    best = best_of_all(graph, home, wanted)
    found = balance(graph, home, wanted)
    bound = least_moved(np.bincount(home, graph.households), wanted)
    assert found.score[:2] >= best
    if best[0] == 0:
        assert found.score[0] == 0
        assert bound <= best[1] <= found.score[1] <= best[1] + 2  # so small a graph has no room to anneal in


@given(graphs, st.integers(1, 8), st.integers(1, 30), st.integers(0, 3))
@settings(max_examples=examples(25), deadline=None)
def test_partition_hangs_together(graph: Graph, number: int, least: int, seed: int) -> None:
    wanted = Range(least, 2 * least)
    label, found = partition(graph, number, wanted, seed)
    assert len(np.unique(label)) == min(number, len(graph)) == label.max() + 1
    assert all(hangs_together(graph, set(np.flatnonzero(label == one).tolist())) for one in range(label.max() + 1))
    assert found[0] == sum(wanted.off(int(n)) for n in np.bincount(label, graph.households))
    assert (partition(graph, number, wanted, seed)[0] == label).all()


@given(graphs, st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=examples(25), deadline=None)
def test_annealing_keeps_its_score_and_never_makes_worse(graph: Graph, seed: int, least: int) -> None:
    label = contiguous(graph, np.random.default_rng(seed).integers(0, 4, len(graph)))
    wanted, aim = Range(least, 2 * least), Aim(home=label, uneven=2.0)
    better, told = anneal(graph, label, wanted, aim, seed)
    off, moved, cost = score(graph, label, wanted, aim)
    assert told <= (off, moved, cost + 1e-6)
    assert told == pytest.approx(score(graph, better, wanted, aim))
    assert len(np.unique(better)) == len(np.unique(label))
    assert all(hangs_together(graph, set(np.flatnonzero(better == one).tolist())) for one in np.unique(better))


@pytest.mark.parametrize(
    ("households", "least"),
    [
        ([400, 400], 0),
        ([560, 400], 60),  # sixty leave
        ([250, 400], 50),  # fifty come
        ([560, 250], 60),  # fifty of the sixty come here
        ([40, 400, 400], 40),  # dissolved
        ([900, 400], 400),  # at least 300 in a new cell, and 400 leave this one
        ([1000, 1000], 1000),
        ([200, 200, 200, 200], 400),  # 800 are two cells
        ([250], 0),  # nothing helps
    ],
)
def test_what_must_move_in_any_case(households: list[int], least: int) -> None:
    assert least_moved(np.array(households), Range(300, 500)) == least


# ---- the map


def cells_of(there: Place, wanted: Range) -> dict[str, shapely.Polygon]:
    return {cell.code: cell.polygon for cell in cut(VILLAGE, [there.area], there.lines, there.doors, wanted).cells}


def afterwards(before: dict[str, shapely.Polygon], change: Rebalance) -> dict[str, shapely.Polygon]:
    after = {**before, **{cell.code: cell.polygon for cell in change.written}}
    return {code: shape for code, shape in after.items() if code not in change.retired}


def reasons(change: Rebalance) -> dict[str, str]:
    return {cell.code: cell.why.reason for cell in (*change.written, *change.kept) if cell.why is not None}


def assert_sound(there: Place, before: dict[str, shapely.Polygon], change: Rebalance) -> None:
    """What comes out tiles with what was not written, counts what it says, and uses no code twice."""
    after = afterwards(before, change)
    tiled = arrange(after)
    assert tiled.faults == []
    assert united(tiled.cells.values()).symmetric_difference(there.area).area < 1e-8 * there.area.length
    points = shapely.points(there.doors.lonlat)
    counted = {
        code: int(there.doors.households[shapely.contains(shape, points)].sum()) for code, shape in after.items()
    }
    assert counted == {cell.code: cell.households for cell in (*change.written, *change.kept)}
    assert {cell.code: cell.polygon for cell in change.kept}.items() <= before.items()
    assert 0 <= change.along_m <= change.border_m
    assert change.moved >= change.least_moved
    new = after.keys() - before.keys()
    assert not any(code in before for code in new)
    assert {child for _, child in change.lineage} >= new
    assert {parent for parent, _ in change.lineage} >= set(change.retired)
    assert all(parent in before and child in after for parent, child in change.lineage)


@pytest.mark.slow
@given(st.integers(0, 10_000), st.sampled_from([Range(40, 60), Range(100, 170), Range(250, 400)]))
@settings(max_examples=4, deadline=None)
def test_cells_of_another_range(seed: int, made_for: Range) -> None:
    there = place(seed, rows=8, columns=8, doors=400, heaviest=3)
    before = cells_of(there, made_for)
    wanted = Range(100, 170)
    change = rebalance(VILLAGE, before, there.lines, there.doors, wanted)
    assert_sound(there, before, change)
    assert reasons(change) == {}
    if made_for == wanted:
        assert (change.written, change.moved) == ((), 0)


def test_new_houses_move_few_and_touch_only_cells_nearby() -> None:
    there = place(11, rows=9, columns=9, doors=900, heaviest=3)
    wanted = Range(100, 170)
    before = cells_of(there, wanted)
    heaviest = max(before, key=lambda code: shapely.area(before[code]))
    inside = np.flatnonzero(shapely.contains(before[heaviest], shapely.points(there.doors.lonlat)))
    households = there.doors.households.copy()
    households[inside[:30]] += 2
    there = dataclasses.replace(there, doors=Doors(there.doors.lonlat, households))
    change = rebalance(VILLAGE, before, there.lines, there.doors, wanted)
    assert_sound(there, before, change)
    assert reasons(change) == {}
    assert 0 < change.moved <= 1.25 * change.least_moved
    assert len(change.written) < len(before) / 2
    again = rebalance(VILLAGE, before, there.lines, there.doors, wanted)
    assert again == change


def test_an_emptied_cell_is_dissolved_and_its_code_not_used_again() -> None:
    there = place(12, rows=8, columns=8, doors=400, heaviest=3)
    wanted = Range(100, 170)
    before = cells_of(there, wanted)
    gone = sorted(before)[1]
    households = there.doors.households.copy()
    inside = shapely.contains(before[gone], shapely.points(there.doors.lonlat))
    households[np.flatnonzero(inside)[4:]] = 0
    there = dataclasses.replace(there, doors=Doors(there.doors.lonlat, households))
    change = rebalance(VILLAGE, before, there.lines, there.doors, wanted)
    assert_sound(there, before, change)
    assert change.retired == (gone,)
    assert {parent for parent, _ in change.lineage} == {gone}
    assert change.moved == change.least_moved == int(households[inside].sum())


def test_cells_out_of_the_range_say_why() -> None:
    there = place(13, doors=60, heaviest=1)
    total = int(there.doors.households.sum())
    before = {f"{VILLAGE}001": there.area}
    change = rebalance(VILLAGE, before, there.lines, there.doors, Range(total + 1, total + 9))
    assert change.written == ()
    assert reasons(change) == {f"{VILLAGE}001": "FEW"}


def test_no_cells() -> None:
    change = rebalance(VILLAGE, {}, Lines.of([]), Doors(np.empty((0, 2)), np.empty(0, np.int64)), Range(1, 2))
    assert (change.written, change.kept, change.moved) == ((), (), 0)
