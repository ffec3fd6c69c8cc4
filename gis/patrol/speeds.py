"""What OpenStreetMap says of how fast and how steep a street is: limits, surfaces, inclines. Pure.

Every function takes a tag's value and returns None where it says nothing that is understood: the street's class decides
then.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

_NUMBER: Final = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?$")
_MPH: Final = 1.609344
_WALK: Final = 7.0
_NO_LIMIT: Final = 130.0
# "CN:urban", "DE:zone:30": the country does not matter where all have about the same; China's own first.
_ZONES: Final[Mapping[str, float]] = {
    "CN:urban": 50,
    "CN:rural": 70,
    "CN:motorway": 120,
    "urban": 50,
    "rural": 80,
    "trunk": 100,
    "motorway": 120,
    "living_street": 20,
    "bicycle_road": 30,
}


def limit_kmh(value: str) -> float | None:
    """`maxspeed` in km/h: "50", "30 mph", "walk", "none", "CN:urban", "DE:zone:30"; of "50;80" the lowest."""
    limits = [limit for part in value.split(";") if (limit := _one_limit(part.strip())) is not None]
    return min(limits) if limits else None


def _one_limit(value: str) -> float | None:
    if value == "none":
        return _NO_LIMIT
    if value == "walk" or value.endswith(":walk"):
        return _WALK
    if found := _NUMBER.match(value):
        number = float(found[1]) * (_MPH if found[2] == "mph" else 1.0)
        return number if number > 0 else None
    zone = value.rpartition(":")[2]
    if ":" in value and (digits := zone.removeprefix("zone")).isdecimal() and int(digits) > 0:
        return float(digits)
    return _ZONES.get(value) or (_ZONES.get(zone) if ":" in value else None)


def _speeds(text: str) -> dict[str, float]:
    pairs = (pair.split("=") for pair in text.split())
    return {name: float(number) for name, number in pairs}


# How fast a car goes at most, whatever is allowed. 0: it does not go there.
_SURFACES: Final = _speeds(
    """
    cobblestone=30 sett=40 unhewn_cobblestone=20 paving_stones=50 metal=40 wood=30 compacted=50 fine_gravel=40
    gravel=30 pebblestone=30 unpaved=30 dirt=20 earth=20 ground=20 grass_paver=20 grass=15 clay=15 sand=10 mud=8 rock=10
    """
)
_TRACKS: Final = _speeds("grade1=40 grade2=25 grade3=15 grade4=0 grade5=0")
_SMOOTHNESS: Final = _speeds("bad=30 very_bad=15 horrible=8 very_horrible=0 impassable=0")


def rough_kmh(tags: Mapping[str, str]) -> float:
    """How fast a car goes at most on this surface: inf where nothing is said, 0 where it does not go at all."""
    limits = (
        _SURFACES.get(tags.get("surface", "")),
        _TRACKS.get(tags.get("tracktype", "")),
        _SMOOTHNESS.get(tags.get("smoothness", "")),
    )
    return min((limit for limit in limits if limit is not None), default=math.inf)


_INCLINE: Final = re.compile(r"^([+-]?\d+(?:\.\d+)?)\s*(%|°)?$")
_STEEPEST: Final = 0.6  # what is said to be steeper is a mistake, or a ladder


def slope_of(value: str) -> float | None:
    """A value of `incline` as rise over run in the way's direction: "10%", "-4.5 %", "7°"; None for "up", "down"."""
    found = _INCLINE.match(value.strip())
    if found is None:
        return None
    number = float(found[1])
    slope = math.tan(math.radians(number)) if found[2] == "°" and abs(number) < 80 else number / 100
    return slope if abs(slope) <= _STEEPEST else None


def uphill(slope: float) -> float:
    """The share of the speed on the flat that a walker keeps on a slope (Tobler 1993): above 1 gently downhill."""
    return math.exp(-3.5 * abs(slope + 0.05)) / math.exp(-3.5 * 0.05)
