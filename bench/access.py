"""What row policies cost a tile: the same tiles of doorplates read by the owner, whom no policy holds, and as the
service's role within a scope.

    ./run bench access [--households 1000000] [--quick]

`scoped_vs_unscoped` is the time of all tiles with the county as scope to that of the owner: the same bytes. `villages`
is the same with every village named one by one in the scope (many grants), `one_village` a caller of one village, whose
tiles hold less. `leaking` shows what the policies would cost if PostGIS's `&&` were not declared LEAKPROOF.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from sqlalchemy import create_engine, text

from api.features import tiles
from bench import _ground as ground
from gis.access.scope import Grant, Role, Scope
from gis.households.coverage import today_in
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service

_ZOOMS = (14, 15, 16, 17)
_OVERLAPS = "public.geometry_overlaps(public.geometry, public.geometry)"


def main() -> None:
    chosen = ground.options(__doc__ or "", households=1_000_000, quick=60_000)
    with ground.own_store(f"access-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ground.ensure_county(store, chosen.households, 1)  # tiles know nothing of how many visits there were
        with as_service(store) as service:
            measure(store, service, home, tiles_a_zoom=3 if chosen.quick else 12, repeats=5 if chosen.quick else 9)


def measure(store: Store, service: Store, home: Path, tiles_a_zoom: int, repeats: int) -> None:
    """Time every way on the same tiles, in turn."""
    here = _tiles(store, tiles_a_zoom)
    with store.read() as conn:
        villages = list(
            conn.execute(text("SELECT code FROM everycell.division WHERE level = 'village' ORDER BY code")).scalars()
        )
    county, every = _scope(ground.COUNTY_CODE), _scope(*villages)
    same = _bytes(store, here, None) == _bytes(service, here, county) == _bytes(service, here, every)
    if not same:
        raise SystemExit("the scoped tiles differ from the owner's: nothing to compare")
    ways: dict[str, Callable[[], object]] = {
        "unscoped": lambda: _bytes(store, here, None),
        "scoped": lambda: _bytes(service, here, county),
        "villages": lambda: _bytes(service, here, every),
        "one_village": lambda: _bytes(service, here, _scope(villages[0])),
    }
    took = ground.medians(ground.interleaved(ways, repeats))
    ground.say("once more without the declaration")
    try:
        _declare(home, "NOT LEAKPROOF")
        took |= ground.medians(ground.interleaved({"leaking": lambda: _bytes(service, here[:8], county)}, 2))
        part = ground.medians(ground.interleaved({"part": lambda: _bytes(store, here[:8], None)}, 2))["part"]
    finally:
        _declare(home, "LEAKPROOF")
    ground.finish(
        "access",
        {
            "tiles": len(here),
            "tile_ms": took["unscoped"] / len(here) * 1e3,
            "scoped_vs_unscoped": took["scoped"] / took["unscoped"],
            "villages_vs_unscoped": took["villages"] / took["unscoped"],
            "one_village_vs_unscoped": took["one_village"] / took["unscoped"],
            "leaking_vs_unscoped": took["leaking"] / part,
        },
    )


def _scope(*areas: str) -> dict[str, str]:
    return Scope.of(Grant(Role.operator, area) for area in areas).settings()


def _tiles(store: Store, each: int) -> list[tiles.Tile]:
    """Tiles with doors in them, so many at each zoom."""
    random = Random(3)
    with store.read() as conn:
        points = conn.execute(
            text("SELECT ST_X(geom), ST_Y(geom) FROM everycell.doorplate WHERE county = :county ORDER BY id"),
            {"county": ground.COUNTY},
        ).all()
    found = []
    for zoom in _ZOOMS:
        for lon, lat in random.sample(points, each):
            found.append(_tile(lon, lat, zoom))
    return found


def _tile(lon: float, lat: float, zoom: int) -> tiles.Tile:
    import math

    side = 2**zoom
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return tiles.Tile(zoom, int((lon + 180) / 360 * side), int(y * side))


def _bytes(store: Store, here: list[tiles.Tile], scope: dict[str, str] | None) -> list[int]:
    """The size of each tile, each read in a transaction of its own as a request reads it."""
    since = today_in(store.settings)
    sizes = []
    for tile in here:
        with store.read(scope) as conn:
            sizes.append(len(tiles.doors(conn, tile, [ground.COUNTY], since).content))
    return sizes


def _declare(home: Path, how: str) -> None:
    engine = create_engine(Cluster(home).admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text(f"ALTER FUNCTION {_OVERLAPS} {how}"))
    engine.dispose()


if __name__ == "__main__":
    main()
