"""The service as the page of a link sees it: one route, ticks that are counted once, trouble on demand."""

from __future__ import annotations

from typing import Any

import shapely
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api import patrol_page
from tests.browser.fake_service import static_files
from tests.maps import fake_patrol

TOKEN = "a" * 43
Json = dict[str, Any]


class FakePatrol:
    """A route of one team by `token`; `trouble` is the status that every question is answered with (None: none)."""

    def __init__(self, stops: int = 14, note: str = "") -> None:
        self.plan = fake_patrol.plan(("A1",), stops, note)
        self.token = TOKEN
        self.version = 1
        self.trouble: int | None = None
        self.lost = False  # ticks are taken, and the answer does not arrive
        self.refuse: dict[str, str] = {}  # stop -> why
        self.expires_at = "2030-12-01T04:00:00Z"
        self.ticks: dict[str, Json] = {}
        self.batches: list[list[Json]] = []
        self.reads = 0

    @property
    def stops(self) -> list[Json]:
        """The stops, in order; a test may change them."""
        found: list[Json] = self.plan["stops"]
        return found

    def route(self) -> Json:
        """What `GET /p/{token}/route` answers."""
        [team] = self.plan["teams"]
        route = team["route"]
        return {
            "on": self.plan["on"], "area": self.plan["area"], "status": "planned", "version": self.version,
            "expires_at": self.expires_at, "team": team["code"], "mode": "foot", "station": team["station"],
            "end": None, "open_end": False, "shift": team["shift"], "legs": route["legs"], "stops": self.stops,
            "metres": route["metres"], "begin_at": "09:00", "end_at": "12:47", "pauses": route["pauses"],
        }  # fmt: skip

    def take(self, sent: list[Json]) -> Json:
        """What `POST /p/{token}/ticks` answers."""
        self.batches.append(sent)
        refused, repeated = [], 0
        for index, tick in enumerate(sent):
            if tick["stop"] in self.refuse:
                told = {"index": index, "id": tick["id"], "field": "stop", "detail": self.refuse[tick["stop"]]}
                refused.append(told)
            elif tick["id"] in self.ticks:
                assert self.ticks[tick["id"]] == tick, "an id stands for one tick"
                repeated += 1
            else:
                self.ticks[tick["id"]] = tick
        return {"accepted": len(sent) - repeated - len(refused), "repeated": repeated, "refused": refused}


def make_app(service: FakePatrol) -> FastAPI:
    """The page as it is, and the routes it asks."""
    app = FastAPI()
    static_files(app)
    app.include_router(patrol_page.router)

    def refusal(token: str) -> Response | None:
        status = service.trouble or (None if token == service.token else 404)
        kind = "application/problem+json"
        return JSONResponse({"status": status, "detail": "no"}, status, media_type=kind) if status else None

    @app.get("/p/{token}/route")
    def route(token: str) -> Any:
        service.reads += 1
        return refusal(token) or service.route()

    @app.get("/p/{token}/streets")
    def streets(token: str) -> Any:
        found = fake_patrol.streets()
        lines = [shapely.get_coordinates(line).tolist() for line in found.lines]
        rows = zip(found.classes, found.names, lines, strict=True)
        return refusal(token) or {"streets": [{"class": kind, "name": name, "line": line} for kind, name, line in rows]}

    @app.post("/p/{token}/ticks")
    async def ticks(token: str, request: Request) -> Any:
        answer = refusal(token) or service.take(await request.json())
        return PlainTextResponse("sign in to our network") if service.lost else answer

    return app
