"""Snap points in the database: each stands for eight dwellings, whatever happens to doors and cells, by whichever
client; a case never waits at one that stands for fewer."""

from __future__ import annotations

import random
from datetime import timedelta
from uuid import UUID

import pytest
from shapely import LineString
from sqlalchemy import Connection, text

from gis.access.scope import Grant, Role, Scope
from gis.cells import changesets
from gis.cells.changesets import Editor
from gis.cells.editing.operations import Merge, Split
from gis.disputes import cases
from gis.disputes.categories import Category
from gis.disputes.snap_points import refresh, snap_place
from gis.errors import NotAllowed, NotFound
from gis.households.load import load_dwellings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.gis import world
from tests.gis.cells.test_direct_edits import signed_in
from tests.gis.disputes.places import NOW, TOLD, build, case_in, new_case, register, snaps
from tests.gis.world import COUNTY, SETTINGS, SOUTH, STEP, TODAY, VILLAGE, WEST, cell_code

HERE = [COUNTY]


def counted(conn: Connection) -> dict[UUID, int]:
    """What each live snap point stands for, reckoned apart from the database's own function."""
    xy = "ST_X(geom) AS x, ST_Y(geom) AS y"
    doors = conn.execute(text(f"SELECT cell, {xy}, households FROM everycell.doorplate")).all()
    live = conn.execute(text(f"SELECT id, cell, {xy} FROM everycell.snap_point WHERE ended_at IS NULL")).all()
    found = dict.fromkeys((one.id for one in live), 0)
    for door in doors:
        own = [one for one in live if one.cell == door.cell]
        if own:
            # cos(34.5°) in the place of a projection: the same order of distances in so small an area.
            near = min(own, key=lambda one: ((one.x - door.x) * 0.824) ** 2 + (one.y - door.y) ** 2)
            found[near.id] += door.households
    return found


def sound(conn: Connection) -> None:
    """Every live snap point stands for eight, and for no fewer than it says; every case is where its live one is."""
    conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    stands_for = counted(conn)
    assert min(stands_for.values(), default=8) >= 8
    told = conn.execute(text("SELECT id, dwellings FROM everycell.snap_point WHERE ended_at IS NULL"))
    assert all(8 <= row.dwellings <= stands_for[row.id] for row in told)
    wrong = text(
        "SELECT count(*) FROM everycell.dispute d JOIN everycell.snap_point s ON s.county = d.county AND s.id = d.snap"
        " WHERE s.cell <> d.cell OR s.ended_at IS NOT NULL OR s.cell <> everycell.cell_at(s.county, s.geom)"
    )
    assert conn.execute(wrong).scalar() == 0
    areas = text(
        "SELECT count(*) FROM everycell.dispute d JOIN everycell.dispute_event e ON e.dispute = d.id"
        " WHERE e.area <> d.area"
    )
    assert conn.execute(areas).scalar() == 0


def test_each_stands_for_eight_dwellings(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn, {1: 40, 2: 12, 3: 8, 4: 7})
        sound(conn)
        assert len(snaps(conn, 1)) > 1
        assert [len(snaps(conn, n)) for n in (3, 4, 5)] == [1, 0, 0]
        assert sum(one.dwellings for one in snaps(conn, 1)) == 40
        assert [one.dwellings for one in snaps(conn, 1)] == sorted((o.dwellings for o in snaps(conn, 1)), reverse=True)
        assert refresh(conn, COUNTY, None, NOW) == 0, "nothing has changed"


