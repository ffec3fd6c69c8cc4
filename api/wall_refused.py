"""What a wall says that is opened with a token which opens none."""

from __future__ import annotations

from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

from api.callers import forget_wall
from api.html import MEDIA_TYPE, render, security_headers
from maps.text import Lang, html_lang, translator


def refused_page(request: Request) -> Response:
    """What a wall says whose token is none, over, taken back, or of another role."""
    lang: Lang = "en" if request.query_params.get("lang") == "en" else "zh"
    _ = translator(lang)
    nonce = token_urlsafe(16)
    text = render(
        "wall_refused.html",
        _=_,
        title=_("This wall cannot be opened"),
        lang=lang,
        html_lang=html_lang(lang),
        base=request.scope.get("root_path", ""),
        nonce=nonce,
    )
    headers = {**security_headers(nonce), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    answer = Response(text, 401, {**headers, "WWW-Authenticate": "Bearer"}, MEDIA_TYPE)
    forget_wall(answer, request.scope)
    return answer
