"""Cases in memory, over the real workflow: what the case desk asks of the service, for what the real one is slow or
unable to show on demand (a colleague who changes a case in between, an answer that is lost, a place that has ended)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from gis.access.scope import Role
from gis.codes import Level
from gis.disputes import workflow
from gis.disputes.categories import FAMILY, Category, Channel, Closing, Extension
from gis.disputes.workflow import DUE, OPEN, Deadlines, State
from gis.errors import BadInput, Conflict
from tests.maps import fake

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
LIMITS = Deadlines()
Json = dict[str, Any]


def uuid(number: int) -> str:
    return str(UUID(int=(0xA << 120) + number))


@dataclass(frozen=True)
class Fake:
    """A case: its state, and what happened to it."""

    id: str
    cell: str
    snap: str
    category: Category
    channel: Channel
    reported_at: datetime
    state: State = State.registered
    level: Level = Level.cell
    due_at: datetime | None = None
    extensions: int = 0
    ended_at: datetime | None = None
    events: tuple[Json, ...] = ()
    revisits: tuple[Json, ...] = ()

    @property
    def area(self) -> str:
        return self.cell[:12] if self.category is FAMILY else self.cell

    @property
    def overdue(self) -> bool:
        return workflow.is_overdue(self.state, self.due_at, NOW)

    @property
    def order(self) -> tuple[int, datetime, str]:
        """As the service lists: what runs by its date, then what waits, then what has ended."""
        if self.state in DUE and self.due_at:
            return (0, self.due_at, self.id)
        return (1 if self.ended_at is None else 2, self.reported_at, self.id)


@dataclass
class FakeDesk:
    """The cases, the snap points (two of each cell but the first, which has none), and what goes wrong on demand.

    `lose`: so many writes are done, and their answers lost. `snap_gone`: the places are not there any more.
    """

    cases: dict[str, Fake] = field(default_factory=dict)
    changes: dict[str, str] = field(default_factory=dict)  # id of a change -> its case
    asked_at: list[Json] = field(default_factory=list)
    lose: int = 0
    snap_gone: bool = False

    def snaps(self, cell: str) -> list[Json]:
        if cell not in CELLS or cell == fake.code_at(0, 0):
            return []
        column, row = CELLS[cell]
        at = [(fake.WEST + (column + x) * fake.SIDE, fake.SOUTH + (row + 0.5) * fake.SIDE) for x in (0.3, 0.7)]
        rows = zip(at, (23, 11), strict=True)
        return [
            {
                "snap": uuid(int(cell) * 10 + n),
                "cell": cell,
                "place": {"type": "Point", "coordinates": place},
                "dwellings": number,
            }
            for n, (place, number) in enumerate(rows)
        ]

    def place(self, one: Fake) -> Json | None:
        if one.category is FAMILY:
            return None
        found: Json = next(snap["place"] for snap in self.snaps(one.cell) if snap["snap"] == one.snap)
        return found

    def add(self, number: int, cell: str, category: Category = Category.neighbours, *, ago: int = 0) -> Fake:
        """A new case at the first snap point of a cell, reported some days ago."""
        at = NOW - timedelta(days=ago)
        snap = self.snaps(cell)[0]["snap"]
        one = Fake(uuid(number), cell, snap, category, Channel.patrol, at)
        self.cases[one.id] = self.happened(one, one, "registered", at, None)
        return self.cases[one.id]

    def become(self, id: str, state: State, code: str | None = None, *, ago: int = 0) -> Fake:
        """A case in another state; the rules are those of the service."""
        one, at = self.cases[id], NOW - timedelta(days=ago)
        said = workflow.check_change(one.state, state, code=code)
        due = workflow.due_at(at, one.level, LIMITS) if state in (State.accepted, State.reopened) else one.due_at
        ended = at if state in (State.not_accepted, State.closed) else None
        days = workflow.revisits_on(at.date()) if isinstance(said, Closing) else ()
        revisits = tuple(
            {"seq": n, "due_on": str(day), "done_at": None, "outcome": None} for n, day in enumerate(days, 1)
        )
        new = replace(one, state=state, due_at=due, ended_at=ended, revisits=one.revisits + revisits)
        self.cases[id] = self.happened(one, new, "state", at, said)
        return self.cases[id]

    def happened(self, was: Fake, new: Fake, change: str, at: datetime, code: str | None) -> Fake:
        event = {
            "seq": len(was.events) + 1,
            "at": at.isoformat(),
            "role": Role.operator,
            "change": change,
            "state": new.state,
            "level": new.level,
            "due_at": new.due_at and new.due_at.isoformat(),
            "code": code,
        }
        return replace(new, events=(*was.events, event))

    def change(self, id: str, body: Mapping[str, Any]) -> Fake:
        """Make a change as it was sent; once for each of its ids."""
        one = self.cases[id]
        if self.changes.get(body["id"]) == id:
            return one
        if body["version"] != len(one.events):
            raise Conflict("version: the case has changed since", field="version")
        if "state" in body:
            one = self.become(id, State(body["state"]), body.get("code"))
        elif "level" in body:
            workflow.check_level(one.state, one.level, Level(body["level"]))
            one = self.happened(one, replace(one, level=Level(body["level"])), "level", NOW, None)
        else:
            assert one.due_at
            code = body["extension"]
            due = workflow.extended(
                one.due_at, one.state, now=NOW, extensions=one.extensions, code=code, deadlines=LIMITS
            )
            one = self.happened(one, replace(one, due_at=due, extensions=1), "extension", NOW, Extension(code))
        self.cases[id] = one
        self.changes[body["id"]] = id
        return one

    def register(self, item: Mapping[str, Any]) -> Json:
        if self.snap_gone:
            refused = {"index": 0, "id": item["id"], "code": "unknown-snap", "detail": "snap: there is no such place"}
            return {"accepted": 0, "repeated": 0, "refused": [refused]}
        again = item["id"] in self.cases
        if not again:
            cell = next(cell for cell in CELLS for snap in self.snaps(cell) if snap["snap"] == item["snap"])
            at = datetime.fromisoformat(item["reported_at"])
            kinds = Category(item["category"]), Channel(item["channel"])
            one = Fake(item["id"], cell, item["snap"], *kinds, at, level=Level(item["level"]))
            self.cases[one.id] = self.happened(one, one, "registered", NOW, None)
        return {"accepted": int(not again), "repeated": int(again), "refused": []}

    def told(self, one: Fake) -> Json:
        return {
            "id": one.id,
            "area": one.area,
            "category": one.category,
            "channel": one.channel,
            "state": one.state,
            "level": one.level,
            "version": len(one.events),
            "reported_at": one.reported_at.isoformat(),
            "registered_at": one.reported_at.isoformat(),
            "due_at": one.due_at and one.due_at.isoformat(),
            "overdue": one.overdue,
            "extended": one.extensions > 0,
            "ended_at": one.ended_at and one.ended_at.isoformat(),
            "place": self.place(one),
        }

    def whole(self, one: Fake) -> Json:
        codes = {state: workflow.said_with(state) for state in workflow.next_states(one.state)}
        return {
            **self.told(one),
            "next": {state: None if kind is None else list(kind) for state, kind in codes.items()},
            "events": list(one.events),
            "revisits": [self.revisit(one, revisit) for revisit in one.revisits],
        }

    def revisit(self, one: Fake, revisit: Json) -> Json:
        return {**revisit, "dispute": one.id, "area": one.area, "category": one.category, "place": self.place(one)}

    def due(self, area: str) -> list[Json]:
        found = [
            self.revisit(one, revisit)
            for one in self.cases.values()
            for revisit in one.revisits
            if one.area.startswith(area) and not revisit["done_at"] and revisit["due_on"] <= str(fake.TODAY)
        ]
        return sorted(found, key=lambda each: (each["due_on"], each["dispute"]))

    def listed(self, area: str, state: str, category: str, level: str, overdue: str) -> list[Fake]:
        states = OPEN if state == "open" else [State(state)] if state else list(State)
        found = [
            one
            for one in self.cases.values()
            if one.area.startswith(area)
            and one.state in states
            and category in ("", one.category)
            and level in ("", one.level)
            and (overdue != "true" or one.overdue)
        ]
        return sorted(found, key=lambda one: one.order)


CELLS = {fake.code_at(c, r): (c, r) for r in range(fake.ROWS) for c in range(fake.COLUMNS)}


def _problem(status: int, kind: str, detail: str, field: str | None = None) -> Response:
    content = {"type": f"urn:everycell:{kind}", "status": status, "detail": detail, "field": field}
    return JSONResponse(content, status, media_type="application/problem+json")


def _written(desk: FakeDesk, answer: Any) -> Response:
    """The answer of a write that was done, or an error as where the connection was lost."""
    if desk.lose:
        desk.lose -= 1
        return _problem(503, "storage", "the database does not answer")
    return JSONResponse(answer)


def dispute_routes(app: FastAPI, desk: FakeDesk, page: Any, sees: Any) -> None:
    """The routes. `page(lang)` makes the desk for a browser, `sees(area)` tells whether the caller sees its cases."""
    _reading(app, desk, page, sees)
    _places(app, desk)
    _single(app, desk)
    _writing(app, desk)


def _reading(app: FastAPI, desk: FakeDesk, page: Any, sees: Any) -> None:
    @app.get("/disputes")
    def disputes(request: Request, lang: str = "zh", limit: int = 100, after: int = 0) -> Any:
        if "text/html" in request.headers["accept"]:
            return page(lang)
        query = request.query_params
        names = ("area", "state", "category", "level", "overdue")
        found = [one for one in desk.listed(*(query.get(name, "") for name in names)) if sees(one.area)]
        shown = [desk.told(one) for one in found[after : after + limit]]
        following = request.url.include_query_params(after=after + limit)
        more = [{"rel": "next", "href": str(following)}] if len(found) > after + limit else []
        return JSONResponse({"as_of": NOW.isoformat(), "disputes": shown, "links": more})

    @app.get("/disputes/revisits")
    def revisits(area: str = "") -> Json:
        return {"revisits": [one for one in desk.due(area) if sees(one["area"])], "links": []}


def _places(app: FastAPI, desk: FakeDesk) -> None:
    @app.get("/disputes/snap")
    def snaps(cell: str) -> Json:
        return {"snaps": desk.snaps(cell)}

    @app.post("/disputes/snap")
    async def snap_at(request: Request) -> Response:
        at = await request.json()
        desk.asked_at.append(at)
        column, row = (at["lon"] - fake.WEST) / fake.SIDE, (at["lat"] - fake.SOUTH) / fake.SIDE
        if not (0 <= column < fake.COLUMNS and 0 <= row < fake.ROWS):
            return _problem(403, "not-allowed", "the place does not lie in your area", "lon")
        cell = fake.code_at(max(1, int(column)) if int(row) == 0 else int(column), int(row))
        return JSONResponse(desk.snaps(cell)[int(column % 1 > 0.5)])


def _single(app: FastAPI, desk: FakeDesk) -> None:
    @app.get("/disputes/{id}")
    def one_case(id: str) -> Response:
        if id not in desk.cases:
            return _problem(404, "not-found", f"there is no case {id}")
        return JSONResponse(desk.whole(desk.cases[id]))


def _writing(app: FastAPI, desk: FakeDesk) -> None:
    @app.post("/disputes")
    async def register(request: Request) -> Response:
        [item] = await request.json()
        return _written(desk, desk.register(item))

    @app.post("/disputes/{id}/changes")
    async def change(id: str, request: Request) -> Response:
        try:
            return _written(desk, desk.whole(desk.change(id, await request.json())))
        except Conflict as error:
            return _problem(409, "conflict", error.message, error.field)
        except BadInput as error:
            return _problem(400, "bad-input", error.message, error.field)

    @app.post("/disputes/{id}/revisits/{seq}")
    async def revisited(id: str, seq: int, request: Request) -> Response:
        done, one = await request.json(), desk.cases[id]
        rows = tuple({**each, **done} if each["seq"] == seq else each for each in one.revisits)
        desk.cases[id] = replace(one, revisits=rows)
        return _written(desk, desk.revisit(one, rows[seq - 1]))


def busy_desk() -> FakeDesk:
    """A desk with work of every kind: overdue, soon, in time, waiting, ended with a revisit due, a family dispute, and
    two cases at one point."""
    desk = FakeDesk()
    late, soon, fresh, there = (fake.code_at(*at) for at in ((1, 1), (2, 1), (3, 2), (4, 1)))
    for number, cell, ago, category in (
        (1, late, 42, Category.neighbours),
        (2, late, 20, Category.land),
        (3, soon, 26, Category.property_management),
        (4, fresh, 5, Category.debt),
        (5, there, 31, FAMILY),
    ):
        desk.add(number, cell, category, ago=ago)
        desk.become(uuid(number), State.accepted, ago=ago)
    desk.become(uuid(3), State.in_mediation, ago=20)
    desk.add(6, fresh, Category.consumer, ago=1)
    desk.add(7, soon, Category.labour, ago=60)
    for state, code in (
        (State.accepted, None),
        (State.in_mediation, None),
        (State.agreed_written, None),
        (State.performed, None),
        (State.closed, Closing.performed),
    ):
        desk.become(uuid(7), state, code, ago=10)
    return desk


def page_of(html: str, policy: str) -> Response:
    return HTMLResponse(
        html, headers={"Content-Security-Policy": policy, "Vary": "Accept", "Cache-Control": "no-store"}
    )
