"""The monthly report over HTTP: its figures are those of GET /coverage in every form, and it is audited."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any, Final

import pypdf
import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from gis.access.scope import ALL
from gis.codes import Level
from gis.disputes import judged, surfaces  # noqa: F401 - SciPy is loaded before a request has to wait for it
from gis.disputes.categories import TABLED
from gis.disputes.disclosure import MARK
from gis.disputes.figures import figures
from gis.disputes.periods import period_of
from gis.disputes.publication import publish_due
from gis.households.rounds import close_round, open_round
from gis.storage.cluster import Cluster
from gis.storage.engine import Store
from maps.report import fonts
from tests.api.conftest import Served, serving
from tests.conftest import Filled
from tests.gis.disputes import counting

COVERAGE = "走访覆盖率"


def sheets(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_the_figures_are_those_of_coverage(served: Served) -> None:
    month = f"{served.today:%Y-%m}"
    answer = served.get(f"/report?area=990101100201&month={month}&f=xlsx")
    assert answer.headers["content-disposition"] == f'attachment; filename="report-990101100201-{month}.xlsx"'
    found = sheets(answer.content)
    table = served.json("/coverage?area=990101100201&level=cell")
    names = ("code", "name", "known", "reached", "tried", "never", "overdue", "coverage")
    told = [[area[name] for name in names] for area in table["areas"]]
    assert [list(row[:8]) for row in found[COVERAGE][1:-1]] == told
    assert list(found[COVERAGE][-1][2:7]) == [table["total"][name] for name in names[2:7]]
    assert found[COVERAGE][-1][7] == pytest.approx(table["total"]["coverage"], abs=1e-15)  # a file holds 16 digits
    in_month = served.json(f"/coverage?area=990101100201&level=cell&since={served.today.replace(day=1)}")
    ranked = {row[1]: (row[3], row[4]) for row in found["进度排名"][1:]}
    assert ranked == {area["code"]: (area["known"], area["reached"]) for area in in_month["areas"]}

    html = served.get(f"/report?area=990101100201&month={month}").text
    for area in table["areas"]:
        row = re.search(rf"<tr><td>{area['code']}</td>(.*?)</tr>", html)
        assert row
        cells = re.findall(r">([^<]*)</td>", row[1])
        share = "—" if area["coverage"] is None else f"{100 * area['coverage']:.1f} %"
        assert cells[1:7] == [*(f"{area[name]:,}" for name in names[2:7]), share]


def test_overdue_cells_have_grades_and_a_map(served: Served) -> None:
    html = served.get("/report").text
    cells = served.json("/coverage?level=cell")["areas"]
    overdue = [area for area in cells if area["overdue"]]
    assert overdue, "the world has overdue households"
    listed = re.search(r"<caption>有超期未访户的网格</caption>.*?</table>", html, re.DOTALL)
    assert listed
    assert set(re.findall(r"<tr><td>(\d{15})</td>", listed[0])) == {area["code"] for area in overdue}
    drawn = re.search(r"各网格超期户占比.*?</svg>", html, re.DOTALL)
    assert drawn
    assert len(re.findall(r'stroke-width="0.6" fill-rule="evenodd"', drawn[0])) == 6


def test_the_pdf_has_its_fonts_and_chinese_text(served: Served) -> None:
    answer = served.get("/report?area=990101&f=pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    read = pypdf.PdfReader(io.BytesIO(answer.content))
    words = "".join(page.extract_text() for page in read.pages)
    for word in ("示范县", "柳林村", COVERAGE, "秋季", "网格剩余工作量", f"1 / {len(read.pages)}"):
        assert word in words
    assert {"42", "70 %"} <= set(re.findall(r"[\d,.]+(?: %)?", words))
    for page in read.pages:
        assert float(page.mediabox.width) == pytest.approx(595.28, abs=0.1)
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            inner = font["/DescendantFonts"][0].get_object()
            assert re.match(r"/[A-Z]{6}\+(Noto|Source)", inner["/BaseFont"]), "a subset of the Chinese font"
            assert "/FontFile3" in inner["/FontDescriptor"]


def test_rounds_tell_plan_and_target(own: Served) -> None:
    yesterday = own.today - timedelta(days=1)
    with own.store.begin() as conn:
        old = open_round(conn, area="990101100", first_on=yesterday, last_on=own.today, name="旧轮", target=50)
        close_round(conn, old.code, today=own.today, now=datetime.now(UTC))
    found = sheets(own.get(f"/report?area=990101100201&month={yesterday:%Y-%m}&f=xlsx").content)["走访轮次"]
    rows = {row[0]: row for row in found[1:]}
    assert set(rows) == {"秋季", "旧轮"}
    frozen = own.json(f"/coverage?round={old.code}")["total"]
    assert rows["旧轮"][4:6] == (frozen["known"], frozen["reached"])
    assert rows["旧轮"][7:9] == (50, 50)
    assert rows["秋季"][8] == 70, "its last day is today"
    assert rows["秋季"][9] == pytest.approx(100 * rows["秋季"][6] - 70)
    assert "已关闭" in rows["旧轮"][10]
    assert "进行中" in rows["秋季"][10]


def test_a_report_is_audited_and_never_kept(own: Served) -> None:
    answer = own.get("/report?area=990101100201")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    with own.store.begin() as conn:
        noted = conn.execute(
            text("SELECT area, detail FROM everycell.audit WHERE action = 'export' ORDER BY day DESC, seq DESC LIMIT 1")
        ).one()
    assert noted.area == "990101100201"
    assert noted.detail == {"kind": "report", "form": "html", "month": noted.detail["month"]}


def test_a_formula_is_a_name_and_markup_is_text(own: Served) -> None:
    with own.store.begin() as conn:
        conn.execute(text("UPDATE everycell.division SET name = :n WHERE level = 'village'"), {"n": "=1+1<b>#[x]$"})
    book = load_workbook(io.BytesIO(own.get("/report?f=xlsx").content))
    cell = next(c for row in book["进度排名"] for c in row if c.value == "=1+1<b>#[x]$")
    assert cell.data_type == "s"
    assert "=1+1&lt;b&gt;#[x]$" in own.get("/report").text
    pdf = pypdf.PdfReader(io.BytesIO(own.get("/report?f=pdf").content))
    assert "=1+1<b>#[x]$" in "".join(page.extract_text() for page in pdf.pages)


def test_without_a_font_it_says_what_to_install(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_folders", list)
    answer = served.get("/report?f=pdf")
    assert answer.status_code == 503
    assert "fonts-noto-cjk" in answer.json()["detail"]


# ---- cases: what is published, and nothing else


@pytest.fixture(scope="module")
def counted(cluster: Cluster, filled: Filled) -> Iterator[Served]:
    """A county with the published cases of 2025."""

    def fill(store: Store) -> None:
        counting.fill(store)
        publish_due(store, date(2026, 1, 15))

    with filled.copy("counted_2025", fill) as (store, _), serving(store) as running:
        yield running


def numbers_of(rows: list[tuple[Any, ...]]) -> list[Any]:
    return [value for row in rows[1:] for value in row[1:] if value is not None]


# Reports of December 2025 and the periods by which cases of their level are counted.
COUNTED: Final = (
    ("990101", Level.county, "2025-12"),
    (counting.TOWNS[0], Level.town, "2025Q4"),
    (counting.VILLAGES[1], Level.village, "2025"),
    (counting.CELLS[0], Level.cell, "2025"),
    (counting.CELLS[-1], Level.cell, "2025"),
)


def test_only_published_counts_are_told(counted: Served) -> None:
    withheld = 0
    for area, level, period in COUNTED:
        with counted.store.read(ALL.settings()) as conn:
            values: dict[str, Any] = {"settings": counted.store.settings, "today": counted.today}
            [own] = figures(conn, [counting.COUNTY], area, level, period_of(period), **values).areas
        family = [] if level is Level.cell else [own.family, own.all]
        told = [MARK if n is None else n for n in (*(own.parts[c] for c in TABLED), own.total, *family)]
        found = sheets(counted.get(f"/report?area={area}&month=2025-12&f=xlsx").content)
        assert numbers_of(found["分类件数"]) == told
        withheld += told.count(MARK)
    assert withheld, "the cell of nine households has nothing but withheld counts"


def test_counts_of_the_areas_below_are_the_published_ones(counted: Served) -> None:
    with counted.store.read(ALL.settings()) as conn:
        values: dict[str, Any] = {"settings": counted.store.settings, "today": counted.today}
        towns = figures(conn, [counting.COUNTY], "990101", Level.town, period_of("2025Q4"), **values)
    below = sheets(counted.get("/report?area=990101&month=2025-12&f=xlsx").content)["各区域纠纷件数(2025Q4)"]
    assert [row[0] for row in below[1:]] == list(counting.TOWNS)
    for row, area in zip(below[1:], towns.areas, strict=True):
        shown = [*(area.parts[category] for category in TABLED), area.total, area.family, area.all]
        assert list(row[2:]) == [MARK if number is None else number for number in shown]


@pytest.mark.parametrize("area", ["990101", *counting.TOWNS, *counting.VILLAGES, counting.CELLS[0], counting.CELLS[-1]])
def test_no_small_count_is_in_any_form(counted: Served, area: str) -> None:
    path = f"/report?area={area}&month=2025-12"
    for name, rows in sheets(counted.get(f"{path}&f=xlsx").content).items():
        if "件数" in name:
            counts = [value for value in numbers_of(rows) if not isinstance(value, str)]
            assert not [n for n in counts if 0 < n < 5], name
        if name.startswith("登记的纠纷多于"):
            assert not [row[2] for row in rows[1:] if row[2] != MARK and 0 < row[2] < 5]
    section = counted.get(path).text.partition("<h2>登记的纠纷</h2>")[2]
    drawn = re.findall(r'text-anchor="(?:end|middle)">([1-4])</text>', section.partition("<h2>纠纷登记的分布</h2>")[0])
    assert not drawn
    cells = re.findall(r'<td class="number">([^<]*)</td>', section.partition("</table>")[0])
    assert ("&lt;5*" in cells) == (MARK in numbers_of(sheets(counted.get(f"{path}&f=xlsx").content)["分类件数"]))


@pytest.mark.parametrize("area", ["990101", counting.CELLS[-1]])
def test_no_small_count_is_in_the_pdf(counted: Served, area: str) -> None:
    """No number of the part about cases is 1 to 4, in tables and charts alike, but those of pages."""
    content = counted.get(f"/report?area={area}&month=2025-12&f=pdf").content
    words = "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    told, _, hot = words.partition("登记的纠纷\n")[2].partition("\n纠纷登记的分布\n")
    lines = [line.split() for line in told.splitlines() if "至" not in line and not re.match(r"\d+ / \d+$", line)]
    values = [value for line in lines for value in line]
    assert len(lines) > 15
    assert not {"1", "2", "3", "4"} & set(values)
    assert MARK in values
    listed = [line.split() for line in hot.splitlines() if re.match(r"\d{15} ", line)]
    assert bool(listed) == (area == "990101")
    assert all(line[3] == MARK or int(line[3]) >= 5 for line in listed), listed


def test_heat_and_judgement_are_drawn_once_they_are_published(counted: Served) -> None:
    html = counted.get("/report?area=990101&month=2025-12").text
    places = html.partition("<h2>纠纷登记的分布</h2>")[2]
    assert "data:image/png;base64," in places
    assert "按 2025 的件数对网格作出判断" in places
    assert "尚不能判断网格" in counted.get("/report?area=990101&month=2025-11").text, "the year was not over"
    early = counted.get("/report?area=990101&month=2024-12").text
    assert "尚无公布的纠纷件数" in early
    assert "没有热力图" in early


def test_who_has_several_areas_chooses_one(counted: Served) -> None:
    two = counted.client_of("operator", counting.VILLAGES[0], counting.TOWNS[1])
    assert (two.get("/report").status_code, two.get("/report").json()["field"]) == (400, "area")
    browser = {"Accept": "text/html,*/*;q=0.8"}
    page = two.get("/report?month=2025-12&lang=en", headers=browser)
    assert page.status_code == 200
    ways = [unescape(link) for link in re.findall(r'href="([^"]*/report[?][^"]*area=[^"]*)"', page.text)]
    assert {re.findall(r"area=(\d+)", way)[0] for way in ways} == {counting.VILLAGES[0], counting.TOWNS[1]}
    report = two.get(ways[0], headers=browser)
    assert (report.status_code, "2025-12" in report.text) == (200, True)
    earlier = re.search(r'href="([^"]+)">The month before<', report.text)
    assert earlier
    assert "month=2025-11" in earlier[1]


def test_a_reader_of_a_village_is_told_of_the_village(counted: Served) -> None:
    mine, other = counting.VILLAGES[0], counting.VILLAGES[3]
    reader = counted.client_of("wall", mine)
    answer = reader.get("/report?month=2025-12")
    assert answer.status_code == 200
    assert mine in answer.text
    assert other not in answer.text
    assert counting.TOWNS[1] not in answer.text
    assert "最近公布的周期是 2025" in answer.text, "villages are counted by year"
    assert reader.get(f"/report?area={other}").status_code == 403
