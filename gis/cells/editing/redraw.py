"""From faces with labels back to polygons: cells whose borders come out unchanged are not touched at all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gis.cells.edges import edge_number, edges_of
from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.grid import Grid
from gis.cells.editing.outline import lies_on, with_chains, with_twins
from gis.cells.editing.tidy import Tidying, lies_between
from gis.cells.places import Coordinates, Numbers, Places
from gis.errors import BrokenCoverage
from gis.sentence import Sentence

Inserts = dict[tuple[int, int], Coordinates]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """What an edit draws anew: the polygons that changed, by label, and the cells that have no face any more.

    `outline` is the county's where nodes were put on it (of the same area), else None.
    """

    polygons: dict[str, Polygon]
    gone: tuple[str, ...]
    outline: shapely.Geometry | None


def redraw(
    grid: Grid,
    codes: Iterable[str],
    lines: Sequence[shapely.Geometry],
    decide: Callable[[Faces], Sequence[Label]],
) -> Redrawn:
    """Lay `lines` over the cells `codes`, let `decide` label the faces, and draw the cells anew.

    `codes` are all cells that the lines meet, and more where more are labelled. `decide` gives each label one group of
    faces that hangs together, or raises. Raises BrokenCoverage where what comes out is no valid coverage.
    """
    faces = Faces(grid, codes, lines)
    return _Drawing(faces, decide(faces)).finished()


class _Drawing:
    """The rings of the labels as places, beside the edges that were there before."""

    def __init__(self, faces: Faces, labels: Sequence[Label]) -> None:
        self.faces, self.grid = faces, faces.grid
        whole = {label: faces.piece(_only(label, groups)) for label, groups in faces.united(labels).items()}
        self.labels, drawn = list(whole), np.array(list(whole.values()), dtype=object)
        old_xy, line_xy = shapely.get_coordinates(faces.shapes), shapely.get_coordinates(faces.lines)
        self.places = Places(np.concatenate([old_xy, line_xy, shapely.get_coordinates(drawn)]))
        self.places.keep_exact(old_xy)
        self.is_old = self._marked(old_xy)
        self.old = edges_of(self.places, faces.shapes)
        self._set_rings(drawn, self._marked(line_xy))

    def _marked(self, xy: Coordinates) -> NDArray[np.bool_]:
        found = np.zeros(len(self.places), dtype=np.bool_)
        found[self.places.of(xy)] = True
        return found

    def _set_rings(self, drawn: NDArray[np.object_], is_line: NDArray[np.bool_]) -> None:
        """Rings without their closing place, shell first; the polygon of each; its edges, and how often each is one."""
        edges = edges_of(self.places, drawn)
        starts = np.flatnonzero(np.diff(edges.ring, prepend=-1))
        self.ring_polygon: Numbers = edges.polygon[starts]
        tidying = Tidying(self.places, self.is_old, is_line, set(self.old.edge.tolist()))
        self.rings = tidying.tidy(np.split(edges.tail, starts[1:]))
        self.ring_edges = [edge_number(self.places, ring, np.roll(ring, -1)) for ring in self.rings]
        number, count = np.unique(np.concatenate(self.ring_edges), return_counts=True)
        self.count: dict[int, int] = dict(zip(number.tolist(), count.tolist(), strict=True))

    def _lost(self) -> list[tuple[int, int]]:
        """The outer edges of the old cells that are no edges any more."""
        number, count = np.unique(self.old.edge, return_counts=True)
        outer = number[count == 1]
        lost = outer[~np.isin(outer, np.fromiter(self.count, np.int64, len(self.count)))]
        return [divmod(edge, len(self.places)) for edge in lost.tolist()]

    def finished(self) -> Redrawn:
        """Polygons and outline; raises BrokenCoverage."""
        inserts, chains = self._on_outline()
        polygons = {
            label: self._polygon(index, inserts) for index, label in enumerate(self.labels) if self._differs(index)
        }
        gone = tuple(code for code in self.faces.codes if code not in self.labels)
        self._check(polygons)
        outline = with_chains(self.grid.outline, chains) if chains else self.grid.outline
        return Redrawn(polygons, gone, None if outline is self.grid.outline else outline)

    # ---- the outline

    def _on_outline(self) -> tuple[Inserts, list[tuple[Coordinates, bool]]]:
        """Nodes to insert into edges of the rings, and the chains of nodes that may take the place of outline edges.

        An outer chain does for sure. One with cells on both sides does where land is added to the county, and does not
        where a neighbour had nodes that the edge had not; such an edge may also be gone. One of the outline may not.
        """
        inserts: Inserts = {}
        chains = []
        for start, end in self._lost():
            chain = self._chain(start, end)
            xy = self.places.coordinates[chain]
            if all(edge in self.count for edge in self._edges_along(chain)):
                is_outer = self._is_outer(chain)
                longer = with_twins(xy) if is_outer else xy
                chains.append((longer, is_outer))
                inserts |= _inserts(chain, xy, longer)
            elif lies_on(self.grid.outline, xy[0], xy[-1]):
                raise BrokenCoverage(
                    "the county's border at {lon:.8f} {lat:.8f} would be lost by rounding", lon=xy[0][0], lat=xy[0][1]
                )
        return inserts, chains

    def _chain(self, start: int, end: int) -> list[int]:
        """The places that lie on an old edge now, with its start and end, in their order."""
        used, steps = np.unique(np.concatenate(self.rings)), self.places.steps
        inner = used[lies_between(steps[start], steps[used], steps[end])]
        along = (steps[inner] - steps[start]) @ (steps[end] - steps[start]).astype(float)
        return [start, *inner[np.argsort(along)].tolist(), end]

    def _is_outer(self, chain: list[int]) -> bool:
        return all(self.count[edge] == 1 for edge in self._edges_along(chain))

    def _edges_along(self, chain: list[int]) -> list[int]:
        places = np.array(chain)
        found: list[int] = edge_number(self.places, places[:-1], places[1:]).tolist()
        return found

    # ---- polygons

    def _rings_of(self, index: int) -> list[int]:
        found: list[int] = np.flatnonzero(self.ring_polygon == index).tolist()
        return found

    def _differs(self, index: int) -> bool:
        """Whether the polygon's edges are others than they were."""
        code = self.labels[index]
        if code not in self.faces.codes:
            return True
        now = np.sort(np.concatenate([self.ring_edges[ring] for ring in self._rings_of(index)]))
        before = np.sort(self.old.edge[self.old.polygon == self.faces.codes.index(code)])
        return not np.array_equal(now, before)

    def _polygon(self, index: int, inserts: Inserts) -> Polygon:
        """The polygon with canonical rings: the same ones however it came about."""
        shell, *holes = [self._ring(self.rings[ring], inserts) for ring in self._rings_of(index)]
        found: Polygon = shapely.orient_polygons(shapely.normalize(Polygon(shell, holes)))
        return found

    def _ring(self, ring: Numbers, inserts: Inserts) -> Coordinates:
        xy = self.places.coordinates[ring]
        more = [
            (row + 1, inserts.get(edge))
            for row, edge in enumerate(zip(ring.tolist(), np.roll(ring, -1).tolist(), strict=True))
        ]
        for row, nodes in reversed(more if inserts else []):
            if nodes is not None:
                xy = np.insert(xy, row, nodes, axis=0)
        return xy

    def _check(self, polygons: dict[str, Polygon]) -> None:
        """What comes out must be a coverage: rounding could, in theory, let a border slip over a node beside it."""
        after = [polygons[code] if code in polygons else self.grid.cells[code].polygon for code in self.labels]
        shapes = np.array(after, dtype=object)
        if not (shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)):
            raise BrokenCoverage(
                "cells {labels} would not tile after rounding to the grid of 1e-8°", labels=", ".join(self.labels)
            )


def _only(label: str, groups: list[list[int]]) -> list[int]:
    if len(groups) > 1:
        raise BrokenCoverage(
            "cell {label} would fall into {number} parts", label=label or Sentence("new"), number=len(groups)
        )
    return groups[0]


def _inserts(chain: list[int], xy: Coordinates, longer: Coordinates) -> Inserts:
    """Nodes of the longer chain between the places of the shorter one, for both directions."""
    found: Inserts = {}
    at = [int(np.flatnonzero((longer == node).all(axis=1))[0]) for node in xy]
    for one, other, first, last in zip(chain[:-1], chain[1:], at[:-1], at[1:], strict=True):
        if last - first > 1:
            found[one, other] = longer[first + 1 : last]
            found[other, one] = longer[first + 1 : last][::-1]
    return found
