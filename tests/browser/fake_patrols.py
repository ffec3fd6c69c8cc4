"""Patrols in memory: what the page of patrols asks of the service, for what the real one is slow or unable to show on
demand (a colleague who changes a plan in between, a search that goes on and on, one that fails). Routes go round the
stations in the order of angles; no time of them is right."""

from __future__ import annotations

import copy
import itertools
import json
import math
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from maps.qr import qr_code
from tests.maps import fake

Json = dict[str, Any]
TODAY = str(fake.TODAY)
DAY_M = 90_000.0  # metres a degree, about


def proposal(key: str, kind: str, lon: float, lat: float, tier: int, because: str, **more: Any) -> Json:
    """A stop as it is proposed."""
    stop: Json = {
        "key": key,
        "kind": kind,
        "ref": None,
        "lon": lon,
        "lat": lat,
        "cell": fake.code_at(int((lon - fake.WEST) / fake.SIDE), int((lat - fake.SOUTH) / fake.SIDE)),
        "address": None,
        "name": None,
        "category": None,
        "tier": tier,
        "points": 20,
        "minutes": 5.0,
        "households": None,
        "units": [],
        "windows": [],
        "skills": [],
        "reason": {"because": because, "days": more.pop("days", None), "households": more.get("households")},
    }
    return stop | more


def team(code: str, column: float, row: float, mode: str = "foot", **more: Any) -> Json:
    """A team with its station at a place of the grid of cells."""
    return {
        "code": code,
        "area": "621102",
        "mode": mode,
        "station": {"lon": fake.WEST + column * fake.SIDE, "lat": fake.SOUTH + row * fake.SIDE},
        "end": None,
        "open_end": False,
        "shift": ["09:00", "13:00"],
        "breaks": [],
        "skills": [],
        **more,
    }


