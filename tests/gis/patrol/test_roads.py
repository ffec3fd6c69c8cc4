"""A county's streets in the database: imported, replaced as a whole, seen by those who have something in the county."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from gis.errors import BadInput, NotFound, WrongPlace
from gis.exchange.roads_import import MARGIN_M, RoadsSummary, around, import_roads
from gis.patrol import roads as stored
from gis.patrol.network import Mode
from gis.patrol.network_info import network_info
from gis.patrol.roads import live_network
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.conftest import copied, opened
from tests.gis import world
from tests.gis.patrol.test_osm_roads import SQUARE, extract

COUNTY = int(world.VILLAGE[:6])
CODE = f"{COUNTY:06}"


@pytest.fixture(scope="module")
def county(cluster: Cluster) -> Iterator[Store]:
    with copied(cluster) as database, opened(cluster, database) as store:
        with store.begin() as conn:
            world.build(conn)
        yield store


def here(tmp_path: Path, ways: Sequence[str], turns: Sequence[str] = (), name: str = "x.osm") -> Path:
    """An extract that lies in the county of `world`."""
    path = extract(tmp_path, ways, turns=turns, name=name)
    path.write_text(path.read_text().replace("lat='34.0", "lat='34.5"))
    return path


def read_in(store: Store, path: Path, **options: object) -> RoadsSummary:
    with store.begin() as conn:
        return import_roads(conn, path, **options)  # type: ignore[arg-type]


def test_streets_are_imported_read_and_replaced(county: Store, tmp_path: Path) -> None:
    streets = [*SQUARE, "a1 b2 | highway=residential oneway=yes name=Lane"]
    turns = ["1 b1 2 | restriction=no_left_turn"]
    path = here(tmp_path, streets, turns)
    dry = read_in(county, path, dry_run=True)
    with county.read() as conn:
        assert network_info(conn, COUNTY) is None
        assert live_network(conn, COUNTY) is None
    first = read_in(county, path)
    assert (dry.version, dry.changed, first.changed, first.county) == (first.version, True, True, CODE)
    with county.read() as conn:
        info = network_info(conn, COUNTY)
        network = live_network(conn, COUNTY)
        assert network is not None
        assert live_network(conn, COUNTY) is network  # kept
        stored._networks.clear()
        again = live_network(conn, COUNTY)
    assert info is not None
    assert again is not None
    assert (info.version, info.source, info.data_on) == (first.version, "osm:x.osm", date(2026, 6, 6))
    assert info.counts["modes"]["car"] == {"nodes": 4, "arcs": 9, "dropped": 0, "dropped_m": 0}
    assert (info.counts["edges"], info.counts["turns"], info.counts["read"]["ways"]) == (5, 1, 5)
    assert network.version == again.version == first.version
    assert network.forbidden_turns == again.forbidden_turns
    assert shapely.equals_exact(network.line, again.line).all()
    assert all(np.array_equal(network.seconds[mode], again.seconds[mode]) for mode in Mode)

    # The same once more changes nothing; the same of another day, the day only.
    assert not read_in(county, path).changed
    with county.read() as conn:
        assert network_info(conn, COUNTY) == info
    assert not read_in(county, here(tmp_path, streets, turns, name="y.osm")).changed
    with county.read() as conn:
        known = network_info(conn, COUNTY)
        assert known is not None
        assert (known.source, known.imported_at) == ("osm:y.osm", info.imported_at)

    # A reader of the moment before sees the old network to its end, whole; then the new one, and nothing of the old.
    stored._networks.clear()
    with county.read() as before:
        assert network_info(before, COUNTY) is not None
        second = read_in(county, here(tmp_path, SQUARE))
        old = live_network(before, COUNTY)
        assert old is not None
        assert (old.version, len(old.line)) == (first.version, 5)
    with county.read() as conn:
        new = live_network(conn, COUNTY)
        assert new is not None
        assert (new.version, len(new.line)) == (second.version, 4)
        for table in ("road_network", "road_node", "road_arc", "road_turn"):
            versions = conn.execute(text(f"SELECT DISTINCT version FROM everycell.{table}")).scalars().all()
            assert set(versions) <= {second.version}


def test_who_sees_streets(county: Store, tmp_path: Path) -> None:
    read_in(county, here(tmp_path, SQUARE))
    with as_service(county) as service:
        for village, seen in ((world.VILLAGE, True), ("110101001001", False)):
            with service.read({"everycell.figures_12": f",{village},"}) as conn:
                assert (network_info(conn, COUNTY) is not None) == seen


def test_files_from_elsewhere_are_refused(county: Store, tmp_path: Path) -> None:
    path = extract(tmp_path, SQUARE)
    path.write_text(path.read_text().replace("lon='104.", "lon='9.").replace("lat='34.", "lat='47."))
    with pytest.raises(WrongPlace, match=r"9\.0000–9\.0020 east, 47\.0020–47\.0040 north, the county over 10\d\.\d+–"):
        read_in(county, path)
    with pytest.raises(BadInput, match="holds no streets"):
        read_in(county, extract(tmp_path, ["a1 b1 | building=yes"]))
    with pytest.raises(NotFound, match="110101"):
        read_in(county, path, county_code="110101")
    with pytest.raises(BadInput, match="6 digits"):
        read_in(county, path, county_code="abc")


def test_the_margin() -> None:
    """Streets up to three kilometres outside are taken along, wherever the county lies."""
    outline = shapely.box(104, 34, 104.1, 34.1)
    wide = around(outline)
    metre_east = 1 / 92_350
    assert wide.contains(shapely.Point(104.1 + (MARGIN_M - 10) * metre_east, 34.05))
    assert not wide.contains(shapely.Point(104.1 + (MARGIN_M + 10) * metre_east, 34.05))


def test_of_several_counties_one_is_named(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no county yet"):
        read_in(store, extract(tmp_path, SQUARE))
    path = extract(tmp_path, SQUARE)
    with store.engine.connect() as conn:  # rolled back: these outlines have no cells
        conn.execute(
            text(
                "INSERT INTO everycell.county_outline (county, geom) SELECT n,"
                " ST_Multi(ST_MakeEnvelope(104, 34, 104.1, 34.1, 4490)) FROM unnest(ARRAY[110101, 110102]) n"
            )
        )
        with pytest.raises(BadInput, match="110101, 110102"):
            import_roads(conn, path)
        assert import_roads(conn, path, county_code="110102", now=datetime(2026, 1, 1, tzinfo=UTC)).changed
