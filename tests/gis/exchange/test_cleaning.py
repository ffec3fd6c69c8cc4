"""Cells that do not tile: refused with what is wrong, or cleaned as agreed; the same file again changes nothing."""

from __future__ import annotations

import csv
import io
import json
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, box
from sqlalchemy import text

from gis.cells.load import polygons_of
from gis.cells.topology import coverage_faults
from gis.errors import BadInput, Unclean
from gis.exchange.cleaning import Proposal
from gis.exchange.headers import Kind
from gis.exchange.proposal_files import cells_collection, changes_csv, pieces_collection, pieces_csv, pieces_geojson
from gis.households.check import check
from gis.storage.engine import Store
from tests.gis.cells.cleaning.unclean import simplified, winding
from tests.gis.exchange.builder import COUNTY, SIDE, SOUTH, WEST, cells, gpkg
from tests.gis.exchange.conftest import run
from tests.gis.exchange.dump import fingerprint

VILLAGE = f"{COUNTY}100200"


def rough(number: int = 12, county: str = COUNTY, *, moved: bool = False) -> gpd.GeoDataFrame:
    """Cells of a village, each simplified by itself; with `moved` one border runs 20 m beside where it did."""
    exact = winding(4, number)
    if moved:
        one, other = next((a, b) for a, b in combinations(exact, 2) if exact[a].intersection(exact[b]).length > 1e-3)
        disc = exact[one].intersection(exact[other]).interpolate(0.5, normalized=True).buffer(2e-4)
        exact[one], exact[other] = exact[one].union(exact[other].intersection(disc)), exact[other].difference(disc)
    shapes = simplified(exact, 2e-5)
    codes = [f"{county}100200{code}" for code in shapes]
    return gpd.GeoDataFrame(
        {"code": codes, "name": [f"网格{code[-3:]}" for code in codes]}, geometry=list(shapes.values()), crs=4490
    )


def refused(store: Store, path: Path, **options: Any) -> Unclean:
    """The error of an import that writes nothing."""
    before = fingerprint(store)
    with pytest.raises(Unclean) as caught:
        run(store, Kind.cells, path, **options)
    assert fingerprint(store) == before
    return caught.value


def digests(unclean: Unclean) -> frozenset[str]:
    return frozenset(proposal.digest for proposal in unclean.proposals)


def cleaned(store: Store, path: Path, **options: Any) -> Any:
    """Import what is proposed."""
    agreed = digests(refused(store, path, clean=True, **options))
    return run(store, Kind.cells, path, agreed=agreed, clean=True, **options)


def stored(store: Store, county: str = COUNTY) -> dict[str, Any]:
    with store.read() as conn:
        return dict(polygons_of(conn, int(county)))


def sound(store: Store, county: str = COUNTY) -> bool:
    shapes = stored(store, county)
    with store.read() as conn:
        differences = list(check(conn, store.settings))
    return not differences and coverage_faults(shapes) == [] and bool(shapely.is_valid(list(shapes.values())).all())


def counts(summary: Any) -> tuple[int, int, int]:
    (report,) = summary.reports
    return report.inserted, report.updated, report.unchanged


# --- refused ----------------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_said_and_what_can_be_done(store: Store, tmp_path: Path) -> None:
    error = refused(store, gpkg(tmp_path / "cells.gpkg", rough()))
    assert "cells.gpkg: the cells do not tile: " in error.message
    for part in (" gaps (", " overlaps (", " m² in all, at most ", "GAP: a gap of ", "OVERLAP: cells 62112", "and "):
        assert part in error.message
    assert "--clean shows what would become of those up to 5 m wide" in error.message
    (proposal,) = error.proposals
    assert len(error.pieces) == len(proposal.cleaned.told)
    assert error.pieces[0]["properties"]["area_m2"] == max(piece["properties"]["area_m2"] for piece in error.pieces)


