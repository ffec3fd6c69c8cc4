"""Moving a node of the borders, in every cell that shares it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Point, Polygon

from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.drawing import SNAP
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Fix, Issue, Refused
from gis.cells.editing.operations import MoveNode
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import Outcome, join_strips, no_cells, village_borders
from gis.cells.places import Coordinates, on_grid

_LESS: Final = (0.75, 0.5, 0.25, 0.1)
_NEAR: Final = 1e-3  # degrees, about 100 m: a node farther away is not the one that was meant


def move_node(grid: Grid, op: MoveNode) -> Outcome:
    """The outcome of moving a node; raises Refused. The county's outline stays; what ends on it slides along."""
    at = np.array(op.from_)
    to = _aim(grid, at, np.array(op.to))
    sharing = [code for code in grid.near(Point(at), SNAP) if _is_node(_xy(grid, code), at).any()]
    if not sharing:
        raise Refused([_no_node(grid, op)])
    work = _Moving(grid, op, {code: _moved(grid.cells[code].polygon, at, to) for code in sharing})
    work.check()
    before = [grid.cells[code].polygon for code in sharing]
    codes = {code for polygon in (*before, *work.moved.values()) for code in grid.near(polygon, SNAP)}
    drawn = redraw(grid, codes, [shapely.boundary(polygon) for polygon in work.moved.values()], work.labels)
    return Outcome(drawn.polygons, (), drawn.outline, tuple(work.warnings), shared=len(sharing))


def _aim(grid: Grid, at: Coordinates, to: Coordinates) -> Coordinates:
    """Where the node shall be: on another node or, if it lies on the county's border, on that, where within 0.1 m."""
    near = [_xy(grid, code) for code in grid.near(Point(to), SNAP)]
    nodes = np.concatenate([np.empty((0, 2)), *near])
    nodes = nodes[~_is_node(nodes, at)]
    apart = np.hypot(*(nodes - to).T)
    if len(nodes) and apart.min() <= SNAP:
        nearest: Coordinates = nodes[apart.argmin()]
        return nearest
    border: Any = shapely.boundary(grid.outline)
    if (shapely.distance(border, shapely.points([at, to])) <= SNAP).all():
        to = shapely.get_coordinates(_nearest(border, to))[0]
    return on_grid(to)


def _nearest(border: Any, to: Coordinates) -> Any:
    return shapely.line_interpolate_point(border, shapely.line_locate_point(border, Point(to)))


def _xy(grid: Grid, code: str) -> Coordinates:
    return shapely.get_coordinates(grid.cells[code].polygon)


def _is_node(xy: Coordinates, at: Coordinates) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (on_grid(xy) == on_grid(at)).all(axis=1)
    return found


def _moved(polygon: Polygon, at: Coordinates, to: Coordinates) -> Any:
    there = shapely.transform(polygon, lambda xy: np.where(_is_node(xy, at)[:, None], to, xy))
    return shapely.remove_repeated_points(there)


def _no_node(grid: Grid, op: MoveNode) -> Issue:
    """With the nearest node as a proposal."""
    at = Point(op.from_)
    near = grid.near(at, _NEAR)
    fixes: tuple[Fix, ...] = ()
    if near:
        nodes = np.concatenate([_xy(grid, code) for code in near])
        lon, lat = nodes[np.hypot(*(nodes - op.from_).T).argmin()].tolist()
        fixes = (Fix("nearest-node", (MoveNode((lon, lat), op.to),)),)
    return Issue("UNKNOWN_NODE", "no-node", (), at, fixes=fixes)


class _Moving:
    """Labels the faces by the moved polygons, and proposes other places where they cannot be labelled."""

    def __init__(self, grid: Grid, op: MoveNode, moved: Mapping[str, Any]) -> None:
        self.grid, self.op, self.moved = grid, op, moved
        self.warnings: list[Issue] = []

    def check(self) -> None:
        """Raises Refused where a moved polygon crosses itself."""
        bad = [code for code, polygon in self.moved.items() if not polygon.is_valid or not isinstance(polygon, Polygon)]
        if bad:
            raise Refused(
                [Issue("SELF_INTERSECTION", "crosses-itself", tuple(bad), Point(self.op.to), fixes=self._less())]
            )

    def labels(self, faces: Faces) -> list[Label]:
        """Each face to a cell; raises Refused."""
        claims = faces.claims([self.moved.get(code, self.grid.cells[code].polygon) for code in faces.codes])
        alike: dict[tuple[Label, tuple[str, ...]], list[int]] = {}
        for face, claim in enumerate(claims):
            alike.setdefault((faces.owner[face], tuple(faces.codes[index] for index in claim)), []).append(face)
        labels: list[Label] = [None] * len(faces)
        issues: list[Issue] = []
        for (owner, cells), members in alike.items():
            for group in faces.groups(members):
                label, found = self._label(faces, owner, cells, group)
                issues += found
                for face in group:
                    labels[face] = label
        join_strips(faces, labels)
        issues = issues or no_cells(faces, labels, ", ".join(self.moved))
        if issues:
            raise Refused([self._with_fixes(issue) for issue in issues])
        self.warnings = village_borders(faces, labels, {})
        return labels

    def _label(self, faces: Faces, owner: Label, cells: tuple[str, ...], group: list[int]) -> tuple[Label, list[Issue]]:
        """Whose the faces are that `cells` claim and `owner` has. Strips not claimed by exactly one stay."""
        if owner is None and not cells:
            return None, []
        if owner is not None and len(cells) == 1:
            return cells[0], []
        piece = faces.piece(group)
        if self.grid.measure.thin(piece):
            return owner, []
        if owner is None:
            return None, [Issue.measured(self.grid.measure, "OUTSIDE_COUNTY", "moved-outside", cells, piece)]
        if not cells:
            return owner, [Issue.measured(self.grid.measure, "GAP", "left-over", (owner,), piece)]
        return owner, [Issue.measured(self.grid.measure, "OVERLAP", "moved-over", cells, piece)]

    def _with_fixes(self, issue: Issue) -> Issue:
        return replace(issue, fixes=(*self._along_border(), *self._less()))

    def _less(self) -> tuple[Fix, ...]:
        at, to = np.array(self.op.from_), np.array(self.op.to)
        return tuple(self._to("less-far", at + part * (to - at)) for part in _LESS)

    def _along_border(self) -> tuple[Fix, ...]:
        """The nearest place on the county's border, for a node that lies on it."""
        border: Any = shapely.boundary(self.grid.outline)
        if shapely.distance(border, Point(self.op.from_)) > SNAP:
            return ()
        nearest = _nearest(border, np.array(self.op.to))
        return (self._to("along-border", shapely.get_coordinates(nearest)[0]),)

    def _to(self, label: str, to: NDArray[np.float64]) -> Fix:
        lon, lat = on_grid(to).tolist()
        return Fix(label, (MoveNode(self.op.from_, (lon, lat)),))
