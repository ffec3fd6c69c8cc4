"""OGC API Features and Tiles: landing page, conformance, collections, items, vector tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from api import html, openapi
from api.answers import Body
from api.audits import DoorRead, villages_of
from api.deps import ServiceFor, Serving
from api.features import items, tiles
from api.features.collections import COLLECTIONS, TILED, Collection, after_of, collection_of, tiled_of
from api.features.documents import collection_document, conformance, landing, tileset, tilesets, web_mercator_quad
from api.html import asks_html, document
from api.pages import first_page
from api.params import DEFAULT_LIMIT, PAGED, Area, Bbox, F, Format, Limit, Since, boxes, format_of, interval, lang_of
from api.permissions import refuse
from api.requests import base_url
from gis.access.scope import Right
from gis.codes import Level
from gis.errors import BadInput, NotFound
from gis.households.coverage import default_since
from gis.storage.revisions import Touch

router = APIRouter()

CollectionId = Annotated[str, Path(description=f"One of {', '.join(COLLECTIONS)}.")]
TileCollectionId = Annotated[str, Path(description=f"One of {', '.join(TILED)}.")]
_WEB_MERCATOR: Final = "WebMercatorQuad"


@router.get(
    "/",
    summary="Landing page; for a browser the first page",
    description="A browser gets what is waiting, and the way to all pages; with `f=html` the way to the data.",
)
def landing_page(
    request: Request,
    serving: Serving,
    f: F = None,
    lang: Annotated[str | None, Query(description="Of a page for a browser: zh or en.")] = None,
) -> Response:
    if not asks_html(request, f):
        return JSONResponse(landing(base_url(request.scope)), headers={"Vary": "Accept"})
    if f is None:
        return first_page(request, serving, lang)
    lang_of(lang)
    refuse(serving.caller, Right.figures)
    with serving.read() as conn:
        found = items.area_names(
            conn, serving.caller.scope.where(Right.figures), serving.counties(serving.touch(Right.figures))
        )
    return html.landing(found, request)


@router.get("/api", summary="This description, OpenAPI 3.0")
def description(request: Request) -> Response:
    return JSONResponse(openapi.described(request.app), media_type=openapi.MEDIA_TYPE)


@router.get("/conformance", summary="What of the OGC standards holds here", dependencies=PAGED)
def conformance_classes(request: Request, f: F = None) -> Response:
    return document(request, f, "一致性 · Conformance", conformance())


@router.get("/collections", summary="All collections", dependencies=PAGED)
def collections(request: Request, serving: Serving, f: F = None) -> Response:
    base = base_url(request.scope)
    extent = serving.extent()
    links = [
        {"rel": "self", "type": "application/json", "href": f"{base}/collections"},
        {"rel": "alternate", "type": "text/html", "href": f"{base}/collections?f=html"},
    ]
    may = [one for one in (*COLLECTIONS.values(), TILED["streets"]) if serving.caller.scope.allows(one.right)]
    listed = [collection_document(collection, base, extent) for collection in may]
    return document(request, f, "数据 · Collections", {"links": links, "collections": listed})


@router.get("/collections/{collectionId}", summary="One collection", dependencies=PAGED)
def one_collection(
    request: Request, serving: Serving, collection: Annotated[str, Path(alias="collectionId")], f: F = None
) -> Response:
    found = TILED.get(collection) or collection_of(collection)
    return document(request, f, found.title, collection_document(found, base_url(request.scope), serving.extent()))


@router.get("/collections/{collectionId}/items", summary="Items as GeoJSON, page by page", dependencies=PAGED)
def collection_items(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    bbox: Bbox = None,
    area: Area = None,
    limit: Limit = DEFAULT_LIMIT,
    after: Annotated[str | None, Query(description="Go on after the item with this key: see the `next` link.")] = None,
    level: Annotated[str | None, Query(description="divisions only: county, town or village.")] = None,
    doorplate: Annotated[
        str | None, Query(description="households only: those behind this doorplate (its id).")
    ] = None,
    datetime: Annotated[
        str | None, Query(description="cells only: as they were on this day, or last were between two (first/last).")
    ] = None,
    f: F = None,
) -> Response:
    found = collection_of(collection)
    _refuse_foreign_filters(found, level=level, doorplate=doorplate, datetime=datetime)
    after_door, after_key = (None, None) if after is None else after_of(found, after)
    asked = items.ItemsQuery(
        collection=found,
        boxes=None if bbox is None else boxes(bbox),
        area=serving.inside(found.right, area),
        within=serving.caller.scope.where(found.right),
        limit=limit,
        after=after_key,
        after_door=after_door,
        level=_division_level(level),
        doorplate=None if doorplate is None else int(COLLECTIONS["doorplates"].key(doorplate, "doorplate")),
        days=None if datetime is None else interval(datetime, serving.settings.zone),
        today=serving.today,
    )
    base, parameters = base_url(request.scope), dict(request.query_params)
    as_html = asks_html(request, f, Format.geojson)

    def make(conn: Connection) -> Body:
        body = items.page(conn, asked, serving.counties(asked.touch), base, parameters)
        return html.page_of(found.title, body, request.scope) if as_html else body

    if not found.kept:
        return _anew(serving, make)
    return serving.answer(asked.touch, make, _doors(serving, found, asked.touch))


@router.get("/collections/{collectionId}/items/{featureId}", summary="One item", dependencies=PAGED)
def collection_item(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    feature: Annotated[str, Path(alias="featureId", description="The item's code; of a doorplate, its id.")],
    f: F = None,
) -> Response:
    found = collection_of(collection)
    within = serving.caller.scope.where(found.right)
    asked = items.ItemsQuery(found, item=found.key(feature, "featureId"), within=within, today=serving.today)
    county = items.county_of_item(asked)
    if county is None:
        raise NotFound(
            "featureId: there is no {feature!r} in {collection}",
            feature=feature,
            collection=found.id,
            field="featureId",
        )
    base, as_html = base_url(request.scope), asks_html(request, f, Format.geojson)
    touch = replace(asked.touch, area=county)

    def make(conn: Connection) -> Body:
        body = items.item(conn, asked, serving.counties(touch), base)
        if not as_html:
            return body
        shown = html.page_of(found.title, body, request.scope, what=feature)
        return replace(shown, tag=f"{body.tag}-html")

    if not found.kept:
        return _anew(serving, make)
    return serving.answer(touch, make, _doors(serving, found, touch), by_content=True)


def _anew(serving: ServiceFor, make: Callable[[Connection], Body]) -> Response:
    """An answer that nobody keeps: it changes with more than cells do."""
    serving.service.mirror.current()
    with serving.read() as conn:
        body = make(conn)
    headers = {**dict(body.headers), "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(body.content, headers=headers, media_type=body.media_type)


def _doors(serving: ServiceFor, collection: Collection, touch: Touch) -> Callable[[], DoorRead] | None:
    """What the audit says of reading a collection of doors; None for figures."""
    if collection.right is not Right.doors:
        return None
    return lambda: DoorRead(collection.id, villages_of(chain.from_iterable(serving.touched(touch).values())))


def _refuse_foreign_filters(collection: Collection, **given: str | None) -> None:
    for name, value in given.items():
        if value is not None and name not in collection.filters:
            raise BadInput("{field}: {collection} have no such filter", collection=collection.id, field=name)


def _division_level(text: str | None) -> str | None:
    if text is not None and text not in (Level.county, Level.town, Level.village):
        raise BadInput("level: {word!r} is none of county, town, village", word=text, field="level")
    return text


@router.get("/tileMatrixSets", summary="Tile matrix sets", dependencies=PAGED)
def tile_matrix_sets(request: Request, f: F = None) -> Response:
    base = base_url(request.scope)
    link = {"rel": "self", "type": "application/json", "href": f"{base}/tileMatrixSets/{_WEB_MERCATOR}"}
    listed = {"tileMatrixSets": [{"id": _WEB_MERCATOR, "title": "Google Maps Compatible", "links": [link]}]}
    return document(request, f, "瓦片矩阵集 · Tile matrix sets", listed)


@router.get("/tileMatrixSets/{tileMatrixSetId}", summary="One tile matrix set", dependencies=PAGED)
def tile_matrix_set(
    request: Request, matrix_set: Annotated[str, Path(alias="tileMatrixSetId")], f: F = None
) -> Response:
    _refuse_other_matrices(matrix_set)
    return document(request, f, _WEB_MERCATOR, web_mercator_quad())


@router.get("/collections/{collectionId}/tiles", summary="Tile sets of a collection", dependencies=PAGED)
def collection_tilesets(
    request: Request, serving: Serving, collection: Annotated[str, Path(alias="collectionId")], f: F = None
) -> Response:
    found = tiled_of(collection)
    return document(request, f, found.title, tilesets(found, base_url(request.scope), serving.extent()))


@router.get(
    "/collections/{collectionId}/tiles/{tileMatrixSetId}",
    summary="A tile set: limits, layers, TileJSON",
    dependencies=PAGED,
)
def collection_tileset(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    matrix_set: Annotated[str, Path(alias="tileMatrixSetId")],
    f: F = None,
) -> Response:
    found = tiled_of(collection)
    _refuse_other_matrices(matrix_set)
    described = tileset(found, base_url(request.scope), serving.extent())
    return document(request, f, found.title, described)


@router.get(
    "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}", summary="A vector tile"
)
def tile(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    matrix_set: Annotated[str, Path(alias="tileMatrixSetId")],
    matrix: Annotated[str, Path(alias="tileMatrix")],
    row: Annotated[str, Path(alias="tileRow")],
    column: Annotated[str, Path(alias="tileCol")],
    since: Since = None,
    f: Annotated[str | None, Query(description="mvt")] = None,
) -> Response:
    found = tiled_of(collection)
    _refuse_other_matrices(matrix_set)
    format_of(f, Format.mvt)
    here = tiles.tile_of(matrix, row, column)
    if found.id == "streets":
        if since is not None:
            raise BadInput("since: streets have no such parameter", field="since")
        return _street_tile(serving, here)
    if found.id == "doorplates" and here.z >= tiles.DOORS_FROM:
        return _door_tile(serving, here, since)
    return _cell_tile(serving, here, since)


def _street_tile(serving: ServiceFor, here: tiles.Tile) -> Response:
    touch = serving.touch(Right.figures, (here.box,), cells=False, county=True)
    return serving.answer(touch, lambda conn: tiles.streets(conn, here, serving.counties(touch)))


def _door_tile(serving: ServiceFor, here: tiles.Tile, since: date | None) -> Response:
    touch = serving.touch(Right.doors, (here.box,), county=since is None, today=since is None)

    def make(conn: Connection) -> Body:
        return tiles.doors(conn, here, serving.counties(touch), since or _default_since(conn, serving))

    return serving.answer(touch, make, _doors(serving, TILED["doorplates"], touch))


def _cell_tile(serving: ServiceFor, here: tiles.Tile, since: date | None) -> Response:
    touch = serving.touch(Right.figures, (here.box,), county=since is None, today=True)

    def make(conn: Connection) -> Body:
        touched = serving.touched(touch)
        figures = serving.cell_figures(conn, list(touched), since or _default_since(conn, serving))
        return tiles.cells(conn, here, figures, touched)

    return serving.answer(touch, make)


def _default_since(conn: Connection, serving: ServiceFor) -> date:
    return default_since(conn, serving.inside(Right.figures, None), serving.today)


def _refuse_other_matrices(name: str) -> None:
    if name != _WEB_MERCATOR:
        raise NotFound(
            "{field}: there is no {word!r}; there are {words}",
            word=name,
            words=_WEB_MERCATOR,
            field="tileMatrixSetId",
        )
