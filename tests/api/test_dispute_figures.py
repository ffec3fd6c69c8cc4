"""Published counts of cases over HTTP: what they show, to whom, and that nothing small can be worked out of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import pytest
from openpyxl import load_workbook
from shapely import LineString
from sqlalchemy import text

from api.daily import Daily
from gis.access.audit import latest
from gis.cells import changesets
from gis.cells.changesets import Editor
from gis.cells.editing.operations import MoveToVillage, Split
from gis.disputes.categories import FAMILY, TABLED, Category
from gis.disputes.disclosure import MARK
from gis.disputes.publication import publish_due
from gis.storage.engine import Store
from tests.api.conftest import Served, serving
from tests.api.test_problems import problem
from tests.conftest import Filled
from tests.gis.disputes.attack import Bounds, Mask
from tests.gis.disputes.counting import CELLS, COUNTY, KINDS, TOWNS, VILLAGES, add, fill, some_cases
from tests.gis.disputes.places import TOLD
from tests.gis.world import SOUTH, STEP, WEST

GENERAL: Final = tuple(kind for kind in KINDS if kind is not FAMILY)
LEVELS: Final = {"county": 6, "town": 9, "village": 12, "cell": 15}


@pytest.fixture(scope="module")
def year(filled: Filled) -> Iterator[Served]:
    """2025 is published; the tests read only."""
    with filled.copy("cases_of_2025", fill) as (store, _):
        publish_due(store, date(2026, 1, 5))
        with serving(store) as running:
            yield running


def rows_of(served: Served, path: str) -> list[dict[str, str]]:
    answer = served.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_periods_and_counts(year: Served) -> None:
    told = year.json("/disputes/periods")
    assert told["layout"] == {"county": "month", "town": "quarter", "village": "year", "cell": "year"}
    listed = [(one["period"], one["level"]) for one in told["periods"]]
    assert listed[:2] == [("2025-01", "county"), ("2025Q1", "town")]
    assert len(listed) == 12 + 4 + 2
    assert {one["grid_on"] for one in told["periods"]} == {"2026-01-05"}
    found = year.json("/disputes/counts?period=2025&level=village")
    assert (found["period"], found["level"], found["grid_on"]) == ("2025", "village", "2026-01-05")
    assert [area["code"] for area in found["areas"]] == sorted(VILLAGES)
    assert set(found["areas"][0]) == {"code", "name", "level", "households", "total", "categories", "family"}
    assert found["total"]["code"] == "990101"
    assert "family" not in year.json("/disputes/counts?period=2025&level=cell")["areas"][0]
    one = year.json(f"/disputes/counts?period=2025Q1&level=town&area={TOWNS[1]}&category=land")
    assert [list(area["categories"]) for area in one["areas"]] == [["land"]]
    assert one["total"] == one["areas"][0]
    for row, area in zip(rows_of(year, "/disputes/counts?period=2025&f=csv"), found["areas"], strict=True):
        assert row["total"] == (MARK if area["total"] is None else str(area["total"]))
        assert row["family"] == (MARK if area["family"] is None else str(area["family"]))
    with year.store.read() as conn:
        note = latest(conn, 1)[0]
    assert (note.action, note.detail["kind"], note.detail["period"]) == ("export", "dispute_counts", "2025")
    assert "<title>" in year.get("/disputes/counts?period=2025", headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("question", "status", "field"),
    [
        ("counts", 400, "period"),
        ("counts?period=2025-13", 400, "period"),
        ("counts?period=2025-01-01/2025-02-01", 400, "period"),
        ("counts?period=2099", 404, "period"),
        ("counts?period=2024", 404, "period"),
        ("counts?period=2025Q1&level=village", 400, "period"),
        ("counts?period=2025&level=house", 400, "level"),
        (f"counts?period=2025&level=county&area={VILLAGES[0]}", 400, "level"),
        ("counts?period=2025&category=crime", 400, "category"),
        ("counts?period=2025&level=cell&category=family", 400, "category"),
        ("counts?period=2025&area=990101001999", 404, "area"),
        ("counts?period=2025&grid=7", 400, "grid"),
        ("counts?period=2025&f=xlsx", 400, "f"),
        ("ledger?period=2025&f=json", 400, "f"),
        ("ledger?period=2025&lang=fr", 400, "lang"),
        (f"ledger?period=2025&area={CELLS[0]}", 400, "area"),
        (f"ledger?period=2025Q1&area={VILLAGES[0]}", 400, "period"),
    ],
)
def test_what_is_wrong_is_named(year: Served, question: str, status: int, field: str) -> None:
    answer = year.get(f"/disputes/{question}")
    assert answer.status_code == status, answer.text
    assert problem(answer)["field"] == field


def test_the_first_page_tells_what_is_published_to_whoever_sees_no_case(year: Served) -> None:
    for area, level, period in (
        (COUNTY, "county", "2025-12"),
        (TOWNS[0], "town", "2025Q4"),
        (VILLAGES[0], "village", "2025"),
    ):
        found = year.json(f"/disputes/counts?period={period}&level={level}&area={area}")["areas"][0]["total"]
        page = year.client_of("wall", str(area)).get("/", headers={"Accept": "text/html"}).text
        number = "&lt;5*" if found is None else f"{found:,}"
        assert re.search(f"{period} 登记</dt><dd>{re.escape(number)}</dd>", page)
        assert ("/disputes?" in page, "超期最久" in page) == (False, False)


def test_cells_as_features_tell_what_is_published_of_the_last_period(year: Served) -> None:
    found = year.json("/collections/disputes/items?limit=1000")["features"]
    counts = {area["code"]: area for area in year.json("/disputes/counts?period=2025&level=cell")["areas"]}
    assert [feature["id"] for feature in found] == list(CELLS) == list(counts)
    for cell in (feature["properties"] for feature in found):
        told = counts[cell["code"]]
        assert (cell["period"], cell["grid_on"], cell["counted"], cell["changed"]) == (
            "2025",
            "2026-01-05",
            True,
            False,
        )
        assert (cell["households"], cell["total"]) == (told["households"], told["total"])
        assert {kind: cell[kind] for kind in TABLED} == told["categories"]
        assert FAMILY.value not in cell
        assert ("total" in cell["withheld"]) == (cell["total"] is None)
    assert {cell["properties"]["total"] is None for cell in found} == {True, False}
    wall = year.client_of("wall", VILLAGES[0]).get("/collections/disputes/items").json()["features"]
    assert wall == found[:3], "the own cells, and as everybody is told"
    page = year.get("/collections/disputes/items?f=html&limit=3").text
    assert "&#34;other&#34;]</td>" in page, "what is withheld is named"


def test_the_ledger(year: Served) -> None:
    found = year.json("/disputes/counts?period=2025&level=village")
    answer = year.get("/disputes/ledger?period=2025&f=xlsx")
    assert "ledger-2025.xlsx" in answer.headers["content-disposition"]
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    assert rows[0][0] == "矛盾纠纷台账 2025"
    assert rows[1][:5] == ["编码", "名称", "户数", "小计(不含婚姻家庭)", "邻里纠纷"]
    assert [row[0] for row in rows[2:-1]] == [*sorted(VILLAGES), "合计"]
    for row, area in zip(rows[2:], [*found["areas"], found["total"]], strict=False):
        shown = [area["total"], *area["categories"].values(), area["family"]]
        assert row[3:-1] == [MARK if number is None else number for number in shown]
        assert isinstance(row[2], int)
    assert rows[-1][0].startswith(f"{MARK}：1 至 4 件")
    lines = year.get("/disputes/ledger?period=2025-03&lang=en").content.decode("utf-8-sig").splitlines()
    assert lines[1].startswith("990101,")
    assert lines[-1].startswith(f'"{MARK}: 1 to 4')
    with year.store.read() as conn:
        notes = [(note.action, note.detail.get("kind"), note.detail.get("form")) for note in latest(conn, 2)]
    assert notes == [("export", "dispute_ledger", "xlsx"), ("export", "dispute_ledger", "csv")]


def test_every_reader_sees_the_own_area(year: Served) -> None:
    wall = year.client_of("wall", TOWNS[0])
    found = wall.get("/disputes/counts?period=2025&level=village").json()
    whole = year.json("/disputes/counts?period=2025&level=village")["areas"]
    own = [area for area in whole if area["code"].startswith(TOWNS[0])]
    assert found["areas"] == own
    assert found["total"]["code"] == TOWNS[0]
    assert {area["code"] for area in wall.get("/disputes/counts?period=2025&level=cell").json()["areas"]} == {
        cell for cell in CELLS if cell.startswith(TOWNS[0])
    }
    assert wall.get(f"/disputes/counts?period=2025&area={TOWNS[1]}").status_code == 403
    assert problem(wall.get("/disputes/counts?period=2025-03&level=county"))["field"] == "level"
    assert wall.get("/disputes/ledger?period=2025").status_code == 403
    two = year.client_of("operator", VILLAGES[0], VILLAGES[3])
    lines = two.get("/disputes/ledger?period=2025").content.decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines[1:-1]] == [VILLAGES[0], VILLAGES[3], "合计"]
    seen = two.get("/disputes/periods").json()["periods"]
    assert seen == year.json("/disputes/periods")["periods"], "which tables there are is no secret"


# ---- the attack


@dataclass(frozen=True)
class Pot:
    """Cases that nobody who reads figures can tell apart: where they were before and after the grid changed, what they
    are about, and their month."""

    before: str
    after: str
    kind: Category
    month: int


def test_nothing_small_follows_from_all_that_is_served(filled: Filled) -> None:
    """Three months: two are published, then a cell goes to a village of another town and another is split, then the
    third month and the quarter. Late cases come in between. Everything that is served as JSON and CSV is put together,
    and so is what becomes of each cell: no count of 1 to 4 can be told from any other up to at least 4."""
    with filled.copy("cases_of_2025", fill) as (whole, _):
        store = Store(
            whole.engine, whole.settings.model_copy(update={"dispute_periods": "month,month,quarter,quarter"})
        )
        for month in (1, 2):
            with store.begin(TOLD) as conn:
                add(conn, date(2026, month, 1), some_cases(month, 3))
            publish_due(store, date(2026, month + 1, 1))
        with store.begin(TOLD) as conn:
            add(conn, date(2026, 3, 1), some_cases(3, 3))
            late = {(CELLS[1], Category.land): 2, (CELLS[7], FAMILY): 1}
            add(conn, date(2026, 1, 1), late, at=datetime(2026, 3, 15, tzinfo=UTC))
        before = cells_of(store)
        change_grid(store)
        publish_due(store, date(2026, 4, 1))
        after = cells_of(store)
        assert {before[id] for id in before if before[id] != after[id]} >= {CELLS[5]}
        with serving(store) as served:
            for kinds in (GENERAL, (FAMILY,)):
                check_attack(served, store, before, after, kinds)


def cells_of(store: Store) -> dict[UUID, str]:
    with store.read(TOLD) as conn:
        return {row.id: row.cell for row in conn.execute(text("SELECT id, cell FROM everycell.dispute"))}


def change_grid(store: Store) -> None:
    """The last cell of the first town goes to the second, and one of the third is split."""
    n = CELLS.index(CELLS[13])
    middle = WEST + (n + 0.5) * STEP
    line = LineString([(middle, SOUTH - 0.001), (middle, SOUTH + STEP + 0.001)])
    ops = [MoveToVillage(CELLS[5], VILLAGES[2]), Split(CELLS[13], line)]
    with store.begin(TOLD) as conn:
        changesets.edit_now(conn, Editor("li", TOLD), area="990101", title="改", ops=ops, today=date(2026, 3, 20))


def check_attack(
    served: Served, store: Store, before: dict[UUID, str], after: dict[UUID, str], kinds: tuple[Category, ...]
) -> None:
    pots, truth = pots_of(store, before, after, kinds)
    told = list(numbers_of(served, pots, kinds))
    assert {number for _, number, _ in told} & {1, 2, 3, 4} == set()
    assert sum(number is not None and number > 0 for _, number, _ in told) > (2 if FAMILY in kinds else 20)
    known = [(mask, number) for mask, number, _ in told if number is not None]
    assert all(truth[mask].sum() == number for mask, number in known)
    bounds = Bounds(len(pots), known, [mask for mask, number, positive in told if positive])
    small = [mask for mask, number, _ in told if number is None and 1 <= truth[mask].sum() <= 4]
    assert small
    for mask in small:
        least, most = bounds.of(mask)
        assert least < 1 + 1e-6, (least, truth[mask].sum(), most)
        assert most > 4 - 1e-6, (least, truth[mask].sum(), most)


def pots_of(
    store: Store, before: dict[UUID, str], after: dict[UUID, str], kinds: tuple[Category, ...]
) -> tuple[list[Pot], Any]:
    """All pots that there can be, and how many cases are in each."""
    ways = sorted({(before[id], after[id]) for id in before} | {(cell, cell) for cell in CELLS if cell != CELLS[5]})
    pots = [Pot(*way, kind, month) for way in ways for kind in kinds for month in (1, 2, 3)]
    at = {pot: n for n, pot in enumerate(pots)}
    truth = np.zeros(len(pots), np.int64)
    with store.read(TOLD) as conn:
        cases = text("SELECT id, category, counted_on FROM everycell.dispute WHERE counted_on >= '2026-01-01'")
        for row in conn.execute(cases):
            if row.category in kinds:
                truth[at[Pot(before[row.id], after[row.id], Category(row.category), row.counted_on.month)]] += 1
    return pots, truth


def numbers_of(served: Served, pots: list[Pot], kinds: tuple[Category, ...]) -> Iterator[tuple[Mask, int | None, bool]]:
    """Every number that is served: what it counts, itself (None: withheld), and whether it is known not to be 0."""
    asked = [(level, f"2026-0{month}") for level in ("county", "town") for month in (1, 2, 3)]
    asked += [(level, "2026Q1") for level in LEVELS if level != "cell" or FAMILY not in kinds]
    for level, period in asked:
        areas = served.json(f"/disputes/counts?period={period}&level={level}")["areas"]
        rows = rows_of(served, f"/disputes/counts?period={period}&level={level}&f=csv")
        shown = {}
        for area, row in zip(areas, rows, strict=True):
            shown[area["code"]] = columns(area, kinds)
            assert columns_of_csv(row, kinds) == shown[area["code"]]
        if level == "cell":
            assert columns_of_items(served, kinds) == shown
        for code, numbers in shown.items():
            beside = [
                other
                for other in shown
                if other[: LEVELS[level] - 3] == code[: LEVELS[level] - 3] and level != "county"
            ]
            for kind, number in numbers.items():
                positive = number is None and kind is None and any(shown[other][None] is not None for other in beside)
                yield np.array([inside(pot, level, code, period, kind) for pot in pots]), number, positive


def columns(area: dict[str, Any], kinds: tuple[Category, ...]) -> dict[Category | None, int | None]:
    if FAMILY in kinds:
        return {None: area["family"]}
    assert {area["categories"][kind] for kind in TABLED if kind not in kinds} <= {0, None}
    return {None: area["total"]} | {kind: area["categories"][kind] for kind in kinds}


def columns_of_csv(row: dict[str, str], kinds: tuple[Category, ...]) -> dict[Category | None, int | None]:
    names = {None: "family" if FAMILY in kinds else "total"} | {
        kind: kind.value for kind in kinds if kind is not FAMILY
    }
    return {kind: None if row[name] == MARK else int(row[name]) for kind, name in names.items()}


def columns_of_items(served: Served, kinds: tuple[Category, ...]) -> dict[str, dict[Category | None, int | None]]:
    """What the collection of cells tells: of those that were counted. None is withheld, and named."""
    items = [one["properties"] for one in served.json("/collections/disputes/items?limit=1000")["features"]]
    for cell in items:
        null = {name for name in ("total", *TABLED) if cell[name] is None}
        assert null == (set(cell["withheld"]) if cell["counted"] else {"total", *TABLED}), cell
    return {
        cell["code"]: {kind: cell["total" if kind is None else kind.value] for kind in (None, *kinds)}
        for cell in items
        if cell["counted"]
    }


def inside(pot: Pot, level: str, code: str, period: str, kind: Category | None) -> bool:
    """Whether a number counts the cases of a pot: by the grid of the day on which the number was published."""
    if kind is not None and pot.kind is not kind:
        return False
    if period != "2026Q1" and pot.month != int(period[-1]):
        return False
    # Towns of a quarter are the sum of what was published of its months.
    early = pot.month < 3 and level in ("county", "town")
    return (pot.before if early else pot.after).startswith(code)


def test_the_service_publishes_by_itself(filled: Filled, caplog: pytest.LogCaptureFixture) -> None:
    with filled.copy("cases_of_2025", fill) as (store, _), caplog.at_level("INFO", logger="api.daily"):
        assert 0 < Daily(store, clock=lambda: datetime(2026, 1, 5, tzinfo=UTC)).look() <= 3600
        told = [record.getMessage() for record in caplog.records]
    assert f"cases of {COUNTY:06} by cell are published: 2025" in told
