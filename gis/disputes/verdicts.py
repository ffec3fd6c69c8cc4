"""What is said of a cell. Apart from what finds it out (`gis.disputes.hotspots`): that loads much of SciPy."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """What is said of a cell with its neighbours."""

    hot = "hot"
    as_expected = "as_expected"
    too_few = "too_few"
    no_households = "no_households"


class Course(StrEnum):
    """What became of a hot spot from one period to the next."""

    new = "new"
    lasting = "lasting"
    fading = "fading"
    none = "none"
