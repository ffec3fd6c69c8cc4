"""Editing the grid over HTTP: change sets, what they would do, and where cells come from and went."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import shapely
from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api import tables
from api.answers import Body
from api.audits import source_of
from api.bodies import json_body, members
from api.deps import Reading, ServiceFor, Serving
from api.params import Area, boxes, day, whole
from api.proposals import asked, told, worked_out
from api.requests import base_url
from gis.access.audit import Action, Detail, note
from gis.access.scope import Right
from gis.cells import changesets, history, nodes, proposals
from gis.cells.changesets import Brief, ChangeSet, Editor, Status, Worked
from gis.cells.drafting import net
from gis.cells.editing.grid import Cell
from gis.cells.editing.issues import Issue, Refused
from gis.cells.editing.operations import Operation
from gis.cells.editing.parse import parse_operation
from gis.cells.impact import AreaChange, Move, impact, plans_touched
from gis.cells.orphans import orphans
from gis.cells.proposals import ground_in
from gis.cells.scheduled import scheduled_too
from gis.codes import Level, county_of, level_of
from gis.errors import BadInput
from gis.households.coverage import AreaCoverage, default_since
from gis.storage.queries import query

router = APIRouter()
T = TypeVar("T")
_MOST_NODES: Final = 50_000

Id = Annotated[UUID, Path(alias="changesetId", description="The id of a change set.")]
Code = Annotated[str, Path(description="The code of a cell, also one that was retired.")]
JsonBody = Annotated[object, Depends(json_body)]


# ---- change sets


@router.post("/changesets", summary="Begin a draft", status_code=201)
def open_draft(request: Request, serving: Serving, body: JsonBody) -> Response:
    given = members(body, "title", "area")
    area, title = _text(given, "area"), _text(given, "title")
    level_of(area)
    serving.inside(Right.grid, area)

    def work(conn: Connection) -> ChangeSet:
        made = changesets.open_draft(conn, _editor(serving), area=area, title=title)
        _note(conn, serving, Action.changeset_open, made)
        return made

    made = _written(serving, work)
    return _json(_document(made), 201, Location=f"{base_url(request.scope)}/changesets/{made.id}")


@router.get("/changesets", summary="Change sets, the last changed first")
def list_changesets(
    conn: Reading,
    serving: Serving,
    area: Area = None,
    status: Annotated[str | None, Query(description=f"Only those in this state: {', '.join(Status)}.")] = None,
) -> Response:
    here = serving.inside(Right.grid, area)
    found = changesets.listed(conn, _counties(serving), here, _status(status))
    return _json({"changesets": [_brief(one) for one in found]})


@router.get("/changesets/nodes", summary="The nodes of borders in a box, for snapping")
def list_nodes(
    conn: Reading,
    serving: Serving,
    bbox: Annotated[str, Query(description="west,south,east,north in degrees (CRS84).")],
    changeset: Annotated[str | None, Query(description="The grid as this draft would make it.")] = None,
) -> Response:
    found = boxes(bbox)
    if len(found) != 1:
        raise BadInput("bbox: must not cross the antimeridian", field="bbox")
    if changeset is None:
        cells = _live_in(conn, serving, found[0])
    else:
        worked = changesets.work_out(conn, _editor(serving), _find(conn, serving, _id(changeset)))
        within = {c: cell.polygon for c, cell in worked.after.cells.items() if c.startswith(worked.changeset.area)}
        cells = nodes.boxes_of(within, found[0])
    listed = nodes.nodes_in(cells, found[0])
    if len(listed) > _MOST_NODES:
        raise BadInput("bbox: holds more than {most:,} nodes; ask for a smaller one", most=_MOST_NODES, field="bbox")
    return _json({"nodes": listed})


@router.post("/changesets/preview", summary="What operations would do that no change set has")
def preview_operations(conn: Reading, serving: Serving, body: JsonBody) -> Response:
    given = members(body, "area", "ops")
    area = _text(given, "area")
    level_of(area)
    serving.inside(Right.grid, area)
    ops = _operations(given.get("ops"))
    return _json(_preview(conn, serving, changesets.unstored_draft(conn, _editor(serving), area=area), ops))


@router.get("/changesets/{changesetId:uuid}", summary="A change set with its operations")
def one_changeset(conn: Reading, serving: Serving, id: Id) -> Response:
    return _json(_document(_find(conn, serving, id)))


@router.delete("/changesets/{changesetId:uuid}", summary="Give up a draft, or what is scheduled", status_code=204)
def abandon_changeset(serving: Serving, id: Id) -> Response:
    def work(conn: Connection) -> None:
        found = _find(conn, serving, id)
        changesets.abandon(conn, found)
        _note(conn, serving, Action.changeset_abandon, found)

    _written(serving, work)
    return Response(status_code=204)


@router.post("/changesets/{changesetId:uuid}/ops", summary="Append one operation or several to a draft, all or none")
def add_operations(serving: Serving, id: Id, body: JsonBody) -> Response:
    ops = _operations(body)

    def work(conn: Connection) -> Worked:
        return changesets.add_operations(conn, _editor(serving), _find(conn, serving, id), ops)

    return _json(_added(_written(serving, work), len(ops)))


@router.post("/changesets/{changesetId:uuid}/proposals", summary="Have a village cut anew or balanced, in a draft")
def add_proposal(serving: Serving, id: Id, body: JsonBody) -> Response:
    village, ask = asked(body)
    editor = _editor(serving)
    with serving.read() as conn:
        draft = _find(conn, serving, id)
        ground = ground_in(conn, editor, draft, village)
    proposal = worked_out(ground.village, ask)
    added = _written(serving, lambda conn: proposals.add_proposal(conn, editor, draft, ground, proposal))
    num_ops = len(added.worked.changeset.ops) - len(draft.ops)
    return _json(_added(added.worked, num_ops) | {"proposal": told(added.proposal)})


@router.delete("/changesets/{changesetId:uuid}/ops/{seq}", summary="Drop an operation of a draft and all after it")
def drop_operations(serving: Serving, id: Id, seq: Annotated[str, Path(description="Counted from 1.")]) -> Response:
    number = whole(seq, "seq", low=1, high=changesets.MOST_OPERATIONS)
    found = _written(serving, lambda conn: changesets.drop_operations(conn, _find(conn, serving, id), number))
    return _json(_document(found))


@router.post("/changesets/{changesetId:uuid}/preview", summary="What a change set would do, before anything happens")
def preview_changeset(conn: Reading, serving: Serving, id: Id, body: JsonBody) -> Response:
    given = members(body, "op", "ops")
    if given.get("op") is not None and given.get("ops") is not None:
        raise BadInput("ops: op and ops exclude each other", field="ops")
    more = given["ops"] if given.get("ops") is not None else given.get("op")
    found = _find(conn, serving, id)
    return _json(_preview(conn, serving, found, [] if more in (None, []) else _operations(more)))


@router.post("/changesets/{changesetId:uuid}/publish", summary="Publish a draft, from now on or from a later day on")
def publish_changeset(serving: Serving, id: Id, body: JsonBody) -> Response:
    given = members(body, "valid_from")
    on = day(_text(given, "valid_from"), "valid_from") if given.get("valid_from") is not None else None

    def work(conn: Connection) -> ChangeSet:
        done = changesets.publish(conn, _editor(serving), _find(conn, serving, id), today=serving.today, valid_from=on)
        scheduled = done.status is Status.scheduled
        _note(conn, serving, Action.changeset_schedule if scheduled else Action.changeset_publish, done)
        return done

    return _json(_document(_written(serving, work)))


@router.post(
    "/changesets/{changesetId:uuid}/undo", summary="Take a published change set back, by another one", status_code=201
)
def undo_changeset(request: Request, serving: Serving, id: Id, body: JsonBody) -> Response:
    members(body)

    def work(conn: Connection) -> ChangeSet:
        made = changesets.undo(conn, _editor(serving), _find(conn, serving, id), today=serving.today)
        _note(conn, serving, Action.changeset_undo, made)
        return made

    made = _written(serving, work)
    return _json(_document(made), 201, Location=f"{base_url(request.scope)}/changesets/{made.id}")


# ---- where cells come from and went


@router.get("/cells/{code}/lineage", summary="Which cells a cell came of, and which came of it")
def cell_lineage(serving: Serving, code: Code) -> Response:
    def make(conn: Connection) -> Body:
        found = history.lineage(conn, code)
        names = ("code", "live", "parents", "children", "successors")
        return _body({name: getattr(found, name) for name in names})

    return _of_cell(serving, code, make)


@router.get("/cells/{code}/history", summary="Every version of a cell")
def cell_history(serving: Serving, code: Code) -> Response:
    def make(conn: Connection) -> Body:
        names = ("version", "valid_from", "valid_to", "changeset", "name", "kind", "geometry")
        found = history.versions(conn, code)
        return _body({"code": code, "versions": [{name: getattr(one, name) for name in names} for one in found]})

    return _of_cell(serving, code, make)


def _of_cell(serving: ServiceFor, code: str, make: Callable[[Connection], Body]) -> Response:
    """An answer about a cell of the caller's areas, valid until something in its county changes that they see."""
    county_of(code, field="code")
    if level_of(code, field="code") is not Level.cell:
        raise BadInput("code: {code} is no code of a cell: it has 15 digits", code=code, field="code")
    return serving.answer(serving.touch(Right.figures, area=code[:6]), make)


