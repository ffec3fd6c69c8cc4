"""Plain HTML for browsers: any of the service's JSON documents as a page of tables and links."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from api.answers import Body
from api.features.collections import COLLECTIONS
from api.language import page_language
from api.params import Format, format_of
from api.requests import caller_of, wants_html
from gis.access.scope import Right
from gis.access.sessions import NOBODY, Caller
from gis.codes import Level, level_of
from maps.plain import PlainFrame
from maps.text import Lang

MEDIA_TYPE: Final = "text/html; charset=utf-8"
_TEMPLATES: Final = Environment(
    loader=ChoiceLoader([PackageLoader("api"), PackageLoader("maps")]),  # the frame of all pages is in maps
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
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
    shown = page(title, members, request.scope)
    return Response(shown.content, headers={**dict(shown.headers), "Vary": "Accept"}, media_type=shown.media_type)


def render(template: str, frame: PlainFrame, **values: Any) -> str:
    """A page from a template of `api/templates`. Everything put in is escaped, and nothing may be left out."""
    return _TEMPLATES.get_template(template).render({**frame.values(), **values})


def frame_of(scope: Scope, nonce: str, lang: Lang, *, here: str = "") -> PlainFrame:
    """The frame of a page for whoever asks. It names nobody, so that it may be kept for others with the same rights."""
    caller: Caller = caller_of(scope) if "caller" in scope.get("state", {}) else NOBODY
    return PlainFrame(
        nonce=nonce,
        lang=lang,
        base=scope.get("root_path", ""),
        here=here,
        rights=[right.value for right in Right if caller.scope.allows(right)],
        other=in_other_language(scope, lang),
        signed_in=caller is not NOBODY,
    )


def in_other_language(scope: Scope, lang: Lang) -> str:
    """The address that is asked for, in the language that `lang` is not."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in query if name != "lang"]
    return "?" + urlencode([*kept, ("lang", "en" if lang == "zh" else "zh")])


def security_headers(nonce: str) -> dict[str, str]:
    """What a plain page may do: show itself."""
    return {
        "Content-Security-Policy": f"default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def page(title: str, document: Mapping[str, Any], scope: Scope, what: str = "") -> Body:
    """A JSON document of the service as a page: its links, its values, and a table of its features. `title` is in both
    languages, with a point between; `what` follows it in either."""
    nonce, lang = token_urlsafe(16), page_language(scope)
    features = document.get("features") or ([document] if document.get("type") == "Feature" else [])
    rest = {name: value for name, value in document.items() if name not in ("features", "links", "type", "geometry")}
    text = render(
        "document.html",
        frame_of(scope, nonce, lang),
        title=f"{_in_language(title, lang)} {what}".rstrip(),
        links=document.get("links", []),
        document={} if document.get("type") == "Feature" else rest,
        columns=list(features[0]["properties"]) if features else [],
        features=features[:_MOST_ROWS],
        unshown=max(0, len(features) - _MOST_ROWS),
        shown=_shown,
        columns_of=_columns_of,
    )
    return Body(text.encode(), MEDIA_TYPE, tuple(security_headers(nonce).items()))


def page_of(title: str, body: Body, scope: Scope, what: str = "") -> Body:
    """A JSON body as a page."""
    return page(title, json.loads(body.content), scope, what)


def landing(areas: Sequence[tuple[str, str]], request: Request) -> Response:
    """The way to the data, for whoever asks. `areas` are code and name of where they see figures."""
    nonce, lang, caller = token_urlsafe(16), page_language(request.scope), caller_of(request.scope)
    text = render(
        "landing.html",
        frame_of(request.scope, nonce, lang),
        areas=[
            (code, name, _LEVEL_BELOW[level_of(code)], caller.scope.allows(Right.doors, code)) for code, name in areas
        ],
        level=Level.cell if any(level_of(code) is Level.cell for code, _ in areas) else Level.village,
        layers=[_in_language(one.title, lang) for one in COLLECTIONS.values() if caller.scope.allows(one.right)],
    )
    return Response(text, headers={**security_headers(nonce), "Vary": "Accept"}, media_type=MEDIA_TYPE)


def _in_language(title: str, lang: Lang) -> str:
    chinese, _, english = title.partition(" · ")
    return english or chinese if lang == "en" else chinese


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
