"""everycell cells cut, rebalance: what is proposed, as a table and as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from shapely import LineString
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app, cells
from gis.cells.cutting.progress import Told
from gis.cells.cutting.proposals import Ask, Proposal, propose
from gis.cells.cutting.village import Village
from gis.cells.topology import arrange, united
from gis.errors import BadInput, NotFound
from gis.settings import settings
from gis.storage.engine import Store
from gis.streets.load import load_streets
from tests.gis.world import COUNTY, OWN, SIBLING, SOUTH, STEP, VILLAGE, WEST, build, build_region, cell_code


@pytest.fixture
def county(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Six cells with 120 households in all, a street from west to east between the rows."""
    street = LineString([(WEST - 1, SOUTH + STEP), (WEST + 1, SOUTH + STEP)])
    rows = [(9, 2, "大街", street)]
    for number in (1, 3, 5):
        x = WEST + number * STEP / 2
        rows.append((number, 2, "小街", LineString([(x, SOUTH - 1), (x, SOUTH + 1)])))
    with store.begin() as conn:
        build(conn, {1: 30, 2: 10, 3: 10, 4: 10, 5: 30, 6: 30})
        load_streets(conn, COUNTY, gpd.GeoDataFrame(rows, columns=["id", "class", "name", "geometry"], crs=4490))
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["cells", *arguments])


def test_cut(county: Store, tmp_path: Path) -> None:
    file = tmp_path / "preview.geojson"
    done = run("cut", "--village", VILLAGE, "--households", "35-45", "-o", str(file))
    assert done.exit_code == 0, done.output
    assert "3 cells, 3 of them with 35 to 45 households" in done.output
    assert "% along streets" in done.output
    document = json.loads(file.read_text(encoding="utf-8"))
    properties = [feature["properties"] for feature in document["features"]]
    assert [one["code"] for one in properties] == [cell_code(n) for n in (7, 8, 9)]
    assert sum(one["households"] for one in properties) == 120
    assert all(one["why"] is None for one in properties)
    shapes = {f["id"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in document["features"]}
    assert arrange(shapes).faults == []
    assert united(shapes.values()).area == pytest.approx(6 * STEP**2)
    assert not (tmp_path / "preview.geojson.part").exists()


def test_a_cut_says_why_cells_are_out_of_the_range(county: Store) -> None:
    done = run("cut", "--village", "990101", "--households", "500-600")
    assert "1 cells, 0 of them" in done.output
    assert "has only 120 households" in done.output


def test_rebalance(county: Store, tmp_path: Path) -> None:
    assert "nothing to change" in run("rebalance", "--village", VILLAGE, "--households", "10-30").output
    file = tmp_path / "change.geojson"
    done = run("rebalance", "--village", VILLAGE, "--households", "15-32", "-o", str(file))
    assert done.exit_code == 0, done.output
    assert "households that get another cell: 15; no change could do with fewer than 10" in done.output
    assert 2 <= len(json.loads(file.read_text(encoding="utf-8"))["features"]) <= 6
    with county.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.cell WHERE version > 1")).scalar() == 0


def test_a_cut_as_a_draft_is_published_and_taken_back(county: Store) -> None:
    done = run("cut", "--village", VILLAGE, "--households", "35-45", "--draft")
    assert done.exit_code == 0, done.output
    told = re.search(r"draft (\S+) of 990101100201: 重新划分：柳林村（每格 35–45 户）", done.output)
    assert told, done.output
    id = told[1]
    assert f"everycell changeset publish {id}" in done.output.replace("\n", " ")
    before = households(county)
    assert sum(before.values()) == 120
    assert "is published" in CliRunner().invoke(app, ["changeset", "publish", id]).output
    assert list(households(county)) == [cell_code(n) for n in (7, 8, 9)]
    assert all(35 <= number <= 45 for number in households(county).values())
    assert sum(households(county).values()) == 120
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
    assert CliRunner().invoke(app, ["changeset", "undo", id]).exit_code == 0
    assert households(county) == before
    assert CliRunner().invoke(app, ["check"]).exit_code == 0


def test_every_village_of_a_county_gets_a_draft_of_its_own(county: Store) -> None:
    done = run("rebalance", "--village", "990101", "--households", "15-32", "--draft")
    assert done.exit_code == 0, done.output
    assert done.output.count("均衡调整：柳林村") == 1
    same = run("rebalance", "--village", "990101", "--households", "10-30", "--draft")
    assert "no draft was made" in same.output
    with county.read() as conn:
        found = conn.execute(text("SELECT area FROM everycell.changeset WHERE status = 'draft'")).scalars().all()
        noted = conn.execute(text("SELECT count(*) FROM everycell.audit WHERE action = 'changeset_open'")).scalar()
    assert found == [VILLAGE]
    assert noted == 1


def test_ctrl_c_leaves_the_drafts_that_are_whole(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with store.begin() as conn:
        build_region(conn)
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    before = households(store)
    begun: list[str] = []

    def interrupted(village: Village, ask: Ask, on_progress: Told | None = None) -> Proposal:
        begun.append(village.code)
        if len(begun) == 2:
            raise KeyboardInterrupt
        return propose(village, ask, on_progress)

    monkeypatch.setattr(cells, "propose", interrupted)
    file = tmp_path / "cells.geojson"
    done = run("cut", "--village", "990101", "--households", "4-6", "--draft", "-o", str(file))
    settings.cache_clear()
    assert done.exit_code == 130
    assert begun == [OWN.code, SIBLING.code]
    assert re.findall(r"draft \S+ of (\d+)", done.output) == [OWN.code]
    assert list(tmp_path.iterdir()) == []
    assert households(store) == before
    with store.read() as conn:
        drafts = conn.execute(
            text(
                "SELECT s.area, o.op ->> 'op' AS op FROM everycell.changeset s JOIN everycell.changeset_op o"
                " ON o.county = s.county AND o.changeset = s.id WHERE s.status = 'draft'"
            )
        ).all()
    assert [tuple(row) for row in drafts] == [(OWN.code, "recut")]


def households(store: Store) -> dict[str, int]:
    statement = """SELECT c.code, COALESCE(sum(d.households), 0)::int AS number FROM everycell.cell c
        LEFT JOIN everycell.doorplate d ON d.county = c.county AND d.cell = c.code
        WHERE c.retired_on IS NULL GROUP BY c.code ORDER BY c.code"""
    with store.read() as conn:
        return {row.code: row.number for row in conn.execute(text(statement))}


def test_other_lines_count_as_streets(county: Store, tmp_path: Path) -> None:
    river = tmp_path / "river.geojson"
    line = LineString([(WEST, SOUTH + STEP / 3), (WEST + 3 * STEP, SOUTH + STEP / 3)])
    gpd.GeoDataFrame(geometry=[line], crs=4326).to_file(river)
    with county.begin() as conn:
        conn.execute(text("DELETE FROM everycell.street"))
    command = ("cut", "--village", VILLAGE, "--households", "10-60")
    said = [run(*command, *more).output for more in ((), ("--lines", str(river)))]
    assert ", 0.0% along streets" in said[0]
    assert ", 0.0% along streets" not in said[1]


@pytest.mark.parametrize("wrong", ["300", "500-300", "0-5", "a-b", "3-4-5"])
def test_a_range_that_is_none(wrong: str) -> None:
    failed = run("cut", "--village", VILLAGE, "--households", wrong)
    assert isinstance(failed.exception, BadInput)
    assert failed.exception.field == "--households"


def test_no_such_village(county: Store) -> None:
    failed = run("cut", "--village", "990101100299", "--households", "10-20")
    assert isinstance(failed.exception, NotFound)
