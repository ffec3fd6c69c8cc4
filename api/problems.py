"""Errors on the wire: RFC 9457 problem+json, from one table error type -> problem. docs/problems.md explains each.

Bad input is a 4xx that names the field. What nobody foresaw is a 500 without a word of the program's inside; the log
has it, under the reference that the answer carries.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from api.language import language_of
from gis import errors
from gis.cells.editing.issues import Refused
from gis.invalid import invalid
from gis.sentence import Sentence
from gis.storage.engine import sqlstate
from gis.storage.refusals import refusal
from maps.report.fonts import NoFont
from maps.text import html_lang, teller, translator

MEDIA_TYPE: Final = "application/problem+json"
_URN: Final = "urn:everycell:problem:"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: `slug` is the heading in docs/problems.md."""

    slug: str
    status: int
    title: str


PROBLEMS: Final = {
    problem.slug: problem
    for problem in (
        Problem("bad-input", 400, "The request cannot be used"),
        Problem("unknown-parameter", 400, "There is no such parameter"),
        Problem("personal-data", 422, "Personal data are not taken"),
        Problem("wrong-place", 422, "The coordinates do not lie where they should"),
        Problem("broken-coverage", 422, "The cells would not tile"),
        Problem("refused", 422, "The grid cannot be changed so"),
        Problem("not-signed-in", 401, "Sign in first"),
        Problem("not-allowed", 403, "You may not do this here"),
        Problem("not-found", 404, "There is no such thing"),
        Problem("method-not-allowed", 405, "This cannot be done here"),
        Problem("too-slow", 408, "The body did not arrive in time"),
        Problem("conflict", 409, "This contradicts what is stored"),
        Problem("stale", 409, "Somebody else has changed the same cells"),
        Problem("miscounted", 409, "Stored figures contradict each other"),
        Problem("precondition-failed", 412, "It has changed since you read it"),
        Problem("too-large", 413, "The body is too large"),
        Problem("address-too-long", 414, "The address is too long"),
        Problem("unsupported-media-type", 415, "A body of this type is not understood"),
        Problem("precondition-required", 428, "Say which version you have read"),
        Problem("too-many-tries", 429, "Too many tries"),
        Problem("headers-too-large", 431, "The headers are too large"),
        Problem("internal", 500, "The service failed"),
        Problem("busy", 503, "The service is busy"),
        Problem("storage", 503, "The database does not answer"),
        Problem("no-font", 503, "The service has no Chinese font"),
    )
}

_OF_ERROR: Final[Mapping[type[errors.EverycellError], str]] = {
    errors.EverycellError: "internal",
    errors.BadInput: "bad-input",
    errors.PersonalData: "personal-data",
    errors.WrongPlace: "wrong-place",
    errors.BrokenCoverage: "broken-coverage",
    errors.NotFound: "not-found",
    errors.NotSignedIn: "not-signed-in",
    errors.NotAllowed: "not-allowed",
    errors.TooManyTries: "too-many-tries",
    errors.Conflict: "conflict",
    errors.Stale: "stale",
    Refused: "refused",
    errors.StorageError: "storage",
    errors.Interrupted: "busy",
    NoFont: "no-font",
}

_OF_SQLSTATE: Final = {
    "EC001": "broken-coverage",
    "EC002": "conflict",
    "EC003": "miscounted",
    "EC004": "not-found",
    "EC005": "not-allowed",
    "40001": "busy",
    "40P01": "busy",
    "53300": "busy",
    "55P03": "busy",
    "57014": "busy",
}
# The first two characters of an SQLSTATE are its class.
_OF_SQLSTATE_CLASS: Final = {"08": "storage", "22": "bad-input", "23": "conflict", "53": "storage", "57": "storage"}

_OF_STATUS: Final = {problem.status: problem.slug for problem in reversed(PROBLEMS.values())}


