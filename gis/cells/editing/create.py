"""A new cell: beside the county, whose outline grows, or cut out of the cells it lies in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import shapely
from shapely import Polygon

from gis.cells.editing.arrangement import NEW, Faces, Label
from gis.cells.editing.drawing import check_polygon, parts_of, snapped
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Fix, Issue, IssueCode, Refused
from gis.cells.editing.operations import Create
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import WIDTH, Outcome, join_strips, keep_strips, no_cells, village_borders

# Degrees, about 1 m: nobody leaves a gap so narrow between the county and new land on purpose.
_GAP: Final = 1e-5


def create(grid: Grid, op: Create) -> Outcome:
    """The outcome of a new cell; raises Refused.

    What lies outside the county is added to it. Inside, only a dedicated cell can be cut out, of general ones.
    """
    check_polygon(op.polygon, lambda polygon: replace(op, polygon=polygon))
    work = _Creating(grid, op, snapped(grid, op.polygon))
    codes = grid.near(work.polygon, _GAP)
    if not codes:
        larger = shapely.union(grid.outline, work.polygon)
        return Outcome({NEW: work.polygon}, (), larger, (_far(grid, work.polygon),))
    drawn = redraw(grid, codes, [shapely.boundary(work.polygon)], work.labels)
    outline: shapely.Geometry | None = drawn.outline
    if not work.parents:
        work.refuse_open_gap(drawn.polygons, codes)
        outline = shapely.union(grid.outline if outline is None else outline, drawn.polygons[NEW])
    return Outcome(drawn.polygons, (), outline, tuple(work.warnings), work.parents)


def _far(grid: Grid, polygon: Polygon) -> Issue:
    return Issue.measured(grid.measure, "NOT_ADJACENT", "far-from-county", (), polygon, severity="warning")


class _Creating:
    """Labels the faces, and proposes other polygons where they cannot be labelled."""

    def __init__(self, grid: Grid, op: Create, polygon: Polygon) -> None:
        self.grid, self.op, self.polygon = grid, op, polygon
        self.warnings: list[Issue] = []
        self.parents: tuple[str, ...] = ()

    def labels(self, faces: Faces) -> list[Label]:
        """Each face to a cell; raises Refused."""
        inside = faces.inside(self.polygon)
        labels: list[Label] = [NEW if within else owner for within, owner in zip(inside, faces.owner, strict=True)]
        self.warnings = keep_strips(faces, labels)
        self.parents = tuple(sorted({str(o) for o, label in self._changed(faces, labels) if o is not None}))
        issues = self._covers(faces, labels) if self.parents else self._closed_gaps(faces, labels)
        join_strips(faces, labels)
        issues = issues or [self._with_fixes(issue) for issue in self._no_cells(faces, labels)]
        if issues:
            raise Refused(issues)
        self.warnings += village_borders(faces, labels, {NEW: self.op.village})
        if not self.parents and not faces.borders((f for f, label in enumerate(labels) if label == NEW), labels):
            self.warnings.append(_far(self.grid, self.polygon))
        return labels

    def _covers(self, faces: Faces, labels: list[Label]) -> list[Issue]:
        """What the new cell may not take: anything if it is general, dedicated cells, land outside."""
        general = self.op.kind == "general"
        covered = [code for code in self.parents if general or self.grid.cells[code].kind == "dedicated"]
        rest = shapely.difference(self.polygon, shapely.union_all([self.grid.cells[code].polygon for code in covered]))
        fixes = self._redo("only-outside" if general else "leave-out", rest)
        fixes += (Fix("cut-out", (replace(self.op, kind="dedicated"),)),) if general else ()
        issues = []
        for code in covered:
            taken = [f for f, label in enumerate(labels) if label == NEW and faces.owner[f] == code]
            issues.append(self._issue("OVERLAP", "covers", (code,), faces.piece(taken), fixes))
        beyond = [face for face, label in enumerate(labels) if label == NEW and faces.owner[face] is None]
        if beyond and not issues:
            fixes = self._redo("cut-at-county", shapely.intersection(self.polygon, self.grid.outline))
            issues.append(self._issue("OUTSIDE_COUNTY", "outside", (), faces.piece(beyond), fixes))
        return issues

    def _closed_gaps(self, faces: Faces, labels: list[Label]) -> list[Issue]:
        """Land between the new cell and the county that nobody has; strips of rounding go to the new cell."""
        holes = [Polygon(hole) for part in parts_of(self.grid.outline) for hole in part.interiors]
        issues = []
        for face, label in enumerate(labels):
            beside = NEW in (labels[other] for other in faces.beside[face])
            if label is not None or not beside or self.grid.near(faces.inner[face]):
                continue
            if shapely.intersects(holes, faces.inner[face]).any():
                continue  # it was no land of the county before
            if self.grid.measure.thin(faces.polygons[face]):
                labels[face] = NEW
            else:
                issues.append(self._gap(faces.polygons[face]))
        return issues

    def refuse_open_gap(self, polygons: dict[str, Polygon], codes: Sequence[str]) -> None:
        """Raises Refused where a gap narrower than 1 m, open at an end, is left between the new cell and the county."""
        new = polygons[NEW]
        others = [polygons.get(code, self.grid.cells[code].polygon) for code in codes]
        edges = shapely.coverage_invalid_edges([new, *others], gap_width=_GAP)[0]
        if edges.is_empty:
            return
        county = shapely.union_all(others)
        between = shapely.intersection(shapely.buffer(new, _GAP), shapely.buffer(county, _GAP))
        gaps = parts_of(shapely.difference(shapely.difference(between, new), county))
        raise Refused([self._gap(gap) for gap in gaps if gap.intersects(edges)])

    def _gap(self, piece: Polygon) -> Issue:
        return self._issue("GAP", "left-over", (), piece, self._redo("close-gap", shapely.union(self.polygon, piece)))

    def _no_cells(self, faces: Faces, labels: list[Label]) -> list[Issue]:
        if NEW in labels:
            return no_cells(faces, labels, "")
        return [self._issue("SLIVER", "new-too-thin", (), self.polygon, values={"width": WIDTH})]

    def _with_fixes(self, issue: Issue) -> Issue:
        """What would help a cell that would vanish or fall apart."""
        match issue.code, issue.cells:
            case "MULTIPART", (code,) if code:
                return replace(issue, fixes=self._redo("take-rest", shapely.union(self.polygon, issue.piece)))
            case "OVERLAP" | "SLIVER", (code,) if code:
                rest = shapely.difference(self.polygon, self.grid.cells[code].polygon)
                reason = "vanishes-new" if issue.reason == "vanishes" else issue.reason
                return replace(issue, reason=reason, fixes=self._redo("leave-out", rest))
        return issue

    def _changed(self, faces: Faces, labels: list[Label]) -> list[tuple[Label, Label]]:
        return [(owner, label) for owner, label in zip(faces.owner, labels, strict=True) if owner != label]

    def _issue(
        self,
        code: IssueCode,
        reason: str,
        cells: Sequence[str],
        piece: shapely.Geometry,
        fixes: Sequence[Fix] = (),
        values: Mapping[str, str] | None = None,
    ) -> Issue:
        return Issue.measured(self.grid.measure, code, reason, cells, piece, fixes=fixes, values=values)

    def _redo(self, label: str, polygon: shapely.Geometry) -> tuple[Fix, ...]:
        parts = parts_of(polygon)
        return (Fix(label, (replace(self.op, polygon=parts[0]),)),) if parts else ()