# ---- parts of the above


def _written(serving: ServiceFor, work: Callable[[Connection], T]) -> T:
    """What a transaction gives that writes; it is committed when this returns, and this worker knows of it."""
    found = serving.service.store.retrying(work, serving.told)
    serving.service.mirror.refresh()
    return found


def _editor(serving: ServiceFor) -> Editor:
    return Editor(serving.caller.name, serving.told)


def _counties(serving: ServiceFor) -> list[int]:
    return serving.counties(serving.touch(Right.grid))


def _find(conn: Connection, serving: ServiceFor, id: UUID) -> ChangeSet:
    """The change set of an id; one that the caller may not see is as unknown as one that does not exist."""
    return changesets.get(conn, _counties(serving), id)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("changeset: {id!r} is no id of a change set", id=text[:100], field="changeset") from None


def _note(conn: Connection, serving: ServiceFor, action: Action, found: ChangeSet) -> None:
    detail: Detail = {
        "operations": len(found.ops),
        **({"revision": found.revision} if found.revision is not None else {}),
        **({"valid_from": found.valid_from.isoformat()} if found.valid_from is not None else {}),
    }
    source = source_of(serving.request.scope)
    note(conn, who=serving.caller.who, source=source, action=action, area=found.area, detail=detail)


def _status(text: str | None) -> Status | None:
    if text is not None and text not in list(Status):
        raise BadInput("{field}: {word!r} is none of {words}", word=text, words=", ".join(Status), field="status")
    return None if text is None else Status(text)


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise BadInput("{field}: a text is wanted", field=name)
    return value


