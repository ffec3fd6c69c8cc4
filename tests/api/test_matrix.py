"""The authorization matrix: every route and method of the live OpenAPI document, asked by every role for what is its
own, its sibling's, its parent's, its child's and another county's.

The table here is a second, independent statement of who may what: nothing of it comes from the table that the routes
are held by, and a route without a row fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.storage.cluster import Cluster
from tests.api.conftest import Served, database, serving, tile_path
from tests.gis import world
from tests.gis.alarms.places import add_alarm
from tests.gis.disputes.places import add_cases
from tests.gis.patrol.places import add_plan
from tests.gis.world import AFAR, COUSIN, OWN, REGION, SIBLING, Village

ROLES: Final = ("nobody", "wall", "operator", "patrol_leader", "editor", "admin")
EVERYBODY: Final = frozenset(ROLES)
SIGNED_IN: Final = EVERYBODY - {"nobody"}
DOORS: Final = SIGNED_IN - {"wall"}
VISITS: Final = frozenset({"operator", "patrol_leader", "admin"})
GRID: Final = frozenset({"editor", "admin"})
CASES: Final = frozenset({"operator", "patrol_leader", "admin"})
PATROLS: Final = frozenset({"operator", "patrol_leader", "admin"})
MEDIATION: Final = frozenset({"operator", "admin"})
EDITORS: Final = frozenset({"editor", "admin"})  # of places too
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
TILE: Final = "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"


@dataclass(frozen=True)
class Ask:
    """One request and how it ends for whoever may make it at all. `says`: members that the JSON answer has."""

    path: str
    status: int
    body: Any = None
    says: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A route: who may use it (others get 401 or 403), and what is asked of it, by the relation of the thing to the
    caller's own area, the village OWN."""

    route: str
    who: frozenset[str]
    asks: Mapping[str, Ask]

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def template(self) -> str:
        return self.route.partition(" ")[2]

    def status(self, role: str, ask: Ask) -> int:
        return ask.status if role in self.who else 401 if role == "nobody" else 403


def once(route: str, who: frozenset[str], path: str, status: int = 200, body: Any = None) -> Row:
    """A route that is about no area."""
    return Row(route, who, {"-": Ask(path, status, body)})


def areas(route: str, who: frozenset[str], path: str, status: int = 200) -> Row:
    """A route with the parameter `area`: what does not lie inside one's own is refused, there or not."""
    other = {"sibling": SIBLING.code, "parent": OWN.town, "county": AFAR.code, "missing": "990101100209"}
    inside = {"own": Ask(f"{path}area={OWN.code}", status), "child": Ask(f"{path}area={OWN.cells[0]}", status)}
    return Row(route, who, inside | {name: Ask(f"{path}area={code}", 403) for name, code in other.items()})


def counted(route: str, who: frozenset[str], path: str, child: int) -> Row:
    """Figures of an area: none are published yet, which is told of one's own only; `child` is told of a cell."""
    row = areas(route, who, path)
    statuses = {"own": 404, "child": child}
    return replace(row, asks={at: replace(ask, status=statuses.get(at, 403)) for at, ask in row.asks.items()})


def item(collection: str, who: frozenset[str], own: object, **other: object) -> Row:
    """An item of one's own, and others, which are not there."""
    at = f"/collections/{collection}/items"
    asks = {"own": Ask(f"{at}/{own}", 200)} | {name: Ask(f"{at}/{key}", 404) for name, key in other.items()}
    if "child" in asks:
        asks["child"] = Ask(asks["child"].path, 200)
    return Row("GET /collections/{collectionId}/items/{featureId}", who, asks)


def tiles(collection: str, who: frozenset[str]) -> Row:
    """Tiles over places: nothing is drawn where nothing is seen."""
    at = {"own": OWN, "sibling": SIBLING, "cousin": COUSIN, "county": AFAR}
    asks = {name: Ask(tile_path(collection, 16, *v.centre), 200 if v is OWN else 204) for name, v in at.items()}
    asks["parent"] = Ask(tile_path(collection, 9, *OWN.centre), 200)
    return Row(f"GET {TILE}", who, asks)


def visit_of(v: Village, accepted: int) -> Ask:
    """A new visit of a household."""
    body = [
        {
            "id": str(uuid4()),
            "household": v.household(2, 1),
            "visited_at": f"{world.today_of(world.SETTINGS)}T00:00:01+08:00",
            "outcome": "reached",
            "team": "A1",
            "purpose": "routine",
        }
    ]
    return Ask("/visits", 200, body, {"accepted": accepted, "repeated": 0})


