"""A small service with the made-up county of `tests.maps.fake`: the HTTP contract in memory, for what the real service
is slow or unable to show on demand (refusals, broken answers, hostile text)."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from functools import lru_cache, partial
from typing import Any, Literal

import shapely
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from api.forms import local_path
from bench.renderer import encode_points
from gis.access.scope import Right
from gis.cells.shapes import Shape, topology
from gis.households.unvisited import UnvisitedHousehold
from maps.assets import STATIC
from maps.cells import EditPage, edit_page
from maps.csp import policy
from maps.disputes import DisputesPage, disputes_page
from maps.heat import HeatPage, heat_page
from maps.home import home_page
from maps.households import CoveragePage, coverage_page
from maps.page import BaseMap
from maps.patrol import PatrolPage, patrol_page
from maps.text import language
from maps.wall import WORKER, Scene, WallOptions, WallPage, wall_page
from tests.browser.fake_disputes import busy_desk, dispute_routes, page_of
from tests.browser.fake_figures import FakeFigures, figure_routes
from tests.browser.fake_grid import FakeGrid, feature, grid_routes
from tests.browser.fake_patrols import busy_patrols, patrol_routes
from tests.browser.fake_wall import FakeWall, wall_routes
from tests.browser.running import running
from tests.maps import fake, fake_home

EPOCH = date(2020, 1, 1)
NONCE = "bm9uY2Vub25jZW5vbmNl"
GREEN = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGM4ceMAAATMAmFZKEmUAAAAAElFTkSuQmCC"

ROUND: dict[str, Any] = {
    "code": "621102-R-20261101",
    "area": "621102",
    "name": "2026-11",
    "target": 70,
    "first_on": "2026-11-01",
    "last_on": "2026-11-30",
    "closed_at": None,
}


class FakeService:
    """The county and its routes; tests may change `households` and `refuse` while it runs.

    Who asks: `rights` (with `areas`, right -> code prefixes; without an entry everywhere), `who` is signed in with the
    token `csrf`; with `over` their session is no longer known. What they may not ask for is answered with 403.
    """

    def __init__(self, note: str = "") -> None:
        self.county = fake.county(note=note)
        self.households = {one.code: one for one in self.county.households}
        self.refuse: str | None = None
        self.visits: list[dict[str, Any]] = []
        self.empty = False
        self.rounds = [ROUND]
        self.base_map: BaseMap | None = None
        self.address = ""
        self.rights: frozenset[str] = frozenset(Right)
        self.areas: Mapping[str, Sequence[str]] = {}
        self.who = ""
        self.csrf = ""
        self.over = False
        self.desk = busy_desk()
        self.patrols = busy_patrols(self.county)
        self.wall = FakeWall()
        self.grid = FakeGrid(self.county.cells, self.county.households)
        named = [*self.county.cells["features"], *self.county.divisions["features"]]
        self.figures_of_cases = FakeFigures({one["properties"]["code"]: one["properties"]["name"] for one in named})

    def collection(self, name: str) -> dict[str, Any]:
        """The items of a collection; cells as they are live, divisions as the union of theirs."""
        if self.empty:
            return fake.collection([])
        if name == "cells":
            return fake.collection([feature(cell) for cell in self.grid.live.cells.values()])
        items: dict[str, Any] = getattr(self.county, name)
        if name == "divisions":
            return fake.collection(
                [{**one, "geometry": self.outline(one["properties"]["code"])} for one in items["features"]]
            )
        return items

    def outline(self, code: str) -> dict[str, Any]:
        """The union of the live cells of a division, with every node that they have on it."""
        cells = [cell.polygon for cell in self.grid.live.cells.values() if cell.code.startswith(code)]
        found: dict[str, Any] = json.loads(shapely.to_geojson(shapely.coverage_union_all(cells)))
        return found

    def sees(self, right: Right, code: str) -> bool:
        """Whether a right holds for all of an area."""
        return right in self.rights and any(code.startswith(area) for area in self.areas.get(right, ("",)))

    def doors(self) -> dict[int, list[UnvisitedHousehold]]:
        """Households by doorplate."""
        found: dict[int, list[UnvisitedHousehold]] = {}
        for one in self.households.values():
            found.setdefault(one.doorplate, []).append(one)
        return found

    def figures(self, since: date) -> list[dict[str, Any]]:
        """Coverage of every cell but the first, which has no data."""
        households = list(self.households.values())
        codes = [area.code for area in self.county.figures]
        rows = [fake.figures_of(code, households, confirmed=code == fake.code_at(5, 3), since=since) for code in codes]
        return [{**asdict(row), "coverage": row.coverage} for row in rows]

    def record(self, visit: dict[str, Any]) -> dict[str, Any]:
        """What POST /visits answers for one visit."""
        if self.refuse:
            refused = {"index": 0, "id": visit["id"], "code": "unknown-household", "detail": self.refuse}
            return {"accepted": 0, "repeated": 0, "refused": [refused]}
        self.visits.append(visit)
        one = self.households[visit["household"]]
        reached = fake.TODAY if visit["outcome"] == "reached" else one.last_reached_on
        self.households[one.code] = replace(one, last_reached_on=reached, last_contact_on=fake.TODAY)
        return {"accepted": 1, "repeated": 0, "refused": []}


def _household(one: UnvisitedHousehold) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [one.lon, one.lat]}
    return {"type": "Feature", "geometry": geometry, "properties": {**asdict(one), "status": "active"}}


def _waits(one: UnvisitedHousehold, since: date) -> bool:
    return one.last_reached_on is None or one.last_reached_on < since


def _door(number: int, units: list[UnvisitedHousehold]) -> dict[str, Any]:
    never = sum(one.last_reached_on is None for one in units)
    properties = {"id": number, "code": f"621102-D{number % 10**6}", "address": units[0].address, "cell": units[0].cell}
    feature = _household(units[0])
    return {**feature, "id": number, "properties": {**properties, "households": len(units), "never": never}}


def _tile(service: FakeService, z: int, row: int, col: int, since: date) -> bytes:
    rows = []
    for number, units in service.doors().items():
        days = [one.last_reached_on for one in units if one.last_reached_on]
        values = {
            "n": len(units),
            "never": len(units) - len(days),
            "wait": sum(_waits(one, since) for one in units),
            "due": (min(one.due_on for one in units) - EPOCH).days,
        }
        if days:
            values["oldest"] = (min(days) - EPOCH).days
        rows.append((number, units[0].lon, units[0].lat, values))
    return encode_points("doorplates", rows, z, col, row)


# What the real service asks for in its table of permissions.
_NEEDS = (
    (r"/collections/(doorplates|households|sites)/|/households/", Right.doors),
    (r"/visits", Right.visits),
    (r"/changesets", Right.grid),
    (r"/patrol/", Right.patrols),
    (
        r"/grid|/collections/|/coverage|/rounds|/search|/disputes/(periods|counts|heat|hotspots)|/events|/board|/alarms$",
        Right.figures,
    ),
    (r"/alarms/", Right.visits),
    (r"/disputes/[^/]+/changes", Right.mediation),
    (r"/disputes", Right.cases),
)


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"status": status, "detail": detail}, status, media_type="application/problem+json")


def _refusal(service: FakeService, request: Request) -> Response | None:
    """401 or 403 where the caller may not ask this; None where they may."""
    need = next((right for path, right in _NEEDS if re.match(path, request.url.path)), None)
    if need is None:
        return None
    if service.over:
        return _problem(401, "sign in at /login, or send a token: Authorization: Bearer ...")
    area = request.query_params.get("area", "")
    if need not in service.rights or (area and not service.sees(need, area)):
        return _problem(403, f"{service.who} has not the right {need}")
    if request.method in ("POST", "PUT", "DELETE") and request.headers.get("x-csrf-token", "") != service.csrf:
        return _problem(403, "X-CSRF-Token: is missing or not of this session: load the page again")
    return None


def _gate(app: FastAPI, service: FakeService) -> None:

    @app.middleware("http")
    async def gate(request: Request, onward: Callable[[Request], Awaitable[Response]]) -> Response:
        return _refusal(service, request) or await onward(request)


def _accounts(app: FastAPI, service: FakeService) -> None:

    @app.get("/login")
    def login(next: str = "/", lang: str = "zh") -> Response:
        """Whoever comes here is signed in at once, with another token."""
        onward = local_path(next, "/")
        service.over, service.csrf = False, f"{service.csrf}+"
        return HTMLResponse(f'<link rel="icon" href="data:,"><h1 data-lang="{lang}"><a href="{onward}">on</a></h1>')

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        fields = (await request.body()).decode()
        assert fields == f"csrf={service.csrf}&lang=zh", fields
        service.over = True
        return RedirectResponse("/login", 303)


def make_app(service: FakeService) -> FastAPI:
    """The routes."""
    app = FastAPI()
    static_files(app)
    _gate(app, service)
    _accounts(app, service)
    _pages(app, service)
    _collections(app, service)
    _questions(app, service)
    grid_routes(app, service.grid)
    patrol_routes(app, service.patrols)
    wall_routes(app, service.wall)
    figure_routes(app, service.figures_of_cases, service.county.cells["features"])
    dispute_routes(app, service.desk, partial(_desk, service), partial(service.sees, Right.cases))
    return app


@lru_cache(maxsize=200)
def _asset(path: str) -> tuple[bytes, str]:
    """A file of the pages and its type, read once for all tests: a page has some sixty."""
    return (STATIC / path).read_bytes(), mimetypes.guess_type(path)[0] or "text/javascript"


def static_files(app: FastAPI) -> None:
    """The files of the pages, below /static."""

    @app.get("/static/{path:path}")
    async def asset(path: str) -> Response:
        content, kind = _asset(path)
        headers = {"Cache-Control": "max-age=3600"}
        if path == WORKER:
            headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
        return Response(content, media_type=kind, headers=headers)


def _told(service: FakeService, lang: str) -> dict[str, Any]:
    """What every page with a map is told."""
    return {
        "nonce": NONCE,
        "today": fake.TODAY,
        "bounds": None if service.empty else fake.BOUNDS,
        "lang": language(lang),
        "rights": service.rights,
        "areas": service.areas,
        "who": service.who,
        "csrf": service.csrf,
    }


def _sealed(html: str, **more: Any) -> HTMLResponse:
    """A page with its policy."""
    return HTMLResponse(html, headers={"Content-Security-Policy": policy(NONCE, **more)})


def _pages(app: FastAPI, service: FakeService) -> None:

    @app.get("/")
    def first(lang: str = "zh") -> Response:
        told = {name: value for name, value in _told(service, lang).items() if name not in ("today", "areas")}
        return _sealed(home_page(fake_home.page(**told, home=None if service.empty else fake_home.home())))

    @app.get("/maps/coverage")
    def page(lang: str = "zh") -> Response:
        base = service.base_map
        html = coverage_page(CoveragePage(**_told(service, lang), base_map=base))
        return _sealed(html, base_map_url=base.url if base else None)

    @app.get("/maps/edit")
    def editor(lang: str = "zh") -> Response:
        told = _told(service, lang) | {"who": service.who or service.grid.who}
        return _sealed(edit_page(EditPage(**told)))

    @app.get("/maps/heat")
    def heat(lang: str = "zh") -> Response:
        base = service.base_map
        html = heat_page(HeatPage(**_told(service, lang), base_map=base))
        return _sealed(html, base_map_url=base.url if base else None)

    @app.get("/maps/patrol")
    def patrol(lang: str = "zh") -> Response:
        return _sealed(patrol_page(PatrolPage(**_told(service, lang))))

    @app.get("/wall")
    def wall(
        lang: str = "zh",
        scenes: str = "",
        dwell_s: float = 30,
        return_s: float = 120,
        theme: Literal["dark", "light"] = "dark",
        area: str = "",
        kiosk: bool = False,
    ) -> Response:
        chosen = tuple(map(Scene, scenes.split(","))) if scenes else tuple(Scene)
        options = WallOptions(scenes=chosen, dwell_s=dwell_s, return_s=return_s, area=area, kiosk=kiosk)
        return _sealed(wall_page(WallPage(**_told(service, lang), theme=theme, options=options)), workers=True)

    @app.get("/base/{z}/{x}/{y}.png")
    def base_tile(z: int, x: int, y: int) -> Response:
        return Response(base64.b64decode(GREEN), media_type="image/png")


def _desk(service: FakeService, lang: str) -> Response:
    """The case desk."""
    return page_of(disputes_page(DisputesPage(**_told(service, lang))), policy(NONCE))


def _collections(app: FastAPI, service: FakeService) -> None:
    @app.get("/collections/households/items")
    def units(doorplate: int) -> dict[str, Any]:
        return fake.collection([_household(one) for one in service.doors()[doorplate]])

    @app.get("/collections/doorplates/items/{number}")
    def door(number: int) -> dict[str, Any]:
        return _door(number, service.doors()[number])

    @app.get("/collections/{name}/items")
    def items(name: str, datetime: date = fake.TODAY) -> dict[str, Any]:
        if name == "cells" and datetime < fake.TODAY:
            return {**service.grid.first(), "links": []}
        return {**service.collection(name), "links": []}

    @app.get("/grid")
    def grid() -> dict[str, Any]:
        return topology({name: _shapes(service.collection(name)) for name in ("cells", "divisions")})

    @app.get("/collections/{name}/tiles/WebMercatorQuad/{z}/{row}/{col}")
    def tile(name: str, z: int, row: int, col: int, since: date = fake.SINCE) -> Response:
        return Response(_tile(service, z, row, col, since) if name == "doorplates" else b"")


def _questions(app: FastAPI, service: FakeService) -> None:
    @app.get("/coverage")
    def coverage(since: date | None = None, round: str = "") -> dict[str, Any]:
        day = since or (date(2026, 11, 1) if round else fake.SINCE)
        return {"as_of": fake.TODAY, "since": day, "areas": service.figures(day)}

    @app.get("/households/unvisited")
    def unvisited(since: date, area: str = "") -> dict[str, Any]:
        seen = [one for one in service.households.values() if service.sees(Right.doors, one.cell)]
        waiting = [one for one in seen if one.cell.startswith(area) and _waits(one, since)]
        waiting.sort(key=lambda one: (one.last_reached_on or date.min, one.code))
        return fake.collection([_household(one) for one in waiting])

    @app.get("/rounds")
    def rounds() -> dict[str, Any]:
        running = next((one["code"] for one in service.rounds if one["closed_at"] is None), None)
        return {"rounds": service.rounds, "running": running}

    @app.get("/search")
    def search(q: str, limit: int) -> dict[str, Any]:
        found_by = service.doors() if Right.doors in service.rights else {}
        doors = [(number, units[0]) for number, units in found_by.items() if q in units[0].address or ""]
        found = [
            {**_door(number, [one]), "properties": {"kind": "doorplate", "code": one.code, "name": one.address}}
            for number, one in doors[:limit]
        ]
        return fake.collection(found)

    @app.post("/visits")
    async def visits(request: Request) -> dict[str, Any]:
        [visit] = await request.json()
        return service.record(visit)


def _shapes(collection: dict[str, Any]) -> list[Shape]:
    """What GET /grid has of a collection."""
    return [
        Shape(
            shapely.from_geojson(json.dumps(one["geometry"])),
            {name: one["properties"][name] for name in ("code", "name", "level") if name in one["properties"]},
        )
        for one in collection["features"]
    ]


@contextmanager
def serving(service: FakeService) -> Iterator[str]:
    """The service on a free port of this machine; yields its address."""
    with running(make_app(service)) as address:
        yield address
