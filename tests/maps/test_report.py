"""The report as text: the golden page, names as text, withheld counts, and what stands in pictures."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from gis.access.scope import Right
from gis.report.cases import Cases
from maps.plain import PlainFrame
from maps.report.assemble import document
from maps.report.document import Kind, Withheld, written
from maps.report.flat import flat
from maps.report.page import page
from maps.text import Lang
from tests.maps.fake_report import report
from tests.maps.reading import NONCE, assert_golden


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_page_is_the_golden_one(lang: Lang) -> None:
    whole = page(document(report(), lang), PlainFrame(NONCE, lang, here="report", rights=list(Right)))
    made = re.sub(r"(<style[^>]*>).*?(</style>)", r"\1\2", whole, flags=re.DOTALL)
    assert_golden(f"report_{lang}", made)


def test_the_file_asks_nobody_and_runs_nothing() -> None:
    html = page(document(report(note="<script>alert(1)</script>")))
    assert "connect-src 'none'" in html
    assert "<script" not in html
    assert not re.findall(r'(?:src|href)="(?!data:)', html)


def test_withheld_counts_are_marked_in_tables_and_pictures() -> None:
    made = document(report())
    withheld = [
        value
        for section in made.sections
        for block in section.blocks
        for row in getattr(block, "rows", ())
        for value in row
        if isinstance(value, Withheld)
    ]
    # Three categories of the county and of both towns; a town's family disputes, the other's rest, both their sums.
    assert len(withheld) == 3 + 2 * 3 + 1 + 1 + 2 + 3 + 2
    pictures = [b["svg"] for s in flat(made)["sections"] for b in s["blocks"] if b["kind"] == "chart"]
    assert sum(svg.count("&lt;5*") for svg in pictures) == 3 + 1 + 3


def test_nothing_published_and_nothing_known() -> None:
    none = Cases(own=None, below=None, trend=(), heat=None, judged=None, overdue=None, stood=None)
    whole = report()
    bare = replace(whole, cases=none, visits=replace(whole.visits, rounds=(), standings=(), parts=()))
    html = page(document(replace(bare, work=replace(whole.work, cells=(), grades={}, outlines={})), "en"))
    for sentence in (
        "No counts of cases are published",
        "There is no heat map",
        "No visit round",
        "No visit is overdue",
    ):
        assert sentence in html


def test_values_are_written_as_people_read_them() -> None:
    values = [
        (12345, Kind.number),
        (0.6321, Kind.share),
        (70, Kind.percent),
        (44.4, Kind.percent),
        (-1.26, Kind.points),
    ]
    assert [written(*one) for one in values] == ["12,345", "63.2 %", "70 %", "44.4 %", "−1.3"]
    assert written(None, Kind.number) == "—"
