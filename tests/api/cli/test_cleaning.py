"""everycell import cells of a file that does not tile, as a person in a shell meets it."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import shapely
from typer.testing import CliRunner, Result

from api.cli import app
from gis.cells.load import polygons_of
from gis.cells.topology import coverage_faults
from gis.errors import BadInput, Conflict, Interrupted, Unclean
from gis.households.check import check
from gis.settings import settings
from gis.storage.engine import Store
from tests.gis.exchange import tracts
from tests.gis.exchange.builder import cells, gpkg
from tests.gis.exchange.dump import fingerprint
from tests.gis.exchange.test_cleaning import rough

ROOT = Path(__file__).resolve().parents[3]
AGREED = "note: cleaned, as agreed: "


@pytest.fixture
def shell(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The command line on an empty database, with nobody at it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("COLUMNS", "200")
    settings.cache_clear()
    yield store
    settings.cache_clear()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return gpkg(tmp_path / "cells.gpkg", rough())


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, ["import", "cells", *map(str, arguments)])


def rows(output: str) -> dict[str, list[str]]:
    """The rows of all tables by their first field."""
    lines = (line.strip("│").split("│") for line in output.splitlines() if line.startswith("│"))
    fields = [[field.strip() for field in line] for line in lines]
    return {line[0]: line[1:] for line in fields if line[0]}


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_without_clean_it_is_refused_with_the_sums(shell: Store, path: Path) -> None:
    before = fingerprint(shell)
    found = run(path)
    assert isinstance(found.exception, Unclean)
    assert re.search(
        r"do not tile: \d+ gaps \([\d,.]+ m² in all, at most [\d.]+ m wide\) and \d+ overlaps \(", str(found.exception)
    )
    assert fingerprint(shell) == before


def test_clean_shows_and_without_anybody_to_ask_writes_nothing(shell: Store, path: Path) -> None:
    before = fingerprint(shell)
    found = run(path, "--clean")
    assert isinstance(found.exception, BadInput)
    assert "then say --clean --yes" in found.exception.message
    shown = rows(found.output)
    assert {"gaps", "overlaps", "all 12"} <= shown.keys()
    was, will_be, gained, lost = map(number, shown["all 12"][1:5])
    assert will_be - was == pytest.approx(gained - lost, abs=0.3)
    assert fingerprint(shell) == before


def test_yes_writes_what_was_shown(shell: Store, path: Path) -> None:
    found = run(path, "--clean", "--yes")
    assert found.exception is None, found.output
    assert AGREED in found.output
    assert rows(found.output)["cells"][:2] == ["12", "12"]
    again = run(path, "--clean")
    assert rows(again.output)["cells"][:4] == ["12", "0", "0", "12"]


def test_dry_run_writes_nothing_and_asks_nobody(shell: Store, path: Path) -> None:
    before = fingerprint(shell)
    found = run(path, "--clean", "--dry-run")
    assert found.exception is None, found.output
    assert "dry run: nothing was kept" in found.output
    assert rows(found.output)["cells"][:2] == ["12", "12"]
    assert fingerprint(shell) == before


@pytest.mark.parametrize("answer", [*(pytest.param(no, marks=pytest.mark.slow) for no in ("n", "")), "y"])
def test_at_a_terminal_one_is_asked(shell: Store, path: Path, answer: str) -> None:
    """A real pseudo-terminal and a process of its own; nothing but "y" writes."""
    before = fingerprint(shell)
    code, output = at_terminal(shell, path, answer)
    assert "Write the cells as proposed? [y/N]" in output
    if answer == "y":
        assert (code, AGREED in output) == (0, True)
    else:
        assert (code, "nothing was written" in output) == (130, True)
        assert fingerprint(shell) == before


def at_terminal(store: Store, path: Path, answer: str) -> tuple[int, str]:
    """Exit code and output of the command when a person types `answer`."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "200", "TERM": "dumb"}
    command = [sys.executable, "-m", "api.cli", "import", "cells", str(path), "--clean"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment)
    os.close(theirs)
    output, typed = "", False
    while chunk := _read(ours):
        output += chunk
        if not typed and "[y/N]" in output:
            os.write(ours, f"{answer}\n".encode())
            typed = True
    os.close(ours)
    return process.wait(60), output


def _read(terminal: int) -> str:
    try:
        return os.read(terminal, 65536).decode(errors="replace")
    except OSError:  # the other end is closed
        return ""


