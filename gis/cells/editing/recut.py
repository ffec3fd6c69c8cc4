"""Cells of a village drawn anew, all at once: what a cut or a rebalance proposes, done to the grid. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import shapely
from shapely import Polygon

from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.drawing import SNAP, check_polygon
from gis.cells.editing.grid import Grid
from gis.cells.editing.issues import Issue, IssueCode, Refused
from gis.cells.editing.operations import Operation, Recut
from gis.cells.editing.redraw import redraw
from gis.cells.editing.settling import WIDTH, Outcome, join_strips, no_cells
from gis.cells.places import rounded


@dataclass(frozen=True, slots=True)
class Recutting:
    """The outcome of a recut. Pieces without a code are called by `label_of`; `lineage` has the pairs (parent, child)
    of cells that end or begin, whose land the one had and the other has."""

    outcome: Outcome
    lineage: frozenset[tuple[str, str]]


def label_of(op: Recut, index: int) -> str:
    """What a piece is called until it has a code."""
    return op.pieces[index].code or f"#{index + 1}"


def recut(grid: Grid, op: Recut) -> Recutting:
    """The outcome of drawing cells anew; raises Refused where the pieces do not tile their land."""
    _refuse_strangers(grid, op)
    for index, piece in enumerate(op.pieces):
        check_polygon(piece.polygon, _redo(op, index))
    polygons = [rounded(piece.polygon) for piece in op.pieces]
    work = _Recutting(grid, op, polygons)
    meant = [*polygons, *(grid.cells[code].polygon for code in op.cells)]
    codes = {code for shape in meant for code in grid.near(shape, SNAP)}
    drawn = redraw(grid, codes, [shapely.boundary(polygon) for polygon in polygons], work.labels)
    return Recutting(Outcome(drawn.polygons, drawn.gone, drawn.outline), frozenset(work.lineage()))


def _redo(op: Recut, index: int) -> Callable[[Polygon], Operation]:
    def with_polygon(polygon: Polygon) -> Operation:
        pieces = list(op.pieces)
        pieces[index] = replace(pieces[index], polygon=polygon)
        return replace(op, pieces=tuple(pieces))

    return with_polygon


def _refuse_strangers(grid: Grid, op: Recut) -> None:
    """Raises Refused where the cells are not all of one village."""
    first, *others = [grid.cells[code] for code in op.cells]
    issues = [
        Issue.measured(grid.measure, "OTHER_VILLAGE", "other-village", (o.code,), o.polygon, values={"by": first.code})
        for o in others
        if o.village != first.village
    ]
    if issues:
        raise Refused(issues)


class _Recutting:
    """Labels the faces of the cells by the pieces that hold them."""

    def __init__(self, grid: Grid, op: Recut, polygons: Sequence[Polygon]) -> None:
        self.grid, self.op, self.polygons = grid, op, polygons
        self.pairs: set[tuple[str, str]] = set()

    def labels(self, faces: Faces) -> list[Label]:
        """Each face to a cell or piece; raises Refused."""
        claims = faces.claims(self.polygons)
        own = [owner in self.op.cells for owner in faces.owner]
        labels: list[Label] = list(faces.owner)
        for face in (face for face, mine in enumerate(own) if mine):
            labels[face] = label_of(self.op, claims[face][0]) if claims[face] else None
        issues = self._claimed_twice(faces, claims, own) + self._beyond(faces, claims, own)
        left = [face for face, mine in enumerate(own) if mine and labels[face] is None]
        issues += self._left_over(faces, labels, left)
        join_strips(faces, labels)
        issues = issues or list(self._no_cells(faces, labels))
        if issues:
            raise Refused(issues)
        self.pairs = self._passed_on(faces, labels, own)
        return labels

    def lineage(self) -> Iterator[tuple[str, str]]:
        """The pairs where the parent ends or the child begins."""
        there = {child for _, child in self.pairs}
        for parent, child in self.pairs:
            if parent not in there or child not in self.op.cells:
                yield parent, child

    def _passed_on(self, faces: Faces, labels: list[Label], own: list[bool]) -> set[tuple[str, str]]:
        """The pairs of a cell and who has land of it, strips of rounding aside."""
        between: dict[tuple[str, str], list[int]] = {}
        for face in (face for face, mine in enumerate(own) if mine):
            between.setdefault((str(faces.owner[face]), str(labels[face])), []).append(face)
        return {pair for pair, group in between.items() if not self.grid.measure.thin(faces.piece(group))}

    def _claimed_twice(self, faces: Faces, claims: list[list[int]], own: list[bool]) -> list[Issue]:
        """Pieces that overlap by more than a strip of rounding."""
        twice = [face for face, mine in enumerate(own) if mine and len(claims[face]) > 1]
        return self._thick(faces, twice, "OVERLAP", "pieces-overlap")

    def _beyond(self, faces: Faces, claims: list[list[int]], own: list[bool]) -> list[Issue]:
        """Pieces that take land of other cells, or leave the county, by more than a strip."""
        taken = [face for face, mine in enumerate(own) if claims[face] and not mine and faces.owner[face] is not None]
        outside = [face for face, mine in enumerate(own) if claims[face] and not mine and faces.owner[face] is None]
        found = self._thick(faces, taken, "OVERLAP", "pieces-beyond")
        return found + self._thick(faces, outside, "OUTSIDE_COUNTY", "outside")

    def _left_over(self, faces: Faces, labels: list[Label], left: list[int]) -> list[Issue]:
        """Land that no piece takes; strips of rounding go to the piece with the longest common border."""
        issues: list[Issue] = []
        for group in faces.groups(left):
            around = [label for label in faces.borders(group, labels) if label in self._names()]
            if around and self.grid.measure.thin(faces.piece(group)):
                for face in group:
                    labels[face] = around[0]
            else:
                issues.append(self._issue("GAP", "left-over", faces.piece(group)))
        return issues

    def _no_cells(self, faces: Faces, labels: list[Label]) -> Iterator[Issue]:
        for index, polygon in enumerate(self.polygons):
            if label_of(self.op, index) not in labels:
                yield Issue.measured(self.grid.measure, "SLIVER", "new-too-thin", (), polygon, values={"width": WIDTH})
        ended = set(self.op.cells) - self._names()
        yield from (
            issue for issue in no_cells(faces, labels, "") if issue.reason != "vanishes" or issue.cells[0] not in ended
        )

    def _names(self) -> set[str]:
        return {label_of(self.op, index) for index in range(len(self.polygons))}

    def _thick(self, faces: Faces, found: list[int], code: IssueCode, reason: str) -> list[Issue]:
        pieces = [faces.piece(group) for group in faces.groups(found)]
        return [self._issue(code, reason, piece) for piece in pieces if not self.grid.measure.thin(piece)]

    def _issue(self, code: IssueCode, reason: str, piece: shapely.Geometry) -> Issue:
        return Issue.measured(self.grid.measure, code, reason, self.op.cells, piece)
