"""Cells over OGC API Features Part 4: a PUT from any client is a change set of its own, and never breaks the grid."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import httpx
import pytest
import shapely
from shapely import Polygon, box
from shapely.affinity import translate
from sqlalchemy import text

from api.problems import PROBLEMS
from gis.cells.drafting import same_land
from gis.households.check import check
from gis.storage.engine import Store
from tests.api.conftest import Served, fill, serving
from tests.conftest import Filled
from tests.gis.world import SOUTH, STEP, VILLAGE, WEST, cell_code

ITEMS: Final = "/collections/cells/items"


@pytest.fixture
def own(filled: Filled) -> Iterator[Served]:
    """The small county for one test alone; whatever the test did, a recount finds no difference afterwards."""
    with filled.copy("served", fill) as (store, _):
        with serving(store) as running:
            yield running
        assert_clean(store)


def assert_clean(store: Store) -> None:
    with store.read() as conn:
        assert list(check(conn, store.settings)) == []


def at(column: float, row: float) -> tuple[float, float]:
    """A place in the grid of three columns and two rows, in cells."""
    return round(WEST + column * STEP, 8), round(SOUTH + row * STEP, 8)


def area(west: float, south: float, east: float, north: float) -> Polygon:
    return box(*at(west, south), *at(east, north))


def path(number: int) -> str:
    return f"{ITEMS}/{cell_code(number)}"


def read(served: Served, number: int) -> dict[str, Any]:
    found: dict[str, Any] = served.json(path(number))
    return found


def shape(served: Served, number: int) -> Polygon:
    found: Polygon = shapely.geometry.shape(read(served, number)["geometry"])
    return found


def put(served: Served, number: int, polygon: Any, **properties: Any) -> httpx.Response:
    """The cell as it was read, with another polygon (or geometry), as a client sends it back."""
    feature = read(served, number)
    geometry = shapely.geometry.mapping(polygon) if isinstance(polygon, shapely.Geometry) else polygon
    body = {**feature, "geometry": geometry, "properties": {**feature["properties"], **properties}}
    return served.client.put(path(number), json=body)


def refused(answer: httpx.Response, *codes: str, status: int = 422) -> dict[str, Any]:
    """The problem document of a refusal: the issues are GeoJSON, each with sentence and piece."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["type"] == "urn:everycell:problem:refused"
    issues = told["issues"]["features"]
    assert {issue["properties"]["code"] for issue in issues} >= set(codes), told
    for issue in issues:
        assert issue["type"] == "Feature"
        assert all(issue["properties"]["sentence"][language] for language in ("zh", "en"))
    return told


def grid(served: Served) -> dict[str, Any]:
    """Every cell's shape and version, as anybody sees them."""
    listed = served.json(f"{ITEMS}?limit=1000")["features"]
    return {one["id"]: (one["geometry"], one["properties"]["version"]) for one in listed}


def total(served: Served) -> int:
    known: int = served.json("/coverage?level=cell")["total"]["known"]
    return known


# ---- what a PUT is


def test_a_put_reshapes_and_the_neighbour_follows(own: Served) -> None:
    before, known = grid(own), total(own)
    answer = put(own, 1, area(0, 0, 1.3, 1))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert shapely.equals(shapely.geometry.shape(told["geometry"]), area(0, 0, 1.3, 1))
    assert told["properties"]["version"] == before[cell_code(1)][1] + 1
    assert shapely.equals(shape(own, 2), area(1.3, 0, 2, 1))
    again = own.get(path(1))
    assert (again.json(), again.headers["etag"]) == (told, answer.headers["etag"])
    assert answer.headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["content-location"].endswith(path(1))
    assert {code for code in before if grid(own)[code] != before[code]} == {cell_code(n) for n in (1, 2, 5)}
    assert total(own) == known


def test_it_is_a_change_set_of_its_own_that_can_be_undone(own: Served) -> None:
    before = grid(own)
    link = put(own, 1, area(0, 0, 1.3, 1), name="河沿").headers["link"]
    address = link[1 : link.index(">")]
    assert 'rel="related"' in link
    made = own.client.get(address).json()
    assert (made["status"], [op["op"]["op"] for op in made["ops"]]) == ("published", ["reshape", "set"])
    assert read(own, 1)["properties"]["name"] == "河沿"
    assert own.client.post(f"{address}/undo", json={}).status_code == 201
    assert {code: shapes[0] for code, shapes in grid(own).items()} == {code: s[0] for code, s in before.items()}
    assert read(own, 1)["properties"]["name"] == "网格1"