def snap_of(v: Village, status: int) -> Ask:
    """The place that stands for the centre of a village."""
    lon, lat = v.centre
    return Ask("/disputes/snap", status, {"lon": lon, "lat": lat})


def new_case(v: Village, accepted: int) -> Ask:
    """A new case at the snap point of a village."""
    body = [
        {
            "id": str(uuid4()),
            "snap": SNAP[v],
            "category": "neighbours",
            "channel": "patrol",
            "reported_at": f"{world.today_of(world.SETTINGS)}T00:00:01+08:00",
        }
    ]
    return Ask("/disputes", 200, body, {"accepted": accepted, "repeated": 0})


def case(method: str, rest: str, who: frozenset[str], own: int, body: Any = None) -> Row:
    """A route about a case: those of others are not there."""
    asks = {at: Ask(f"/disputes/{DISPUTE[v]}{rest}", own if v is OWN else 404, body) for at, v in AROUND.items()}
    asks["missing"] = Ask(f"/disputes/{NONE}{rest}", 404, body)
    return Row(f"{method} /disputes/{{disputeId}}{re.sub('/[0-9]+$', '/{seq}', rest)}", who, asks)


# Cases: one of each village, at the snap point of its block; both ids are given beforehand.
AROUND: Final = {"own": OWN, "sibling": SIBLING, "cousin": COUSIN, "county": AFAR}
SNAP: Final = {v: f"00000000-0000-4000-9000-{int(v.code):012}" for v in REGION}
DISPUTE: Final = {v: f"00000000-0000-4000-a000-{int(v.code):012}" for v in REGION}

# Plans of patrols: one of each village, and one of the caller's own that was given up.
PLAN: Final = {v: f"00000000-0000-4000-b000-{int(v.code):012}" for v in REGION}
OVER: Final = "00000000-0000-4000-b000-00000000aaaa"
TEAM: Final = {"mode": "foot", "station": {"lon": 104.0, "lat": 34.5}, "shift": ["09:00", "13:00"]}


def plan(
    method: str, rest: str, own: int, body: Any = None, id: str | None = None, who: frozenset[str] = PATROLS
) -> Row:
    """A route about a plan: those of others are not there."""
    asks = {
        at: Ask(f"/patrol/plans/{id if id and v is OWN else PLAN[v]}{rest}", own if v is OWN else 404, body)
        for at, v in AROUND.items()
    }
    asks["missing"] = Ask(f"/patrol/plans/{NONE}{rest}", 404, body)
    template = re.sub("/stops/[^/]+/", "/stops/{key}/", rest.partition("?")[0])
    return Row(f"{method} /patrol/plans/{{planId}}{template}", who, asks)


def alarm(what: str, body: Any) -> Row:
    """Alarms of one's own: those of others are not there; the line of a town stands for what of it is one's own."""
    codes = {"own": OWN.code, "parent": OWN.town, "sibling": SIBLING.code, "cousin": COUSIN.code, "county": AFAR.code}
    asks = {
        at: Ask(f"/alarms/behind-{code}/{what}", 200 if at in ("own", "parent") else 404, body)
        for at, code in codes.items()
    }
    return Row(f"POST /alarms/{{alarm}}/{what}", VISITS, asks)


def team_of(method: str, own: int) -> Row:
    """A team of one's own area; none is written or removed elsewhere."""
    other = {
        "own": OWN.code,
        "sibling": SIBLING.code,
        "parent": OWN.town,
        "county": AFAR.code,
        "missing": "990101100209",
    }
    asks = {
        at: Ask("/patrol/teams/ZZ", own if at == "own" else 403, TEAM | {"area": code})
        if method == "PUT"
        else Ask(f"/patrol/teams/ZZ?area={OWN.cells[1] if at == 'own' else code}", own if at == "own" else 403)
        for at, code in other.items()
    }
    return Row(f"{method} /patrol/teams/{{code}}", PATROLS, asks)


def sweeping() -> Row:
    """A sweep of one's own area; elsewhere it is refused before anybody looks."""
    other = {"own": OWN.code, "sibling": SIBLING.code, "parent": OWN.town, "county": AFAR.code}
    asks = {
        at: Ask("/patrol/sweeps", 200 if at == "own" else 403, {"area": area, "mode": "foot"})
        for at, area in other.items()
    }
    return Row("POST /patrol/sweeps", PATROLS, asks)


