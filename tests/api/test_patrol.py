"""Patrols over HTTP: teams, what waits, plans."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import gpxpy
import httpx

from tests.api.conftest import Served

AREA = "990101100201"
A1: dict[str, Any] = {"mode": "foot", "station": {"lon": 104.005, "lat": 34.505}, "shift": ["09:00", "13:00"]}
B2: dict[str, Any] = {"mode": "car", "station": {"lon": 104.015, "lat": 34.505}, "shift": ["22:00", "02:00"]}


def asked(served: Served, **more: Any) -> dict[str, Any]:
    teams = [{"code": "A1", **A1}, {"code": "B2", **B2}]
    return {"id": str(uuid4()), "area": AREA, "on": str(served.today), "teams": teams, "limit_s": 0.5, **more}


def planned(served: Served, body: dict[str, Any]) -> Any:
    """The plan of a body, once its search has ended."""
    answer = served.client.post("/patrol/plans", json=body)
    assert answer.status_code == 202, answer.text
    return searched(served, body["id"])


def searched(served: Served, id: str) -> Any:
    until = time.monotonic() + 150
    while (plan := served.json(f"/patrol/plans/{id}"))["status"] == "planning":
        assert time.monotonic() < until, plan
        time.sleep(0.05)
    return plan


def test_a_plan_is_asked_for_found_changed_and_given_up(own: Served) -> None:
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 201
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 200
    [team] = own.json("/patrol/teams", params={"area": AREA})["teams"]
    assert team["shift"] == ["09:00", "13:00"]
    assert team["end"] is None

    found = own.json("/patrol/stops", params={"area": AREA})
    assert found["totals"]["doorplate"]["all"] + found["totals"]["site"]["all"] == len(found["features"])
    assert found["totals"]["site"]["all"] == 2

    body = asked(own, teams=["A1", {"code": "B2", **B2}])
    plan = planned(own, body)
    assert plan["status"] == "planned", plan["error"]
    assert plan["straight"]
    assert len(plan["stops"]) == len(found["features"])
    first, second = sorted(plan["teams"], key=lambda team: -len(team["route"]["stops"]))
    assert len(first["route"]["legs"]) == len(first["route"]["stops"]) + 1 > 3
    rest = own.json("/patrol/stops", params={"area": AREA})
    assert (len(rest["features"]), rest["totals"]["in_other_plans"]) == (0, len(found["features"]))
    assert len(own.json("/patrol/stops", params={"area": AREA, "in_other_plans": True})["features"]) > 0
    assert own.client.post("/patrol/plans", json=body).json()["id"] == plan["id"]
    assert own.client.post("/patrol/plans", json=body | {"seed": 2}).status_code == 409
    [listed] = own.json("/patrol/plans")["plans"]
    assert listed["id"] == plan["id"]
    assert listed["teams"] == ["A1", "B2"]

    at, moved, gone = f"/patrol/plans/{plan['id']}", first["route"]["stops"][0], first["route"]["stops"][1]
    changes = [
        {"do": "move", "stop": moved, "team": second["code"], "position": 1},
        {"do": "remove", "stop": gone},
        {"do": "add", "lon": 104.006, "lat": 34.506, "minutes": 5, "tier": 1},
    ]
    answer = own.client.post(f"{at}/changes", json={"version": plan["version"], "changes": changes})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    stops = {stop["key"]: stop for stop in changed["stops"]}
    assert stops[moved]["team"] == second["code"]
    assert stops[moved]["position"] in (1, 2)  # the added one may have come before it
    assert stops[moved]["pinned"]
    assert stops[gone]["removed"]
    assert stops[gone]["why_not"]["why"] == "removed"
    assert len(stops) == len(plan["stops"]) + 1
    assert changed["version"] == plan["version"] + 1
    stale = own.client.post(f"{at}/changes", json={"version": plan["version"], "changes": changes})
    assert stale.status_code == 412
    assert stale.json()["field"] == "version"
    etag = own.get(at).headers["etag"]
    polled = own.get(at, headers={"If-None-Match": etag})
    assert (polled.status_code, polled.content, polled.headers["etag"]) == (304, b"", etag)

    assert own.client.post(f"{at}/replan", json={"version": changed["version"], "aim": "equal"}).status_code == 202
    again = searched(own, plan["id"])
    assert again["aim"] == "equal"
    assert own.get(at, headers={"If-None-Match": etag}).status_code == 200
    assert {s["key"]: s for s in again["stops"]}[moved]["team"] == second["code"]
    for version, aim, number in ((again["version"], "shortest", len(stops)), (again["version"] + 1, "shortest", None)):
        undone = own.client.post(f"{at}/undo", json={"version": version}).json()
        assert undone["aim"] == aim
        assert len(undone["stops"]) == (number or len(plan["stops"]))
    assert undone["teams"] == plan["teams"]
    assert own.client.post(f"{at}/undo", json={"version": undone["version"]}).status_code == 409
    assert own.client.delete(at).json()["status"] == "cancelled"


def test_a_phone_ticks_late_and_coverage_moves(own: Served) -> None:
    """Without an account, its own route alone; what is sent again counts once; a new link ends the old."""
    plan = planned(own, asked(own, teams=[{"code": "A1", **A1, "shift": ["00:00", "24:00"]}]))
    at, stop = f"/patrol/plans/{plan['id']}", next(one for one in plan["stops"] if one["kind"] == "doorplate")
    old, new = (own.client.post(f"{at}/phones", json={"teams": ["A1"]}).json()["phones"][0]["url"] for _ in "12")
    with httpx.Client(timeout=30) as phone:
        assert phone.get(f"{old}/route").status_code == 404
        route = phone.get(f"{new}/route").json()
        assert [one["key"] for one in route["stops"]] == plan["teams"][0]["route"]["stops"]
        known = own.json("/coverage", params={"area": AREA, "level": "cell"})["total"]
        households = [unit["code"] for unit in stop["units"]]
        ticked_at = f"{own.today}T00:00:01+08:00"
        tick = {"id": str(uuid4()), "stop": stop["key"], "outcome": "reached", "ticked_at": ticked_at}
        site = next(one["key"] for one in plan["stops"] if one["kind"] == "site")
        sent = [
            tick | {"households": households},
            tick | {"id": str(uuid4()), "stop": site},
            tick | {"id": str(uuid4()), "stop": "D1"},
            tick | {"id": "x"},
        ]
        # The leader takes a stop out of the route while the phone is without a signal: what was done there counts.
        out = {"version": plan["version"], "changes": [{"do": "remove", "stop": site}]}
        assert own.client.post(f"{at}/changes", json=out).status_code == 200
        told = phone.post(f"{new}/ticks", json=sent).json()
        assert (told["accepted"], told["repeated"]) == (2, 0)
        assert [(one["index"], one["field"]) for one in told["refused"]] == [(2, "stop"), (3, "id")]
        assert phone.post(f"{new}/ticks", json=sent[:2]).json()["repeated"] == 2
        done = {one["key"]: one["done"] for one in phone.get(f"{new}/route").json()["stops"]}
        assert done[stop["key"]]["households"] == households
        assert site not in done
        assert next(one for one in own.json(at)["stops"] if one["key"] == site)["done"]["outcome"] == "reached"
    moved = own.json("/coverage", params={"area": AREA, "level": "cell"})["total"]
    assert moved["reached"] == known["reached"] + len(households)

    report = own.json(f"{at}/report")
    assert (report["total"]["done"], report["total"]["reached"]) == (2, len(households))
    gpx = gpxpy.parse(own.get(f"{at}.gpx").text)
    assert [len(found.points) for found in gpx.routes] == [len(route["stops"]) - 1]
    assert len(gpx.waypoints) == len(route["stops"]) - 1
    lines = own.get(f"{at}/export", params={"f": "csv"}).text.splitlines()
    assert len(lines) == len(plan["stops"]) + 1
    assert lines[0].startswith("\ufeffteam,position,arrive_at")
    [feature] = own.json("/collections/routes/items")["features"]
    assert feature["properties"]["team"] == "A1"
    assert feature["geometry"]["type"] == "LineString"
    assert own.client.delete(at).json()["status"] == "cancelled"
    assert httpx.get(f"{new}/route").status_code == 404
    assert own.json("/collections/routes/items")["features"] == []
