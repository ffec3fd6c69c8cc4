"""Sheets of a patrol: what is on paper, which part of a route on which map, and that nothing covers anything."""

from __future__ import annotations

import io
import json
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from gis.errors import BadInput, NotFound
from maps.patrol_sheet.marks import Room, place
from maps.patrol_sheet.parts import Paper, box_of, parts, view
from maps.patrol_sheet.pdf import sheets_pdf
from maps.patrol_sheet.rows import routes_of
from maps.patrol_sheet.sheet import About, document
from tests.maps.fake_patrol import plan, streets

LINK = "https://grid.example/p/secretsecretsecretsecret"
ABOUT = About("城关镇", datetime(2026, 11, 30, 8, 5), "https://grid.example/maps/patrol#plan=1", {"A1": LINK})


def test_each_team_has_its_own_pages_and_every_stop_is_on_them() -> None:
    note = '<script>#pagebreak()"\\'
    read = PdfReader(io.BytesIO(sheets_pdf(plan(("A1", "B2"), 24, note), ABOUT, streets())))
    pages = [page.extract_text() for page in read.pages]
    firsts = [n for n, text in enumerate(pages) if "1 / " in text]
    assert [pages[n].split()[1] for n in firsts] == ["A1", "B2"], "a team begins on a page of its own"
    for first, last in zip(firsts, [*firsts[1:], len(pages)], strict=True):
        whole = "\n".join(pages[first:last])
        assert f"{last - first} / {last - first}" in whole
        assert f"永安路10号{note}" in whole
        for words in ("见到", "无人", "跳过", "2026-11-30", "班次", "1单元201", "2026-11-30 08:05", "永安路", "1:"):
            assert words in whole
    assert "621102-A1" not in "".join(pages), "units as they stand at doors, no codes"
    fonts = [f.get_object() for page in read.pages for f in page["/Resources"]["/Font"].values()]  # type: ignore[index]
    assert any("CJK" in str(font["/BaseFont"]) for font in fonts)


def test_a_sheet_needs_no_codes() -> None:
    """A shell does not know under which address the service is reached."""
    read = PdfReader(io.BytesIO(sheets_pdf(plan(("A1",), 3), About("城关镇", ABOUT.printed_at))))
    assert "永安路" in read.pages[0].extract_text()


def test_what_a_sheet_tells() -> None:
    made = document(plan(stops=14), ABOUT, streets(), lang="en")
    first, second = made["sheets"]
    assert [len(sheet["codes"]) for sheet in (first, second)] == [2, 1], "only who has a link has its code"
    assert LINK not in json.dumps(made)
    rows = first["groups"][0]["rows"]
    assert [row["number"] for row in rows] == [str(n) for n in range(1, 15)]
    assert rows[0]["units"] == [f"{1 + u // 4}单元{1 + u % 4}01" for u in range(9)]
    assert rows[2]["windows"] == ["09:00–10:30"]
    assert {"47 days overdue", "Never reached", "Chosen by the leader"} <= {row["reason"] for row in rows}
    assert first["notes"] == ["Break 11:00–11:20 after stop 5."]
    [picture] = first["maps"]
    for number in range(1, 15):
        assert f">{number}</text>" in picture["svg"]


def test_a_route_that_is_too_large_for_one_map_has_several() -> None:
    sheet = document(plan(("A1",), 64, spread=6.0), ABOUT, streets())["sheets"][0]
    assert len(sheet["maps"]) > 2
    assert [title["title"] for title in sheet["groups"]] == [f"图 {n}" for n in range(1, len(sheet["maps"]))]
    numbers = [int(row["number"]) for group in sheet["groups"] for row in group["rows"]]
    assert numbers == list(range(1, 65))


def test_what_has_no_sheet_says_so() -> None:
    with pytest.raises(BadInput, match="planning"):
        routes_of({**plan(), "status": "planning"})
    with pytest.raises(NotFound, match="Z9"):
        routes_of(plan(), "Z9")
    empty = plan(("A1",), 0)
    assert document(empty, ABOUT)["sheets"] == []
    assert document(empty, ABOUT, team="A1", lang="en")["sheets"][0]["maps"] == []


places = st.lists(st.tuples(st.floats(0, 9_000), st.floats(0, 9_000)), min_size=1, max_size=30)


@given(places, st.sampled_from([5_000, 15_000]))
@settings(max_examples=60, deadline=None)
def test_parts_hold_every_stop_once_and_can_be_read(at: list[tuple[float, float]], worst: int) -> None:
    stops, paper = np.array(at), Paper(186, 80, 128)
    legs = [np.array([stops[max(0, n - 1)], stops[n]]) for n in range(len(stops))]
    found = parts(stops, legs, paper, worst)
    assert [n for run in found for n in run] == list(range(len(stops)))
    for run in found:
        box = box_of(stops, legs, run)
        frame = view(box, paper)
        west, south, east, north = frame.box
        assert west <= box[0] <= box[2] <= east
        assert south <= box[1] <= box[3] <= north
        assert frame.scale <= worst or len(run) == 1


@given(st.lists(st.tuples(st.floats(60, 400), st.floats(60, 400)), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_no_mark_covers_another(at: list[tuple[float, float]]) -> None:
    marks = np.array(place(at, 10, Room(744, 700, 12)))
    apart = np.hypot(*(marks[:, None] - marks[None]).transpose(2, 0, 1)) + 99 * np.eye(len(marks))
    assert apart.min() >= 20 - 1e-6
