"""Change sets in memory, over the real operations on the grid: what the editor asks of the service, for what the real
one is slow or unable to show on demand (refusals, a colleague who publishes in between, broken answers)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Event
from typing import Any

import numpy as np
import shapely
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from shapely import LineString
from shapely.geometry import shape
from starlette.concurrency import run_in_threadpool

from api.proposals import told
from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.partition import Range
from gis.cells.cutting.proposals import Ask, propose
from gis.cells.cutting.village import Village
from gis.cells.drafting import same
from gis.cells.editing.edit import Change, apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import Operation, Recut, as_json
from gis.cells.editing.parse import parse_operation
from gis.cells.impact import across_min, compactness
from gis.crs import to_metric
from gis.errors import BadInput
from gis.households.unvisited import UnvisitedHousehold
from tests.maps import fake

AT = "2026-11-22T09:00:00+08:00"
WHO = "zhang"
Json = dict[str, Any]


@dataclass
class ChangeSet:
    """One change set; `base` is the grid it was begun on, `before` what it replaced when it was published."""

    id: str
    title: str
    area: str
    base: Grid
    created_by: str
    status: str = "draft"
    ops: list[Operation] = field(default_factory=list)
    valid_from: str | None = None
    undoes: str | None = None
    before: Grid | None = None
    lineage: tuple[tuple[str, str], ...] = ()

    def told(self, *, short: bool = False) -> Json:
        """What the service tells of it."""
        steps = [{"seq": number, "op": as_json(op)} for number, op in enumerate(self.ops, 1)]
        told: Json = {
            "id": self.id,
            "title": self.title,
            "status": self.status,
            "county": int(self.area[:6]),
            "area": self.area,
            "base": 1,
            "created_at": AT,
            "created_by": self.created_by,
            "valid_from": self.valid_from,
            "published_at": AT if self.status == "published" else None,
            "undoes": self.undoes,
        }
        return told | ({"num_ops": len(steps)} if short else {"ops": steps})


@dataclass
class Outcome:
    """What operations come to: the grid after them, as they were applied, and what each changed."""

    grid: Grid
    ops: list[Operation]
    changes: list[Change]

    def touched(self) -> set[str]:
        """The codes that were written or retired."""
        return {code for change in self.changes for code in (*change.written, *change.retired)}


class FakeGrid:
    """The grid of the made-up county with its change sets.

    `cases` and `plans` are how many a preview says it touches, `who` is the name of whoever asks.
    """

    def __init__(self, cells: Mapping[str, Any], households: Sequence[UnvisitedHousehold]) -> None:
        listed = [_cell(feature) for feature in cells["features"]]
        self.live = Grid(listed, shapely.union_all([cell.polygon for cell in listed]))
        self.households = list(households)
        self.used = {cell.code for cell in listed}
        self.sets: dict[str, ChangeSet] = {}
        self.cases: int | None = 2
        self.plans: int | None = None
        self.who = WHO
        self.answers = Event()  # proposals are answered while it is set
        self.answers.set()

    # --- what the service does ----------------------------------------------------------------------------------

    def begin(self, title: str, area: str, who: str = "") -> ChangeSet:
        """A new draft."""
        number = len(self.sets) + 1
        made = ChangeSet(f"00000000-0000-4000-8000-{number:012}", title, area, self.live, who or self.who)
        self.sets[made.id] = made
        return made

    def outcome(self, ops: Iterable[Operation], grid: Grid | None = None) -> Outcome:
        """Apply operations in turn. Raises Refused, BadInput."""
        result = Outcome(grid or self.live, [], [])
        taken = set(self.used)

        def next_code(village: str) -> str:
            numbers = [int(code[12:]) for code in taken if code.startswith(village)]
            code = f"{village}{max(numbers, default=0) + 1:03}"
            taken.add(code)
            return code

        for op in ops:
            change = apply(result.grid, op, next_code)
            taken |= change.written.keys()
            result.grid = changed(result.grid, change)
            result.ops.append(change.operation)
            result.changes.append(change)
        return result

    def base_of(self, made: ChangeSet) -> Grid:
        """The grid that a draft stands on: what is live, unless others changed what it changes."""
        return made.base if made.ops and self._conflicts(made) else self.live

    def add(self, made: ChangeSet, ops: Sequence[Operation]) -> None:
        """Store operations in a draft. Raises Refused."""
        base = self.base_of(made)
        made.ops = self.outcome([*made.ops, *ops], base).ops
        made.base = base

    def publish(self, made: ChangeSet, valid_from: str | None = None) -> None:
        """Put a draft into the grid. Raises Stale where others changed the same cells since it was begun."""
        conflicts = self._conflicts(made)
        if conflicts:
            raise Stale(conflicts)
        outcome = self.outcome(made.ops)
        made.valid_from = valid_from or fake.TODAY.isoformat()
        made.status = "published" if made.valid_from <= fake.TODAY.isoformat() else "scheduled"
        if made.status == "published":
            made.lineage = tuple(pair for change in outcome.changes for pair in change.lineage)
            self._put(made, outcome.grid)

    def publish_elsewhere(self, *ops: Json, title: str = "同事的调整", who: str = "li") -> ChangeSet:
        """What a colleague does in the same moment."""
        made = self.begin(title, fake.code_at(0, 0)[:6], who)
        made.ops = self.outcome([parse_operation(op) for op in ops]).ops
        self.publish(made)
        return made

    def propose(self, made: ChangeSet, body: Json) -> Json:
        """Have a village cut or balanced, as a step of a draft; the rows of cells are its streets."""
        kind, village, (least, most) = body["kind"], body["village"], body["households"]
        grid = self.outcome(made.ops, self.base_of(made)).grid
        proposal = propose(self._village(village, grid), Ask(kind, Range(least, most), body["seed"]))
        if proposal.operation is not None:
            self.add(made, [proposal.operation])
            applied = made.ops[-1]
            assert isinstance(applied, Recut)
            proposal = proposal.coded(applied)
        return made.told() | {"proposal": told(proposal)}

    def _village(self, code: str, grid: Grid) -> Village:
        cells = {cell.code: cell.polygon for cell in grid.cells.values() if cell.village == code}
        here = np.isin(self.cells_of(grid), list(cells))
        doors: dict[tuple[float, float], int] = {}
        for one in (one for one, inside in zip(self.households, here, strict=True) if inside):
            doors[one.lon, one.lat] = doors.get((one.lon, one.lat), 0) + 1
        rows = [LineString([(fake.WEST - 1, y), (fake.WEST + 1, y)]) for y in fake.SOUTH + fake.SIDE * np.arange(9) / 2]
        return Village(
            code=code,
            name="南川村",
            cells=cells,
            names={cell: grid.cells[cell].name for cell in cells},
            doors=Doors(np.array([*doors]), np.array([*doors.values()])),
            streets=Lines.of(rows),
            used=frozenset(one for one in self.used if one.startswith(code)),
        )

    def undo(self, published: ChangeSet) -> ChangeSet:
        """A new change set that restores what was there before. Raises Stale where others have changed it since."""
        assert published.before is not None
        after = self.outcome(published.ops, published.before)
        conflicts = [
            _versions(code, after.grid, published.before, self.live)
            for code in sorted(after.touched())
            if after.grid.cells.get(code) != self.live.cells.get(code)
        ]
        if conflicts:
            raise Stale(conflicts)
        made = self.begin(f"撤销:{published.title}", published.area)
        made.undoes, made.status, made.valid_from = published.id, "published", fake.TODAY.isoformat()
        self._put(made, published.before)
        return made

    def first(self) -> Json:
        """The cells as they were before anything was published."""
        grids = [made.before for made in self.sets.values() if made.before] + [self.live]
        return _collection(grids[0], sorted(grids[0].cells))

    def versions(self, code: str) -> list[Json]:
        """Every shape that a cell has had, all since the same day."""
        grids = [made.before for made in self.sets.values() if made.before] + [self.live]
        shapes: list[Cell] = []
        for grid in grids:
            cell = grid.cells.get(code)
            if cell and (not shapes or shapes[-1] != cell):
                shapes.append(cell)
        return [
            {
                "version": number,
                "valid_from": fake.TODAY.isoformat(),
                "valid_to": fake.TODAY.isoformat() if number < len(shapes) else None,
                "changeset": None,
                "name": cell.name,
                "kind": cell.kind,
                "geometry": _geometry(cell.polygon),
            }
            for number, cell in enumerate(shapes, 1)
        ]

    def _put(self, made: ChangeSet, grid: Grid) -> None:
        made.before, self.live = self.live, grid
        self.used |= grid.cells.keys()

    def _conflicts(self, made: ChangeSet) -> list[Json]:
        mine = self.outcome(made.ops, made.base)
        touched = sorted(mine.touched())
        return [
            _versions(code, made.base, mine.grid, self.live)
            for code in touched
            if made.base.cells.get(code) != self.live.cells.get(code)
        ]

    def preview(self, made: ChangeSet, more: Sequence[Operation]) -> Json:
        """What the draft does, with more operations at its end; what these are refused for is in the issues."""
        base = self.base_of(made)
        outcome = self.outcome(made.ops, base)
        issues = [issue for change in outcome.changes for issue in change.warnings]
        try:
            further = self.outcome([*made.ops, *more], base)
        except Refused as refused:
            further, issues = outcome, [*issues, *refused.issues]
        else:
            issues = [issue for change in further.changes for issue in change.warnings]
        before, after = base, further.grid
        codes = [code for code in sorted(further.touched()) if before.cells.get(code) != after.cells.get(code)]
        real = [code for code in codes if not _only_noded(before.cells.get(code), after.cells.get(code))]
        return {
            "before": _collection(before, codes),
            "after": _collection(after, codes),
            "moved": self._moved(before, after, codes),
            "areas": [self._area(code, before, after) for code in real],
            "coverage": {"before": self._coverage(before, real), "after": self._coverage(after, real)},
            "cases": self.cases,
            "plans": self.plans,
            "issues": fake.collection([issue.geojson() for issue in issues]),
            "nodes_shared": max([change.nodes_shared for change in further.changes[len(made.ops) :]], default=0),
        }

    # --- figures ------------------------------------------------------------------------------------------------

    def cells_of(self, grid: Grid) -> list[str | None]:
        """The cell of each household."""
        lon, lat = ([getattr(one, name) for one in self.households] for name in ("lon", "lat"))
        return list(grid.cells_at(lon, lat))

    def _moved(self, before: Grid, after: Grid, codes: list[str]) -> list[Json]:
        found: dict[tuple[str | None, str | None], list[int]] = {}
        for one, was, now in zip(self.households, self.cells_of(before), self.cells_of(after), strict=True):
            if was != now and (was in codes or now in codes):
                found.setdefault((was, now), []).append(one.doorplate)
        return [
            {"from": was, "to": now, "doorplates": len(set(doors)), "households": len(doors)}
            for (was, now), doors in found.items()
        ]

    def _area(self, code: str, before: Grid, after: Grid) -> Json:
        was, now = before.cells.get(code), after.cells.get(code)
        told: Json = {"code": code, "before_m2": None, "after_m2": None}
        told |= {"households_before": None, "households_after": None, "compactness": None, "across_min": None}
        for name, cell, grid in (("before", was, before), ("after", now, after)):
            if cell:
                told[f"{name}_m2"] = _flat(cell.polygon).area
                told[f"households_{name}"] = self.cells_of(grid).count(code)
        if now:
            flat = _flat(now.polygon)
            told["compactness"], told["across_min"] = compactness(flat), across_min(flat)
        return told

    def _coverage(self, grid: Grid, codes: list[str]) -> list[Json]:
        cells = self.cells_of(grid)
        rows = []
        for code in codes:
            here = [one for one, cell in zip(self.households, cells, strict=True) if cell == code]
            reached = sum(bool(one.last_reached_on and one.last_reached_on >= fake.SINCE) for one in here)
            if code in grid.cells:
                rows.append({"code": code, "name": "", "known": len(here), "reached": reached})
        return rows


class Stale(Exception):
    """Others have changed the same cells."""

    def __init__(self, conflicts: list[Json]) -> None:
        super().__init__("stale")
        self.conflicts = conflicts


def _cell(feature: Json) -> Cell:
    code = feature["properties"]["code"]
    polygon = shapely.set_precision(shape(feature["geometry"]), 1e-8)
    assert isinstance(polygon, shapely.Polygon)
    return Cell(code, code[:12], feature["properties"]["name"], "general", polygon)


def _versions(code: str, base: Grid, mine: Grid, theirs: Grid) -> Json:
    """A conflict as the service tells it."""
    cells = {"base": base.cells.get(code), "mine": mine.cells.get(code), "theirs": theirs.cells.get(code)}
    shapes = {name: cell and _geometry(cell.polygon) for name, cell in cells.items()}
    return {"cell": code, **shapes, "theirs_changed": not same(cells["base"], cells["theirs"])}


def _only_noded(one: Cell | None, other: Cell | None) -> bool:
    """Whether a cell has but a node more or less on its border."""
    if one is None or other is None or (one.name, one.kind, one.village) != (other.name, other.kind, other.village):
        return False
    return bool(shapely.area(shapely.symmetric_difference(one.polygon, other.polygon)) < 1e-8 * one.polygon.length)


def _flat(piece: shapely.Geometry) -> shapely.Geometry:
    """In metres."""
    transformer = to_metric(fake.WEST)
    return shapely.transform(piece, lambda lonlat: np.column_stack(transformer.transform(*lonlat.T)))


def _geometry(piece: shapely.Geometry) -> Json:
    made: Json = json.loads(shapely.to_geojson(piece))
    return made


def feature(cell: Cell) -> Json:
    """A cell as the collection has it."""
    properties = {"code": cell.code, "name": cell.name, "kind": cell.kind, "village": cell.village}
    return {"type": "Feature", "id": cell.code, "geometry": _geometry(cell.polygon), "properties": properties}


def _collection(grid: Grid, codes: Iterable[str]) -> Json:
    return fake.collection([feature(grid.cells[code]) for code in codes if code in grid.cells])


def _problem(status: int, code: str, detail: str, **more: Any) -> Response:
    body = {"type": f"urn:everycell:problem:{code}", "status": status, "detail": detail, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def _explained(answer: Callable[[], Any], status: int = 200) -> Response:
    """What the service answers for what `answer` returns or raises."""
    try:
        return JSONResponse(answer(), status)
    except Refused as refused:
        issues = fake.collection([issue.geojson() for issue in refused.issues])
        return _problem(422, "refused", "the operation cannot be done", issues=issues)
    except Stale as stale:
        return _problem(409, "stale", "others have changed the same cells", conflicts=stale.conflicts)
    except BadInput as error:
        return _problem(400, "bad-input", str(error))


def _ops_of(body: Any) -> list[Operation]:
    return [parse_operation(one) for one in (body if isinstance(body, list) else [body])]


def grid_routes(app: FastAPI, grid: FakeGrid) -> None:
    """The routes of change sets."""

    @app.get("/changesets")
    def listed(status: str = "") -> Json:
        found = [made.told(short=True) for made in grid.sets.values() if status in ("", made.status)]
        return {"changesets": found[::-1]}

    @app.post("/changesets")
    async def begin(request: Request) -> Response:
        body = await request.json()
        return JSONResponse(grid.begin(body["title"], body["area"]).told(), 201)

    @app.get("/changesets/{number}")
    def one(number: str) -> Response:
        if number not in grid.sets:
            return _problem(404, "not-found", f"没有变更批次 {number}")
        return JSONResponse(grid.sets[number].told())

    @app.delete("/changesets/{number}")
    def abandon(number: str) -> Response:
        grid.sets[number].status = "abandoned"
        return Response(status_code=204)

    @app.get("/cells/{code}/lineage")
    def lineage(code: str) -> Json:
        pairs = {pair for made in grid.sets.values() if made.status == "published" for pair in made.lineage}
        return {
            "code": code,
            "live": code in grid.live.cells,
            "parents": sorted(parent for parent, child in pairs if child == code),
            "children": sorted(child for parent, child in pairs if parent == code),
            "successors": [],
        }

    @app.get("/cells/{code}/history")
    def history(code: str) -> Json:
        return {"code": code, "versions": grid.versions(code)}

    _step_routes(app, grid)
    _publishing_routes(app, grid)


def _step_routes(app: FastAPI, grid: FakeGrid) -> None:
    @app.post("/changesets/preview")
    async def outlook(request: Request) -> Response:
        body = await request.json()
        nowhere = ChangeSet("", "", body["area"], grid.live, grid.who)
        return _explained(lambda: grid.preview(nowhere, _ops_of(body["ops"])))

    @app.post("/changesets/{number}/ops")
    async def add(number: str, request: Request) -> Response:
        made, body = grid.sets[number], await request.json()

        def answer() -> Json:
            grid.add(made, _ops_of(body))
            return made.told()

        return _explained(answer)

    @app.delete("/changesets/{number}/ops/{seq}")
    def drop(number: str, seq: int) -> Response:
        made = grid.sets[number]
        made.ops = made.ops[: seq - 1]
        return JSONResponse(made.told())

    @app.post("/changesets/{number}/proposals")
    async def proposal(number: str, request: Request) -> Response:
        body = await request.json()
        await run_in_threadpool(grid.answers.wait)
        return _explained(lambda: grid.propose(grid.sets[number], body))

    @app.post("/changesets/{number}/preview")
    async def preview(number: str, request: Request) -> Response:
        body = await request.json()
        return _explained(lambda: grid.preview(grid.sets[number], _ops_of(body.get("ops", []))))


def _publishing_routes(app: FastAPI, grid: FakeGrid) -> None:

    @app.post("/changesets/{number}/publish")
    async def publish(number: str, request: Request) -> Response:
        made, body = grid.sets[number], await request.json()
        if body.get("valid_from"):
            date.fromisoformat(body["valid_from"])

        def answer() -> Json:
            grid.publish(made, body.get("valid_from"))
            return made.told()

        return _explained(answer)

    @app.post("/changesets/{number}/undo")
    def undo(number: str) -> Response:
        return _explained(lambda: grid.undo(grid.sets[number]).told(), 201)
