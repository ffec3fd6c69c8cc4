"""Signing in and out in a browser, and who one is. The pages need no script.

    GET  /login     the form, or who is signed in already
    POST /login     sets the session's cookie and goes on to `next`
    POST /logout    ends the session
    GET  /me        name, rights and areas of whoever asks, and the token that unsafe requests carry

Who asks stands in the request's state: a layer in front of the routes has found it out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from api.audits import source_of
from api.callers import COOKIE, forget_wall, opens_wall, wall_secret
from api.deps import ServiceFor, Serving
from api.forms import form_fields, local_path, refuse_other_sites, refuse_without_csrf
from api.login_page import Said, SignedIn, login_page
from api.params import lang_of
from api.problems import on_own
from api.requests import caller_of, wants_html
from api.wall_refused import refused_page
from gis.access import sessions
from gis.access.audit import Action, note
from gis.access.scope import Right
from gis.access.sessions import Caller, Kind
from gis.errors import BadInput, NotSignedIn, TooManyTries
from maps.text import Lang

router = APIRouter()

_NO_STORE: Final = {"Cache-Control": "no-store"}


def caller(request: Request) -> Caller:
    """Who asks; NOBODY where nobody is signed in."""
    return caller_of(request.scope)


Asking = Annotated[Caller, Depends(caller)]
Fields = Annotated[dict[str, str], Depends(form_fields)]


def _form(required: tuple[str, ...], **fields: str) -> dict[str, Any]:
    """The OpenAPI of a form of texts: name -> description."""
    properties = {name: {"type": "string", "description": told} for name, told in fields.items()}
    schema = {"type": "object", "required": list(required), "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


_LOGIN: Final = _form(
    ("login", "password"),
    login="Sign-in name",
    password="Its password",  # noqa: S106 - a description
    next="Path to go on to",
    lang="zh or en",
)
_LOGOUT: Final = _form((), csrf="The session's token, unless the header X-CSRF-Token has it", lang="zh or en")


@router.get("/login", summary="The page to sign in")
def login_form(
    request: Request,
    serving: Serving,
    asking: Asking,
    lang: Annotated[str | None, Query(description="zh or en")] = None,
    next: Annotated[str | None, Query(description="Path to go on to")] = None,
) -> Response:
    who = signed_in_as(request, asking) if asking.kind is Kind.session else None
    said = Said.no_rights if who and not who.may else None
    return login_page(
        request, serving.store.settings, lang_of(lang), local_path(next, home(request)), who=who, said=said
    )


@router.post("/login", summary="Sign in with name and password", openapi_extra=_LOGIN)
def sign_in(request: Request, serving: Serving, fields: Fields) -> Response:
    refuse_other_sites(request.scope)
    lang, onward = lang_of(fields.get("lang")), local_path(fields.get("next"), home(request))
    source = source_of(request.scope)
    try:
        account = sessions.check_password(serving.store, _given(fields, "login"), _given(fields, "password"), source)
    except NotSignedIn:
        with serving.store.begin() as conn:
            note(conn, who="nobody", source=source, action=Action.sign_in_refused, detail={"by": "password"})
        if not wants_html(request.scope):
            raise
        return login_page(request, serving.store.settings, lang, onward, said=Said.wrong)
    except TooManyTries as error:
        if not wants_html(request.scope):
            raise
        return login_page(request, serving.store.settings, lang, onward, said=Said.too_many, wait_s=error.retry_after_s)
    return begin_session(request, serving, account, lang=lang, onward=onward, by="password")


@router.post("/logout", summary="Sign out", openapi_extra=_LOGOUT)
def sign_out(request: Request, serving: Serving, asking: Asking, fields: Fields) -> Response:
    secret = request.cookies.get(COOKIE)
    if secret is not None and asking.kind is Kind.session:
        refuse_without_csrf(request, fields, sessions.csrf_token(secret))
        with serving.store.begin() as conn:
            sessions.sign_out(conn, secret)
            note(conn, who=asking.who, source=source_of(request.scope), action=Action.sign_out)
        serving.service.mirror.refresh()  # what this worker remembers of the session is forgotten before the answer
    else:
        refuse_other_sites(request.scope)
    english = "?lang=en" if lang_of(fields.get("lang")) == "en" else ""
    answer = RedirectResponse(f"{home(request)}login{english}", 303, _NO_STORE)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@router.get("/me", summary="Who asks, and what they may do where")
def me(request: Request, asking: Asking) -> Response:
    """`rights`: right -> code prefixes it holds for; the empty text is everywhere, and a right without any is left out.

    `csrf` is null for a bearer token, which needs none.
    """
    if asking.kind is Kind.nobody:
        raise NotSignedIn("nobody is signed in: sign in at /login, or send a bearer token")
    members = {
        "name": asking.name,
        "who": asking.who,
        "rights": {right: list(asking.scope.where(right)) for right in Right if asking.scope.allows(right)},
        "csrf": csrf_of(request, asking),
        "expires_at": asking.expires_at.isoformat() if asking.expires_at else None,
    }
    return JSONResponse(members, headers=_NO_STORE)


async def sign_in_first(request: Request, error: Exception) -> Response:
    """Where somebody has to sign in: a browser's address bar goes to the page for it and comes back from there, a wall
    whose token opens nothing is told so, programs get the problem."""
    if request.method != "GET" or not wants_html(request.scope):
        return await on_own(request, error)
    if opens_wall(request.scope):
        return refused_page(request)
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    spoken = {"lang": "en"} if request.query_params.get("lang") == "en" else {}
    return RedirectResponse(f"{home(request)}login?{urlencode({**spoken, 'next': asked})}", 303, _NO_STORE)


async def say_no_rights(request: Request, error: Exception) -> Response:
    """Where an account may do nothing anywhere: a browser is told so on the page that signs it out, programs get the
    problem."""
    asking = caller_of(request.scope)
    if request.method != "GET" or not wants_html(request.scope) or asking.kind is not Kind.session:
        return await on_own(request, error)
    who = signed_in_as(request, asking)
    if who.may:
        return await on_own(request, error)
    settings = request.app.state.service.store.settings
    lang: Lang = "en" if request.query_params.get("lang") == "en" else "zh"
    return login_page(request, settings, lang, home(request), said=Said.no_rights, who=who)


def begin_session(
    request: Request, serving: ServiceFor, account: UUID, *, lang: Lang, onward: str, by: str
) -> Response:
    """Somebody has shown who they are: a new session, its cookie, the audit, and on to `onward`.

    The session of the browser before it ends. Whoever may do nothing anywhere is told so, with 403.
    """
    settings = serving.store.settings
    with serving.store.begin() as conn:
        secret = sessions.open_session(conn, account, settings.session_hours)
        if (before := request.cookies.get(COOKIE)) is not None:
            sessions.sign_out(conn, before)
        found = sessions.caller_of_session(conn, secret, timedelta(minutes=settings.session_idle_minutes))
        if found is None:
            raise NotSignedIn("the account is disabled")
        note(conn, who=found.who, source=source_of(request.scope), action=Action.sign_in, detail={"by": by})
    if before is not None:
        serving.service.mirror.refresh()
    who = SignedIn(found.name, any(map(found.scope.allows, Right)), sessions.csrf_token(secret))
    answer: Response = (
        RedirectResponse(onward, 303, _NO_STORE)
        if who.may
        else login_page(request, settings, lang, onward, said=Said.no_rights, who=who)
    )
    if wall_secret(request.scope):
        forget_wall(answer, request.scope)  # a browser is one caller
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=round(settings.session_hours * 3600),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return answer


def signed_in_as(request: Request, asking: Caller) -> SignedIn:
    """Whoever asks, for the page."""
    return SignedIn(asking.name, any(map(asking.scope.allows, Right)), csrf_of(request, asking) or "")


def csrf_of(request: Request, asking: Caller) -> str | None:
    """The token that unsafe requests of this session carry; None for whoever has no session."""
    secret = request.cookies.get(COOKIE)
    return sessions.csrf_token(secret) if secret and asking.kind is Kind.session else None


def home(request: Request) -> str:
    """The path of the first page."""
    return f"{request.scope.get('root_path', '')}/"


def _given(fields: dict[str, str], name: str) -> str:
    if not fields.get(name):
        raise BadInput("{field}: is missing", field=name)
    return fields[name]
