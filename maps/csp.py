"""What a page may load and run: a strict Content-Security-Policy, and the sealing of a page to fit it.

Folium prints script and style tags without a nonce and style attributes into the markup. `seal` gives every such tag
the page's nonce, moves style attributes into one stylesheet, and refuses what no page of ours may contain.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from gis.errors import BadInput

_WITH_NONCE: Final = {"script", "style", "link"}
_LOADING: Final = {"script": "src", "link": "href", "img": "src", "iframe": "src", "object": "data", "embed": "src"}
_FOREIGN: Final = re.compile(r"^\s*([a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_SCRIPT_LINK: Final = re.compile(r"^\s*(javascript|vbscript):", re.IGNORECASE)
_NONCE: Final = re.compile(r"[A-Za-z0-9+/_=-]{16,}")


def policy(
    nonce: str,
    *,
    base_map_url: str | None = None,
    standalone: bool = False,
    installable: bool = False,
    workers: bool = False,
) -> str:
    """The policy of one page: it asks its own service, and sends it forms (to sign out).

    A standalone page carries the policy in a meta tag and may ask nobody for anything. One that is installable may have
    a service worker and a manifest, its own ones; `workers`: it may have workers of its own.
    """
    own = "" if standalone else "'self' "
    images = " ".join(filter(None, [f"{own}data: blob:", base_map_origin(base_map_url)]))
    rules = [
        "default-src 'none'",
        f"script-src 'nonce-{_checked(nonce)}'",
        f"style-src 'nonce-{nonce}'",
        f"img-src {images}",
        "connect-src 'none'" if standalone else "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'" if standalone else "form-action 'self'",
    ]
    if installable or workers:
        rules.append("worker-src 'self'")
    if installable:
        rules.append("manifest-src 'self'")
    return "; ".join(rules if standalone else [*rules, "frame-ancestors 'none'"])


def base_map_origin(url: str | None) -> str:
    """The source expression of a base map's address; empty for none and for one on the service itself.

    `{s}` in the host becomes a wildcard for the subdomains. Raises BadInput where the host cannot be told.
    """
    if not url or (url.startswith("/") and not url.startswith("//")):
        return ""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"[\s;,'\"<>\\]", url):
        raise BadInput("base_map_url: {url!r} is no http(s) address of map tiles", url=url, field="base_map_url")
    first, dot, rest = parts.netloc.partition(".")
    host = f"*.{rest}" if "{" in first and dot else parts.netloc
    if "{" in host:
        raise BadInput("base_map_url: {url!r} may vary only the first part of its host", url=url, field="base_map_url")
    return f"{parts.scheme}://{host}"


def seal(html: str, nonce: str) -> str:
    """The page with `nonce` on every script, style and link, and no style attribute.

    Raises BadInput naming the tag that would load from another host, run an inline handler or a script address.
    """
    sealer = _Sealer(_checked(nonce))
    sealer.feed(html)
    sealer.close()
    return sealer.page()


def _checked(nonce: str) -> str:
    if not _NONCE.fullmatch(nonce):
        raise BadInput("nonce: give at least 16 characters of base64", field="nonce")
    return nonce


class _Sealer(HTMLParser):
    """Copies a page token by token and changes start tags only."""

    def __init__(self, nonce: str) -> None:
        super().__init__(convert_charrefs=False)
        self._nonce = nonce
        self._out: list[str] = []
        self._styles: list[str] = []
        self._head_ends_at: int | None = None

    def page(self) -> str:
        if self._styles:
            sheet = f'<style nonce="{self._nonce}">{"".join(self._styles)}</style>\n'
            self._out.insert(self._head_ends_at or 0, sheet)
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, ">")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._start(tag, attrs, "/>")

    def _start(self, tag: str, attrs: list[tuple[str, str | None]], end: str) -> None:
        self._refuse(tag, attrs)
        kept = [(name, value) for name, value in attrs if name not in ("style", "nonce")]
        style = dict(attrs).get("style")
        if style:
            self._styles.append(f'[data-style="{len(self._styles)}"]{{{style.replace("<", "")}}}\n')
            kept.append(("data-style", str(len(self._styles) - 1)))
        if tag in _WITH_NONCE:
            kept.append(("nonce", self._nonce))
        self._out.append(_tag(tag, kept) + end if kept != attrs else self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "head":
            self._head_ends_at = len(self._out)
        self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        self._out.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._out.append(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._out.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self._out.append(f"<!{decl}>")

    @staticmethod
    def _refuse(tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name.startswith("on"):
                raise BadInput("<{field}> carries an inline handler {name}; a page may not", name=name, field=tag)
            if name in ("href", "src", "action") and _SCRIPT_LINK.match(value or ""):
                raise BadInput("<{field}> links to a script; a page may not", field=tag)
            if _LOADING.get(tag) == name and _FOREIGN.match(value or ""):
                raise BadInput("<{field}> would load from another host: {value}", value=value, field=tag)


def _tag(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    printed = [name if value is None else f'{name}="{escape(value)}"' for name, value in attrs]
    return f"<{' '.join([tag, *printed])}"
