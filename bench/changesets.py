"""What editing costs in a county of some 2,500 cells and a million households: previewing, publishing and taking back a
split, as the service does it (its role, row policies, the caller's scope), with the commit; the same over HTTP, a PUT
of a cell, and a border moved by SQL, as QGIS saves it.

    ./run bench changesets [--households 1000000] [--quick]

Each turn takes another cell. `NAME_s` are medians, `NAME_worst_s` the slowest; `households_moved` is how many a split
moves.

- add, preview, publish, undo: a split in the middle of the cell; http_preview is its preview over HTTP, the whole JSON
- merge, reshape: two cells of a village united, a strip taken from the neighbours, each published at once
- http_put: the same strip by a PUT with `If-Match`, from the request to the whole answer
- sql_edit: the same strip by SQL, signed in as GIS staff: every cell that changes in one transaction, with the commit

The naive ways, once each (rolled back): `naive_validate_s` compares every pair of cells that meet, and the union of all
with the outline (without looking at what has changed), `naive_reload_s` loads all cells as a file of them is loaded,
`naive_place_s` looks for the cell of every door, `naive_recount_s` counts the figures of every cell. `ratio_NAME` is
that over `publish_s`, or over `preview_s` for what a preview would have to do (place and recount).

At the end everything is recounted: the bench fails where a figure differs.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Final, TypeVar
from uuid import UUID

import geopandas as gpd
import httpx
import shapely
from shapely import LineString
from sqlalchemy import Connection, text

from bench import _ground as ground
from bench.http import serving, token_of
from gis.access import accounts, qgis
from gis.access.scope import Grant, Role, Scope
from gis.cells import changesets
from gis.cells.changesets import Editor
from gis.cells.drafting import net, play
from gis.cells.editing.edit import apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Merge, Operation, Reshape, Split
from gis.cells.history import grid_of
from gis.cells.impact import impact
from gis.cells.load import load_cells
from gis.errors import Conflict
from gis.households.check import check
from gis.households.coverage import default_since, today_in
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service, make_engine

T = TypeVar("T")
Took = dict[str, float]
_LOGIN: Final = "bench"
_SCOPE: Final = Scope.of([Grant(Role.editor, ground.COUNTY_CODE)]).settings()
_EDITOR: Final = Editor(_LOGIN, _SCOPE)
_ITEMS: Final = "/collections/cells/items"


def main() -> None:
    chosen = ground.options(__doc__ or "", households=1_000_000, quick=60_000)
    with ground.own_store(f"changesets-{chosen.households}", fresh=chosen.fresh) as (store, home):
        ground.ensure_county(store, chosen.households, 1)
        with as_service(store) as service, staff(store, home) as editor, serving(home, routed=False) as address:
            signed = {"Authorization": f"Bearer {token_of(store)}"}
            with httpx.Client(base_url=address, headers=signed, timeout=60) as client:
                figures = measure(service, editor, client, turns=5 if chosen.quick else 15)
        figures |= naive(store, figures)
        ground.say("recounting everything")
        with store.read() as conn:
            wrong = list(check(conn, store.settings))
        if wrong:
            raise SystemExit(f"{len(wrong)} figures differ, the first: {wrong[0]}")
    ground.finish("changesets", figures)


@contextmanager
def staff(store: Store, home: Path) -> Iterator[Store]:
    """The store as somebody of the GIS staff has it, signed in to the database."""
    administrator = make_engine(Cluster(home).admin_url, store.settings)
    with administrator.begin() as conn:
        try:
            accounts.add_account(conn, _LOGIN)
        except Conflict:
            pass  # of an earlier run
        else:
            accounts.add_grant(conn, _LOGIN, Grant(Role.editor, ground.COUNTY_CODE))
        if _LOGIN not in {user.login for user in qgis.list_users(conn)}:
            qgis.add_user(conn, _LOGIN, None, str(store.settings.zone))
    administrator.dispose()
    url = store.engine.url.set(username=qgis.role_of(_LOGIN)).render_as_string(hide_password=False)
    engine = make_engine(url, store.settings)
    try:
        yield Store(engine, store.settings)
    finally:
        engine.dispose()


def measure(store: Store, editor: Store, client: httpx.Client, turns: int) -> Took:
    """Seconds of each step, and the size of what was done."""
    with store.read(_SCOPE) as conn:
        grid = grid_of(conn, ground.COUNTY_CODE)
        households = conn.execute(text("SELECT count(*) FROM everycell.household")).scalar_one()
    took: dict[str, list[float]] = {}
    moved: list[int] = []
    for turn, code in enumerate(_codes(grid, turns + 1)):
        work = _Turn(store, editor, client, grid, code)
        work.run()
        if turn:  # the first warms up
            moved.append(work.homes)
            for name, seconds in work.took.items():
                took.setdefault(name, []).append(seconds)
        ground.say(
            f"  {turn:3}  " + "  ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in work.took.items())
        )
    return {
        **{f"{name}_s": statistics.median(seconds) for name, seconds in took.items()},
        **{f"{name}_worst_s": max(seconds) for name, seconds in took.items()},
        "households_moved": statistics.median(moved),
        "cells": len(grid.cells),
        "households": households,
    }


class _Turn:
    """Everything with one cell, each step taken back afterwards. `took` has the seconds."""

    def __init__(self, store: Store, editor: Store, client: httpx.Client, grid: Grid, code: str) -> None:
        self.store, self.editor, self.client, self.grid, self.code = store, editor, client, grid, code
        self.today = today_in(store.settings)
        self.took: Took = {}
        self.homes = 0

    def run(self) -> None:
        self._split()
        strip = _reshape(self.grid, self.code)
        for name, op in (("merge", _merge(self.grid, self.code)), ("reshape", strip)):
            if op is not None and _goes(self.grid, op):
                made = self._timed(name, lambda conn, op=op: self._at_once(conn, op))  # type: ignore[misc]
                self._take_back(made.id)
        if strip is not None and _goes(self.grid, strip):
            self._http_put(strip)
            self._sql_edit(strip)

    def _split(self) -> None:
        draft = self.store.retrying(
            lambda conn: changesets.open_draft(conn, _EDITOR, area=ground.COUNTY_CODE, title="bench"), _SCOPE
        )
        op: Operation = _split(self.grid, self.code)
        draft = self._timed("add", lambda conn: changesets.add_operations(conn, _EDITOR, draft, [op])).changeset
        self.homes = self._timed("preview", lambda conn: _preview(conn, draft.id, self.today))
        begun = time.perf_counter()
        answer = self.client.post(f"/changesets/{draft.id}/preview", json={})
        self._note("http_preview", begun, answer)
        done = self._timed("publish", lambda conn: _publish(conn, draft.id, self.today))
        self._timed("undo", lambda conn: changesets.undo(conn, _EDITOR, done, today=self.today))

    def _http_put(self, strip: Reshape) -> None:
        path = f"{_ITEMS}/{self.code}"
        read = self.client.get(path)
        body = read.json() | {"geometry": shapely.geometry.mapping(strip.polygon)}
        begun = time.perf_counter()
        answer = self.client.put(path, json=body, headers={"If-Match": read.headers["etag"]})
        self._note("http_put", begun, answer)
        self._take_back(UUID(answer.headers["link"].split("/changesets/")[1][:36]))

    def _sql_edit(self, strip: Reshape) -> None:
        change = apply(self.grid, strip, _no_code)
        if change.outline is not None:
            return  # a new node on the outline of the county, which a client of SQL does not bring along
        written = net(self.grid, changed(self.grid, change)).written
        statement = text("UPDATE everycell.cell SET geom = ST_GeomFromWKB(:wkb, 4490) WHERE code = :code")
        begun = time.perf_counter()
        with self.editor.begin() as conn:
            for code, cell in written.items():
                conn.execute(statement, {"code": code, "wkb": shapely.to_wkb(cell.polygon)})
        self.took["sql_edit"] = time.perf_counter() - begun
        with self.store.read(_SCOPE) as conn:
            made = changesets.listed(conn, [ground.COUNTY], status=changesets.Status.published)[0]
        self._take_back(made.id)

    def _at_once(self, conn: Connection, op: Operation) -> changesets.ChangeSet:
        return changesets.edit_now(conn, _EDITOR, area=ground.COUNTY_CODE, title="bench", ops=[op], today=self.today)

    def _take_back(self, id: UUID) -> None:
        def work(conn: Connection) -> None:
            changesets.undo(conn, _EDITOR, changesets.get(conn, [ground.COUNTY], id), today=self.today)

        self.store.retrying(work, _SCOPE)

    def _timed(self, name: str, work: Callable[[Connection], T]) -> T:
        begun = time.perf_counter()
        found = self.store.retrying(work, _SCOPE)
        self.took[name] = time.perf_counter() - begun
        return found

    def _note(self, name: str, begun: float, answer: httpx.Response) -> None:
        self.took[name] = time.perf_counter() - begun
        if answer.status_code != 200:
            raise SystemExit(f"{name}: {answer.status_code} {answer.text[:500]}")


def _preview(conn: Connection, id: UUID, today: date) -> int:
    """How many households would move."""
    worked = changesets.work_out(conn, _EDITOR, changesets.get(conn, [ground.COUNTY], id))
    since = default_since(conn, worked.changeset.area, today)
    found = impact(conn, ground.COUNTY, worked.before, worked.after, since=since, today=today)
    return sum(move.households for move in found.moved)


def _publish(conn: Connection, id: UUID, today: date) -> changesets.ChangeSet:
    return changesets.publish(conn, _EDITOR, changesets.get(conn, [ground.COUNTY], id), today=today)


# ---- what is done


def _codes(grid: Grid, number: int) -> list[str]:
    """Cells that one straight cut divides in two."""
    found: list[str] = []
    for code in Random(5).sample(sorted(grid.cells), len(grid.cells)):
        if _goes(grid, _split(grid, code)):
            found.append(code)
            if len(found) == number:
                break
    return found


def _goes(grid: Grid, op: Operation) -> bool:
    try:
        play(grid, ground.COUNTY_CODE, [op], lambda village: f"{village}999")
    except Refused:
        return False
    return True


def _no_code(village: str) -> str:
    raise AssertionError(f"nothing begins in {village}")


def _split(grid: Grid, code: str) -> Split:
    _, south, _, north = grid.cells[code].polygon.bounds
    middle = shapely.point_on_surface(grid.cells[code].polygon).x
    return Split(code, LineString([(middle, south - 0.001), (middle, north + 0.001)]))


def _merge(grid: Grid, code: str) -> Merge | None:
    """With a cell beside it in its village."""
    own = grid.cells[code]
    for other in grid.near(own.polygon):
        beside = shapely.relate_pattern(own.polygon, grid.cells[other].polygon, "F***1****")
        if other != code and beside and grid.cells[other].village == own.village:
            return Merge((code, other), code)
    return None


def _reshape(grid: Grid, code: str) -> Reshape | None:
    """A strip of ten metres more, where that stays one piece inside the county."""
    wider = shapely.intersection(shapely.buffer(grid.cells[code].polygon, 1e-4, join_style="mitre"), grid.outline)
    return Reshape(code, wider) if isinstance(wider, shapely.Polygon) else None


# ---- the naive ways

_NAIVE: Final = {
    "validate": (
        "SELECT (SELECT ST_Area(ST_SymDifference(ST_Union(c.geom), (SELECT geom FROM everycell.county_outline WHERE"
        " county = :county))) FROM everycell.cell c WHERE c.county = :county AND c.retired_on IS NULL),"
        " (SELECT count(*) FROM everycell.cell a JOIN everycell.cell b ON b.county = a.county AND b.code > a.code AND"
        " b.geom && a.geom WHERE a.county = :county AND a.retired_on IS NULL AND b.retired_on IS NULL"
        " AND ST_Relate(a.geom, b.geom, 'T********') AND ST_Area(ST_Intersection(a.geom, b.geom)) > 1e-12)"
    ),
    "place": (
        "SELECT count(*) FROM everycell.doorplate d WHERE d.county = :county"
        " AND everycell.cell_at(d.county, d.geom) IS DISTINCT FROM d.cell"
    ),
    "recount": (
        "SELECT everycell.recount_cells(:county, ARRAY(SELECT code FROM everycell.cell WHERE county = :county))"
    ),
}


def naive(store: Store, figures: Mapping[str, float]) -> Took:
    """Seconds of what nobody does, each once in a transaction that is rolled back, and how many times longer."""
    took = {}
    with store.engine.connect() as conn:
        for name, statement in _NAIVE.items():
            begun = time.perf_counter()
            conn.execute(text(statement), {"county": ground.COUNTY})
            took[name] = time.perf_counter() - begun
            conn.rollback()
            ground.say(f"  naive: {name} {took[name]:.1f} s")
        took["reload"] = _reload(conn, today_in(store.settings))
        conn.rollback()
        ground.say(f"  naive: reload {took['reload']:.1f} s")
    over = dict.fromkeys(took, "publish_s") | {"place": "preview_s", "recount": "preview_s"}
    ratios = {f"ratio_{name}": seconds / figures[over[name]] for name, seconds in took.items()}
    return {f"naive_{name}_s": seconds for name, seconds in took.items()} | ratios


def _reload(conn: Connection, today: date) -> float:
    grid = grid_of(conn, ground.COUNTY_CODE)
    after = changed(grid, apply(grid, _split(grid, _codes(grid, 1)[0]), lambda village: f"{village}998"))
    rows = [_row(n, cell) for n, cell in enumerate(after.cells.values(), start=1)]
    columns = ["row", "code", "village", "name", "kind", "geometry"]
    frame = gpd.GeoDataFrame(rows, columns=columns, crs=4490)
    begun = time.perf_counter()
    load_cells(conn, ground.COUNTY, frame, today=today, enclaves=True)
    conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    return time.perf_counter() - begun


def _row(number: int, cell: Cell) -> tuple[object, ...]:
    return number, cell.code, cell.village, cell.name, cell.kind, cell.polygon


if __name__ == "__main__":
    main()
