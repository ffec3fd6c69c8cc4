"""everycell coverage, unvisited, round, check, migrate: what a person in a shell sees."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app
from gis.errors import BadInput, NotFound
from gis.households.coverage import today_in
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis.world import VILLAGE, build, cell_code, visit


@pytest.fixture
def county(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The small county with two visits, and the command line pointed at it."""
    with store.begin() as conn:
        build(conn, {1: 3, 2: 3}, units=2)
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def rows_of(output: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(output.lstrip("\ufeff"))))


def test_coverage_in_every_form(county: Store) -> None:
    table = run("coverage").output
    assert "柳林村" in table
    assert "12" in table
    document = json.loads(run("coverage", "-f", "json", "--level", "cell", "--area", VILLAGE).output)
    assert [area["known"] for area in document["areas"]] == [6, 6, 0, 0, 0, 0]
    assert document["areas"][2]["empty"] == "unchecked"
    assert document["total"]["never"] == 12
    rows = rows_of(run("coverage", "-f", "csv", "--level", "cell").output)
    assert [row["code"] for row in rows] == [cell_code(n) for n in range(1, 7)]


def test_unvisited_to_a_file_and_to_standard_output(county: Store, tmp_path: Path) -> None:
    listed = rows_of(run("unvisited", "--area", cell_code(1)).output)
    assert len(listed) == 6
    file = tmp_path / "doors.csv"
    assert run("unvisited", "-o", str(file)).exit_code == 0
    assert len(rows_of(file.read_text(encoding="utf-8"))) == 12
    assert list(tmp_path.iterdir()) == [file]


def test_a_round_from_open_to_close(county: Store) -> None:
    today = today_in(settings())
    last = str(today + timedelta(days=30))
    opened = run("round", "open", "--area", "990101", "--last", last, "--target", "70", "--name", "十一月")
    assert opened.exit_code == 0, opened.output
    code = f"990101-R-{today:%Y%m%d}"
    assert code in opened.output
    assert "70 %" in run("round", "list").output
    assert json.loads(run("coverage", "-f", "json", "--round", code).output)["since"] == str(today)
    assert "closed" in run("round", "close", code).output
    assert "closed" in run("round", "list", "--area", VILLAGE).output


def test_check_says_what_differs_and_fails(county: Store) -> None:
    clean = run("check")
    assert (clean.exit_code, clean.output.strip()) == (0, "no difference: every figure is what a recount gives")
    with county.begin() as conn:
        conn.execute(text("SELECT set_config('everycell.mode', 'batch', true)"))
        conn.execute(text("UPDATE everycell.doorplate SET never = 9 WHERE code = '990101-D001-0000'"))
    broken = run("check")
    assert broken.exit_code == 1
    assert "doorplate 990101-D001-0000: households, never, oldest, due: stored 2, 9" in broken.output


def test_migrate_is_harmless_to_repeat(county: Store) -> None:
    assert "was up to date" in run("migrate").output


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["coverage", "--since", "yesterday"], BadInput, "--since: 'yesterday' is no day"),
        (["coverage", "--since", "2026-11-01", "--round", "x"], BadInput, "exclude each other"),
        (["coverage", "--area", "12"], BadInput, "area: '12'"),
        (["coverage", "--area", "990102"], NotFound, "no cell in 990102"),
        (["coverage", "--round", "990101-R-1"], NotFound, "no round 990101-R-1"),
        (["unvisited", "--area", "9901"], BadInput, "area"),
        (["round", "close", "990101-R-1"], NotFound, "no round 990101-R-1"),
        (["round", "open", "--area", "990101", "--last", "2020-01-01"], BadInput, "before the first day"),
    ],
)
def test_bad_arguments(county: Store, arguments: list[str], error: type[Exception], message: str) -> None:
    failed = run(*arguments)
    assert isinstance(failed.exception, error)
    assert message in str(failed.exception)


def test_visits_show_at_once(county: Store) -> None:
    today = today_in(settings())
    one = visit("990101-D001-0000-00", 0)
    with county.begin() as conn:
        conn.execute(
            text(
                "SELECT everycell.record_visits(990101, ARRAY[CAST(:id AS uuid)], ARRAY['990101-D001-0000-00'],"
                " ARRAY[CAST(:day AS date)], ARRAY[now()], ARRAY['reached'], ARRAY['T01'], ARRAY['routine'])"
            ),
            {"id": str(one.id), "day": today},
        )
    assert json.loads(run("coverage", "-f", "json").output)["total"]["reached"] == 1