def test_clean_writes_nothing_until_it_is_agreed_to(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", rough())
    refused(store, path, clean=True)
    refused(store, path, clean=True, agreed=frozenset({f"{COUNTY}:somethingelse"}))
    refused(store, path, agreed=digests(refused(store, path)))  # agreed, but not asked for


def test_what_was_agreed_to_is_what_is_written(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", rough())
    (proposal,) = refused(store, path, clean=True).proposals
    summary = cleaned(store, path)
    assert counts(summary) == (12, 0, 0)
    found = stored(store)
    assert found.keys() == proposal.cleaned.cells.keys()
    assert all(shapely.equals_exact(found[code], proposal.cleaned.cells[code], normalize=True) for code in found)
    assert sound(store)
    (note,) = summary.notes
    assert note.startswith("cleaned, as agreed: ")
    assert " cells gained " in note


def test_a_proposal_for_another_state_is_not_taken(store: Store, tmp_path: Path) -> None:
    """Somebody edits the file, or a neighbour, between the question and the answer."""
    path = gpkg(tmp_path / "cells.gpkg", rough())
    agreed = digests(refused(store, path, clean=True))
    gpkg(path, rough(11))
    refused(store, path, clean=True, agreed=agreed)


def test_the_same_file_again_changes_nothing_and_asks_nobody(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", rough())
    cleaned(store, path)
    before = fingerprint(store)
    again = run(store, Kind.cells, path, clean=True)
    assert counts(again) == (0, 0, 12)
    assert again.notes == ["the stored cells settle its gaps and overlaps already: they stay as they are"]
    assert fingerprint(store) == before


def test_a_border_drawn_anew_is_proposed(store: Store, tmp_path: Path) -> None:
    """The stored cells settle one file, not every file."""
    cleaned(store, gpkg(tmp_path / "cells.gpkg", rough()))
    summary = cleaned(store, gpkg(tmp_path / "moved.gpkg", rough(moved=True)))
    assert counts(summary)[1] >= 2
    assert sound(store)


def test_clean_cells_need_no_agreement(store: Store, tmp_path: Path) -> None:
    summary = run(store, Kind.cells, gpkg(tmp_path / "cells.gpkg", cells()), clean=True)
    assert (counts(summary), summary.notes) == ((16, 0, 0), [])


def test_dry_run_of_what_was_agreed_to_keeps_nothing(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", rough())
    agreed = digests(refused(store, path, clean=True))
    before = fingerprint(store)
    summary = run(store, Kind.cells, path, clean=True, dry_run=True, agreed=agreed)
    assert counts(summary) == (12, 0, 0)
    assert fingerprint(store) == before


# --- what is left to a person, and what stays -------------------------------------------------------------------------


def test_what_is_too_wide_is_refused_even_where_it_was_agreed_to(store: Store, tmp_path: Path) -> None:
    frame = cells()
    shapes = frame.geometry.to_numpy().copy()
    shapes[0] = box(WEST, SOUTH, WEST + SIDE + 2e-4, SOUTH + SIDE)  # 18 m over
    path = gpkg(tmp_path / "cells.gpkg", gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490))
    error = refused(store, path, clean=True)
    assert "--clean cannot settle all of it: 1 overlap" in error.message
    refused(store, path, clean=True, agreed=digests(error))
    assert counts(cleaned(store, path, clean_width=20.0)) == (16, 0, 0)
    assert sound(store)


def test_a_hole_stays_and_is_told(store: Store, tmp_path: Path) -> None:
    frame = cells()
    shapes = frame.geometry.to_numpy().copy()
    lake = box(WEST + SIDE - 0.001, SOUTH + SIDE - 0.001, WEST + SIDE + 0.001, SOUTH + SIDE + 0.001)
    shapes[:4] = shapely.difference(shapes[:4], lake)
    path = gpkg(tmp_path / "cells.gpkg", gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490))
    summary = cleaned(store, path)
    assert "left as holes between the cells: 1 gap" in summary.notes[-1]
    assert shapely.union_all(list(stored(store).values())).area == pytest.approx(16 * SIDE**2 - lake.area)
    before = fingerprint(store)
    assert counts(run(store, Kind.cells, path)) == (0, 0, 16)  # it is known now
    assert fingerprint(store) == before


def test_holes_that_are_meant_are_not_spoken_of(store: Store, tmp_path: Path) -> None:
    frame = rough()
    shapes = frame.geometry.to_numpy().copy()
    shapes[0] = shapes[0].difference(shapes[0].representative_point().buffer(5e-4))
    path = gpkg(tmp_path / "cells.gpkg", gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490))
    (plain,) = refused(store, path, clean=True).proposals
    (meant,) = refused(store, path, clean=True, enclaves=True).proposals
    assert (len(plain.cleaned.holes), meant.cleaned.holes) == (1, [])
    assert counts(cleaned(store, path, enclaves=True)) == (12, 0, 0)


def test_stored_cells_of_another_village_keep_their_borders(store: Store, tmp_path: Path) -> None:
    neighbour = gpd.GeoDataFrame({"code": [f"{COUNTY}100201001"]}, geometry=[box(103.97, 34, 104.0, 34.03)], crs=4490)
    run(store, Kind.cells, gpkg(tmp_path / "east.gpkg", neighbour))
    path = gpkg(tmp_path / "cells.gpkg", rough())
    cleaned(store, path)
    kept = stored(store)[f"{COUNTY}100201001"]
    assert kept.area == pytest.approx(neighbour.geometry[0].area, abs=1e-10)
    assert shapely.hausdorff_distance(kept, neighbour.geometry[0]) < 2e-8
    assert sound(store)


def test_two_counties_in_one_file(store: Store, tmp_path: Path) -> None:
    """Both are proposed at once, and one agreement does for both."""
    other = rough(county="621127")
    moved = gpd.GeoDataFrame(other.drop(columns="geometry"), geometry=other.geometry.translate(0.5), crs=4490)
    both = gpd.GeoDataFrame(gpd.pd.concat([rough(), moved], ignore_index=True), crs=4490)
    path = gpkg(tmp_path / "cells.gpkg", both)
    error = refused(store, path, clean=True)
    assert [proposal.county for proposal in error.proposals] == [621126, 621127]
    one = frozenset({error.proposals[0].digest})
    assert [each.county for each in refused(store, path, clean=True, agreed=one).proposals] == [621127]
    run(store, Kind.cells, path, clean=True, agreed=digests(error))
    assert sound(store)
    assert sound(store, "621127")


def test_rejected_rows_are_told_before_one_agrees(store: Store, tmp_path: Path) -> None:
    frame = rough()
    shapes = frame.geometry.to_numpy().copy()
    shapes[3] = MultiPolygon([shapes[3], box(104.1, 34, 104.11, 34.01)])
    path = gpkg(tmp_path / "cells.gpkg", gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490))
    error = refused(store, path, clean=True)
    assert error.notes == [
        "1 of 12 rows cannot be used: geometry: has 2 parts; a cell has one (--parts makes a cell of each) (row 4);"
        " all of them are in cells.gpkg.rejects.csv"
    ]
    assert error.notes[0] in error.message
    with pytest.raises(BadInput, match="--strict; nothing was written"):
        run(store, Kind.cells, path, clean=True, strict=True)
    assert (tmp_path / "cells.gpkg.rejects.csv").exists()


