"""What a cut or a rebalance proposes, as one operation on the grid and in figures. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final, Literal

import shapely

from gis.cells.cutting.cut import Cut, NewCell, cut
from gis.cells.cutting.lines import Lines
from gis.cells.cutting.partition import Range
from gis.cells.cutting.progress import Told
from gis.cells.cutting.rebalance import Rebalance, rebalance
from gis.cells.cutting.village import Village
from gis.cells.editing.operations import Piece, Recut

Kind = Literal["cut", "rebalance"]
KINDS: Final[tuple[Kind, ...]] = ("cut", "rebalance")
NO_LINES: Final = Lines.of([])
_TITLES: Final = {"cut": "重新划分", "rebalance": "均衡调整"}
_LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: cells of the `wanted` range, cut anew or balanced. `lines` are rivers and railways that
    borders may follow beside the streets."""

    kind: Kind
    wanted: Range
    seed: int = 0
    lines: Lines = NO_LINES


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed change of the general cells of a village.

    `operation` does it all at once (None: nothing is to be changed); its pieces are the cells `written`, in their
    order. New cells have codes here that are free now, and none in the operation: they get them as every new cell does,
    when it is added to a draft. `kept` are the cells that stay as they are, `retired` the codes of those that end.

    The borders between the cells of a contiguous part are `border_m` long in all, `along_m` of it along streets. Of a
    rebalance, `moved` households get another cell and no change could do with fewer than `least_moved`; None of a cut,
    which gives everybody a new one.
    """

    wanted: Range
    operation: Recut | None
    written: tuple[NewCell, ...]
    kept: tuple[NewCell, ...]
    retired: tuple[str, ...]
    border_m: float
    along_m: float
    moved: int | None = None
    least_moved: int | None = None

    @property
    def cells(self) -> list[NewCell]:
        """Every general cell of the village as it would be, by code."""
        return sorted([*self.written, *self.kept], key=lambda cell: cell.code)

    def coded(self, applied: Recut) -> Proposal:
        """The proposal with the codes that its operation was given."""
        pairs = zip(self.written, applied.pieces, strict=True)
        written = tuple(replace(cell, code=str(piece.code)) for cell, piece in pairs)
        return replace(self, operation=applied, written=written)


def propose(village: Village, ask: Ask, on_progress: Told | None = None) -> Proposal:
    """Cut or balance a village. The same arguments give the same.

    `on_progress` is told the doors dealt with since it was told last; what it raises ends the work.
    Raises BadInput where the village has not enough codes left.
    """
    lines = village.streets + ask.lines
    used, seed = village.used, ask.seed
    if ask.kind == "cut":
        parts = village.parts()
        found = cut(
            village.code, parts, lines, village.doors, ask.wanted, used=used, seed=seed, on_progress=on_progress
        )
        return _of_cut(village, ask, found)
    cells = village.cells
    changed = rebalance(
        village.code, cells, lines, village.doors, ask.wanted, used=used, seed=seed, on_progress=on_progress
    )
    return _of_rebalance(village, ask, changed)


def title_of(village: str, ask: Ask) -> str:
    """What a draft with the proposal for a village of that name is called."""
    return f"{_TITLES[ask.kind]}：{village[:_LONGEST_NAME]}（每格 {ask.wanted.least}–{ask.wanted.most} 户）"


def _of_cut(village: Village, ask: Ask, found: Cut) -> Proposal:
    cells = tuple(sorted(village.cells))
    return Proposal(
        wanted=ask.wanted,
        operation=Recut(cells, _pieces(village, found.cells, cells)),
        written=found.cells,
        kept=(),
        retired=cells,
        border_m=found.border_m,
        along_m=found.along_m,
    )


def _of_rebalance(village: Village, ask: Ask, found: Rebalance) -> Proposal:
    operation = None
    if found.written:
        taking_part = {cell.code for cell in found.written if cell.code in village.cells} | set(found.retired)
        operation = Recut(tuple(sorted(taking_part)), _pieces(village, found.written, found.retired))
    return Proposal(
        wanted=ask.wanted,
        operation=operation,
        written=found.written,
        kept=found.kept,
        retired=found.retired,
        border_m=found.border_m,
        along_m=found.along_m,
        moved=found.moved,
        least_moved=found.least_moved,
    )


def _pieces(village: Village, cells: Iterable[NewCell], ending: Collection[str]) -> tuple[Piece, ...]:
    """The cells as pieces: those that live on keep code and name, new ones get a name and, later, a code."""
    names = _free_names(village, ending)
    return tuple(
        Piece(cell.polygon, cell.code) if cell.code in village.cells else Piece(cell.polygon, None, next(names))
        for cell in cells
    )


def _free_names(village: Village, ending: Collection[str]) -> Iterator[str]:
    """Names that no cell has that stays: the village's, and a number that counts its cells."""
    taken = {name for code, name in village.names.items() if code not in ending}
    for number in count(len(village.names.keys() - set(ending)) + 1):
        name = f"{village.name[:_LONGEST_NAME]}第{number}网格"
        if name not in taken:
            yield name


def as_geojson(cells: Iterable[NewCell]) -> dict[str, Any]:
    """A FeatureCollection (CRS84): doorplates, households, and why a cell is out of the range (or null)."""
    return {"type": "FeatureCollection", "features": [_feature(cell) for cell in cells]}


def _feature(cell: NewCell) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": cell.code,
        "geometry": json.loads(shapely.to_geojson(cell.polygon)),
        "properties": {"code": cell.code, "village": cell.code[:12], **figures_of(cell)},
    }


def figures_of(cell: NewCell) -> dict[str, Any]:
    """Doorplates, households, and why that is out of the range, as JSON."""
    why = cell.why
    told = None if why is None else {"reason": why.reason, "households": why.households, "sentence": why.sentences()}
    return {"doorplates": cell.doorplates, "households": cell.households, "why": told}
