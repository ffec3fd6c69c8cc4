"""OpenStreetMap extracts as frames: every building is accounted for, villages tile, codes are stable."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import shapely

from gis.errors import BadInput
from gis.exchange.osm import OsmExtract, read_osm
from gis.exchange.osm_tags import NOT_DWELLINGS, address_of, flats_of, is_dwelling, site_category, street_class
from gis.sites.categories import Category
from tests.gis.exchange.osm_xml import LEVELS, OsmXml, county

LIECHTENSTEIN = Path(__file__).parents[3] / "../shared/data/liechtenstein.osm.pbf"


def read(osm: OsmXml, tmp_path: Path, **options: str) -> OsmExtract:
    path = tmp_path / "county.osm"
    path.write_text(osm.text(), encoding="utf-8")
    return read_osm(path, LEVELS, **options)


def codes(extract: OsmExtract) -> dict[str, str]:
    return dict(zip(extract.divisions["name"], extract.divisions["code"], strict=True))


def test_areas_become_divisions_numbered_by_osm_id(tmp_path: Path) -> None:
    extract = read(county(), tmp_path, county_code="990777")
    assert codes(extract) == {
        "城北县": "990777",
        "东镇": "990777001",
        "西镇": "990777002",
        "甲村": "990777001001",
        "乙村": "990777001002",
        "丙村": "990777002001",
        "丁村": "990777002002",
    }
    assert extract.divisions["source"].str.match(r"osm:relation/\d+$").all()
    assert extract.divisions["source"].is_unique


def test_an_exclave_is_a_cell_of_its_own_and_all_cells_tile(tmp_path: Path) -> None:
    extract = read(county(), tmp_path)
    assert sorted(extract.cells["name"]) == ["丁村 1", "丁村 2", "丙村", "乙村", "甲村"]
    assert shapely.coverage_is_valid(extract.cells.geometry.to_numpy())
    whole = shapely.union_all(extract.cells.geometry.to_numpy())
    assert whole.area == pytest.approx(0.02**2)
    assert extract.settled == []
    exclave = extract.cells.set_index("name").loc["丁村 2"]
    assert exclave["code"].endswith("002")
    assert exclave.geometry.area == pytest.approx(0.002**2)


def test_overlapping_villages_are_settled_and_told(tmp_path: Path) -> None:
    osm = county()
    osm.boundary(10, "戊村", [osm.square(104.009, 34.002, 0.003)])
    extract = read(osm, tmp_path)
    assert {fault.kind for fault in extract.settled} == {"OVERLAP"}
    assert shapely.coverage_is_valid(extract.cells.geometry.to_numpy())
    assert shapely.area(extract.cells.geometry.to_numpy()).sum() == pytest.approx(0.02**2)


def test_incomplete_boundaries_are_named(tmp_path: Path) -> None:
    osm = county()
    lost = osm.boundary(10, "远村", [999_999_999])
    extract = read(osm, tmp_path)
    assert [(r.row, r.column) for r in extract.outside] == [(lost, "relation")]
    assert "远村" in extract.outside[0].reason


def test_a_village_elsewhere_is_named(tmp_path: Path) -> None:
    osm = county()
    osm.boundary(10, "外村", [osm.square(104.5, 34.5, 0.01)])
    extract = read(osm, tmp_path)
    assert [reject.reason for reject in extract.outside] == ["外村 lies in no town of the county"]


def test_without_towns_the_county_is_the_one_town(tmp_path: Path) -> None:
    path = tmp_path / "county.osm"
    path.write_text(county().text(), encoding="utf-8")
    extract = read_osm(path, {"county": 6, "village": 10})
    assert extract.divisions["level"].tolist().count("town") == 1
    assert extract.divisions["source"].is_unique
    assert len(extract.cells) == 5


def test_buildings_become_doorplates_with_households(tmp_path: Path) -> None:
    osm = county()
    house = osm.square(104.001, 34.001, 0.0002, building="house", addr__street="人民路", addr__housenumber="12")
    flats = osm.square(104.002, 34.001, 0.0002, building="apartments", building__flats="3")
    osm.node(104.0021, 34.0011, addr__street="人民路", addr__housenumber="14")
    point = osm.node(104.015, 34.015, building="yes")
    extract = read(osm, tmp_path)
    dwellings = extract.dwellings
    assert dwellings["doorplate_code"].tolist() == [
        f"990001-N{point}",
        f"990001-W{house}",
        *[f"990001-W{flats}"] * 3,
    ]
    assert dwellings["address"].fillna("").tolist() == ["", "人民路12号", *["人民路14号"] * 3]
    assert dwellings["unit"].fillna("").tolist() == ["", "", "1", "2", "3"]
    assert dwellings["code"].is_unique
    assert extract.counts["address_nodes_without_building"] == 0


def test_every_building_is_accounted_for(tmp_path: Path) -> None:
    osm = county()
    osm.square(104.001, 34.001, 0.0002, building="house")
    osm.square(104.002, 34.001, 0.0002, building="garage")
    osm.square(104.003, 34.001, 0.0002, building="yes", amenity="place_of_worship", name="大庙")
    outside = osm.square(104.3, 34.3, 0.0002, building="yes")
    broken = osm.way([(104.001, 34.003), (104.0012, 34.003), (104.0012, 34.0032)], building="yes")
    extract = read(osm, tmp_path)
    counts = extract.counts
    assert counts["buildings"] == 5
    assert (counts["doorplates"], counts["not_dwellings"], counts["outside"], counts["broken"]) == (1, 2, 1, 1)
    assert {reject.row for reject in extract.outside} == {outside, broken}
    assert len(extract.sites) == 0


def test_facilities_become_sites_but_no_worship_and_no_names_of_people(tmp_path: Path) -> None:
    osm = county()
    osm.square(104.001, 34.001, 0.001, amenity="school", name="第一小学")
    osm.node(104.0015, 34.0015, amenity="school", name="第一小学大门")
    osm.node(104.002, 34.003, amenity="doctors", name="某某诊所")
    osm.node(104.003, 34.003, amenity="place_of_worship", name="大庙")
    osm.node(104.3, 34.3, shop="bakery")
    extract = read(osm, tmp_path)
    assert sorted(zip(extract.sites["category"], extract.sites["name"], strict=True)) == [
        ("clinic", "诊所"),
        ("school", "第一小学"),
    ]
    assert extract.sites["code"].str.startswith("990001").all()
    assert extract.counts["sites_outside_or_repeated"] == 2


def test_streets_keep_their_class_and_name(tmp_path: Path) -> None:
    osm = county()
    line = [(104.001, 34.001), (104.012, 34.001)]
    main = osm.way(line, highway="primary", name="大街")
    path = osm.way(line, highway="footway")
    osm.way(line, highway="proposed")
    osm.way([(104.5, 34.5), (104.6, 34.5)], highway="primary")
    extract = read(osm, tmp_path)
    assert extract.streets["id"].tolist() == [main, path]
    assert extract.streets["class"].tolist() == [1, 4]
    assert extract.streets["name"].fillna("").tolist() == ["大街", ""]
    assert extract.counts["streets_outside"] == 1


def test_a_zipped_extract_reads_the_same(tmp_path: Path) -> None:
    osm = county()
    osm.square(104.001, 34.001, 0.0002, building="house")
    path = tmp_path / "county.osm.gz"
    path.write_bytes(gzip.compress(osm.text().encode()))
    told: list[int] = []
    zipped = read_osm(path, LEVELS, None, told.append)
    assert zipped.dwellings.equals(read(osm, tmp_path).dwellings)


def test_several_counties_need_a_choice(tmp_path: Path) -> None:
    osm = county()
    osm.boundary(6, "城南县", [osm.square(104.0, 33.0, 0.02)])
    with pytest.raises(BadInput, match=r"holds 2.*城北县、城南县"):
        read(osm, tmp_path)
    assert len(read(osm, tmp_path, county_name="城北县").cells) == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "cannot be read"), ("<osm", "cannot be read"), ("<osm version='0.6'/>", "must hold one whole county")],
)
def test_what_is_no_extract_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "county.osm"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        read_osm(path, LEVELS)


def test_a_missing_file_and_a_wrong_county_code_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.osm"):
        read_osm(tmp_path / "none.osm", LEVELS)
    with pytest.raises(BadInput, match="6 digits"):
        read(county(), tmp_path, county_code="12")


@pytest.mark.parametrize("value", ["house", "yes", "apartments", "residential", "farm", "terrace"])
def test_what_may_be_lived_in(value: str) -> None:
    assert is_dwelling({"building": value})
    assert is_dwelling({"building": value, "shop": "bakery"})


@pytest.mark.parametrize("value", sorted(NOT_DWELLINGS))
def test_what_is_not_lived_in(value: str) -> None:
    assert not is_dwelling({"building": value})


@pytest.mark.parametrize(
    ("tags", "address"),
    [
        ({"addr:street": "人民路", "addr:housenumber": "12", "addr:city": "城北县"}, "城北县人民路12号"),
        ({"addr:place": "柳湾村", "addr:housenumber": "7号", "addr:city": "城北县"}, "城北县柳湾村7号"),
        ({"addr:street": "Landstrasse", "addr:housenumber": "12", "addr:city": "Vaduz"}, "Landstrasse 12, Vaduz"),
        ({"addr:housenumber": "9"}, "9"),
        ({"addr:full": "城北县人民路1号"}, "城北县人民路1号"),
        ({"addr:street": "人民路"}, None),
        ({"addr:housename": "某某", "addr:street": "人民路"}, None),
    ],
)
def test_addresses(tags: dict[str, str], address: str | None) -> None:
    assert address_of(tags) == address


@pytest.mark.parametrize(("value", "flats"), [(None, 1), ("8", 8), ("0", None), ("many", None), ("99999", None)])
def test_flats(value: str | None, flats: int | None) -> None:
    assert flats_of({} if value is None else {"building:flats": value}) == flats


def test_no_place_of_worship_is_a_site_whatever_else_it_is() -> None:
    assert site_category({"amenity": "place_of_worship", "tourism": "museum"}) is None
    assert site_category({"religion": "buddhist", "tourism": "museum"}) is None
    assert site_category({"tourism": "museum"}) is Category.museum


def test_no_area_and_no_plan_is_a_street() -> None:
    assert street_class({"highway": "pedestrian", "area": "yes"}) is None
    assert street_class({"highway": "construction"}) is None
    assert street_class({"highway": "residential"}) == 3


@pytest.mark.data
@pytest.mark.skipif(not LIECHTENSTEIN.exists(), reason="needs ../shared/data")
def test_a_real_country() -> None:
    extract = read_osm(LIECHTENSTEIN, LEVELS | {"county": 2, "town": 6, "village": 8})
    levels = extract.divisions["level"].value_counts().to_dict()
    assert levels == {"county": 1, "town": 2, "village": 11}
    assert len(extract.cells) == 30
    assert shapely.coverage_is_valid(extract.cells.geometry.to_numpy())
    assert extract.settled == []
    counts = extract.counts
    assert counts["buildings"] == 9_000
    assert counts["buildings"] == sum(counts[name] for name in ("doorplates", "not_dwellings", "outside", "broken"))
    doors = extract.dwellings.drop_duplicates("doorplate_code")
    points = shapely.points(doors["lon"], doors["lat"])
    hits = shapely.STRtree(extract.cells.geometry.to_numpy()).query(points, predicate="within")[0]
    assert sorted(hits.tolist()) == list(range(len(doors)))
    assert len(extract.streets) > 4_000
