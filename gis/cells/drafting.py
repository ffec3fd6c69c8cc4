"""What the operations of a change set do to the grid of a county, and whether others have touched the same. Pure.

A change set is of an area, and its operations see nothing else: the area's cells are their grid, the union of these
cells their outline. Nodes that they put on this outline are put into the cells beyond it too, which keep their land.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon

from gis.cells.editing.edit import Change, NextCode, apply, changed
from gis.cells.editing.grid import Cell, Grid
from gis.cells.editing.issues import Issue, Refused
from gis.cells.editing.operations import Operation
from gis.cells.topology import GRID, united
from gis.codes import DIGITS, Level

LonLat = tuple[float, float]
_COUNTY: Final = DIGITS[Level.county]


@dataclass(frozen=True, slots=True)
class Played:
    """The grid of the county after the operations of a change set, and what each of them did."""

    grid: Grid
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Net:
    """What lies between two grids: cells that differ in any bit, codes that are gone, the outline if it differs."""

    written: dict[str, Cell]
    retired: tuple[str, ...]
    outline: shapely.Geometry | None


def play(grid: Grid, area: str, ops: Iterable[Operation], next_code: NextCode) -> Played:
    """Apply operations in turn to the part of a county's grid that lies in an area (a code).

    Raises Refused at the first that cannot be done, BadInput where a member contradicts another.
    """
    inner = part_of(grid, area)
    was, changes = inner, []
    for op in ops:
        change = apply(inner, op, next_code) if was is grid else _applied_inside(inner, op, next_code, area)
        inner = changed(inner, change)
        changes.append(change)
    joined = _joined(grid, was, inner)
    followed = joined if was is grid or inner.outline is was.outline else _followed(joined, was, inner)
    return Played(followed, tuple(changes))


def _applied_inside(inner: Grid, op: Operation, next_code: NextCode, area: str) -> Change:
    """What an operation does in a part of the county: there its border is what the county's is to the whole."""
    try:
        change = apply(inner, op, next_code)
    except Refused as refused:
        raise Refused([_of_area(issue, area) for issue in refused.issues]) from None
    if change.outline is not None and not same_land(inner.outline, change.outline):
        beside = shapely.symmetric_difference(inner.outline, change.outline)
        raise Refused([Issue.measured(inner.measure, "OUTSIDE_AREA", "county-outline", (), beside)])
    return change


def _of_area(issue: Issue, area: str) -> Issue:
    if issue.code != "OUTSIDE_COUNTY":
        return issue
    fixes = tuple(replace(fix, label="cut-at-area") for fix in issue.fixes if fix.label == "cut-at-county")
    return replace(issue, code="OUTSIDE_AREA", reason="outside-area", values={"by": area}, fixes=fixes)


def part_of(grid: Grid, area: str) -> Grid:
    """The cells of an area as a grid of their own, with their union as outline; the grid itself for its county."""
    if len(area) == _COUNTY:
        return grid
    cells = [cell for code, cell in grid.cells.items() if code.startswith(area)]
    return Grid(cells, united(cell.polygon for cell in cells))


def _joined(grid: Grid, was: Grid, inner: Grid) -> Grid:
    written = [cell for code, cell in inner.cells.items() if grid.cells.get(code) is not cell]
    retired = [code for code in was.cells if code not in inner.cells]
    return grid.with_(written, retired, inner.outline if was is grid else None)


def _followed(grid: Grid, was: Grid, inner: Grid) -> Grid:
    """The grid with the new nodes of the inner grid's outline in the cells beyond it and in the county's outline."""
    chains = _chains(was.outline, inner.outline)
    beyond = [grid.cells[code] for code in grid.near(was.outline) if code not in inner.cells]
    written = []
    for cell in beyond:
        polygon = _with_nodes(cell.polygon, chains)
        if polygon is not cell.polygon:
            written.append(replace(cell, polygon=polygon))
    return grid.with_(written, (), _with_nodes(grid.outline, chains))


Chains = Mapping[tuple[LonLat, LonLat], list[LonLat]]


def _chains(was: shapely.Geometry, now: shapely.Geometry) -> Chains:
    """For each edge of an outline that got nodes, in both directions, the nodes between its ends."""
    old = set(map(tuple, shapely.get_coordinates(was)))
    found: dict[tuple[LonLat, LonLat], list[LonLat]] = {}
    for ring in shapely.get_rings(shapely.get_parts(now)):
        nodes = [(x, y) for x, y in shapely.get_coordinates(ring)[:-1]]
        first = next((at for at, node in enumerate(nodes) if node in old), None)
        if first is None:
            continue
        start, chain = nodes[first], []
        for node in [*nodes[first + 1 :], *nodes[: first + 1]]:
            if node not in old:
                chain.append(node)
                continue
            if chain:
                found[start, node], found[node, start] = chain, chain[::-1]
            start, chain = node, []
    return found


