"""What is wrong with an edit: a stable code, the offending piece, a sentence in two languages, and what would help.

`Fault` (gis/cells/topology.py) is what an import finds in a file; an issue is what an operation would do to the grid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import shapely

from gis.cells.editing.operations import Operation, as_json
from gis.cells.editing.sentences import FIXES, REASONS, Language, say
from gis.cells.measure import Measure
from gis.errors import EverycellError
from gis.sentence import Sentence

IssueCode = Literal[
    "GAP",
    "OVERLAP",
    "OUTSIDE_COUNTY",
    "OUTSIDE_AREA",
    "MULTIPART",
    "SELF_INTERSECTION",
    "INVALID_RING",
    "SLIVER",
    "STALE",
    "SCHEDULED",
    "ORPHAN_HOUSEHOLD",
    "ORPHAN_SITE",
    "NOT_ADJACENT",
    "OTHER_VILLAGE",
    "NOT_CUT",
    "UNKNOWN_CELL",
    "UNKNOWN_NODE",
    "CODE_TAKEN",
]
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fix:
    """A proposal, never applied by itself: what it would do (`label`, a stable word) and the operations that do it."""

    label: str
    operations: tuple[Operation, ...]

    def as_json(self) -> dict[str, Any]:
        """Label, sentences and operations."""
        told = {"en": say(FIXES, self.label, {}, "en"), "zh": say(FIXES, self.label, {}, "zh")}
        return {"label": self.label, "sentence": told, "ops": [as_json(op) for op in self.operations]}


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong. `piece` (EPSG:4490) is empty where it has no place; `reason` says more than `code`.

    `values` are what the sentence of the reason needs beside cells, area and place.
    """

    code: IssueCode
    reason: str
    cells: tuple[str, ...]
    piece: shapely.Geometry
    area_m2: float = 0.0
    severity: Severity = "error"
    values: Mapping[str, str] = field(default_factory=dict)
    fixes: tuple[Fix, ...] = ()

    @classmethod
    def measured(
        cls,
        measure: Measure,
        code: IssueCode,
        reason: str,
        cells: Sequence[str],
        piece: shapely.Geometry,
        *,
        severity: Severity = "error",
        fixes: Sequence[Fix] = (),
        values: Mapping[str, str] | None = None,
    ) -> Issue:
        """An issue with the area of its piece."""
        return cls(code, reason, tuple(cells), piece, measure.area_m2(piece), severity, values or {}, tuple(fixes))

    def sentence(self, language: Language = "en") -> str:
        """What is wrong where, for a person."""
        values = {"cells": ", ".join(self.cells), "area": f"{self.area_m2:,.1f}", "at": self._at(), **self.values}
        return f"{self.code}: {say(REASONS, self.reason, values, language)}"

    def _at(self) -> str:
        if shapely.is_empty(self.piece):
            return "?"
        at = shapely.point_on_surface(self.piece)
        return f"{at.x:.6f} {at.y:.6f}"

    def geojson(self) -> dict[str, Any]:
        """The issue as a GeoJSON feature (CRS84); the geometry is null where it has no place."""
        return {
            "type": "Feature",
            "geometry": None if shapely.is_empty(self.piece) else json.loads(shapely.to_geojson(self.piece)),
            "properties": {
                "code": self.code,
                "reason": self.reason,
                "severity": self.severity,
                "cells": list(self.cells),
                "area_m2": round(self.area_m2, 2),
                "values": dict(self.values),
                "sentence": {"en": self.sentence("en"), "zh": self.sentence("zh")},
                "fixes": [fix.as_json() for fix in self.fixes],
            },
        }


class Refused(EverycellError):
    """An operation that cannot be done; nothing was changed. `issues` holds at least one error."""

    code = "refused"

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = tuple(issues)
        super().__init__(Sentence("{text}", text=self.told("en")))

    def told(self, language: Language) -> str:
        """What is wrong, for a person."""
        return ("；" if language == "zh" else "; ").join(issue.sentence(language) for issue in self.issues)
