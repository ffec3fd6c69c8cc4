"""Cleaning a coverage, without storage: from cells with gaps and overlaps to cells that tile, and what that changes.

Pure: shapes in, a proposal out; whoever asked for it decides. Nothing wider than a stated width is settled: an overlap
of 40 m is a mistake that only a person can decide, a hole of 40 m is water, a park, or another county.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from shapely import Polygon

from gis.cells.cleaning.faces import caps, cuts
from gis.cells.cleaning.settling import Change, Piece, Settling, Task
from gis.cells.topology import SLIVER_M, Fault, FaultKind, arrange, as_multipolygon

__all__ = [
    "WIDEST_M",
    "WIDTH_M",
    "Change",
    "Cleaned",
    "Piece",
    "Tally",
    "clean",
    "figures_of",
    "is_settled_by",
    "tally",
]

# Two borders that were simplified by 1–2 m each lie up to 4 m apart; a lane or a ditch is wider than 5 m.
WIDTH_M: Final = 5.0
# Wider is no slip of a pen: what would settle it is another map.
WIDEST_M: Final = 100.0
# Degrees. Without a grid GEOS snaps away some percent of a long sliver.
_OVERLAY_GRID: Final = 1e-10
_ROUNDS: Final = 5
_HALF_SLIVER: Final = SLIVER_M / 2 / 111_195


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A proposal.

    `cells` are the cells as they would be; they tile unless `left` holds pieces that are left to a person. `pieces` are
    settled, and so are `slivers`, which are at most 0.1 m wide: the rounding of coordinates. `holes` are wider gaps
    that stay. Each list begins with the largest piece; `changes` has every cell.
    """

    cells: dict[str, Polygon]
    pieces: list[Piece] = field(default_factory=list)
    slivers: list[Piece] = field(default_factory=list)
    holes: list[Piece] = field(default_factory=list)
    left: list[Piece] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)

    @property
    def told(self) -> list[Piece]:
        """All pieces but the slivers: what keeps the cells from tiling."""
        return [*self.left, *self.holes, *self.pieces]

    def digest(self) -> str:
        """The same for the same cells: what was agreed to is what is written."""
        told = hashlib.sha256()
        for code in sorted(self.cells):
            told.update(code.encode())
            told.update(shapely.to_wkb(shapely.normalize(self.cells[code]), byte_order=1))
        return told.hexdigest()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pieces, how large (m²) in all and the largest, how wide (m) the widest."""

    number: int
    area_m2: float
    largest_m2: float
    widest_m: float


def figures_of(pieces: Sequence[Piece]) -> Tally:
    """The figures of one piece or more."""
    areas = [piece.fault.area_m2 for piece in pieces]
    return Tally(len(areas), sum(areas), max(areas), max(piece.width_m for piece in pieces))


def tally(pieces: Iterable[Piece]) -> dict[FaultKind, Tally]:
    """The figures of each kind of piece; kinds without any are left out."""
    found: dict[FaultKind, list[Piece]] = {kind: [] for kind in ("GAP", "OVERLAP", "OUTSIDE_COUNTY", "MULTIPART")}
    for piece in pieces:
        found[piece.fault.kind].append(piece)
    return {kind: figures_of(those) for kind, those in found.items() if those}


def clean(
    cells: Mapping[str, Polygon],
    *,
    fixed: Mapping[str, Polygon] | None = None,
    outline: shapely.Geometry | None = None,
    width_m: float = WIDTH_M,
) -> Cleaned:
    """Make valid polygons (EPSG:4490) tile, where what keeps them from it is at most `width_m` metres wide.

    - An overlap goes to that one of its cells with which it has the longest common border, to a `fixed` cell always.
    - A gap is cut where two of the cells around it meet, and each section goes to the cell with the longest common
      border; also a slit that is open at its end.
    - What overlaps cut off from a cell, up to a tenth of it, goes to the neighbour with the longest common border, and
      is cut away where no cell lies beside it.
    - Where the cells are to fill an `outline`, what lies outside is cut away and what is missing is a gap.

    `fixed` cells tile already (they are stored); at most nodes are inserted into their borders. Wider gaps are holes
    that stay, or left to a person where the outline says that there is none. No cells give no cells.
    """
    if not cells:
        return Cleaned({})
    cells, fixed = dict(sorted(cells.items())), dict(sorted((fixed or {}).items()))
    shapes = np.array([*fixed.values(), *cells.values()], dtype=object)
    task = Task([*fixed, *cells], shapes, len(fixed), outline, width_m)
    lines = caps(shapes, width_m) if outline is None else [shapely.boundary(outline)]
    work = Settling(task, lines)
    gaps = work.gaps()
    whole = [(work.faces.shapes[face], width) for face, width in gaps.items()]
    across = cuts(work.faces, {face: width for face, width in gaps.items() if width <= width_m}, work.label)
    if across:
        work = Settling(task, [*lines, *across])
    work.fill(whole)
    work.cut_off()
    return _cleaned(work, fixed)


def _cleaned(work: Settling, fixed: Mapping[str, Polygon]) -> Cleaned:
    """The proposal, after the gate that every coverage has to pass."""
    if work.left:
        return _proposal(work.cells(), work.settled, work.holes, work.left, work.changes())
    cells, rounds, faults = _through_the_gate(work.cells(), fixed, work.task)
    settled, changes = list(work.settled), work.changes()
    for again in rounds:
        settled += again.settled
        changes = {code: changes[code].then(later) for code, later in again.changes().items()}
    return _proposal(cells, settled, work.holes, [Piece(fault, 0.0) for fault in faults], changes)


def _proposal(
    cells: dict[str, Polygon],
    settled: Sequence[Piece],
    holes: Sequence[Piece],
    left: Sequence[Piece],
    changes: dict[str, Change],
) -> Cleaned:
    thick = [piece for piece in settled if piece.width_m > SLIVER_M]
    thin = [piece for piece in settled if piece.width_m <= SLIVER_M]
    pieces, slivers, holes, left = (
        sorted(each, key=lambda piece: -piece.fault.area_m2) for each in (thick, thin, holes, left)
    )
    return Cleaned(cells, pieces, slivers, holes, left, changes)


def _through_the_gate(
    cells: dict[str, Polygon], fixed: Mapping[str, Polygon], task: Task
) -> tuple[dict[str, Polygon], list[Settling], list[Fault]]:
    """Cells that an import will find as they are, what had to be settled for that, and what is wrong with them still.

    Every arrangement rounds the nodes that it makes. Where that parts a cell at a neck of a millimetre, the smaller
    part is given away as anything else that is cut off; after a round or two nothing changes any more.
    """
    rounds: list[Settling] = []
    faults: list[Fault] = []
    for _ in range(_ROUNDS):
        tiled = arrange({**fixed, **cells}, enclaves=True)
        faults = tiled.faults
        if faults:
            shapes = np.array([*fixed.values(), *cells.values()], dtype=object)
            again = Settling(replace(task, codes=[*fixed, *cells], shapes=shapes), [])
            again.cut_off()
            rounds.append(again)
            cells = again.cells()
            continue
        before, cells = cells, {code: tiled.cells[code] for code in cells}
        if all(shapely.equals_exact(before[code], cells[code], normalize=True) for code in cells):
            break
    return cells, rounds, faults


def is_settled_by(cleaned: Cleaned, cells: Mapping[str, Polygon], stored: Mapping[str, Polygon]) -> bool:
    """Whether `stored` cells are one way to settle what keeps `cells` from tiling, of which `cleaned` is another.

    They are where both have the same codes, and every cell differs only inside the gaps and overlaps beside it (and by
    less than the width of a sliver). Then the file with these cells tells nothing new.
    """
    if cells.keys() != stored.keys() or cleaned.left:
        return False
    beside: dict[str, list[shapely.Geometry]] = {code: [] for code in cells}
    for piece in [*cleaned.pieces, *cleaned.slivers]:
        for code in {*piece.fault.cells, *(code for code, _ in piece.given)} & cells.keys():
            beside[code].append(piece.fault.piece)
    return all(_same_but(cells[code], stored[code], beside[code]) for code in cells)


def _same_but(one: Polygon, other: Polygon, pieces: list[shapely.Geometry]) -> bool:
    apart = as_multipolygon(shapely.symmetric_difference(one, other, grid_size=_OVERLAY_GRID))
    if apart.is_empty:
        return True
    left = shapely.difference(apart, shapely.union_all(pieces), grid_size=_OVERLAY_GRID)
    return bool(shapely.buffer(left, -_HALF_SLIVER).is_empty)
