"""Request bodies: read up to a limit, parsed without trust."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, NoReturn

from fastapi import Request

from api.problems import Trouble
from gis.errors import BadInput

MAX_BYTES: Final = 16 * 1024 * 1024
_JSON: Final = ("application/json", "")
_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")


@dataclass(frozen=True, slots=True)
class VisitsBody:
    """The body of `POST /visits`: a JSON array, or (`lines`) one JSON object a line."""

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
    return Trouble("too-large", f"body: is larger than {limit // 2**20} MB; send it in parts", field="body")


async def visits_body(request: Request) -> VisitsBody:
    """A batch of visits as it was sent."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in (*_JSON, *_LINES):
        raise Trouble(
            "unsupported-media-type",
            f"Content-Type: {kind[:100]!r} is not understood; send application/json or application/x-ndjson",
            field="Content-Type",
        )
    return VisitsBody(await read_body(request), kind in _LINES)


def visits_in(body: VisitsBody) -> list[object]:
    """The items of a batch, unchecked. A line that is no JSON comes as the error it gave: the others still count."""
    if body.lines:
        return [_line(line) for line in body.content.splitlines() if line.strip()]
    items = parse_json(body.content)
    if not isinstance(items, list):
        raise BadInput("body: must be a JSON array of visits", field="body")
    return items


def parse_json(body: bytes) -> object:
    """Strict JSON in UTF-8. Raises BadInput that says where it breaks."""
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadInput(f"body: is not UTF-8 at byte {error.start}", field="body") from None
    except json.JSONDecodeError as error:
        raise BadInput(
            f"body: is no JSON at line {error.lineno}, column {error.colno}: {error.msg}", field="body"
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