@dataclass
class FakePatrols:
    """Proposed stops, teams, plans by id with their earlier versions; and what goes wrong on demand.

    `elsewhere`: keys of stops that stand in another plan. `steps`: so often a plan is looked at before it is found.
    `fails`: how the next search ends. `straight`: without streets.
    """

    proposals: list[Json] = field(default_factory=list)
    teams: dict[str, Json] = field(default_factory=dict)
    plans: dict[str, Json] = field(default_factory=dict)
    before: dict[str, list[Json]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)
    asked: list[Json] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)
    steps: int = 2
    fails: str | None = None
    straight: bool = False

    def begin(self, wish: Json) -> Json:
        self.asked.append(wish)
        if wish["id"] in self.plans:
            return self.plans[wish["id"]]
        wanted = wish["stops"]
        chosen = [
            copy.deepcopy(one)
            for one in self.proposals
            if one["cell"].startswith(wish["area"])
            and one["kind"] in wanted["kinds"]
            and one["tier"] in wanted["tiers"]
        ][: wanted["most"]]
        picked = [
            proposal(f"place-{n}", "place", one["lon"], one["lat"], one["tier"], "picked", minutes=one["minutes"])
            for n, one in enumerate(wanted["picked"])
        ]
        fresh = {"team": None, "position": None, "arrive_at": None, "leave_at": None, "pinned": False, "removed": False}
        plan = {
            "id": wish["id"],
            "area": wish["area"],
            "on": wish["on"],
            "created_at": f"{wish['on']}T00:30:00Z",
            "created_by": "zhang",
            "version": 1,
            "aim": wish["aim"],
            "error": None,
            "straight": self.straight,
            "teams": [{**one, "route": None} for one in wish["teams"]],
            "stops": [{**one, **fresh, "why_not": None, "done": None} for one in chosen + picked],
            "compare": None,
        }
        self.plans[plan["id"]] = plan
        self.search(plan)
        return plan

    def search(self, plan: Json) -> None:
        """Begin to look for routes."""
        plan["status"] = "planning"
        plan["progress"] = {"share": 0.0, "step": "streets", "since": f"{TODAY}T00:30:00Z"}
        self.looks[plan["id"]] = 0
        plan["totals"] = _totals(plan)

    def look(self, id: str) -> Json:
        """A plan as somebody reads it; each look brings a search nearer to its end."""
        plan = self.plans[id]
        if plan["status"] == "planning":
            self.looks[id] += 1
            steps = ("streets", "times", "routes", "check")
            share = min(1.0, self.looks[id] / (self.steps + 1))
            plan["progress"] = {**plan["progress"], "share": share, "step": steps[int(share * 3.99)]}
            if self.looks[id] > self.steps:
                self.end(plan)
        return plan

    def end(self, plan: Json) -> None:
        plan["progress"] = None
        if self.fails:
            plan["status"], plan["error"] = "failed", {"code": self.fails, "title": "?", "detail": "?"}
            return
        plan["status"] = "planned"
        free = [one for one in plan["stops"] if not one["pinned"] and not one["removed"] and not one["done"]]
        taken = free[: len(free) * 9 // 10] if len(free) > 9 else free
        for one in free:
            one.update(team=None, position=None, why_not={"why": "full", "minutes": 34, "metres": None})
        middle = [sum(one[axis] for one in taken) / max(1, len(taken)) for axis in ("lon", "lat")]
        taken.sort(key=lambda one: math.atan2(one["lat"] - middle[1], one["lon"] - middle[0]))
        codes = [one["code"] for one in plan["teams"]]
        for number, one in enumerate(taken):
            one.update(team=codes[number * len(codes) // len(taken)], position=number + 1, why_not=None)
        self.timed(plan)
        side = {"metres": 21_400, "hours": plan["totals"]["hours"], "points": 900, "stops": 40, "spread": 0.31}
        plan["compare"] = {"shortest": side, "equal": {**side, "metres": 23_900, "spread": 0.04}}

    def timed(self, plan: Json) -> None:
        """Number the stops of each route and say when they are reached."""
        for one in plan["teams"]:
            stops = [stop for stop in plan["stops"] if stop["team"] == one["code"] and stop["position"]]
            stops.sort(key=lambda stop: stop["position"])
            one["route"] = _route(one, stops)
        plan["totals"] = _totals(plan)

    def change(self, plan: Json, changes: list[Json]) -> Json:
        """Make changes as they were sent."""
        self.keep(plan)
        for one in changes:
            self._change(plan, one)
        plan["version"] += 1
        self.timed(plan)
        late = [one for one in plan["teams"] if one["route"]["end_at"] > one["shift"][1]]
        warnings = [{"team": one["code"], "why": "shift", "minutes": 12} for one in late]
        return {**plan, "warnings": warnings}

    def _change(self, plan: Json, one: Json) -> None:
        if one["do"] == "add":
            made = proposal(f"place-{len(plan['stops'])}", "place", one["lon"], one["lat"], one["tier"], "picked")
            made |= {"minutes": one["minutes"], "arrive_at": None, "leave_at": None, "done": None, "team": None}
            plan["stops"].append(made | {"position": None, "pinned": False, "removed": False, "why_not": None})
            return
        stop = next(stop for stop in plan["stops"] if stop["key"] == one["stop"])
        if one["do"] in ("pin", "unpin"):
            stop["pinned"] = one["do"] == "pin"
        elif one["do"] in ("remove", "restore"):
            stop["removed"] = one["do"] == "remove"
            stop.update(
                team=None, position=None, arrive_at=None, why_not={"why": "removed"} if stop["removed"] else None
            )
        else:
            here = [
                each for each in plan["stops"] if each["team"] == one["team"] and each["position"] and each is not stop
            ]
            here.sort(key=lambda each: each["position"])
            here.insert(len(here) if one["position"] is None else one["position"] - 1, stop)
            for number, each in enumerate(here, 1):
                each.update(team=one["team"], position=number, why_not=None)

    def keep(self, plan: Json) -> None:
        self.before.setdefault(plan["id"], []).append(copy.deepcopy(plan))

    def undo(self, plan: Json) -> Json:
        earlier = self.before[plan["id"]].pop()
        self.plans[plan["id"]] = earlier | {"version": plan["version"] + 1}
        return self.plans[plan["id"]]

    def tick(self, plan: Json, position: int, outcome: str) -> None:
        """Somebody ticks a stop of each team."""
        for stop in plan["stops"]:
            if stop["position"] == position:
                stop["done"] = {"outcome": outcome, "ticked_at": f"{plan['on']}T02:00:00Z", "households": []}

    def listed(self, area: str, on: str = "") -> list[Json]:
        rows = [plan for plan in self.plans.values() if plan["area"].startswith(area) and on in ("", plan["on"])]
        return [
            {
                **{name: plan[name] for name in ("id", "area", "on", "status", "version", "created_at", "created_by")},
                "teams": [one["code"] for one in plan["teams"]],
                "stops": len(plan["stops"]),
                "planned": plan["totals"]["planned"],
                "done": sum(bool(one["done"]) for one in plan["stops"]),
                "missed": sum(bool(one["position"] and not one["done"]) for one in plan["stops"])
                * (plan["on"] < TODAY),
            }
            for plan in rows
        ]


def _clock(minutes: float) -> str:
    return f"{int(minutes) // 60:02}:{int(minutes) % 60:02}"


def _route(team: Json, stops: list[Json]) -> Json:
    """A route by the corners of a town of squares."""
    here, now, metres, legs = team["station"], 540.0, 0.0, []
    for number, stop in enumerate([*stops, team["station"]], 1):
        corner = [stop["lon"], here["lat"]]
        way = [[here["lon"], here["lat"]], corner, [stop["lon"], stop["lat"]]]
        far = sum(math.dist(a, b) for a, b in itertools.pairwise(way)) * DAY_M
        legs.append({"line": {"type": "LineString", "coordinates": way}, "seconds": far / 1.2, "metres": far})
        now, metres, here = now + far / 72, metres + far, stop
        if "key" in stop:
            leave = now + stop["minutes"]
            stop.update(position=number, arrive_at=_clock(now), leave_at=_clock(leave))
            now = leave
    at_stops = sum(stop["minutes"] for stop in stops) * 60
    pauses = [{"after": 1, "begin_at": "11:00", "end_at": "11:20"}] if team["breaks"] and stops else []
    return {
        "metres": metres if stops else 0,
        "travel_s": metres / 1.2 if stops else 0,
        "service_s": at_stops,
        "waiting_s": 0,
        "begin_at": "09:00",
        "end_at": _clock(now),
        "pauses": pauses,
        "line": None,
        "legs": legs if stops else [],
        "stops": [stop["key"] for stop in stops],
    }


def _totals(plan: Json) -> Json:
    kept = [stop for stop in plan["stops"] if not stop["removed"]]
    planned = [stop for stop in kept if stop["position"]]
    routes = {one["code"]: one["route"] for one in plan["teams"] if one["route"]}
    hours = {code: (route["travel_s"] + route["service_s"]) / 3600 for code, route in routes.items()}
    mean = sum(hours.values()) / max(1, len(hours))
    return {
        "stops": len(kept),
        "planned": len(planned),
        "left_out": len(kept) - len(planned),
        "hours": hours,
        "spread": (max(hours.values()) - min(hours.values())) / mean if mean else None,
        "households": sum(stop["households"] or 0 for stop in planned),
    }


def busy_patrols(county: fake.County) -> FakePatrols:
    """Stops of every kind and tier from the households of the county, and three teams."""
    found: dict[int, list[Any]] = {}
    for one in county.waiting():
        found.setdefault(one.doorplate, []).append(one)
    patrols = FakePatrols()
    for number, units in list(found.items())[::7]:
        first = units[0]
        days = (fake.TODAY - first.due_on).days
        patrols.proposals.append(
            proposal(
                f"d{number % 10**6}",
                "doorplate",
                first.lon,
                first.lat,
                2 if days > 200 else 3,
                "overdue" if first.last_reached_on else "never_reached",
                days=max(days, 0),
                ref=number,
                address=first.address,
                households=len(units),
                units=[{"code": one.code, "unit": one.unit} for one in units],
            )
        )
    for number, one in enumerate(county.sites["features"]):
        lon, lat = one["geometry"]["coordinates"]
        named = {"name": one["properties"]["name"], "address": one["properties"]["address"]}
        patrols.proposals.append(
            proposal(f"s{number}", "site", lon, lat, 1, "check_due", days=52, minutes=15.0, ref=f"S{number}", **named)
        )
    spots = [(fake.WEST + x * fake.SIDE, fake.SOUTH + y * fake.SIDE) for x, y in ((1.2, 1.7), (3.4, 0.8))]
    for number, (lon, lat) in enumerate(spots):
        patrols.proposals.append(proposal(f"r{number}", "revisit", lon, lat, 1, "revisit_due", days=3, minutes=20.0))
    patrols.proposals[0] |= {"tier": 1, "reason": {**patrols.proposals[0]["reason"], "because": "missed"}}
    patrols.proposals.sort(key=lambda one: (one["tier"], -(one["reason"]["days"] or 0), one["key"]))
    pause = [{"window": ["11:00", "12:00"], "minutes": 20}]
    for made in (team("A1", 1.5, 1.0), team("A2", 1.5, 1.0, breaks=pause), team("B1", 4.2, 2.1, "car")):
        patrols.teams[f"{made['area']} {made['code']}"] = made
    return patrols


def _problem(status: int, kind: str, detail: str, field: str | None = None) -> Response:
    content = {"type": f"urn:everycell:{kind}", "status": status, "detail": detail, "field": field}
    return JSONResponse(content, status, media_type="application/problem+json")


def patrol_routes(app: FastAPI, patrols: FakePatrols) -> None:
    """The routes."""
    _team_routes(app, patrols)
    _plan_routes(app, patrols)
    _change_routes(app, patrols)
    _files(app, patrols)
    _sweeps(app, patrols)


def _team_routes(app: FastAPI, patrols: FakePatrols) -> None:
    @app.get("/patrol/teams")
    def teams() -> Json:
        return {"teams": list(patrols.teams.values())}

    @app.put("/patrol/teams/{code}")
    async def keep(code: str, request: Request) -> Json:
        body: Json = await request.json()
        patrols.teams[f"{body['area']} {code}"] = body
        return body

    @app.delete("/patrol/teams/{code}")
    def drop(code: str, area: str) -> Response:
        del patrols.teams[f"{area} {code}"]
        return Response(status_code=204)

    @app.get("/patrol/stops")
    def stops(area: str, on: str, in_other_plans: bool = False) -> Response:
        found = []
        for one in patrols.proposals:
            if one["cell"].startswith(area) and (in_other_plans or one["key"] not in patrols.elsewhere):
                geometry = {"type": "Point", "coordinates": [one["lon"], one["lat"]]}
                rest = {name: value for name, value in one.items() if name not in ("lon", "lat")}
                found.append({"type": "Feature", "id": one["key"], "geometry": geometry, "properties": rest})
        totals = {"revisits_without_place": 1, "in_other_plans": len(patrols.elsewhere)}
        body = {"type": "FeatureCollection", "on": on, "totals": totals, "features": found}
        return Response(json.dumps(body, ensure_ascii=False), media_type="application/geo+json")


def _plan_routes(app: FastAPI, patrols: FakePatrols) -> None:
    @app.post("/patrol/plans")
    async def begin(request: Request) -> Response:
        return JSONResponse(patrols.begin(await request.json()), 202)

    @app.get("/patrol/plans")
    def plans(area: str = "", on: str = "") -> Json:
        return {"plans": patrols.listed(area, on)}

    @app.get("/patrol/plans/{id}")
    def one_plan(id: str) -> Response:
        if id not in patrols.plans:
            return _problem(404, "not-found", f"there is no plan {id}")
        return JSONResponse(patrols.look(id))

    @app.delete("/patrol/plans/{id}")
    def give_up(id: str) -> Json:
        patrols.plans[id] |= {"status": "cancelled", "progress": None}
        return patrols.plans[id]


def _change_routes(app: FastAPI, patrols: FakePatrols) -> None:
    async def read(id: str, request: Request) -> tuple[Json, Json] | Response:
        plan, body = patrols.plans[id], await request.json()
        if body["version"] != plan["version"]:
            return _problem(412, "precondition-failed", "version: the plan has changed since", "version")
        return plan, body

    @app.post("/patrol/plans/{id}/changes")
    async def change(id: str, request: Request) -> Response:
        found = await read(id, request)
        return found if isinstance(found, Response) else JSONResponse(patrols.change(found[0], found[1]["changes"]))

    @app.post("/patrol/plans/{id}/undo")
    async def undo(id: str, request: Request) -> Response:
        found = await read(id, request)
        return found if isinstance(found, Response) else JSONResponse(patrols.undo(found[0]))

    @app.post("/patrol/plans/{id}/replan")
    async def replan(id: str, request: Request) -> Response:
        found = await read(id, request)
        if isinstance(found, Response):
            return found
        plan, wish = found
        patrols.asked.append(wish)
        plan |= {"aim": wish["aim"], "version": plan["version"] + 1}
        patrols.search(plan)
        return JSONResponse(plan, 202)


def _files(app: FastAPI, patrols: FakePatrols) -> None:
    @app.post("/patrol/plans/{id}/phones")
    async def phones(id: str, request: Request) -> Json:
        made = []
        for code in (await request.json())["teams"]:
            url = f"{request.base_url}p/{id}-{code}"
            qr = qr_code(url)
            until = f"{patrols.plans[id]['on']}T16:00:00Z"
            made.append({"team": code, "url": url, "expires_at": until, "qr": {"side": qr.side, "path": qr.path}})
        return {"phones": made}

    @app.get("/patrol/plans/{id}/report")
    def report(id: str, f: str = "json") -> Response:
        cells = [
            {
                "code": fake.code_at(1, 1),
                "planned": 6,
                "done": 4,
                "households": 9,
                "reached": 5,
                "known": 41,
                "gained": 5 / 41,
            }
        ]
        return Response("a,b\n", media_type="text/csv") if f == "csv" else JSONResponse({"cells": cells})

    @app.get("/patrol/plans/{id}/{kind}")
    def file(id: str, kind: str) -> Response:
        return Response(kind, media_type="application/octet-stream")


def _sweeps(app: FastAPI, patrols: FakePatrols) -> None:
    """Squares around the middle of a polygon or the county, one for each shift of an hour; none is a sweep."""

    @app.post("/patrol/sweeps")
    async def sweep(request: Request, f: str = "json") -> Response:
        wish: Json = await request.json()
        patrols.asked.append(wish)
        if wish["shift_minutes"] == 13:
            return _problem(400, "bad-request", "area: has 3,000 pieces of street", "area")
        if f == "gpx":
            return Response("<gpx/>", media_type="application/gpx+xml")
        side = fake.SIDE
        west, south = (
            wish["polygon"]["coordinates"][0][0] if "polygon" in wish else (fake.WEST + side, fake.SOUTH + side)
        )
        corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.1)]
        routes = [
            {
                "metres": 1234.4,
                "seconds": 1201,
                "line": {
                    "type": "LineString",
                    "coordinates": [[west + (x + number) * side, south + y * side] for x, y in corners],
                },
            }
            for number in range(2 if wish["shift_minutes"] else 1)
        ]
        figures = {"street_m": 1000.0, "walk_m": 1300.0, "bound_m": 1250.0, "ratio": 1.3}
        return JSONResponse({**figures, "routes": routes, "left_out": [{"why": "border", "metres": 41.7}]})
