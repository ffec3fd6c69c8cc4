"""The wall of a real `everycell serve` whose PostgreSQL is killed, that is killed itself, or whose network is cut: it
says how old it is at the right time, comes back without a reload, and has missed and doubled nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from gis.access.scope import EVERYWHERE, Grant, Role
from gis.access.tokens import new_token
from gis.households.unvisited import unvisited
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import open_store
from tests.browser.conftest import Complaints, Open
from tests.browser.proxy import Proxy, network
from tests.browser.test_coverage_live import fill
from tests.faults.test_events_survive import PATIENCE_S, nobody_may_start_it, post, served, until
from tests.faults.test_kill import kill_postgres

pytestmark = pytest.mark.slow

DELAYED_S, STALE_S = 30, 120
BEAT_S = 5  # so much of what it knows may be older than what it was told of last
LATE_S = 15  # a busy machine draws late
# Every event that comes in, and when the page has said that it is how old.
WATCHING = """
delete window.SharedWorker;
window.heard = [];
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, listener) {
  listen.call(this, kind, (event) => {
    window.heard.push([kind, Number(event.lastEventId)]);
    listener(event);
  });
};
"""
AGES = """() => {
    window.same = true;
    window.ages = [];
    let last = document.body.dataset.age;
    const told = () => {
        const { age } = document.body.dataset;
        const { page } = everycell;
        if (age !== last) window.ages.push([age, Date.now() / 1000, page.ages.age_s(page._seen)]);
        last = age;
    };
    new MutationObserver(told).observe(document.body, { attributes: true, attributeFilter: ["data-age"] });
}"""
FIGURES = """() => [...everycell.page.figures.byCell].map(
    ([code, { known, reached, tried, never, overdue }]) => [code, [known, reached, tried, never, overdue]]
)"""


class Away:
    """One outage after the other: `home` is the data folder, `proxy` the network; `serve()` begins a service there."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home, self._stack = home, stack
        self.address, self.process = self._stack.enter_context(served(home, workers=1))
        self.proxy: Proxy

    @contextmanager
    def database(self) -> Iterator[None]:
        """PostgreSQL is killed, and nobody can start it; then the service does."""
        with nobody_may_start_it(self.home):
            kill_postgres(self.home)
            yield

    @contextmanager
    def service(self) -> Iterator[None]:
        """The service is killed; then somebody starts it again, at the same port."""
        self.process.kill()
        self.process.wait()
        yield
        self.address, self.process = self._stack.enter_context(
            served(self.home, workers=1, port=int(self.address.rpartition(":")[2]))
        )

    @contextmanager
    def network(self) -> Iterator[None]:
        """Nothing arrives, and nobody is told."""
        self.proxy.cut()
        yield
        self.proxy.mend()


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a small county in it: its PostgreSQL is going to be killed."""
    home = tmp_path_factory.mktemp("outages") / "home"
    with open_store(Settings(home=home)) as store:
        fill(store)
    yield home
    with Cluster(home):
        pass  # start and stop: no server is left behind


def tokens(home: Path) -> tuple[str, str, list[str]]:
    """A wall's token, an operator's, and households that nobody was at."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with open_store(Settings(home=home)) as store, store.begin() as conn:
        wall, operator = (
            new_token(conn, "test", Grant(role, EVERYWHERE), tomorrow) for role in (Role.wall, Role.operator)
        )
        county, since = conn.execute(text("SELECT area, first_on FROM everycell.visit_round")).one()
        return wall, operator, [one.code for one in unvisited(conn, county, since)]


def counted(home: Path) -> dict[str, list[int]]:
    """What `everycell coverage` says of each cell."""
    command = [sys.executable, "-m", "api.cli", "coverage", "--level", "cell", "--format", "json"]
    environment = {**os.environ, "EVERYCELL_HOME": str(home)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    names = ("known", "reached", "tried", "never", "overdue")
    return {area["code"]: [area[name] for name in names] for area in json.loads(said)["areas"]}


def logged(home: Path) -> list[int]:
    """The positions of the events that tell of figures, once all that is committed has one."""
    with open_store(Settings(home=home)) as store, store.read() as conn:
        asked = "SELECT position FROM everycell.event WHERE kind = 'coverage' ORDER BY position"
        return list(conn.execute(text(asked)).scalars())


def heard(page: Page) -> tuple[int, list[int]]:
    """From where on the page has followed, and the events of figures it was told of."""
    told = page.evaluate("window.heard")
    return told[0][1], [position for kind, position in told if kind == "coverage"]


def in_background(page: Page, work: Callable[[], None]) -> None:
    """Do it while the page goes on: its events are only passed on by whoever waits for it."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    while thread.is_alive():
        page.wait_for_timeout(100)
    if failed:
        raise failed[0]


@pytest.mark.parametrize("what", ["database", "service", "network"])
def test_the_wall_survives(county: Path, open_page: Open, complaints: Complaints, what: str) -> None:
    wall, operator, homes = tokens(county)
    with ExitStack() as stack:
        away = Away(county, stack)
        away.proxy, address = stack.enter_context(network(away.address))
        page = open_page(f"{address}/wall?token={wall}&dwell_s=3600", width=1920, height=1080, before=WATCHING)
        page.evaluate(AGES)
        record(page, away.address, operator, homes[:5])
        outage: AbstractContextManager[None] = getattr(away, what)()
        begun = page.evaluate("Date.now() / 1000")
        with outage:
            if what == "network":
                record(page, away.address, operator, homes[5:10])  # others go on
            expect(page.locator("body")).to_have_attribute("data-age", "stale", timeout=1000 * (STALE_S + 60))
            expect(page.locator("#band")).to_be_visible()
            words = "服务有应答" if what == "database" else "无法连接服务"
            expect(page.locator("#band")).to_contain_text(words)
            in_time(page.evaluate("window.ages"), begun)
        record(page, away.address, operator, homes[10:15])
        expect(page.locator("body")).to_have_attribute("data-age", "live", timeout=1000 * PATIENCE_S)
        expect(page.locator("#band")).to_be_hidden()
        lost_and_doubled_nothing(page, county)
        assert page.evaluate("window.same"), "it was never reloaded"
        page.close()
    complaints.clear()  # of what did not come in between


def record(page: Page, address: str, token: str, households: list[str]) -> None:
    """Visits over HTTP, by a way that is not cut."""
    with httpx.Client(base_url=address, timeout=30, headers={"Authorization": f"Bearer {token}"}) as client:
        in_background(page, lambda: post(client, households))


def in_time(ages: list[list[Any]], begun: float) -> None:
    """Each state when what is known is so old, which was known up to a beat before the outage."""
    states = [state for state, _, _ in ages]
    assert states == ["delayed", "stale"]
    for (_, at, age_s), due_s in zip(ages, (DELAYED_S, STALE_S), strict=True):
        assert due_s <= age_s < due_s + LATE_S
        assert due_s - BEAT_S - 1 <= at - begun < due_s + LATE_S


def lost_and_doubled_nothing(page: Page, home: Path) -> None:
    """What the page shows is what the command line counts; it was told of each event once."""
    wanted = counted(home)

    def same() -> bool:
        page.wait_for_timeout(200)
        begun, told = heard(page)
        return told == [position for position in logged(home) if position > begun]

    until(same)
    assert dict(page.evaluate(FIGURES)) == wanted
    known, reached = (sum(row[n] for row in wanted.values()) for n in (0, 1))
    expect(page.locator(".headline b")).to_have_text(f"{reached:,} / {known:,}")