def _operations(body: object) -> list[Operation]:
    listed = body if isinstance(body, list) else [body]
    if not listed:
        raise BadInput("body: holds no operation", field="body")
    return [parse_operation(_op(one)) for one in listed]


def _op(value: object) -> Mapping[str, Any]:
    """An operation as a JSON object. Raises BadInput where it is none."""
    if not isinstance(value, dict):
        raise BadInput('op: must be a JSON object such as {"op": "merge", ...}', field="op")
    return value


def _live_in(conn: Connection, serving: ServiceFor, box: nodes.Box) -> dict[str, Any]:
    west, south, east, north = box
    values = {"west": west, "south": south, "east": east, "north": north}
    areas = list(serving.caller.scope.where(Right.grid))
    rows = conn.execute(query("cells/in_box"), {**values, "counties": _counties(serving), "areas": areas})
    return {row.code: shapely.from_wkb(bytes(row.wkb)) for row in rows}


# ---- documents


def _json(document: Mapping[str, Any], status: int = 200, **headers: str) -> Response:
    return Response(_encoded(document), status, {"Cache-Control": "no-store", **headers}, media_type="application/json")


def _body(document: Mapping[str, Any]) -> Body:
    return Body(_encoded(document), "application/json")


def _encoded(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=str).encode()


_SHOWN: Final = ("id", "title", "status", "area", "created_at", "created_by", "valid_from", "published_at", "undoes")


def _brief(found: Brief) -> dict[str, Any]:
    shown = {name: getattr(found, name) for name in _SHOWN}
    return {**_written_out(shown), "county": f"{found.county:06}", "num_ops": found.num_ops}


