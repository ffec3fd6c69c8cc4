"""Heat and hot spots over HTTP: drawn and judged from published figures, cut to the caller's own area.

See `gis.disputes.surfaces` and `gis.disputes.judged` for what is said, and docs/decisions/0015-disclosure.md for why
these numbers may be said.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import Body
from api.deps import ServiceFor, Serving
from api.features.items import MEDIA_TYPE as GEOJSON
from api.features.tiles import Tile, tile_of
from api.params import Area, whole
from gis.access.scope import ALL, Right
from gis.disputes.categories import Category
from gis.disputes.periods import Period, Span, period_of
from gis.disputes.questions import BANDWIDTHS_M, FEWEST_DAYS, MOST_DAYS, Mode, Question, check_question
from gis.errors import BadInput
from gis.storage.engine import widened
from gis.storage.revisions import Touch

if TYPE_CHECKING:
    from gis.disputes.surfaces import Heat

router = APIRouter()
Entry = TypeVar("Entry", bound=StrEnum)
_PNG: Final = "image/png"
_NONE: Final = "none"

PeriodText = Annotated[
    str | None,
    Query(
        alias="period", description="A month (2026-10), quarter (2026Q3) or year that is over; without it the last one."
    ),
]
CategoryText = Annotated[str | None, Query(alias="category", description=f"One of {', '.join(Category)}.")]
ModeText = Annotated[str, Query(alias="mode", description="`density`: per km², or `rate`: per 100 households.")]
HalfLife = Annotated[
    str | None,
    Query(
        description=f"Of months: after how many days (7 to {MOST_DAYS}) they count half; or `none`: that month alone."
    ),
]
Bandwidth = Annotated[
    str | None, Query(description=f"Of the kernel, in metres: one of {', '.join(map(str, BANDWIDTHS_M))}.")
]


@router.get(
    "/disputes/heat",
    summary="Where disputes were recorded, as bands of a smooth surface",
    description="Drawn from published figures, so that it tells no more than they do. No band: too few households, or"
    " next to nothing recorded. What was recorded is no prediction.",
)
def heat(
    serving: Serving,
    period: PeriodText = None,
    category: CategoryText = None,
    mode: ModeText = Mode.density,
    half_life: HalfLife = None,
    bandwidth: Bandwidth = None,
    area: Area = None,
) -> Response:
    asked = _asked(serving, period, category, mode, half_life, bandwidth, area)
    return _answer(serving, asked, _bands)


@router.get(
    "/disputes/heat/tiles/{z}/{x}/{y}.png",
    summary="A map tile of the same surface, in the same classes",
    description="256 pixels of the web's usual tiles; clear where there is nothing.",
)
def heat_tile(
    serving: Serving,
    z: Annotated[str, Path(description="Zoom.")],
    x: Annotated[str, Path(description="Column, from the west.")],
    y: Annotated[str, Path(description="Row, from the north.")],
    period: PeriodText = None,
    category: CategoryText = None,
    mode: ModeText = Mode.density,
    half_life: HalfLife = None,
    bandwidth: Bandwidth = None,
    area: Area = None,
) -> Response:
    here = tile_of(z, y, x, names=("z", "y", "x"))
    asked = _asked(serving, period, category, mode, half_life, bandwidth, area)
    return _answer(serving, asked, lambda found: _painted(found, here))


@router.get(
    "/disputes/hotspots",
    summary="Real or chance: cells with more recorded disputes than their households explain",
    description="Each cell with its neighbours against the rate of all cells that the caller sees, at 5 % false"
    " discoveries. `recorded`, `expected` and `ratio` are of the cell and its neighbours together; `number` is what was"
    " published of the cell, null where it is withheld. `too_few`: too few to say. `gi` is Gi*, for a colour only.",
)
def hotspots(serving: Serving, period: PeriodText = None, category: CategoryText = None, area: Area = None) -> Response:
    from api.heat_documents import spots_document
    from gis.disputes.judged import judge

    wanted = None if period is None else period_of(period)
    kind = None if category is None else _one_of(Category, category, "category")
    here = serving.inside(Right.figures, area)
    # Whoever asks for a part of the own area is told what is said there in the whole of it.
    touch = _touch(serving, here)

    def make(conn: Connection) -> Body:
        with widened(conn, ALL.settings(), serving.told):
            found = judge(
                conn,
                serving.service.drawn,
                serving.counties(touch),
                wanted,
                kind,
                serving.caller.scope.where(Right.figures),
                settings=serving.settings,
                today=serving.today,
            )
        return _geojson(spots_document(found, here))

    return serving.answer(touch, make)


# ---- parts of the above


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of a request; the period and the half-life are left open where they were not told."""

    period: Period | None
    category: Category | None
    mode: Mode
    half_life: int | None
    told: bool
    bandwidth_m: int | None
    area: str | None

    def question(self, period: Period, within: tuple[str, ...]) -> Question:
        """A half-life that was not told is for months only."""
        half_life = self.half_life if self.told or period.span is Span.month else None
        return Question(period, self.category, self.mode, half_life, self.bandwidth_m, self.area, within)


