"""What can be done to the grid: one frozen dataclass for each operation, and their form as JSON.

`code` None means the next free code of the village; an operation that was applied carries the codes it was given, and
that is what is stored. Geometries are EPSG:4490, in JSON as GeoJSON (CRS84).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import shapely
from shapely import GeometryCollection, LineString, Point, Polygon

from gis.cells.editing.grid import Kind
from gis.errors import BadInput

Bounds = tuple[float, float, float, float]
LonLat = tuple[float, float]
# Degrees around what is drawn, about 1 m: wider than any tolerance of the editing.
_MARGIN: Final = 1e-5


@dataclass(frozen=True, slots=True)
class Split:
    """Cut a cell along a line. The larger part keeps the cell's code, the other one gets `code`."""

    cell: str
    line: LineString
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Merge:
    """Unite cells of one village that lie side by side; `keep`, one of them, keeps its code."""

    cells: tuple[str, ...]
    keep: str

    def __post_init__(self) -> None:
        if len(set(self.cells)) < 2 or len(set(self.cells)) < len(self.cells):
            raise BadInput("cells: a merge takes two or more different cells", field="cells")
        if self.keep not in self.cells:
            raise BadInput("keep: {keep!r} is none of the merged cells", keep=self.keep, field="keep")


@dataclass(frozen=True, slots=True)
class Reshape:
    """Give a cell another polygon; what it gains comes from its neighbours, what it gives up goes to them."""

    cell: str
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class MoveNode:
    """Move a node of the borders (lon, lat) in every cell that shares it."""

    from_: LonLat
    to: LonLat


@dataclass(frozen=True, slots=True)
class Create:
    """A new cell: beside the county, whose outline then grows, or, dedicated, cut out of the cells it lies in."""

    polygon: Polygon
    village: str
    code: str | None = None
    name: str = ""
    kind: Kind = "general"


@dataclass(frozen=True, slots=True)
class Retire:
    """End a cell. Its land goes to the neighbour `to`, or, with None, leaves the county."""

    cell: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class MoveToVillage:
    """Give a cell to another village: the same polygon under a new code."""

    cell: str
    village: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class SetAttributes:
    """Change a cell's name or kind; None leaves it as it is."""

    cell: str
    name: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Renumber:
    """Give a cell another code of its village."""

    cell: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A cell as it shall be: with the code of one that it goes on with, else a new one; no name leaves or makes it."""

    polygon: Polygon
    code: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Recut:
    """Draw cells of one village anew: the pieces take their land, and cells without a piece end."""

    cells: tuple[str, ...]
    pieces: tuple[Piece, ...]

    def __post_init__(self) -> None:
        if not self.cells or len(set(self.cells)) < len(self.cells):
            raise BadInput("cells: one or more different cells are drawn anew", field="cells")
        codes = [piece.code for piece in self.pieces if piece.code is not None]
        if not self.pieces or len(set(codes)) < len(codes):
            raise BadInput("pieces: one or more pieces with different codes take the land", field="pieces")


Operation = Split | Merge | Reshape | MoveNode | Create | Retire | MoveToVillage | SetAttributes | Renumber | Recut


# ---- what must be known to apply one


def cells_named(op: Operation) -> tuple[str, ...]:
    """The codes of the cells that an operation names."""
    match op:
        case Merge() | Recut():
            return op.cells
        case Retire():
            return (op.cell,) if op.to is None else (op.cell, op.to)
        case MoveNode() | Create():
            return ()
        case _:
            return (op.cell,)


def drawn(op: Operation) -> shapely.Geometry | None:
    """What an operation draws, None where it draws nothing. Cells that meet it take part."""
    match op:
        case Split():
            return op.line
        case Reshape() | Create():
            return op.polygon
        case MoveNode():
            return Point(op.from_) if op.from_ == op.to else LineString([op.from_, op.to])
        case Recut():
            return GeometryCollection([piece.polygon for piece in op.pieces])
        case _:
            return None


def needed_box(op: Operation, shapes: Iterable[shapely.Geometry]) -> Bounds:
    """The box (west, south, east, north) whose cells must all be in the grid for an exact result.

    `shapes` are the polygons of the cells that the operation names (`cells_named`) and of those that meet what it draws
    (`drawn`). Without any shape or drawing the box is NaN.
    """
    own = drawn(op)
    west, south, east, north = shapely.total_bounds([*shapes, *([] if own is None else [own])])
    return west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN


# ---- JSON (read by gis/cells/editing/parse.py)


def as_json(op: Operation) -> dict[str, Any]:
    """The operation as JSON: what is stored, and what `parse_operation` reads. Members that are None are left out."""
    match op:
        case MoveNode():
            found: dict[str, Any] = {"from": list(op.from_), "to": list(op.to)}
        case Merge():
            found = {"cells": list(op.cells), "keep": op.keep}
        case Recut():
            found = {"cells": list(op.cells), "pieces": [_members(piece) for piece in op.pieces]}
        case _:
            found = _members(op)
    return {"op": NAMES[type(op)], **found}


def _members(of: Operation | Piece) -> dict[str, Any]:
    """The members as JSON. Those left open (None, or no name) are not there, but for `to` of a Retire: that the land
    leaves the county is not left to a missing member."""
    found = {slot: getattr(of, slot) for slot in of.__slots__}
    kept = {name: value for name, value in found.items() if value or name == "to"}
    shapes = {k: json.loads(shapely.to_geojson(v)) for k, v in kept.items() if isinstance(v, shapely.Geometry)}
    return {**kept, **shapes}


NAMES: Final[Mapping[type[Operation], str]] = {
    Split: "split",
    Merge: "merge",
    Reshape: "reshape",
    MoveNode: "move_node",
    Create: "create",
    Retire: "retire",
    MoveToVillage: "move_to_village",
    SetAttributes: "set",
    Renumber: "renumber",
    Recut: "recut",
}
