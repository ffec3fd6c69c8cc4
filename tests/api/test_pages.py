"""The pages of maps and their files: policy, language, caching."""

from __future__ import annotations

import gzip
import re

import pytest

from maps.assets import STATIC
from tests.api.conftest import Served
from tests.api.signing import field_told

PAGES = pytest.mark.parametrize(
    "path", ["/maps/coverage", "/maps/heat", "/maps/edit", "/maps/patrol", "/disputes?f=html", "/wall"]
)


@PAGES
def test_the_page_carries_its_policy(served: Served, path: str) -> None:
    answer = served.get(path)
    policy = answer.headers["content-security-policy"]
    [nonce] = set(re.findall(r"'nonce-([^']+)'", policy))
    assert "default-src 'none'" in policy
    assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}
    assert nonce not in served.get(path).text, "fresh for every answer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "lang", "word"),
    [
        ("/maps/coverage", "zh", "<title>走访覆盖"),
        ("/maps/coverage", "en", "<title>Visit coverage"),
        ("/wall", "zh", "<title>大屏"),
        ("/wall", "en", "<title>Map wall"),
        ("/maps/heat", "zh", "<title>纠纷热力"),
        ("/maps/heat", "en", "<title>Dispute heat"),
        ("/maps/edit", "zh", "<title>网格编辑"),
        ("/maps/edit", "en", "<title>Grid editor"),
        ("/maps/patrol", "zh", "<title>巡逻路线"),
        ("/maps/patrol", "en", "<title>Patrols"),
        ("/disputes", "zh", "<title>矛盾纠纷"),
        ("/disputes", "en", "<title>Disputes"),
    ],
)
def test_languages(served: Served, path: str, lang: str, word: str) -> None:
    answer = served.get(f"{path}?lang={lang}", headers={"Accept": "text/html,*/*;q=0.8"})
    assert word in answer.text
    wrong = served.get(f"{path}?lang=fr", headers={"Accept": "text/html"})
    assert (wrong.status_code, field_told(wrong)) == (400, "lang")


def test_the_editor_is_for_whoever_may_edit(served: Served) -> None:
    for role, offered in (("editor", True), ("admin", True), ("operator", False), ("wall", False)):
        client = served.client_of(role, "all")
        assert client.get("/maps/edit").status_code == (200 if offered else 403)
        assert ('href="/maps/edit"' in client.get("/maps/coverage").text) == offered


def test_patrols_are_for_whoever_may_plan_them(served: Served) -> None:
    for role, offered in (("operator", True), ("patrol_leader", True), ("editor", False), ("wall", False)):
        client = served.client_of(role, "all")
        assert client.get("/maps/patrol").status_code == (200 if offered else 403)
        assert ('href="/maps/patrol"' in client.get("/maps/coverage").text) == offered


def test_the_desk_is_for_browsers_and_for_whoever_may_see_cases(served: Served) -> None:
    for role, offered in (("operator", True), ("patrol_leader", True), ("editor", False), ("wall", False)):
        client = served.client_of(role, "all")
        assert ('href="/disputes"' in client.get("/maps/coverage").text) == offered
        assert ('/disputes"' in client.get("/", headers={"Accept": "text/html"}).text) == offered
        for accept, kind in (("text/html,*/*", "text/html"), ("*/*", "application/json"), ("", "application/json")):
            answer = client.get("/disputes", headers={"Accept": accept})
            assert answer.status_code == (200 if offered else 403)
            if offered:
                assert answer.headers["content-type"].startswith(kind), accept
                assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-store")
    for wrong, field in (("f=csv", "f"), ("state=gone&f=html", "state"), ("after=x&f=html", "after")):
        answer = served.get(f"/disputes?{wrong}")
        assert (answer.status_code, answer.json()["field"]) == (400, field)


@PAGES
def test_every_file_of_the_page_is_there_and_may_be_kept(served: Served, path: str) -> None:
    page = served.get(path).text
    paths = set(re.findall(r'"(/static/[^"]+)"', page))
    assert len(paths) > 10
    for file in paths:
        answer = served.get(file)
        assert answer.status_code == 200, file
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", file
        assert answer.headers["x-content-type-options"] == "nosniff"
        stale = served.get(re.sub(r"v=\w+", "v=0", file))
        assert stale.headers["cache-control"] == "no-cache"


def test_scripts_have_a_type_that_browsers_run(served: Served) -> None:
    for path in ("page.js", "mvt.mjs"):
        assert served.get(f"/static/{path}").headers["content-type"].startswith("text/javascript")


def test_files_of_pages_are_packed_and_pages_are_not(served: Served) -> None:
    """A page has the token of its session, and the length of a packed one would tell of it."""
    [path] = set(re.findall(r'"(/static/wall\.js[^"]+)"', served.get("/wall").text))
    plain = served.get(path, headers={"Accept-Encoding": "identity"})
    with served.client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        sent = b"".join(answer.iter_raw())
    assert len(sent) < len(plain.content) / 2
    assert gzip.decompress(sent) == plain.content == (STATIC / "wall.js").read_bytes()
    assert {one.headers["vary"] for one in (plain, answer)} == {"Accept-Encoding"}
    assert "content-encoding" not in plain.headers
    again = served.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = served.get(path, headers={"Accept-Encoding": "identity", "If-None-Match": answer.headers["etag"]})
    assert other.content == plain.content
    for page in ("/wall", "/maps/coverage", "/disputes?f=html"):
        assert "content-encoding" not in served.get(page, headers={"Accept-Encoding": "gzip"}).headers
    picture = served.get("/static/phone-192.png", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in picture.headers
