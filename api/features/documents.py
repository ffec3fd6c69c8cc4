"""The documents of the OGC standards: landing page, conformance, collections, tile sets. Plain data, no I/O."""

from __future__ import annotations

from typing import Any, Final

from api.features.collections import Collection
from api.features.items import CRS84
from api.features.items import MEDIA_TYPE as GEOJSON
from api.features.tiles import DOORS_FROM, MAX_ZOOM
from api.features.tiles import MEDIA_TYPE as MVT
from api.openapi import MEDIA_TYPE as OPENAPI
from gis.storage.revisions import Box

_SET: Final = "WebMercatorQuad"
_SET_URI: Final = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_HALF: Final = 20037508.342789244  # half the equator of the sphere, metres
_PIXEL_M: Final = 0.00028

_CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/create-replace-delete",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/update",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/optimistic-locking-etags",
    "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/features",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
)


def conformance() -> dict[str, Any]:
    """The conformance classes that tests hold the service to."""
    return {"conformsTo": list(_CONFORMANCE)}


def landing(base: str) -> dict[str, Any]:
    """The landing page as JSON."""
    return {
        "title": "everycell",
        "description": "Has every cell, and every household in it, been visited, and which have not?",
        "links": [
            _link("self", "application/json", f"{base}/", "This document"),
            _link("alternate", "text/html", f"{base}/?f=html", "This document for a browser"),
            _link("service-desc", OPENAPI, f"{base}/api", "OpenAPI"),
            _link("conformance", "application/json", f"{base}/conformance", "Conformance classes"),
            _link("data", "application/json", f"{base}/collections", "Collections"),
            _link(
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
                "application/json",
                f"{base}/tileMatrixSets",
                "Tile matrix sets",
            ),
            _link("related", "application/json", f"{base}/coverage", "Coverage by area"),
            _link("related", "application/json", f"{base}/rounds", "Visit rounds"),
            _link("related", "text/html", f"{base}/maps/coverage", "Coverage map"),
        ],
    }


def _link(rel: str, media_type: str, href: str, title: str) -> dict[str, str]:
    return {"rel": rel, "type": media_type, "href": href, "title": title}


def collection_document(collection: Collection, base: str, extent: Box | None) -> dict[str, Any]:
    """One collection with its links. Without a cell in the store it has no extent."""
    here = f"{base}/collections/{collection.id}"
    links = [
        _link("self", "application/json", here, collection.title),
        _link("alternate", "text/html", f"{here}?f=html", f"{collection.title} (HTML)"),
    ]
    if collection.statement:
        links += [
            _link("items", GEOJSON, f"{here}/items", "Items"),
            _link("items", "text/html", f"{here}/items?f=html", "Items (HTML)"),
        ]
    if collection.tiles:
        links.append(_link(_REL_TILES, "application/json", f"{here}/tiles", "Vector tiles"))
    document: dict[str, Any] = {
        "id": collection.id,
        "title": collection.title,
        "description": collection.description,
        "links": links,
    }
    if collection.statement:
        document |= {"itemType": "feature", "crs": [CRS84]}
    if extent is not None:
        document["extent"] = {"spatial": {"bbox": [list(extent)], "crs": CRS84}}
    return document


_REL_TILES: Final = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"


def tilesets(collection: Collection, base: str, extent: Box | None) -> dict[str, Any]:
    """The list of a collection's tile sets: there is one."""
    here = f"{base}/collections/{collection.id}/tiles"
    one = tileset(collection, base, extent)
    brief = {name: one[name] for name in ("title", "dataType", "crs", "tileMatrixSetURI")}
    link = _link("self", "application/json", f"{here}/{_SET}", f"{collection.title}, {_SET}")
    return {
        "links": [_link("self", "application/json", here, collection.title)],
        "tilesets": [brief | {"links": [link]}],
    }


def tileset(collection: Collection, base: str, extent: Box | None) -> dict[str, Any]:
    """A tile set: metadata of OGC API Tiles that is a TileJSON at the same time."""
    here = f"{base}/collections/{collection.id}/tiles/{_SET}"
    template = f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
    document: dict[str, Any] = {
        "title": collection.title,
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": _SET_URI,
        "links": [
            _link("self", "application/json", here, collection.title),
            _link(
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme",
                "application/json",
                f"{base}/tileMatrixSets/{_SET}",
                _SET,
            ),
            _link("item", MVT, template, "Tiles") | {"templated": "true"},
        ],
        "layers": _LAYERS[collection.id],
        "tilejson": "3.0.0",
        "tiles": [f"{here}/{{z}}/{{y}}/{{x}}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [
            {"id": layer["id"], "fields": dict.fromkeys(layer["propertiesSchema"]["properties"], "")}
            for layer in _LAYERS[collection.id]
        ],
    }
    if extent is not None:
        document["boundingBox"] = {"lowerLeft": list(extent[:2]), "upperRight": list(extent[2:]), "crs": CRS84}
        document["bounds"] = list(extent)
    return document


def _layer(layer: str, dimension: int, low: int, /, **properties: str) -> dict[str, Any]:
    return {
        "id": layer,
        "dataType": "vector",
        "geometryDimension": dimension,
        "minTileMatrix": str(low),
        "maxTileMatrix": str(MAX_ZOOM),
        "propertiesSchema": {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}},
    }


_CELLS: Final = _layer(
    "cells",
    2,
    0,
    code="string",
    name="string",
    known="integer",
    reached="integer",
    tried="integer",
    never="integer",
    overdue="integer",
    empty="integer",
)
_DOORS: Final = _layer(
    "doorplates", 0, DOORS_FROM, n="integer", never="integer", wait="integer", due="integer", oldest="integer"
)
_LAYERS: Final = {
    "cells": [_CELLS],
    "doorplates": [_DOORS, {**_CELLS, "maxTileMatrix": str(DOORS_FROM - 1)}],
    "streets": [_layer("streets", 1, 0, **{"class": "integer", "name": "string"})],
}


def web_mercator_quad() -> dict[str, Any]:
    """The tile matrix set, as the OGC's Two Dimensional Tile Matrix Set 2.0 writes it."""
    matrices = [
        {
            "id": str(z),
            "scaleDenominator": 2 * _HALF / 256 / 2**z / _PIXEL_M,
            "cellSize": 2 * _HALF / 256 / 2**z,
            "cornerOfOrigin": "topLeft",
            "pointOfOrigin": [-_HALF, _HALF],
            "tileWidth": 256,
            "tileHeight": 256,
            "matrixWidth": 2**z,
            "matrixHeight": 2**z,
        }
        for z in range(MAX_ZOOM + 1)
    ]
    return {
        "id": _SET,
        "title": "Google Maps Compatible for the World",
        "uri": _SET_URI,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }
