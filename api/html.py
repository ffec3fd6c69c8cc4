"""Plain HTML for browsers: any of the service's JSON documents as a page of tables and links."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from secrets import token_urlsafe
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.answers import Body
from api.features.collections import COLLECTIONS
from api.params import Format, format_of
from api.requests import base_url, wants_html
from gis.access.scope import Right
from gis.access.sessions import Caller
from gis.codes import Level, level_of

MEDIA_TYPE: Final = "text/html; charset=utf-8"
_TEMPLATES: Final = Environment(
    loader=PackageLoader("api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_MOST_ROWS: Final = 1_000
_LEVEL_BELOW: Final = {
    Level.county: Level.town,
    Level.town: Level.village,
    Level.village: Level.cell,
    Level.cell: Level.cell,
}


def asks_html(request: Request, f: str | None, *offered: Format) -> bool:
    """Whether a request is to be answered with a page for a browser. Raises BadInput where `f` is not offered."""
    form = format_of(f, Format.json, Format.html, *offered)
    return form is Format.html or (form is None and wants_html(request.scope))


def document(request: Request, f: str | None, title: str, members: dict[str, Any]) -> Response:
    """A JSON document, or the page that shows it."""
    if not asks_html(request, f):
        return JSONResponse(members, headers={"Vary": "Accept"})
    shown = page(title, members, base=base_url(request.scope))
    return Response(shown.content, headers={**dict(shown.headers), "Vary": "Accept"}, media_type=shown.media_type)


def render(template: str, **values: Any) -> str:
    """A page from a template of `api/templates`. Everything put in is escaped, and nothing may be left out."""
    return _TEMPLATES.get_template(template).render(values)


def security_headers(nonce: str) -> dict[str, str]:
    """What a plain page may do: show itself."""
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def page(title: str, document: Mapping[str, Any], *, base: str) -> Body:
    """A JSON document of the service as a page: its links, its values, and a table of its features."""
    nonce = token_urlsafe(16)
    features = document.get("features") or ([document] if document.get("type") == "Feature" else [])
    rest = {name: value for name, value in document.items() if name not in ("features", "links", "type", "geometry")}
    text = _TEMPLATES.get_template("document.html").render(
        title=title,
        base=base,
        nonce=nonce,
        links=document.get("links", []),
        values={} if document.get("type") == "Feature" else rest,
        columns=list(features[0]["properties"]) if features else [],
        features=features[:_MOST_ROWS],
        unshown=max(0, len(features) - _MOST_ROWS),
        shown=_shown,
        columns_of=_columns_of,
    )
    return Body(text.encode(), MEDIA_TYPE, tuple(security_headers(nonce).items()))


def page_of(title: str, body: Body, *, base: str) -> Body:
    """A JSON body as a page."""
    return page(title, json.loads(body.content), base=base)


def landing(areas: Sequence[tuple[str, str]], caller: Caller, *, base: str, version: str) -> Response:
    """The first page, in Chinese with English below. `areas` are code and name of where `caller` sees figures."""
    nonce = token_urlsafe(16)
    text = render(
        "landing.html",
        base=base,
        nonce=nonce,
        areas=[
            (code, name, _LEVEL_BELOW[level_of(code)], caller.scope.allows(Right.doors, code)) for code, name in areas
        ],
        level=Level.cell if any(level_of(code) is Level.cell for code, _ in areas) else Level.village,
        layers="、".join(one.title.partition(" ")[0] for one in COLLECTIONS.values() if caller.scope.allows(one.right)),
        cases=caller.scope.allows(Right.cases),
        who=caller.name,
        version=version,
    )
    return Response(text, headers={**security_headers(nonce), "Vary": "Accept"}, media_type=MEDIA_TYPE)


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    if isinstance(value, str | int | float):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _columns_of(value: Any) -> list[str]:
    """The columns of a list of like rows; empty for everything else."""
    if not isinstance(value, list) or not value or not all(isinstance(row, dict) for row in value):
        return []
    columns = list(value[0])
    flat = all(list(row) == columns and not any(isinstance(v, dict | list) for v in row.values()) for row in value)
    return columns if flat else []
