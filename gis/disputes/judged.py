"""Real or chance, judged from published figures: the cells of a county in a period, and what became of them since.

Numbers are those of `gis.disputes.own_numbers`, so that what is said tells no more than the published tables. Of a cell
whose own number is not shown, or in which fewer than ten households are known, it is never said that it is hot or that
it is not: the answer is "too few to say" at most.

Judged are the cells that the reader may see, against the rate of all of these; where no table of cells is published
yet, villages in their place.

Whoever calls this has told the transaction a scope that sees the whole county, and says here which areas the reader may
see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection

from gis.cells.edges import edges_of
from gis.cells.places import Places
from gis.cells.topology import united
from gis.codes import DIGITS, Level
from gis.disputes.categories import FAMILY, Category
from gis.disputes.figures import figures, periods
from gis.disputes.heat import Flags, Floats
from gis.disputes.hotspots import HotSpots, courses, hot_spots
from gis.disputes.kept import Kept
from gis.disputes.merging import MIN_HOUSEHOLDS
from gis.disputes.own_numbers import expected_within
from gis.disputes.periods import Period
from gis.disputes.pixels import Ints
from gis.disputes.rates import crude, gi_star, neighbours, shrunk_locally
from gis.disputes.readable import Published, published, stand_of
from gis.disputes.shapes import shapes_of
from gis.disputes.verdicts import Course, Verdict
from gis.errors import BadInput, NotFound
from gis.sentence import Sentence
from gis.settings import Settings
from gis.words import word

_LEVELS: Final = (Level.cell, Level.village)


@dataclass(frozen=True, slots=True)
class Spot:
    """What is said of a cell (or village). `number` is what was published of it, None where it is withheld; `recorded`
    and `expected` are of it and its neighbours together, and so is `ratio`; `q` is the chance after correction; `gi` is
    a z-value, for a colour only; rates are per 100 households, `rate_smoothed` drawn to the neighbours' (Empirical
    Bayes). None: nothing can be said. The shape is in degrees."""

    code: str
    name: str
    shape: Any
    households: int
    verdict: Verdict
    course: Course
    number: int | None
    recorded: float
    expected: float
    ratio: float | None
    q: float | None
    gi: float
    rate: float | None
    rate_smoothed: float | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The spots of a period, in the order of their codes, and the period they were held against (None: there is
    none)."""

    period: Period
    before: Period | None
    level: Level
    grid_on: date
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Areas:
    """Areas of a level with their numbers (n,), as they were published and as a reader expects them to be."""

    codes: tuple[str, ...]
    names: tuple[str, ...]
    shapes: NDArray[Any]
    numbers: Floats
    households: Floats
    shown: Flags

    def judged(self) -> HotSpots:
        """With the neighbours: those with which an area has a border in common."""
        return hot_spots(self.numbers, self.households, neighbours(len(self.codes), bordering(self.shapes)))

    @property
    def sayable(self) -> Flags:
        """Where something may be said of an area itself."""
        found: Flags = self.shown & (self.households >= MIN_HOUSEHOLDS)
        return found


def judge(
    conn: Connection,
    kept: Kept,
    counties: Sequence[int],
    period: Period | None,
    category: Category | None,
    within: Sequence[str],
    *,
    settings: Settings,
    today: date,
) -> Judged:
    """Judge the cells in some areas; `period` None: the last one that was published. `kept` has what was judged before.

    Raises BadInput naming `category` for family disputes and `period` for one shorter than the tables', NotFound where
    nothing is published of it.
    """
    if category is FAMILY:
        raise BadInput(
            "category: family disputes are not counted below village level, and not judged", field="category"
        )
    released = published(periods(conn, counties), within)
    level, period = _chosen(released, period, today)
    there = [one for one in released if period in one.periods(level)]
    before = max((p for one in there for p in one.periods(level) if p.following == period), default=None)
    ask = _Ask(conn, category, tuple(within), settings, today)
    days = [one.grid_on for county in there for one in county.of(level) if one.period == period]

    def make() -> Judged:
        spots = [spot for one in there for spot in ask.spots(one, level, period, before)]
        return Judged(period, before, level, min(days), tuple(sorted(spots, key=lambda spot: spot.code)))

    key = ("judged", stand_of(conn, there, today), ask.within, period, category)
    return kept.get(key, make, _size)


def _chosen(released: Sequence[Published], period: Period | None, today: date) -> tuple[Level, Period]:
    """The level that answers, and the period: cells where they are published, else villages."""
    there = {level: sorted({p for one in released for p in one.periods(level)}) for level in _LEVELS}
    if period is None:
        for level in _LEVELS:
            if there[level]:
                return level, there[level][-1]
        raise NotFound(
            "period: no figures of cells or villages are published yet; they are when the first whole period is over",
            field="period",
        )
    for level in _LEVELS:
        if period in there[level]:
            return level, period
    if not period.closed(today):
        raise NotFound("period: {period} is not over; cases are counted when it is", period=period, field="period")
    judged = there[Level.cell] or there[Level.village]
    if judged and period.span != judged[-1].span:
        raise BadInput(
            "period: cells are judged by {span}; ask for {last}",
            span=word(judged[-1].span.name),
            last=judged[-1],
            field="period",
        )
    told = Sentence("they are when a whole period is over")
    if judged:
        told = Sentence("there are those of {first} to {last}", first=judged[0], last=judged[-1])
    raise NotFound(
        "period: no figures of cells or villages are published of {period}; {told}",
        period=period,
        told=told,
        field="period",
    )


