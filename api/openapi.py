"""The OpenAPI document, as 3.0: OGC API Features names that version, and clients such as OWSLib look for no other."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

MEDIA_TYPE: Final = "application/vnd.oai.openapi+json;version=3.0"
_NULL: Final = {"type": "null"}


def described(app: FastAPI) -> dict[str, Any]:
    """The document of an application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            openapi_version="3.0.3",
            routes=app.routes,
        )
        app.openapi_schema = as_3_0(document)
    return app.openapi_schema


def as_3_0(part: Any) -> Any:
    """A part of an OpenAPI 3.1 document in the words of 3.0, which has no type `null` and no `const`."""
    if isinstance(part, list):
        return [as_3_0(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    written = {name: as_3_0(inner) for name, inner in part.items()}
    choices = written.get("anyOf")
    if choices and _NULL in choices:
        others = [choice for choice in choices if choice != _NULL]
        del written["anyOf"]
        written |= (others[0] if len(others) == 1 else {"anyOf": others}) | {"nullable": True}
    if "const" in written:
        written["enum"] = [written.pop("const")]
    return written