def test_attributes_alone_leave_the_shape_byte_by_byte(own: Served) -> None:
    feature = read(own, 3)
    answer = put(own, 3, feature["geometry"], name="东街", kind="dedicated")
    assert answer.status_code == 200
    assert answer.json()["geometry"] == feature["geometry"]
    assert (read(own, 3)["properties"]["name"], read(own, 3)["properties"]["kind"]) == ("东街", "dedicated")


@pytest.mark.parametrize("written", ["as it was", "the other way round", "from another corner", "a node more"])
def test_what_changes_nothing_publishes_nothing(own: Served, written: str) -> None:
    ring = read(own, 2)["geometry"]["coordinates"][0]
    rings = {
        "as it was": ring,
        "the other way round": ring[::-1],
        "from another corner": [*ring[2:], *ring[1:3]],
        "a node more": [ring[0], [(ring[0][0] + ring[1][0]) / 2, (ring[0][1] + ring[1][1]) / 2], *ring[1:]],
    }
    before, tag = len(own.json("/changesets")["changesets"]), own.get(path(2)).headers["etag"]
    answer = put(own, 2, {"type": "Polygon", "coordinates": [rings[written]]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["etag"] == tag
    assert "link" not in answer.headers
    assert len(own.json("/changesets")["changesets"]) == before


def test_a_patch_changes_a_part(own: Served) -> None:
    body = {"properties": {"name": "西街", "version": read(own, 1)["properties"]["version"]}}
    kind = {"Content-Type": "application/merge-patch+json"}
    answer = own.client.patch(path(1), json=body, headers=kind)
    assert (answer.status_code, answer.json()["properties"]["name"]) == (200, "西街")
    grown = {"geometry": shapely.geometry.mapping(area(0, 0, 1.2, 1))}
    answer = own.client.patch(path(1), json=grown, headers={**kind, "If-Match": answer.headers["etag"]})
    assert answer.status_code == 200
    assert shapely.equals(shape(own, 1), area(0, 0, 1.2, 1))
    assert read(own, 1)["properties"]["name"] == "西街"


def test_households_go_where_their_door_now_lies(own: Served) -> None:
    before = {a["code"]: a["known"] for a in own.json("/coverage?level=cell")["areas"]}
    assert put(own, 2, area(0.13, 0, 2, 1)).status_code == 200
    doors = own.json("/collections/doorplates/items?limit=1000")["features"]
    inside = [
        d
        for d in doors
        if d["geometry"]["coordinates"][0] >= at(0.13, 0)[0] and d["geometry"]["coordinates"][1] < at(0, 1)[1]
    ]
    moved = [d for d in inside if d["properties"]["code"].startswith("990101-D001")]
    assert {d["properties"]["cell"] for d in moved} == {cell_code(2)}
    after = {a["code"]: a["known"] for a in own.json("/coverage?level=cell")["areas"]}
    gone = sum(d["properties"]["households"] for d in moved)
    assert after[cell_code(1)] == before[cell_code(1)] - gone
    assert after[cell_code(2)] == before[cell_code(2)] + gone


# ---- new cells, cells that end


def created(served: Served, polygon: Polygon, **properties: Any) -> httpx.Response:
    geometry = shapely.geometry.mapping(polygon)
    properties = {"village": VILLAGE, **properties}
    kind = {"Content-Type": "application/geo+json"}
    body = {"type": "Feature", "geometry": geometry, "properties": properties}
    return served.client.post(ITEMS, json=body, headers=kind)


def test_a_dedicated_cell_inside_a_general_one(own: Served) -> None:
    """The hole: the general cell gets it, and keeps its land around it."""
    answer = created(own, area(0.4, 0.4, 0.6, 0.6), kind="dedicated", name="集市")
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"].endswith(f"{ITEMS}/{cell_code(7)}")
    assert own.client.get(answer.headers["location"]).json() == answer.json()
    assert answer.json()["properties"]["name"] == "集市"
    assert len(shape(own, 1).interiors) == 1


def test_a_cell_beside_the_county_makes_it_grow(own: Served) -> None:
    assert created(own, area(3, 0, 4, 1), code=cell_code(42)).status_code == 201
    assert own.json("/collections/divisions/items?level=county")["features"][0]["geometry"]["coordinates"]
    assert shapely.equals(shape(own, 42), area(3, 0, 4, 1))


def test_a_code_is_never_used_again(own: Served) -> None:
    tag = own.get(path(6)).headers["etag"]
    assert own.client.delete(path(6), headers={"If-Match": tag}).status_code == 204
    refused(created(own, area(0.4, 0.4, 0.6, 0.6), kind="dedicated", code=cell_code(6)), "CODE_TAKEN")
    assert created(own, area(0.4, 0.4, 0.6, 0.6), kind="dedicated").json()["id"] == cell_code(7)


def test_deleting_gives_the_land_to_the_longest_border(own: Served) -> None:
    ell = Polygon([at(1, 0), at(2.5, 0), at(2.5, 0.5), at(2, 0.5), at(2, 1), at(1, 1)])
    assert put(own, 2, ell).status_code == 200
    known = total(own)
    answer = own.client.delete(path(2), params={"version": read(own, 2)["properties"]["version"]})
    assert answer.status_code == 204, answer.text
    assert own.get(path(2)).status_code == 404
    lineage = own.json(f"/cells/{cell_code(2)}/lineage")
    assert (lineage["live"], lineage["successors"]) == (False, [cell_code(3)])
    assert shapely.equals(shape(own, 3), area(1, 0, 3, 1))
    assert total(own) == known


def test_deleting_to_a_named_neighbour(own: Served) -> None:
    headers = {"If-Match": "*"}
    refused(own.client.delete(path(2), params={"to": cell_code(4)}, headers=headers), "NOT_ADJACENT")
    refused(own.client.delete(path(2), params={"to": cell_code(99)}, headers=headers), "UNKNOWN_CELL")
    assert own.client.delete(path(2), params={"to": "x"}, headers=headers).status_code == 400
    assert own.client.delete(path(2), params={"to": cell_code(3)}, headers=headers).status_code == 204
    assert shapely.equals(shape(own, 3), area(1, 0, 3, 1))


# ---- what was read


def told(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    assert found["type"].removeprefix("urn:everycell:problem:") in PROBLEMS
    return found


def test_who_does_not_say_what_was_read_is_asked_to(own: Served) -> None:
    feature, before = read(own, 1), grid(own)
    del feature["properties"]["version"]
    for answer in (
        own.client.put(path(1), json=feature),
        own.client.patch(path(1), json={"properties": {"name": "x"}}),
        own.client.delete(path(1)),
    ):
        assert told(answer, 428)["version"] == 1
    assert grid(own) == before


def test_what_was_changed_since_is_not_overwritten(own: Served) -> None:
    feature, tag = read(own, 1), own.get(path(1)).headers["etag"]
    assert put(own, 1, area(0, 0, 1.3, 1)).status_code == 200
    before = grid(own)
    answers = [
        own.client.put(path(1), json=feature),
        own.client.put(path(1), json=feature, headers={"If-Match": tag}),
        own.client.delete(path(1), headers={"If-Match": tag}),
        own.client.delete(path(1), params={"version": 1}),
        own.client.patch(path(1), json={"properties": {"name": "x", "version": 1}}),
        own.client.put(path(1), json=read(own, 1), headers={"If-Match": '"nonsense"'}),
        own.client.put(path(1), json=feature, headers={"If-Match": "*"}),  # the version still has to be right
    ]
    for answer in answers:
        assert told(answer, 412)["version"] == 2
        assert answer.headers["etag"] == own.get(path(1)).headers["etag"]
    assert grid(own) == before


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
@pytest.mark.parametrize("form", ["application/geo+json", "text/html"])
def test_the_tag_of_every_representation_names_the_state(own: Served, accepted: str, form: str) -> None:
    asked = {"Accept-Encoding": accepted, "Accept": form}
    tag = own.get(path(1), headers=asked).headers["etag"]
    assert own.get(path(1), headers={**asked, "If-None-Match": tag}).status_code == 304
    answer = own.client.patch(path(1), json={"properties": {"name": "x"}}, headers={"If-Match": f'"a", {tag}'})
    assert answer.status_code == 200, answer.text
    assert own.get(path(1), headers={**asked, "If-None-Match": tag}).status_code == 200


def test_a_visit_changes_the_tag_of_its_household_and_not_that_of_the_cell(own: Served) -> None:
    """ETags of items change when the item has, and not with what happens in it."""
    home = "/collections/households/items/990101-D001-0003-00"
    other = "/collections/households/items/990101-D001-0003-01"
    before = {p: own.get(p).headers["etag"] for p in (path(1), home, other)}
    visit = {
        "id": "00000000-0000-4000-8000-000000000001",
        "household": "990101-D001-0003-00",
        "visited_at": f"{own.today}T00:00:01+08:00",
        "outcome": "reached",
        "team": "A1",
        "purpose": "routine",
    }
    assert own.client.post("/visits", json=[visit]).json()["accepted"] == 1
    after = {p: own.get(p).headers["etag"] for p in before}
    assert {p for p in before if after[p] != before[p]} == {home}


# ---- what cannot be read


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        ("<x/>", "application/xml", 415),
        ("x", "text/plain", 415),
        ("x=1", "application/x-www-form-urlencoded", 415),
        ("{}", "application/merge-patch+json", 415),  # a PUT is no patch
        ("", "application/geo+json", 400),
        ("{", "application/geo+json", 400),
        ("[]", "application/geo+json", 400),
        ("{}", "application/geo+json", 400),
        ('{"type": "FeatureCollection", "features": []}', "application/geo+json", 400),
        ('{"type": "Feature", "geometry": NaN}', "application/geo+json", 400),
    ],
)
def test_bodies_that_are_no_feature(served: Served, content: str, kind: str, status: int) -> None:
    answer = served.client.put(path(1), content=content, headers={"Content-Type": kind})
    told(answer, status)


def test_coordinates_are_those_of_crs84(own: Served) -> None:
    body, name = read(own, 1), "http://www.opengis.net/def/crs/"
    for crs, status in ((f"<{name}OGC/1.3/CRS84>", 200), (f"<{name}EPSG/0/4490>", 400), ("x", 400)):
        assert own.client.put(path(1), json=body, headers={"Content-Crs": crs}).status_code == status


BAD: Final[list[tuple[dict[str, Any], str]]] = [
    ({"geometry": None}, "geometry"),
    ({"geometry": 5}, "geometry"),
    ({"geometry": {"type": "Point", "coordinates": [104, 34]}}, "geometry"),
    ({"geometry": {"type": "Polygon"}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": []}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": [[]]}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": [[[1, 2], "x"]]}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": [[[1, 200], [2, 2], [3, 3], [1, 200]]]}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": [[[1e400, 2], [2, 2], [3, 3], [1, 2]]]}}, "geometry"),
    ({"geometry": {"type": "Polygon", "coordinates": "x"}}, "geometry"),
    ({"id": "990101100201002"}, "id"),
    ({"type": "feature"}, "type"),
    ({"colour": "red"}, "colour"),
    ({"properties": []}, "properties"),
    ({"properties": {"kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": "x", "version": 1}}, "kind"),
    ({"properties": {"name": None, "kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": "", "kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": "x" * 101, "kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": "a\nb", "kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": 5, "kind": "general", "version": 1}}, "name"),
    ({"properties": {"name": "x", "kind": "round", "version": 1}}, "kind"),
    ({"properties": {"name": "x", "kind": ["general"], "version": 1}}, "kind"),
    ({"properties": {"name": "x", "kind": "general", "version": 1, "heat": 3}}, "heat"),
]


@pytest.mark.parametrize(("change", "field"), BAD, ids=str)
def test_bad_input_names_the_field(served: Served, change: dict[str, Any], field: str) -> None:
    body, before = {**read(served, 1), **change}, grid(served)
    content = repr(body).replace("'", '"').replace("None", "null").replace("inf", "1e400")
    answer = served.client.put(path(1), content=content, headers={"Content-Type": "application/geo+json"})
    assert told(answer, 400)["field"] == field
    assert grid(served) == before


def test_what_names_a_cell_stays(own: Served) -> None:
    for name, value in (("code", cell_code(9)), ("village", "990101100202")):
        assert told(put(own, 1, read(own, 1)["geometry"], **{name: value}), 409)["field"] == name


def test_names_that_look_personal_are_refused(served: Served) -> None:
    """And never said again."""
    for name in ("13812345678", "联系 138 1234 5678", "110101199003074514"):
        answer = put(served, 1, read(served, 1)["geometry"], name=name)
        assert told(answer, 422)["type"].endswith("personal-data")
        assert name not in answer.text
    answer = put(served, 1, read(served, 1)["geometry"], phone="1")
    assert (told(answer, 422)["type"][-13:], answer.json()["field"]) == ("personal-data", "phone")


# ---- the cases of the acceptance, as far as one PUT says them


def test_gap(own: Served) -> None:
    """What a cell gives up goes to its neighbours: there is no gap."""
    assert put(own, 6, area(2, 1.2, 3, 2)).status_code == 200  # 3 takes the strip
    assert shapely.equals(shape(own, 3), area(2, 0, 3, 1.2))


def test_whoever_may_edit_one_cell_alone_may_move_no_border(own: Served) -> None:
    one = own.client_of("editor", cell_code(1))
    answer = one.put(path(1), json={**read(own, 1), "geometry": shapely.geometry.mapping(area(0, 0, 0.5, 1))})
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert shapely.equals(shape(own, 1), area(0, 0, 1, 1))


def test_overlap_is_taken_from_the_neighbour(own: Served) -> None:
    assert put(own, 1, area(0, 0, 1.2, 1.2)).status_code == 200
    shapes = [shape(own, n) for n in range(1, 7)]
    assert shapely.coverage_is_valid(shapes)
    assert sum(s.area for s in shapes) == pytest.approx(area(0, 0, 3, 2).area, abs=1e-15)


def test_a_neighbour_that_would_vanish(own: Served) -> None:
    refused(put(own, 1, area(0, 0, 2, 1)), "OVERLAP")


def test_sliver(own: Served) -> None:
    """A border that was drawn again, some centimetres beside: it stays the border it was."""
    before = grid(own)
    assert put(own, 1, box(*at(0, 0), at(1, 0)[0] + 5e-7, at(0, 1)[1])).status_code == 200
    assert {code: s[0] for code, s in grid(own).items()} == {code: s[0] for code, s in before.items()}
    refused(put(own, 1, box(*at(0, 0), at(0, 0)[0] + 3e-7, at(0, 1)[1])), "SLIVER")


def test_t_junction(own: Served) -> None:
    """A new node on the border stands in the neighbour too."""
    bent = Polygon([at(0, 0), at(1, 0), at(1.1, 0.5), at(1, 1), at(0, 1)])
    assert put(own, 1, bent).status_code == 200
    assert at(1.1, 0.5) in set(shape(own, 2).exterior.coords)
    assert shapely.coverage_is_valid([shape(own, n) for n in range(1, 7)])


def test_a_node_of_several_cells_is_pulled_by_one(own: Served) -> None:
    """A PUT says what one cell is to be: the corner that four share moves for those whose land it takes."""
    pulled = Polygon([at(0, 0), at(1, 0), at(1.2, 1.2), at(0, 1)])
    answer = put(own, 1, pulled)
    assert answer.status_code == 200
    assert same_land(shape(own, 1), pulled), "but for the nodes on the borders it crosses"
    again = put(own, 1, pulled)
    assert (again.status_code, again.headers["etag"]) == (200, answer.headers["etag"]), "the same again is no change"
    assert shapely.coverage_is_valid([shape(own, n) for n in range(1, 7)])


def test_split_by_a_put_and_a_post(own: Served) -> None:
    """A split is two requests: nothing between them breaks the grid, and no household is lost."""
    known = total(own)
    assert created(own, area(0.5, 0.1, 0.9, 0.9), kind="dedicated").status_code == 201
    assert total(own) == known
    doors = own.json("/coverage?level=cell")["areas"]
    assert {a["code"] for a in doors} >= {cell_code(7)}
    own.client.delete(path(7), headers={"If-Match": "*"})
    assert total(own) == known


def test_merge_by_a_delete(own: Served) -> None:
    known = {a["code"]: a["known"] for a in own.json("/coverage?level=cell")["areas"]}
    assert own.client.delete(path(1), params={"to": cell_code(2)}, headers={"If-Match": "*"}).status_code == 204
    after = {a["code"]: a["known"] for a in own.json("/coverage?level=cell")["areas"]}
    assert after[cell_code(2)] == known[cell_code(1)] + known[cell_code(2)]


def test_crossing_the_border_of_the_county(own: Served) -> None:
    answer = put(own, 1, area(-0.5, 0, 1.2, 1))
    issue = refused(answer, "OUTSIDE_COUNTY")["issues"]["features"][0]
    assert shapely.equals(shapely.geometry.shape(issue["geometry"]), area(-0.5, 0, 0, 1))
    fix = issue["properties"]["fixes"][0]["ops"][0]
    assert fix["op"] == "reshape"


def test_several_parts(own: Served) -> None:
    parts = shapely.MultiPolygon([area(0, 0, 0.4, 1), area(0.6, 0, 1, 1)])
    refused(put(own, 1, parts), "MULTIPART")
    single = put(own, 1, shapely.MultiPolygon([area(0, 0, 1.1, 1)]))
    assert single.status_code == 200, "one part is no several"


def test_a_hole_that_is_given_up(own: Served) -> None:
    """Nobody but the cell itself lies around it."""
    holed = Polygon(area(0, 0, 1, 1).exterior, [area(0.4, 0.4, 0.6, 0.6).exterior])
    refused(put(own, 1, holed), "GAP")


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ([at(0, 0), at(1, 1), at(1, 0), at(0, 1), at(0, 0)], "SELF_INTERSECTION"),
        ([at(0, 0), at(1, 0), at(1, 1), at(0, 1)], "INVALID_RING"),
        ([at(0, 0), at(1, 0), at(0, 0)], "INVALID_RING"),
        ([at(0, 0), at(1, 0), at(0.5, 0), at(0, 0)], "SELF_INTERSECTION"),
        ([at(0, 0)] * 4, "INVALID_RING"),
    ],
)
def test_rings_that_are_none(served: Served, ring: list[tuple[float, float]], code: str) -> None:
    before = grid(served)
    refused(put(served, 1, {"type": "Polygon", "coordinates": [ring]}), code)
    assert grid(served) == before