@dataclass(frozen=True, slots=True)
class _Ask:
    conn: Connection
    category: Category | None
    within: tuple[str, ...]
    settings: Settings
    today: date

    def spots(self, released: Published, level: Level, period: Period, before: Period | None) -> list[Spot]:
        """The spots of one county."""
        areas = self._areas(released, level, period)
        if areas is None:
            return []
        links = neighbours(len(areas.codes), bordering(areas.shapes))
        found = hot_spots(areas.numbers, areas.households, links)
        verdicts = _careful(found, areas.sayable)
        became = np.full(len(areas.codes), Course.none, dtype=object)
        if before is not None and before in released.periods(level):
            became = self._became(released, level, before, areas, verdicts)
        smooth = shrunk_locally(areas.numbers, areas.households, links) * 100
        rates = crude(areas.numbers, areas.households) * 100
        gi = gi_star(np.nan_to_num(smooth), links)
        return [
            Spot(
                code=areas.codes[at],
                name=areas.names[at],
                shape=areas.shapes[at],
                households=int(areas.households[at]),
                verdict=Verdict(verdicts[at]),
                course=Course(became[at]),
                number=int(areas.numbers[at]) if areas.shown[at] else None,
                recorded=float(found.observed[at]),
                expected=float(found.expected[at]),
                ratio=_number(found.ratio[at]),
                q=_number(found.q[at]),
                gi=float(gi[at]),
                rate=_number(rates[at]) if areas.sayable[at] else None,
                rate_smoothed=_number(smooth[at]) if areas.households[at] >= MIN_HOUSEHOLDS else None,
            )
            for at in range(len(areas.codes))
        ]

    def _became(
        self, released: Published, level: Level, before: Period, areas: _Areas, verdicts: NDArray[np.str_]
    ) -> NDArray[Any]:
        """What became of each area since the period before; of one that was not there then, nothing is said."""
        was = self._areas(released, level, before)
        became: NDArray[Any] = np.full(len(areas.codes), Course.none, dtype=object)
        if was is None:
            return became
        before_of = dict(zip(was.codes, _careful(was.judged(), was.sayable).tolist(), strict=True))
        both = np.array([at for at, code in enumerate(areas.codes) if code in before_of], np.int64)
        if len(both):
            earlier = np.array([before_of[areas.codes[at]] for at in both.tolist()])
            became[both] = courses(earlier, verdicts[both])
        return became

    def _areas(self, released: Published, level: Level, period: Period) -> _Areas | None:
        """The areas that the reader sees; None where there are none."""
        (table,) = expected_within(
            *(self.conn, released.county, self.within, [period], self.category),
            settings=self.settings,
            today=self.today,
        )
        if not table.codes:
            return None
        shapes = shapes_of(self.conn, released.county, table.codes)
        row_of = {code: row for row, code in enumerate(table.codes)}
        at = np.array([row_of[code] for code in shapes.codes], np.int64)
        cells = _Areas(
            shapes.codes,
            shapes.names,
            shapes.polygons,
            table.number[at],
            table.households[at].astype(np.float64),
            table.shown[at],
        )
        return cells if level is Level.cell else self._villages(released, period, cells)

    def _villages(self, released: Published, period: Period, cells: _Areas) -> _Areas | None:
        """Villages in the place of cells: those that the reader sees whole."""
        county = f"{released.county:06}"
        told = figures(
            self.conn, [released.county], county, Level.village, period, settings=self.settings, today=self.today
        )
        digits = DIGITS[Level.village]
        inside: dict[str, list[int]] = {}
        for row, code in enumerate(cells.codes):
            inside.setdefault(code[:digits], []).append(row)
        seen = [
            one for one in told.areas if one.code in inside and any(one.code.startswith(area) for area in self.within)
        ]
        if not seen:
            return None
        counts = [one.total if self.category is None else one.parts[self.category] for one in seen]
        expected = [cells.numbers[inside[one.code]].sum() for one in seen]
        return _Areas(
            tuple(one.code for one in seen),
            tuple(one.name for one in seen),
            np.array([united(cells.shapes[inside[one.code]]) for one in seen], dtype=object),
            np.array([e if c is None else c for e, c in zip(expected, counts, strict=True)], np.float64),
            np.array([one.households for one in seen], np.float64),
            np.array([count is not None for count in counts]),
        )


def bordering(shapes: NDArray[Any]) -> Ints:
    """The pairs (m, 2) of areas (n,) that have a piece of border in common, and not a corner alone."""
    found = _sharing_edges(shapes)
    met = shapely.STRtree(shapes).query(shapes, predicate="intersects").T
    met = met[met[:, 0] < met[:, 1]]
    # Where somebody has drawn a border without the neighbour's nodes, the two have no edge in common.
    left = met[~np.isin(met @ [len(shapes), 1], found @ [len(shapes), 1])]
    along = shapely.get_dimensions(shapely.intersection(shapes[left[:, 0]], shapes[left[:, 1]])) > 0
    return np.concatenate([found, left[along]])


def _sharing_edges(shapes: NDArray[Any]) -> Ints:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    xy = shapely.get_coordinates(parts)
    if not len(xy):
        return np.zeros((0, 2), np.int64)
    edges = edges_of(Places(xy), parts)
    order = np.argsort(edges.edge, kind="stable")
    edge, area = edges.edge[order], owner[edges.polygon[order]]
    same = edge[1:] == edge[:-1]
    pairs = np.sort(np.column_stack([area[:-1][same], area[1:][same]]), axis=1)
    found: Ints = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return found


def _careful(found: HotSpots, sayable: Flags) -> NDArray[np.str_]:
    """The verdicts, "too few to say" where nothing may be said of an area itself."""
    silent = ~sayable & (found.verdicts != Verdict.no_households)
    said: NDArray[np.str_] = np.where(silent, Verdict.too_few, found.verdicts)
    return said


def _size(judged: Judged) -> int:
    return sum(500 + 32 * int(shapely.get_num_coordinates(spot.shape)) for spot in judged.spots)


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None
