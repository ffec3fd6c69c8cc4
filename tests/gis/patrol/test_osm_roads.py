"""Small hand-made extracts: what becomes of ways, barriers, restrictions and of the edges of a county."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.errors import BadInput
from gis.exchange.osm_roads import Roads, read_roads
from gis.patrol.network import Mode
from gis.patrol.routing import travel_between

# A grid of places: letters from west to east, digits from south to north, 0.002° apart.
STEP = 0.002
HEAD = "<?xml version='1.0'?><osm version='0.6'{head}>"


def place(name: str) -> tuple[float, float]:
    return 104 + STEP * (ord(name[0]) - ord("a")), 34 + STEP * int(name[1])


def node_id(name: str) -> int:
    return 100 * (ord(name[0]) - ord("a")) + int(name[1]) + 1


def tagged(text: str) -> str:
    pairs = (word.split("=", 1) for word in text.split())
    return "".join(f"<tag k='{key}' v='{value}'/>" for key, value in pairs)


def extract(
    tmp_path: Path,
    ways: Sequence[str],
    nodes: Sequence[str] = (),
    turns: Sequence[str] = (),
    missing: str = "",
    head: str = "",
    name: str = "x.osm",
) -> Path:
    """Ways as "a1 b1 c1 | highway=residential" (numbered from 1), nodes as "b1 | barrier=gate", turns as
    "1 b1 2 | restriction=no_left_turn" (a way in the middle: "1 w3 2")."""
    said = {node.split("|")[0].strip(): node.split("|")[1] for node in nodes}
    used = sorted({name for way in ways for name in way.split("|")[0].split()} - {missing})
    parts = [HEAD.format(head=head)]
    for name_of_node in used:
        lon, lat = place(name_of_node)
        parts.append(f"<node id='{node_id(name_of_node)}' version='1' timestamp='2026-05-01T00:00:00Z'")
        parts.append(f" lon='{lon:.7f}' lat='{lat:.7f}'>{tagged(said.get(name_of_node, ''))}</node>")
    for number, way in enumerate(ways, start=1):
        listed, _, tags = way.partition("|")
        refs = "".join(f"<nd ref='{node_id(ref)}'/>" for ref in listed.split())
        parts.append(f"<way id='{number}' version='1' timestamp='2026-06-0{number % 9 + 1}T00:00:00Z'>{refs}")
        parts.append(f"{tagged(tags)}</way>")
    for number, turn in enumerate(turns, start=1):
        (begin, via, end), tags = turn.split("|")[0].split(), turn.split("|")[1]
        over = f"type='way' ref='{via[1:]}'" if via[0] == "w" else f"type='node' ref='{node_id(via)}'"
        parts.append(f"<relation id='{number}' version='1'><member type='way' ref='{begin}' role='from'/>")
        parts.append(f"<member {over} role='via'/><member type='way' ref='{end}' role='to'/>")
        parts.append(f"{tagged('type=restriction ' + tags)}</relation>")
    path = tmp_path / name
    content = "".join([*parts, "</osm>"]).encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def metres(roads: Roads, mode: Mode, *names: str) -> list[int]:
    """Metres from the first place to the others, -1 without a way: a step east is 185 m, a step north 222."""
    lon, lat = zip(*(place(name) for name in names), strict=True)
    travel = travel_between(roads.network, mode, lon, lat)
    return [round(distance) if np.isfinite(distance) else -1 for distance in travel.metres[0, 1:]]


SQUARE = ["a1 b1 | highway=residential", "b1 b2 | highway=residential", "b2 a2 | highway=residential",
          "a2 a1 | highway=residential"]  # fmt: skip
EAST, NORTH = 185, 222


def test_ways_are_cut_where_they_meet(tmp_path: Path) -> None:
    roads = read_roads(extract(tmp_path, ["a1 b1 c1 d1 | highway=residential name=Lane", "c1 c2 | highway=path"]))
    network = roads.network
    assert (len(network.lon), len(network.line)) == (4, 3)
    assert network.way.tolist() == [1, 1, 2]
    assert network.name.tolist() == ["Lane", "Lane", ""]
    assert network.street_class.tolist() == [3, 3, 4]
    assert np.isinf(network.seconds[Mode.car][4:]).all()
    assert roads.data_on == date(2026, 6, 3)  # the newest way
    assert roads.counts["ways"] == 2


def test_a_file_says_as_of_when_it_is_and_may_be_packed(tmp_path: Path) -> None:
    plain = read_roads(extract(tmp_path, SQUARE))
    packed = read_roads(extract(tmp_path, SQUARE, name="x.osm.gz"))
    assert packed.network.version == plain.network.version
    with pytest.raises(BadInput, match=r"none\.osm: cannot be read"):
        read_roads(tmp_path / "none.osm")
    broken = tmp_path / "bad.osm.pbf"
    broken.write_bytes(b"no extract")
    with pytest.raises(BadInput, match=r"bad\.osm\.pbf: cannot be read"):
        read_roads(broken)


@pytest.mark.parametrize("barrier", ["bollard", "gate access=private", "wall"])
def test_a_barrier_is_passed_by_those_who_may(tmp_path: Path, barrier: str) -> None:
    """On the short way from a1 to c1 stands a barrier at b1; a ring leads around it."""
    ways = ["a1 b1 c1 | highway=residential", "a1 a2 b2 c2 c1 | highway=residential"]
    roads = read_roads(extract(tmp_path, ways, [f"b1 | barrier={barrier}"]))
    assert roads.counts["barriers"] == 1
    around = 2 * EAST + 2 * NORTH
    assert metres(roads, Mode.car, "a1", "c1") == pytest.approx([around], abs=3)
    assert metres(roads, Mode.foot, "a1", "c1") == pytest.approx([2 * EAST if barrier == "bollard" else around], abs=3)
    # A place at the barrier is taken to the open street beside it.
    assert travel_between(roads.network, Mode.car, *zip(place("b1"), strict=True)).off_m[0] <= 1.1


def test_one_way_streets_and_roundabouts(tmp_path: Path) -> None:
    ways = [*SQUARE[1:], "a1 b1 | highway=residential oneway=-1"]
    roads = read_roads(extract(tmp_path, ways))
    assert metres(roads, Mode.car, "a1", "b1") == pytest.approx([2 * NORTH + EAST], abs=2)
    assert metres(roads, Mode.foot, "a1", "b1") == pytest.approx([EAST], abs=1)
    ring = read_roads(extract(tmp_path, ["a1 b1 b2 a2 a1 | highway=residential junction=roundabout"]))
    assert metres(ring, Mode.car, "a1", "a2", "b2") == pytest.approx([2 * EAST + NORTH, EAST + NORTH], abs=2)


CROSS = ["a2 b2 | highway=residential", "b2 c2 | highway=residential", "b2 b1 | highway=residential",
         "b2 b3 | highway=residential", "b1 c1 d1 d2 c2 | highway=residential"]  # fmt: skip
LONG = 4 * EAST + 2 * NORTH  # from a2 to b1 over c2 and d1


@pytest.mark.parametrize(
    ("turn", "direct"),
    [
        ("1 b2 3 | restriction=no_right_turn", False),
        ("1 b2 2 | restriction=only_straight_on", False),
        ("1 b2 3 | restriction=only_right_turn", True),
        ("2 b2 3 | restriction=no_left_turn", True),
        ("1 b2 3 | restriction=no_right_turn except=bus;motorcar", True),
        ("1 b2 3 | restriction:hgv=no_right_turn", True),
        ("1 b2 3 | restriction:motorcar=no_right_turn", False),
        ("1 b2 3 | restriction:conditional=no_right_turn@(Mo-Fr)", True),
        ("1 b2 9 | restriction=no_right_turn", True),
    ],
)
def test_turns_are_closed_to_cars(tmp_path: Path, turn: str, direct: bool) -> None:
    """From a2 east over the crossing b2, then south to b1. Who may not turn goes on, and turns round or goes about."""
    roads = read_roads(extract(tmp_path, CROSS, turns=[turn]))
    assert metres(roads, Mode.foot, "a2", "b1") == pytest.approx([EAST + NORTH], abs=1)
    (by_car,) = metres(roads, Mode.car, "a2", "b1")
    assert (by_car == pytest.approx(EAST + NORTH, abs=1)) == direct
    told = {"turns": 0, "turns_conditional": 0, "turns_not_for_cars": 0, "turns_without_streets": 0}
    kind = (
        "turns_conditional" if "conditional" in turn
        else "turns_not_for_cars" if "except" in turn or "hgv" in turn
        else "turns_without_streets" if " 9 " in turn else "turns"
    )  # fmt: skip
    assert {name: roads.counts[name] for name in told} == told | {kind: 1}


def test_a_turn_over_a_way_is_closed_as_a_whole(tmp_path: Path) -> None:
    """From a1 over the way b1–c1 (cut in two by a side street) back west along the other side: no U-turn there."""
    ways = [
        "a1 b1 | highway=residential oneway=yes", "b1 b2 b3 | highway=residential oneway=yes",
        "b3 a3 | highway=residential oneway=yes", "b2 c2 | highway=residential", "b3 c3 | highway=residential",
        "c3 c2 | highway=residential", "a3 a1 | highway=residential",
    ]  # fmt: skip
    free = read_roads(extract(tmp_path, ways))
    shut = read_roads(extract(tmp_path, ways, turns=["1 w2 3 | restriction=no_u_turn"]))
    only = read_roads(extract(tmp_path, ways, turns=["1 w2 5 | restriction=only_straight_on"]))
    straight = 2 * EAST + 2 * NORTH
    assert [len(roads.network.forbidden_turns) for roads in (free, shut)] == [0, 1]
    assert len(shut.network.forbidden_turns[0]) == 4
    assert metres(free, Mode.car, "a1", "a3") == pytest.approx([straight], abs=2)
    for roads in (shut, only):
        (by_car,) = metres(roads, Mode.car, "a1", "a3")
        assert by_car > straight + 100
        assert metres(roads, Mode.foot, "a1", "a3") == pytest.approx([2 * NORTH], abs=2)
    # From b2 on, or into the way from the side, the turn is open.
    assert metres(shut, Mode.car, "b2", "a3") == pytest.approx([NORTH + EAST], abs=2)


def test_what_is_left_out_is_told(tmp_path: Path) -> None:
    ways = [*SQUARE, "c1 c2 c3 | highway=residential", "d1 d2 | highway=construction", "d1 d3 | route=ferry"]
    roads = read_roads(extract(tmp_path, ways, missing="c2"))
    assert (roads.counts["broken"], roads.counts["closed"], roads.counts["ferries"]) == (1, 1, 1)
    assert [reject.row for reject in roads.left_out] == [5]
    assert len(roads.network.line) == 4
    nothing = read_roads(extract(tmp_path, ["a1 b1 | building=yes"]))
    assert (len(nothing.network.line), nothing.bounds) == (0, None)


def test_streets_that_touch_the_area_are_kept_whole(tmp_path: Path) -> None:
    ways = ["a1 b1 | highway=residential", "b1 c1 | highway=residential", "c1 d1 | highway=residential"]
    lon, lat = place("b1")
    area = shapely.box(lon - 0.001, lat - 0.001, lon + 0.001, lat + 0.001)
    roads = read_roads(extract(tmp_path, ways), area)
    assert roads.network.way.tolist() == [1, 2]
    assert roads.network.lon.max() == pytest.approx(place("c1")[0])


def test_the_same_streets_are_the_same_network(tmp_path: Path) -> None:
    version = read_roads(extract(tmp_path, SQUARE)).network.version
    assert read_roads(extract(tmp_path, SQUARE)).network.version == version
    changed = [*SQUARE[:3], "a2 a1 | highway=residential maxspeed=30"]
    assert read_roads(extract(tmp_path, changed)).network.version != version
