"""The grade of a cell: how much work is left in it, in four steps. Pure.

A grade tells what is to be done: the share of a cell's households whose visit is overdue. It tells nothing of who lives
there, and nothing of cases: how many of those are past their date is not published of cells (decision 27).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from gis.households.coverage import AreaCoverage

GRADES: Final = (1, 2, 3, 4)  # from little work left to much
Steps = tuple[float, float, float]  # percent of households overdue from which grades 2, 3 and 4 are given


def grade_of(cell: AreaCoverage, steps: Steps) -> int | None:
    """1 to 4; None for a cell without households, which has no share of them."""
    if not cell.known:
        return None
    percent = 100.0 * cell.overdue / cell.known
    return 1 + sum(percent >= step for step in steps)


def number_by_grade(grades: Iterable[int | None]) -> dict[int | None, int]:
    """How many cells have each grade, None for those without; every grade is there."""
    counted = Counter(grades)
    return {grade: counted[grade] for grade in (*GRADES, None)}


def most_left_first(cells: Sequence[AreaCoverage]) -> list[AreaCoverage]:
    """Cells with overdue households, the largest share first, then the most households, then by code."""
    left = [cell for cell in cells if cell.overdue]
    return sorted(left, key=lambda cell: (-cell.overdue / cell.known, -cell.overdue, cell.code))
