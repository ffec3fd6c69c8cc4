"""Who may go where, and how fast: a row for every rule."""

from __future__ import annotations

import math

import pytest

from gis.patrol.network import Mode
from gis.patrol.profiles import FOOT_KMH, Passage, car, foot, stops
from gis.patrol.speeds import limit_kmh, rough_kmh, slope_of, uphill


def tags(text: str) -> dict[str, str]:
    """ "residential oneway=yes" → the tags of a way."""
    kind, *rest = text.split()
    return {"highway": kind, **dict(word.split("=", 1) for word in rest)}


def directions(passage: Passage) -> str:
    return ("f" if passage.forward else "") + ("b" if passage.backward else "")


# tags, how cars may go (f forward, b backward), how walkers may
RULES = """
residential | fb | fb
residential oneway=yes | f | fb
residential oneway=-1 | b | fb
residential oneway=reversible | | fb
residential oneway=yes oneway:foot=yes | f | f
residential oneway=yes oneway:bicycle=no | f | fb
residential oneway=yes oneway:motor_vehicle=no | fb | fb
residential junction=roundabout | f | fb
residential junction=roundabout oneway=no | fb | fb
motorway | f |
motorway oneway=no | fb |
motorway_link foot=yes | fb | fb
trunk motorroad=yes | fb |
residential access=private | |
residential access=private foot=yes | | fb
residential access=no motor_vehicle=yes | fb |
residential access=destination | fb | fb
residential access=customers | fb | fb
residential access=delivery | fb | fb
residential access=permissive | fb | fb
residential vehicle=no | | fb
residential vehicle=no motorcar=yes | fb | fb
residential motor_vehicle=agricultural | | fb
residential motor_vehicle=agricultural;destination | fb | fb
residential motor_vehicle:forward=no | b | fb
residential access=some_new_word | fb | fb
footway | | fb
footway motor_vehicle=yes | fb | fb
footway access=yes | | fb
footway oneway=yes | | fb
steps | | fb
steps conveying=forward | | f
steps conveying=backward | | b
cycleway | | fb
cycleway foot=no | |
pedestrian area=yes | | fb
service area=yes | | fb
service service=driveway | fb | fb
service service=parking_aisle | fb | fb
service service=emergency_access | | fb
track tracktype=grade2 | fb | fb
track tracktype=grade5 | | fb
track smoothness=impassable | | fb
path sac_scale=hiking | | fb
path sac_scale=alpine_hiking | |
path indoor=yes | |
proposed | |
construction | |
raceway | |
"""


@pytest.mark.parametrize("rule", [line for line in RULES.splitlines() if line.strip()])
def test_who_may_go_where(rule: str) -> None:
    said, by_car, on_foot = (part.strip() for part in rule.split("|"))
    assert (directions(car(tags(said))), directions(foot(tags(said)))) == (by_car, on_foot)


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("50", 50), ("50 km/h", 50), ("30 mph", 48.28032), ("walk", 7), ("DE:walk", 7), ("none", 130), ("CN:urban", 50),
        ("CN:rural", 70), ("RO:urban", 50), ("DE:zone:30", 30), ("DE:zone30", 30), ("50;80", 50), ("signals", None),
        ("", None), ("0", None), ("fast", None), ("FR:zone0", None),
    ],
)  # fmt: skip
def test_limits(value: str, kmh: float | None) -> None:
    assert limit_kmh(value) == (None if kmh is None else pytest.approx(kmh))


def test_cars_are_slowed_by_limits_surfaces_and_yards() -> None:
    assert car(tags("residential maxspeed=30")) == Passage(24, 24)
    assert car(tags("primary maxspeed:forward=80 maxspeed=50")) == Passage(64, 40)
    assert car(tags("secondary maxspeed=nonsense")) == car(tags("secondary"))
    assert car(tags("secondary surface=mud")) == Passage(8, 8)
    assert car(tags("service service=driveway")).forward < car(tags("service")).forward
    assert car(tags("service service=emergency_access maxspeed=30")) == Passage(0, 0)
    assert rough_kmh({"surface": "asphalt"}) == math.inf


def test_walkers_are_slowed_by_steps_and_slopes() -> None:
    assert foot(tags("residential")) == Passage(FOOT_KMH, FOOT_KMH)
    assert foot(tags("steps")).forward < FOOT_KMH
    steep = foot(tags("path incline=20%"))
    assert steep.forward < steep.backward < FOOT_KMH
    gentle = foot(tags("path incline=-4%"))
    assert gentle.forward > FOOT_KMH > gentle.backward
    assert foot(tags("path incline=up")) == foot(tags("path"))
    assert (slope_of("10 %"), slope_of("-5%"), slope_of("900%")) == (0.10, -0.05, None)
    assert slope_of("45°") is None
    assert slope_of("10°") == pytest.approx(math.tan(math.radians(10)))
    assert uphill(0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("said", "by_car", "on_foot"),
    [
        ("barrier=bollard", True, False),
        ("barrier=block", True, False),
        ("barrier=something_new", True, False),
        ("barrier=gate", False, False),
        ("barrier=lift_gate", False, False),
        ("barrier=gate locked=yes", True, True),
        ("barrier=gate access=private", True, True),
        ("barrier=gate access=private foot=yes", True, False),
        ("barrier=lift_gate motor_vehicle=no", True, False),
        ("barrier=bollard motor_vehicle=yes", False, False),
        ("barrier=bollard bicycle=yes", True, False),
        ("barrier=wall", True, True),
        ("barrier=kerb", False, False),
        ("access=private", False, False),
    ],
)
def test_barriers(said: str, by_car: bool, on_foot: bool) -> None:
    found = dict(word.split("=") for word in said.split())
    assert (stops(found, Mode.car), stops(found, Mode.foot)) == (by_car, on_foot)
