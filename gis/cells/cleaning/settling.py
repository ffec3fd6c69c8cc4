"""Giving every face of an arrangement to one cell, with the reason: the work behind `clean.py`. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

import numpy as np
import shapely
from shapely import Polygon

from gis.cells.cleaning.faces import Faces, Shapes, in_metres, widths
from gis.cells.topology import SLIVER_M, Fault, FaultKind

# The largest share of a cell that may be given away because an overlap has cut it off.
_PART_OFF: Final = 0.1


@dataclass(frozen=True, slots=True)
class Piece:
    """A gap, an overlap, or land outside the outline or cut off from its cell, and what is proposed for it.

    `width_m` is that of its widest place. `given` says how much of it (m²) each cell gets; nothing where it stays a
    hole, is cut away, or is left to a person.
    """

    fault: Fault
    width_m: float
    given: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What cleaning does to the area of a cell, in m²: after - before = gained - lost."""

    code: str
    before_m2: float
    after_m2: float
    gained_m2: float
    lost_m2: float

    @property
    def share(self) -> float:
        """The larger of gain and loss as a share of the area before (0 where there was none)."""
        return max(self.gained_m2, self.lost_m2) / self.before_m2 if self.before_m2 else 0.0

    def then(self, later: Change) -> Change:
        """This change, and then another one of the same cell."""
        gained, lost = self.gained_m2 + later.gained_m2, self.lost_m2 + later.lost_m2
        return Change(self.code, self.before_m2, self.before_m2 + gained - lost, gained, lost)


@dataclass(frozen=True)
class Task:
    """Cells that are to tile. `shapes` go with `codes`, the first `num_fixed` of them change only by nodes."""

    codes: Sequence[str]
    shapes: Shapes
    num_fixed: int
    outline: shapely.Geometry | None
    width_m: float