def _document(found: ChangeSet) -> dict[str, Any]:
    ops = [{"seq": seq, "op": op} for seq, op in enumerate(found.ops, start=1)]
    shown = {name: getattr(found, name) for name in _SHOWN}
    return {**_written_out(shown), "county": f"{found.county:06}", "base": found.base_changes, "ops": ops}


def _written_out(shown: dict[str, Any]) -> dict[str, Any]:
    """Instants as RFC 3339, the rest as it is."""
    return {name: value.isoformat() if name.endswith("_at") and value else value for name, value in shown.items()}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _cells(cells: Iterable[Cell]) -> dict[str, Any]:
    return _collection(
        {
            "type": "Feature",
            "id": cell.code,
            "geometry": json.loads(shapely.to_geojson(cell.polygon)),
            "properties": {"code": cell.code, "name": cell.name, "kind": cell.kind, "village": cell.village},
        }
        for cell in cells
    )


def _issues(issues: Iterable[Issue]) -> dict[str, Any]:
    return _collection(issue.geojson() for issue in issues)


def _after(worked: Worked) -> dict[str, Any]:
    """The cells that a draft changes, as they would be, and the codes that would end. Cells beyond its area only get
    nodes, and are nobody's business here."""
    area, found = worked.changeset.area, net(worked.before, worked.after)
    return {
        "changed": _cells(cell for code, cell in found.written.items() if code.startswith(area)),
        "retired": [code for code in found.retired if code.startswith(area)],
    }


def _added(worked: Worked, num_ops: int) -> dict[str, Any]:
    """A draft to which operations were added, and what became of them."""
    new = worked.changes[len(worked.changes) - num_ops :]
    return (
        _document(worked.changeset)
        | _after(worked)
        | {
            "nodes_shared": max((change.nodes_shared for change in new), default=0),
            "issues": _issues([*(issue for change in new for issue in change.warnings), *_stale_issues(worked)]),
        }
    )


def _preview(conn: Connection, serving: ServiceFor, found: ChangeSet, more: list[Operation]) -> dict[str, Any]:
    issues: list[Issue] = []
    try:
        worked = changesets.work_out(conn, _editor(serving), found, more)
    except Refused as refused:
        if not more:
            raise
        issues += refused.issues
        worked = changesets.work_out(conn, _editor(serving), found)
    county, before, after = found.county, worked.before, worked.after
    since = default_since(conn, found.area, serving.today)
    what = impact(conn, county, before, after, since=since, today=serving.today)
    issues += [issue for change in worked.changes for issue in change.warnings]
    issues += [*_stale_issues(worked), *orphans(conn, county, before, after), *scheduled_too(conn, worked)]
    between = net(before, after)
    codes = [
        code for code in (*between.written, *between.retired) if code in before.cells and code.startswith(found.area)
    ]
    return {
        "before": _cells(before.cells[code] for code in sorted(codes)),
        "after": _after(worked)["changed"],
        "moved": [_move(one) for one in what.moved],
        "areas": [_area(one) for one in what.areas],
        "since": since,
        "coverage": {"before": _rows(what.coverage_before), "after": _rows(what.coverage_after)},
        # Not told, which is not the same as 0. Cases: whoever may draw any operation could count those of any place by
        # previews, also in words like "some" (decision 15).
        "cases": None,
        "plans": plans_touched(conn, county, codes, serving.today),
        "issues": _issues(issues),
        "nodes_shared": max((change.nodes_shared for change in worked.changes[len(found.ops) :]), default=0),
    }


def _stale_issues(worked: Worked) -> list[Issue]:
    shapes = {code: worked.theirs.cells.get(code) or worked.before.cells.get(code) for code in worked.stale}
    return [
        Issue("STALE", "stale", (code,), shapely.Point() if cell is None else cell.polygon)
        for code, cell in shapes.items()
    ]


def _move(one: Move) -> dict[str, Any]:
    return {"from": one.from_, "to": one.to, "doorplates": one.doorplates, "households": one.households}


def _area(one: AreaChange) -> dict[str, Any]:
    return {name: getattr(one, name) for name in AreaChange.__slots__}


def _rows(areas: Iterable[AreaCoverage]) -> list[dict[str, Any]]:
    return [tables.coverage_row(area) for area in areas]
