"""Times, metres and ways are those of networkx on random networks with every trap in them, and on a real one."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import shapely
from pyproj import Geod

from gis.errors import BadInput
from gis.exchange.osm_roads import read_roads
from gis.patrol.network import Mode, Network
from gis.patrol.routing import MAX_OFF_M, graph_of, travel_between
from gis.patrol.travel import Astray, Travel
from gis.patrol.ways import assemble, lengths
from tests.gis.patrol import oracle

GEOD = Geod(ellps="GRS80")


def random_network(seed: int) -> Network:
    """Nine nodes: streets of one way and of two, parallel ones, loops, dead ends, closed turns and runs of three."""
    rng = np.random.default_rng(seed)
    lon, lat = 104 + rng.random(9) / 100, 34 + rng.random(9) / 100
    ends = rng.integers(0, 9, (24, 2))
    ends[20:22] = ends[:2]  # parallel
    lines = []
    for tail, head in ends:
        middle = (lon[tail] + lon[head]) / 2 + rng.normal() / 2000, (lat[tail] + lat[head]) / 2 + rng.normal() / 2000
        corners = [middle, (middle[0] + 0.001, middle[1])] if tail == head else [middle]
        lines.append(shapely.LineString([(lon[tail], lat[tail]), *corners, (lon[head], lat[head])]))
    line = np.array(lines, dtype=object)
    length = lengths(line)
    seconds = {mode: np.repeat(length, 2) * rng.uniform(0.5, 2, 48) for mode in Mode}
    for mode in Mode:
        seconds[mode][rng.random(48) < 0.25] = np.inf
    tail, head = np.stack([ends, ends[:, ::-1]], axis=1).reshape(-1, 2).T
    follow = [(a, b) for a in range(48) for b in range(48) if head[a] == tail[b]]
    pairs = [follow[i] for i in rng.permutation(len(follow))[:25]]
    threes = [(a, b, c) for a, b in follow for c in range(48) if head[b] == tail[c]]
    runs = [threes[i] for i in rng.permutation(len(threes))[:25]]
    return assemble(
        lon=lon, lat=lat, line=line, length_m=length, way=np.arange(24), name=np.array([""] * 24, dtype=object),
        street_class=np.full(24, 3), ends=ends, seconds=seconds, forbidden_turns=[*pairs, *runs],
    )  # fmt: skip


def compared(network: Network, mode: Mode, lon: np.ndarray, lat: np.ndarray) -> Travel:
    """Travel, held against networkx."""
    travel = travel_between(network, mode, lon, lat)
    snapped = graph_of(network, mode).streets.snap(lon, lat)
    reached = [place for place, reason in enumerate(travel.astray) if reason is None]
    wanted = oracle.times(network, mode, snapped.edge[reached].tolist(), snapped.share[reached].tolist())
    np.testing.assert_allclose(travel.seconds[np.ix_(reached, reached)], wanted, rtol=0, atol=1e-6)
    assert np.isfinite(wanted).all()
    astray = [place for place in range(len(lon)) if place not in reached]
    assert np.isinf(travel.seconds[astray]).all()
    assert np.isinf(travel.seconds[:, astray]).all()
    return travel


def check_legs(network: Network, travel: Travel, pairs: list[tuple[int, int]]) -> None:
    """Each leg begins and ends where its places are, is as long as it says, and takes what the matrix says."""
    ends: dict[int, tuple[float, float]] = {}
    for origin, goal in pairs:
        leg = travel.leg(origin, goal)
        assert leg.seconds == pytest.approx(travel.seconds[origin, goal], abs=1e-6)
        assert leg.metres == pytest.approx(travel.metres[origin, goal], abs=1e-6)
        xy = shapely.get_coordinates(leg.line)
        steps = GEOD.inv(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[2]
        assert sum(steps) == pytest.approx(leg.metres, rel=1e-4, abs=0.1)
        for place, end in ((origin, xy[0]), (goal, xy[-1])):
            assert ends.setdefault(place, tuple(end)) == pytest.approx(tuple(end), abs=1e-8)
    tree = shapely.STRtree(network.line)
    for origin, goal in pairs[:3]:
        for point in shapely.points(shapely.get_coordinates(travel.leg(origin, goal).line)):
            assert len(tree.query(point.buffer(1e-7), predicate="intersects"))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("mode", Mode)
def test_random_networks(seed: int, mode: Mode) -> None:
    network = random_network(seed)
    rng = np.random.default_rng(seed)
    lon, lat = 104 + rng.random(12) / 100, 34 + rng.random(12) / 100
    lon[:3], lat[:3] = network.lon[:3], network.lat[:3]  # on nodes: weights of zero
    lon[3:5], lat[3:5] = lon[5], lat[5]  # at one place
    travel = compared(network, mode, lon, lat)
    here = [place for place, reason in enumerate(travel.astray) if reason is None]
    check_legs(network, travel, [(a, b) for a in here for b in here])
    # It is snapped to the nearest street of the largest connected part.
    graph = graph_of(network, mode)
    if mode is Mode.foot:
        strong = nx.MultiDiGraph(list(zip(*(network.tail, network.head), strict=True)))
        strong.remove_edges_from(list(strong.edges))
        strong.add_edges_from(
            (int(network.tail[arc]), int(network.head[arc]))
            for arc in np.flatnonzero(np.isfinite(network.seconds[mode]))
        )
        sizes = [len(part) for part in nx.strongly_connected_components(strong)]
        assert graph.states.connected.sum() == max(sizes)


def test_turns_are_for_cars_only() -> None:
    network = random_network(3)
    free = dataclasses.replace(network, version="free", forbidden_turns=())
    place = network.lon[:6], network.lat[:6]
    on_foot = [travel_between(one, Mode.foot, *place).seconds for one in (network, free)]
    assert np.array_equal(*on_foot)


def test_places_that_are_astray() -> None:
    network = random_network(1)
    travel = travel_between(network, Mode.foot, [104.005, 104.5, 104.006], [34.005, 34.5, 34.006])
    assert travel.astray == (None, Astray.too_far, None)
    assert travel.off_m[1] > MAX_OFF_M
    with pytest.raises(BadInput, match="no way"):
        travel.leg(0, 1)
    closed = dataclasses.replace(network, version="closed", seconds=dict.fromkeys(Mode, np.full(48, np.inf)))
    nowhere = travel_between(closed, Mode.car, [104.005], [34.005])
    assert nowhere.astray == (Astray.no_way,)
    assert travel_between(network, Mode.car, [], []).seconds.shape == (0, 0)


def test_without_streets_lines_are_straight() -> None:
    travel = travel_between(None, Mode.foot, [104.0, 104.01], [34.0, 34.0])
    metres = GEOD.inv(104.0, 34.0, 104.01, 34.0)[2]
    assert travel.straight
    assert travel.metres[0, 1] == pytest.approx(1.4 * metres)
    assert travel.seconds[0, 1] == pytest.approx(1.4 * metres / 4.8 * 3.6)
    assert travel.leg(0, 1).metres == travel.metres[0, 1]


@pytest.mark.data
@pytest.mark.parametrize("stops", [15, pytest.param(200, marks=pytest.mark.slow)])
def test_the_real_network(shared_data: Path, stops: int) -> None:
    """Every pair of 200 places, on foot and by car; the sizes that decision 19 tells."""
    roads = read_roads(shared_data / "liechtenstein.osm.pbf")
    network = roads.network
    rng = np.random.default_rng(7)
    node = rng.integers(0, len(network.lon), stops)
    lon, lat = (axis[node] + rng.normal(0, 4e-4, stops) for axis in (network.lon, network.lat))
    for mode in Mode:
        travel = compared(network, mode, lon, lat)
        here = [place for place, reason in enumerate(travel.astray) if reason is None]
        check_legs(network, travel, list(pairwise(here)))
    sizes = {mode: int(graph_of(network, mode).states.connected.sum()) for mode in Mode}
    assert sizes[Mode.foot] == pytest.approx(6118, rel=0.02)
    assert sizes[Mode.car] == pytest.approx(4443, rel=0.12)  # tracks without a grade are driven here
