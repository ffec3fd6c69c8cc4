"""The coverage page and its files: policy, language, caching."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import Served


def test_the_page_carries_its_policy(served: Served) -> None:
    answer = served.get("/maps/coverage")
    policy = answer.headers["content-security-policy"]
    [nonce] = set(re.findall(r"'nonce-([^']+)'", policy))
    assert "default-src 'none'" in policy
    assert set(re.findall(r'nonce="([^"]+)"', answer.text)) == {nonce}
    assert nonce not in served.get("/maps/coverage").text, "fresh for every answer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("lang", "word"), [("zh", "走访覆盖"), ("en", "Visit coverage")])
def test_languages(served: Served, lang: str, word: str) -> None:
    assert word in served.get(f"/maps/coverage?lang={lang}").text


def test_every_file_of_the_page_is_there_and_may_be_kept(served: Served) -> None:
    page = served.get("/maps/coverage").text
    paths = set(re.findall(r'"(/static/[^"]+)"', page))
    assert len(paths) > 10
    for path in paths:
        answer = served.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable", path
        assert answer.headers["x-content-type-options"] == "nosniff"
        stale = served.get(re.sub(r"v=\w+", "v=0", path))
        assert stale.headers["cache-control"] == "no-cache"


def test_scripts_have_a_type_that_browsers_run(served: Served) -> None:
    for path in ("page.js", "mvt.mjs"):
        assert served.get(f"/static/{path}").headers["content-type"].startswith("text/javascript")
