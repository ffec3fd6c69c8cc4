"""Heat drawn from published figures: which numbers, on which ground, in which classes; and kept by each worker.

All numbers come from `gis.disputes.own_numbers`, which knows published tables only, so a surface tells no more than
they do. A reader sees the surface of the own area alone: it is made of its cells only, and its edge is theirs.

Recency: with a half-life a month counts whole, the month before by 2^(-days/half-life), and so on back to six half-
lives (then it would count less than 1.6 %) or to the first month that was published.

Classes are the same for all months of a block of twelve, counted back from the last published one: what is played one
after the other is painted on one scale.

Whoever calls this has told the transaction a scope that sees whole counties (`gis.storage.engine.widened`), and says in
the question which areas the reader may see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from gis.disputes.figures import Expected, periods
from gis.disputes.ground import Ground, Places, ground_of
from gis.disputes.heat import Band, Floats, above_floor, greatest, isobands, per_hundred, recency, steps
from gis.disputes.kept import Kept
from gis.disputes.own_numbers import expected_within
from gis.disputes.painting import Sheet
from gis.disputes.periods import Period, Span
from gis.disputes.pixels import Ints
from gis.disputes.questions import BANDWIDTHS_M, Mode, Question, check_question
from gis.disputes.readable import Published, Stand, last_period, published, readable, stand_of
from gis.disputes.shapes import Shapes, places_at, shapes_of
from gis.errors import BadInput, NotFound
from gis.settings import Settings

_HALF_LIVES: Final = 6
_BLOCK: Final = 12  # months that are painted on one scale
_DECIMALS: Final = 5  # of degrees: a metre


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """A surface: one sheet a county, bounds of the classes from 0, the greatest value, cases drawn (weighted by
    recency), how many periods were counted, and from which table its detail is (None: from households alone)."""

    question: Question
    sheets: tuple[Sheet, ...]
    shapes: tuple[Shapes, ...]
    bounds: tuple[float, ...]
    peak: float
    cases: float
    num_periods: int
    bandwidth_m: int
    grid_on: date | None
    base: Period | None

    def bands(self) -> list[Band]:
        """The classes as polygons in degrees, of all counties together, but for the one from 0 and for empty ones."""
        found: dict[tuple[float, float], list[Any]] = {}
        for sheet, shapes in zip(self.sheets, self.shapes, strict=True):
            for band in isobands(sheet.surface, sheet.raster, self.bounds, shapes.to_lonlat, _DECIMALS):
                found.setdefault((band.low, band.high), []).extend(band.polygons)
        return [Band(low, high, polygons) for (low, high), polygons in sorted(found.items())]


def newest(conn: Connection, counties: Sequence[int], within: Sequence[str]) -> Period:
    """The last period of which a reader of some areas may know figures. Raises NotFound where there is none yet."""
    return last_period(published(periods(conn, counties), within))


def draw(
    conn: Connection, kept: Kept, counties: Sequence[int], question: Question, *, settings: Settings, today: date
) -> Heat:
    """The surface of the counties that have figures of the period. `kept` has what was drawn before.

    Raises NotFound and BadInput naming the parameter: `readable`, `check_question`, and where the area is too wide for
    the bandwidth.
    """
    check_question(question)
    there = readable(published(periods(conn, counties), question.within), question.period, today)
    brush = _Brush(conn, kept, settings, today, stand_of(conn, there, today))
    key = ("heat", brush.stand, question)
    return kept.get(key, lambda: _drawn(brush, there, question), _size)


def _drawn(brush: _Brush, released: Sequence[Published], question: Question) -> Heat:
    parts = [part for one in released if (part := brush.county(one, question)) is not None]
    if not parts:
        raise NotFound("area: there are no figures of cells in it", field="area")
    scale = max(brush.scale(one, question) for one in released)
    return replace(_together(parts), peak=max(part.peak for part in parts), bounds=steps(scale))


@dataclass(frozen=True, slots=True)
class _Brush:
    """What draws one county at a time."""

    conn: Connection
    kept: Kept
    settings: Settings
    today: date
    stand: Stand

    def scale(self, released: Published, question: Question) -> float:
        """The greatest value of all that is painted on one scale with a period; 0 where no cell is seen."""
        block = _block(released, question)

        def make() -> float:
            drawn = [self.county(released, replace(question, period=month)) for month in block]
            return max((one.peak for one in drawn if one is not None), default=0.0)

        key = ("scale", self.stand, released.county, replace(question, period=block[-1]))
        return self.kept.get(key, make, lambda _: 100)

    def county(self, released: Published, question: Question) -> Heat | None:
        """The surface of one county, without classes; None where no cell of it is seen."""
        counted = _counted(released, question)
        read = self._tables(released, question)
        tables = [read[each] for each in counted]
        latest = tables[-1]
        land = self._land(released, question, latest)
        if land is None:
            return None
        numbers = np.zeros(len(latest.codes))
        for table, weight in zip(tables, _weights(counted, question), strict=True):
            numbers += table.number * weight
        seen = numbers[land.rows]
        surface = _surface(land.ground.density(seen), land.households, land.ground.bandwidth_m, question.mode)
        grid_on = released.grid_on(latest.base)
        return Heat(
            question=question,
            sheets=(Sheet(surface, land.ground.raster, land.shapes.to_metric),),
            shapes=(land.shapes,),
            bounds=(),
            peak=greatest(surface),
            cases=float(seen.sum()),
            num_periods=len(counted),
            bandwidth_m=int(land.ground.bandwidth_m),
            grid_on=grid_on,
            base=None if grid_on is None else latest.base,
        )

    def _tables(self, released: Published, question: Question) -> dict[Period, Expected]:
        """What is expected of the cells that the reader sees, in all periods that the block of the question counts."""
        block = _block(released, question)
        asked = sorted({each for one in block for each in _counted(released, replace(question, period=one))})

        def make() -> dict[Period, Expected]:
            found = expected_within(
                *(self.conn, released.county, question.within, asked, question.category),
                settings=self.settings,
                today=self.today,
            )
            return dict(zip(asked, found, strict=True))

        key = ("tables", self.stand, released.county, question.within, question.category, tuple(asked))
        return self.kept.get(key, make, lambda found: 40 * sum(len(one.codes) for one in found.values()))

    def _land(self, released: Published, question: Question, table: Expected) -> _Land | None:
        key = ("land", self.stand, released.county, question.within, question.area, question.bandwidth_m)
        return self.kept.get(key, lambda: _read_land(self.conn, released, question, table), _land_size)


@dataclass(frozen=True, slots=True, eq=False)
class _Land:
    """The cells of a table that a reader sees: their shapes, their rows in the table, their ground, and the density of
    households on it."""

    shapes: Shapes
    rows: Ints
    ground: Ground
    households: Floats


def _read_land(conn: Connection, released: Published, question: Question, table: Expected) -> _Land | None:
    seen = [code for code in table.codes if question.area is None or code.startswith(question.area)]
    if not seen:
        return None
    shapes = shapes_of(conn, released.county, seen)
    row_of = {code: row for row, code in enumerate(table.codes)}
    rows = np.array([row_of[code] for code in shapes.codes], np.int64)
    places = places_at(conn, released.county, released.published_at, shapes)
    ground = _ground(shapes.metric, places, question.bandwidth_m)
    return _Land(shapes, rows, ground, ground.density(table.households[rows].astype(np.float64)))


def _ground(polygons: NDArray[Any], places: Places, given: int | None) -> Ground:
    """With the bandwidth that was asked for; without one, the finest for which the area is not too wide."""
    for bandwidth_m in (given,) if given else BANDWIDTHS_M[1:]:
        try:
            return ground_of(polygons, places, bandwidth_m)
        except BadInput:
            if bandwidth_m in (given, BANDWIDTHS_M[-1]):
                raise
    raise AssertionError("there is a bandwidth")


def _counted(released: Published, question: Question) -> list[Period]:
    """The periods that a surface counts, in order; the last one is the one that was asked for."""
    if question.half_life_days is None:
        return [question.period]
    oldest = question.period.last - timedelta(days=_HALF_LIVES * question.half_life_days)
    months = released.periods(span=Span.month)
    return [month for month in months if month.last > oldest and month <= question.period]


def _block(released: Published, question: Question) -> list[Period]:
    """The months that are painted on one scale with the one that was asked for; a longer period stands alone."""
    months = released.periods(span=Span.month)
    if question.period not in months:
        return [question.period]
    last = len(months) - (len(months) - 1 - months.index(question.period)) // _BLOCK * _BLOCK
    return months[max(last - _BLOCK, 0) : last]


def _weights(counted: Sequence[Period], question: Question) -> Floats:
    if question.half_life_days is None:
        return np.ones(len(counted))
    ages = np.array([(question.period.last - each.last).days for each in counted], np.float64)
    return recency(ages, question.half_life_days)


def _surface(cases: Floats, households: Floats, bandwidth_m: float, mode: Mode) -> Floats:
    drawn = per_hundred if mode is Mode.rate else above_floor
    return drawn(cases, households, bandwidth_m)


def _together(parts: Sequence[Heat]) -> Heat:
    """The surfaces of several counties as one; their detail is told as old as the oldest."""
    if len(parts) == 1:
        return parts[0]
    days = [part.grid_on for part in parts]
    bases = [part.base for part in parts]
    return replace(
        parts[0],
        sheets=tuple(sheet for part in parts for sheet in part.sheets),
        shapes=tuple(shapes for part in parts for shapes in part.shapes),
        cases=sum(part.cases for part in parts),
        num_periods=max(part.num_periods for part in parts),
        bandwidth_m=max(part.bandwidth_m for part in parts),
        grid_on=None if None in days else min(day for day in days if day is not None),
        base=None if None in bases else min(base for base in bases if base is not None),
    )


def _size(heat: Heat) -> int:
    return sum(sheet.surface.nbytes for sheet in heat.sheets)


def _land_size(land: _Land | None) -> int:
    if land is None:
        return 100
    extent, points = land.ground.extent, land.ground.x
    surfaces = extent.inside.nbytes + extent.mass.nbytes + land.households.nbytes
    return surfaces + 4 * points.nbytes + 200 * len(land.shapes.codes)
