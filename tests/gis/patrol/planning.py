"""Plans for tests: asked for in the small county of `tests.gis.world`, found without a process of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from gis.access.scope import ALL
from gis.patrol import plans
from gis.patrol.asking import parse_asked
from gis.patrol.jobs import find_here
from gis.patrol.stored import StoredPlan
from gis.storage.engine import Store
from tests.gis import world

AREA = world.VILLAGE
A1: dict[str, Any] = {
    "code": "A1",
    "mode": "foot",
    "station": {"lon": 104.005, "lat": 34.505},
    "shift": ["09:00", "13:00"],
}
B2: dict[str, Any] = A1 | {"code": "B2", "mode": "car", "station": {"lon": 104.015, "lat": 34.505}}


def body(**more: Any) -> dict[str, Any]:
    """A plan as it is asked for."""
    return {"id": str(uuid4()), "area": AREA, "on": str(world.TODAY), "teams": [A1, B2], **more}


def asked(store: Store, sent: dict[str, Any]) -> StoredPlan:
    """A plan that waits."""

    def work(conn: Any) -> StoredPlan:
        return plans.create(conn, parse_asked(sent), sent, by="li", cases=True)[0]

    return store.retrying(work, ALL.settings())


def read(store: Store, id: UUID) -> StoredPlan:
    with store.read(ALL.settings()) as conn:
        return plans.get(conn, [world.COUNTY], id)


def planned(store: Store, sent: dict[str, Any]) -> StoredPlan:
    """A plan whose routes are found."""
    return found(store, asked(store, sent).id)


def found(store: Store, id: UUID) -> StoredPlan:
    """Find the routes of a plan that waits, here and now."""
    with store.begin(ALL.settings()) as conn:
        return find_here(conn, world.COUNTY, id, store.settings.zone)
