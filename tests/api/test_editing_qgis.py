"""Editing over OGC API Features as QGIS (3.32 and newer) does it, request by request, after its source: no If-Match,
the whole feature in a PUT, six decimals. Debian's QGIS is older and only reads; so these requests are made by hand."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.features.qgis import unrounded
from tests.api.conftest import Served
from tests.api.test_editing_cells import own, path, read, shape

__all__ = ["own"]
QGIS: Final = {"User-Agent": "Mozilla/5.0 QGIS/33400/Debian GNU/Linux 13 (trixie)"}


def rounded(coordinates: Any) -> Any:
    """What QgsJsonExporter writes."""
    return [rounded(one) for one in coordinates] if isinstance(coordinates, list) else round(coordinates, 6)


def put(served: Served, address: str, feature: dict[str, Any]) -> Any:
    """A PUT of all that the layer has of a feature: its id, geometry and properties, without bbox and links."""
    geometry = {**feature["geometry"], "coordinates": rounded(feature["geometry"]["coordinates"])}
    body = {"type": "Feature", "id": feature["id"], "geometry": geometry, "properties": feature["properties"]}
    return served.client.put(
        address, content=json.dumps(body), headers={**QGIS, "Content-Type": "application/geo+json"}
    )


def test_qgis_is_offered_what_it_does_with_a_version(own: Served) -> None:
    client = own.client
    for address in (path(1), "/collections/doorplates/items/1", "/collections/sites/items/x"):
        assert client.options(address, headers=QGIS).headers["allow"] == "GET, HEAD, OPTIONS, PUT"
        assert "PATCH" in client.options(address).headers["allow"]
    assert "POST" in client.options("/collections/cells/items", headers=QGIS).headers["allow"]


def test_the_names_of_headers_are_written_as_qgis_knows_them(own: Served) -> None:
    raw = own.client.options(path(1), headers=QGIS).headers.raw
    assert b"Allow" in [name for name, _ in raw]


def test_another_name_leaves_every_border_where_it_is(own: Served) -> None:
    before = [shape(own, number) for number in range(1, 7)]
    feature = read(own, 1)
    feature["properties"]["name"] = "北里"
    answer = put(own, path(1), feature)
    assert answer.status_code == 200, answer.text
    assert answer.json()["properties"]["name"] == "北里"
    assert [shapely.normalize(shape(own, number)) for number in range(1, 7)] == [
        shapely.normalize(one) for one in before
    ]


def test_a_moved_corner_moves_alone(own: Served) -> None:
    feature = read(own, 1)
    ring = feature["geometry"]["coordinates"][0]
    before = {tuple(place) for place in ring}
    moved = max(range(1, len(ring) - 1), key=lambda n: ring[n][0] + ring[n][1])
    ring[moved] = [ring[moved][0] + 0.00012345, ring[moved][1] + 0.0001]
    if moved == 0:
        ring[-1] = ring[0]
    answer = put(own, path(1), feature)
    assert answer.status_code == 200, answer.text
    after = {tuple(place) for place in answer.json()["geometry"]["coordinates"][0]}
    assert len(before - after) == 1
    assert len(before & after) == len(before) - 1


def test_what_was_read_before_somebody_else_wrote_is_refused(own: Served) -> None:
    mine, theirs = read(own, 1), read(own, 1)
    theirs["properties"]["name"] = "theirs"
    mine["properties"]["name"] = "mine"
    assert put(own, path(1), theirs).status_code == 200
    refused = put(own, path(1), mine)
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (412, "precondition-failed")
    assert read(own, 1)["properties"]["name"] == "theirs"


def test_a_door_keeps_its_place_where_its_address_is_changed(own: Served) -> None:
    door = own.json("/collections/doorplates/items?limit=1")["features"][0]
    address = f"/collections/doorplates/items/{door['id']}"
    door["properties"]["address"] = "柳林村 1 号"
    answer = put(own, address, door)
    assert answer.status_code == 200, answer.text
    assert answer.json()["geometry"] == own.json(address)["geometry"] == door["geometry"]
    assert answer.json()["properties"]["address"] == "柳林村 1 号"


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_without_a_version_the_sentence_says_what_to_use(own: Served, method: str) -> None:
    body = {"content": b'{"properties": {"name": "x"}}'} if method == "PATCH" else {}
    headers = {**QGIS, "Content-Type": "application/merge-patch+json"}
    refused = own.client.request(method, path(1), headers=headers, **body)
    assert refused.status_code == 428
    assert "the project for QGIS on the database" in refused.json()["detail"]


def test_what_qgis_adds_is_found_by_its_location(own: Served) -> None:
    body = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [104.0251, 34.5051]},
        "properties": {"address": "新 1 号", "code": None, "id": None, "version": None, "households": None},
    }
    headers = {**QGIS, "Content-Type": "application/geo+json"}
    made = own.client.post("/collections/doorplates/items", content=json.dumps(body), headers=headers)
    assert made.status_code == 201, made.text
    (location,) = [value.decode() for name, value in made.headers.raw if name == b"Location"]
    assert own.client.get(location[location.index("/collections") :]).status_code == 200


DEGREES = st.integers(-17_999_999_950, 17_999_999_950).map(lambda n: n / 1e8)


@given(
    st.lists(st.tuples(DEGREES, DEGREES), min_size=3, max_size=9, unique_by=lambda p: (round(p[0], 5), round(p[1], 5)))
)
def test_rounding_is_undone(corners: list[tuple[float, float]]) -> None:
    ring = [list(place) for place in [*corners, corners[0]]]
    present = {"type": "Polygon", "coordinates": [ring]}
    assert unrounded({"type": "Polygon", "coordinates": rounded([ring])}, present) == present


def test_what_is_no_image_stays() -> None:
    here = {"type": "Point", "coordinates": [104.12345678, 34.5]}
    for place in ([104.12345612, 34.5], [104.123456, 34.5], [104.123457, 34.500001], [104.123457]):
        sent = {"type": "Point", "coordinates": place}
        assert unrounded(sent, here) == sent
    assert unrounded({"type": "Point", "coordinates": [104.123457, 34.5]}, here) == here
    assert unrounded({"type": "Polygon"}, here) == {"type": "Polygon"}


def test_a_browser_is_no_qgis(own: Served) -> None:
    feature = read(own, 1)
    feature["properties"].pop("version")
    refused = own.client.put(path(1), json={**feature, "links": []}, headers={"User-Agent": "Mozilla/5.0"})
    assert refused.status_code == 428
    assert "QGIS" not in refused.json()["detail"]
