"""The page to sign in, and what it says when that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from secrets import token_urlsafe
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from api.forms import keeps_no_cookie
from api.html import MEDIA_TYPE, frame_of, render, security_headers
from gis.settings import Settings
from maps.text import Lang, translator


class Said(Enum):
    """What the page says above the form, with its status. The words do not tell whether there is such an account."""

    wrong = 401, "wrong"
    too_many = 429, "too_many"
    no_rights = 403, "no_rights"
    refused = 403, "refused"
    not_begun = 400, "not_begun"
    not_vouched = 401, "not_vouched"
    no_answer = 503, "no_answer"

    @property
    def status(self) -> int:
        return self.value[0]


_PROVIDER_WAIT_S: Final = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in already, whether they may do anything at all, and the token of the session."""

    name: str
    may: bool
    csrf: str


def login_page(
    request: Request,
    settings: Settings,
    lang: Lang,
    onward: str,
    *,
    said: Said | None = None,
    wait_s: int = 0,
    who: SignedIn | None = None,
) -> Response:
    """The form to sign in, or for `who` a way on and a way out. `onward` is the path to go on to."""
    _, nonce = translator(lang), token_urlsafe(16)
    frame = frame_of(request.scope, nonce, lang)
    other = urlencode({"lang": "en" if lang == "zh" else "zh", "next": onward})
    text = render(
        "login.html",
        replace(frame, other=f"{frame.base}/login?{other}", signed_in=False),
        title=_("Sign in"),
        onward=onward,
        message=_in_words(said, _).format(seconds=wait_s) if said else "",
        signed=who,
        oidc=settings.oidc_issuer is not None,
        loses_cookies=keeps_no_cookie(request.scope),
    )
    headers = {**security_headers(nonce), "Cache-Control": "no-store"}
    if said in (Said.too_many, Said.no_answer):
        headers["Retry-After"] = str(wait_s or _PROVIDER_WAIT_S)
    if said and said.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(text, said.status if said else 200, headers, MEDIA_TYPE)


def _in_words(said: Said, _: Callable[[str], str]) -> str:
    return {
        Said.wrong: _("The sign-in name or the password is wrong."),
        Said.too_many: _("Too many tries. Try again in {seconds} seconds."),
        Said.no_rights: _(
            "You are signed in, but this account has not been given any rights yet. Ask your administrator."
        ),
        Said.refused: _("This account may not sign in here. Ask your administrator."),
        Said.not_begun: _("This sign-in was not begun in this browser, or took too long. Begin again."),
        Said.not_vouched: _("The organization's sign-in service did not confirm who you are. Begin again."),
        Said.no_answer: _("The organization's sign-in service does not answer. Try again soon."),
    }[said]
