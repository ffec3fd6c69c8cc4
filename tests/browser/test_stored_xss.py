"""Names that are markup, from the county's own files to every place where a page shows them.

Each page is opened twice: as it is, where its policy must have nothing to stop, and with the policy switched off, where
whatever got into the document would run. The hostile texts are shown, letter by letter; nothing of them is an element.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from typer.testing import CliRunner

from api.app import create_app
from api.cli import app as command_line
from gis.access.accounts import add_account, add_grant
from gis.access.scope import Grant, Role
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, as_service
from tests.api.conftest import database, signed_in, token_of
from tests.api.signing import PASSWORD
from tests.api.signing import Browser as Client
from tests.browser.conftest import doors_drawn
from tests.browser.running import running
from tests.corpora import county
from tests.corpora.county import COUNTY, NAMES, VILLAGE, stored
from tests.corpora.markup import LINKS, LOCAL

Show = Callable[..., Page]
# Without the policy of the page nothing but the escaping keeps what is stored from running.
POLICIES: Final = pytest.mark.parametrize("policy", [pytest.param("on", marks=pytest.mark.slow), "off"])

# Runs before everything else of a page: what a script of somebody else's would call leaves a mark.
TRAPS: Final = """
    window.calls = [];
    for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => window.calls.push(name);
"""
# What no page of ours has, and what the corpora would put there; empty where all is well.
FOREIGN_ELEMENTS: Final = """() => {
    const found = [];
    const say = (element) => found.push(element.outerHTML.slice(0, 200));
    const odd = "iframe, object, embed, base, math, noscript, template, animate, audio, video, marquee, textarea";
    document.querySelectorAll(odd).forEach(say);
    document.querySelectorAll("meta[http-equiv]:not([http-equiv=Content-Security-Policy])").forEach(say);
    for (const element of document.querySelectorAll("*")) {
        const names = element.getAttributeNames();
        if (names.some((name) => name.startsWith("on") || name === "srcdoc")) say(element);
        for (const name of ["href", "src", "action", "data", "xlink:href", "formaction"]) {
            if (!element.hasAttribute(name)) continue;
            const url = new URL(element.getAttribute(name), location.href);
            const own = url.origin === location.origin && ["http:", "https:", "file:"].includes(url.protocol);
            const drawn = element.tagName === "IMG" && /^data:image\\//.test(url.href);
            const no_icon = element.matches("link[rel=icon]") && url.href === "data:,";
            if (!own && !drawn && !no_icon) say(element);
        }
        if (["SCRIPT", "STYLE", "LINK"].includes(element.tagName) && !element.nonce) say(element);
    }
    return [found, window.calls, typeof window.pwned];
}"""
NOTHING: Final[list[Any]] = [[], [], "undefined"]


@pytest.fixture(scope="module")
def hostile(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The hostile county, imported from its files."""
    with database(cluster, "hostile") as store:
        county.bring_in(store, tmp_path_factory.mktemp("files"))
        yield store


@pytest.fixture(scope="module")
def address(hostile: Store) -> Iterator[str]:
    """The service on it."""
    with as_service(hostile) as service, running(create_app(service)) as found:
        yield found


@pytest.fixture(scope="module")
def token(hostile: Store) -> str:
    return token_of(hostile, ("admin", "all"))


