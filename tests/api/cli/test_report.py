"""everycell report: the file a person in a shell gets, and what it says when it cannot make one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from openpyxl import load_workbook
from sqlalchemy import text
from typer.testing import CliRunner, Result

from api.cli import app
from gis.errors import BadInput, NotFound
from gis.households.coverage import today_in
from gis.settings import settings
from gis.storage.engine import Store
from maps.report import fonts
from maps.report.fonts import NoFont
from tests.gis.world import build


@pytest.fixture
def county(database_url: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("EVERYCELL_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    with store.begin() as conn:
        build(conn, {1: 4, 2: 3}, units=2)
    yield store
    settings.cache_clear()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_file_of_each_form(county: Store, tmp_path: Path) -> None:
    month = f"{today_in(settings()):%Y-%m}"
    for form in ("pdf", "html", "xlsx"):
        file = tmp_path / "out" / f"report.{form}"
        file.parent.mkdir(exist_ok=True)
        made = run("report", "--area", "990101", "--month", month, "-o", str(file))
        assert made.exit_code == 0, made.output
        assert f"示范县 {month}" in made.output
    assert sorted(one.name for one in file.parent.iterdir()) == ["report.html", "report.pdf", "report.xlsx"]
    total = json.loads(run("coverage", "--level", "town", "-f", "json").output)["total"]
    sheet = load_workbook(file)["走访覆盖率"]
    assert [cell.value for cell in list(sheet.rows)[-1]][2:7] == [
        total[name] for name in ("known", "reached", "tried", "never", "overdue")
    ]
    words = "".join(page.extract_text() for page in pypdf.PdfReader(file.with_suffix(".pdf")).pages)
    assert "尚无公布的纠纷件数" in words, "no case, and it says so"
    html = file.with_suffix(".html").read_text(encoding="utf-8")
    assert "connect-src 'none'" in html
    assert "http" not in html.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    with county.begin() as conn:
        noted = conn.execute(text("SELECT count(*) FROM everycell.audit WHERE action = 'export'")).scalar()
    assert noted == 3


def test_an_empty_county_has_a_report(county: Store, tmp_path: Path) -> None:
    with county.begin() as conn:
        conn.execute(text("DELETE FROM everycell.household"))
        conn.execute(text("DELETE FROM everycell.doorplate"))
    file = tmp_path / "report.html"
    assert run("report", "--lang", "en", "-o", str(file)).exit_code == 0
    html = file.read_text(encoding="utf-8")
    assert "No household is known in this area yet." in html
    assert "No visit is overdue." in html


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--area", "12"], BadInput, "area: '12'"),
        (["--area", "990109"], NotFound, "no cell in 990109"),
        (["--month", "2026"], BadInput, "--month: '2026' is no month"),
        (["--month", "2999-01"], NotFound, "--month: 2999-01 has not begun"),
        (["--lang", "fr"], BadInput, "--lang"),
    ],
)
def test_bad_arguments(
    county: Store, tmp_path: Path, arguments: list[str], error: type[Exception], message: str
) -> None:
    failed = run("report", *arguments, "-o", str(tmp_path / "x.html"))
    assert isinstance(failed.exception, error)
    assert message in str(failed.exception)
    assert not list(tmp_path.glob("x*"))


def test_bad_files(county: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run("report", "-o", str(tmp_path / "x.doc"))
    assert "'x.doc' ends in none of .pdf, .html, .xlsx" in str(failed.exception)
    failed = run("report", "-o", str(tmp_path / "none" / "x.html"))
    assert "cannot be written" in str(failed.exception)
    monkeypatch.setattr(fonts, "_folders", list)
    failed = run("report", "-o", str(tmp_path / "x.pdf"))
    assert isinstance(failed.exception, NoFont)
    assert "apt-get install fonts-noto-cjk" in str(failed.exception)


def test_the_font_is_found_where_it_was_unpacked(tmp_path: Path) -> None:
    folder = tmp_path / "usr/share/fonts"
    folder.mkdir(parents=True)
    with pytest.raises(NoFont, match="EVERYCELL_REPORT_FONTS"):
        fonts.font_folder(tmp_path)
    (folder / "NotoSerifCJK-Regular.ttc").write_bytes(b"")
    (folder / "NotoSansCJK-Regular.ttc").write_bytes(b"")
    assert fonts.font_folder(tmp_path) == folder
