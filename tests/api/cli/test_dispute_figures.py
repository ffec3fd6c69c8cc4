"""everycell dispute publish, counts and ledger."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from api.cli import app
from gis.access.audit import latest
from gis.errors import BadInput, NotFound
from gis.settings import settings
from gis.storage.engine import Store
from tests.conftest import Filled
from tests.gis.disputes.counting import VILLAGES, fill


@pytest.fixture
def shell(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The command line on the county whose cases are counted; nothing is published yet."""
    with filled.copy("cases_of_2025", fill) as (store, _):
        monkeypatch.setenv("DATABASE_URL", store.settings.database_url or "")
        monkeypatch.setenv("COLUMNS", "200")
        settings.cache_clear()
        yield store
    settings.cache_clear()


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, ["dispute", *map(str, arguments)])


def test_published_counted_and_handed_in(shell: Store, tmp_path: Path) -> None:
    refused = run("counts", "--period", "2025")
    assert isinstance(refused.exception, NotFound)
    assert "in the future" in str(run("publish", "--today", "2099-01-01").exception)
    done = run("publish", "--today", "2026-01-05")
    assert done.exit_code == 0, done.output
    assert "990101: family disputes by village, 2025" in done.output
    assert "36 tables published" in done.output
    assert "nothing is due" in run("publish", "--today", "2026-01-05").output
    with shell.read() as conn:
        note = latest(conn, 1)[0]
    assert (note.action, note.source) == ("dispute_publish", "shell")

    told = json.loads(run("counts", "--period", "2025", "-f", "json").stdout)
    assert [area["code"] for area in told["areas"]] == sorted(VILLAGES)
    rows = list(csv.DictReader(io.StringIO(run("counts", "--period", "2025", "-f", "csv").stdout.lstrip("\ufeff"))))
    marked = ["<5*" if area["total"] is None else str(area["total"]) for area in told["areas"]]
    assert [row["total"] for row in rows] == marked
    table = run("counts", "--period", "2025", "--level", "cell").output
    assert "<5*" in table
    assert "1 to 4" in table

    assert isinstance(run("ledger", "--period", "2025", "-o", tmp_path / "x.pdf").exception, BadInput)
    for name in ("台账.xlsx", "台账.csv"):
        assert run("ledger", "--period", "2025", "-o", tmp_path / name).exit_code == 0
    sheet = load_workbook(tmp_path / "台账.xlsx").worksheets[0]
    assert [sheet.cell(n, 4).value for n in range(3, 9)] == [
        "<5*" if area["total"] is None else area["total"] for area in told["areas"]
    ]
    assert (tmp_path / "台账.csv").read_text("utf-8-sig").startswith("编码,名称,户数")
    with shell.read() as conn:
        assert [(each.action, each.detail["form"]) for each in latest(conn, 2)] == [
            ("export", "xlsx"),
            ("export", "csv"),
        ]