@pytest.fixture
def show(chromium: Browser, token: str, policy: str) -> Iterator[Show]:
    """`show(url)` opens a page whose policy is on or off. Whatever it complains of fails the test, and so does every
    dialog, every foreign request, and every element that is none of ours when the test ends."""
    complaints: list[str] = []
    pages: list[Page] = []
    context = chromium.new_context(bypass_csp=policy == "off", locale="zh-CN", timezone_id="Asia/Shanghai")
    context.add_init_script(TRAPS)

    def asked(request: Request, own: str) -> None:
        if not request.url.startswith((own, "data:", "blob:")):
            complaints.append(f"foreign request: {request.url}")

    def show(url: str, *, ready: bool = False, signed_in: bool = True) -> Page:
        page = context.new_page()
        pages.append(page)
        if signed_in:
            page.set_extra_http_headers({"Authorization": f"Bearer {token}"})
        own = "file://" if url.startswith("file:") else re.match(r"https?://[^/]+/", url).group()  # type: ignore[union-attr]
        page.on("console", lambda said: complaints.append(said.text) if _is_complaint(said) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("popup", lambda opened: complaints.append(f"window: {opened.url}"))
        page.on("request", lambda request: asked(request, own))
        page.goto(url)
        if ready:
            page.wait_for_selector('html[data-ready="yes"]', timeout=60_000)
        return page

    yield show
    found = [page.evaluate(FOREIGN_ELEMENTS) for page in pages]
    context.close()
    assert complaints == []
    assert found == [NOTHING] * len(pages)
    assert pages


def _is_complaint(said: ConsoleMessage) -> bool:
    """Whether a message is one. Plain pages have no icon; without a policy the browser asks for one."""
    return said.type in ("error", "warning") and not said.location["url"].endswith("/favicon.ico")


def shown_in(page: Page, selector: str) -> str:
    """The text of an element as it stands in the document, blanks as one."""
    return stored(page.locator(selector).text_content() or "")


def missing(texts: list[str], names: list[str] | None = None) -> list[str]:
    """The hostile names that none of some texts holds."""
    everything = "\n".join(texts)
    return [name for name in map(stored, NAMES if names is None else names) if name not in everything]


@POLICIES
@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_coverage_page_shows_names_as_they_are(address: str, show: Show, lang: str) -> None:
    page = show(f"{address}/maps/coverage?lang={lang}#area={VILLAGE}", ready=True)
    page.evaluate("everycell.still = true")
    doors_drawn(page)
    assert missing([shown_in(page, "#areas")]) == [], "the cells of the village"
    assert missing([shown_in(page, "#crumbs")], [county.TOWN_NAME, county.VILLAGE_NAME]) == []
    crumbs = page.evaluate(
        """codes => codes.map((code) => {
            everycell.page.select(code, false);
            return document.querySelector("#crumbs [aria-current]").textContent;
        })""",
        [county.cell_of(n) for n in range(len(NAMES))],
    )
    assert missing(crumbs) == []
    expect(page.locator(".leaflet-control-attribution")).to_have_text("© OpenStreetMap contributors")
    page.mouse.move(700, 400)
    page.mouse.move(710, 410)
    assert page.evaluate(FOREIGN_ELEMENTS) == NOTHING


@POLICIES
def test_the_tip_of_a_cell_names_its_village(address: str, show: Show) -> None:
    page = show(f"{address}/maps/coverage#area={COUNTY}", ready=True)
    page.evaluate(
        """code => {
            const { page } = everycell;
            page.map.setZoom(13, { animate: false });
            page._hover(code, { latlng: page.map.getCenter() });
        }""",
        county.cell_of(0),
    )
    expect(page.locator(".cell-tip b")).to_have_text(f"{county.VILLAGE_NAME} 001")


@POLICIES
def test_search_shows_what_it_finds_as_it_is(address: str, show: Show) -> None:
    page = show(f"{address}/maps/coverage", ready=True)
    box = page.get_by_role("combobox").first
    box.press_sequentially("<img/src")
    expect(page.locator("#found li").first).to_contain_text("<img/src=x/onerror=alert(1)>")
    box.press("Enter")
    found = page.evaluate(
        """async (texts) => {
            const { search } = everycell.page;
            const shown = [];
            for (const text of texts) {
                await search._ask(text);
                shown.push(search.list.textContent);
            }
            return shown;
        }""",
        [stored(name)[:100] for name in NAMES],
    )
    unfound = [name for name, text in zip(NAMES, found, strict=True) if missing([stored(text)], [name])]
    # A search reads full-width signs as the plain ones; names keep theirs.
    assert all(re.search(r"[＜＞＝＋－＠]", name) for name in unfound)


@POLICIES
def test_cards_of_doors_and_sites(address: str, show: Show) -> None:
    page = show(f"{address}/maps/coverage#map=17/{county.place_of(0)[1]}/{county.place_of(0)[0]}", ready=True)
    doors = page.evaluate(
        """async () => {
            const { cards, source, map } = everycell.page;
            const answer = await (await fetch("/collections/doorplates/items?limit=1000")).json();
            const shown = [];
            for (const { id } of answer.features) {
                await cards.openDoor(id, map.getCenter());
                const card = [...document.querySelectorAll(".leaflet-popup-content .card")].at(-1);
                const read = (name) => card.querySelector(name).textContent;
                shown.push([read("h3"), read(".unit"), read("p.muted")]);
            }
            return shown;
        }"""
    )
    assert len(doors) == len(NAMES)
    for column in (0, 1):
        assert missing([stored(door[column]) for door in doors]) == []
    codes = [county.code_of("D", name) for name in NAMES]
    assert missing([door[2] for door in doors], codes) == []
    sites = page.evaluate(
        """() => {
            const { cards, sites, map } = everycell.page;
            return sites.sites.map((site) => {
                cards.show(map.getCenter(), sites.card(site));
                const card = [...document.querySelectorAll(".leaflet-popup-content .card")].at(-1);
                return [card.querySelector("h3").textContent, card.querySelector("p.muted").textContent];
            });
        }"""
    )
    assert len(sites) == len(NAMES)
    for column in (0, 1):
        assert missing([stored(site[column]) for site in sites]) == []
    page.mouse.click(640, 400)


@POLICIES
def test_the_list_the_form_and_the_notice_of_a_visit(address: str, show: Show, hostile: Store) -> None:
    page = show(f"{address}/maps/coverage#area={county.cell_of(0)}", ready=True)
    page.evaluate("code => everycell.page.select(code, false)", VILLAGE)
    page.locator("#tab-list").click()
    page.wait_for_function("n => everycell.page.list.rows.items.length >= n", arg=len(NAMES) - 4)
    rows = page.evaluate(
        """async () => {
            const list = everycell.page.list.rows;
            const shown = new Set();
            for (let top = 0; top <= list.inner.offsetHeight; top += 200) {
                list.scroller.scrollTop = top;
                list._paint();
                for (const row of list.inner.querySelectorAll(".row")) shown.add(row.textContent);
            }
            return [...shown];
        }"""
    )
    visited = {stored(name) for name in NAMES} - {
        stored(item) for item in page.evaluate("everycell.page.list.rows.items.map(({address}) => address)")
    }
    assert len(visited) <= 4
    assert set(missing([stored(row) for row in rows])) <= visited
    asked = page.evaluate(
        """() => everycell.page.list.rows.items.map((household) => {
            everycell.page.visits.ask(household);
            const said = document.querySelector("#record").textContent;
            document.querySelector("#record").close();
            return said;
        })"""
    )
    assert set(missing([stored(said) for said in asked])) <= visited
    page.evaluate(
        "list => { list.scroller.scrollTop = 0; list._paint(); }", page.evaluate_handle("everycell.page.list.rows")
    )
    row = page.locator("#list .row").first
    place = row.locator(".address").text_content() or ""
    row.get_by_role("button", name="记录走访").click()
    page.locator("#record input").fill("A1")
    page.get_by_role("button", name="见到", exact=True).click()
    expect(page.locator(".notice.good")).to_contain_text(place)
    page.evaluate("names => names.forEach((name) => everycell.notice(name, 'bad'))", NAMES)


@pytest.mark.slow
@POLICIES
def test_the_editor_and_its_drafts(address: str, show: Show, token: str) -> None:
    """Names of cells and drafts, in the panel, the lists, the bar and the questions that are asked."""
    with signed_in(address, token) as client:
        asked = [client.post("/changesets", json={"title": name[:100], "area": COUNTY}) for name in NAMES]
    titles = [answer.json()["title"] for answer in asked if answer.status_code == 201]
    assert len(titles) > len(NAMES) / 2  # the others are no titles: control characters, personal data
    page = show(f"{address}/maps/edit#cells={county.cell_of(0)}", ready=True)
    shown = page.evaluate(
        """() => [...everycell.page.grid.cells.keys()].map((code) => {
            everycell.page.choose([code]);
            return document.querySelector("#hand").textContent;
        })"""
    )
    assert missing([stored(one) for one in shown]) == []
    page.locator("#tab-sets").click()
    rows = page.locator("#sets li")
    rows.nth(len(titles) - 1).wait_for()
    assert missing([stored(one) for one in rows.locator("b").all_text_contents()], titles) == []
    for number in range(0, len(titles), 7):
        rows.nth(number).get_by_role("button", name="继续").click()
        expect(page.locator("#steps-panel")).to_be_visible()
        page.locator("#tab-sets").click()
        rows.nth(number).get_by_role("button", name="放弃").click()
        expect(page.locator(".ask h2")).to_contain_text(page.locator("#draft-title").text_content() or "?")
        page.get_by_role("button", name="取消").click()
    page.locator(".cell-does button").first.click()
    page.get_by_role("button", name="取消").click()


@POLICIES
def test_the_case_desk(address: str, show: Show) -> None:
    """Names of cells in the select of areas, the crumbs, rows of cases, and the form."""
    page = show(f"{address}/disputes#area={VILLAGE}", ready=True)
    codes = [county.cell_of(n) for n in range(len(NAMES))]
    assert missing([shown_in(page, "#filters [name=inside]")]) == []
    assert missing([shown_in(page, "#crumbs")], [county.TOWN_NAME, county.VILLAGE_NAME]) == []
    rows = page.evaluate(
        """codes => codes.map((area) => {
            const { page } = everycell;
            const one = { id: area, area, state: "registered", category: "land", level: "cell", due_at: null };
            const row = everycell.caseRow(page, one);
            document.querySelector("#list").append(row);
            return row.textContent;
        })""",
        codes,
    )
    assert missing([stored(row) for row in rows]) == []
    page.locator("#register").click()
    expect(page.locator("#intake [name=village]")).to_have_value(VILLAGE)
    assert missing([shown_in(page, "#intake [name=cell]")]) == []


@POLICIES
def test_the_page_of_heat(address: str, show: Show) -> None:
    """Names of areas, in the crumbs and under the pointer; nothing is published of this county."""
    page = show(f"{address}/maps/heat#area={VILLAGE}", ready=True)
    crumbs, tips = page.evaluate(
        """codes => {
            const { page } = everycell;
            const told = codes.map((code) => {
                page.select(code);
                const { label } = page.drawing.shapes.cell.byCode.get(code);
                page.controls.outlines = "cell";
                page.drawing.point(L.latLng(label.lat, label.lon));
                return ["#crumbs [aria-current]", ".cell-tip b"].map((one) => document.querySelector(one).textContent);
            });
            return [0, 1].map((at) => told.map((one) => one[at]));
        }""",
        [county.cell_of(n) for n in range(len(NAMES))],
    )
    assert missing([stored(one) for one in crumbs]) == []
    assert missing([stored(one) for one in tips]) == []


PLAIN: Final = [
    "/?f=html",
    "/collections?f=html",
    "/coverage?f=html&level=cell",
    "/coverage?f=html&level=village",
    "/coverage?f=html&level=town",
    "/rounds?f=html",
    "/about/data?f=html",
    *(
        f"/collections/{name}?f=html"
        for name in ("divisions", "cells", "doorplates", "households", "sites", "disputes")
    ),
    *(
        f"/collections/{name}/items?f=html&limit=1000"
        for name in ("divisions", "cells", "doorplates", "households", "sites", "disputes")
    ),
    *(f"/collections/{name}/tiles?f=html" for name in ("cells", "doorplates", "streets")),
]
NAMED: Final = {
    "/coverage?f=html&level=cell": NAMES,
    "/coverage?f=html&level=village": [county.VILLAGE_NAME],
    "/coverage?f=html&level=town": [county.TOWN_NAME],
    "/rounds?f=html": [county.ROUND_NAME],
    "/?f=html": [county.COUNTY_NAME],
    "/collections/divisions/items?f=html&limit=1000": [county.COUNTY_NAME, county.TOWN_NAME, county.VILLAGE_NAME],
    "/collections/cells/items?f=html&limit=1000": NAMES,
    "/collections/doorplates/items?f=html&limit=1000": NAMES,
    "/collections/households/items?f=html&limit=1000": NAMES,
    "/collections/sites/items?f=html&limit=1000": NAMES,
}


@POLICIES
def test_plain_pages(address: str, show: Show) -> None:
    for path in PLAIN:
        page = show(f"{address}{path}")
        assert missing([shown_in(page, "main")], NAMED.get(path, [])) == [], path


@POLICIES
def test_plain_pages_of_single_items(address: str, show: Show) -> None:
    page = show(f"{address}/collections?f=html")
    for kind, collection in (("H", "households"), ("S", "sites")):
        for name in NAMES[::5]:
            code = county.code_of(kind, name)
            if "/" in code or "\\" in code:  # no part of a path
                continue
            answer = page.goto(f"{address}/collections/{collection}/items/{quote(code, safe='')}?f=html")
            assert answer is not None
            assert answer.status == 200, code
            assert missing([shown_in(page, "main")], [name, code]) == []
            assert page.evaluate(FOREIGN_ELEMENTS) == NOTHING


def test_every_answer_that_a_browser_could_show_has_a_policy(address: str, token: str) -> None:
    with Client(address) as client:
        maps = ["/maps/coverage", "/maps/heat", "/disputes?f=html"]
        for path in [*PLAIN, *maps, "/coverage?f=csv", "/households/unvisited?f=csv", "/search?q=%3Cimg"]:
            answer = client.get(path, Authorization=f"Bearer {token}")
            policy = answer.headers["content-security-policy"]
            assert answer.status_code == 200, path
            assert policy.startswith("default-src 'none'"), path
            assert "unsafe" not in policy
            assert "evil" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            if "html" in answer.headers["content-type"]:
                for name in NAMES:  # in the text itself, before any browser has made sense of it
                    if re.search(r"<[a-zA-Z/!]", name):
                        assert stored(name) not in stored(answer.text), (path, name)


@POLICIES
@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_page_as_a_file(
    hostile: Store, show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    monkeypatch.setenv("EVERYCELL_HOME", str(hostile.settings.home))
    monkeypatch.setenv("DATABASE_URL", hostile.engine.url.render_as_string(hide_password=False))
    settings.cache_clear()
    file = tmp_path / "coverage.html"
    arguments = ["map", "coverage", "-o", str(file), "--since", "2100-01-01", "--lang", lang]
    outcome = CliRunner().invoke(command_line, arguments)
    settings.cache_clear()
    assert outcome.exit_code == 0, outcome.output
    page = show(f"{file.as_uri()}#area={VILLAGE}", ready=True)
    assert missing([shown_in(page, "#areas")]) == []
    cards = page.evaluate(
        """async () => {
            const { cards, source, sites, map, data } = everycell.page;
            const shown = [];
            for (const door of JSON.parse(document.getElementById("data").textContent).doors) {
                await cards.openDoor(door.id, map.getCenter());
                shown.push([...document.querySelectorAll(".leaflet-popup-content .card")].at(-1).textContent);
            }
            for (const site of sites.sites) {
                cards.show(map.getCenter(), sites.card(site));
                shown.push([...document.querySelectorAll(".leaflet-popup-content .card")].at(-1).textContent);
            }
            return shown;
        }"""
    )
    assert len(cards) == 2 * len(NAMES)
    for half in (cards[: len(NAMES)], cards[len(NAMES) :]):
        assert missing([stored(card) for card in half]) == []
    found = page.evaluate(
        """async (texts) => {
            const { search } = everycell.page;
            const shown = [];
            for (const text of texts) {
                await search._ask(text);
                shown.push(search.list.textContent);
            }
            return shown;
        }""",
        ["<", "=", "alert", "onerror", "x"],
    )
    assert all(found)
    assert len(page.locator("script").all()) == file.read_text("utf-8").count("<script")


@pytest.mark.parametrize("policy", ["on"])
def test_after_signing_in_the_browser_stays_here(address: str, show: Show, hostile: Store) -> None:
    with hostile.begin() as conn:
        add_account(conn, "chen", PASSWORD)
        add_grant(conn, "chen", Grant(Role.operator, VILLAGE))
    page = show(f"{address}/login?next=/me", signed_in=False)
    expect(page.locator("input[name=next]")).to_have_value("/me")
    origins = page.evaluate("paths => paths.map((path) => new URL(path, location.href).origin)", LOCAL)
    assert set(origins) == {address}
    with Client(address) as client:
        for link in LINKS:
            assert client.get(f"/login?next={quote(link, safe='')}").status_code == 400
        assert client.sign_in(next=LOCAL[0]).headers["location"] == LOCAL[0]
