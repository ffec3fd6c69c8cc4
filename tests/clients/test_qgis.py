"""The project of `everycell qgis-project` in a real QGIS (3.22 or newer), and what is edited there.

Skipped where there is none. Debian: apt-get install --no-install-recommends python3-qgis qgis-providers
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pytest
import shapely
from sqlalchemy import text
from typer.testing import CliRunner

from api.cli import app as command
from gis.access import accounts, qgis
from gis.access.audit import latest
from gis.access.scope import ALL, Grant, Role
from gis.cells import changesets
from gis.cells.changesets import Editor
from gis.households.check import check
from gis.settings import settings
from gis.storage.cluster import Cluster
from gis.storage.doctor_editors import UPDATED
from gis.storage.engine import Store, make_engine
from tests.api.conftest import database
from tests.gis import world
from tests.gis.world import SETTINGS, TODAY, build

SESSION: Final = Path(__file__).with_name("qgis_session.py")
PYTHON: Final = os.environ.get("EVERYCELL_QGIS_PYTHON", "/usr/bin/python3")
OFFSCREEN: Final = {"QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}


@lru_cache
def has_qgis() -> bool:
    found = subprocess.run(
        [PYTHON, "-c", "import qgis.core"], env=os.environ | OFFSCREEN, capture_output=True, check=False
    )
    return found.returncode == 0


needs_qgis = pytest.mark.skipif(not has_qgis(), reason="there is no QGIS here: python3-qgis, or EVERYCELL_QGIS_PYTHON")


@pytest.fixture(scope="module")
def county(cluster: Cluster) -> Iterator[Store]:
    """Six cells, doors in two of them, and the editor li with a sign-in to the database."""
    with database(cluster, "qgis") as store:
        superuser = make_engine(store.engine.url.set(username="postgres").render_as_string(), store.settings)
        with store.begin() as conn:
            build(conn, {1: 6, 2: 6}, units=2)
            accounts.add_account(conn, "li")
            accounts.add_grant(conn, "li", Grant(Role.editor, world.VILLAGE))
        with superuser.begin() as conn:
            qgis.add_user(conn, "li", None, "Asia/Shanghai")
        yield store
        with superuser.begin() as conn:
            qgis.remove_user(conn, "li")
        superuser.dispose()


@pytest.fixture(scope="module")
def told(county: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What happened in QGIS."""
    folder = tmp_path_factory.mktemp("qgis")
    project = folder / "grid.qgz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", county.settings.database_url or "")
        settings.cache_clear()
        made = CliRunner().invoke(command, ["qgis-project", "-o", str(project), "--login", "li"])
        settings.cache_clear()
    assert made.exit_code == 0, made.output
    env = os.environ | OFFSCREEN | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    ran = subprocess.run(
        [PYTHON, str(SESSION), str(project), str(folder)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr[-2_000:]
    answer: dict[str, Any] = json.loads(ran.stdout[ran.stdout.index("{") :])
    return answer


@needs_qgis
def test_all_layers_open(told: dict[str, Any]) -> None:
    assert told["read"]
    assert told["crs"] == "EPSG:4490"
    assert told["valid"] == dict.fromkeys(told["valid"], True)
    assert len(told["valid"]) == 8
    assert told["names"]["doorplate"] == "门牌(楼栋)"
    assert told["groups"] == ["重点场所", "门牌与户", "区划(只读)", "网格", "底图(只读)"]
    assert told["read_only"] == ["division_county", "division_town", "division_village", "street"]
    assert told["labels"] == ["cell", "division_town", "division_village", "doorplate", "site", "street"]


@needs_qgis
def test_forms_know_closed_lists_and_hide_what_is_reckoned(told: dict[str, Any]) -> None:
    assert told["choices"] == ["general", "dedicated"]
    assert told["aliases"]["address"] == "门牌地址"
    widgets = told["widgets"]
    assert widgets["site"]["category"] == widgets["household"]["status"] == widgets["cell"]["kind"] == "ValueMap"
    assert {name for name, kind in widgets["cell"].items() if kind == "Hidden"} >= {"county", "touched", "retired_on"}
    shown = {
        name: {column for column in told["editable"][name] if widgets[name][column] != "Hidden"} for name in UPDATED
    }
    beyond = {name: columns - UPDATED[name] - {"code"} for name, columns in shown.items()}
    assert not any(beyond.values()), "what a form lets be edited, the role may"


@needs_qgis
def test_snapping_topology_and_relations_are_on(told: dict[str, Any]) -> None:
    assert (told["topological"], told["snapping"], told["no_overlap"]) == (True, True, ["网格"])
    assert told["snapped"] == ["村(社区)", "网格", "门牌(楼栋)"]
    assert told["precision"] == 1e-8
    assert told["relations"] == {"cell_doorplates": True, "doorplate_households": True}
    assert told["children"] == {"doorplate": ["990101-D001-0000-00", "990101-D001-0000-01"], "cell": 6}


@needs_qgis
def test_rows_are_those_of_the_area(told: dict[str, Any]) -> None:
    assert len(told["rows"]["cell"]) == 6
    assert len(told["rows"]["doorplate"]) == 12
    assert told["rows"]["division_village"] == [world.VILLAGE]
    assert told["rows"]["division_county"] == [], "the editor's area is the village"


@needs_qgis
def test_the_map_is_drawn_in_our_colours(told: dict[str, Any]) -> None:
    drawn = told["drawn"][0]
    assert drawn["errors"] == []
    assert {"#0b4f8a", "#5b6670"} <= set(drawn["colours"]), "borders of cells and of the village"
    assert len(drawn["colours"]) > 20


@needs_qgis
def test_a_corner_moved_in_all_its_cells_is_saved_and_a_change_set(county: Store, told: dict[str, Any]) -> None:
    assert told["both"] == {"saved": True, "errors": [], "cells": 4}
    moved = direct_edits(county)[-1]
    with county.read() as conn:
        versions = conn.execute(
            text("SELECT version FROM everycell.cell_history WHERE changeset = :id"), {"id": moved.id}
        ).scalars()
        assert list(versions) == [2, 2, 2, 2]
    assert (moved.created_by, moved.area) == ("li", world.VILLAGE)


@needs_qgis
def test_a_corner_moved_in_one_cell_only_is_refused_and_says_why(told: dict[str, Any]) -> None:
    assert not told["one"]["saved"]
    message = " ".join(told["one"]["errors"])
    assert re.search(r"OVERLAP: cells \d{15} and \d{15} overlap by \d+\.\d\d square metres", message), message


@needs_qgis
def test_a_split_gives_the_new_half_the_next_code(county: Store, told: dict[str, Any]) -> None:
    if told["halves"] is not None:  # before 3.26 the halves are two transactions, and the first leaves a gap
        assert not told["halves"]["saved"]
        assert "GAP: " in " ".join(told["halves"]["errors"])
    assert told["split"]["saved"], told["split"]
    assert told["split"]["result"] == 0
    assert told["split"]["codes"] == ["001", "002", "003", "004", "005", "006", "007"]
    assert told["merge"]["saved"], told["merge"]
    assert told["merge"]["codes"] == ["001", "002", "003", "004", "006", "007"]
    with county.read() as conn:
        pairs = conn.execute(text("SELECT parent, child FROM everycell.cell_lineage ORDER BY 1, 2")).all()
    assert [(row.parent[-3:], row.child[-3:]) for row in pairs] == [("005", "004"), ("006", "007")]


@needs_qgis
def test_all_that_was_done_to_cells_can_be_taken_back(county: Store, told: dict[str, Any]) -> None:
    assert told["merge"]["saved"]
    for made in direct_edits(county):
        with county.begin(ALL.settings()) as conn:
            changesets.undo(conn, Editor("wang", ALL.settings()), made, today=TODAY)
    with county.read() as conn:
        found = conn.execute(
            text("SELECT code, ST_AsBinary(geom) AS wkb FROM everycell.cell WHERE retired_on IS NULL ORDER BY code")
        ).all()
        assert list(check(conn, SETTINGS)) == []
    first = world.grid()
    assert [row.code for row in found] == list(first["code"])
    shapes = [shapely.normalize(shapely.from_wkb(bytes(row.wkb))) for row in found]
    assert shapes == list(shapely.normalize(first.geometry.values))


def direct_edits(county: Store) -> list[changesets.Brief]:
    """What was done to cells in QGIS, the last first."""
    with county.read(ALL.settings()) as conn:
        found = [one for one in changesets.listed(conn, [world.COUNTY]) if one.title == "direct edit by li"]
    return sorted(found, key=lambda one: -(one.revision or 0))


@needs_qgis
def test_a_new_door_and_dwelling_are_placed_by_the_database(county: Store, told: dict[str, Any]) -> None:
    assert told["added"]["door"]["saved"], told["added"]
    assert told["added"]["home"]["saved"], told["added"]
    assert told["added"]["cell"] == world.cell_code(3)
    with county.read() as conn:
        assert list(check(conn, SETTINGS)) == []


@needs_qgis
@pytest.mark.usefixtures("told")
def test_what_was_read_of_doors_is_in_the_audit(county: Store) -> None:
    """QGIS reads in read-only transactions, in several connections at once; an hour may end meanwhile."""
    with county.read() as conn:
        read = [entry for entry in latest(conn, 200) if entry.action == "direct_read"]
    assert {(entry.who, entry.area) for entry in read} == {("account:li", world.VILLAGE)}
    assert {entry.detail["relation"] for entry in read} == {"doorplate", "household"}, "there is no site here"
    assert len(read) <= 4


@needs_qgis
def test_what_is_personal_or_reckoned_is_not_saved(told: dict[str, Any]) -> None:
    assert not told["personal"]["saved"]
    assert not told["reckoned"]["saved"]
    assert "doorplate.address: looks personal" in " ".join(told["personal"]["errors"])
    assert "permission denied" in " ".join(told["reckoned"]["errors"])
