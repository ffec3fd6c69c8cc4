"""Cutting a village into contiguous cells along its streets, balanced by households. Pure.

Streets divide the village into blocks, blocks are put together to cells (`partition.py`), and where blocks are too
heavy for that they are divided between doors, as coarsely as the range allows. Where no cut has every cell in the
range, the cells come as near to it as was found, and each says why it is out. Decision 14 has the figures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from shapely import Polygon

from gis.cells.cutting.blocks import Blocks, make_blocks, nearest_face
from gis.cells.cutting.lines import Doors, Lines
from gis.cells.cutting.partition import Ints, Range, Score, partition
from gis.cells.cutting.polygons import draw_cells
from gis.cells.cutting.progress import Progress, Told
from gis.cells.numbering import free_codes, reading_order

# A block may hold this share of the least number of households of a cell; if that is too coarse, the next.
_COARSE: Final = (1 / 4, 1 / 12, 1 / 40)
# How many numbers of cells are tried, the ones nearest to the middle of the range first.
_NUMBERS: Final = 2

Reason = Literal["FEW", "NUMBER", "DOOR", "NOT_FOUND"]
Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a cell is out of the range: a stable code, and the figures that explain it.

    FEW: the contiguous part of the village that it is has `households` only. NUMBER: no number of cells of the range
    makes `households`, those of the part. DOOR: one doorplate alone has `households`. NOT_FOUND: a cut may exist.
    """

    reason: Reason
    households: int

    def sentence(self, language: Language = "en") -> str:
        """The reason for a person."""
        number = f"{self.households:,} household" + ("" if self.households == 1 else "s")
        zh, en = {
            "FEW": (
                f"所在的这一片村域总共只有 {self.households:,} 户",
                f"the part of the village that it is has only {number}",
            ),
            "NUMBER": (
                f"这一片共 {self.households:,} 户，分成几个网格都不能全部落在范围内",
                f"no number of cells in the range makes the {number} of this part",
            ),
            "DOOR": (f"仅一个门牌就有 {self.households:,} 户", f"one doorplate alone has {number}"),
            "NOT_FOUND": ("没有找到更好的划分，但可能存在", "no better cut was found, though one may exist"),
        }[self.reason]
        return zh if language == "zh" else en

    def sentences(self) -> dict[Language, str]:
        """The reason in every language."""
        return {"en": self.sentence("en"), "zh": self.sentence("zh")}


@dataclass(frozen=True, slots=True)
class NewCell:
    """A proposed cell: polygon EPSG:4490 on the grid, what is in it, and `why` where that is out of the range."""

    code: str
    polygon: Polygon
    doorplates: int
    households: int
    why: Why | None


@dataclass(frozen=True, slots=True)
class Cut:
    """The cells of a village, ordered by code; the length of the borders between them, and how much follows lines."""

    cells: tuple[NewCell, ...]
    border_m: float
    along_m: float


@dataclass(frozen=True, slots=True)
class _Piece:
    """A contiguous part of a village in cells."""

    blocks: Blocks
    label: Ints
    polygons: dict[int, Polygon]


def cut(
    village: str,
    parts: Iterable[Polygon],
    lines: Lines,
    doors: Doors,
    wanted: Range,
    *,
    used: Collection[str] = (),
    seed: int = 0,
    on_progress: Told | None = None,
) -> Cut:
    """Cut a village, given as its contiguous `parts` (EPSG:4490, 1e-8°), into cells of the `wanted` range.

    `doors` are those of the village; `used` are the codes of cells that ever were. The outline keeps its nodes, and
    gets one where a new border meets it: its neighbours must get that too. `on_progress` is told the doors dealt with
    since it was told last.
    The same arguments give the same cells. Raises BadInput where the village has not enough codes left. No parts, no
    cells.
    """
    whole = list(parts)
    inside = nearest_face(np.array(whole, dtype=object), doors)
    pieces: list[_Piece] = []
    for number, part in enumerate(whole):
        own = doors.some(inside == number)
        progress = Progress(len(own), on_progress)
        pieces.append(_cut_part(part, lines, own, wanted, seed, progress))
        progress.end()
    return _coded(village, pieces, wanted, used)


