"""Who may go along a street of OpenStreetMap, and how fast: on foot and by car. Pure.

These rules are decisions of the product (decision 19). A patrol has business at every door, so `destination`,
`customers` and `delivery` are open to it; it has no key to what is private. A team is no emergency vehicle and no
mountaineer: cars keep to limits, walkers stay off motorways and alpine routes, and nobody counts on a ferry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gis.patrol.network import Mode
from gis.patrol.speeds import limit_kmh, rough_kmh, slope_of, uphill

Tags = Mapping[str, str]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Passage:
    """How fast one gets along a way in km/h, in its direction and against it; 0 where one may not go."""

    forward: float
    backward: float


CLOSED: Final = Passage(0.0, 0.0)
FOOT_KMH: Final = 4.8
_STEPS_KMH: Final = 2.4
_PART_OF_LIMIT: Final = 0.8  # corners, crossings and other traffic take the rest

_CAR_KMH: Final[Mapping[str, float]] = {
    "motorway": 100,
    "motorway_link": 50,
    "trunk": 80,
    "trunk_link": 45,
    "primary": 60,
    "primary_link": 40,
    "secondary": 50,
    "secondary_link": 35,
    "tertiary": 40,
    "tertiary_link": 30,
    "unclassified": 30,
    "residential": 25,
    "road": 25,
    "living_street": 12,
    "service": 15,
    "track": 15,
    # open to cars only where a tag says so
    "pedestrian": 8,
    "footway": 8,
    "cycleway": 8,
    "bridleway": 8,
    "path": 8,
}
_SERVICE_KMH: Final[Mapping[str, float]] = {
    "driveway": 10,
    "parking_aisle": 10,
    "alley": 10,
    "drive-through": 8,
    "emergency_access": 0,
}
_NOT_BY_ITSELF: Final = _words("pedestrian footway cycleway bridleway path")
_WALKED: Final = frozenset(_CAR_KMH) | {"steps"}
_NO_WALK: Final = _words("motorway motorway_link")
_ALPINE: Final = _words("alpine_hiking demanding_alpine_hiking difficult_alpine_hiking")

# From the general to the special: the last one that says something counts.
_KEYS: Final[Mapping[Mode, tuple[str, ...]]] = {
    Mode.foot: ("access", "foot"),
    Mode.car: ("access", "vehicle", "motor_vehicle", "motorcar"),
}
_OPEN: Final = _words("yes permissive designated official public destination customers delivery residents true 1")
_SHUT: Final = _words(
    """
    no private agricultural forestry emergency military permit restricted use_sidepath dismount psv bus hgv taxi
    agricultural;forestry forestry;agricultural staff members employees unknown_private false 0
    """
)


def told(tags: Tags, keys: Sequence[str], direction: str = "") -> bool | None:
    """What tags of a hierarchy say: open, shut, or nothing. Values that are not known say nothing.

    `direction` "forward" or "backward" reads `KEY:forward` before `KEY`. Of "yes;delivery" one open value is enough.
    """
    for key in reversed(keys):
        value = tags.get(f"{key}:{direction}") if direction else None
        value = tags.get(key) if value is None else value
        if value is None:
            continue
        parts = {part.strip() for part in value.split(";")}
        if parts & _OPEN:
            return True
        if parts & _SHUT:
            return False
    return None


def is_area(tags: Tags) -> bool:
    """Whether a way outlines a square: walkers go along its edge, cars do not."""
    return tags.get("area") == "yes"


def foot(tags: Tags) -> Passage:
    """How a walker gets along a way."""
    kind = tags.get("highway", "")
    if kind not in _WALKED or tags.get("indoor") == "yes" or tags.get("sac_scale") in _ALPINE:
        return CLOSED
    by_itself = kind not in _NO_WALK and tags.get("motorroad") != "yes"
    pace = _STEPS_KMH if kind == "steps" else FOOT_KMH
    slope = slope_of(tags.get("incline", "")) or 0.0
    ways = _foot_ways(tags)
    return Passage(
        *(
            pace * uphill(sign * slope) if way and _is_open(tags, Mode.foot, direction, by_itself) else 0.0
            for way, sign, direction in zip(ways, (1, -1), ("forward", "backward"), strict=True)
        )
    )


def _foot_ways(tags: Tags) -> tuple[bool, bool]:
    """`oneway` is for vehicles; walkers heed `oneway:foot` and moving stairs."""
    moving = tags.get("conveying")
    if moving in ("forward", "backward"):
        return moving == "forward", moving == "backward"
    return _ways(tags.get("oneway:foot", "no"))


def car(tags: Tags) -> Passage:
    """How a car gets along a way."""
    kind = tags.get("highway", "")
    if kind not in _CAR_KMH or is_area(tags) or tags.get("indoor") == "yes":
        return CLOSED
    usual = _SERVICE_KMH.get(tags.get("service", ""), _CAR_KMH[kind]) if kind == "service" else _CAR_KMH[kind]
    roughest = rough_kmh(tags)
    by_itself = kind not in _NOT_BY_ITSELF
    return Passage(
        *(
            min(_limited(tags, direction, usual), roughest)
            if way and _is_open(tags, Mode.car, direction, by_itself)
            else 0.0
            for way, direction in zip(_car_ways(tags), ("forward", "backward"), strict=True)
        )
    )


def _is_open(tags: Tags, mode: Mode, direction: str, by_itself: bool) -> bool:
    """Streets are open unless a tag shuts them; paths (for cars) only where a tag that is about the mode opens them."""
    keys = _KEYS[mode] if by_itself else _KEYS[mode][1:]
    said = told(tags, keys, direction)
    return by_itself if said is None else said


def _limited(tags: Tags, direction: str, usual: float) -> float:
    """The usual speed of the class, or what a limit leaves of it; 0 where the class is not for cars at all."""
    value = tags.get(f"maxspeed:{direction}") or tags.get("maxspeed")
    limit = limit_kmh(value) if value else None
    return usual if limit is None or usual == 0 else _PART_OF_LIMIT * limit


def _car_ways(tags: Tags) -> tuple[bool, bool]:
    for key in ("oneway:motorcar", "oneway:motor_vehicle", "oneway:vehicle", "oneway"):
        if key in tags:
            return _ways(tags[key])
    if tags.get("junction") in ("roundabout", "circular") or tags["highway"] == "motorway":
        return True, False
    return True, True


def _ways(oneway: str) -> tuple[bool, bool]:
    """Whether one may go forward, and backward. `reversible` changes by the hour: nobody can count on it."""
    if oneway in ("yes", "true", "1"):
        return True, False
    if oneway in ("-1", "reverse"):
        return False, True
    return (False, False) if oneway == "reversible" else (True, True)


PROFILES: Final = {Mode.foot: foot, Mode.car: car}

# Barriers at a node: who gets past, where no tag says more. What is not named here stops cars and lets walkers pass.
_FOOT_STOPS: Final = _words("wall city_wall fence hedge retaining_wall ditch guard_rail spikes wire_fence")
_CAR_PASSES: Final = _words(
    """
    gate lift_gate swing_gate sliding_gate bump_gate hampshire_gate cattle_grid border_control toll_booth sally_port
    entrance height_restrictor arch no kerb rope
    """
)


def stops(tags: Tags, mode: Mode) -> bool:
    """Whether the barrier at a node stops a mode."""
    barrier = tags.get("barrier")
    if barrier is None:
        return False
    said = told(tags, _KEYS[mode])
    if said is not None:
        return not said
    if tags.get("locked") == "yes":
        return True
    return barrier in _FOOT_STOPS or (mode is Mode.car and barrier not in _CAR_PASSES)
