"""After any sequence of operations: the cells tile the county, every point is in one cell, and history replays."""

from __future__ import annotations

import json

import numpy as np
import shapely
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from shapely import LineString

from gis.cells.editing.edit import Change, apply, changed
from gis.cells.editing.grid import Cell, Grid
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
from gis.cells.editing.replay import digest, replay
from gis.cells.reversal import effect_between, taken_back
from gis.cells.topology import united
from gis.errors import BrokenCoverage
from tests.examples import examples
from tests.gis.cells.editing.grids import (
    Codes,
    assert_sound,
    assert_told,
    assert_untouched,
    exact_area,
    no_code,
    voronoi,
)

PICK = st.integers(0, 10_000)
PART = st.floats(0.0, 1.0, allow_nan=False)
SIZE = st.floats(0.05, 1.2)


class Editing(RuleBasedStateMachine):
    """A county that is edited at random, by somebody who also takes things back."""

    @initialize(seed=st.integers(0, 50), number=st.integers(6, 30))
    def begin(self, seed: int, number: int) -> None:
        self.first = self.grid = voronoi(seed, number)
        self.codes = Codes(self.grid)
        self.done: list[tuple[Grid, Change]] = []
        self.points = np.random.default_rng(seed).uniform((103.99, 34.49), (104.05, 34.55), (100, 2))

    # ---- what is drawn

    def cell(self, pick: int) -> Cell:
        return self.grid.cells[self.grid.codes[pick % len(self.grid.codes)]]

    def node(self, cell: Cell, pick: int) -> np.ndarray:  # type: ignore[type-arg]
        nodes = shapely.get_coordinates(cell.polygon)
        found: np.ndarray = nodes[pick % len(nodes)]  # type: ignore[type-arg]
        return found

    def blob(self, cell: Cell, at: np.ndarray, size: float, turn: float) -> shapely.Polygon:  # type: ignore[type-arg]
        corners = np.linspace(0, 2 * np.pi, 7)[:-1] + turn
        radius = size * np.sqrt(cell.polygon.area) / 2
        return shapely.Polygon(at + radius * np.column_stack([np.cos(corners), np.sin(corners)]))

    def do(self, op: Operation) -> None:
        """Apply; what is refused changes nothing and is told, what is done leaves the rest alone."""
        before = digest(self.grid)
        try:
            change = apply(self.grid, op, self.codes)
        except Refused as refused:
            for issue in refused.issues:
                if issue.code not in {"UNKNOWN_CELL"}:
                    assert_told(issue)
        except BrokenCoverage:  # rounding would let a border slip over a node: refused whole
            assert digest(self.grid) == before
        else:
            after = changed(self.grid, change)
            assert_untouched(self.grid, after, change)
            self.assert_area(after, change)
            self.assert_same_from_a_part(op, change)
            self.done.append((self.grid, change))
            self.grid = after
            return
        assert digest(self.grid) == before

    def assert_area(self, after: Grid, change: Change) -> None:
        """Σ area changes only where land joins or leaves the county."""
        if not isinstance(change.operation, Create | Retire):
            assert exact_area(after.outline) == exact_area(self.grid.outline)  # and the cells' is the same: see `tiles`

    def assert_same_from_a_part(self, op: Operation, change: Change) -> None:
        """The neighbourhood that the operation asks for is enough, to the last bit."""
        shape = drawn(op)
        named = {*cells_named(op), *(() if shape is None else self.grid.near(shape))}
        box = shapely.box(*needed_box(op, [self.grid.cells[code].polygon for code in named]))
        part = Grid([self.grid.cells[code] for code in self.grid.near(box)], self.grid.outline)
        again = apply(part, change.operation, no_code)
        assert again.written == change.written
        assert (again.retired, again.lineage, again.nodes_shared) == (
            change.retired,
            change.lineage,
            change.nodes_shared,
        )
        assert (again.outline is None) == (change.outline is None)
        assert again.outline is None or shapely.to_wkb(again.outline) == shapely.to_wkb(change.outline)

    # ---- what can be done

    @rule(pick=PICK, node=PICK, size=SIZE, turn=PART, grows=st.booleans(), within=st.booleans())
    def reshape(self, pick: int, node: int, size: float, turn: float, grows: bool, within: bool) -> None:
        cell = self.cell(pick)
        blob = self.blob(cell, self.node(cell, node), size, turn)
        polygon = shapely.union(cell.polygon, blob) if grows else shapely.difference(cell.polygon, blob)
        if within:
            polygon = shapely.intersection(polygon, self.grid.outline)
        parts = [part for part in shapely.get_parts(polygon) if isinstance(part, shapely.Polygon)]
        if parts:
            self.do(Reshape(cell.code, max(parts, key=shapely.area)))

    @rule(pick=PICK, node=PICK, other=PICK, bend=PART, over=st.floats(-0.1, 0.3))
    def split(self, pick: int, node: int, other: int, bend: float, over: float) -> None:
        cell = self.cell(pick)
        start, end = self.node(cell, node), self.node(cell, other)
        way = end - start
        if np.hypot(*way) > 0:
            middle = (start + end) / 2 + (bend - 0.5) * way[::-1] * (1, -1)
            self.do(Split(cell.code, LineString([start - over * way, middle, end + over * way])))

    @rule(pick=PICK, other=PICK, near=st.booleans())
    def merge(self, pick: int, other: int, near: bool) -> None:
        cell = self.cell(pick)
        around = [code for code in (self.grid.near(cell.polygon) if near else self.grid.codes) if code != cell.code]
        if around:
            self.do(Merge((cell.code, around[other % len(around)]), cell.code))

    @rule(pick=PICK, turn=PART, keeps=st.booleans(), alone=st.booleans())
    def recut(self, pick: int, turn: float, keeps: bool, alone: bool) -> None:
        """A cell, or it and all around it in its village, in two halves along a line."""
        cell = self.cell(pick)
        around = [cell.code] if alone else self.grid.near(cell.polygon)
        codes = tuple(code for code in around if self.grid.cells[code].village == cell.village)
        land = united([self.grid.cells[code].polygon for code in codes])
        way = np.array([np.cos(np.pi * turn), np.sin(np.pi * turn)])
        middle = shapely.get_coordinates(shapely.point_on_surface(cell.polygon))[0]
        line = LineString([middle - way, middle + way])
        parts = shapely.get_parts(shapely.polygonize([shapely.union_all([shapely.boundary(land), line])]))
        inside = [part for part in parts if shapely.intersects(land, shapely.point_on_surface(part))]
        self.do(
            Recut(codes, tuple(Piece(part, cell.code if keeps and not n else None) for n, part in enumerate(inside)))
        )

    @rule(pick=PICK, node=PICK, far=st.floats(-0.4, 0.4), turn=PART)
    def move_node(self, pick: int, node: int, far: float, turn: float) -> None:
        cell = self.cell(pick)
        at = self.node(cell, node)
        to = at + far * np.sqrt(cell.polygon.area) * np.array([np.cos(6 * turn), np.sin(6 * turn)])
        self.do(MoveNode((float(at[0]), float(at[1])), (float(to[0]), float(to[1]))))

    @rule(pick=PICK, size=SIZE, turn=PART, node=PICK, inside=st.booleans())
    def create_dedicated(self, pick: int, size: float, turn: float, node: int, inside: bool) -> None:
        cell = self.cell(pick)
        at = shapely.get_coordinates(cell.polygon.point_on_surface())[0] if inside else self.node(cell, node)
        self.do(Create(self.blob(cell, at, size, turn), cell.village, kind="dedicated"))

    @rule(pick=PICK, size=SIZE, turn=PART, beside=st.booleans())
    def create_land(self, pick: int, size: float, turn: float, beside: bool) -> None:
        nodes = shapely.get_coordinates(self.grid.outline)
        cell = self.cell(pick)
        blob = self.blob(cell, nodes[pick % len(nodes)], size, turn)
        land = shapely.difference(blob, self.grid.outline) if beside else blob
        parts = [part for part in shapely.get_parts(land) if isinstance(part, shapely.Polygon)]
        if parts:
            self.do(Create(max(parts, key=shapely.area), cell.village))

    @rule(pick=PICK, other=PICK, leaves=st.booleans())
    def retire(self, pick: int, other: int, leaves: bool) -> None:
        cell = self.cell(pick)
        if len(self.grid.cells) > 4:
            around = [code for code in self.grid.near(cell.polygon) if code != cell.code]
            self.do(Retire(cell.code, None if leaves or not around else around[other % len(around)]))

    @rule(pick=PICK, other=PICK, what=st.integers(0, 2))
    def codes_and_names(self, pick: int, other: int, what: int) -> None:
        cell = self.cell(pick)
        village = self.cell(other).village
        if what == 0:
            self.do(Renumber(cell.code))
        elif what == 1:
            self.do(SetAttributes(cell.code, name=f"网格{other}"))
        elif village != cell.village:
            self.do(MoveToVillage(cell.code, village))

    @rule()
    def take_back(self) -> None:
        """Undo restores the exact state."""
        if self.done:
            before, change = self.done.pop()
            self.grid = taken_back(self.grid, effect_between(before, changed(before, change)))
            assert digest(self.grid) == digest(before)

    # ---- what must always be true

    @invariant()
    def tiles(self) -> None:
        assert_sound(self.grid)

    @invariant()
    def every_point_is_in_one_cell(self) -> None:
        shapes = np.array([cell.polygon for cell in self.grid.cells.values()], dtype=object)
        points = shapely.points(self.points)
        point, cell = shapely.STRtree(shapes).query(points, predicate="intersects")
        hits = np.bincount(point, minlength=len(self.points))
        inside = shapely.intersects(self.grid.outline, points)
        assert (hits[inside] == 1).all()  # random points do not lie on borders
        assert (hits[~inside] == 0).all()
        found = self.grid.cells_at(*self.points.T)
        assert [found[p] for p in point] == [self.grid.codes[c] for c in cell]

    def teardown(self) -> None:
        """The history, as it is stored, replays to the same grid."""
        if hasattr(self, "first"):
            stored = json.dumps([as_json(change.operation) for _, change in self.done])
            again = replay(self.first, map(parse_operation, json.loads(stored)), no_code)
            assert digest(again) == digest(self.grid)
            assert [point is not None for point in again.cells_at(*self.points.T)] == list(
                shapely.intersects(again.outline, shapely.points(self.points))
            )


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=examples(25), stateful_step_count=25)