def test_what_changed_while_one_was_asked_is_not_written(
    shell: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def edited(*_: Any, **__: Any) -> bool:
        gpkg(path, rough(moved=True))
        return True

    monkeypatch.setattr("api.cli.cleaning._terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", edited)
    before = fingerprint(shell)
    found = run(path, "--clean")
    assert isinstance(found.exception, Conflict)
    assert fingerprint(shell) == before


def test_no_is_no(shell: Store, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.cli.cleaning._terminal", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert isinstance(run(path, "--clean").exception, Interrupted)


def test_what_a_person_must_draw_is_not_asked_for(shell: Store, path: Path) -> None:
    found = run(path, "--clean", "--yes", "--clean-width", "0.5")
    assert isinstance(found.exception, Unclean)
    assert "--clean cannot settle all of it" in found.exception.message
    assert "NOT SETTLED: draw them right" in found.output


def test_files_are_written_before_one_agrees(shell: Store, path: Path, tmp_path: Path) -> None:
    """Also without --clean: to look at, not to import."""
    names = {"--report": "map.html", "--pieces": "pieces.geojson", "--changes": "changes.csv"}
    found = run(path, *(part for option, name in names.items() for part in (option, tmp_path / name)))
    assert isinstance(found.exception, Unclean)
    assert "<title>网格之间的缝隙与重叠</title>" in (tmp_path / "map.html").read_text("utf-8")
    pieces = json.loads((tmp_path / "pieces.geojson").read_text("utf-8"))["features"]
    assert {piece["properties"]["kind"] for piece in pieces} >= {"GAP", "OVERLAP"}
    changes = list(csv.DictReader((tmp_path / "changes.csv").read_text("utf-8-sig").splitlines()))
    assert len(changes) == 13
    run(path, "--pieces", tmp_path / "pieces.csv", "--report", tmp_path / "en.html", "--lang", "en")
    assert len((tmp_path / "pieces.csv").read_text("utf-8-sig").splitlines()) == len(pieces) + 1
    assert "<title>Gaps and overlaps between cells</title>" in (tmp_path / "en.html").read_text("utf-8")
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".csv", ".csv", ".geojson", ".gpkg", ".html", ".html"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--report", "x.pdf"),
        ("--pieces", "x.shp"),
        ("--changes", "x.json"),
        ("--lang", "de"),
        ("--report", "no/x.html"),
    ],
)
def test_files_that_cannot_be_written_are_told(shell: Store, path: Path, option: str, value: str) -> None:
    found = run(path, option, value)
    assert isinstance(found.exception, BadInput)
    assert not isinstance(found.exception, Unclean)
    assert option in found.exception.message or value in found.exception.message


def test_clean_cells_are_imported_as_they_are(shell: Store, tmp_path: Path) -> None:
    found = run(gpkg(tmp_path / "cells.gpkg", cells()), "--clean", "--report", tmp_path / "map.html")
    assert found.exception is None
    assert "nothing is proposed" in found.output
    assert not (tmp_path / "map.html").exists()
    assert AGREED not in found.output
    assert rows(found.output)["cells"][:2] == ["16", "16"]


@pytest.mark.slow
@pytest.mark.data
def test_a_real_city(shell: Store, shared_data: Path, tmp_path: Path) -> None:
    """2,165 census tracts, simplified one by one: some 1,400 gaps and 2,250 overlaps, none of them wider than 4.3 m."""
    path = tracts.coded(shared_data / "nyc_tracts_2010.geojson", tmp_path / "tracts.geojson")
    before = fingerprint(shell)
    refused = run(path)
    assert isinstance(refused.exception, Unclean)
    assert "42 of 2,165 rows cannot be used: geometry: has " in refused.exception.message
    found = run(path, "--clean", "--parts", "--report", tmp_path / "map.html")
    assert isinstance(found.exception, BadInput)
    assert fingerprint(shell) == before
    shown = rows(found.output)
    assert 1_300 < number(shown["overlaps"][0]) < 3_000
    was, will_be, gained, lost = map(number, shown["all 2,305"][1:5])
    assert (gained, lost) == (pytest.approx(151_000, rel=0.02), pytest.approx(141_700, rel=0.02))
    assert will_be - was == pytest.approx(gained - lost, abs=0.3)

    done = run(path, "--clean", "--parts", "--yes")
    assert done.exception is None, done.output
    assert rows(done.output)["cells"][:2] == ["2,165", "2,305"]
    with shell.read() as conn:
        stored = polygons_of(conn, int(tracts.COUNTY))
        assert list(check(conn, shell.settings)) == []
    shapes = list(stored.values())
    assert len(shapes) == 2_305
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert coverage_faults(stored) == []

    kept = fingerprint(shell)
    again = run(path, "--clean", "--parts")
    assert rows(again.output)["cells"][1:4] == ["0", "0", "2,305"]
    assert fingerprint(shell) == kept
