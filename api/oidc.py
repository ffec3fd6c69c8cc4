"""Signing in with an account of the organization: to its OpenID Connect provider and back.

GET /login/oidc            sends the browser to the provider
GET /login/oidc/callback   where the provider sends it back to; must be registered there
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.accounts import begin_session, home
from api.audits import source_of
from api.deps import ServiceFor, Serving, service_for
from api.forms import local_path
from api.login_page import Said, login_page
from api.params import lang_of
from api.problems import Trouble
from api.provider import Begun, Provider, provider_of
from api.requests import base_url, wants_html
from gis.access.audit import Action, note
from gis.access.claims import ClaimMapping
from gis.access.subjects import account_of_subject
from gis.errors import BadInput, EverycellError, NotAllowed, NotFound, NotSignedIn
from gis.settings import Settings
from maps.text import Lang

router = APIRouter()

COOKIE: Final = "__Host-everycell-oidc"
CALLBACK: Final = "/login/oidc/callback"
_SAID: Final[dict[type[EverycellError], Said]] = {
    BadInput: Said.not_begun,
    NotSignedIn: Said.not_vouched,
    NotAllowed: Said.refused,
    Trouble: Said.no_answer,
}


@router.get("/login/oidc", summary="Sign in with the organization's account")
def to_provider(
    request: Request,
    serving: Serving,
    lang: Annotated[str | None, Query(description="zh or en")] = None,
    next: Annotated[str | None, Query(description="Path to go on to")] = None,
) -> Response:
    provider, _ = configured(serving.store.settings)
    spoken, onward, back = lang_of(lang), local_path(next, home(request)), f"{base_url(request.scope)}{CALLBACK}"
    try:
        address, sealed = provider.begin(back, onward, spoken)
    except Trouble as error:
        return _failed(request, serving, error, spoken, onward)
    answer = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
    # Lax: the browser comes back by a link of the provider's site.
    answer.set_cookie(COOKIE, sealed, max_age=600, path="/", secure=True, httponly=True, samesite="lax")
    return answer


def from_provider(request: Request) -> Response:
    """The provider's answer. It may carry parameters that nobody foresaw (RFC 6749, section 4.1.2), so this is a plain
    route: the others refuse what they do not know."""
    serving = service_for(request)
    provider, mapping = configured(serving.store.settings)
    lang, onward = lang_of(None), home(request)
    try:
        begun = provider.begun(request.cookies.get(COOKIE), request.query_params.get("state"))
        lang, onward = lang_of(begun.lang), begun.onward
        answer = _finished(request, serving, provider, mapping, begun)
    except (BadInput, NotSignedIn, NotAllowed, Trouble) as error:
        answer = _failed(request, serving, error, lang, onward)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


router.routes.append(Route(CALLBACK, from_provider, methods=["GET"]))


def configured(settings: Settings) -> tuple[Provider, ClaimMapping]:
    """The provider of the settings and what its claims give. Raises NotFound where there is none."""
    issuer, client, secret, mapping = (
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_mapping,
    )
    if issuer is None or client is None or secret is None or mapping is None:
        raise NotFound("this service has no sign-in with an organization's account: sign in at /login")
    return provider_of(issuer, client, secret.get_secret_value(), settings.oidc_scopes), mapping


def _finished(
    request: Request, serving: ServiceFor, provider: Provider, mapping: ClaimMapping, begun: Begun
) -> Response:
    given = request.query_params
    if "error" in given:
        raise NotSignedIn("the sign-in service has not signed anybody in")
    if given.get("iss", provider.issuer) != provider.issuer:  # RFC 9207: an answer of another provider
        raise NotSignedIn("the answer is of another sign-in service")
    if not given.get("code"):
        raise NotSignedIn("the sign-in service has sent no code")
    claims = provider.claims(begun, given["code"], mapping)
    try:
        with serving.store.begin() as conn:
            account = account_of_subject(conn, provider.issuer, claims, mapping)
    except NotAllowed:
        with serving.store.begin() as conn:
            note(
                conn,
                who="nobody",
                source=source_of(request.scope),
                action=Action.sign_in_refused,
                detail={"by": "oidc"},
            )
        raise
    return begin_session(request, serving, account, lang=lang_of(begun.lang), onward=begun.onward, by="oidc")


def _failed(request: Request, serving: ServiceFor, error: EverycellError, lang: Lang, onward: str) -> Response:
    if not wants_html(request.scope):
        raise error
    return login_page(request, serving.store.settings, lang, onward, said=_SAID[type(error)])
