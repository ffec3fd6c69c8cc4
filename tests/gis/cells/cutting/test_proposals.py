"""A proposal as an operation: names, codes and figures; and in a process of its own."""

from __future__ import annotations

import pytest

from gis.cells.cutting.apart import TooLong, propose_apart
from gis.cells.cutting.partition import Range
from gis.cells.cutting.proposals import Ask, as_geojson, propose, title_of
from gis.cells.cutting.village import Village
from gis.cells.editing.operations import Piece, Recut
from gis.errors import BadInput
from tests.gis.cells.cutting.streets import place

CODE = "990101100201"
FIRST, DEDICATED = f"{CODE}001", f"{CODE}002"


def village(*, used: int = 2) -> Village:
    """One general cell, all of the place; a dedicated one elsewhere has the name that the first new cell would get."""
    there = place(11, rows=9, columns=9, doors=900, heaviest=3)
    return Village(
        code=CODE,
        name="柳林村",
        cells={FIRST: there.area},
        names={FIRST: "柳林村第1网格", DEDICATED: "柳林村第3网格"},
        doors=there.doors,
        streets=there.lines,
        used=frozenset(f"{CODE}{number:03}" for number in range(1, used + 1)),
    )


def test_pieces_of_a_cut_have_names_that_nobody_has_and_codes_only_when_they_are_added() -> None:
    found = propose(village(), Ask("cut", Range(300, 400)))
    assert found.operation is not None
    assert (found.operation.cells, found.retired, found.kept) == ((FIRST,), (FIRST,), ())
    names = [piece.name for piece in found.operation.pieces]
    assert names[:3] == ["柳林村第2网格", "柳林村第4网格", "柳林村第5网格"][: len(names)]
    assert {piece.code for piece in found.operation.pieces} == {None}
    assert found.cells[0].code == f"{CODE}003"
    applied = Recut((FIRST,), tuple(Piece(p.polygon, f"{CODE}{n}") for n, p in enumerate(found.operation.pieces, 101)))
    coded = found.coded(applied)
    assert [cell.code for cell in coded.cells] == [piece.code for piece in applied.pieces]
    assert [cell.households for cell in coded.cells] == [cell.households for cell in found.written]


def test_a_cell_that_lives_on_keeps_code_and_name() -> None:
    found = propose(village(), Ask("rebalance", Range(300, 400)))
    assert found.operation is not None
    goes_on, *new = found.operation.pieces
    assert (goes_on.code, goes_on.name) == (FIRST, "")
    assert {piece.code for piece in new} == {None}
    assert not {piece.name for piece in new} & {"", "柳林村第1网格", "柳林村第3网格"}
    assert found.moved is not None
    assert found.moved >= (found.least_moved or 0) > 0


def test_what_a_draft_is_called_is_short_enough() -> None:
    assert title_of("柳林村", Ask("cut", Range(3, 5))) == "重新划分：柳林村（每格 3–5 户）"
    assert len(title_of("村" * 200, Ask("rebalance", Range(100_000, 1_000_000)))) <= 100


def test_why_a_cell_is_out_of_the_range_is_said_in_two_languages() -> None:
    (feature,) = as_geojson(propose(village(), Ask("cut", Range(5_000, 6_000))).cells)["features"]
    why = feature["properties"]["why"]
    assert why["reason"] == "FEW"
    assert f"{why['households']:,} 户" in why["sentence"]["zh"]
    assert f"{why['households']:,} households" in why["sentence"]["en"]


def test_apart_it_is_the_same() -> None:
    ask = Ask("cut", Range(300, 400))
    assert propose_apart(village(), ask, 60) == propose(village(), ask)


def test_apart_it_raises_the_same_and_ends_in_time() -> None:
    with pytest.raises(BadInput, match="has used all its codes"):
        propose_apart(village(used=999), Ask("cut", Range(300, 400)), 60)
    with pytest.raises(TooLong, match=r"0\.05 s"):
        propose_apart(village(), Ask("cut", Range(300, 400)), 0.05)


def test_nothing_is_changed_where_all_are_in_the_range() -> None:
    there = village()
    total = int(there.doors.households.sum())
    found = propose(there, Ask("rebalance", Range(total, total)))
    assert (found.operation, found.written, found.moved) == (None, (), 0)
    (kept,) = found.kept
    assert (kept.code, kept.polygon, kept.households, kept.why) == (FIRST, there.cells[FIRST], total, None)
