"""What a wall says that is opened with a token which opens none."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_urlsafe

from starlette.requests import Request
from starlette.responses import Response

from api.callers import forget_wall
from api.html import MEDIA_TYPE, frame_of, render, security_headers
from api.language import page_language
from maps.text import translator


def refused_page(request: Request) -> Response:
    """What a wall says whose token is none, over, taken back, or of another role."""
    lang, nonce = page_language(request.scope), token_urlsafe(16)
    _ = translator(lang)
    frame = replace(frame_of(request.scope, nonce, lang), other="")  # its address would repeat the token
    text = render("wall_refused.html", frame, title=_("This wall cannot be opened"))
    headers = {**security_headers(nonce), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    answer = Response(text, 401, {**headers, "WWW-Authenticate": "Bearer"}, MEDIA_TYPE)
    forget_wall(answer, request.scope)
    return answer
