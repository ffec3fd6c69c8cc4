"""What noting the reads of GIS staff costs them: the same reads of doorplates by SQL under the policy that has them
noted in the audit, and under one that only asks for the areas.

    ./run bench direct_reads [--households 200000] [--quick]

Read as QGIS reads: a cursor in a read-only transaction. `box` is about 1,000 doors around a place, `layer` is
the whole table. Figures are ratios noted / not noted, once the hour's note is there; `first_ms` is the read of a box
that makes the note.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from sqlalchemy import Connection, create_engine, make_url, text

from bench import _ground as ground
from gis.access import accounts, qgis
from gis.access.scope import Grant, Role
from gis.storage.cluster import Cluster
from gis.storage.engine import Store

_DOORS = 1_000
Box = tuple[float, float, float, float]
_NOTED, _BARE = "bench-noted", "bench-bare"
_CODES = """ARRAY['', "left"(cell, 6), "left"(cell, 9), "left"(cell, 12), cell]"""


def main() -> None:
    chosen = ground.options(__doc__ or "", households=200_000, quick=40_000)
    with ground.own_store(f"direct-reads-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ground.ensure_county(store, chosen.households, 0)
        with readers(store, home) as connect:
            measure(store, connect, boxes=5 if chosen.quick else 20, repeats=15)


@contextmanager
def readers(store: Store, home: Path) -> Iterator[Callable[[str], Any]]:
    """Connects as one of two editors of the county: what the first reads is noted, what the second reads is not."""
    engine = create_engine(Cluster(home).admin_url)
    with store.begin() as conn:
        known = {account.login for account in accounts.list_accounts(conn)}
        for login in {_NOTED, _BARE} - known:
            accounts.add_account(conn, login)
            accounts.add_grant(conn, login, Grant(Role.editor, ground.COUNTY_CODE))
    with engine.begin() as conn:
        for login in (_NOTED, _BARE):
            qgis.add_user(conn, login, None, "UTC")
        _bare_policy(conn)
    try:
        yield lambda login: psycopg2.connect(
            make_url(Cluster(home).admin_url)
            .set(drivername="postgresql", username=qgis.role_of(login))
            .render_as_string(hide_password=False)
        )
    finally:
        with engine.begin() as conn:
            conn.execute(text("DROP POLICY bench ON everycell.doorplate"))
            conn.execute(text("DROP OWNED BY bench_bare"))
            for login in (_NOTED, _BARE):
                qgis.remove_user(conn, login)
            conn.execute(text("DROP ROLE bench_bare"))
        engine.dispose()


def _bare_policy(conn: Connection) -> None:
    """A role like everycell_editor whose policy has nothing noted."""
    name = f'"{qgis.role_of(_BARE)}"'
    for statement in (
        "CREATE ROLE bench_bare NOLOGIN",
        f"REVOKE everycell_editor FROM {name}",
        f"GRANT bench_bare TO {name}",
        "GRANT USAGE ON SCHEMA everycell TO bench_bare",
        "GRANT SELECT ON everycell.doorplate TO bench_bare",
        "GRANT EXECUTE ON FUNCTION everycell.edit_areas() TO bench_bare",
        f"CREATE POLICY bench ON everycell.doorplate TO bench_bare USING ({_CODES} && (SELECT everycell.edit_areas()))",
    ):
        conn.exec_driver_sql(statement)


def measure(store: Store, connect: Callable[[str], Any], boxes: int, repeats: int) -> None:
    """Time both ways on the same boxes, in turn, and on the whole layer."""
    here = _boxes(store, boxes)
    with closing(connect(_NOTED)) as noted, closing(connect(_BARE)) as bare:
        first = ground.medians(ground.interleaved({"first": lambda: _read(noted, here[0])}, 1, warm_up=0))["first"]
        sizes = [_read(noted, box) for box in here]
        if sizes != [_read(bare, box) for box in here]:
            raise SystemExit("the two ways read different doors: nothing to compare")
        boxes = [_medians(noted, bare, box, repeats) for box in here]
        layer = _medians(noted, bare, None, repeats)
        doors = _read(noted, None)
    box = {way: sum(took[way] for took in boxes) / len(boxes) for way in layer}
    ground.finish(
        "direct_reads",
        {
            "doors": doors,
            "doors_a_box": sum(sizes) / len(sizes),
            "box_ms": box["noted"] * 1e3,
            "first_ms": first * 1e3,
            "box_noted_vs_bare": box["noted"] / box["bare"],
            "layer_noted_vs_bare": layer["noted"] / layer["bare"],
        },
    )


def _medians(noted: Any, bare: Any, box: Box | None, repeats: int) -> dict[str, float]:
    """Seconds of the same read both ways, in turn."""
    return ground.medians(
        ground.interleaved({"bare": lambda: _read(bare, box), "noted": lambda: _read(noted, box)}, repeats)
    )


def _boxes(store: Store, number: int) -> list[Box]:
    """Boxes around places with about so many doors in each: as far as the thousandth nearest door."""
    with store.read() as conn:
        rows = conn.execute(
            text(
                "SELECT ST_X(p.geom) AS x, ST_Y(p.geom) AS y, ("
                " SELECT max(ST_Distance(n.geom, p.geom)) FROM ("
                " SELECT geom FROM everycell.doorplate WHERE county = :county ORDER BY geom <-> p.geom LIMIT :doors) n)"
                " AS reach"
                " FROM (SELECT geom FROM everycell.doorplate WHERE county = :county ORDER BY md5(code) LIMIT :number) p"
            ),
            {"county": ground.COUNTY, "doors": _DOORS, "number": number},
        ).all()
    return [(r.x - r.reach * 0.88, r.y - r.reach * 0.88, r.x + r.reach * 0.88, r.y + r.reach * 0.88) for r in rows]


def _read(connection: Any, box: Box | None) -> int:
    """How many doors there are; all are fetched."""
    where = " WHERE geom && ST_MakeEnvelope(%s, %s, %s, %s, 4490)" if box else ""
    columns = "ST_AsBinary(geom, 'NDR'), id, code::text, address::text, never::text, due_on::text"
    number = 0
    with connection.cursor() as cursor:
        cursor.execute("BEGIN READ ONLY")
        cursor.execute(f"DECLARE one CURSOR FOR SELECT {columns} FROM everycell.doorplate{where}", box)
        while True:
            cursor.execute("FETCH FORWARD 2000 FROM one")
            rows = cursor.fetchall()
            number += len(rows)
            if not rows:
                break
        cursor.execute("ROLLBACK")
    return number


if __name__ == "__main__":
    main()
