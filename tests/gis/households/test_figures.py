"""Coverage from memory equals coverage from the database, whatever happens in between."""

from __future__ import annotations

import random
from contextlib import closing
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from gis.access.scope import ALL
from gis.codes import Level
from gis.errors import BadInput, NotFound
from gis.households.coverage import coverage
from gis.households.figures import Figures, coverage_table
from gis.households.matrix import NEVER, DayMatrix, number_of
from gis.households.visits import record_visits
from gis.storage.binary import fetch_bytes, fetch_integers
from gis.storage.engine import Store
from gis.storage.mirror import Mirror
from tests.gis.world import COUNTY, SETTINGS, TODAY, build, visit

CUT_OFFS = (0, 1, 30, 90, 500, 799, 3000)


def agree(store: Store, figures: Figures, mirror: Mirror) -> None:
    """Every figure of every level for several cut-offs, from memory and from the database."""
    mirror.refresh()
    with store.read() as conn:
        for days in CUT_OFFS:
            since = TODAY - timedelta(days=days)
            part = figures.county(conn, COUNTY, mirror.stamp(COUNTY), since, TODAY)
            for level in Level:
                expected = coverage(conn, area=None, level=level, since=since, today=TODAY)
                assert coverage_table([part], area=None, level=level, since=since, today=TODAY) == expected


def test_it_follows_every_change(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 4, 2: 3, 3: 2, 4: 1}, units=2)
    figures = Figures()
    codes = [
        f"990101-D{cell:03}-{k:04}-{u:02}"
        for cell, n in ((1, 4), (2, 3), (3, 2), (4, 1))
        for k in range(n)
        for u in (0, 1)
    ]
    changes = [
        "UPDATE everycell.household SET status = 'exempt' WHERE code = :code",
        "UPDATE everycell.household SET status = 'active', interval_days = 10 WHERE code = :code",
        "UPDATE everycell.doorplate SET geom = ST_SetSRID(ST_MakePoint(104.025, 34.515), 4490)"
        " WHERE code = left(:code, 16)",
        "UPDATE everycell.cell SET confirmed_empty_on = '2026-01-01' WHERE code LIKE '%005' AND :code <> ''",
        "DELETE FROM everycell.visit WHERE household = (SELECT id FROM everycell.household WHERE code = :code)",
        "UPDATE everycell.division SET name = name || '!' WHERE level = 'town' AND :code <> ''",
        "UPDATE everycell.cell SET name = name || '!' WHERE code LIKE '%002' AND :code <> ''",
        "DELETE FROM everycell.visit WHERE visited_on > '2026-06-01' AND :code <> ''",
        "DELETE FROM everycell.household h WHERE NOT EXISTS (SELECT FROM everycell.visit v WHERE v.household = h.id)"
        " AND :code <> ''",
    ]  # fmt: skip
    with closing(Mirror(store, ALL.settings())) as mirror:
        follow(store, figures, mirror, codes, changes)


def follow(store: Store, figures: Figures, mirror: Mirror, codes: list[str], changes: list[str]) -> None:
    picked = random.Random(1)
    agree(store, figures, mirror)
    for change in changes:
        with store.begin() as conn:
            visits = [visit(picked.choice(codes), picked.randrange(300), picked.choice(["reached", "no_answer"]))
                      for _ in range(8)]  # fmt: skip
            record_visits(conn, visits, SETTINGS)
        agree(store, figures, mirror)
        with store.begin() as conn:
            conn.execute(text(change), {"code": picked.choice(codes)})
        agree(store, figures, mirror)


def test_an_older_snapshot_does_not_pass_for_a_newer_one(store: Store) -> None:
    """A snapshot taken before a change, used after the mirror has heard of it: the next question reads again."""
    with store.begin() as conn:
        build(conn, {1: 2})
    with closing(Mirror(store, ALL.settings())) as mirror:
        ask_with_an_old_snapshot(store, mirror, Figures())


