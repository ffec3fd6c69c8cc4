"""everycell import as a person in a shell sees it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from typer.testing import CliRunner, Result

from api.cli import app, importing
from api.cli.importing import in_transaction
from gis.errors import BadInput, Interrupted, PersonalData
from gis.exchange.headers import Kind
from gis.exchange.importer import Options
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis.exchange import builder
from tests.gis.exchange.builder import MOBILE, cells, csv, dwellings, gpkg
from tests.gis.exchange.dump import fingerprint
from tests.gis.exchange.osm_xml import OsmXml


@pytest.fixture
def shell(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The command line on an empty database."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, ["import", *map(str, arguments)])


def figures(output: str) -> list[str]:
    """The figures of the table's only row."""
    (line,) = (line for line in output.splitlines() if line.startswith("│"))
    return [part.strip() for part in line.strip("│").split("│")]


def test_a_county_from_its_own_files(shell: Store, tmp_path: Path) -> None:
    found = run("cells", gpkg(tmp_path / "cells.gpkg", cells()))
    assert figures(found.output) == ["cells", "16", "16", "0", "0", "0"]
    doors = csv(
        tmp_path / "doors.csv",
        dwellings().assign(备注="x", 经度=dwellings()["经度"].where(lambda x: x.index != 7)),
        "gbk",
    )
    found = run("households", doors)
    assert figures(found.output) == ["households", "600", "599", "0", "0", "1"]
    assert "doors.csv: CSV, gb18030, China Geodetic Coordinate System 2000 (assumed" in found.output
    assert "户号 → code, 门牌地址 → address, 经度 → lon, 纬度 → lat, 室号 → unit" in found.output
    assert "ignored, not stored: 备注" in found.output
    assert "rejected rows, with reasons: " in found.output
    assert "doors.csv.rejects.csv" in found.output
    again = run("households", doors)
    assert figures(again.output) == ["households", "600", "0", "0", "599", "1"]


def test_columns_named_by_hand(shell: Store, tmp_path: Path) -> None:
    run("cells", gpkg(tmp_path / "cells.gpkg", cells()))
    doors = csv(tmp_path / "doors.csv", dwellings().rename(columns={"经度": "横", "纬度": "纵"}))
    found = run("households", doors, "--map", "lon=横", "--map", "lat=纵")
    assert figures(found.output)[2] == "600"


def test_a_file_with_telephone_numbers_is_refused_with_its_column_only(shell: Store, tmp_path: Path) -> None:
    run("cells", gpkg(tmp_path / "cells.gpkg", cells()))
    before = fingerprint(shell)
    found = run("households", csv(tmp_path / "doors.csv", dwellings().assign(备注=MOBILE)))
    assert isinstance(found.exception, PersonalData)
    assert "column '备注' looks like mobile numbers" in found.exception.message
    assert MOBILE not in found.output + repr(found.exception) + str(found.exc_info)
    assert fingerprint(shell) == before


def test_dry_run_says_what_it_would_do(shell: Store, tmp_path: Path) -> None:
    before = fingerprint(shell)
    found = run("cells", gpkg(tmp_path / "cells.gpkg", cells()), "--dry-run")
    assert figures(found.output)[2] == "16"
    assert "dry run: nothing was kept" in found.output
    assert fingerprint(shell) == before


def test_gcj02_is_undone_where_it_is_said(shell: Store, tmp_path: Path) -> None:
    run("cells", gpkg(tmp_path / "cells.gpkg", cells()))
    from_amap = csv(tmp_path / "amap.csv", builder.shifted(dwellings(), builder.Datum.gcj02))
    assert "--datum gcj02" in str(run("households", from_amap).exception)
    assert figures(run("households", from_amap, "--datum", "gcj02").output)[2] == "600"


@pytest.mark.parametrize("levels", ["village", "village=x", "house=8", "county=2", "village=8"])
def test_levels_that_make_no_sense(levels: str, shell: Store, tmp_path: Path) -> None:
    found = run("osm", tmp_path / "x.osm", "--levels", levels)
    assert isinstance(found.exception, BadInput)
    assert "--levels" in found.exception.message


def test_streets_for_patrols(shell: Store, tmp_path: Path) -> None:
    """Twice: what there is, and that nothing has changed."""
    run("cells", gpkg(tmp_path / "cells.gpkg", cells()))
    west, south, *_ = cells().total_bounds
    osm = OsmXml()
    osm.square(west, south, 0.001, highway="residential")
    path = tmp_path / "roads.osm"
    path.write_text(osm.text(), encoding="utf-8")
    first, again = run("roads", path), run("roads", path)
    assert first.exception is None
    assert "network: 1 nodes, 1 edges, 0.4 km" in first.output
    assert "imported" in first.output
    assert "nothing changed" in again.output
    path.write_text("no extract", encoding="utf-8")
    assert "cannot be read" in str(run("roads", path).exception)


@pytest.mark.data
def test_liechtenstein(shell: Store, shared_data: Path, tmp_path: Path) -> None:
    """The real extract, twice."""
    command = ("osm", shared_data / "liechtenstein.osm.pbf", "--levels", "county=2,town=6,village=8")
    found = run(*command, "--rejects", tmp_path / "rejects.csv")
    assert found.exception is None
    lines = {
        line.split("│")[1].strip(): line.split("│")[3].strip()
        for line in found.output.splitlines()
        if line.startswith("│")
    }
    assert (lines["division"], lines["household"]) == ("14", "8,526")
    assert (lines["foot"], lines["car"]) == ("15,422", "10,787")  # arcs of the streets for patrols
    before = fingerprint(shell, revisions=False)
    run(*command, "--rejects", tmp_path / "rejects.csv")
    assert fingerprint(shell, revisions=False) == before


def test_ctrl_c_ends_a_query_and_keeps_nothing(shell: Store) -> None:
    before_tests = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background ignores it

    def work(conn: Connection) -> None:
        shape = "ST_Multi(ST_MakeEnvelope(0, 0, 1, 1, 4490))"
        conn.execute(text(f"INSERT INTO everycell.division VALUES ('621126', 'county', 'x', NULL, NULL, {shape})"))
        os.kill(os.getpid(), signal.SIGINT)
        conn.execute(text("SELECT pg_sleep(60)"))

    before = fingerprint(shell)
    try:
        with pytest.raises(Interrupted, match="nothing was written"):
            in_transaction(shell, work)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before_tests)
    assert fingerprint(shell) == before


def test_everything_that_may_be_said_of_a_file_is_an_option() -> None:
    assert set(importing._OPTIONS) == {field.name for field in fields(Options)}
    assert {command.name for command in importing.app.registered_commands} >= set(Kind)
    assert "No such option: --datum" in run("visits", "visits.csv", "--datum", "gcj02").output
    assert "No such option: --enclaves" in run("households", "doors.csv", "--enclaves").output