def asking() -> Row:
    """A plan of one's own area, where nothing waits of what is asked for; elsewhere it is refused before anybody
    looks."""
    other = {
        "own": OWN.code,
        "sibling": SIBLING.code,
        "parent": OWN.town,
        "county": AFAR.code,
        "missing": "990101100209",
    }
    wanted = {"id": NONE, "on": "2020-01-01", "teams": [TEAM | {"code": "A1"}], "stops": {"kinds": ["place"]}}
    asks = {
        at: Ask("/patrol/plans", 400 if at == "own" else 403, wanted | {"area": area}) for at, area in other.items()
    }
    return Row("POST /patrol/plans", PATROLS, asks)


# Change sets: a draft of each area, and one of the caller's own village that was given up.
DRAFT: Final = {
    area: f"00000000-0000-4000-8000-{int(area):012}" for area in (OWN.code, SIBLING.code, OWN.town, AFAR.code)
}
GIVEN_UP: Final = "00000000-0000-4000-8000-00000000aaaa"
NONE: Final = "00000000-0000-4000-8000-00000000bbbb"
TICK: Final = {"id": NONE, "outcome": "skipped", "ticked_at": f"{world.today_of(world.SETTINGS)}T00:00:01+08:00"}


def changeset(method: str, rest: str, own: int, body: Any = None, id: str = DRAFT[OWN.code]) -> Row:
    """A route about a change set: those of others are not there."""
    others = {"sibling": DRAFT[SIBLING.code], "parent": DRAFT[OWN.town], "county": DRAFT[AFAR.code], "missing": NONE}
    asks = {"own": Ask(f"/changesets/{id}{rest}", own, body)}
    asks |= {at: Ask(f"/changesets/{other}{rest}", 404, body) for at, other in others.items()}
    return Row(f"{method} /changesets/{{changesetId}}{rest.replace('/1', '/{seq}')}", GRID, asks)


def opening() -> Row:
    """A draft is begun in one's own area."""
    other = {"sibling": SIBLING.code, "parent": OWN.town, "county": AFAR.code, "missing": "990101100209"}
    asks = {"own": Ask("/changesets", 201, {"title": "草稿", "area": OWN.code})}
    asks["child"] = Ask("/changesets", 400, {"title": "草稿", "area": OWN.cells[0]})
    asks |= {at: Ask("/changesets", 403, {"title": "草稿", "area": code}) for at, code in other.items()}
    return Row("POST /changesets", GRID, asks)


def looking() -> Row:
    """What operations would do is told of one's own area, also where no draft has them; others' cells are not there."""
    other = {"sibling": SIBLING.code, "parent": OWN.town, "county": AFAR.code, "missing": "990101100209"}
    ops = [{"op": "set", "cell": OWN.cells[0], "name": "x"}]
    foreign = [{"op": "set", "cell": SIBLING.cells[0], "name": "x"}]
    asks = {"own": Ask("/changesets/preview", 200, {"area": OWN.code, "ops": ops})}
    # Told as an issue of the operation; it would do nothing.
    asks["cousin"] = Ask("/changesets/preview", 200, {"area": OWN.code, "ops": foreign}, {"moved": [], "areas": []})
    asks |= {at: Ask("/changesets/preview", 403, {"area": code, "ops": ops}) for at, code in other.items()}
    return Row("POST /changesets/preview", GRID, asks)


def nodes() -> Row:
    """Nodes of one's own cells, wherever one asks for them."""
    boxes = {v: f"{v.centre[0] + 0.001},34.499,{v.centre[0] + 0.009},34.501" for v in (OWN, SIBLING, AFAR)}
    at = {v: Ask(f"/changesets/nodes?bbox={box}", 200, says={"nodes": []}) for v, box in boxes.items()}
    asks = {"own": Ask(at[OWN].path, 200), "sibling": at[SIBLING], "county": at[AFAR]}
    return Row("GET /changesets/nodes", GRID, asks)


