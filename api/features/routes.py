"""OGC API Features and Tiles: landing page, conformance, collections, items, vector tiles."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import Connection
from starlette.responses import JSONResponse, Response

from api import html, openapi
from api.answers import Body
from api.deps import Service, Serving
from api.features import items, tiles
from api.features.collections import COLLECTIONS, TILED, Collection, after_of, collection_of, tiled_of
from api.features.documents import collection_document, conformance, landing, tileset, tilesets, web_mercator_quad
from api.html import asks_html, document
from api.params import DEFAULT_LIMIT, Area, Bbox, F, Format, Limit, Since, boxes, format_of
from api.requests import base_url
from gis.codes import Level
from gis.errors import BadInput, NotFound
from gis.households.coverage import default_since
from gis.storage.revisions import Touch

router = APIRouter()

CollectionId = Annotated[str, Path(description=f"One of {', '.join(COLLECTIONS)}.")]
TileCollectionId = Annotated[str, Path(description=f"One of {', '.join(TILED)}.")]
_WEB_MERCATOR: Final = "WebMercatorQuad"


@router.get("/", summary="Landing page")
def landing_page(request: Request, serving: Serving, f: F = None) -> Response:
    base = base_url(request.scope)
    if not asks_html(request, f):
        return JSONResponse(landing(base), headers={"Vary": "Accept"})
    with serving.store.read() as conn:
        found = items.county_names(conn, serving.mirror.counties(Touch()))
    return html.landing(found, base=base, version=version("everycell"))


@router.get("/api", summary="This description, OpenAPI 3.0")
def description(request: Request) -> Response:
    return JSONResponse(openapi.described(request.app), media_type=openapi.MEDIA_TYPE)


@router.get("/conformance", summary="What of the OGC standards holds here")
def conformance_classes(request: Request, f: F = None) -> Response:
    return document(request, f, "Conformance", conformance())


@router.get("/collections", summary="All collections")
def collections(request: Request, serving: Serving, f: F = None) -> Response:
    base = base_url(request.scope)
    extent = serving.mirror.extent()
    links = [
        {"rel": "self", "type": "application/json", "href": f"{base}/collections"},
        {"rel": "alternate", "type": "text/html", "href": f"{base}/collections?f=html"},
    ]
    listed = [collection_document(collection, base, extent) for collection in (*COLLECTIONS.values(), TILED["streets"])]
    return document(request, f, "数据 · Collections", {"links": links, "collections": listed})


@router.get("/collections/{collectionId}", summary="One collection")
def one_collection(
    request: Request, serving: Serving, collection: Annotated[str, Path(alias="collectionId")], f: F = None
) -> Response:
    found = TILED.get(collection) or collection_of(collection)
    return document(
        request, f, found.title, collection_document(found, base_url(request.scope), serving.mirror.extent())
    )


@router.get("/collections/{collectionId}/items", summary="Items as GeoJSON, page by page")
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
    f: F = None,
) -> Response:
    found = collection_of(collection)
    _refuse_foreign_filters(found, level=level, doorplate=doorplate)
    after_door, after_key = (None, None) if after is None else after_of(found, after)
    asked = items.ItemsQuery(
        collection=found,
        boxes=None if bbox is None else boxes(bbox),
        area=area,
        limit=limit,
        after=after_key,
        after_door=after_door,
        level=_division_level(level),
        doorplate=None if doorplate is None else int(COLLECTIONS["doorplates"].key(doorplate, "doorplate")),
    )
    base, parameters = base_url(request.scope), dict(request.query_params)
    as_html = asks_html(request, f, Format.geojson)

    def make(conn: Connection) -> Body:
        body = items.page(conn, asked, serving.mirror.counties(asked.touch), base, parameters)
        return html.page_of(found.title, body, base=base) if as_html else body

    return serving.answers.answer(request, asked.touch, make)


@router.get("/collections/{collectionId}/items/{featureId}", summary="One item")
def collection_item(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    feature: Annotated[str, Path(alias="featureId", description="The item's code; of a doorplate, its id.")],
    f: F = None,
) -> Response:
    found = collection_of(collection)
    asked = items.ItemsQuery(found, item=found.key(feature, "featureId"))
    county = items.county_of_item(asked)
    if county is None:
        raise NotFound(f"featureId: there is no {feature!r} in {found.id}", field="featureId")
    base, as_html = base_url(request.scope), asks_html(request, f, Format.geojson)
    touch = Touch(area=county, county=found.shared)

    def make(conn: Connection) -> Body:
        body = items.item(conn, asked, serving.mirror.counties(touch), base)
        return html.page_of(f"{found.title} {feature}", body, base=base) if as_html else body

    return serving.answers.answer(request, touch, make)


def _refuse_foreign_filters(collection: Collection, **given: str | None) -> None:
    for name, value in given.items():
        if value is not None and name not in collection.filters:
            raise BadInput(f"{name}: {collection.id} have no such filter", field=name)


def _division_level(text: str | None) -> str | None:
    if text is not None and text not in (Level.county, Level.town, Level.village):
        raise BadInput(f"level: {text!r} is none of county, town, village", field="level")
    return text


@router.get("/tileMatrixSets", summary="Tile matrix sets")
def tile_matrix_sets(request: Request, f: F = None) -> Response:
    base = base_url(request.scope)
    link = {"rel": "self", "type": "application/json", "href": f"{base}/tileMatrixSets/{_WEB_MERCATOR}"}
    listed = {"tileMatrixSets": [{"id": _WEB_MERCATOR, "title": "Google Maps Compatible", "links": [link]}]}
    return document(request, f, "Tile matrix sets", listed)


@router.get("/tileMatrixSets/{tileMatrixSetId}", summary="One tile matrix set")
def tile_matrix_set(
    request: Request, matrix_set: Annotated[str, Path(alias="tileMatrixSetId")], f: F = None
) -> Response:
    _refuse_other_matrices(matrix_set)
    return document(request, f, _WEB_MERCATOR, web_mercator_quad())


@router.get("/collections/{collectionId}/tiles", summary="Tile sets of a collection")
def collection_tilesets(
    request: Request, serving: Serving, collection: Annotated[str, Path(alias="collectionId")], f: F = None
) -> Response:
    found = tiled_of(collection)
    return document(request, f, found.title, tilesets(found, base_url(request.scope), serving.mirror.extent()))


@router.get("/collections/{collectionId}/tiles/{tileMatrixSetId}", summary="A tile set: limits, layers, TileJSON")
def collection_tileset(
    request: Request,
    serving: Serving,
    collection: Annotated[str, Path(alias="collectionId")],
    matrix_set: Annotated[str, Path(alias="tileMatrixSetId")],
    f: F = None,
) -> Response:
    found = tiled_of(collection)
    _refuse_other_matrices(matrix_set)
    described = tileset(found, base_url(request.scope), serving.mirror.extent())
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
        return _street_tile(request, serving, here)
    if found.id == "doorplates" and here.z >= tiles.DOORS_FROM:
        return _door_tile(request, serving, here, since)
    return _cell_tile(request, serving, here, since)


def _street_tile(request: Request, serving: Service, here: tiles.Tile) -> Response:
    touch = Touch((here.box,), cells=False, county=True)
    return serving.answers.answer(
        request, touch, lambda conn: tiles.streets(conn, here, serving.mirror.counties(touch))
    )


def _door_tile(request: Request, serving: Service, here: tiles.Tile, since: date | None) -> Response:
    touch = Touch((here.box,), county=since is None, today=since is None)

    def make(conn: Connection) -> Body:
        counties = serving.mirror.counties(touch)
        return tiles.doors(conn, here, counties, since or _default_since(conn, serving, counties))

    return serving.answers.answer(request, touch, make)


def _cell_tile(request: Request, serving: Service, here: tiles.Tile, since: date | None) -> Response:
    touch = Touch((here.box,), county=since is None, today=True)

    def make(conn: Connection) -> Body:
        touched = serving.mirror.touched(touch)
        figures = serving.cell_figures(conn, list(touched), since or _default_since(conn, serving, list(touched)))
        return tiles.cells(conn, here, figures, touched)

    return serving.answers.answer(request, touch, make)


def _default_since(conn: Connection, serving: Service, counties: list[int]) -> date:
    return default_since(conn, f"{counties[0]:06}" if len(counties) == 1 else None, serving.today)


def _refuse_other_matrices(name: str) -> None:
    if name != _WEB_MERCATOR:
        raise NotFound(f"tileMatrixSetId: there is no {name!r}; there is {_WEB_MERCATOR}", field="tileMatrixSetId")
