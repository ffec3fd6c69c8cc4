"""Patrols over HTTP: teams, what waits, plans."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

from tests.api.conftest import Served

AREA = "990101100201"
A1: dict[str, Any] = {"mode": "foot", "station": {"lon": 104.005, "lat": 34.505}, "shift": ["09:00", "13:00"]}
B2: dict[str, Any] = {"mode": "car", "station": {"lon": 104.015, "lat": 34.505}, "shift": ["22:00", "02:00"]}


def asked(served: Served, **more: Any) -> dict[str, Any]:
    teams = [{"code": "A1", **A1}, {"code": "B2", **B2}]
    return {"id": str(uuid4()), "area": AREA, "on": str(served.today), "teams": teams, **more}


def planned(served: Served, body: dict[str, Any]) -> Any:
    """The plan of a body, once its search has ended."""
    answer = served.client.post("/patrol/plans", json=body)
    assert answer.status_code == 202, answer.text
    return searched(served, body["id"])


def searched(served: Served, id: str) -> Any:
    until = time.monotonic() + 60
    while (plan := served.json(f"/patrol/plans/{id}"))["status"] == "planning":
        assert time.monotonic() < until, plan
        time.sleep(0.05)
    return plan


def test_a_plan_is_asked_for_found_changed_and_given_up(own: Served) -> None:
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 201
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 200
    [team] = own.json("/patrol/teams", params={"area": AREA})["teams"]
    assert team["shift"] == ["09:00", "13:00"] and team["end"] is None

    found = own.json("/patrol/stops", params={"area": AREA})
    assert found["totals"]["doorplate"]["all"] + found["totals"]["site"]["all"] == len(found["features"])
    assert found["totals"]["site"]["all"] == 2

    body = asked(own, teams=["A1", {"code": "B2", **B2}])
    plan = planned(own, body)
    assert plan["status"] == "planned", plan["error"]
    assert plan["straight"] and len(plan["stops"]) == len(found["features"])
    first, second = plan["teams"]
    assert first["route"]["stops"] and len(first["route"]["legs"]) == len(first["route"]["stops"]) + 1
    assert own.client.post("/patrol/plans", json=body).json()["id"] == plan["id"]
    assert own.client.post("/patrol/plans", json=body | {"seed": 2}).status_code == 409
    [listed] = own.json("/patrol/plans")["plans"]
    assert listed["id"] == plan["id"] and listed["teams"] == ["A1", "B2"]

    at, moved, gone = f"/patrol/plans/{plan['id']}", first["route"]["stops"][0], first["route"]["stops"][1]
    changes = [
        {"do": "move", "stop": moved, "team": "B2", "position": 1},
        {"do": "remove", "stop": gone},
        {"do": "add", "lon": 104.006, "lat": 34.506, "minutes": 5, "tier": 1},
    ]
    answer = own.client.post(f"{at}/changes", json={"version": plan["version"], "changes": changes})
    assert answer.status_code == 200, answer.text
    changed = answer.json()
    stops = {stop["key"]: stop for stop in changed["stops"]}
    assert stops[moved]["team"] == "B2" and stops[moved]["position"] == 1 and stops[moved]["pinned"]
    assert stops[gone]["removed"] and stops[gone]["why_not"]["why"] == "removed"
    assert len(stops) == len(plan["stops"]) + 1 and changed["version"] == plan["version"] + 1
    stale = own.client.post(f"{at}/changes", json={"version": plan["version"], "changes": changes})
    assert stale.status_code == 412 and stale.json()["field"] == "version"

    assert own.client.post(f"{at}/replan", json={"version": changed["version"], "aim": "equal"}).status_code == 202
    again = searched(own, plan["id"])
    assert again["aim"] == "equal" and {s["key"]: s for s in again["stops"]}[moved]["team"] == "B2"
    for version, aim, number in ((again["version"], "shortest", len(stops)), (again["version"] + 1, "shortest", None)):
        undone = own.client.post(f"{at}/undo", json={"version": version}).json()
        assert undone["aim"] == aim and len(undone["stops"]) == (number or len(plan["stops"]))
    assert undone["teams"] == plan["teams"]
    assert own.client.post(f"{at}/undo", json={"version": undone["version"]}).status_code == 409
    assert own.client.delete(at).json()["status"] == "cancelled"
