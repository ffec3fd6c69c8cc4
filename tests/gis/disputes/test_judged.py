"""What became of hot cells from one published period to the next; villages, where no cells are counted yet."""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pytest
import shapely
from sqlalchemy import text

from gis.access.scope import ALL
from gis.codes import Level
from gis.disputes.judged import Judged, bordering, judge
from gis.disputes.kept import Kept
from gis.disputes.periods import period_of
from gis.disputes.publication import publish_due
from gis.disputes.verdicts import Course, Verdict
from gis.errors import NotFound
from gis.settings import Settings
from gis.storage.engine import Store
from tests.api.test_heat import HOT, fill
from tests.conftest import Filled
from tests.gis.disputes.counting import CELLS, COUNTY, VILLAGES

TODAY: Final = date(2026, 1, 5)
COOLED: Final = CELLS[9]
# What was recorded in the hot cell in summer was recorded in another one.
MOVE: Final = f"""UPDATE everycell.dispute d SET cell = s.cell, snap = s.id FROM everycell.snap_point s
    WHERE s.cell = '{COOLED}' AND s.ended_at IS NULL AND d.cell = '{HOT}' AND d.category = 'neighbours'
        AND d.counted_on BETWEEN '2025-07-01' AND '2025-09-30'"""


def told(store: Store, period: str | None, settings: Settings) -> Judged:
    wanted = None if period is None else period_of(period)
    with store.read(ALL.settings()) as conn:
        return judge(conn, Kept(10**7), [COUNTY], wanted, None, ("",), settings=settings, today=TODAY)


def test_new_fading_and_lasting(filled: Filled) -> None:
    with filled.copy("heated", fill) as (made, _):
        settings = made.settings.model_copy(update={"dispute_periods": "quarter,quarter,quarter,quarter"})
        store = Store(made.engine, settings)
        with store.begin(ALL.settings()) as conn:
            assert conn.execute(text(MOVE)).rowcount > 50
        publish_due(store, TODAY)
        autumn, summer, spring = (told(store, period, settings) for period in (None, "2025Q3", "2025Q2"))
    assert [str(one.period) for one in (autumn, summer, spring)] == ["2025Q4", "2025Q3", "2025Q2"]
    assert str(autumn.before) == "2025Q3"
    by_code = [{spot.code: spot for spot in one.spots} for one in (autumn, summer, spring)]
    assert [one[HOT].verdict for one in by_code] == [Verdict.hot, Verdict.as_expected, Verdict.hot]
    assert [one[HOT].course for one in by_code] == [Course.new, Course.fading, Course.lasting]
    assert [one[COOLED].course for one in by_code] == [Course.fading, Course.new, Course.none]
    first = by_code[0][CELLS[0]]
    assert (first.verdict, first.course) == (Verdict.hot, Course.lasting)


def test_villages_answer_where_no_cells_are_counted_yet(filled: Filled) -> None:
    with filled.copy("heated", fill) as (made, _):
        settings = made.settings.model_copy(update={"dispute_periods": "quarter,quarter,quarter,year"})
        store = Store(made.engine, settings)
        publish_due(store, date(2025, 10, 2))
        found = told(store, None, settings)
        with pytest.raises(
            NotFound, match=r"^period: no figures of cells or villages are published of 2024Q4; there are"
        ):
            told(store, "2024Q4", settings)
    assert (found.level, str(found.period), str(found.before)) == (Level.village, "2025Q3", "2025Q2")
    spots = {spot.code: spot for spot in found.spots}
    assert list(spots) == list(VILLAGES)
    assert spots[VILLAGES[1]].verdict is Verdict.hot
    assert spots[VILLAGES[1]].number is not None
    assert shapely.area(spots[VILLAGES[1]].shape) == pytest.approx(3e-4)


def test_a_border_in_common_is_more_than_a_corner() -> None:
    box = shapely.box
    # The fourth touches the second along a part of a side, without its nodes; the third touches a corner of the first.
    shapes = np.array([box(0, 0, 1, 1), box(1, 0, 2, 1), box(1, 1, 2, 2), box(2, 0.2, 3, 0.7), box(9, 9, 10, 10)])
    assert bordering(shapes).tolist() == [[0, 1], [1, 2], [1, 3]]
    assert bordering(shapes[:0]).shape == (0, 2)
    two = np.array([shapely.MultiPolygon([shapes[0], shapes[4]]), shapes[1]], dtype=object)
    assert bordering(two).tolist() == [[0, 1]]
