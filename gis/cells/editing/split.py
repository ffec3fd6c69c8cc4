"""Cutting a cell in two along a line. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from gis.cells.editing.arrangement import NEW, Faces, Label
from gis.cells.editing.drawing import SNAP, check_line, snapped
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Fix, Issue, IssueCode, Refused
from gis.cells.editing.operations import Operation, Split
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import WIDTH, Outcome


def split(grid: Grid, op: Split) -> Outcome:
    """The outcome of a split: the larger part is the cell, the other one is new. Raises Refused."""
    check_line(op.line, op.cell, lambda line: replace(op, line=line))
    cell = grid.cells[op.cell].polygon
    line = shapely.intersection(snapped(grid, op.line), shapely.buffer(cell, 2 * SNAP))
    drawn = redraw(grid, grid.near(cell, SNAP), [line], _Splitting(grid, op, cell).labels)
    return Outcome(drawn.polygons, (), drawn.outline, parents=(op.cell,))


def _rank(part: shapely.Geometry) -> tuple[float, float, float]:
    """The larger part first; of two that are equal the western, then the southern one."""
    west, south, _, _ = shapely.bounds(part).tolist()
    return -float(shapely.area(part)), west, south


class _Splitting:
    """Labels the faces, and proposes other lines where the one that was drawn does not cut the cell in two."""

    def __init__(self, grid: Grid, op: Split, cell: Polygon) -> None:
        self.grid, self.op, self.cell = grid, op, cell

    def labels(self, faces: Faces) -> list[Label]:
        """Each face to a cell; raises Refused."""
        parts = self._parts(faces)
        if len(parts) < 2:
            raise self._refused("NOT_CUT", "not-cut", self.op.line, self._longer())
        smaller = faces.piece(parts[-1])
        if len(parts) > 2:
            raise self._refused("MULTIPART", "cut-in-many", smaller, self._one_cut(), values={"parts": str(len(parts))})
        if self.grid.measure.thin(smaller):
            raise self._refused("SLIVER", "half-too-thin", smaller, (), values={"width": WIDTH})
        return [NEW if face in parts[-1] else owner for face, owner in enumerate(faces.owner)]

    def _parts(self, faces: Faces) -> list[list[int]]:
        """The faces of the cell in parts, the largest first; strips of rounding belong to the part beside them."""
        own = [face for face, owner in enumerate(faces.owner) if owner == self.op.cell]
        part: list[Label] = [str(face) if face in own else None for face in range(len(faces))]
        for face in sorted(own, key=lambda face: shapely.area(faces.polygons[face])):
            members = [other for other in own if part[other] == part[face]]
            around = list(faces.borders(members, part))
            if len({part[face] for face in own}) > 2 and around and self.grid.measure.thin(faces.piece(members)):
                for member in members:
                    part[member] = around[0]
        parts = [[face for face in own if part[face] == name] for name in dict.fromkeys(part[face] for face in own)]
        return sorted(parts, key=lambda group: _rank(faces.piece(group)))

    def _refused(
        self,
        code: IssueCode,
        reason: str,
        piece: shapely.Geometry,
        ops: Sequence[tuple[str, Operation]],
        values: Mapping[str, str] | None = None,
    ) -> Refused:
        fixes = [Fix(label, (op,)) for label, op in ops]
        return Refused(
            [Issue.measured(self.grid.measure, code, reason, (self.op.cell,), piece, fixes=fixes, values=values)]
        )

    def _longer(self) -> list[tuple[str, Operation]]:
        """The line drawn straight on to the border at each end that lies in the cell."""
        xy = shapely.get_coordinates(self.op.line)
        longer = LineString([*self._onward(xy[1], xy[0]), *xy, *self._onward(xy[-2], xy[-1])])
        return [("extend", Split(self.op.cell, longer, self.op.code))] if longer.is_simple else []

    def _onward(self, before: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
        """Where the line from `before` through `end` first meets the border after its end; nothing outside the cell."""
        if not self.cell.contains(Point(end)) or (before == end).all():
            return []
        west, south, east, north = self.cell.bounds
        far = end + (end - before) / np.hypot(*(end - before)) * np.hypot(east - west, north - south)
        hits = shapely.get_coordinates(shapely.intersection(LineString([end, far]), self.cell.boundary))
        return [hits[np.hypot(*(hits - end).T).argmin()]] if len(hits) else []

    def _one_cut(self) -> list[tuple[str, Operation]]:
        """Each part of the line inside the cell as a cut of its own, the longest first."""
        parts = shapely.get_parts(shapely.intersection(self.op.line, self.cell))
        lines = sorted((p for p in parts if isinstance(p, LineString)), key=lambda line: line.length, reverse=True)
        return [("one-cut", Split(self.op.cell, line, self.op.code)) for line in lines]
