"""What a monthly report tells: rows and outlines, no words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gis.codes import Level
from gis.disputes.periods import Period
from gis.households.coverage import AreaCoverage
from gis.report.cases import Cases
from gis.report.grades import Steps
from gis.report.progress import RoundProgress, Standing


@dataclass(frozen=True, slots=True)
class Place:
    """The area of the report: its code and its name, with the names of the areas around it, outermost first."""

    code: str
    level: Level
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Visits:
    """Coverage: figures since `since`, and since the first day of the month, as of `data_on`.

    `parts` are the areas one level down (of a cell: itself), `standings` the villages of a county or town, the cells of
    a village, by what was reached since the month began.
    """

    since: date
    data_on: date
    total: AreaCoverage
    in_month: AreaCoverage
    parts: tuple[AreaCoverage, ...]
    rounds: tuple[RoundProgress, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """Cells with their grade of work left, and their outlines (Polygons, EPSG:4490) by code."""

    cells: tuple[AreaCoverage, ...]
    grades: Mapping[str, int | None]
    steps: Steps
    outlines: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """The report of an area in a calendar month, of the figures as they were on `visits.data_on`."""

    place: Place
    month: Period
    visits: Visits
    work: Work
    cases: Cases