def _with_nodes(shape: Any, chains: Chains) -> Any:
    """A polygon, or several, with nodes put into the edges that have got some; the very same where none has."""
    parts, denser = [], False
    for part in shapely.get_parts(shape):
        rings = []
        for ring in shapely.get_rings(part):
            nodes: list[LonLat] = [(x, y) for x, y in shapely.get_coordinates(ring)]
            more = [node for edge in pairwise(nodes) for node in (edge[0], *chains.get(edge, []))]
            rings.append([*more, nodes[-1]])
            denser = denser or len(more) + 1 > len(nodes)
        parts.append(Polygon(rings[0], rings[1:]))
    if not denser:
        return shape
    return parts[0] if isinstance(shape, Polygon) else MultiPolygon(parts)


def net(before: Grid, after: Grid) -> Net:
    """What is to be written to come from one grid to another; cells that are the same are the same objects or equal."""
    differing = _differing(before, after)
    written = {code: after.cells[code] for code in differing if code in after.cells}
    retired = tuple(code for code in differing if code not in after.cells)
    same = after.outline is before.outline or shapely.equals_exact(after.outline, before.outline, tolerance=0)
    return Net(written, retired, None if same else after.outline)


def _differing(before: Grid, after: Grid) -> list[str]:
    """The codes of cells that are in one of the grids only, or not the same to the last bit; ascending."""
    common = [c for c, cell in before.cells.items() if c in after.cells and after.cells[c] is not cell]
    one, other = (np.array([grid.cells[c].polygon for c in common], dtype=object) for grid in (before, after))
    equal = dict(zip(common, shapely.equals_exact(one, other, tolerance=0), strict=True))
    found = [code for code in common if not (equal[code] and _alike(before.cells[code], after.cells[code]))]
    return sorted([*found, *(before.cells.keys() ^ after.cells.keys())])


def _alike(one: Cell, other: Cell) -> bool:
    return (one.village, one.name, one.kind) == (other.village, other.name, other.kind)


def same_land(one: shapely.Geometry, other: shapely.Geometry) -> bool:
    """Whether two shapes (degrees) differ by no more than nodes that were put on a border and rounded to the grid."""
    return bool(shapely.area(shapely.symmetric_difference(one, other)) <= GRID * shapely.length(one))


def same(one: Cell | None, other: Cell | None) -> bool:
    """Whether a cell is in both or in none, with the same name, kind and land: a node more or less is no change."""
    if one is None or other is None:
        return one is other
    return _alike(one, other) and same_land(one.polygon, other.polygon)


def real_changes(before: Grid, after: Grid) -> set[str]:
    """The codes of cells that began, ended, or got another name, kind or land."""
    return {c for c in _differing(before, after) if not same(before.cells.get(c), after.cells.get(c))}


def touched_by_both(base: Grid, mine: Grid, theirs: Grid) -> set[str]:
    """The codes of cells that both have really changed since the base: there the two cannot be brought together."""
    return real_changes(base, mine) & real_changes(base, theirs)


def carried_over(base: Grid, mine: Grid, theirs: Grid, rebased: Grid) -> set[str]:
    """The codes of cells in which the same operations do something else on their grid than they did on the base. None:
    the change set may stand on their grid as well."""
    promised, done = real_changes(base, mine), real_changes(theirs, rebased)
    return {c for c in promised | done if not (c in promised and same(mine.cells.get(c), rebased.cells.get(c)))}


def net_lineage(changes: Sequence[Change], before: Grid, after: Grid) -> list[tuple[str, str]]:
    """The pairs (parent, child) of all changes; cells that began and ended on the way are left out, their parents
    become those of their children."""
    pairs = [pair for change in changes for pair in change.lineage]
    passing = {code for pair in pairs for code in pair if code not in before.cells and code not in after.cells}
    for code in sorted(passing):
        parents = [p for p, c in pairs if c == code]
        children = [c for p, c in pairs if p == code]
        pairs = [pair for pair in pairs if code not in pair]
        pairs += [(p, c) for p in parents for c in children if p != c]
    return sorted(set(pairs))