def of_cell(what: str) -> Row:
    """Where a cell came from: those of others are not there."""
    cells = {
        "sibling": SIBLING.cells[0],
        "cousin": COUSIN.cells[0],
        "county": AFAR.cells[0],
        "missing": f"{OWN.code}999",
    }
    asks = {"own": Ask(f"/cells/{OWN.cells[0]}/{what}", 200)}
    asks |= {at: Ask(f"/cells/{code}/{what}", 404) for at, code in cells.items()}
    return Row(f"GET /cells/{{code}}/{what}", SIGNED_IN, asks)


PROPOSAL: Final = {"kind": "cut", "village": OWN.code, "households": [10, 20]}
UNKNOWN: Final = {"op": "set", "cell": "990101100201999", "name": "x"}


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def point(v: Village) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(v.centre)}


def editing(collection: str, whole: dict[str, Any], own: object, child: object = None, **other: object) -> list[Row]:
    """Writing items: one's own goes, without a change (and not at all where it is not said what was read); another's is
    not there."""
    at, one = f"/collections/{collection}/items", "/collections/{collectionId}/items/{featureId}"
    read = {"If-Match": "*"}

    def row(method: str, status: int, body: Any, headers: Mapping[str, str]) -> Row:
        asks = {"own": Ask(f"{at}/{own}", status, body, headers=headers)}
        asks |= {"child": Ask(f"{at}/{child}", 428, body)} if child else {}
        asks |= {name: Ask(f"{at}/{key}", 404, body, headers=headers) for name, key in other.items()}
        return Row(f"{method} {one}", EDITORS, asks)

    return [row("PUT", 200, whole, read), row("PATCH", 200, {}, read), row("DELETE", 428, None, {})]


def creating(collection: str, own: Ask, **other: Any) -> Row:
    """A new item, in one's own area; elsewhere it is refused, whether there is anything or not."""
    path = f"/collections/{collection}/items"
    asks = {"own": own} | {name: Ask(path, 403, body) for name, body in other.items()}
    return Row("POST /collections/{collectionId}/items", EDITORS, asks)


def new_place(collection: str, **properties: Any) -> Row:
    bodies = {v: feature(point(v), **properties) for v in (OWN, SIBLING, COUSIN, AFAR)}
    own = Ask(f"/collections/{collection}/items", 201, bodies[OWN])
    nowhere = feature({"type": "Point", "coordinates": [10, 10]}, **properties)
    others = {"sibling": bodies[SIBLING], "cousin": bodies[COUSIN], "county": bodies[AFAR], "missing": nowhere}
    return creating(collection, own, **others)


def new_cell() -> Row:
    """That its polygon is none is found out after the village was looked at."""
    none = {"type": "Polygon", "coordinates": []}
    own = Ask("/collections/cells/items", 400, feature(none, village=OWN.code))
    others = {"sibling": SIBLING.code, "county": AFAR.code, "missing": "990101100209"}
    return creating("cells", own, **{name: feature(none, village=code) for name, code in others.items()})


OWN_CELL: Final = {
    "type": "Polygon",
    "coordinates": [[list(xy) for xy in OWN.shape(slice(1, 2)).exterior.coords]],
}
FIRST_DAY: Final = str(world.today_of(world.SETTINGS) - timedelta(days=200))

COLLECTIONS: Final = {
    "divisions": SIGNED_IN,
    "cells": SIGNED_IN,
    "doorplates": DOORS,
    "households": DOORS,
    "sites": DOORS,
    "routes": PATROLS,
    "disputes": SIGNED_IN,
}
TILED: Final = {"cells": SIGNED_IN, "doorplates": DOORS, "streets": SIGNED_IN}
# Serial numbers of doors: the region is built in the order of its villages, five doors each.
DOOR: Final = {v: v.county * 1_000_000_000 + 5 * n + 1 for n, v in enumerate(REGION)}