def _asked(
    serving: ServiceFor,
    period: str | None,
    category: str | None,
    mode: str,
    half_life: str | None,
    bandwidth: str | None,
    area: str | None,
) -> _Asked:
    asked = _Asked(
        None if period is None else period_of(period),
        None if category is None else _one_of(Category, category, "category"),
        _one_of(Mode, mode, "mode"),
        serving.settings.heat_half_life_days if half_life is None else _half_life(half_life),
        half_life is not None,
        None if bandwidth is None else _bandwidth(bandwidth),
        serving.inside(Right.figures, area),
    )
    if asked.period is not None:
        check_question(asked.question(asked.period, ()))
    return asked


def _answer(serving: ServiceFor, asked: _Asked, shown: Callable[[Heat], Body]) -> Response:
    from gis.disputes.surfaces import draw, newest  # loads SciPy, here and below: into workers that draw, no others

    touch = _touch(serving, asked.area)
    within = touch.within

    def make(conn: Connection) -> Body:
        counties = serving.counties(touch)
        with widened(conn, ALL.settings(), serving.told):
            period = asked.period or newest(conn, counties, within)
            question = asked.question(period, within)
            kept = serving.service.drawn
            found = draw(conn, kept, counties, question, settings=serving.settings, today=serving.today)
        return shown(found)

    return serving.answer(touch, make)


def _touch(serving: ServiceFor, area: str | None) -> Touch:
    """What is drawn and judged depends on: published tables, the grid, and the day, for households are those of its
    first question (`gis.disputes.readable.stand_of`). No visit changes it."""
    return serving.touch(Right.figures, area=area, county=True, today=True, households=False)


def _half_life(text: str) -> int | None:
    return None if text == _NONE else whole(text, "half_life", low=FEWEST_DAYS, high=MOST_DAYS)


def _bandwidth(text: str) -> int:
    if text not in map(str, BANDWIDTHS_M):
        raise BadInput(
            "{field}: must be one of {words}",
            words=", ".join(map(str, BANDWIDTHS_M)),
            field="bandwidth",
        )
    return int(text)


def _one_of(kind: type[Entry], word: str, field: str) -> Entry:
    if word not in list(kind):
        raise BadInput("{field}: must be one of {words}", words=", ".join(kind), field=field)
    return kind(word)


def _geojson(document: dict[str, Any]) -> Body:
    return Body(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), GEOJSON)


def _bands(heat: Heat) -> Body:
    from api.heat_documents import heat_document

    return _geojson(heat_document(heat))


def _painted(heat: Heat, here: Tile) -> Body:
    from gis.disputes.painting import colours_of, rgb, tile

    colours = [rgb(colour) for colour in colours_of(heat.bounds)]
    return Body(tile(heat.sheets, (here.z, here.y, here.x), heat.bounds, colours), _PNG)
