"""Patrols over HTTP: teams, what waits, plans."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.api.conftest import Served

AREA = "990101100201"
A1: dict[str, Any] = {"mode": "foot", "station": {"lon": 104.005, "lat": 34.505}, "shift": ["09:00", "13:00"]}


def asked(served: Served, **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "area": AREA, "on": str(served.today), "teams": [{"code": "A1", **A1}], **more}


def test_a_plan_is_asked_for_and_read(own: Served) -> None:
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 201
    assert own.client.put("/patrol/teams/A1", json=A1 | {"area": AREA}).status_code == 200
    [team] = own.json("/patrol/teams", params={"area": AREA})["teams"]
    assert team["shift"] == ["09:00", "13:00"] and team["end"] is None

    found = own.json("/patrol/stops", params={"area": AREA})
    assert found["totals"]["doorplate"]["all"] + found["totals"]["site"]["all"] == len(found["features"])
    assert found["totals"]["site"]["all"] == 2

    body = asked(own, teams=["A1"])
    answer = own.client.post("/patrol/plans", json=body)
    assert answer.status_code == 202, answer.text
    plan = answer.json()
    assert len(plan["stops"]) == len(found["features"])
    assert own.client.post("/patrol/plans", json=body).json()["id"] == plan["id"]
    assert own.client.post("/patrol/plans", json=body | {"seed": 2}).status_code == 409
    [listed] = own.json("/patrol/plans")["plans"]
    assert listed["id"] == plan["id"] and listed["teams"] == ["A1"]
    assert own.client.delete(f"/patrol/plans/{plan['id']}").json()["status"] == "cancelled"
