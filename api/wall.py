"""The wall: its page, and the token that opens it on a screen where nobody sits.

    GET /wall               the page, for whoever may see figures
    GET /wall?token=ec_…    the token of a wall becomes a cookie of this browser, and the address loses it

Which credential of a request counts is told in `api.callers`.
"""

from __future__ import annotations

import re
from secrets import token_urlsafe
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.audits import source_of
from api.callers import COOKIE, keep_wall, shown
from api.deps import ServiceFor, Serving
from api.pages import Language, page_answer, shared
from api.params import Area
from gis.access import sessions
from gis.access.audit import Action, note
from gis.access.scope import Right
from gis.access.sessions import Kind
from gis.errors import BadInput
from maps.wall import Scene, WallOptions, WallPage, wall_page

router = APIRouter()

_CUTOFF: Final = re.compile(r"[0-9]{1,4}d|[0-9]{4}-[0-9]{2}-[0-9]{2}|round:[0-9A-Za-z-]{1,60}", re.ASCII)
_DWELL_S: Final = (2, 3600)
_RETURN_S: Final = (5, 7200)
_DISTANCE_M: Final = (0.3, 50)
_MM_PER_PX: Final = (0.02, 20)
_THEMES: Final = ("dark", "light")


@router.get("/wall", summary="The map wall")
def wall(
    request: Request,
    serving: Serving,
    lang: Language = "zh",
    token: Annotated[
        str | None, Query(description="A token of the role wall: it becomes a cookie, and leaves the address.")
    ] = None,
    scenes: Annotated[str | None, Query(description=f"Which, with commas between: {', '.join(Scene)}.")] = None,
    dwell_s: Annotated[str | None, Query(description="How long each is shown.")] = None,
    return_s: Annotated[str | None, Query(description="After how long without anybody it goes back.")] = None,
    area: Area = None,
    since: Annotated[str | None, Query(description="Counted from: days back (30d), a day, or round:CODE.")] = None,
    theme: Annotated[str | None, Query(description="dark or light")] = None,
    distance_m: Annotated[str | None, Query(description="How far away one sits.")] = None,
    mm_per_px: Annotated[str | None, Query(description="How large a pixel is.")] = None,
) -> Response:
    if token is not None:
        return _enter(request, serving)
    defaults = WallOptions()
    options = WallOptions(
        scenes=_scenes(scenes),
        dwell_s=_between("dwell_s", dwell_s, _DWELL_S) or defaults.dwell_s,
        return_s=_between("return_s", return_s, _RETURN_S) or defaults.return_s,
        area=_area(serving, area),
        cutoff=_cutoff(since),
        distance_m=_between("distance_m", distance_m, _DISTANCE_M),
        mm_per_px=_between("mm_per_px", mm_per_px, _MM_PER_PX),
        kiosk=serving.caller.kind is Kind.wall,
    )
    if theme not in (None, *_THEMES):
        raise BadInput("{field}: {word!r} is none of {words}", word=theme[:20], words=", ".join(_THEMES), field="theme")
    nonce = token_urlsafe(18)
    told = shared(request, serving, lang)
    html = wall_page(WallPage(nonce=nonce, options=options, theme="light" if theme == "light" else "dark", **told))
    return page_answer(html, nonce, serving.settings, workers=True)


def _enter(request: Request, serving: ServiceFor) -> Response:
    """The token was found good, or nobody would have come here: it goes into a cookie, and out of the address."""
    caller, (_, secret) = serving.caller, shown(request.scope)
    if caller.kind is not Kind.wall:
        raise BadInput("token: the request shows who asks already, by a header", field="token")
    before = request.cookies.get(COOKIE)
    with serving.store.begin() as conn:
        if before is not None:
            sessions.sign_out(conn, before)  # or it would show what whoever was signed in here may see
        note(conn, who=caller.who, source=source_of(request.scope), action=Action.sign_in, detail={"by": "token"})
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
    onward = request.url.path + (f"?{urlencode(kept, safe=',:')}" if kept else "")
    answer = RedirectResponse(onward, 303, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
    if before is not None:
        serving.service.mirror.refresh()
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    keep_wall(answer, request.scope, secret, caller.expires_at)
    return answer


def _scenes(text: str | None) -> tuple[Scene, ...]:
    if text is None:
        return tuple(Scene)
    names = text.split(",")
    for name in names:
        if name not in list(Scene):
            raise BadInput(
                "{field}: there is no {word!r}; there are {words}",
                word=name[:20],
                words=", ".join(Scene),
                field="scenes",
            )
        if names.count(name) > 1:
            raise BadInput(
                "{field}: {name} is given {times} times; give it once",
                name=name,
                times=names.count(name),
                field="scenes",
            )
    return tuple(map(Scene, names))


def _between(name: str, text: str | None, bounds: tuple[float, float]) -> float | None:
    if text is None:
        return None
    least, most = bounds
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,4})?", text, re.ASCII) or not least <= float(text) <= most:
        raise BadInput(
            "{field}: {text!r} is no number from {least:g} to {most:g}",
            text=text[:20],
            least=least,
            most=most,
            field=name,
        )
    return float(text)


def _cutoff(text: str | None) -> str | None:
    if text is not None and not _CUTOFF.fullmatch(text):
        raise BadInput(
            "{field}: {text!r} is neither days back (30d), a day nor round:CODE", text=text[:20], field="since"
        )
    return text


def _area(serving: ServiceFor, area: str | None) -> str:
    return "" if area is None else serving.inside(Right.figures, area) or ""
