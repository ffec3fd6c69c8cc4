"""How the cases of a county stand: parts that are merged, and every state has its stage."""

from __future__ import annotations

import numpy as np

from gis.disputes.disclosure import WITHHELD
from gis.disputes.standing import STAGE_OF, Stage, publish_revisits, publish_stages
from gis.disputes.workflow import State


def test_stages_of_a_month() -> None:
    counts = np.array([60, 20, 3, 2, 0, 1], np.int64)
    table = publish_stages(counts, 500, 86, 0)
    assert (table.totals.tolist(), table.parts[0].tolist()) == ([86], [60, 20, WITHHELD, WITHHELD, 0, WITHHELD])
    assert publish_stages(counts, 500, 86, 1).parts[0, 0] == 60
    for registered, pressed in ((85, 0), (WITHHELD, 0), (86, 2)):
        table = publish_stages(counts, 500, registered, pressed)
        assert (table.totals.tolist(), set(table.parts[0].tolist())) == ([WITHHELD], {WITHHELD})
    assert set(publish_stages(np.array([0, 4, 0], np.int64), 500, 4, 0).parts[0].tolist()) == {WITHHELD}


def test_of_three_small_ones_each_may_be_four() -> None:
    """1, 1 and 3 are 5 together: alone, and none of them 0, none could be more than 3."""
    table = publish_stages(np.array([60, 20, 1, 1, 0, 3], np.int64), 500, 85, 0)
    assert table.parts[0].tolist() == [WITHHELD, WITHHELD, WITHHELD, WITHHELD, 0, WITHHELD]


def test_revisits_are_of_cases_that_are_known() -> None:
    counts = np.array([20, 10, 0, 10], np.int64)
    assert publish_revisits(counts, 500, 50, 10).parts[0].tolist() == counts.tolist()
    assert publish_revisits(counts, 500, 44, 0).parts[0].tolist() == counts.tolist()
    for told, overdue in ((49, 10), (43, 0)):
        assert publish_revisits(counts, 500, told, overdue).totals.tolist() == [WITHHELD]
    assert set(STAGE_OF) == set(State)
    assert set(STAGE_OF.values()) == set(Stage)