ROWS: Final = (
    once("GET /", EVERYBODY, "/"),
    once("GET /", SIGNED_IN, "/?f=html"),
    once("GET /api", EVERYBODY, "/api"),
    once("GET /conformance", EVERYBODY, "/conformance"),
    once("GET /tileMatrixSets", EVERYBODY, "/tileMatrixSets"),
    once("GET /tileMatrixSets/{tileMatrixSetId}", EVERYBODY, "/tileMatrixSets/WebMercatorQuad"),
    once("GET /healthz", EVERYBODY, "/healthz"),
    once("GET /readyz", EVERYBODY, "/readyz"),
    once("GET /static/{path}", EVERYBODY, "/static/households.css"),
    once("GET /static/{path}", EVERYBODY, "/static/none.css", 404),
    once("GET /login", EVERYBODY, "/login"),
    once("POST /login", EVERYBODY, "/login", 400, ""),
    once("GET /login/oidc", EVERYBODY, "/login/oidc", 404),
    once("GET /login/oidc/callback", EVERYBODY, "/login/oidc/callback?code=x&state=y", 404),
    once("POST /logout", EVERYBODY, "/logout", 303, ""),
    once("GET /about/data", EVERYBODY, "/about/data"),
    once("GET /me", SIGNED_IN, "/me"),
    once("GET /collections", SIGNED_IN, "/collections"),
    once("GET /collections/{collectionId}", SIGNED_IN, "/collections/none", 404),
    once("GET /collections/{collectionId}", SIGNED_IN, "/collections/streets"),
    *(once("GET /collections/{collectionId}", who, f"/collections/{name}") for name, who in COLLECTIONS.items()),
    *(
        areas("GET /collections/{collectionId}/items", who, f"/collections/{name}/items?f={form}&")
        for name, who in COLLECTIONS.items()
        for form in ("geojson", "html")
    ),
    once("GET /collections/{collectionId}/items", SIGNED_IN, "/collections/streets/items", 404),
    item("divisions", SIGNED_IN, OWN.code, sibling=SIBLING.code, parent=OWN.town, county=AFAR.code),
    item("cells", SIGNED_IN, OWN.cells[1], child=OWN.cells[0], sibling=SIBLING.cells[0], county=AFAR.cells[0]),
    item("doorplates", DOORS, DOOR[OWN], sibling=DOOR[SIBLING], cousin=DOOR[COUSIN], county=DOOR[AFAR]),
    item(
        "households",
        DOORS,
        OWN.household(),
        child=OWN.household(2),
        sibling=SIBLING.household(),
        cousin=COUSIN.household(),
        county=AFAR.household(),
    ),
    item("sites", DOORS, OWN.site, sibling=SIBLING.site, cousin=COUSIN.site, county=AFAR.site),
    item("disputes", SIGNED_IN, OWN.cells[1], child=OWN.cells[0], sibling=SIBLING.cells[0], county=AFAR.cells[0]),
    *editing(
        "cells",
        feature(OWN_CELL, name=f"{OWN.sign}格2", kind="general"),
        OWN.cells[1],
        child=OWN.cells[0],
        sibling=SIBLING.cells[0],
        county=AFAR.cells[0],
    ),
    *editing(
        "doorplates",
        feature(point(OWN), address=f"{OWN.sign}村1号"),
        DOOR[OWN],
        sibling=DOOR[SIBLING],
        cousin=DOOR[COUSIN],
        county=DOOR[AFAR],
    ),
    *editing(
        "households",
        feature(
            point(OWN), doorplate=DOOR[OWN], unit="1室", status="active", interval_days=90, registered_on=FIRST_DAY
        ),
        OWN.household(),
        child=OWN.household(2),
        sibling=SIBLING.household(),
        cousin=COUSIN.household(),
        county=AFAR.household(),
    ),
    *editing(
        "sites",
        feature(point(OWN), name=f"{OWN.sign}小学", category="school", check_interval_days=30),
        OWN.site,
        sibling=SIBLING.site,
        cousin=COUSIN.site,
        county=AFAR.site,
    ),
    new_cell(),
    new_place("doorplates"),
    new_place("households"),
    new_place("sites", name="新药店", category="pharmacy"),
    *(once("GET /collections/{collectionId}/tiles", who, f"/collections/{name}/tiles") for name, who in TILED.items()),
    *(
        once(
            "GET /collections/{collectionId}/tiles/{tileMatrixSetId}",
            who,
            f"/collections/{name}/tiles/WebMercatorQuad",
        )
        for name, who in TILED.items()
    ),
    *(tiles(name, who) for name, who in TILED.items()),
    once("GET /grid", SIGNED_IN, "/grid"),
    areas("GET /coverage", SIGNED_IN, "/coverage?level=cell&"),
    areas("GET /coverage", SIGNED_IN, "/coverage?level=cell&f=csv&"),
    areas("GET /coverage", SIGNED_IN, "/coverage?level=cell&f=geojson&"),
    areas("GET /board", SIGNED_IN, "/board?"),
    once("GET /board", SIGNED_IN, "/board"),
    areas("GET /alarms", SIGNED_IN, "/alarms?"),
    once("GET /alarms", SIGNED_IN, "/alarms"),
    alarm("acknowledge", None),
    alarm("shelve", {"minutes": 60}),
    areas("GET /rounds", SIGNED_IN, "/rounds?"),
    once("GET /rounds", SIGNED_IN, "/rounds"),
    areas("GET /patrol/network", SIGNED_IN, "/patrol/network?"),
    areas("GET /report", SIGNED_IN, "/report?"),
    once("GET /report", SIGNED_IN, "/report?f=xlsx"),
    once("GET /maps/coverage", SIGNED_IN, "/maps/coverage"),
    areas("GET /wall", SIGNED_IN, "/wall?"),
    once("GET /maps/heat", SIGNED_IN, "/maps/heat"),
    once("GET /maps/edit", GRID, "/maps/edit"),
    once("GET /maps/patrol", PATROLS, "/maps/patrol"),
    areas("GET /households/unvisited", DOORS, "/households/unvisited?"),
    areas("GET /households/unvisited", DOORS, "/households/unvisited?f=csv&"),
    Row(
        "GET /search",
        SIGNED_IN,
        {
            "own": Ask(f"/search?q={OWN.code}", 200),
            "sibling": Ask(f"/search?q={SIBLING.sign}", 200, says={"numberReturned": 0}),
            "parent": Ask("/search?q=城关", 200, says={"numberReturned": 0}),
            "county": Ask(f"/search?q={AFAR.sign}", 200, says={"numberReturned": 0}),
        },
    ),
    Row(
        "POST /visits",
        VISITS,
        {
            "own": visit_of(OWN, 1),
            "sibling": visit_of(SIBLING, 0),
            "cousin": visit_of(COUSIN, 0),
            "county": visit_of(AFAR, 0),
        },
    ),
    areas("GET /disputes", CASES, "/disputes?"),
    once("GET /disputes", CASES, "/disputes"),
    areas("GET /disputes", CASES, "/disputes?f=html&"),
    once("GET /disputes/periods", SIGNED_IN, "/disputes/periods"),
    counted("GET /disputes/counts", SIGNED_IN, "/disputes/counts?level=cell&period=2025&", 404),
    counted("GET /disputes/ledger", CASES, "/disputes/ledger?period=2025&", 400),
    areas("GET /disputes/revisits", CASES, "/disputes/revisits?until=2099-01-01&"),
    Row("POST /disputes", CASES, {at: new_case(v, int(v is OWN)) for at, v in AROUND.items()}),
    Row("POST /disputes/snap", CASES, {at: snap_of(v, 200 if v is OWN else 403) for at, v in AROUND.items()}),
    Row(
        "GET /disputes/snap",
        CASES,
        {at: Ask(f"/disputes/snap?cell={v.cells[0]}", 200 if v is OWN else 403) for at, v in AROUND.items()},
    ),
    # Of 2001 nothing is published, whoever asks: what is drawn of what is, tests/api/test_heat.py tells.
    areas("GET /disputes/heat", SIGNED_IN, "/disputes/heat?period=2001&", 404),
    areas("GET /disputes/hotspots", SIGNED_IN, "/disputes/hotspots?period=2001&", 404),
    areas("GET /disputes/heat/tiles/{z}/{x}/{y}.png", SIGNED_IN, "/disputes/heat/tiles/9/0/0.png?period=2001&", 404),
    case("GET", "", CASES, 200),
    case("POST", "/changes", MEDIATION, 409, {"id": NONE, "version": 77, "state": "accepted"}),
    case("POST", "/revisits/9", CASES, 404, {"outcome": "holds", "done_at": "2026-01-01T00:00:00Z"}),
    areas("GET /patrol/teams", PATROLS, "/patrol/teams?"),
    once("GET /patrol/teams", PATROLS, "/patrol/teams"),
    team_of("PUT", 200),
    team_of("DELETE", 404),
    areas("GET /patrol/stops", PATROLS, "/patrol/stops?"),
    areas("GET /patrol/plans", PATROLS, "/patrol/plans?"),
    asking(),
    sweeping(),
    plan("GET", "", 200, id=OVER),
    plan("DELETE", "", 200, id=OVER),
    plan("POST", "/changes", 412, {"version": 77, "changes": [{"do": "pin", "stop": "D1"}]}),
    plan("POST", "/replan", 412, {"version": 77}),
    plan("POST", "/undo", 412, {"version": 77}),
    plan("GET", "/export?f=csv", 200),
    plan("GET", ".gpx", 200),
    plan("GET", "/report", 200),
    plan("POST", "/phones", 200, {"teams": []}),
    plan("POST", "/stops/D1/tick", 400, TICK, who=VISITS),
    plan("GET", "/sheet?lang=xx", 400),
    plan("POST", "/sheet", 400, {"phones": [], "lang": "xx"}),
    once("GET /p/worker.js", EVERYBODY, "/p/worker.js"),
    once("GET /p/{token}", EVERYBODY, "/p/none", 404),
    once("GET /p/{token}/manifest.webmanifest", EVERYBODY, "/p/none/manifest.webmanifest", 404),
    once("GET /p/{token}/streets", EVERYBODY, "/p/none/streets", 404),
    once("GET /p/{token}/route", EVERYBODY, "/p/none/route", 404),
    once("POST /p/{token}/ticks", EVERYBODY, "/p/none/ticks", 404, []),
    areas("GET /collections/{collectionId}/items", SIGNED_IN, "/collections/cells/items?datetime=2030-01-01&"),
    of_cell("lineage"),
    of_cell("history"),
    opening(),
    areas("GET /events", SIGNED_IN, "/events?last_event_id=1&"),  # of no log: reset, and over
    areas("GET /changesets", GRID, "/changesets?"),
    nodes(),
    looking(),
    changeset("GET", "", 200, id=GIVEN_UP),
    changeset("DELETE", "", 409, id=GIVEN_UP),
    changeset("POST", "/ops", 422, UNKNOWN),
    changeset("DELETE", "/ops/1", 404),
    changeset("POST", "/proposals", 409, PROPOSAL, id=GIVEN_UP),
    changeset("POST", "/preview", 200, {}),
    changeset("POST", "/publish", 409, {}),
    changeset("POST", "/undo", 409, {}),
)
# What answers without standing in the OpenAPI document: a route that takes whatever the provider sends along.
PLAIN: Final = frozenset({("GET", "/login/oidc/callback")})
# Words of the places that are not the caller's: none may be in an answer, unless the request itself said it.
FOREIGN: Final = (
    *(word for v in (SIBLING, COUSIN, AFAR) for word in (v.sign, v.mark, v.code, str(DOOR[v]))),
    *("河口", "邻县", "北关", "990101101", "990102", "R100202", "R101201"),
)