def test_a_polygon_elsewhere(served: Served) -> None:
    refused(put(served, 1, area(2, 1, 3, 2)), "NOT_ADJACENT")


def test_two_editors_in_the_same_second(own: Served) -> None:
    """Neighbouring cells, many times at once: each request is done or told that it is stale, and the grid holds."""
    rng = random.Random(7)

    def edit(turn: int) -> int:
        number = 1 + turn % 6
        with httpx.Client(base_url=own.address, headers=own.client.headers, timeout=60) as client:
            feature = client.get(path(number)).json()
            moved = translate(
                shapely.geometry.shape(feature["geometry"]), rng.uniform(-1e-3, 1e-3), rng.uniform(-1e-3, 1e-3)
            )
            inside = shapely.intersection(moved, area(0, 0, 3, 2))
            feature["geometry"] = shapely.geometry.mapping(inside)
            return client.put(path(number), json=feature).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(edit, range(40)))
    assert set(statuses) <= {200, 412, 422}
    assert statuses.count(200) >= 10
    assert_clean(own.store)


# ---- who may


def test_somebody_of_another_area_does_not_even_see_it(own: Served) -> None:
    other = own.client_of("editor", cell_code(2))
    body = read(own, 1)
    for answer in (
        other.put(path(1), json=body),
        other.patch(path(1), json={"properties": {"name": "x", "version": 1}}),
        other.delete(path(1), headers={"If-Match": "*"}),
    ):
        assert told(answer, 404)
    assert told(created_by(other), 403)["field"] == "village"


