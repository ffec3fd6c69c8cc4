"""Request bodies: read up to a limit, parsed without trust."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, NoReturn

from fastapi import Request
from starlette.responses import Response

from api.language import language_of
from api.problems import Trouble, speaking
from gis.batches import BatchResult, Refusal
from gis.errors import BadInput
from gis.sentence import Sentence
from maps.text import teller

MAX_BYTES: Final = 16 * 1024 * 1024
DRAWN_BYTES: Final = 4 * 1024 * 1024  # a hundred borders with a thousand corners each
_JSON: Final = ("application/json", "")
_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")


@dataclass(frozen=True, slots=True)
class BatchBody:
    """A batch (of visits, of cases): a JSON array, or (`lines`) one JSON object a line."""

    content: bytes
    lines: bool


async def read_body(request: Request, limit: int = MAX_BYTES) -> bytes:
    """The body of a request. Refuses more than `limit` bytes as soon as they are announced or arrive."""
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > limit:
            raise _too_large(limit)
    return bytes(received)


def _too_large(limit: int) -> Trouble:
    return Trouble(
        "too-large", "body: is larger than {size}; send it in parts", size=f"{limit // 2**20} MB", field="body"
    )


async def json_body(request: Request) -> object:
    """A body in JSON, parsed; an empty object where there is none."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in _JSON and kind != "application/geo+json":
        raise Trouble(
            "unsupported-media-type",
            "Content-Type: {kind!r} is not understood; send application/json",
            kind=kind[:100],
            field="Content-Type",
        )
    body = await read_body(request, DRAWN_BYTES)
    return parse_json(body) if body.strip() else {}


def members(body: object, *known: str, field: str = "body") -> Mapping[str, Any]:
    """The members of a JSON object. Raises BadInput where it is none, or has others than the known ones: a misspelt one
    would silently do nothing."""
    if not isinstance(body, dict):
        raise BadInput("{field}: must be a JSON object", field=field)
    for name in body:
        if name not in known:
            told = Sentence("it has {members}", members=", ".join(known)) if known else Sentence("it has none")
            raise BadInput("{name}: there is no such member; {told}", name=name, told=told, field=str(name)[:100])
    return body


async def batch_body(request: Request) -> BatchBody:
    """A batch as it was sent."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in (*_JSON, *_LINES):
        raise Trouble(
            "unsupported-media-type",
            "Content-Type: {kind!r} is not understood; send application/json or application/x-ndjson",
            kind=kind[:100],
            field="Content-Type",
        )
    return BatchBody(await read_body(request), kind in _LINES)


def batch_items(body: BatchBody, what: Sentence) -> list[object]:
    """The items of a batch, unchecked. A line that is no JSON comes as the error it gave: the others still count."""
    if body.lines:
        return [_line(line) for line in body.content.splitlines() if line.strip()]
    items = parse_json(body.content)
    if not isinstance(items, list):
        raise BadInput("body: must be a JSON array of {what}", what=what, field="body")
    return items


def id_of(item: object) -> str | None:
    """The id of an item as it was sent, for a refusal; None where it has none."""
    found = item.get("id") if isinstance(item, dict) else None
    return found[:100].encode("ascii", "replace").decode() if isinstance(found, str) else None


def batch_answer(request: Request, result: BatchResult, unread: Iterable[Refusal]) -> Response:
    """What became of a batch; `unread` are the items that did not get so far."""
    refused = [*unread, *result.refused]
    answer = {"accepted": result.accepted, "repeated": result.repeated, "refused": refusals(request, refused)}
    content = json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    headers = {"Cache-Control": "no-store", **speaking(request.scope)}
    return Response(content, headers=headers, media_type="application/json")


def refusals(request: Request, refused: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Refused items in order, and why in the language of the request."""
    tell = teller(language_of(request.scope))
    listed = sorted(refused, key=lambda refusal: refusal.index)
    return [asdict(one) | {"detail": tell(one.detail)} for one in listed]


def parse_json(body: bytes) -> object:
    """Strict JSON in UTF-8. Raises BadInput that says where it breaks."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadInput("body: is not UTF-8 at byte {place}", place=error.start, field="body") from None
    except json.JSONDecodeError as error:
        raise BadInput(
            "body: is no JSON at line {line}, column {column}: {reason}",
            line=error.lineno,
            column=error.colno,
            reason=error.msg,
            field="body",
        ) from None
    except (RecursionError, ValueError):
        raise BadInput("body: is no JSON that can be read", field="body") from None


def _line(line: bytes) -> object:
    try:
        return parse_json(line)
    except BadInput as error:
        return error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