@pytest.mark.parametrize("width", [0, -1, 100.5, float("nan"), float("inf")])
def test_a_width_that_is_none(store: Store, tmp_path: Path, width: float) -> None:
    with pytest.raises(BadInput, match="--clean-width"):
        run(store, Kind.cells, gpkg(tmp_path / "cells.gpkg", cells()), clean_width=width)


# --- parts ------------------------------------------------------------------------------------------------------------


def in_parts() -> gpd.GeoDataFrame:
    """The first cell with two islands, a larger and a smaller one."""
    frame = cells()
    shapes = frame.geometry.to_numpy().copy()
    shapes[0] = MultiPolygon([box(103.9, 34, 103.901, 34.001), shapes[0], box(103.8, 34, 103.802, 34.002)])
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490)


def test_parts_become_cells_with_free_codes(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", in_parts())
    assert len(run(store, Kind.cells, path, enclaves=True, dry_run=True).rejects) == 1
    summary = run(store, Kind.cells, path, parts=True)
    assert counts(summary) == (18, 0, 0)
    assert summary.notes == ["2 further parts of cells became cells of their own"]
    with store.read() as conn:
        rows = conn.execute(
            text("SELECT code, name, source FROM everycell.cell WHERE source IS NOT NULL ORDER BY code")
        ).all()
    first = in_parts()["网格编码"][0]
    assert [tuple(row) for row in rows] == [
        (f"{first[:12]}005", "网格1 2", f"part:{first}:2"),
        (f"{first[:12]}006", "网格1 3", f"part:{first}:3"),
    ]
    areas = {code[-3:]: shape.area for code, shape in stored(store).items() if code[:12] == first[:12]}
    assert areas["001"] > areas["005"] > areas["006"]
    assert sound(store)


def test_parts_keep_their_codes(store: Store, tmp_path: Path) -> None:
    path = gpkg(tmp_path / "cells.gpkg", in_parts())
    run(store, Kind.cells, path, parts=True)
    before = fingerprint(store)
    assert counts(run(store, Kind.cells, path, parts=True)) == (0, 0, 18)
    assert fingerprint(store) == before
    run(store, Kind.cells, gpkg(tmp_path / "whole.gpkg", cells()), new_outline=True)  # the islands are retired
    run(store, Kind.cells, path, parts=True, new_outline=True)
    codes = {code[-3:] for code in stored(store) if code.startswith(in_parts()["网格编码"][0][:12])}
    assert codes == {"001", "002", "003", "004", "007", "008"}  # no code is used twice


def test_a_village_without_a_free_code(store: Store, tmp_path: Path) -> None:
    number = 999
    shapes = [box(104 + at * 1e-3, 34, 104 + (at + 1) * 1e-3, 34.01) for at in range(number)]
    shapes[0] = MultiPolygon([shapes[0], box(103, 34, 103.01, 34.01)])
    codes = [f"{VILLAGE}{at + 1:03}" for at in range(number)]
    path = gpkg(tmp_path / "cells.gpkg", gpd.GeoDataFrame({"code": codes}, geometry=shapes, crs=4490))
    with pytest.raises(BadInput, match="has no code left for the parts"):
        run(store, Kind.cells, path, parts=True)


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def proposals(store: Store, tmp_path: Path) -> list[Proposal]:
    return list(refused(store, gpkg(tmp_path / "cells.gpkg", rough()), clean=True).proposals)


def test_lists_of_pieces_agree(proposals: list[Proposal]) -> None:
    features = json.loads(pieces_geojson(proposals))["features"]
    rows = list(csv.DictReader(io.StringIO(pieces_csv(proposals))))
    cleaned = proposals[0].cleaned
    assert len(features) == len(rows) == len(cleaned.told) + len(cleaned.slivers)
    areas = sorted((feature["properties"]["area_m2"] for feature in features), reverse=True)
    assert [float(row["area_m2"]) for row in rows] == pytest.approx(areas)
    for feature in features:
        assert shapely.from_geojson(json.dumps(feature["geometry"])).area > 0
        given = feature["properties"]["given"]
        assert sum(given.values()) == pytest.approx(feature["properties"]["area_m2"], abs=0.05)
    assert {feature["properties"]["fate"] for feature in features} == {"settled", "sliver"}


def test_list_of_changes_adds_up(proposals: list[Proposal]) -> None:
    rows = list(csv.DictReader(io.StringIO(changes_csv(proposals))))
    assert (len(rows), rows[-1]["cell"]) == (13, "all")
    for row in rows:
        before, after, gained, lost = (float(row[name]) for name in ("before_m2", "after_m2", "gained_m2", "lost_m2"))
        assert after - before == pytest.approx(gained - lost, abs=0.05)
    shares = [max(float(row["gained_percent"]), float(row["lost_percent"])) for row in rows[:-1]]
    assert shares == sorted(shares, reverse=True)
    assert float(rows[-1]["gained_m2"]) == pytest.approx(sum(float(row["gained_m2"]) for row in rows[:-1]), abs=0.1)


def test_collections_for_the_page(proposals: list[Proposal]) -> None:
    shapes = [
        shapely.from_geojson(json.dumps(feature["geometry"])) for feature in cells_collection(proposals)["features"]
    ]
    assert shapely.coverage_is_valid(shapes)
    rounded = pieces_collection(proposals, digits=4)["features"][0]["geometry"]["coordinates"][0]
    assert np.array(rounded) == pytest.approx(np.round(rounded, 4))
