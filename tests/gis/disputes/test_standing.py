"""How the cases of a county stand: parts that are merged, and every state has its stage."""

from __future__ import annotations

import numpy as np

from gis.disputes.disclosure import WITHHELD
from gis.disputes.standing import STAGE_OF, Stage, publish_parts
from gis.disputes.workflow import State


def test_parts_of_a_county() -> None:
    counts = np.array([60, 20, 3, 2, 0, 1], np.int64)
    table = publish_parts(counts, 500, 100)
    assert (table.totals.tolist(), table.parts[0].tolist()) == ([86], [60, 20, WITHHELD, WITHHELD, 0, WITHHELD])
    assert publish_parts(counts, 500, 85).totals.tolist() == [WITHHELD]
    assert set(publish_parts(np.array([0, 4, 0], np.int64), 500, 100).parts[0].tolist()) == {WITHHELD}
    assert set(STAGE_OF) == set(State)
    assert set(STAGE_OF.values()) == set(Stage)
