"""How many cases were past their date, by area of each level: which numbers are shown. Pure.

They are merged as counts of registered cases are (`gis.disputes.merging`), and where a number would tell of these it is
kept back as one of a small area is. And no area has more cases past their date than cases: where so many are that the
one tells the other, nothing is shown at all (`_caps_tell`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gis.disputes.disclosure import WITHHELD, Registered, Table, kept_back, publish_below, publish_top
from gis.disputes.merging import Flags, Ints, K, is_small


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The areas (m,) of a level: in which of them each cell (n,) lies, their households, and what is published of the
    cases that were registered in them: in months before (`before`), and in these and the month itself (`until`)."""

    of_cell: Ints
    households: Ints
    before: Sequence[Registered]
    until: Sequence[Registered]


def overdue_tables(overdue: Ints, spare: Ints, tabled: Sequence[Areas], below: Sequence[Ints]) -> list[Ints]:
    """For each of the levels `tabled`, the county first, the overdue cases of its areas (m,), WITHHELD where they are
    withheld.

    `overdue` (n,) are those of cells, `spare` (n,) the cases of earlier months that are neither overdue nor have ended;
    `below` says for each level without a table in which area each cell lies.
    """
    tables = _tables(overdue, tabled)
    group, closed = _groups(tables, tabled)
    if _caps_tell(overdue, spare, group, closed, [*(areas.of_cell for areas in tabled), *below]):
        return [np.full_like(table, WITHHELD) for table in tables]
    return tables


def _tables(overdue: Ints, tabled: Sequence[Areas]) -> list[Ints]:
    """As counts of one category; an area that is kept back is merged as one with too few households is."""
    tables: list[Ints] = []
    for level, areas in enumerate(tabled):
        counts = _summed(overdue, areas.of_cell, len(areas.households))
        back = kept_back(counts, areas.before) | kept_back(counts, areas.until)
        households = np.where(back, 0, areas.households)
        if level == 0:
            tables.append(publish_top(counts, int(households[0])).totals)
            continue
        parent = np.zeros(len(counts), np.int64)
        parent[areas.of_cell] = tabled[level - 1].of_cell
        above = Table(tables[-1], tables[-1][:, None])
        tables.append(publish_below(counts[:, None], households, parent, [above]).totals)
    return tables


def _groups(tables: Sequence[Ints], tabled: Sequence[Areas]) -> tuple[Ints, Flags]:
    """For each cell (n,) the smallest group around it whose sum can be worked out (-1: none), and whether that is of
    several areas which are withheld."""
    cells = len(tabled[0].of_cell)
    group = np.where(np.full(cells, tables[0][0] == WITHHELD), -1, 0)
    closed = np.zeros(cells, bool)
    for level, (above, areas) in enumerate(pairwise(tabled), start=1):
        known = tables[level - 1][above.of_cell] != WITHHELD
        shown = tables[level][areas.of_cell] != WITHHELD
        first = 2 * cells * level  # no number of a group stands for two
        group = np.where(known & shown, first + areas.of_cell, np.where(known, first + cells + above.of_cell, group))
        closed = np.where(known, ~shown, closed)
    return group, closed


def _caps_tell(overdue: Ints, spare: Ints, group: Ints, closed: Flags, levels: Sequence[Ints]) -> bool:
    """Whether a small count follows from this: that no area has more overdue cases than cases.

    The others of its group hold at most what they have overdue and to spare; what is over has to be in the area. So the
    others of each small count need to spare what it is more than 1, and areas that are withheld together K - 2, lest
    they tell of registered cases; so does the county, lest it tell how many of these had ended when their month did.
    """
    in_group = group >= 0
    if not in_group.any():
        return False
    if overdue.sum() > 0 and spare.sum() < K - 2:
        return True
    number = int(group.max()) + 1
    sums, spares = (_summed(values[in_group], group[in_group], number) for values in (overdue, spare))
    several = np.zeros(number, bool)
    several[group[in_group & closed]] = True
    if bool((several & (sums > 0) & (spares < K - 2)).any()):
        return True
    for of_cell in levels:
        areas = int(of_cell.max()) + 1
        of_area = np.full(areas, -1)
        of_area[of_cell] = group
        counts, own = _summed(overdue, of_cell, areas), _summed(spare, of_cell, areas)
        hidden = (of_area >= 0) & is_small(counts)
        if bool((spares[of_area[hidden]] - own[hidden] < counts[hidden] - 1).any()):
            return True
    return False


def _summed(values: Ints, into: Ints, number: int) -> Ints:
    return np.bincount(into, values, minlength=number).astype(np.int64)
