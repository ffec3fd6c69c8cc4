"""The language of an answer over HTTP that holds sentences: `?lang=`, else Accept-Language, else the service's own.

Pages are chosen by `?lang=` alone and are Chinese without it: a link shows everybody the same.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from maps.text import Lang, installed

_RANGE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.[0-9]{0,3})?))?\s*", re.ASCII
)
_SPOKEN: Final[dict[str, Lang]] = {"zh": "zh", "en": "en"}


def language_of(scope: Scope) -> Lang:
    """The language in which a request wants to be answered."""
    named = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])[-1]
    return _SPOKEN.get(named) or accepted(Headers(scope=scope).get("accept-language", "")) or installed()


def page_language(scope: Scope) -> Lang:
    """The language that an address names for its page (`api.params.PAGED` has looked at it); Chinese without one."""
    return "en" if ("lang", "en") in parse_qsl(scope["query_string"].decode("latin-1")) else "zh"


def accepted(ranges: str) -> Lang | None:
    """Of the languages there are, the one that an Accept-Language header (RFC 9110) prefers; None where it names none
    of them, or only `*`. Of two that it likes as much, the first."""
    found: list[tuple[float, Lang]] = []
    for part in ranges.split(","):
        match = _RANGE.fullmatch(part)
        lang = _SPOKEN.get(match["tag"].lower()) if match else None
        if match and lang:
            found.append((float(match["q"] or 1), lang))
    quality, best = max(found, key=lambda each: each[0], default=(0.0, None))
    return best if quality > 0 else None
