"""Whoever asks for a page gets one for a problem; programs get the problem."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from api.error_pages import ErrorPages, error_page
from api.problems import PROBLEMS, body_of, document
from tests.api.conftest import Served

HOSTILE = "<script>alert(1)</script>\"'&"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def scope_of(path: str = "/x", query: str = "", method: str = "GET", **headers: str) -> dict[str, Any]:
    listed = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
    raw = path.encode()
    return {"type": "http", "method": method, "path": path, "raw_path": raw, "query_string": query.encode(),
            "headers": listed, "root_path": ""}  # fmt: skip


@pytest.mark.parametrize("slug", list(PROBLEMS))
def test_every_problem_has_a_page_in_both_languages(slug: str) -> None:
    problem = document(scope_of(), PROBLEMS[slug], HOSTILE, reference="0123abcd")
    titles = set()
    for lang in ("zh", "en"):
        content, headers = error_page(scope_of(query=f"lang={lang}"), problem, retry_after="7")
        html = content.decode()
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in html
        assert "<script>" not in html
        assert f"<code>{PROBLEMS[slug].status} {slug}</code>" in html
        titles.add(re.search("<h1>(.+)</h1>", html)[1])  # type: ignore[index]
        policy = dict(headers)[b"content-security-policy"].decode()
        waits = slug == "storage"
        assert ("again.js" in html, "connect-src 'self'" in policy) == (waits, waits)
        assert "unsafe" not in policy
    assert len(titles) == 2, "translated"
    assert ("0123abcd" in html) == (slug == "internal")
    assert ("Try again in 7 seconds" in html) == (PROBLEMS[slug].status == 429)


@pytest.mark.parametrize(
    ("query", "accepted", "lang"),
    [
        ("", "", "zh-CN"),
        ("", "en-GB,en;q=0.9,zh;q=0.2", "en"),
        ("", "fr,zh-CN;q=0.8,en;q=0.5", "zh-CN"),
        ("lang=zh", "en", "zh-CN"),
    ],
)
def test_the_language_is_the_readers(monkeypatch: pytest.MonkeyPatch, query: str, accepted: str, lang: str) -> None:
    monkeypatch.delenv("EVERYCELL_LANG", raising=False)
    problem = document(scope_of(), PROBLEMS["not-found"], "x")
    content, _ = error_page(scope_of(query=query, Accept_Language=accepted), problem)
    assert f'<html lang="{lang}">' in content.decode()


@pytest.mark.parametrize("path", ["//evil.test/x", "/\\evil.test", "/%5cevil.test", "/%2fevil.test"])
def test_it_leads_to_no_other_host(path: str) -> None:
    content, _ = error_page(scope_of(path), document(scope_of(), PROBLEMS["internal"], "x"))
    assert "evil.test" not in content.decode()


async def _answer(problem: bytes, scope: dict[str, Any]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"application/problem+json"), (b"retry-after", b"2"), (b"etag", b'"x"')]
        await send({"type": "http.response.start", "status": 503, "headers": headers})
        for part in (problem[:9], problem[9:]):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        sent.append(message)

    await ErrorPages(app)(scope, None, send)  # type: ignore[arg-type]
    return sent


async def _check_pieces() -> None:
    problem = body_of(document(scope_of(), PROBLEMS["storage"], "x"))
    start, body = await _answer(problem, scope_of(Accept="text/html"))
    headers = dict(start["headers"])
    assert (start["status"], headers[b"retry-after"], headers[b"vary"]) == (503, b"2", b"Accept, Accept-Language")
    assert headers[b"content-length"] == b"%d" % len(body["body"])
    for scope in (scope_of(Accept="*/*"), scope_of(Accept="application/json, text/html"),
                  scope_of(query="f=json", Accept="text/html")):  # fmt: skip
        untouched = await _answer(problem, scope)
        assert b"".join(part.get("body", b"") for part in untouched[1:]) == problem


def test_a_document_in_pieces_becomes_one_page_and_keeps_its_headers() -> None:
    import asyncio

    asyncio.run(_check_pieces())


def test_over_http(served: Served) -> None:
    wall = served.client_of("wall", "all")
    for client, method, path, status in [
        (served.client, "GET", "/nowhere", 404),
        (served.client, "GET", "/coverage?level=x&lang=en", 400),
        (served.client, "GET", "/logout", 405),
        (wall, "GET", "/maps/edit", 403),
        (wall, "POST", "/visits", 403),
        (served.client, "GET", "/x?" + "y" * 20_000, 414),
    ]:
        page, program = (client.request(method, path, headers=headers) for headers in (BROWSER, {"Accept": "*/*"}))
        assert page.status_code == program.status_code == status
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert program.headers["content-type"] == "application/problem+json"
        assert page.headers.get("allow") == program.headers.get("allow")
        assert json.loads(program.content)["status"] == status
        assert f'<p class="code">{status}</p>' in page.text
        assert ('href="/maps/coverage' in page.text) == (status != 414), "what they may open; or nobody knows who asks"
    assert served.client.head("/nowhere", headers=BROWSER).status_code == 404
