"""Operations as JSON: what is stored is what is read, and what is wrong is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
import shapely
from shapely import LineString

from gis.cells.editing.issues import Refused
from gis.cells.editing.operations import (
    Create,
    Merge,
    MoveNode,
    MoveToVillage,
    Operation,
    Piece,
    Recut,
    Renumber,
    Reshape,
    Retire,
    SetAttributes,
    Split,
    as_json,
    cells_named,
    drawn,
    needed_box,
)
from gis.cells.editing.parse import parse_operation
from gis.errors import BadInput
from tests.gis.cells.editing.grids import EAST_VILLAGE, WEST_VILLAGE, assert_told, code_at, labels, place, shape, tilted

A, B = code_at(0, 0), code_at(1, 0)
RING = [list(place(*corner)) for corner in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
OPERATIONS: list[Operation] = [
    Split(A, LineString([place(0.123, 0.7), place(1 / 3, 2)]), f"{WEST_VILLAGE}009"),
    Split(A, LineString([place(0, 0), place(1, 2)])),
    Merge((A, B), B),
    Reshape(A, shape((0, 0), (1, 0), (1 / 3, 1))),
    MoveNode(place(1, 1), place(1.1, 1.2)),
    Create(shape((0, 0), (1, 0), (1, 1)), WEST_VILLAGE, None, "工厂", "dedicated"),
    Create(shape((0, 0), (1, 0), (1, 1)), WEST_VILLAGE),
    Retire(A, B),
    Retire(A),
    MoveToVillage(A, EAST_VILLAGE),
    SetAttributes(A, kind="dedicated"),
    SetAttributes(A, name="新名"),
    Renumber(A, f"{WEST_VILLAGE}077"),
    Renumber(A),
    Recut((A, B), (Piece(shape((0, 0), (1 / 3, 0), (1, 1), (0, 1)), B, "东片"), Piece(shape((1, 0), (2, 0), (1, 1))))),
]


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_what_is_stored_is_what_is_read(op: Operation) -> None:
    assert parse_operation(json.loads(json.dumps(as_json(op)))) == op


def polygon(*rings: object) -> dict[str, Any]:
    return {"op": "reshape", "cell": A, "polygon": {"type": "Polygon", "coordinates": list(rings)}}


@pytest.mark.parametrize(
    ("data", "member"),
    [
        ({}, "op"),
        ({"op": "explode", "cell": A}, "op"),
        ({"op": ["split"]}, "op"),
        ({"op": "split", "line": {"type": "LineString", "coordinates": RING}}, "cell"),
        ({"op": "split", "cell": "99", "line": {"type": "LineString", "coordinates": RING}}, "cell"),
        ({"op": "split", "cell": WEST_VILLAGE, "line": {"type": "LineString", "coordinates": RING}}, "cell"),
        ({"op": "split", "cell": A}, "line"),
        ({"op": "split", "cell": A, "line": {"type": "Polygon", "coordinates": [RING]}}, "line"),
        ({"op": "split", "cell": A, "line": {"type": "LineString", "coordinates": RING[:1]}}, "line"),
        ({"op": "split", "cell": A, "line": {"type": "LineString"}}, "line"),
        ({"op": "merge", "cells": A, "keep": A}, "cells"),
        ({"op": "merge", "cells": [A], "keep": A}, "cells"),
        ({"op": "merge", "cells": [A, B], "keep": code_at(2, 2)}, "keep"),
        (polygon(), "polygon"),
        (polygon([]), "polygon"),
        (polygon([*RING[:3], ["104", 34.5], RING[0]]), "polygon"),
        (polygon([*RING[:3], [104, 91], RING[0]]), "polygon"),
        (polygon([*RING[:3], [float("nan"), 34], RING[0]]), "polygon"),
        (polygon([*RING[:3], [True, 34], RING[0]]), "polygon"),
        (polygon([*RING[:3], [104], RING[0]]), "polygon"),
        ({"op": "move_node", "from": [104.0, 34.5]}, "to"),
        ({"op": "move_node", "from": "104", "to": [104.0, 34.5]}, "from"),
        ({"op": "create", "polygon": {"type": "Polygon", "coordinates": [RING]}}, "village"),
        ({**as_json(OPERATIONS[5]), "kind": "holy"}, "kind"),
        ({**as_json(OPERATIONS[5]), "name": "a\x07b"}, "name"),
        ({**as_json(OPERATIONS[5]), "name": " "}, "name"),
        ({"op": "retire", "cell": A}, "to"),
        ({"op": "set", "cell": A, "colour": "red"}, "colour"),
        ({"op": "recut", "cells": A, "pieces": []}, "cells"),
        ({"op": "recut", "cells": [A], "pieces": {}}, "pieces"),
        ({"op": "recut", "cells": [A], "pieces": []}, "pieces"),
        ({"op": "recut", "cells": [A], "pieces": [{"code": A}]}, "polygon"),
        ({"op": "recut", "cells": [A], "pieces": [{**polygon(RING), "op": "x"}]}, "pieces"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(data: dict[str, Any], member: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_operation(data)
    assert caught.value.field == member
    assert caught.value.message.startswith(f"{member}:")


def test_invalid_ring_that_is_not_closed_is_refused_and_closed() -> None:
    with pytest.raises(Refused) as caught:
        parse_operation(polygon(RING[:-1]))
    (issue,) = caught.value.issues
    assert (issue.code, issue.reason, labels(issue)) == ("INVALID_RING", "ring-open", ["close-ring"])
    assert issue.piece.equals(LineString([RING[3], RING[0]]))  # type: ignore[attr-defined]
    assert issue.fixes[0].operations == (parse_operation(polygon(RING)),)
    assert_told(issue)


def test_invalid_ring_of_three_positions_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        parse_operation(polygon([RING[0], RING[1], RING[0]]))
    assert caught.value.issues[0].reason == "ring-short"
    assert_told(caught.value.issues[0])


def test_multipart_drawings_are_refused_and_the_largest_part_is_proposed() -> None:
    small = [list(place(*corner)) for corner in ((3, 0), (3.5, 0), (3.5, 0.5), (3, 0))]
    data = polygon(RING)
    data["polygon"] = {"type": "MultiPolygon", "coordinates": [[small], [RING]]}
    with pytest.raises(Refused) as caught:
        parse_operation(data)
    (issue,) = caught.value.issues
    assert (issue.code, issue.reason, labels(issue)) == ("MULTIPART", "drawn-in-parts", ["largest-part"])
    assert issue.area_m2 == pytest.approx(tilted().measure.area_m2(shape((3, 0), (3.5, 0), (3.5, 0.5))), rel=1e-6)
    assert issue.fixes[0].operations == (parse_operation(polygon(RING)),)
    assert_told(issue)


def test_a_multipolygon_of_one_part_is_that_part() -> None:
    data = polygon(RING)
    data["polygon"] = {"type": "MultiPolygon", "coordinates": [[RING]]}
    assert parse_operation(data) == parse_operation(polygon(RING))


def test_heights_are_dropped() -> None:
    assert parse_operation(polygon([[*position, 1200.0] for position in RING])) == parse_operation(polygon(RING))


@pytest.mark.parametrize("op", OPERATIONS, ids=str)
def test_the_box_holds_what_is_drawn_and_named(op: Operation) -> None:
    grid = tilted()
    west, south, east, north = needed_box(op, [grid.cells[code].polygon for code in cells_named(op)])
    box = shapely.box(west, south, east, north)
    own = drawn(op)
    assert own is None or box.contains_properly(own)
    assert all(box.contains_properly(grid.cells[code].polygon) for code in cells_named(op))