def ask_with_an_old_snapshot(store: Store, mirror: Mirror, figures: Figures) -> None:
    mirror.refresh()
    with store.read() as old:
        old.execute(text("SELECT 1 FROM everycell.cell")).all()
        with store.begin() as conn:
            record_visits(conn, [visit("990101-D001-0000-00")], SETTINGS)
        mirror.refresh()
        part = figures.county(old, COUNTY, mirror.stamp(COUNTY), TODAY, TODAY)
        assert part.cells.reached.sum() == 0
    with store.read() as conn:
        part = figures.county(conn, COUNTY, mirror.stamp(COUNTY), TODAY, TODAY)
        assert part.cells.reached.sum() == 1


def test_tables_of_an_area(store: Store) -> None:
    with store.begin() as conn:
        build(conn, {1: 2, 2: 1})
    figures = Figures()
    with store.read() as conn:
        parts = [figures.county(conn, COUNTY, 1, TODAY, TODAY)]
        for area, level in (
            ("990101100201002", Level.cell),
            ("990101100", Level.cell),
            ("990101100201", Level.village),
        ):
            expected = coverage(conn, area=area, level=level, since=TODAY, today=TODAY)
            assert coverage_table(parts, area=area, level=level, since=TODAY, today=TODAY) == expected
    with pytest.raises(NotFound, match="110101"):
        coverage_table(parts, area="110101", level=Level.cell, since=TODAY, today=TODAY)
    with pytest.raises(BadInput, match="wider"):
        coverage_table(parts, area="990101100201002", level=Level.town, since=TODAY, today=TODAY)
    empty = coverage_table([], area=None, level=Level.cell, since=TODAY, today=TODAY)
    assert (empty.areas, empty.total.known, empty.total.empty) == ([], 0, "unchecked")


ENTRY = np.dtype([("cell", "i8"), ("kind", "i4"), ("day", "i4"), ("households", "i4")])


def entries(*rows: tuple[int, int, int, int]) -> np.ndarray:  # type: ignore[type-arg]
    return np.array(list(rows), ENTRY)


def test_large_cells_and_old_days() -> None:
    """One cell with more households than 16 bits hold; days before the first row are still known and overdue."""
    old = number_of(TODAY - timedelta(days=4000))
    rows = entries((1, 0, NEVER, 70_000), (1, 1, NEVER, 70_000), (1, 2, old, 70_000), (2, 0, old, 3), (2, 1, old, 3))
    matrix = DayMatrix(np.array([1, 2]), rows, TODAY)
    figures = matrix.figures(TODAY, TODAY)
    assert figures.known.tolist() == [70_000, 3]
    assert figures.never.tolist() == [70_000, 0]
    assert figures.overdue.tolist() == [70_000, 0]
    assert figures.oldest.tolist() == [NEVER, old]
    assert not matrix.covers(date(2000, 1, 1), TODAY)


def test_a_matrix_that_grows_too_large_is_made_anew() -> None:
    matrix = DayMatrix(np.array([1]), entries((1, 0, NEVER, 5)), TODAY)
    assert matrix.replace(np.array([1]), entries((1, 0, NEVER, 6)))
    assert matrix.figures(TODAY, TODAY).known.tolist() == [6]
    assert not matrix.replace(np.array([1]), entries((1, 0, NEVER, 40_000), (1, 0, 9000, 40_000)))
    assert matrix.figures(TODAY, TODAY).known.tolist() == [6]


def test_binary_copies(store: Store) -> None:
    with store.read() as conn:
        assert fetch_bytes(conn, text("SELECT CAST(:x AS bytea)"), {"x": b"\x00ab%:c'"}) == b"\x00ab%:c'"
        assert fetch_bytes(conn, text("SELECT NULL::bytea"), {}) == b""
        assert fetch_bytes(conn, text("SELECT '\\x'::bytea WHERE false"), {}) == b""
        numbers = fetch_integers(
            conn, text("SELECT * FROM (VALUES (1::bigint, -2), (3, 4)) v"), {}, {"a": "i8", "b": "i4"}
        )
        assert numbers.tolist() == [(1, -2), (3, 4)]
        with pytest.raises(ValueError, match="NULL"):
            fetch_integers(conn, text("SELECT NULL::integer"), {}, {"a": "i4"})
