"""OGC API Features Part 4: items are created, replaced, changed in part, and deleted.

Each is one transaction: the item is held, held against what the client says it has read, edited, read again and noted
in the audit. The answer is the item as it then is, with the ETag that GET would give.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import Body, etag_of_state
from api.audits import source_of
from api.deps import ServiceFor, Serving
from api.features import present as now
from api.features import qgis
from api.features.collections import COLLECTIONS, Collection, collection_of
from api.features.edits import EDITORS, Asked, Done, refuse_other_names
from api.features.fields import WRITTEN, schema_of
from api.features.present import Present
from api.features.sent import PATCH_TYPES, Sent, feature_body, sent_part, sent_whole
from api.requests import base_url
from gis.access.audit import note
from gis.access.scope import Right
from gis.errors import NotAllowed, NotFound

router = APIRouter()

_EDITED: Final = ", ".join(WRITTEN)
CollectionId = Annotated[str, Path(alias="collectionId", description=f"One of {_EDITED}.")]
FeatureId = Annotated[str, Path(alias="featureId", description="The item's code; of a doorplate, its id.")]
FeatureBody = Annotated[Mapping[str, Any], Depends(feature_body)]
Work = Callable[[Asked, Present], Done | None]


def _described(*media_types: str) -> dict[str, Any]:
    """The body of a request, for the OpenAPI document."""
    schema = {
        "type": "object",
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "geometry": {"type": "object", "description": "GeoJSON in CRS84: a Polygon for cells, a Point for others."},
            "properties": {"anyOf": [{"title": name, **schema_of(name)} for name in WRITTEN]},
        },
    }
    content = {media_type: {"schema": schema} for media_type in media_types}
    return {"requestBody": {"required": True, "content": content}}


_WHOLE: Final = _described("application/geo+json")
_PART: Final = _described(*PATCH_TYPES[:2])


@router.post("/collections/{collectionId}/items", summary="Create an item", status_code=201, openapi_extra=_WHOLE)
def create_item(request: Request, serving: Serving, collection: CollectionId, body: FeatureBody) -> Response:
    found = _edited(collection)
    sent = sent_whole(found, body, None)
    base = base_url(request.scope)

    def work(conn: Connection) -> tuple[Body, Done, int | str]:
        key, done = EDITORS[found.id].create(Asked(conn, serving, found), sent)
        shown = now.shown(conn, serving, found, key, base)
        _note(conn, serving, done, now.read(conn, serving, found, key).cell)
        return shown, done, key

    shown, done, key = serving.service.store.retrying(work, serving.told)
    serving.service.mirror.refresh()
    here = f"{base}/collections/{found.id}/items/{key}"
    answer = _answer(base, here, shown, done, 201)
    answer.raw_headers.append((b"Location", here.encode()))  # QGIS knows the name in this form only
    return answer


@router.put(
    "/collections/{collectionId}/items/{featureId}",
    summary="Replace an item; If-Match or properties.version says which state was read",
    openapi_extra=_WHOLE,
)
def replace_item(
    request: Request, serving: Serving, collection: CollectionId, feature: FeatureId, body: FeatureBody
) -> Response:
    found = _edited(collection)
    return _written(request, serving, found, feature, sent_whole(found, body, feature))


@router.patch(
    "/collections/{collectionId}/items/{featureId}",
    summary="Change a part of an item (RFC 7396); If-Match or properties.version says which state was read",
    openapi_extra=_PART,
)
def update_item(
    request: Request, serving: Serving, collection: CollectionId, feature: FeatureId, body: FeatureBody
) -> Response:
    found = _edited(collection)
    return _written(request, serving, found, feature, sent_part(found, body, feature))


@router.delete(
    "/collections/{collectionId}/items/{featureId}",
    summary="End an item; If-Match or version says which state was read",
    status_code=204,
)
def delete_item(
    request: Request,
    serving: Serving,
    collection: CollectionId,
    feature: FeatureId,
    to: Annotated[
        str | None,
        Query(description="cells only: the neighbour that gets the land; else that with the longest common border."),
    ] = None,
    version: Annotated[str | None, Query(description="The version that was read, instead of If-Match.")] = None,
) -> Response:
    found = _edited(collection)
    key = found.key(feature, "featureId")

    def work(conn: Connection) -> Done:
        asked = Asked(conn, serving, found)
        present = _held(asked, key, None)
        now.check(request, present, version)
        done = EDITORS[found.id].remove(asked, present, to)
        _note(conn, serving, done, present.cell)
        return done

    done = serving.service.store.retrying(work, serving.told)
    serving.service.mirror.refresh()
    return Response(status_code=204, headers=_links(base_url(request.scope), done))


def _written(request: Request, serving: ServiceFor, found: Collection, feature: str, sent: Sent) -> Response:
    """The answer to PUT and PATCH."""
    key, base = found.key(feature, "featureId"), base_url(request.scope)

    def work(conn: Connection) -> tuple[Body, Done | None]:
        asked = Asked(conn, serving, found)
        present = _held(asked, key, sent)
        now.check(request, present, sent.version)
        refuse_other_names(present, sent)
        given = qgis.as_read(sent, present.feature["geometry"]) if qgis.is_qgis(request.scope) else sent
        done = EDITORS[found.id].write(asked, present, given)
        shown = now.shown(conn, serving, found, key, base)
        if done is not None:
            _note(conn, serving, done, present.cell, now.read(conn, serving, found, key).cell)
        return shown, done

    shown, done = serving.service.store.retrying(work, serving.told)
    serving.service.mirror.refresh()
    return _answer(base, f"{base}/collections/{found.id}/items/{key}", shown, done, 200)


def _edited(name: str) -> Collection:
    """A collection that is edited here. Raises NotFound."""
    found = collection_of(name)
    if found.id not in EDITORS:
        raise NotFound(
            "collection: {name!r} is not edited here; {others} are", name=name, others=_EDITED, field="collection"
        )
    return found


def _held(asked: Asked, key: int | str, sent: Sent | None) -> Present:
    """The item, read after nobody else can change it. Raises NotFound where the caller sees none, NotAllowed where the
    caller sees it and may not edit it."""
    conn, serving, found = asked.conn, asked.serving, asked.collection
    present = now.read(conn, serving, found, key)
    right = found.edited or Right.grid
    if not serving.caller.scope.allows(right, present.cell):
        areas = ", ".join(serving.caller.scope.where(right))
        raise NotAllowed(
            "id: {key} does not lie in an area where you may edit ({areas})", key=key, areas=areas, field="id"
        )
    if not EDITORS[found.id].hold(asked, present, sent):
        raise NotFound(
            "id: there is no {key} in {collection}", key=key, collection=found.id, field="id"
        )  # gone, or moved away, meanwhile
    return now.read(conn, serving, found, key)


def _note(conn: Connection, serving: ServiceFor, done: Done, *cells: str) -> None:
    """Note what was done, in the cells where the item was and is."""
    area = ",".join(sorted(set(cells))) if done.area is None else done.area
    source = source_of(serving.request.scope)
    note(conn, who=serving.caller.who, source=source, action=done.action, area=area, detail=done.detail)


def _answer(base: str, here: str, shown: Body, done: Done | None, status: int) -> Response:
    """The item as it now is. Warnings of an edit of the grid stand in it as a member `issues`."""
    content = shown.content
    if done is not None and done.warnings:
        told = {"type": "FeatureCollection", "features": [issue.geojson() for issue in done.warnings]}
        content = content[:-1] + b',"issues":' + json.dumps(told, ensure_ascii=False).encode() + b"}"
    own = {
        "ETag": etag_of_state(shown.tag).decode(),
        "Content-Location": here,
        "Cache-Control": "no-store",
        **dict(shown.headers),
        **_links(base, done),
    }
    return Response(content, status, own, media_type=shown.media_type)


def _links(base: str, done: Done | None) -> dict[str, str]:
    """Where the change set is that an edit of the grid was published by."""
    if done is None or done.changeset is None:
        return {}
    return {"Link": f'<{base}/changesets/{done.changeset}>; rel="related"; title="change set"'}


if WRITTEN.keys() != EDITORS.keys() or {c.id for c in COLLECTIONS.values() if c.edited} != EDITORS.keys():
    raise RuntimeError("the collections that are edited, their fields and their editors differ")
