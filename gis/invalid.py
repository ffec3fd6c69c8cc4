"""What pydantic says of a value that does not fit its type, as a sentence of ours: for HTTP (FastAPI), the command line
(Typer) and the settings of the environment, which all ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from gis.sentence import Sentence

_WHOLE, _NUMBER = Sentence("must be a whole number"), Sentence("must be a number")
_OBJECT: Final = Sentence("must be a JSON object")
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
    "greater_than": Sentence("must be more than {gt:g}"),
    "uuid_parsing": Sentence("is no UUID"),
    "uuid_type": Sentence("is no UUID"),
    "enum": _LISTED,
    "literal_error": _LISTED,
    "bool_parsing": Sentence("must be true or false"),
    "bool_type": Sentence("must be true or false"),
    "string_type": Sentence("must be a text"),
    "tuple_type": Sentence("must be a list"),
    "too_long": Sentence("must have no more than {max_length} parts"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "extra_forbidden": Sentence("is not known"),
}


def invalid(error: Mapping[str, Any]) -> Sentence:
    """The sentence for one of `ValidationError.errors()`: that of a validator of ours, which raises a ValueError with
    one; pydantic's own, in English, for a kind that is not here."""
    known, context = _SENTENCES.get(error["type"]), error.get("ctx", {})
    ours = getattr(context.get("error"), "args", None)
    if ours and isinstance(ours[0], Sentence):
        return ours[0]
    if known is None:
        return Sentence("{text}", text=error["msg"][0].lower() + error["msg"][1:])
    if known is _LISTED:
        return known.filled(words=context["expected"].replace("'", "").replace(" or ", ", "))
    return known.filled(**context) if "{" in known else known
