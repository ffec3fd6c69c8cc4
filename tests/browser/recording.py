"""What a service sends, kept whole, and the search in it for what must not be there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import unquote

import pyogrio
from sqlalchemy import Connection, text

_NUMBER = re.compile(r"-?\d+\.\d+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
A_POINT = "a point in a tile"
_PLACES = 6  # decimals of a degree: a decimetre
# What is read as text; of all else the search could see nothing.
_READABLE = re.compile(r"^(text/|application/(json|geo\+json|problem\+json|schema\+json|manifest\+json|javascript))")
_TILE = "application/vnd.mapbox-vector-tile"
_PICTURES = re.compile(r"^(image|font)/")


@dataclass
class Sent:
    """One answer, or one stream of events up to its end."""

    path: str
    kind: str = ""
    headers: list[str] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)


class Recorder:
    """An ASGI application that keeps all that another one sends. Nothing is sent packed, so that it can be read."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.sent: list[Sent] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        one = Sent(scope["path"] + "?" + scope["query_string"].decode())
        self.sent.append(one)

        async def keep(message: Any) -> None:
            if message["type"] == "http.response.start":
                named = [(name.decode().lower(), value.decode("latin-1")) for name, value in message["headers"]]
                one.kind = next((value for name, value in named if name == "content-type"), "")
                one.headers = [f"{name}: {value}" for name, value in named]
            elif message["type"] == "http.response.body":
                one.body += message.get("body", b"")
            await send(message)

        asked = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
        await self._app({**scope, "headers": asked}, receive, keep)


@dataclass(frozen=True)
class Secrets:
    """What no screen on a wall may be sent: words (addresses, codes, ids) and points (longitude, latitude)."""

    words: frozenset[str]
    points: frozenset[tuple[float, float]]

    @classmethod
    def of(cls, conn: Connection) -> Secrets:
        """All of a database: doors, households, cases and the places that stand for them."""
        asked = (
            "SELECT code, address, id::text FROM everycell.doorplate",
            "SELECT code, id::text FROM everycell.household",
            "SELECT id::text FROM everycell.dispute",
            "SELECT id::text FROM everycell.snap_point",
        )
        tables = [conn.execute(text(one)).all() for one in asked]
        assert min(map(len, tables)) > 10, "there is something to look for"
        words = {value for rows in tables for row in rows for value in row if value}
        assert min(map(len, words)) >= 6, "what is shorter would be found anywhere"
        points = [
            conn.execute(text(f"SELECT ST_X(geom), ST_Y(geom) FROM everycell.{table}")).all()
            for table in ("doorplate", "snap_point")
        ]
        return cls(frozenset(words), frozenset(_place(*point) for rows in points for point in rows))


def leaks(sent: Iterable[Sent], secrets: Secrets) -> list[str]:
    """Each secret that was sent, once, with where; in no order. What could not be searched counts as a leak."""
    found: dict[str, str] = {}
    for body, path in _texts(sent).items():
        found |= {word: path for word in secrets.words if word in body}
        found |= {A_POINT: path} if A_POINT in body else {}
        found |= {str(point): path for point in _pairs(body) if point in secrets.points}
    blind = {f"{one.kind} is not searched": one.path for one in sent if one.body and not _is_known(one.kind)}
    return [f"{what} in {path}" for what, path in (found | blind).items()]


def _texts(sent: Iterable[Sent]) -> dict[str, str]:
    """Every different text, as people read it, and a path that sent it."""
    texts: dict[str, str] = {}
    for one in sent:
        body = _body(one)
        texts.setdefault("\n".join([unquote(one.path), *map(unquote, one.headers), _plain(body)]), one.path)
    return texts


def _body(one: Sent) -> str:
    if _PICTURES.match(one.kind):
        return ""
    return _tile(bytes(one.body)) if one.kind == _TILE else bytes(one.body).decode("utf-8", "replace")


def _tile(body: bytes) -> str:
    """The attributes of a vector tile. Its places are cut to a grid, so that none of them can be compared: but streets
    are lines, and what stands for a door or a case is none."""
    lines = []
    with NamedTemporaryFile(suffix=".pbf") as file:
        file.write(body)
        file.flush()
        for layer, _ in pyogrio.list_layers(file.name):
            frame = pyogrio.read_dataframe(file.name, layer=layer)
            lines += [f"{name}: {value}" for name in frame.columns.drop("geometry") for value in frame[name]]
            lines += [f"{A_POINT} of {layer}" for kind in frame.geom_type if "Line" not in kind]
    return "\n".join(lines)


def _plain(body: str) -> str:
    """Without the ways in which JSON and HTML write characters differently."""
    body = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), body)
    return body + html.unescape(body) if "&" in body else body


def _pairs(body: str) -> Iterator[tuple[float, float]]:
    """Two numbers that follow on each other, as a place, in either order."""
    numbers = [float(one) for one in _NUMBER.findall(body)]
    for first, second in pairwise(numbers):
        yield _place(first, second)
        yield _place(second, first)


def _place(lon: float, lat: float) -> tuple[float, float]:
    return round(lon, _PLACES), round(lat, _PLACES)


def _is_known(kind: str) -> bool:
    return bool(_READABLE.match(kind) or _PICTURES.match(kind) or kind == _TILE)
