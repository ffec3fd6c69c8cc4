"""How cases stand at the end of a period, as it is published: how many are past their date, how far those registered in
the period have come, and what became of the revisits that were due. Pure.

Of the areas of every level it is told how many cases are **overdue**; of counties alone, by **stage**, those registered
in the period, and the **revisits** that were due in it. Family disputes are in none of them. Why nothing small follows
from these numbers and those of registered cases together: docs/decisions/0024-standing.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np

from gis.disputes.categories import Names
from gis.disputes.disclosure import WITHHELD, Table, publish_below, publish_top
from gis.disputes.merging import MIN_HOUSEHOLDS, Flags, Ints, K, is_small
from gis.disputes.workflow import State


class Stage(StrEnum):
    """How far a case has come. What is small is merged from the end of the list."""

    under_way = "under_way"
    closed = "closed"
    agreed = "agreed"
    registered = "registered"
    referred = "referred"
    not_accepted = "not_accepted"


class Revisited(StrEnum):
    """What became of a revisit that was due."""

    holds = "holds"
    broken = "broken"
    no_answer = "no_answer"
    waiting = "waiting"


STAGE_NAMES: Final = MappingProxyType(
    {
        Stage.under_way: Names("办理中", "Under way"),
        Stage.closed: Names("已履行、办结", "Performed or closed"),
        Stage.agreed: Names("已达成协议", "Agreed"),
        Stage.registered: Names("待受理", "To be accepted"),
        Stage.referred: Names("已转办", "Referred"),
        Stage.not_accepted: Names("不予受理", "Not accepted"),
    }
)
REVISITED_NAMES: Final = MappingProxyType(
    {
        Revisited.holds: Names("协议保持履行", "The agreement holds"),
        Revisited.broken: Names("纠纷出现反复", "The dispute has come up again"),
        Revisited.no_answer: Names("无人应答", "Nobody answered"),
        Revisited.waiting: Names("尚未回访", "Not visited yet"),
    }
)
STAGE_OF: Final[Mapping[State, Stage]] = MappingProxyType(
    {
        State.registered: Stage.registered,
        State.accepted: Stage.under_way,
        State.not_accepted: Stage.not_accepted,
        State.in_mediation: Stage.under_way,
        State.agreed_oral: Stage.agreed,
        State.agreed_written: Stage.agreed,
        State.not_agreed: Stage.under_way,
        State.referred: Stage.referred,
        State.performed: Stage.closed,
        State.closed: Stage.closed,
        State.reopened: Stage.under_way,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Areas:
    """The areas (m,) of a level: in which of them each cell (n,) lies, their households, and how many registered cases
    the published numbers of this level tell of in all (`told`)."""

    of_cell: Ints
    households: Ints
    told: Ints


def publish_overdue(overdue: Ints, spare: Ints, tabled: Sequence[Areas], below: Sequence[Ints] = ()) -> list[Ints]:
    """For each of the levels `tabled`, the county first, the overdue cases of its areas (m,), WITHHELD where they are
    withheld.

    `overdue` (n,) are those of cells, `spare` (n,) the cases of earlier periods that are not overdue; `below` says for
    each level without a table in which area each cell lies. Where it would tell that no area has more overdue cases
    than cases, nothing is shown at all.
    """
    tables = _tables(overdue, tabled)
    group, closed = _groups(tables, tabled)
    every = [*(areas.of_cell for areas in tabled), *below]
    if _caps_tell(overdue, spare, group, closed, every):
        return [np.full_like(table, WITHHELD) for table in tables]
    return tables


def publish_parts(counts: Ints, households: int, most: int) -> Table:
    """A county's count broken down in parts (k,): stages, or what became of revisits. `most` is what it may be at most
    to be shown: the registered cases that published numbers tell of."""
    table = publish_top(counts, households)
    if counts.sum() > most:
        return Table(np.full_like(table.totals, WITHHELD), np.full_like(table.parts, WITHHELD))
    return table


def _tables(overdue: Ints, tabled: Sequence[Areas]) -> list[Ints]:
    """As counts of one category; an area that has more than it is told to have registered is treated as a small one."""
    top, total = tabled[0], int(overdue.sum())
    shown = total == 0 or (K <= total <= top.told[0] and top.households[0] >= MIN_HOUSEHOLDS)
    tables = [np.array([total if shown else WITHHELD], np.int64)]
    for above, areas in pairwise(tabled):
        counts, parent = _summed(overdue, areas.of_cell, len(areas.told)), np.zeros(len(areas.told), np.int64)
        parent[areas.of_cell] = above.of_cell
        households = np.where(counts > areas.told, 0, areas.households)
        known = Table(tables[-1], tables[-1][:, None])
        tables.append(publish_below(counts[:, None], households, parent, [known]).totals)
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
    others of each small count need to spare what it is more than 1, and several areas that are withheld K - 2 together,
    lest they tell of registered cases.
    """
    in_group = group >= 0
    if not in_group.any():
        return False
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