def _cut_part(part: Polygon, lines: Lines, doors: Doors, wanted: Range, seed: int, progress: Progress) -> _Piece:
    blocks, label, _ = _best(part, lines, doors, wanted, seed, progress)
    return _Piece(blocks, label, draw_cells(blocks, label, [part]))


def _best(
    part: Polygon, lines: Lines, doors: Doors, wanted: Range, seed: int, progress: Progress
) -> tuple[Blocks, Ints, Score]:
    """Blocks and labels as near to the range as possible, from the coarsest blocks with which that is found."""
    total = int(doors.households.sum())
    heavy = doors.households[doors.households > wanted.most]
    aim = least_off(total, wanted) if not len(heavy) else int((heavy - wanted.most).sum())
    found: list[tuple[Blocks, Ints, Score]] = []
    for most in granularities(wanted):
        blocks = make_blocks([part], lines, doors, most=most)
        graph = blocks.graph()
        for number in numbers_to_try(total, heavy, wanted):
            label, score = partition(graph, number, wanted, seed, progress.step)
            found.append((blocks, label, score))
            if score[0] <= aim:
                return found[-1]
    return min(found, key=lambda one: one[2])


def granularities(wanted: Range) -> list[int]:
    """How many households a block may have, from coarse to fine: at last single doors."""
    return [most for share in _COARSE if (most := int(wanted.least * share)) > 1] + [1]


def numbers_to_try(total: int, heavy: Ints, wanted: Range) -> list[int]:
    """How many cells to make of `total` households, the best number first; `heavy` doors are cells of their own."""
    alone = len(heavy)
    rest = total - int(heavy.sum())
    possible = list(wanted.numbers(rest)) or _around(rest, wanted)
    possible.sort(key=lambda number: (abs(rest / max(1, number) - wanted.middle), number))
    return [max(1, number + alone) for number in possible[:_NUMBERS]]


def _around(total: int, wanted: Range) -> list[int]:
    """The numbers of cells that come nearest to the range where none is in it."""
    few = total // wanted.least
    return [few, few + 1] if few else [1 if total else 0]


def least_off(total: int, wanted: Range) -> int:
    """How many households are out of the range at least when `total` are divided into cells."""
    if wanted.numbers(total):
        return 0
    return min(
        max(0, total - number * wanted.most, number * wanted.least - total)
        for number in (max(1, number) for number in _around(total, wanted))
    )


def _coded(village: str, pieces: Sequence[_Piece], wanted: Range, used: Collection[str]) -> Cut:
    """The cells of all parts with their codes."""
    drawn: list[tuple[Polygon, int, int, Why | None]] = []
    lengths = [piece.blocks.border_m(piece.label) for piece in pieces]
    for piece in pieces:
        label = piece.label[piece.blocks.door_block]
        doorplates = np.bincount(label, minlength=len(piece.polygons)).tolist()
        households = np.bincount(piece.label, piece.blocks.households).astype(int).tolist()
        total = sum(households)
        for number, polygon in piece.polygons.items():
            heaviest = int(piece.blocks.households[piece.label == number].max())
            why = why_out(households[number], heaviest, total, wanted)
            drawn.append((polygon, doorplates[number], households[number], why))
    order = reading_order([polygon for polygon, *_ in drawn])
    codes = free_codes(village, used)
    cells = tuple(NewCell(next(codes), *drawn[index]) for index in order)
    return Cut(cells, sum(border for border, _ in lengths), sum(along for _, along in lengths))


def why_out(households: int, heaviest: int, total: int, wanted: Range) -> Why | None:
    """Why a cell is out of the range, None where it is not.

    `heaviest` is the heaviest block of the cell, made as fine as need be; `total` are the households of its part.
    """
    if not wanted.off(households):
        return None
    if total < wanted.least:
        return Why("FEW", total)
    if heaviest > wanted.most:
        return Why("DOOR", heaviest)
    return Why("NOT_FOUND" if wanted.numbers(total) else "NUMBER", total)
