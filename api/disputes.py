"""Cases of disputes over HTTP: registered, listed, changed; the places that stand for where they lie; revisits.

Where a case was reported never comes into an address (those end up in logs) and never into an answer: a form asks for
the snap points of a cell, or sends a place and gets the one that stands for it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api.audits import DoorRead, source_of, villages_of
from api.bodies import BatchBody, batch_answer, batch_body, batch_items, id_of, json_body, members
from api.deps import Reading, ServiceFor, Serving
from api.html import asks_html
from api.pages import Language, case_desk
from api.params import DEFAULT_LIMIT, Area, F, Limit, day, whole
from api.requests import base_url
from gis.access.audit import Action, Detail, note
from gis.access.scope import Right
from gis.batches import BatchResult, Refusal
from gis.codes import DIGITS, Level, county_of, level_of
from gis.disputes import cases, revisits, snap_points
from gis.disputes.cases import Case, Event, NewCase, Wanted
from gis.disputes.categories import Category
from gis.disputes.revisits import Revisit
from gis.disputes.snap_points import SnapPoint
from gis.disputes.workflow import OPEN, State, next_states, said_with
from gis.errors import BadInput, NotAllowed
from gis.sentence import Sentence

router = APIRouter()
T = TypeVar("T")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_VILLAGE: Final = DIGITS[Level.village]

Id = Annotated[UUID, Path(alias="disputeId", description="The id of a case.")]
JsonBody = Annotated[object, Depends(json_body)]
After = Annotated[str | None, Query(description="Where the page before ended: follow the `next` links.")]


# ---- coming in


@router.get(
    "/disputes/snap",
    summary="The places of a cell that stand for its dwellings",
    description="Each stands for eight dwellings or more, the one for most of them first. A case is registered at one"
    " of them. Empty where there are fewer in the cell: then send the place, which goes to the nearest one around.",
)
def list_snap_points(
    serving: Serving, cell: Annotated[str, Query(description="The code of a cell, 15 digits.")]
) -> Response:
    county = county_of(cell, field="cell")
    if level_of(cell, field="cell") is not Level.cell:
        raise BadInput("cell: must be the code of a cell: 15 digits", field="cell")
    if not serving.caller.scope.allows(Right.cases, cell):
        raise NotAllowed("cell: {cell} does not lie in your area", cell=cell, field="cell")

    def work(conn: Connection) -> list[SnapPoint]:
        snap_points.refresh(conn, county, [cell], datetime.now(UTC))
        return snap_points.snaps_of_cell(conn, county, cell)

    return _json({"snaps": [_snap(one) for one in _written(serving, work)]})


@router.post(
    "/disputes/snap",
    summary="The place that stands for where a case was reported",
    description="Body: `lon` and `lat` in degrees (CRS84). They are not stored, logged or audited.",
)
def snap_place(serving: Serving, body: JsonBody) -> Response:
    given = members(body, "lon", "lat")
    lon, lat = _degrees(given, "lon", 180), _degrees(given, "lat", 90)

    def work(conn: Connection) -> SnapPoint:
        return snap_points.snap_place(conn, _counties(serving), lon, lat, datetime.now(UTC))

    return _json(_snap(_written(serving, work)))


@router.post(
    "/disputes",
    summary="Register cases: a JSON array, or NDJSON with one case a line",
    description="Each has an `id` (a UUID of yours: sending it again is harmless), `snap` (the id of a place of"
    " /disputes/snap), `category`, `channel`, `reported_at`, and `level` where it is not the cell.",
)
def register_cases(serving: Serving, body: Annotated[BatchBody, Depends(batch_body)]) -> Response:
    now = datetime.now(UTC)
    parsed: list[tuple[int, NewCase]] = []
    refused: list[Refusal] = []
    for index, item in enumerate(batch_items(body, Sentence("cases"))):
        try:
            if isinstance(item, BadInput):
                raise BadInput(item.message, field="case")
            parsed.append((index, cases.parse_case(item, serving.settings, now)))
        except BadInput as error:
            refused.append(Refusal(index, id_of(item), "bad-input", error.message))

    def work(conn: Connection) -> BatchResult:
        done = cases.register(
            conn,
            [case for _, case in parsed],
            counties=_counties(serving),
            role_of=serving.caller.role,
            settings=serving.settings,
            at=now,
        )
        if done.accepted:
            areas = list(serving.caller.scope.where(Right.cases))
            _note(conn, serving, Action.dispute_register, "", {"accepted": done.accepted, "areas": areas})
        return done

    done = _written(serving, work)
    indexed = [Refusal(parsed[r.index][0], r.id, r.code, r.detail) for r in done.refused]
    return batch_answer(serving.request, BatchResult(done.accepted, done.repeated, indexed), refused)


# ---- reading


@router.get(
    "/disputes",
    summary="Cases, the longest overdue first; for a browser the case desk",
    description="First those whose date runs, by their date; then what waits for something else; then what has ended."
    " Family disputes are told down to their village only. The desk asks for the list itself.",
)
def list_cases(
    request: Request,
    serving: Serving,
    area: Area = None,
    state: Annotated[str | None, Query(description="Only these states, with commas between; or `open`.")] = None,
    category: Annotated[str | None, Query(description=f"One of {', '.join(Category)}.")] = None,
    level: Annotated[str | None, Query(description=f"One of {', '.join(Level)}.")] = None,
    overdue: Annotated[str | None, Query(description="`true`: only those past their date.")] = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    f: F = None,
    lang: Language = "zh",
) -> Response:
    now = datetime.now(UTC)
    wanted = Wanted(
        area=serving.inside(Right.cases, area),
        states=_states(state),
        category=None if category is None else Category(_one_of(Category, category, "category")),
        level=None if level is None else Level(_one_of(Level, level, "level")),
        overdue=_flag(overdue, "overdue"),
    )
    begun = None if after is None else _after_case(after)
    if asks_html(request, f):
        return case_desk(request, serving, lang)
    with serving.read() as conn:
        found, following = cases.listed(conn, _counties(serving), wanted, now=now, limit=limit, after=begun)
    _note_read(serving, [one.area for one in found])
    mark = None if following is None else f"{following.rank}.{_micros(following.at)}.{following.id}"
    return _json({"as_of": now, "disputes": [_document(one, now) for one in found], **_links(request, mark)})


@router.get(
    "/disputes/revisits",
    summary="Places of closed cases to be visited again, the longest overdue first",
)
def list_revisits(
    request: Request,
    serving: Serving,
    conn: Reading,
    area: Area = None,
    until: Annotated[
        str | None, Query(description="Due up to this day, as 2026-11-22; without it up to today.")
    ] = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    found, following = revisits.due(
        conn,
        _counties(serving),
        until=serving.today if until is None else day(until, "until"),
        area=serving.inside(Right.cases, area),
        limit=limit,
        after=None if after is None else _after_revisit(after),
    )
    _note_read(serving, [one.area for one in found])
    mark = None if following is None else f"{following.on}.{following.id}.{following.seq}"
    return _json({"revisits": [_revisit(one) for one in found], **_links(request, mark)})


@router.get("/disputes/{disputeId:uuid}", summary="A case, what happened to it, and its revisits")
def one_case(serving: Serving, conn: Reading, id: Id) -> Response:
    case = cases.get(conn, _counties(serving), id)
    _note_read(serving, [case.area])
    return _json(_whole(conn, case))


# ---- changing


@router.post(
    "/disputes/{disputeId:uuid}/changes",
    summary="Change a case: its state, its level, or more time",
    description="Body: `id` (a UUID of yours: sending it again is harmless), `version` (which you have read), and one"
    " of `state` (with the `code` that `next` of the case asks for), `level` (one up or down), `extension` (a reason).",
)
def change_case(serving: Serving, id: Id, body: JsonBody) -> Response:
    wanted = cases.parse_change(body)

    def work(conn: Connection) -> dict[str, Any]:
        case, repeated = cases.change(
            conn,
            _counties(serving),
            id,
            wanted,
            role_of=serving.caller.role,
            settings=serving.settings,
            at=datetime.now(UTC),
        )
        shown = _whole(conn, case)
        if not repeated:
            _note(
                conn, serving, Action.dispute_change, case.area[:_VILLAGE], {"state": case.state, "level": case.level}
            )
        return shown

    return _json(_written(serving, work))


@router.post(
    "/disputes/{disputeId:uuid}/revisits/{seq}",
    summary="Record that a place was visited again",
    description="Body: `outcome` and `done_at`. Sending the same again is harmless.",
)
def record_revisit(
    serving: Serving, id: Id, seq: Annotated[str, Path(description="The number of the revisit.")], body: JsonBody
) -> Response:
    number = whole(seq, "seq", low=1, high=2**31 - 1)
    done = revisits.parse_done(body, datetime.now(UTC))

    def work(conn: Connection) -> Revisit:
        found, repeated = revisits.record(conn, _counties(serving), id, number, done, role_of=serving.caller.role)
        if not repeated:
            _note(conn, serving, Action.dispute_revisit, found.area[:_VILLAGE], {"outcome": done.outcome})
        return found

    return _json(_revisit(_written(serving, work)))


# ---- parts of the above


def _written(serving: ServiceFor, work: Callable[[Connection], T]) -> T:
    """What a transaction gives that writes; it is committed when this returns."""
    return serving.service.store.retrying(work, serving.told)


def _counties(serving: ServiceFor) -> list[int]:
    return serving.counties(serving.touch(Right.cases))


def _note(conn: Connection, serving: ServiceFor, action: Action, area: str, detail: Detail) -> None:
    source = source_of(serving.request.scope)
    note(conn, who=serving.caller.who, source=source, action=action, area=area, detail=detail)


def _note_read(serving: ServiceFor, areas: Iterable[str]) -> None:
    """Single cases are as private as doors: the audit has who read those of which village before the answer goes."""
    serving.service.audits.note_read(serving.request.scope, DoorRead("disputes", villages_of(areas)))


def _degrees(given: Mapping[str, Any], field: str, most: int) -> float:
    value = given.get(field)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or abs(value) > most:
        raise BadInput("{field}: must be a number of degrees between -{most} and {most}", most=most, field=field)
    return float(value)


def _one_of(kind: Iterable[str], word: str, field: str) -> str:
    listed = list(kind)
    if word not in listed:
        raise BadInput("{field}: must be one of {words}", words=", ".join(listed), field=field)
    return word


def _states(words: str | None) -> frozenset[State] | None:
    if words is None:
        return None
    if words == "open":
        return OPEN
    return frozenset(State(_one_of(State, word, "state")) for word in words.split(","))


def _flag(word: str | None, field: str) -> bool:
    return word is not None and _one_of(("true", "false"), word, field) == "true"


def _parts(after: str) -> list[str]:
    parts = after.split(".")
    if len(parts) != 3:
        raise BadInput("after: is no key of a page: follow the `next` links", field="after")
    return parts


def _after_case(after: str) -> cases.After:
    rank, micros, id = _parts(after)
    most = _micros(datetime.max.replace(tzinfo=UTC))
    at = _EPOCH + timedelta(microseconds=whole(micros, "after", high=most))
    return cases.After(whole(rank, "after", high=2), at, _uuid(id))


def _after_revisit(after: str) -> revisits.After:
    on, id, seq = _parts(after)
    return revisits.After(day(on, "after"), _uuid(id), whole(seq, "after", high=2**31 - 1))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("after: is no key of a page: follow the `next` links", field="after") from None


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


# ---- documents


def _json(document: Mapping[str, Any]) -> Response:
    content = json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_text).encode()
    return Response(content, headers={"Cache-Control": "no-store", "Vary": "Accept"}, media_type="application/json")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _links(request: Request, mark: str | None) -> dict[str, Any]:
    if mark is None:
        return {"links": []}
    address = request.url.include_query_params(after=mark)
    href = f"{base_url(request.scope)}{request.url.path}?{address.query}"
    return {"links": [{"rel": "next", "type": "application/json", "href": href}]}


def _point(lon: float | None, lat: float | None) -> dict[str, Any] | None:
    return None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}


def _snap(one: SnapPoint) -> dict[str, Any]:
    return {"snap": one.id, "cell": one.cell, "place": _point(one.lon, one.lat), "dwellings": one.dwellings}


_SHOWN: Final = ("id", "area", "category", "channel", "state", "level", "version", "reported_at", "registered_at")


def _document(case: Case, now: datetime) -> dict[str, Any]:
    return {
        **{name: getattr(case, name) for name in _SHOWN},
        "due_at": case.due_at,
        "overdue": case.overdue(now),
        "extended": case.extensions > 0,
        "ended_at": case.ended_at,
        "place": _point(case.lon, case.lat),
    }


def _whole(conn: Connection, case: Case) -> dict[str, Any]:
    """A case with what happened to it, and the states that may follow, each with the codes of which it asks for one."""
    codes = {state: said_with(state) for state in next_states(case.state)}
    return {
        **_document(case, datetime.now(UTC)),
        "next": {state.value: None if kind is None else list(kind) for state, kind in codes.items()},
        "events": [_event(one) for one in cases.events(conn, case)],
        "revisits": [_revisit(one) for one in revisits.of_case(conn, case.county, case.id)],
    }


def _event(one: Event) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Event.__slots__}


def _revisit(one: Revisit) -> dict[str, Any]:
    names = ("dispute", "seq", "area", "category", "due_on", "done_at", "outcome")
    return {**{name: getattr(one, name) for name in names}, "place": _point(one.lon, one.lat)}
