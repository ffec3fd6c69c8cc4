"""The case desk against the real service and PostGIS: a case from the click on the map to its revisits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, Route, expect
from sqlalchemy import text

from api.app import create_app
from gis.access.scope import ALL
from gis.storage.engine import Store, as_service
from tests.api.conftest import signed_in, token_of
from tests.browser.conftest import Complaints, Open
from tests.browser.running import running
from tests.conftest import Filled
from tests.gis import world
from tests.gis.disputes import places
from tests.gis.world import SOUTH, WEST, cell_code

# Nothing else in the world has these digits.
PLACE = (WEST + 0.0047213, SOUTH + 0.0043186)


@dataclass
class Live:
    """The service on a store, and a colleague of whoever looks at the page."""

    store: Store
    address: str
    token: str
    colleague: httpx.Client

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.store.read(ALL.settings()) as conn:
            return [tuple(row) for row in conn.execute(text(statement))]


def fill(store: Store) -> None:
    """The small county, with dwellings in two of its cells."""
    with store.begin(ALL.settings()) as conn:
        world.build(conn, {1: 50, 2: 12, 3: 5})


@pytest.fixture
def live(filled: Filled) -> Iterator[Live]:
    with filled.copy("desk", fill) as (store, _):
        operator = token_of(store, ("operator", "990101"))
        with (
            as_service(store) as service,
            running(create_app(service)) as address,
            signed_in(address, token_of(store, ("operator", "990101"))) as colleague,
        ):
            yield Live(store, address, operator, colleague)


def _click(page: Page, lon: float, lat: float) -> None:
    x, y = page.evaluate(
        """([lat, lon]) => {
            const { x, y } = everycell.page.map.latLngToContainerPoint([lat, lon]);
            const { left, top } = everycell.page.map.getContainer().getBoundingClientRect();
            return [x + left, y + top];
        }""",
        [lat, lon],
    )
    page.mouse.click(x, y)


def _step(page: Page, name: str, code: str = "", *, asked: bool = True) -> None:
    page.locator("#case").get_by_role("button", name=name).click()
    if code:
        page.locator(".ask select").select_option(code)
    if asked:
        page.locator(".ask .primary").click()
    expect(page.locator("#case .standing")).to_contain_text(name)


def test_a_case_from_the_map_to_its_revisits(live: Live, open_page: Open, complaints: Complaints) -> None:
    page = open_page(f"{live.address}/disputes", token=live.token)
    expect(page.locator("#list-count")).to_have_text("这里没有符合条件的案件。")
    page.get_by_role("button", name="登记案件").click()
    _click(page, *PLACE)
    expect(page.locator("#place-told")).to_contain_text("户共用此点，不保存报告地点")
    page.locator("#intake [name=category]").select_option("neighbours")
    page.locator("#intake [name=channel]").select_option("patrol")

    # The service registers it, and the answer is lost on its way: sent again, it is still one case.
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/disputes", lose, times=1)
    page.get_by_role("button", name="登记", exact=True).click()
    page.locator(".notice.bad").get_by_role("button", name="重新发送").click()
    expect(page.locator("#case h2")).to_have_text("邻里纠纷")
    [(id, cell)] = live.rows("SELECT id, cell FROM everycell.dispute")
    assert cell == cell_code(1)

    _step(page, "已受理")
    body = {"id": str(uuid4()), "version": 2, "state": "in_mediation"}
    assert live.colleague.post(f"/disputes/{id}/changes", json=body).status_code == 200
    page.locator("#case").get_by_role("button", name="升级到村(社区)").click()
    expect(page.locator("#case [role=alert]")).to_contain_text("这件案件刚被他人更改")
    complaints.expect(409)
    page.get_by_role("button", name="重新读取").click()
    _step(page, "达成口头协议", asked=False)
    _step(page, "协议已履行")
    _step(page, "已办结", "performed")
    expect(page.locator("#case .revisits li")).to_have_count(3)
    page.locator("#case .revisits li").first.get_by_role("button", name="出现反复").click()
    page.locator(".ask .primary").click()
    expect(page.locator("#case .revisits li").first).to_contain_text("出现反复 · ")
    _step(page, "重新办理")
    states = [state for (state,) in live.rows("SELECT state FROM everycell.dispute_event ORDER BY seq")]
    assert states == ["registered", "accepted", "in_mediation", "agreed_oral", "performed", "closed", "reopened"]
    assert live.rows("SELECT DISTINCT role FROM everycell.dispute_event") == [("operator",)]

    page.keyboard.press("Escape")
    expect(page.locator("#list .case")).to_have_count(1)
    snap = "SELECT ST_AsText(geom) FROM everycell.snap_point s JOIN everycell.dispute d ON d.snap = s.id"
    [(point,)] = live.rows(snap)
    groups = page.evaluate("everycell.page.ground.points.groups.map(({ place }) => `POINT(${place[0]} ${place[1]})`)")
    assert groups == [point]
    # Who has read and changed what is in the audit; where it was reported is nowhere.
    audit = live.rows("SELECT action, area, detail FROM everycell.audit")
    kept = str(audit + live.rows("SELECT * FROM everycell.outbox"))
    complaints.remove("Failed to load resource: net::ERR_FAILED")  # the answer that was lost
    assert "dispute_register" in kept
    assert "dispute_change" in kept
    everything = kept + page.evaluate("location.href + JSON.stringify({...sessionStorage, ...localStorage})")
    for number in PLACE:
        assert f"{number:.5f}" not in everything


def test_the_case_of_a_family_is_told_down_to_its_village(live: Live, open_page: Open) -> None:
    with live.store.begin(ALL.settings()) as conn:
        places.refresh(conn, world.COUNTY, None, places.NOW)
        id = places.case_in(conn, 1, places.Category.family)
    page = open_page(f"{live.address}/disputes?lang=en#case={id}", token=live.token)
    expect(page.locator("#case dl")).to_contain_text("柳林村 no point is told")
    html = page.evaluate("fetch(location.href, { headers: { Accept: 'text/html' } }).then((answer) => answer.text())")
    shown = page.locator("#case").inner_text() + html + page.locator("#list").inner_text()
    assert cell_code(1) not in shown
    assert page.evaluate("everycell.page.ground.points.groups") == []
