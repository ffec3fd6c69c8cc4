"""The faces of one snap-rounded arrangement: the borders of some cells, and what was drawn over them. Pure.

An edit gives every face to a cell (or to nobody) and unites them per cell; nothing is computed pairwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon

from gis.cells.edges import edges_of
from gis.cells.editing.grid import Grid
from gis.cells.places import Places
from gis.cells.topology import GRID

# The cell that an operation begins, before it has a code.
NEW = ""
Label = str | None


class Faces:
    """Faces of the borders of the cells `codes` and of `lines` (EPSG:4490 on the grid of 1e-8°).

    `polygons[i]` is the face i, `owner[i]` the code of the cell it lies in now, None where there is none (land of other
    counties, or of cells that are not among `codes`).
    """

    def __init__(self, grid: Grid, codes: Iterable[str], lines: Sequence[shapely.Geometry] = ()) -> None:
        self.grid, self.lines = grid, list(lines)
        self.codes = sorted(codes)
        self.shapes = np.array([grid.cells[code].polygon for code in self.codes], dtype=object)
        noded = shapely.union_all([*shapely.boundary(self.shapes), *self.lines], grid_size=GRID)
        self.polygons: NDArray[Any] = shapely.get_parts(shapely.polygonize([noded]))
        self.inner = shapely.point_on_surface(self.polygons)
        self.owner: list[Label] = [None] * len(self.polygons)
        for face, shape in sorted(self._holding(self.shapes), reverse=True):  # the lowest code comes last
            self.owner[face] = self.codes[shape]
        self._measure_borders()
        self._close_cracks()

    def __len__(self) -> int:
        return len(self.polygons)

    def _holding(self, shapes: NDArray[Any]) -> list[tuple[int, int]]:
        """Pairs (face, shape) where the shape holds the face's inner point."""
        found = shapely.STRtree(shapes).query(self.inner, predicate="intersects")
        return [(int(face), int(shape)) for face, shape in found.T]

    def claims(self, shapes: Sequence[Polygon]) -> list[list[int]]:
        """For each face the indexes of the shapes that hold it, ascending."""
        found: list[list[int]] = [[] for _ in self.polygons]
        for face, shape in sorted(self._holding(np.array(shapes, dtype=object))):
            found[face].append(shape)
        return found

    def inside(self, shape: Polygon) -> list[bool]:
        """For each face whether it lies in the shape."""
        return [bool(claim) for claim in self.claims([shape])]

    def _measure_borders(self) -> None:
        """Which faces have a common border, and how many metres of it."""
        self.beside: list[dict[int, float]] = [{} for _ in self.polygons]
        places = Places(shapely.get_coordinates(self.polygons))
        edges = edges_of(places, self.polygons)
        order = np.argsort(edges.edge, kind="stable")
        twice = np.flatnonzero(edges.edge[order][1:] == edges.edge[order][:-1])
        first, second = order[twice], order[twice + 1]
        at = self.grid.measure.metres(places.coordinates)
        lengths = np.hypot(*(at[edges.head[first]] - at[edges.tail[first]]).T)
        for one, other, length in zip(
            edges.polygon[first].tolist(), edges.polygon[second].tolist(), lengths.tolist(), strict=True
        ):
            self.beside[one][other] = self.beside[one].get(other, 0.0) + length
            self.beside[other][one] = self.beside[other].get(one, 0.0) + length

    def _close_cracks(self) -> None:
        """Give what lies between cells that do not quite meet, as other programs leave them, to one of them."""
        nobody = [face for face, owner in enumerate(self.owner) if owner is None]
        for face in nobody:
            around = self.borders([face], self.owner)
            if around and self.grid.measure.thin(self.polygons[face]):
                in_county = shapely.intersects(self.grid.outline, self.inner[face])
                self.owner[face] = next(iter(around)) if in_county else None

    def groups(self, faces: Iterable[int]) -> list[list[int]]:
        """The faces in groups that hang together by common borders, each ascending."""
        left, found = set(faces), []
        for face in sorted(left):
            if face not in left:
                continue
            left.discard(face)
            group, waiting = [face], [face]
            while waiting:
                joined = left.intersection(self.beside[waiting.pop()])
                left -= joined
                group.extend(joined)
                waiting.extend(joined)
            found.append(sorted(group))
        return found

    def piece(self, group: Sequence[int]) -> shapely.Geometry:
        """The group of faces as one geometry."""
        if len(group) == 1:
            return self.polygons[group[0]]  # type: ignore[no-any-return]
        return shapely.coverage_union_all(self.polygons[list(group)])

    def borders(self, group: Iterable[int], labels: Sequence[Label]) -> dict[str, float]:
        """Metres of common border of a group of faces with each label around it, longest first, then by code."""
        own, found = set(group), defaultdict[str, float](float)
        for face in own:
            for other, length in self.beside[face].items():
                label = labels[other]
                if other not in own and label is not None:
                    found[label] += length
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def united(self, labels: Sequence[Label]) -> dict[str, list[list[int]]]:
        """For each label its faces in groups that hang together, the largest group first."""
        of: dict[str, list[int]] = {}
        for face, label in enumerate(labels):
            if label is not None:
                of.setdefault(label, []).append(face)
        return {label: sorted(self.groups(faces), key=self._size, reverse=True) for label, faces in of.items()}

    def _size(self, group: Sequence[int]) -> float:
        return float(shapely.area(self.polygons[list(group)]).sum())
