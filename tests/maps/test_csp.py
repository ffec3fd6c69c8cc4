"""The policy lets only the page's own code run, and sealing makes a page fit it."""

from __future__ import annotations

import pytest

from gis.errors import BadInput
from maps.csp import base_map_origin, policy, seal

NONCE = "bm9uY2Vub25jZW5vbmNl"


def test_policy_has_no_unsafe_word_and_no_foreign_host() -> None:
    rule = policy(NONCE)
    assert "unsafe" not in rule
    assert "http" not in rule
    assert f"script-src 'nonce-{NONCE}'" in rule
    assert "frame-ancestors 'none'" in rule
    assert "form-action 'self'" in rule


def test_only_an_installable_page_has_a_worker_of_its_own() -> None:
    rules = set(policy(NONCE, installable=True).split("; "))
    assert rules - set(policy(NONCE).split("; ")) == {"worker-src 'self'", "manifest-src 'self'"}


def test_standalone_page_may_ask_nobody() -> None:
    rule = policy(NONCE, standalone=True)
    assert "connect-src 'none'" in rule
    assert "form-action 'none'" in rule
    assert "'self'" not in rule


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (None, ""),
        ("", ""),
        ("/tiles/{z}/{x}/{y}.png", ""),
        ("https://maps.county.lan:8443/{z}/{x}/{y}.png", "https://maps.county.lan:8443"),
        ("https://t{s}.map.lan/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}", "https://*.map.lan"),
    ],
)
def test_base_map_is_the_only_host_that_may_be_named(url: str | None, origin: str) -> None:
    assert base_map_origin(url) == origin
    assert (origin or "'self'") in policy(NONCE, base_map_url=url)


@pytest.mark.parametrize(
    "url", ["ftp://map.lan/{z}", "//map.lan/{z}", "https://map.lan/{z}; script-src *", "https://a.{s}.lan/", "map.lan"]
)
def test_wrong_base_map_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="base_map_url"):
        policy(NONCE, base_map_url=url)


@pytest.mark.parametrize("nonce", ["", "short", "bm9uY2Vub25jZW5vb'; script-src *"])
def test_weak_nonce_is_refused(nonce: str) -> None:
    with pytest.raises(BadInput, match="nonce"):
        policy(nonce)
    with pytest.raises(BadInput, match="nonce"):
        seal("<p>", nonce)


def test_script_style_and_link_get_the_nonce() -> None:
    page = seal('<head><link rel="stylesheet" href="/a.css"><style>p{}</style></head><script>1<2</script>', NONCE)
    assert page.count(f'nonce="{NONCE}"') == 3
    assert "1<2" in page


def test_nonce_of_another_page_is_replaced() -> None:
    assert 'nonce="other"' not in seal('<script nonce="other"></script>', NONCE)


def test_style_attribute_becomes_a_rule() -> None:
    page = seal('<head></head><body><div style="width: 50%" class="x">&lt;&amp;</div></body>', NONCE)
    assert "style=" not in page.replace("data-style=", "")
    assert f'<style nonce="{NONCE}">[data-style="0"]{{width: 50%}}' in page
    assert page.index("<style") < page.index("</head>")
    assert '<div class="x" data-style="0">&lt;&amp;</div>' in page


def test_what_needs_no_change_stays_byte_for_byte() -> None:
    html = '<!DOCTYPE html><svg viewBox="0 0 2 2"><path d="M0 0"/></svg><p title=\'a "b"\'>&#20013;&nbsp;<!-- c --></p>'
    assert seal(html, NONCE) == html


@pytest.mark.parametrize(
    "html",
    [
        '<img src=x onerror="alert(1)">',
        '<a href="javascript:alert(1)">x</a>',
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<iframe src="http://example.org"></iframe>',
    ],
)
def test_page_that_would_load_or_run_something_else_is_refused(html: str) -> None:
    with pytest.raises(BadInput, match=r"<(img|a|script|link|iframe)>"):
        seal(html, NONCE)
