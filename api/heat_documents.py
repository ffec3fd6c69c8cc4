"""Heat and hot spots as GeoJSON: what HTTP and the command line share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import shapely

from gis.disputes.painting import colours_of
from gis.disputes.questions import Mode
from gis.disputes.surfaces import Heat
from gis.disputes.verdicts import Course, Verdict

if TYPE_CHECKING:
    from gis.disputes.judged import Judged, Spot  # loads SciPy's statistics, which no heat needs

UNITS: Final = {
    Mode.density: {"zh": "件/km²", "en": "cases per km²"},
    Mode.rate: {"zh": "件/百户", "en": "cases per 100 households"},
}
_RECORDED: Final = {
    "zh": "所示为登记的纠纷，不是预测。由已公布的统计数字绘制：未公布的数字按户数分摊。",
    "en": "What was recorded, not a prediction. Drawn from published figures; households share what is withheld.",
}
_WEIGHTED: Final = {
    "zh": "按时间衰减：每过{days}天权重减半，共计{number}个月。",
    "en": "Weighted by recency: half as much after {days} days; {number} months are counted.",
}
WORDS: Final = {
    "zh": "登记的纠纷多于按户数可以解释的",
    "en": "more recorded disputes than the number of households explains",
}
VERDICTS: Final = {
    Verdict.hot: "hot",
    Verdict.as_expected: "as_expected",
    Verdict.too_few: "too_few",
    Verdict.no_households: "none",
}


def heat_document(heat: Heat) -> dict[str, Any]:
    """A surface as isobands: a FeatureCollection of the classes that occur, the lowest first."""
    classes, question = heat_classes(heat), heat.question
    at = {(one["low"], one["high"]): number for number, one in enumerate(classes)}
    features = [
        {
            "type": "Feature",
            "properties": {"class": at[band.low, band.high], "low": band.low, "high": band.high},
            "geometry": band.geometry,
        }
        for band in heat.bands()
    ]
    return {
        "type": "FeatureCollection",
        "period": str(question.period),
        "mode": question.mode.value,
        "category": question.category,
        "unit": UNITS[question.mode],
        "classes": classes,
        "bandwidth_m": heat.bandwidth_m,
        "half_life": question.half_life_days,
        "peak": _short(heat.peak),
        "cases": _short(heat.cases),
        "grid_on": None if heat.grid_on is None else str(heat.grid_on),
        "base": None if heat.base is None else str(heat.base),
        "note": _note(heat),
        "features": features,
    }


def heat_classes(heat: Heat) -> list[dict[str, Any]]:
    """The classes of a surface that are painted, the lowest first."""
    painted = list(pairwise(heat.bounds))[1:]
    return [
        {"low": low, "high": high, "colour": colour}
        for (low, high), colour in zip(painted, colours_of(heat.bounds), strict=True)
    ]


def _note(heat: Heat) -> dict[str, str]:
    question = heat.question
    if question.half_life_days is None:
        return _RECORDED
    told = {"days": question.half_life_days, "number": heat.num_periods}
    return {tongue: f"{text} {_WEIGHTED[tongue].format(**told)}" for tongue, text in _RECORDED.items()}


def spots_document(judged: Judged, area: str | None) -> dict[str, Any]:
    """What is said of the cells in an area (None: of all that were judged)."""
    spots = [spot for spot in judged.spots if area is None or spot.code.startswith(area)]
    counted = Counter(VERDICTS[spot.verdict] for spot in spots)
    return {
        "type": "FeatureCollection",
        "period": str(judged.period),
        "before": None if judged.before is None else str(judged.before),
        "level": judged.level.value,
        "grid_on": str(judged.grid_on),
        "words": WORDS,
        "counts": {name: counted[name] for name in VERDICTS.values()},
        "features": list(_features(spots)),
    }


def _features(spots: list[Spot]) -> Iterator[dict[str, Any]]:
    for spot in spots:
        properties = {
            "code": spot.code,
            "name": spot.name,
            "verdict": VERDICTS[spot.verdict],
            "change": None if spot.course is Course.none else spot.course.value,
            "number": spot.number,
            "recorded": _short(spot.recorded),
            "expected": _short(spot.expected),
            "ratio": _short(spot.ratio),
            "q": _short(spot.q),
            "gi": _short(spot.gi),
            "rate": _short(spot.rate),
            "rate_smoothed": _short(spot.rate_smoothed),
            "households": spot.households,
        }
        geometry = shapely.geometry.mapping(spot.shape)
        yield {"type": "Feature", "id": spot.code, "properties": properties, "geometry": geometry}


def _short(value: float | None) -> float | None:
    """Four digits: more were none of the data's."""
    return None if value is None else float(f"{value:.4g}")
