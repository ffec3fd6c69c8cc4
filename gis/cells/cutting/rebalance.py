"""The change that brings every cell of a village into a range of households and moves the fewest of them. Pure.

New borders run along streets, as when a village is cut; borders that can stay stay where they are, and cells that keep
their blocks are not touched at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely
from shapely import Polygon

from gis.cells.cutting.balance import balance, least_moved
from gis.cells.cutting.blocks import Blocks, make_blocks, nearest_face
from gis.cells.cutting.cut import NewCell, Why, granularities, least_off, why_out
from gis.cells.cutting.lines import Doors, Lines, Shapes
from gis.cells.cutting.partition import Ints, Range, Score
from gis.cells.cutting.polygons import draw_cells
from gis.cells.cutting.progress import Progress, Told
from gis.cells.numbering import free_codes, reading_order
from gis.cells.topology import united

# So many households may be moved for each that comes nearer to a range that cannot be reached.
_MOVED_FOR_ONE: Final = 3


@dataclass(frozen=True, slots=True)
class Rebalance:
    """A proposed change of the cells of a village.

    `written` are the cells with a new shape or a new code, ordered by code; `retired` the codes of those that end;
    `lineage` pairs (parent, child) where a code begins or ends. `moved` households get another cell, and no change
    could do with fewer than `least_moved`. `kept` are the cells that stay as they are, ordered by code. The borders
    between cells of the village are then `border_m` long, and `along_m` of that follow lines.
    """

    written: tuple[NewCell, ...]
    retired: tuple[str, ...]
    lineage: tuple[tuple[str, str], ...]
    moved: int
    least_moved: int
    kept: tuple[NewCell, ...]
    border_m: float
    along_m: float


@dataclass(frozen=True, slots=True)
class _Part:
    """A contiguous part of the village: its cells now, and the cell that each block shall be in.

    Labels are indexes of `codes`, in whose order the cells are the parts of the blocks; higher ones are new cells.
    """

    codes: list[str]
    polygons: list[Polygon]
    blocks: Blocks
    label: Ints
    score: Score

    def worth_it(self, wanted: Range) -> bool:
        """Whether not many more households are moved than come nearer to the range."""
        before = np.bincount(self.blocks.part, self.blocks.households)
        nearer = sum(wanted.off(int(total)) for total in before) - self.score[0]
        return self.score[1] <= _MOVED_FOR_ONE * nearer

    def changed(self) -> dict[int, Polygon]:
        """The new polygon of every label that has gained or lost a block."""
        differs = self.label != self.blocks.part
        if not differs.any():
            return {}
        labels = np.union1d(self.label[differs], self.blocks.part[differs])
        within = [polygon for number, polygon in enumerate(self.polygons) if number in labels]
        return draw_cells(self.blocks, self.label, within)

    def lineage(self, names: Mapping[int, str]) -> set[tuple[str, str]]:
        """Pairs (parent, child) where a cell is dissolved or new."""
        ended = set(range(len(self.codes))) - set(self.label.tolist())
        pairs = zip(self.blocks.part.tolist(), self.label.tolist(), strict=True)
        return {(names[one], names[other]) for one, other in pairs if one in ended or other >= len(self.codes)}


def rebalance(
    village: str,
    cells: Mapping[str, Polygon],
    lines: Lines,
    doors: Doors,
    wanted: Range,
    *,
    used: Collection[str] = (),
    seed: int = 0,
    on_progress: Told | None = None,
) -> Rebalance:
    """Propose a change for `cells` (EPSG:4490, 1e-8°, tiling) of a village with `doors`.

    A door on a border is in the cell with the lowest code. `used` are the codes of cells that ever were. Neighbours
    that are not written must get the nodes where new borders meet theirs. Cells that are all in the range give an empty
    change, and so do no cells. The same arguments give the same change.
    `on_progress` is told the doors dealt with since it was told last.
    """
    codes = sorted(cells)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    own = nearest_face(shapes, doors)
    parts: list[_Part] = []
    for members in _contiguous(shapes):
        inside = doors.some(np.isin(own, members))
        progress = Progress(len(inside), on_progress)
        parts.append(_balanced([codes[i] for i in members], shapes[members], inside, lines, wanted, seed, progress))
        progress.end()
    return _proposed(dict(zip(codes, shapes, strict=True)), parts, doors, wanted, free_codes(village, {*used, *codes}))


def _contiguous(shapes: Shapes) -> list[Ints]:
    """The indexes of the cells of each contiguous part."""
    if not len(shapes):
        return []
    parts = shapely.get_parts(united(shapes))
    cell, part = shapely.STRtree(parts).query(shapely.point_on_surface(shapes), predicate="intersects")
    return [np.sort(cell[part == number]).astype(np.int64) for number in range(len(parts))]


def _balanced(
    codes: list[str], shapes: Shapes, doors: Doors, lines: Lines, wanted: Range, seed: int, progress: Progress
) -> _Part:
    """The part with blocks as coarse as the range allows.

    Where no number of cells can be in the range, nothing is moved that does not bring many nearer to it.
    """
    polygons: list[Polygon] = shapes.tolist()
    total = int(doors.households.sum())
    aim = least_off(total, wanted)
    found: list[_Part] = []
    for most in granularities(wanted):
        blocks = make_blocks(polygons, lines, doors, most=most)
        balanced = balance(blocks.graph(), blocks.part, wanted, seed, progress.step)
        found.append(_Part(codes, polygons, blocks, balanced.label, balanced.score))
        if balanced.score[0] <= aim:
            break
    best = min(found, key=lambda part: part.score[:2])
    return best if wanted.numbers(total) or best.worth_it(wanted) else replace(best, label=best.blocks.part)


def _proposed(
    before: Mapping[str, Polygon], parts: Sequence[_Part], doors: Doors, wanted: Range, free: Iterator[str]
) -> Rebalance:
    """The change as a whole: codes, lineage, and everything counted again by location."""
    drawn = [part.changed() for part in parts]
    names = _named(parts, drawn, free)
    lineage = {pair for part, name in zip(parts, names, strict=True) for pair in part.lineage(name)}
    written = {name[label]: shape for name, new in zip(names, drawn, strict=True) for label, shape in new.items()}
    retired = {parent for parent, _ in lineage} - written.keys()
    after = {code: shape for code, shape in {**before, **written}.items() if code not in retired}
    was, now = _cell_of(before, doors), _cell_of(after, doors)
    counted = {code: int(doors.households[now == code].sum()) for code in after}
    why = _reasons(parts, names, counted, wanted)
    cells = [
        NewCell(code, after[code], int((now == code).sum()), counted[code], why.get(code)) for code in sorted(after)
    ]
    lengths = [part.blocks.border_m(part.label) for part in parts]
    return Rebalance(
        written=tuple(cell for cell in cells if cell.code in written),
        retired=tuple(sorted(retired)),
        lineage=tuple(sorted(lineage)),
        moved=int(doors.households[was != now].sum()),
        least_moved=sum(least_moved(np.bincount(p.blocks.part, p.blocks.households), wanted) for p in parts),
        kept=tuple(cell for cell in cells if cell.code not in written),
        border_m=sum(border for border, _ in lengths),
        along_m=sum(along for _, along in lengths),
    )


def _named(parts: Sequence[_Part], drawn: Sequence[Mapping[int, Polygon]], free: Iterator[str]) -> list[dict[int, str]]:
    """The code of every label of each part; new cells get free ones as one reads a page."""
    names = [dict(enumerate(part.codes)) for part in parts]
    new = [
        (number, label, shape)
        for number, shapes in enumerate(drawn)
        for label, shape in shapes.items()
        if label not in names[number]
    ]
    for index in reading_order([shape for *_, shape in new]):
        number, label, _ = new[index]
        names[number][label] = next(free)
    return names


def _cell_of(cells: Mapping[str, Polygon], doors: Doors) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """The code of the cell of each door."""
    codes = sorted(cells)
    shapes = np.array([cells[code] for code in codes], dtype=object)
    return np.array(codes, dtype=np.str_)[nearest_face(shapes, doors)]


def _reasons(
    parts: Sequence[_Part], names: Sequence[Mapping[int, str]], counted: Mapping[str, int], wanted: Range
) -> dict[str, Why]:
    """Why cells are out of the range."""
    found: dict[str, Why] = {}
    for part, name in zip(parts, names, strict=True):
        total = int(part.blocks.households.sum())
        for label in np.unique(part.label).tolist():
            heaviest = int(part.blocks.households[part.label == label].max())
            why = why_out(counted[name[label]], heaviest, total, wanted)
            if why is not None:
                found[name[label]] = why
    return found
