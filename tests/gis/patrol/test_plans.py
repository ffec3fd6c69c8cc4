"""Plans in storage: asked for, found, changed, taken back."""

from __future__ import annotations

from gis.storage.engine import Store
from tests.gis import world
from tests.gis.patrol import planning


def test_a_plan_is_found_and_kept(store: Store) -> None:
    with store.begin() as conn:
        world.build(conn, {1: 7, 2: 5}, units=2)
    plan = planning.planned(store, planning.body())
    assert plan.status == "planned"
    assert sum(stop.seq is not None for stop in plan.stops) > 0
