"""Labels that faces were given become cells: strips of rounding go where they belong, and what is no cell is named.

Pure. Every edit of polygons ends here before it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import shapely
from shapely import Polygon

from gis.cells.editing.arrangement import Faces, Label
from gis.cells.editing.issues import Issue, IssueCode
from gis.cells.measure import SLIVER_M

WIDTH = f"{SLIVER_M:g}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an edit of polygons comes to, before the new cell has a code.

    `parents` are the cells that the new one was cut from; `shared` in how many cells a node was moved; `outline` is the
    county's where it grew, shrank or got nodes, else None.
    """

    polygons: dict[str, Polygon]
    gone: tuple[str, ...] = ()
    outline: shapely.Geometry | None = None
    warnings: tuple[Issue, ...] = ()
    parents: tuple[str, ...] = ()
    shared: int = 0


def keep_strips(faces: Faces, labels: list[Label]) -> list[Issue]:
    """Give strips thinner than 0.1 m that change hands back to whose they were; one warning for all of them.

    A border that was drawn again, with other rounding, is so the border it was.
    """
    strips: list[int] = []
    moved: dict[tuple[Label, Label], list[int]] = {}
    for face, (owner, label) in enumerate(zip(faces.owner, labels, strict=True)):
        if owner != label:
            moved.setdefault((owner, label), []).append(face)
    for between in moved.values():
        for group in faces.groups(between):
            if faces.grid.measure.thin(faces.piece(group)):
                strips.extend(group)
    for face in strips:
        labels[face] = faces.owner[face]
    inner = [face for face in strips if faces.owner[face] is not None]
    return [_warning(faces, "SLIVER", "strips-kept", inner, width=WIDTH)] if inner else []


def join_strips(faces: Faces, labels: list[Label]) -> None:
    """Give strips that hang apart from the rest of their cell to the neighbour with the longest common border."""
    for label, (_, *others) in faces.united(labels).items():
        for group in others:
            around = [name for name in faces.borders(group, labels) if name != label]
            if around and faces.grid.measure.thin(faces.piece(group)):
                for face in group:
                    labels[face] = around[0]


def no_cells(faces: Faces, labels: Sequence[Label], by: str) -> list[Issue]:
    """Cells that would vanish, fall apart (the piece is all but the largest part) or be strips. `by` is who does it."""
    groups, measure = faces.united(labels), faces.grid.measure
    issues = []
    for code, shape in zip(faces.codes, faces.shapes, strict=True):
        if code not in groups:
            issues.append(Issue.measured(measure, "OVERLAP", "vanishes", (code,), shape, values={"by": by}))
    for label, (largest, *others) in groups.items():
        named = (label or by,)
        if others:
            piece, parts = faces.piece([face for group in others for face in group]), {"parts": str(1 + len(others))}
            issues.append(Issue.measured(measure, "MULTIPART", "falls-apart", named, piece, values=parts))
        elif _changes(faces, labels, label) and measure.thin(faces.piece(largest)):
            piece, width = faces.piece(largest), {"width": WIDTH}
            issues.append(Issue.measured(measure, "SLIVER", "too-thin", named, piece, values=width))
    return issues


def _changes(faces: Faces, labels: Sequence[Label], code: str) -> bool:
    return any((owner == code) != (label == code) for owner, label in zip(faces.owner, labels, strict=True))


def village_borders(faces: Faces, labels: Sequence[Label], villages: dict[str, str]) -> list[Issue]:
    """Warnings where land passes from one village to another; `villages` has those of labels that are no cell yet."""
    moved: dict[tuple[str, str], list[int]] = {}
    village = {code: faces.grid.cells[code].village for code in faces.codes} | villages
    for face, (owner, label) in enumerate(zip(faces.owner, labels, strict=True)):
        if owner is not None and label is not None and village[owner] != village[label]:
            moved.setdefault((village[owner], village[label]), []).append(face)
    return [
        _warning(faces, "OTHER_VILLAGE", "village-border", group, by=by, to=to) for (by, to), group in moved.items()
    ]


def _warning(faces: Faces, code: IssueCode, reason: str, group: Sequence[int], **values: str) -> Issue:
    """A warning about faces that have an owner."""
    cells, piece = sorted({str(faces.owner[face]) for face in group}), faces.piece(group)
    return Issue.measured(faces.grid.measure, code, reason, cells, piece, severity="warning", values=values)