class Settling:
    """The faces of the cells and of some more lines, each with a label: the place in `codes` of whom it is given to."""

    def __init__(self, task: Task, lines: Sequence[shapely.Geometry]) -> None:
        self.task = task
        self.codes, self.num_fixed = task.codes, task.num_fixed
        self.faces = Faces(task.shapes, lines)
        self.inside = _inside(self.faces.shapes, task.outline)
        self.label: list[int | None] = [None] * len(self.faces.shapes)
        self.settled: list[Piece] = []
        self.holes: list[Piece] = []
        self.left: list[Piece] = []
        self._claims()
        self._overlaps()

    def _claims(self) -> None:
        """Faces of one cell, or of a fixed one, are clear. What lies outside the outline is nobody's."""
        outside = []
        for face, owners in enumerate(self.faces.owners):
            if owners and (owners[0] < self.num_fixed or (len(owners) == 1 and self.inside[face])):
                self.label[face] = owners[0]
            elif owners and not self.inside[face]:
                outside.append(face)
        for face, width in zip(outside, self.faces.widths(outside).tolist(), strict=True):
            self._note(self._piece("OUTSIDE_COUNTY", self.faces.owners[face], [face], width), [])

    def _overlaps(self) -> None:
        """Faces that several cells claim."""
        several = [face for face, owners in enumerate(self.faces.owners) if len(owners) > 1 and self.inside[face]]
        owners = {face: self.faces.owners[face] for face in several if self.label[face] is None}
        for face in self._spread(list(owners), among=owners):
            self.label[face] = owners[face][0]  # it lies between other overlaps only
        for face, width in zip(several, self.faces.widths(several).tolist(), strict=True):
            self._note(self._piece("OVERLAP", self.faces.owners[face], [face], width), [face])

    def gaps(self) -> dict[int, float]:
        """Faces that nobody claims, beside cells that are not fixed, and their widths."""
        gaps = [face for face in range(len(self.label)) if self._is_gap(face)]
        return dict(zip(gaps, self.faces.widths(gaps).tolist(), strict=True))

    def fill(self, gaps: Sequence[tuple[Polygon, float]]) -> None:
        """Give away the faces of gaps that are narrow enough; the widths are those of the whole gaps."""
        faces = self._faces_of([shape for shape, _ in gaps])
        found = [(mine, width) for mine, (_, width) in zip(faces, gaps, strict=True) if mine]
        pieces = [(self._piece("GAP", self._around(mine), mine, width), mine) for mine, width in found]
        self._spread([face for piece, mine in pieces if self._narrow(piece) for face in mine])
        for piece, mine in pieces:
            if self._narrow(piece) or self.task.outline is not None:
                self._note(piece, mine)
            else:
                self.holes.append(piece)

    def _faces_of(self, gaps: Sequence[Polygon]) -> list[list[int]]:
        """The faces that lie in each of the gaps."""
        found: list[list[int]] = [[] for _ in gaps]
        empty = [face for face, owners in enumerate(self.faces.owners) if not owners and self.inside[face]]
        points = shapely.point_on_surface(self.faces.shapes[empty])
        for point, gap in shapely.STRtree(np.array(gaps, dtype=object)).query(points, predicate="intersects").T:
            found[gap].append(empty[point])
        return found

    def cut_off(self) -> None:
        """Parts that overlaps have cut off from their cell, and cells of which nothing is left."""
        off = self._parts_off()
        freed = {face: piece for piece, part in off for face in part}
        before = {face: self.label[face] for face in freed}
        for face in freed:
            self.label[face] = None
        for face in self._spread(list(freed)):  # no cell lies beside it
            if self.task.outline is not None and freed[face].width_m > SLIVER_M:
                self.label[face] = before[face]  # it is missed where it is: the gate will say so
        for piece, part in off:
            self._note(piece, part)

    def _parts_off(self) -> list[tuple[Piece, list[int]]]:
        """Narrow parts that are no more than a tenth of their cell. What is more is left to a person, as are cells of
        which nothing remains."""
        parts = _parts(self.label, self.faces.beside)
        off: list[tuple[Piece, list[int]]] = []
        for owner in range(self.num_fixed, len(self.codes)):
            ordered = sorted(parts[owner], key=lambda part: -self.faces.area[part].sum())
            if not ordered:
                self.left.append(self._vanished(owner))
            whole = sum(self.faces.area[part].sum() for part in ordered)
            for part in ordered[1:]:
                piece = self._piece("MULTIPART", [owner], part, self._width(part))
                if self._narrow(piece) and piece.fault.area_m2 <= _PART_OFF * whole:
                    off.append((piece, part))
                else:
                    self.left.append(piece)
        return off

    def _width(self, part: list[int]) -> float:
        whole = shapely.get_parts(shapely.coverage_union_all(self.faces.shapes[part]))
        return float(widths(in_metres(whole)).max())

    def _vanished(self, owner: int) -> Piece:
        claimed = [face for face, owners in enumerate(self.faces.owners) if owner in owners]
        others = {one for face in claimed for one in self.faces.owners[face]} - {owner}
        names = (self.codes[owner], *sorted(self.codes[one] for one in others))
        fault = Fault("OVERLAP", names, self.task.shapes[owner], float(self.faces.area[claimed].sum()))
        return Piece(fault, float(self.faces.widths(claimed).max(initial=0.0)))

    def cells(self) -> dict[str, Polygon]:
        """The cells that are not fixed, as they stand."""
        faces: dict[int, list[int]] = defaultdict(list)
        for face, owner in enumerate(self.label):
            if owner is not None and owner >= self.num_fixed:
                faces[owner].append(face)
        whole = {owner: shapely.coverage_union_all(self.faces.shapes[mine]) for owner, mine in sorted(faces.items())}
        return {self.codes[owner]: cast(Polygon, shape) for owner, shape in whole.items()}

    def changes(self) -> dict[str, Change]:
        """What each cell gains and loses."""
        gained, lost, before = (np.zeros(len(self.codes)) for _ in range(3))
        for face, owners in enumerate(self.faces.owners):
            area, owner = self.faces.area[face], self.label[face]
            before[owners] += area
            lost[[one for one in owners if one != owner]] += area
            if owner is not None and owner not in owners:
                gained[owner] += area
        figures = zip(self.codes, before.tolist(), gained.tolist(), lost.tolist(), strict=True)
        changes = [Change(code, was, was + more - less, more, less) for code, was, more, less in figures]
        return {change.code: change for change in changes[self.num_fixed :]}

    # --- who gets what ------------------------------------------------------------------------------------------------

    def _spread(self, faces: list[int], among: Mapping[int, Sequence[int]] | None = None) -> list[int]:
        """Give faces to the neighbour with the longest common border, round by round from those that have one inwards.

        `among` names for each face who may get it; without it every cell that is not fixed. Returns the faces that
        touch none of them.
        """
        waiting = faces
        while waiting:
            chosen = {face: self._longest(face, among[face] if among else None) for face in waiting}
            given = {face: owner for face, owner in chosen.items() if owner is not None}
            if not given:
                break
            for face, owner in given.items():
                self.label[face] = owner
            waiting = [face for face in waiting if face not in given]
        return waiting

    def _longest(self, face: int, among: Sequence[int] | None) -> int | None:
        shared: dict[int, float] = defaultdict(float)
        for other, length in self.faces.beside[face].items():
            owner = self.label[other]
            if owner is not None and owner >= self.num_fixed and (among is None or owner in among):
                shared[owner] += length
        return max(shared, key=lambda owner: (shared[owner], -owner)) if shared else None

    def _is_gap(self, face: int) -> bool:
        """Whether a face is nobody's and lies beside a cell that is not fixed."""
        if self.faces.owners[face] or not self.inside[face]:
            return False
        return any(owner >= self.num_fixed for owner in self._around([face]))

    def _around(self, faces: Sequence[int]) -> list[int]:
        found = {self.label[other] for face in faces for other in self.faces.beside[face]}
        return sorted(owner for owner in found if owner is not None)

    # --- what is told of it -------------------------------------------------------------------------------------------

    def _piece(self, kind: FaultKind, owners: Sequence[int], faces: list[int], width: float) -> Piece:
        shape = shapely.coverage_union_all(self.faces.shapes[faces])
        area = float(self.faces.area[faces].sum())
        return Piece(Fault(kind, tuple(self.codes[owner] for owner in owners), shape, area), width)

    def _given(self, faces: list[int]) -> tuple[tuple[str, float], ...]:
        shares: dict[str, float] = defaultdict(float)
        for face in faces:
            owner = self.label[face]
            if owner is not None:
                shares[self.codes[owner]] += float(self.faces.area[face])
        return tuple(sorted(shares.items(), key=lambda share: (-share[1], share[0])))

    def _narrow(self, piece: Piece) -> bool:
        return piece.width_m <= self.task.width_m

    def _note(self, piece: Piece, faces: list[int]) -> None:
        """A narrow piece is settled, with what has become of its faces; a wide one is left to a person."""
        if self._narrow(piece):
            self.settled.append(replace(piece, given=self._given(faces)))
        else:
            self.left.append(piece)


def _inside(faces: Shapes, outline: shapely.Geometry | None) -> list[bool]:
    """Which faces lie in the outline; all, where there is none."""
    if outline is None:
        return [True] * len(faces)
    shapely.prepare(outline)
    inside: list[bool] = shapely.intersects(outline, shapely.point_on_surface(faces)).tolist()
    return inside


def _parts(label: Sequence[int | None], beside: Mapping[int, Mapping[int, float]]) -> dict[int, list[list[int]]]:
    """The faces of each owner, in groups that hang together by a border."""
    parts: dict[int, list[list[int]]] = defaultdict(list)
    seen: set[int] = set()
    for first, owner in enumerate(label):
        if owner is None or first in seen:
            continue
        seen.add(first)
        part = [first]
        for face in part:  # grows while it is walked
            more = [other for other in beside.get(face, ()) if label[other] == owner and other not in seen]
            seen.update(more)
            part.extend(more)
        parts[owner].append(part)
    return parts
