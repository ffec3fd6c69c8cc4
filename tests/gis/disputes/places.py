"""Cases for tests, in the small county of `tests.gis.world`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pandas as pd
from sqlalchemy import Connection, text

from gis.access.scope import ALL, RIGHTS, Right, Role
from gis.codes import Level
from gis.disputes import cases
from gis.disputes.cases import Case, Change, NewCase
from gis.disputes.categories import Category, Channel
from gis.disputes.snap_points import SnapPoint, refresh, snaps_of_cell
from gis.disputes.workflow import State, said_with
from gis.households.load import load_dwellings
from tests.gis import world
from tests.gis.world import COUNTY, SETTINGS, Village, cell_code

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TOLD = ALL.settings()


def as_admin(_right: Right, _area: str) -> Role:
    return Role.admin


def as_role(role: Role, area: str = "") -> cases.RoleOf:
    return lambda right, where: role if right in RIGHTS[role] and where.startswith(area) else None


def build(conn: Connection, per_cell: dict[int, int] | None = None, units: int = 1) -> None:
    """The small county with its snap points; a transaction that was told a scope."""
    world.build(conn, per_cell or {1: 40, 2: 12, 3: 5}, units)
    refresh(conn, COUNTY, None, NOW)


def snaps(conn: Connection, number: int = 1) -> list[SnapPoint]:
    return snaps_of_cell(conn, COUNTY, cell_code(number))


def new_case(snap: UUID, category: Category = Category.neighbours, **other: object) -> NewCase:
    values = {
        "id": uuid4(),
        "snap": snap,
        "category": category,
        "channel": Channel.patrol,
        "level": Level.cell,
        "reported_at": NOW - timedelta(days=3),
    }
    return NewCase(**(values | other))  # type: ignore[arg-type]


def register(conn: Connection, *new: NewCase, county: int = COUNTY, at: datetime = NOW) -> Sequence[UUID]:
    done = cases.register(conn, new, counties=[county], role_of=as_admin, settings=SETTINGS, at=at)
    assert (done.accepted, done.refused) == (len(new), [])
    return [case.id for case in new]


def case_in(conn: Connection, number: int = 1, category: Category = Category.neighbours) -> UUID:
    """A new case in a cell."""
    return register(conn, new_case(snaps(conn, number)[0].id, category))[0]


def become(conn: Connection, dispute: UUID, *states: State, at: datetime = NOW, county: int = COUNTY) -> Case:
    """The case after some changes of its state, each with the first code that there is."""
    case = cases.get(conn, [county], dispute)
    for state in states:
        kind = said_with(state)
        wanted = Change(uuid4(), case.version, state=state, code=None if kind is None else next(iter(kind)))
        case, _ = cases.change(conn, [county], dispute, wanted, role_of=as_admin, settings=SETTINGS, at=at)
    return case


THROUGH = (
    State.accepted,
    State.in_mediation,
    State.agreed_written,
    State.performed,
    State.closed,
)


def add_cases(conn: Connection, village: Village, *, id: UUID | None = None, snap: UUID | None = None) -> UUID:
    """A block of ten dwellings in the first cell of a village, its snap point, and a closed case there."""
    lon, lat = village.centre
    place = ["row", "code", "address", "lon", "lat"]
    door = village.door(1, 9)
    homes = [(n, f"{door}-{n}", door, f"{n}室") for n in range(1, 11)]
    load_dwellings(
        conn,
        village.county,
        pd.DataFrame([(1, door, f"{village.sign}村楼", lon, lat + 0.002)], columns=place),
        pd.DataFrame(homes, columns=["row", "code", "doorplate_code", "unit"]),
        SETTINGS,
        today=world.TODAY,
    )
    refresh(conn, village.county, [village.cells[0]], NOW)
    (found,) = snaps_of_cell(conn, village.county, village.cells[0])
    if snap is not None:
        values = {"was": found.id, "snap": snap}
        conn.execute(text("UPDATE everycell.snap_point SET id = :snap WHERE id = :was"), values)
    new = new_case(snap or found.id, id=id or uuid4())
    register(conn, new, county=village.county)
    become(conn, new.id, *THROUGH, county=village.county)
    return new.id
