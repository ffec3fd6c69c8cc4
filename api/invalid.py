"""What pydantic says of a value that does not fit its type, as a sentence of ours: for HTTP (FastAPI) and the command
line (Typer), which both ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gis.sentence import Sentence

_WHOLE, _NUMBER = Sentence("must be a whole number"), Sentence("must be a number")
_LISTED: Final = Sentence("must be one of {words}")
_SENTENCES: Final[Mapping[str, Sentence]] = {
    "missing": Sentence("is missing"),
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than_equal": Sentence("must be {ge} or more"),
    "less_than_equal": Sentence("must be {le} or less"),
    "uuid_parsing": Sentence("is no UUID"),
    "uuid_type": Sentence("is no UUID"),
    "enum": _LISTED,
    "literal_error": _LISTED,
    "bool_parsing": Sentence("must be true or false"),
    "bool_type": Sentence("must be true or false"),
    "string_type": Sentence("must be a text"),
}


def invalid(error: Mapping[str, Any]) -> Sentence:
    """The sentence for one of `ValidationError.errors()`; pydantic's own, in English, for a kind that is not here."""
    known, context = _SENTENCES.get(error["type"]), error.get("ctx", {})
    if known is None:
        return Sentence("{text}", text=error["msg"][0].lower() + error["msg"][1:])
    if known is _LISTED:
        return known.filled(words=context["expected"].replace("'", "").replace(" or ", ", "))
    return known.filled(**context) if "{" in known else known
