"""A patrol from its link to coverage, with the real service and PostGIS: offline, ticked, reloaded, connected."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect
from pypdf import PdfReader

from api.app import create_app
from gis.access.scope import ALL
from gis.storage.engine import Store, as_service
from tests.api.conftest import signed_in, token_of
from tests.browser.conftest import becomes
from tests.browser.running import running
from tests.conftest import Filled
from tests.gis import world
from tests.gis.world import SOUTH, WEST

AREA = "990101"
TEAM: dict[str, Any] = {
    "code": "A1", "mode": "foot", "station": {"lon": WEST + 0.001, "lat": SOUTH + 0.001}, "shift": ["00:00", "23:59"],
}  # fmt: skip


def fill(store: Store) -> None:
    """The small county, with dwellings in one of its cells."""
    with store.begin(ALL.settings()) as conn:
        world.build(conn, {1: 12})


@pytest.fixture
def leader(filled: Filled) -> Iterator[httpx.Client]:
    """A patrol leader who asks the service."""
    with (
        filled.copy("phone", fill) as (store, _),
        as_service(store) as service,
        running(create_app(service)) as address,
        signed_in(address, token_of(store, ("patrol_leader", AREA), ("operator", AREA))) as client,
    ):
        yield client


def _planned(leader: httpx.Client) -> Any:
    today = leader.get("/coverage", params={"area": AREA, "level": "county"}).json()["as_of"]
    body = {"id": str(uuid4()), "area": AREA, "on": today, "teams": [TEAM], "limit_s": 5, "minutes": {"household": 1}}
    assert leader.post("/patrol/plans", json=body).status_code == 202
    until = time.monotonic() + 60
    while (plan := leader.get(f"/patrol/plans/{body['id']}").json())["status"] == "planning":
        assert time.monotonic() < until, plan
        time.sleep(0.1)
    assert plan["status"] == "planned", plan["error"]
    return plan


def _reached(leader: httpx.Client) -> int:
    found = leader.get("/coverage", params={"area": AREA, "level": "county"}).json()["areas"]
    return sum(area["reached"] for area in found)


def test_ticks_without_a_network_become_visits(leader: httpx.Client, chromium: Browser) -> None:
    plan = _planned(leader)
    order = plan["teams"][0]["route"]["stops"]
    stops = {stop["key"]: stop for stop in plan["stops"]}
    at = f"/patrol/plans/{plan['id']}"
    phones = leader.post(f"{at}/phones", json={"teams": None}).json()["phones"]
    before = _reached(leader)

    context = chromium.new_context(
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    page.goto(phones[0]["url"])
    expect(page.locator(".card h1")).to_have_text(stops[order[0]]["address"])
    page.wait_for_selector('html[data-offline="yes"]')

    context.set_offline(True)
    units = stops[order[0]]["units"]
    if len(units) > 1:
        for unit in units:
            page.locator(f'[data-unit="{unit["code"]}"] .reached').tap()
    else:
        page.locator("#buttons .reached").tap()
    expect(page.locator("#sync")).to_have_text(f"{max(1, len(units))} 条未发送")
    page.reload()
    page.wait_for_selector('html[data-ready="yes"]')
    expect(page.locator("#day")).to_have_text("无网络")
    expect(page.locator("#count")).to_have_text(f"1 / {len(order)}")
    expect(page.locator("#sync")).to_have_text(f"{max(1, len(units))} 条未发送")
    assert _reached(leader) == before

    context.set_offline(False)
    expect(page.locator("#sync")).to_have_text("已全部发送")
    becomes(lambda: _reached(leader), before + len(units))
    done = {stop["key"]: stop["done"] for stop in leader.get(at).json()["stops"]}
    assert done[order[0]]["outcome"] == "reached"
    assert wrong == []
    context.close()

    # The same plan on paper: the code of the link only where it is of this team and this service.
    answer = leader.post(f"{at}/sheet", json={"phones": phones})
    assert answer.status_code == 200, answer.text
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(answer.content)).pages)
    assert "扫码打勾" in text
    assert stops[order[0]]["address"] in text
    assert leader.get(f"{at}/sheet?team=A1&lang=en").headers["content-type"] == "application/pdf"
    for url in ("https://elsewhere.example/p/x", phones[0]["url"][:-1]):
        refused = leader.post(f"{at}/sheet", json={"phones": [{"team": "A1", "url": url}]})
        assert (refused.status_code, refused.json()["field"]) == (400, "phones")
    assert leader.get(f"{at}/sheet?team=Z9").status_code == 404
