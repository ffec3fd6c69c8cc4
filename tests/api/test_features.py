"""OGC API Features: documents, items, paging, filters, HTML."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from api.features.collections import COLLECTIONS
from tests.api.conftest import Served, run

NUMBERS = {"divisions": 3, "cells": 6, "doorplates": 21, "households": 42, "sites": 2, "disputes": 6}


def everything(served: Served, path: str) -> list[dict[str, Any]]:
    """All items along the `next` links."""
    features: list[dict[str, Any]] = []
    while path:
        page = served.json(path)
        assert page["numberReturned"] == len(page["features"])
        features += page["features"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return features


def test_landing_page_leads_everywhere(served: Served) -> None:
    landing = served.json("/")
    assert {"self", "service-desc", "conformance", "data"} <= {link["rel"] for link in landing["links"]}
    for link in landing["links"]:
        assert served.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize("role", ["wall", "operator"])
@pytest.mark.parametrize("area", ["all", "990101100", "990101100201", "990101100201001"])
def test_both_first_pages_offer_what_one_may_do(served: Served, role: str, area: str) -> None:
    """That of what is waiting, and with f=html the one of the data."""
    client = served.client_of(role, area)
    for path, more in (("/", "rounds-title"), ("/?f=html", "OGC API Features")):
        answer = client.get(path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert more in answer.text
        offered = {unescape(link).partition("#")[0] for link in re.findall(r'href="([^"]+)"', answer.text)}
        offered -= {"", "data:,", "?lang=en", "?f=html&lang=en", "/wall"}  # /wall: has its own tests
        assert len(offered) > 8
        for link in offered:
            assert client.get(link, headers={"Accept": "text/html"}).status_code == 200, link
        assert ("unvisited" in answer.text, 'href="/disputes"' in answer.text) == (
            role == "operator",
            role == "operator",
        )


def test_collections(served: Served) -> None:
    listed = served.json("/collections")["collections"]
    assert [one["id"] for one in listed] == [*COLLECTIONS, "streets"]
    for one in listed:
        assert one["extent"]["spatial"]["bbox"] == [pytest.approx([104.0, 34.5, 104.03, 34.52])]
        for link in one["links"]:
            assert served.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize("name", list(NUMBERS))
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_paging_gives_every_item_once(served: Served, name: str, limit: int) -> None:
    features = everything(served, f"/collections/{name}/items?limit={limit}")
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == NUMBERS[name]
    if name != "households":  # those are sorted by their doorplate first
        assert ids == sorted(ids)


def test_number_matched_is_told_when_it_is_known(served: Served) -> None:
    assert served.json("/collections/cells/items")["numberMatched"] == 6
    assert "numberMatched" not in served.json("/collections/cells/items?limit=5")


@pytest.mark.parametrize("name", list(NUMBERS))
def test_every_item_is_found_by_its_id(served: Served, name: str) -> None:
    for listed in served.json(f"/collections/{name}/items?limit=3")["features"]:
        item = served.json(f"/collections/{name}/items/{listed['id']}")
        links = item.pop("links")
        assert item == listed
        assert next(link["href"] for link in links if link["rel"] == "self").endswith(str(listed["id"]))


def test_properties(served: Served) -> None:
    door = served.json("/collections/doorplates/items?limit=1")["features"][0]
    assert door["id"] == door["properties"]["id"] > 990101 * 10**9
    assert set(door["properties"]) == {
        "id", "code", "address", "cell", "households", "never", "oldest_on", "due_on", "version"
    }  # fmt: skip
    home = served.json("/collections/households/items/990101-D001-0000-00")["properties"]
    assert home["doorplate"] == door["id"]
    assert home["last_reached_on"] == home["last_contact_on"] == "2026-11-19"
    assert not {"visits", "team", "outcome"} & set(home), "of visits a household shows its last dates only"


def test_geometry_is_lon_lat_without_crs(served: Served) -> None:
    answer = served.get("/collections/cells/items/990101100201001")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    geometry = answer.json()["geometry"]
    assert set(geometry) == {"type", "coordinates"}
    assert sorted(map(tuple, geometry["coordinates"][0]))[0] == (104.0, 34.5)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("cells/items?bbox=104.001,34.501,104.009,34.509", 1),
        ("cells/items?bbox=104.001,34.501,0,104.009,34.509,9000", 1),
        ("cells/items?bbox=104.009,34.501,104.011,34.509", 2),
        ("cells/items?bbox=0,0,1,1", 0),
        ("cells/items?bbox=-180,-90,180,90", 6),
        ("cells/items?bbox=103,34,-170,35", 6),
        ("cells/items?bbox=170,34,104.005,34.505", 1),
        ("cells/items?bbox=104.005,34.505,104.005,34.505", 1),
        ("cells/items?bbox=104.005,34.505,104.012,34.505", 2),
        ("divisions/items?bbox=104.001,34.501,104.009,34.509", 3),
        ("divisions/items?level=town", 1),
        ("divisions/items?area=990101100", 2),
        ("doorplates/items?bbox=104.0,34.5,104.01,34.51", 7),
        ("doorplates/items?area=990101100201002", 5),
        ("doorplates/items?area=990101", 21),
        ("doorplates/items?area=110101", 0),
        ("households/items?bbox=104.0,34.5,104.01,34.51", 14),
        ("households/items?area=990101100201002", 10),
        ("households/items?area=990101100201002&bbox=104.0,34.5,104.01,34.51", 0),
        ("sites/items?area=990101100201001", 1),
        ("sites/items?bbox=104.01,34.5,104.02,34.51", 1),
    ],
)
def test_filters(served: Served, filters: str, expected: int) -> None:
    assert len(everything(served, f"/collections/{filters}&limit=3")) == expected


def test_units_behind_a_door(served: Served) -> None:
    door = served.json("/collections/doorplates/items?limit=1")["features"][0]["id"]
    units = served.json(f"/collections/households/items?doorplate={door}")["features"]
    assert [unit["properties"]["unit"] for unit in units] == ["1室", "2室"]
    assert served.json("/collections/households/items?doorplate=5")["features"] == []


def test_html_of_everything(served: Served) -> None:
    for path in ("/conformance", "/collections", "/collections/cells", "/collections/cells/items",
                 "/collections/cells/items/990101100201001", "/collections/cells/tiles", "/tileMatrixSets",
                 "/rounds", "/coverage"):  # fmt: skip
        by_header = served.get(path, headers={"Accept": "text/html"})
        by_parameter = served.get(path, params={"f": "html"})
        for answer in (by_header, by_parameter):
            assert answer.headers["content-type"] == "text/html; charset=utf-8", path
            assert answer.text.startswith("<!DOCTYPE html>")


def test_names_are_escaped_in_html(own: Served) -> None:
    run(own.store, "UPDATE everycell.site SET name = '<script>alert(1)</script>' WHERE code = '990101-S1'")
    own.service.mirror.refresh()
    page = own.get("/collections/sites/items?f=html").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_links_use_the_host_that_was_called(served: Served) -> None:
    page = served.json("/collections/cells/items?limit=2", headers={"Host": "wall.example:8080"})
    assert page["links"][-1]["href"].startswith("http://wall.example:8080/collections/cells/items?limit=2&after=")


def test_openapi_describes_every_path(served: Served) -> None:
    answer = served.get("/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    described = answer.json()
    assert '"null"' not in answer.text, "OpenAPI 3.0 has no such type"
    assert "/collections/{collectionId}/items" in described["paths"]
    assert {"bbox", "limit", "area"} <= {
        parameter["name"] for parameter in described["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    }
