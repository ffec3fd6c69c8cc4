"""The topology of cells, without storage: one snap-rounded arrangement, its faces, and what is wrong with it.

Every boundary goes into a single arrangement on a grid of 1e-8° (about 1 mm); its faces are labelled by a point inside
and united per label. Nothing is ever computed pairwise, so shared borders come out with identical nodes on both sides.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from gis.cells.measure import SLIVER_M as SLIVER_M
from gis.cells.measure import Measure
from gis.sentence import AND, Sentence, joined

GRID: Final = 1e-8
# Square degrees, about 0.01 m²: far above the rounding of doubles, far below anything drawn by hand. The same in SQL.
AREA_TOLERANCE: Final = 1e-12

FaultKind = Literal["OVERLAP", "GAP", "OUTSIDE_COUNTY", "MULTIPART"]


_IN_WORDS: Final[Mapping[FaultKind, Sentence]] = {
    "OVERLAP": Sentence("OVERLAP: cells {cells} overlap by {where}"),
    "GAP": Sentence("GAP: a gap of {where} between cells {cells}"),
    "OUTSIDE_COUNTY": Sentence("OUTSIDE_COUNTY: cell {cells} leaves the county's outline by {where}"),
    "MULTIPART": Sentence("MULTIPART: cell {cells} falls into several parts, one of {where}"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A piece (EPSG:4490) that keeps cells from tiling; `cells` are those it belongs to, or lies between."""

    kind: FaultKind
    cells: tuple[str, ...]
    piece: shapely.Geometry
    area_m2: float

    def sentence(self) -> Sentence:
        """What is wrong where, for a person."""
        at = shapely.point_on_surface(self.piece)
        where = Sentence("{area_m2:,.1f} m² at {lon:.6f} {lat:.6f}", area_m2=self.area_m2, lon=at.x, lat=at.y)
        cells = joined(self.cells, AND) if self.kind == "OVERLAP" else ", ".join(self.cells)
        return _IN_WORDS[self.kind].filled(cells=cells, where=where)

    def geojson(self) -> dict[str, Any]:
        """The piece as a GeoJSON feature (CRS84)."""
        return {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(self.piece)),
            "properties": {"kind": self.kind, "cells": list(self.cells), "area_m2": round(self.area_m2, 2)},
        }


def in_words(faults: Sequence[Fault], most: int) -> Sentence:
    """The first `most` faults in words, and how many more there are."""
    more = [Sentence("and {number:,} more", number=len(faults) - most)] if len(faults) > most else []
    return joined([*(fault.sentence() for fault in faults[:most]), *more])


@dataclass(frozen=True, slots=True)
class Coverage:
    """Cells that share their nodes. `faults` is empty where they tile; `healed` are slivers given to a neighbour."""

    cells: dict[str, Polygon]
    faults: list[Fault] = field(default_factory=list)
    healed: list[Fault] = field(default_factory=list)


def arrange(cells: Mapping[str, Polygon], *, sliver_m: float = SLIVER_M, enclaves: bool = False) -> Coverage:
    """Put valid polygons (EPSG:4490) into one arrangement and unite its faces per cell.

    Overlaps and gaps thinner than `sliver_m` metres are healed (an overlap goes to the lower code, a gap to the
    neighbour with the longest common border) and reported; thicker ones are faults, and then `cells` are not to be
    used (empty or incomplete). With `enclaves` a hole that no cell fills is another county's land, not a gap. No cells
    give no cells.
    """
    if not cells:
        return Coverage({})
    codes = list(cells)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    noded = shapely.union_all(shapely.boundary(shapes), grid_size=GRID)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    owners = owners_of(faces, shapes)
    measure = Measure.around(shapes)
    sort = _Sorting(codes, faces, owners, measure, sliver_m, enclaves)
    sort.overlaps()
    sort.gaps()
    if sort.faults:
        return Coverage({}, sort.faults, sort.healed)
    whole, broken = _unite(codes, faces, sort.label, measure)
    return Coverage(whole, broken, sort.healed)


def owners_of(faces: np.ndarray[Any, Any], shapes: np.ndarray[Any, Any]) -> list[list[int]]:
    """For each face the indexes of the shapes that hold its inner point, ascending."""
    tree = shapely.STRtree(shapes)
    found: list[list[int]] = [[] for _ in faces]
    for face, shape in tree.query(shapely.point_on_surface(faces), predicate="intersects").T:
        found[face].append(int(shape))
    return [sorted(owners) for owners in found]