@pytest.fixture(scope="module")
def region(cluster: Cluster) -> Iterator[Served]:
    with database(cluster, "matrix") as store:
        with store.begin() as conn:
            world.build_region(conn, today=world.today_of(store.settings))
            draft_everywhere(conn)
        with store.begin(ALL.settings()) as conn:
            case_everywhere(conn)
            for village, id in PLAN.items():
                add_plan(conn, village, id=UUID(id))
            add_plan(conn, OWN, id=UUID(OVER), team="ZZ", status="cancelled")
            for village in REGION:
                add_alarm(conn, village)
        with serving(store) as running:
            yield running


def draft_everywhere(conn: Connection) -> None:
    insert = text(
        "INSERT INTO everycell.changeset (county, id, area, title, status, base, created_at, created_by, changed_at)"
        " VALUES (:county, :id, :area, '草稿', :status, 1, now(), 'li', now())"
    )
    rows = [(area, id, "draft") for area, id in DRAFT.items()] + [(OWN.code, GIVEN_UP, "abandoned")]
    for area, id, status in rows:
        conn.execute(insert, {"county": int(area[:6]), "id": id, "area": area, "status": status})


def case_everywhere(conn: Connection) -> None:
    for village in REGION:
        add_cases(conn, village, id=UUID(DISPUTE[village]), snap=UUID(SNAP[village]))