class Trouble(errors.EverycellError):
    """A problem of HTTP itself (an unknown parameter, a body too large), by its slug; `more` are further members of the
    document, `headers` those of the answer."""

    def __init__(
        self,
        slug: str,
        message: str,
        /,
        *,
        field: str | None = None,
        more: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> None:
        super().__init__(message, field=field, **values)
        self.code = slug
        self.more = dict(more or {})
        self.headers = dict(headers or {})


def problem_of(error: Exception) -> Problem:
    """The problem that an error is told as; `internal` for what nobody foresaw."""
    if isinstance(error, Trouble):
        return PROBLEMS[error.code]
    if isinstance(error, errors.EverycellError):
        return PROBLEMS[next(_OF_ERROR[kind] for kind in type(error).__mro__ if kind in _OF_ERROR)]
    if isinstance(error, PoolTimeout):
        return PROBLEMS["busy"]
    if isinstance(error, DBAPIError):
        return PROBLEMS[_of_database(error)]
    return PROBLEMS["internal"]


def _of_database(error: DBAPIError) -> str:
    state = sqlstate(error)
    if state is None:
        return "storage" if error.connection_invalidated or type(error).__name__ == "OperationalError" else "internal"
    return _OF_SQLSTATE.get(state) or _OF_SQLSTATE_CLASS.get(state[:2], "internal")


def document(scope: Scope, problem: Problem, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem document in the language of the request; those without a value are left out."""
    lang = language_of(scope)
    title, tell = translator(lang, "errors")(problem.title), teller(lang)
    known = {"type": _URN + problem.slug, "title": title, "status": problem.status, "detail": tell(detail)}
    return known | {name: value for name, value in more.items() if value not in (None, [], "")}


def speaking(scope: Scope) -> dict[str, str]:
    """The headers of an answer that is written in the language of the request."""
    return {"Content-Language": html_lang(language_of(scope)), "Vary": "Accept-Language"}


def body_of(members: Mapping[str, Any]) -> bytes:
    """A problem document as bytes."""
    return json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")


def _response(request: Request, members: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    own = {"Cache-Control": "no-store", **speaking(request.scope), **(headers or {})}
    if members["status"] == 503:
        own.setdefault("Retry-After", "2")
    return Response(body_of(members), members["status"], own, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Let `app` answer every error with a problem document."""
    app.add_exception_handler(errors.EverycellError, on_own)
    app.add_exception_handler(DBAPIError, _on_database)
    app.add_exception_handler(PoolTimeout, _on_pool)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_unforeseen)


async def on_own(request: Request, error: Exception) -> Response:
    """The problem document of an error of ours."""
    assert isinstance(error, errors.EverycellError)  # noqa: S101 - registered for this type only
    problem = problem_of(error)
    if problem.status == 500:
        return await _on_unforeseen(request, error)
    detail: str = error.message
    if isinstance(error, Refused):
        detail = error.told(language_of(request.scope))
    told = document(request.scope, problem, detail, field=error.field, code=error.code, **_more_of(error))
    return _response(request, told, _headers_of(error))


def _more_of(error: errors.EverycellError) -> dict[str, Any]:
    """What an error carries beside its sentence."""
    if isinstance(error, Trouble):
        return error.more
    if isinstance(error, errors.BrokenCoverage):
        return {"pieces": error.pieces}
    if isinstance(error, errors.Stale):
        return {"conflicts": error.conflicts}
    if isinstance(error, Refused):
        return {"issues": {"type": "FeatureCollection", "features": [issue.geojson() for issue in error.issues]}}
    return {}


def _headers_of(error: errors.EverycellError) -> dict[str, str]:
    if isinstance(error, Trouble):
        return error.headers
    if isinstance(error, errors.TooManyTries):
        return {"Retry-After": str(error.retry_after_s)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, errors.NotSignedIn) else {}


async def _on_database(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status == 500:
        return await _on_unforeseen(request, error)
    state = sqlstate(error) if isinstance(error, DBAPIError) else None
    if state is not None and state.startswith("EC"):
        diagnosis = getattr(getattr(error, "orig", None), "diag", None)
        tell, hint = teller(language_of(request.scope)), getattr(diagnosis, "message_hint", None)
        told = document(
            request.scope,
            problem,
            refusal(diagnosis.message_primary if diagnosis else problem.title),
            field=getattr(diagnosis, "column_name", None),
            code=problem.slug,
            hint=hint and tell(refusal(hint)),
            pieces=_pieces(getattr(diagnosis, "message_detail", None)),
        )
        return _response(request, told)
    _log.warning("%s: %s", problem.slug, str(getattr(error, "orig", error)).strip())
    return _response(request, document(request.scope, problem, _IN_WORDS[problem.slug]))


_IN_WORDS: Final = {
    "bad-input": Sentence("a value is not one that the database can take"),
    "conflict": Sentence("the request contradicts what is stored"),
    "busy": Sentence("others are at work on the same rows: try again"),
    "storage": Sentence("the database does not answer: try again soon"),
}


async def _on_pool(request: Request, error: Exception) -> Response:
    told = Sentence("all connections are in use: try again soon")
    return _response(request, document(request.scope, problem_of(error), told))


def _pieces(detail: str | None) -> list[Any]:
    """The offending piece that the trigger gives along as GeoJSON."""
    if not detail or not detail.startswith("{"):
        return []
    return [json.loads(detail)]


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this type only
    found = error.errors()[0]
    field = ".".join(str(part) for part in found["loc"][1:]) or str(found["loc"][0])
    told = Sentence("{field}: {wrong}", field=field, wrong=invalid(found))
    return _response(request, document(request.scope, PROBLEMS["bad-input"], told, field=field, code="bad-input"))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this type only
    slug = _OF_STATUS.get(error.status_code, "bad-input" if error.status_code < 500 else "internal")
    problem = PROBLEMS[slug]
    details = {
        "not-found": Sentence("there is nothing at {path}", path=request.url.path),
        "method-not-allowed": Sentence(
            "{method} cannot be done at {path}", method=request.method, path=request.url.path
        ),
    }
    return _response(request, document(request.scope, problem, details.get(slug, str(error.detail))), error.headers)


async def _on_unforeseen(request: Request, error: Exception) -> Response:
    reference = uuid4().hex[:12]
    _log.error("%s %s failed, reference %s", request.method, request.url.path, reference, exc_info=error)
    told = Sentence("the log has the reason, under the reference {reference}", reference=reference)
    return _response(request, document(request.scope, PROBLEMS["internal"], told, reference=reference))