def created_by(client: httpx.Client) -> httpx.Response:
    geometry = shapely.geometry.mapping(area(0.4, 0.4, 0.6, 0.6))
    properties = {"village": VILLAGE, "kind": "dedicated"}
    return client.post(ITEMS, json={"type": "Feature", "geometry": geometry, "properties": properties})


def test_who_sees_it_and_may_not_is_told_so(own: Served) -> None:
    client = own.client_of("operator", "990101")
    assert told(client.put(path(1), json=read(own, 1)), 403)
    assert client.options(path(1)).headers["allow"] == "GET, HEAD, OPTIONS"
    assert own.client.options(path(1)).headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"
    assert own.client.options(ITEMS).headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert own.client.options("/collections/divisions/items").headers["allow"] == "GET, HEAD, OPTIONS"
    assert told(own.client.put("/collections/divisions/items/990101", json={}), 405)
    assert told(own.client.put("/collections/none/items/990101", json={}), 404)


def test_it_is_in_the_audit(own: Served) -> None:
    assert put(own, 1, area(0, 0, 1.3, 1)).status_code == 200
    assert put(own, 1, area(0, 0, 4, 1)).status_code == 422
    with own.store.read() as conn:
        found = conn.execute(text("SELECT area, detail FROM everycell.audit WHERE action = 'changeset_publish'")).all()
    assert [(row.area, row.detail["operations"], row.detail["via"]) for row in found] == [("990101", 1, "features")]


def test_the_conformance_classes_are_told(served: Served) -> None:
    classes = served.json("/conformance")["conformsTo"]
    part = "http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/"
    told_of = {one.removeprefix(part) for one in classes if one.startswith(part)}
    assert told_of == {"create-replace-delete", "update", "optimistic-locking-etags", "features"}