@pytest.fixture(scope="module")
def clients(region: Served) -> dict[str, httpx.Client]:
    """A client of each role, on the village OWN alone."""
    signed_in = {role: region.client_of(role, OWN.code) for role in ROLES[1:]}
    nobody = region.others.enter_context(httpx.Client(base_url=region.address, timeout=30))
    return {"nobody": nobody, **signed_in}


def send(client: httpx.Client, method: str, ask: Ask) -> httpx.Response:
    if isinstance(ask.body, str):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return client.request(method, ask.path, content=ask.body, headers=form)
    return client.request(method, ask.path, json=ask.body, headers=dict(ask.headers))


def listed(region: Served) -> set[tuple[str, str]]:
    """Every method and path of the live document."""
    paths: dict[str, dict[str, Any]] = region.client.get("/api").json()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


def names(row: Row) -> str:
    return f"{row.route} {next(iter(row.asks.values())).path}"


def test_every_route_has_a_row(region: Served) -> None:
    assert {(row.method, row.template) for row in ROWS} == listed(region) | PLAIN


@pytest.mark.parametrize("row", ROWS, ids=names)
def test_who_may_what_where(clients: dict[str, httpx.Client], row: Row) -> None:
    expected = {(role, at): row.status(role, ask) for role in ROLES for at, ask in row.asks.items()}
    answers = {(role, at): send(clients[role], row.method, row.asks[at]) for role, at in expected}
    assert {key: answer.status_code for key, answer in answers.items()} == expected
    for (role, at), answer in answers.items():
        ask = row.asks[at]
        assert leaked(ask, answer) == [], (role, at)
        if answer.status_code == 401:
            assert answer.headers["www-authenticate"] == "Bearer"
        if role in row.who and ask.says:
            # The same visit of the next role is a repeated one.
            told = answer.json()
            again = "repeated" in told
            known = {**told, "accepted": told["accepted"] + told["repeated"], "repeated": 0} if again else told
            assert ask.says.items() <= known.items(), (role, at)


