"""Another polygon for a cell: what it gains comes from its neighbours, what it gives up goes to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import shapely
from shapely import Polygon

from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.drawing import SNAP, check_polygon, parts_of, snapped
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.operations import Create, Merge, Reshape
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import Outcome, join_strips, keep_strips, no_cells, village_borders


def reshape(grid: Grid, op: Reshape) -> Outcome:
    """The outcome of a reshape; raises Refused."""
    check_polygon(op.polygon, lambda polygon: Reshape(op.cell, polygon))
    work = _Reshaping(grid, op, snapped(grid, op.polygon))
    old = grid.cells[op.cell].polygon
    codes = {*grid.near(work.polygon, SNAP), *grid.near(old, SNAP)}
    drawn = redraw(grid, codes, [shapely.boundary(work.polygon)], work.labels)
    return Outcome(drawn.polygons, (), drawn.outline, tuple(work.warnings))


class _Reshaping:
    """Labels the faces, and proposes other reshapes where they cannot be labelled."""

    def __init__(self, grid: Grid, op: Reshape, polygon: Polygon) -> None:
        self.grid, self.cell, self.op, self.polygon = grid, op.cell, op, polygon
        self.warnings: list[Issue] = []

    def labels(self, faces: Faces) -> list[Label]:
        """Each face to a cell; raises Refused."""
        inside = faces.inside(self.polygon)
        labels: list[Label] = [
            self.cell if within else owner for within, owner in zip(inside, faces.owner, strict=True)
        ]
        given = [f for f, owner in enumerate(faces.owner) if owner == self.cell and not inside[f]]
        for face in given:
            labels[face] = None
        self.warnings = keep_strips(faces, labels)
        issues = self._outside(faces, labels) + self._nothing_kept(faces, labels)
        issues += self._give(faces, labels, [face for face in given if labels[face] is None])
        join_strips(faces, labels)
        if not issues:
            issues = [self._with_fixes(faces, issue) for issue in no_cells(faces, labels, self.cell)]
        if issues:
            raise Refused(issues)
        self.warnings += village_borders(faces, labels, {})
        return labels

    def _outside(self, faces: Faces, labels: list[Label]) -> list[Issue]:
        beyond = [face for face, label in enumerate(labels) if label is not None and faces.owner[face] is None]
        if not beyond:
            return []
        fixes = self._redo("cut-at-county", shapely.intersection(self.polygon, self.grid.outline))
        cells, piece = (self.cell,), faces.piece(beyond)
        return [Issue.measured(self.grid.measure, "OUTSIDE_COUNTY", "outside", cells, piece, fixes=fixes)]

    def _nothing_kept(self, faces: Faces, labels: list[Label]) -> list[Issue]:
        if any(owner == label == self.cell for owner, label in zip(faces.owner, labels, strict=True)):
            return []
        return [Issue.measured(self.grid.measure, "NOT_ADJACENT", "nothing-kept", (self.cell,), self.polygon)]

    def _give(self, faces: Faces, labels: list[Label], given: Iterable[int]) -> list[Issue]:
        """Each piece that the cell gives up to the neighbour with the longest common border."""
        issues = []
        for group in faces.groups(given):
            around = [label for label in faces.borders(group, labels) if label != self.cell]
            for face in group:
                labels[face] = around[0] if around else self.cell
            if not around:
                issues.append(self._left_over(faces.piece(group)))
        return issues

    def _left_over(self, piece: shapely.Geometry) -> Issue:
        village = self.grid.cells[self.cell].village
        fixes = self._redo("keep-piece", shapely.union(self.polygon, piece))
        if isinstance(piece, Polygon):
            fixes += (Fix("own-cell", (Create(piece, village, kind="dedicated"),)),)
        return Issue.measured(self.grid.measure, "GAP", "left-over", (self.cell,), piece, fixes=fixes)

    def _with_fixes(self, faces: Faces, issue: Issue) -> Issue:
        """What would help a cell that would vanish or fall apart."""
        (other,) = issue.cells
        if other == self.cell:
            return replace(issue, fixes=self._redo("largest-part", shapely.difference(self.polygon, issue.piece)))
        whole = self.grid.cells[other].polygon
        if issue.code == "MULTIPART":
            fixes = self._redo("take-rest", shapely.union(self.polygon, issue.piece))
            return replace(issue, fixes=fixes + self._redo("leave-neighbour", shapely.difference(self.polygon, whole)))
        fixes = self._redo("leave-out", shapely.difference(self.polygon, whole))
        return replace(issue, fixes=(*fixes, Fix("merge", (Merge((self.cell, other), self.cell),))))

    def _redo(self, label: str, polygon: shapely.Geometry) -> tuple[Fix, ...]:
        parts = parts_of(polygon)
        return (Fix(label, (Reshape(self.cell, parts[0]),)),) if parts else ()