class _Sorting:
    """Gives every face to one cell, and sets aside what cannot be given."""

    def __init__(
        self,
        codes: Sequence[str],
        faces: np.ndarray[Any, Any],
        owners: list[list[int]],
        measure: Measure,
        sliver_m: float,
        enclaves: bool,
    ) -> None:
        self.codes, self.faces, self.owners = codes, faces, owners
        self.measure, self.sliver_m, self.enclaves = measure, sliver_m, enclaves
        self.label = [owner[0] if owner else None for owner in owners]
        self.faults: list[Fault] = []
        self.healed: list[Fault] = []

    def overlaps(self) -> None:
        """Faces that several cells claim, one fault for each set of cells."""
        claimed: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for face, owner in enumerate(self.owners):
            if len(owner) > 1:
                claimed[tuple(owner)].append(face)
        for owner_set, faces in claimed.items():
            piece = shapely.unary_union(self.faces[faces])
            self._set_aside("OVERLAP", tuple(self.codes[i] for i in owner_set), piece)

    def gaps(self) -> None:
        """Faces that no cell claims. A thin one goes to the neighbour with the longest common border."""
        empty = [face for face, owner in enumerate(self.owners) if not owner]
        if not empty:
            return
        tree = shapely.STRtree(self.faces)
        for face in empty:
            shared = self._shared_borders(tree, face)
            cells = tuple(sorted({self.codes[i] for i in shared}))
            if self.enclaves and not self.measure.thin(self.faces[face], self.sliver_m):
                continue
            if self._set_aside("GAP", cells, self.faces[face]) and shared:
                self.label[face] = max(shared, key=lambda i: (shared[i], -i))

    def _shared_borders(self, tree: shapely.STRtree, face: int) -> dict[int, float]:
        """Length of the common border (degrees) with each neighbouring cell."""
        shared: dict[int, float] = defaultdict(float)
        for other in tree.query(self.faces[face], predicate="touches"):
            label = self.label[other]
            if label is not None:
                common = shapely.intersection(shapely.boundary(self.faces[face]), shapely.boundary(self.faces[other]))
                shared[label] += float(shapely.length(common))
        return {label: length for label, length in shared.items() if length > 0}

    def _set_aside(self, kind: FaultKind, cells: tuple[str, ...], piece: shapely.Geometry) -> bool:
        """Note the piece as healed (True) or as a fault (False)."""
        thin = self.measure.thin(piece, self.sliver_m)
        (self.healed if thin else self.faults).append(Fault(kind, cells, piece, self.measure.area_m2(piece)))
        return thin


def _unite(
    codes: Sequence[str],
    faces: np.ndarray[Any, Any],
    label: Sequence[int | None],
    measure: Measure,
) -> tuple[dict[str, Polygon], list[Fault]]:
    """The faces of each cell as one polygon; a cell that falls apart or vanishes is a fault."""
    parts: dict[int, list[int]] = defaultdict(list)
    for face, owner in enumerate(label):
        if owner is not None:
            parts[owner].append(face)
    whole: dict[str, Polygon] = {}
    broken: list[Fault] = []
    for index, code in enumerate(codes):
        merged = shapely.coverage_union_all(faces[parts[index]])
        pieces = [piece for piece in shapely.get_parts(merged) if not piece.is_empty]
        if len(pieces) == 1:
            whole[code] = pieces[0]
            continue
        smallest = min(pieces, key=shapely.area, default=Polygon())
        broken.append(Fault("MULTIPART", (code,), smallest, measure.area_m2(smallest)))
    return whole, broken


def coverage_faults(cells: Mapping[str, Polygon]) -> list[Fault]:
    """Pairs of cells (EPSG:4490) that overlap by more than the tolerance. No cells, no faults."""
    codes = list(cells)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    if not codes or shapely.coverage_is_valid(shapes):
        return []
    measure = Measure.around(shapes)
    faults = []
    tree = shapely.STRtree(shapes)
    for one, other in tree.query(shapes, predicate="intersects").T:
        if one < other and shapely.relate_pattern(shapes[one], shapes[other], "T********"):
            piece = shapely.intersection(shapes[one], shapes[other])
            if shapely.area(piece) > AREA_TOLERANCE:
                faults.append(Fault("OVERLAP", (codes[one], codes[other]), piece, measure.area_m2(piece)))
    return faults


def outline_faults(
    cells: Mapping[str, Polygon], outline: shapely.Geometry, *, sliver_m: float = SLIVER_M
) -> list[Fault]:
    """Where the union of the cells leaves the outline or does not fill it, in pieces thicker than `sliver_m` metres."""
    shapes = np.array(list(cells.values()), dtype=object)
    measure = Measure.around(outline)
    tree = shapely.STRtree(shapes)
    union = united(shapes)
    faults = []
    kinds: tuple[tuple[FaultKind, shapely.Geometry], ...] = (
        ("GAP", shapely.difference(outline, union)),
        ("OUTSIDE_COUNTY", shapely.difference(union, outline)),
    )
    for kind, beside in kinds:
        for piece in shapely.get_parts(beside):
            area = measure.area_m2(piece)
            if area > 0 and not measure.thin(piece, sliver_m):
                near = tuple(list(cells)[i] for i in sorted(tree.query(piece, predicate="intersects")))
                faults.append(Fault(kind, near, piece, area))
    return faults


def united(shapes: Iterable[shapely.Geometry]) -> shapely.Geometry:
    """The union of polygons that tile. Fast where they share their nodes, as those written here do; right in any case.

    No polygons give an empty MultiPolygon.
    """
    listed = list(shapes)
    if not listed:
        return MultiPolygon()
    try:
        return shapely.coverage_union_all(listed)
    except shapely.GEOSException:  # a client drew a border without its neighbour's nodes
        return shapely.union_all(listed)


def as_multipolygon(geometry: shapely.Geometry) -> MultiPolygon:
    """Polygons as a MultiPolygon; empty gives an empty one."""
    return MultiPolygon([part for part in shapely.get_parts(geometry) if isinstance(part, Polygon)])