def leaked(ask: Ask, answer: httpx.Response) -> list[str]:
    """Words of foreign places in an answer that the request did not say."""
    said = unquote(ask.path) + str(ask.body)
    told = answer.content.decode("utf-8", "replace") + "\n".join(f"{k}: {v}" for k, v in answer.headers.items())
    for word in sorted(set(re.findall(r"[0-9A-Z-]{6,}", said)), key=len, reverse=True):
        told = told.replace(word, "")
    return [word for word in FOREIGN if word in told and word not in said]


@pytest.mark.parametrize("row", [row for row in ROWS if row.method == "GET"], ids=names)
def test_head_is_get_without_the_body(clients: dict[str, httpx.Client], row: Row) -> None:
    for role in ROLES:
        for at, ask in row.asks.items():
            get, head = (clients[role].request(method, ask.path) for method in ("GET", "HEAD"))
            assert head.content == b"", (role, at)
            assert head.status_code == get.status_code, (role, at)
            for name in ("content-type", "etag", "vary", "cache-control", "www-authenticate", "location"):
                assert head.headers.get(name) == get.headers.get(name), (role, at, name)


PATHS: Final = sorted({(row.template, ask.path.partition("?")[0]) for row in ROWS for ask in row.asks.values()})


def _asks(row: Row, path: str) -> bool:
    return any(ask.path.partition("?")[0] == path for ask in row.asks.values())


@pytest.mark.parametrize(("template", "path"), PATHS)
def test_options_tell_the_same(clients: dict[str, httpx.Client], template: str, path: str) -> None:
    """What OPTIONS offers is what the table allows, wherever the thing is: there or not must not show."""
    here = [row for row in ROWS if row.template == template and (_asks(row, path) or "{collectionId}" not in template)]
    for role in ROLES:
        answer = clients[role].options(path)
        allowed = {row.method for row in here if role in row.who}
        wanted = allowed | {"OPTIONS"} | ({"HEAD"} if "GET" in allowed else set())
        assert (answer.status_code, answer.headers["allow"]) == (204, ", ".join(sorted(wanted))), role
        assert answer.content == b""


@pytest.mark.parametrize(("template", "path"), {template: (template, path) for template, path in PATHS}.values())
def test_other_methods_are_not_there(clients: dict[str, httpx.Client], template: str, path: str) -> None:
    served = {row.method for row in ROWS if row.template == template}
    for role in ("nobody", "wall", "admin"):
        for method in set(METHODS) - served:
            answer = clients[role].request(method, path)
            assert answer.status_code == 405, (role, method)
            assert set(answer.headers["allow"].split(", ")) <= served | {"HEAD", "OPTIONS"}, (role, method)


def test_a_path_of_no_route_is_not_found(clients: dict[str, httpx.Client]) -> None:
    for role in ROLES:
        for method in (*METHODS, "OPTIONS", "HEAD"):
            assert clients[role].request(method, "/accounts").status_code == 404, (role, method)