def test_a_place_goes_to_the_nearest_of_its_cell(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        for one in snaps(conn, 1):
            assert snap_place(conn, HERE, one.lon + 1e-5, one.lat, NOW).id == one.id
        assert {snap_place(conn, HERE, WEST + STEP * 1.5, SOUTH + 0.001, NOW).cell} == {cell_code(2)}


def test_where_too_few_live_a_place_goes_to_its_village(store: Store) -> None:
    """A case there is a case of the cell that its snap point lies in: the empty cell would tell where it was."""
    with store.begin(TOLD) as conn:
        build(conn)
        assert snaps(conn, 3) == []
        found = snap_place(conn, HERE, WEST + STEP * 2.5, SOUTH + 0.001, NOW)
        assert found.cell == cell_code(2)
        (made,) = register(conn, new_case(found.id))
        assert cases.get(conn, HERE, made).area == cell_code(2)


def test_where_nobody_lives_there_is_no_case(store: Store) -> None:
    with store.begin(TOLD) as conn:
        world.build(conn, {1: 5})
        with pytest.raises(NotFound, match="eight dwellings"):
            snap_place(conn, HERE, WEST + 0.001, SOUTH + 0.001, NOW)
        with pytest.raises(NotAllowed) as caught:
            snap_place(conn, HERE, 103.5, SOUTH, NOW)
        assert "103" not in caught.value.message


def test_places_are_made_in_the_callers_area_only(store: Store) -> None:
    with store.begin(TOLD) as conn:
        world.build(conn, {1: 20, 2: 20})
    scope = Scope.of([Grant(Role.operator, cell_code(1))]).settings()
    with as_service(store) as app, app.begin(scope) as conn:
        assert snap_place(conn, HERE, WEST + 0.001, SOUTH + 0.001, NOW).cell == cell_code(1)
        with pytest.raises(NotAllowed):
            snap_place(conn, HERE, WEST + STEP * 1.5, SOUTH + 0.001, NOW)
    with store.read() as conn:
        assert set(conn.execute(text("SELECT cell FROM everycell.snap_point")).scalars()) == {cell_code(1)}


def test_dwellings_that_go_take_their_snap_point_along(store: Store) -> None:
    """In the very transaction in which they go, by plain SQL; the cases go to what is left, at last to the village."""
    with store.begin(TOLD) as conn:
        build(conn)
        for one in snaps(conn, 1):
            register(conn, new_case(one.id), new_case(one.id, Category.family))
    gone = text(
        "UPDATE everycell.household SET status = 'exempt' WHERE id IN ("
        " SELECT id FROM everycell.household WHERE status = 'active' AND cell = :cell ORDER BY code LIMIT 3)"
    )
    while True:
        with store.begin() as conn:
            if not conn.execute(gone, {"cell": cell_code(1)}).rowcount:
                break
            sound(conn)
    with store.begin(TOLD) as conn:
        assert snaps(conn, 1) == []
        assert set(conn.execute(text("SELECT cell FROM everycell.dispute")).scalars()) == {cell_code(2)}


def test_where_no_place_is_left_a_case_waits_without_one(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn, {1: 12})
        made = case_in(conn)
        conn.execute(text("DELETE FROM everycell.household; DELETE FROM everycell.doorplate"))
    with store.begin(TOLD) as conn:
        case = cases.get(conn, HERE, made)
        assert (case.area, case.lon, case.lat) == (cell_code(1), None, None)
    with store.begin(TOLD) as conn:
        doors, homes = world.dwellings({4: 9})
        load_dwellings(conn, COUNTY, doors, homes, world.SETTINGS, today=TODAY)
        refresh(conn, COUNTY, None, NOW)
        assert cases.get(conn, HERE, made).area == cell_code(4)


def test_an_import_and_doors_that_move_keep_it_too(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        for one in snaps(conn, 1):
            register(conn, new_case(one.id))
    with store.begin() as conn:
        conn.execute(
            text("UPDATE everycell.doorplate SET geom = ST_Translate(geom, 0.01, 0) WHERE cell = :cell AND id % 3 > 0"),
            {"cell": cell_code(1)},
        )
        sound(conn)
    with store.begin() as conn:
        doors, homes = world.dwellings({2: 12})
        load_dwellings(conn, COUNTY, doors, homes.assign(status="exempt"), world.SETTINGS, today=TODAY)
        sound(conn)


def test_new_dwellings_get_places_of_their_own(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn, {1: 12})
        before = {one.id for one in snaps(conn)}
        made = case_in(conn)
        doors, homes = world.dwellings({1: 60})
        load_dwellings(conn, COUNTY, doors, homes, world.SETTINGS, today=TODAY)
        sound(conn)
        assert {one.id for one in snaps(conn)} == before, "not before they are made anew"
        assert refresh(conn, COUNTY, [cell_code(1)], NOW) == 1
        sound(conn)
        assert len(snaps(conn)) > 2
        assert not before & {one.id for one in snaps(conn)}
        assert cases.get(conn, HERE, made).lon is not None


def test_a_form_that_waited_names_a_snap_point_that_has_ended(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        old = snaps(conn)[0]
        first = new_case(old.id)
        register(conn, first)
        make(conn, [old.lon], [old.lat])
        late = new_case(old.id)
        done = cases.register(
            conn, [first, late], counties=HERE, role_of=lambda *_: Role.admin, settings=SETTINGS, at=NOW
        )
        assert (done.accepted, done.repeated) == (1, 1)
        sound(conn)


def test_what_the_program_asks_for_is_not_believed(store: Store) -> None:
    """A point for three dwellings, one in another cell: neither begins."""
    with store.begin(TOLD) as conn:
        build(conn, {1: 20})
        lon, lat = WEST + STEP * 0.1, SOUTH + STEP * 0.1
        assert make(conn, [lon, lon + 0.002, 104.015], [lat, lat, lat]) == 1
        sound(conn)


def make(conn: Connection, lons: list[float], lats: list[float]) -> int:
    statement = "SELECT everycell.make_snap_points(:county, :cell, CAST(:x AS float8[]), CAST(:y AS float8[]), :at)"
    values = {"county": COUNTY, "cell": cell_code(1), "x": lons, "y": lats, "at": NOW}
    return int(conn.execute(text(statement), values).scalar_one())


# ---- the grid changes


def edit(store: Store, *ops: object) -> None:
    with store.begin(TOLD) as conn:
        changesets.edit_now(conn, Editor("li", TOLD), area=VILLAGE, title="改", ops=list(ops), today=TODAY)  # type: ignore[arg-type]


def across(number: int = 1) -> LineString:
    """Between the doors of a cell, which stand in its south-west."""
    x = round(WEST + (number - 0.74) * STEP, 8)
    return LineString([(x, SOUTH - 0.001), (x, SOUTH + STEP + 0.001)])


def test_cases_follow_their_snap_point_when_a_cell_is_split_and_merged(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        made = {one: register(conn, new_case(one.id))[0] for one in snaps(conn, 1)}
    edit(store, Split(cell_code(1), across()))
    with store.begin(TOLD) as conn:
        sound(conn)
        halves = {cases.get(conn, HERE, each).area for each in made.values()}
        left = conn.execute(
            text("SELECT everycell.cell_at(:county, ST_SetSRID(ST_MakePoint(:x, :y), 4490))"),
            {"county": COUNTY, "x": WEST + 0.0001, "y": SOUTH + 0.0001},
        ).scalar()
        assert halves == {cell_code(1), cell_code(7)}
        for snap, dispute in made.items():
            case = cases.get(conn, HERE, dispute)
            if (case.lon, case.lat) == (snap.lon, snap.lat):
                assert (case.area == left) == (snap.lon < WEST + 0.26 * STEP)
        refresh(conn, COUNTY, None, NOW)
        sound(conn)
    edit(store, Merge((cell_code(1), cell_code(7)), cell_code(1)))
    with store.begin(TOLD) as conn:
        sound(conn)
        assert {cases.get(conn, HERE, each).area for each in made.values()} == {cell_code(1)}


def test_who_edits_with_sql_cannot_talk_the_database_out_of_it(store: Store, cluster: Cluster) -> None:
    """GIS staff may set every setting, and decide when constraints are checked."""
    with store.begin(TOLD) as conn:
        build(conn)
        for one in snaps(conn, 1):
            register(conn, new_case(one.id))
    for li in signed_in(store, cluster, "li", "990101"):
        with li.begin() as conn:
            conn.execute(text("UPDATE everycell.household SET status = 'exempt' WHERE code LIKE '990101-D001-00%'"))
            conn.execute(text("SELECT set_config('everycell.thin_990101', '', true)"))
        with store.begin() as conn:
            sound(conn)
            left = conn.execute(text("SELECT count(*) FROM everycell.dispute WHERE cell = :c"), {"c": cell_code(1)})
            assert left.scalar() == 0
            conn.execute(text("UPDATE everycell.household SET status = 'active'"))
        with store.begin(TOLD) as conn:
            refresh(conn, COUNTY, None, NOW)
            for one in snaps(conn, 1):
                register(conn, new_case(one.id))
        with li.begin() as conn:
            conn.execute(text("SET CONSTRAINTS everycell.cell_tiling_snaps IMMEDIATE"))
            conn.execute(
                text(
                    "UPDATE everycell.cell SET geom = ST_SetSRID(ST_MakeEnvelope(:west, 34.5, :east, 34.51), 4490)"
                    " WHERE code = :code"
                ),
                [
                    {"west": WEST, "east": WEST + 0.26 * STEP, "code": cell_code(1)},
                    {"west": WEST + 0.26 * STEP, "east": WEST + 2 * STEP, "code": cell_code(2)},
                ],
            )
        with store.begin() as conn:
            sound(conn)


def test_any_history_keeps_it(store: Store) -> None:
    """A year of imports, moves, exemptions, splits and merges, by chance, with cases coming in all the while."""
    rng = random.Random(4)
    with store.begin(TOLD) as conn:
        build(conn, {1: 30, 2: 20, 3: 9, 4: 16, 5: 3})
    for n in range(12):
        with store.begin(TOLD) as conn:
            live = list(conn.execute(text("SELECT id FROM everycell.snap_point WHERE ended_at IS NULL")).scalars())
            at = NOW + timedelta(days=n)
            if live:
                cases.register(
                    conn,
                    [new_case(rng.choice(live))],
                    counties=HERE,
                    role_of=lambda *_: Role.admin,
                    settings=SETTINGS,
                    at=at,
                )
            if n % 3 == 0:
                refresh(conn, COUNTY, None, at)
            statement = rng.choice(
                [
                    "UPDATE everycell.household SET status = 'exempt' WHERE abs(hashtext(code || :n)) % 6 = 0",
                    "UPDATE everycell.household SET status = 'active' WHERE abs(hashtext(code || :n)) % 3 = 0",
                    "UPDATE everycell.doorplate SET geom = ST_Translate(geom, 0, 0.0004) WHERE id % 4 = length(:n)",
                    "DELETE FROM everycell.household WHERE abs(hashtext(code || :n)) % 12 = 0",
                ]
            )
            conn.execute(text(statement), {"n": str(n)})
            sound(conn)
        if n in (3, 7):
            edit(store, Split(cell_code(1 if n == 3 else 2), across(1 if n == 3 else 2)))
            with store.begin(TOLD) as conn:
                sound(conn)


def test_the_table_itself_refuses_a_place_for_fewer(store: Store) -> None:
    with store.begin(TOLD) as conn:
        build(conn)
        statement = text("UPDATE everycell.snap_point SET dwellings = 7 WHERE ended_at IS NULL")
        with pytest.raises(Exception, match="ck_snap_point_dwellings"):
            conn.execute(statement)
