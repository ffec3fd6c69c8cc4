"""everycell import disputes, and everycell dispute: what a person in a shell sees, and what is kept of a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app
from gis.errors import BadInput, Conflict, NotFound, PersonalData
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis.exchange.builder import COUNTY, MOBILE, SOUTH, WEST, cells, csv, dwellings, gpkg

TODAY = datetime.now(UTC).date()


@pytest.fixture
def shell(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Store]:
    """The command line on the county of the builder."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    assert run("import", "cells", gpkg(tmp_path / "cells.gpkg", cells())).exit_code == 0
    assert run("import", "households", csv(tmp_path / "doors.csv", dwellings())).exit_code == 0
    yield store
    settings.cache_clear()


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def figures(output: str) -> list[str]:
    """The figures of the table's only row."""
    (line,) = (line for line in output.splitlines() if line.startswith("│"))
    return [part.strip() for part in line.strip("│").split("│")]


def ledger(number: int = 40) -> pd.DataFrame:
    """A ledger as counties keep them, without the columns that name people."""
    at = range(number)
    return pd.DataFrame(
        {
            "案件编号": [f"调字2026-{n:03}" for n in at],
            "矛盾纠纷类型": ["邻里纠纷" if n % 3 else "天气" if n == 0 else "debt" for n in at],
            "登记日期": [str(TODAY - timedelta(days=n)) for n in at],
            "经度": [WEST + 0.0037123 + n % 8 * 0.009 for n in at],
            "纬度": [SOUTH + 0.0041379 + n // 8 * 0.009 for n in at],
            "案情简介": ["两家因排水起争执"] * number,
        }
    )


def test_a_ledger_is_snapped_and_its_story_left_out(shell: Store, tmp_path: Path) -> None:
    file = csv(tmp_path / "台账.csv", ledger())
    found = run("import", "disputes", file)
    assert figures(found.output) == ["disputes", "40", "39", "0", "0", "1"], found.output
    assert "ignored, not stored: 案情简介" in found.output
    assert "天气" not in (tmp_path / "台账.csv.rejects.csv").read_text("utf-8-sig"), "a value is never repeated"
    assert figures(run("import", "disputes", file).output) == ["disputes", "40", "0", "0", "39", "1"], "again: nothing"
    with shell.read() as conn:
        rows = conn.execute(text("SELECT DISTINCT ST_AsText(geom) FROM everycell.snap_point")).scalars()
        assert not [row for row in rows if "4137" in row]
        places = conn.execute(
            text("SELECT count(*) FROM everycell.dispute d JOIN everycell.snap_point s ON s.id = d.snap"
                 " WHERE s.ended_at IS NULL AND s.dwellings >= 8 AND s.cell = d.cell")
        ).scalar()  # fmt: skip
        assert places == 39


def test_cells_may_stand_for_places(shell: Store, tmp_path: Path) -> None:
    frame = ledger(6).drop(columns=["经度", "纬度"]).assign(网格编码=f"{COUNTY}100200001")
    frame.loc[2, "网格编码"] = f"{COUNTY}100200999"
    frame.loc[4, "网格编码"] = None
    found = run("import", "disputes", csv(tmp_path / "格.csv", frame))
    assert figures(found.output)[1:] == ["6", "3", "0", "0", "3"], found.output
    assert "3,cell,is no cell of the county" in (tmp_path / "格.csv.rejects.csv").read_text("utf-8-sig")
    with shell.read() as conn:
        assert set(conn.execute(text("SELECT cell FROM everycell.dispute")).scalars()) == {f"{COUNTY}100200001"}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("当事人", ["甲"]),
        ("申请人姓名", ["甲"]),
        ("联系电话", ["x"]),
        ("name", ["x"]),
        ("补充", [MOBILE]),
        ("调解", [f"张伟{chr(0x4E00 + n)}"[:3] for n in range(40)]),
    ],
)
def test_a_file_with_people_in_it_is_refused_as_a_whole(
    shell: Store, tmp_path: Path, column: str, values: list[str]
) -> None:
    frame = ledger()
    frame[column] = (values * len(frame))[: len(frame)]
    found = run("import", "disputes", csv(tmp_path / "台账.csv", frame))
    assert isinstance(found.exception, PersonalData), found.output
    with shell.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.dispute")).scalar() == 0
        assert conn.execute(text("SELECT count(*) FROM everycell.snap_point")).scalar() == 0


def test_rows_that_cannot_be_used(shell: Store, tmp_path: Path) -> None:
    frame = ledger(8).assign(ID=None).astype(object)
    frame.loc[1, "案件编号"] = None
    frame.loc[2, "登记日期"] = "2020-01-01"
    frame.loc[3, "登记日期"] = str(TODAY + timedelta(days=9))
    frame.loc[4, "案件编号"] = frame.loc[5, "案件编号"]
    frame.loc[6, "经度"] = None
    frame.loc[7, "ID"] = "台账-7"
    found = run("import", "disputes", csv(tmp_path / "台账.csv", frame), "--map", "id=ID")
    assert figures(found.output)[1:] == ["8", "1", "0", "0", "7"], found.output
    reasons = (tmp_path / "台账.csv.rejects.csv").read_text("utf-8-sig")
    for said in (
        "neither an id nor a number",
        "cases are kept 24 months",
        "lies in the future",
        "is the same case",
        "(案件编号)",
    ):
        assert said in reasons, reasons


def test_dry_run_keeps_nothing(shell: Store, tmp_path: Path) -> None:
    found = run("import", "disputes", csv(tmp_path / "台账.csv", ledger()), "--dry-run")
    assert "dry run: nothing was kept" in found.output
    with shell.read() as conn:
        assert conn.execute(text("SELECT count(*) FROM everycell.snap_point")).scalar() == 0


def test_a_case_in_the_shell(shell: Store, tmp_path: Path) -> None:
    run("import", "disputes", csv(tmp_path / "台账.csv", ledger(3)))
    with shell.read() as conn:
        id = str(conn.execute(text("SELECT id FROM everycell.dispute ORDER BY reported_at LIMIT 1")).scalar())
    assert id in run("dispute", "list").output
    assert "no such cases" in run("dispute", "list", "--overdue").output
    assert "there are more" in CliRunner().invoke(app, ["dispute", "list", "-n", "1"]).output
    assert "Accepted, cell, due" in run("dispute", "change", id, "--state", "accepted").output
    assert "Accepted, village" in run("dispute", "change", id, "--level", "village").output
    shown = run("dispute", "show", id).output
    assert "category: Neighbours" in shown
    assert "may become: in_mediation, referred" in shown
    assert shown.count("admin") == 3
    for arguments, error in (
        (("change", id, "--state", "closed", "--code", "performed"), Conflict),
        (("change", id, "--state", "referred"), BadInput),
        (("change", id), BadInput),
        (("show", str(uuid4())), NotFound),
        (("show", "x"), BadInput),
        (("list", "--area", "1"), BadInput),
    ):
        assert isinstance(run("dispute", *arguments).exception, error), arguments
    with shell.read() as conn:
        noted = conn.execute(text("SELECT action, area FROM everycell.audit WHERE action LIKE 'dispute%'")).all()
    assert {tuple(row) for row in noted} == {("dispute_change", f"{COUNTY}100200")}
