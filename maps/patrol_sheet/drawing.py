"""The map of a route as SVG: streets, the way with its direction, numbered stops, scale bar, north.

One unit is a quarter of a millimetre on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import shapely
from markupsafe import Markup

from gis.cells.measure import Measure
from maps.patrol_sheet.marks import Room, Xy, place
from maps.patrol_sheet.parts import Box, Points, View
from maps.patrol_sheet.rows import SheetRoute, Streets
from maps.patrol_sheet.street_names import names_along
from maps.report.svg import INK, MUTED, drawing, element, words

UNITS: Final = 4.0  # for a millimetre
MARK: Final = 10.0  # radius of a stop's mark
ROUTE: Final = "#0b4f8a"
_DOT: Final = 2.6
_ARROWS: Final = 72.0  # between arrows along the way
_SIMPLER: Final = 0.5  # an eighth of a millimetre
_WIDTHS: Final = {1: 9.0, 2: 7.0, 3: 5.0, 4: 1.6}
_ROAD: Final = "#dfe3e6"
_PATH: Final = "#c3cad0"
_DETAIL: Final = 25_000  # small streets and paths are left out on a map of a smaller scale
_MAJOR: Final = 75_000


@dataclass(frozen=True)
class Ground:
    """A route and its streets in metres of one zone, ready to be drawn in any frame."""

    stops: Points
    kinds: Sequence[str]
    legs: Sequence[Points]
    station: Xy
    end: Xy | None
    streets: Any
    classes: Sequence[int]
    names: Sequence[str]


def ground(route: SheetRoute, streets: Streets) -> Ground:
    """A route with at least one stop, in metres. A leg that is not known is a straight line."""
    lonlat = np.array([(stop.lon, stop.lat) for stop in route.stops])
    zone = Measure(float(lonlat[:, 0].mean()))
    ends = [route.station, *map(tuple, lonlat), route.end or tuple(lonlat[-1])]
    legs = [
        leg if len(leg) else np.array([before, after], float)
        for leg, before, after in zip(route.legs, ends[:-1], ends[1:], strict=False)
    ]
    [station, end] = [_xy(zone, at) if at else None for at in (route.station, route.end)]
    assert station is not None  # noqa: S101 - every team has one
    flat = zone.flat(np.array(streets.lines, object)) if len(streets.lines) else np.empty(0, object)
    return Ground(
        stops=zone.metres(lonlat),
        kinds=[stop.kind for stop in route.stops],
        legs=[zone.metres(leg) for leg in legs],
        station=station,
        end=end,
        streets=flat,
        classes=streets.classes,
        names=streets.names,
    )


def _xy(zone: Measure, lonlat: tuple[float, float]) -> Xy:
    [[x, y]] = zone.metres(np.array([lonlat], float))
    return float(x), float(y)


def route_map(on: Ground, view: View, shown: Sequence[int], label: str) -> str:
    """The map of a frame with the stops `shown` (counted from 0) and their numbers; other stops are small dots."""
    to = _Frame(view)
    room = Room(to.width, to.height, MARK + 2)
    _furniture(room, to)
    at = [to.one(on.stops[n]) for n in shown]
    marks = place(at, MARK, room)
    parts = [*_streets(on, to), *_way(on, to), *_others(on, shown, to)]
    parts += [*_names(on, to, [*marks, *at]), *_ends(on, to)]
    parts += [_leader(point, mark) for point, mark in zip(at, marks, strict=True) if point != mark]
    parts += [_mark(n + 1, on.kinds[n], mark) for n, mark in zip(shown, marks, strict=True)]
    return _framed(parts, to, label)


def overview(on: Ground, view: View, boxes: Sequence[tuple[str, Box]], label: str) -> str:
    """The map of a whole route that is drawn in several: which box is on which map, stops as dots."""
    to = _Frame(view)
    parts = [*_streets(on, to), *_way(on, to), *_others(on, (), to), *_names(on, to, []), *_ends(on, to)]
    for name, (west, south, east, north) in boxes:
        [left, top], [right, bottom] = to.all(np.array([[west, north], [east, south]]))
        box: dict[str, Any] = {"x": left - 6, "y": top - 6, "width": right - left + 12, "height": bottom - top + 12}
        parts.append(element("rect", **box, fill="none", stroke=INK, stroke_width=1.4, stroke_dasharray="5 3", rx=3))
        parts += _haloed(left - 4, top - 9, name, size=11, font_weight="bold")
    return _framed(parts, to, label)


class _Frame:
    """Metres to units of the drawing."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.width, self.height = view.width * UNITS, view.height * UNITS
        self.scale = 1000 * UNITS / view.scale  # units for a metre
        self.west, _, _, self.north = view.box

    def all(self, metres: Points) -> Points:
        return np.column_stack(
            [(metres[:, 0] - self.west) * self.scale, (self.north - metres[:, 1]) * self.scale],
        )

    def one(self, metres: Any) -> Xy:
        return float((metres[0] - self.west) * self.scale), float((self.north - metres[1]) * self.scale)

    def drawn(self, lines: Any) -> Any:
        """Lines in units, cut to the frame and as simple as paper needs."""
        units = shapely.transform(lines, self.all)
        cut = shapely.clip_by_rect(units, -8, -8, self.width + 8, self.height + 8)
        return shapely.simplify(cut, _SIMPLER)


def _path_of(shape: shapely.Geometry) -> str:
    lines = [np.round(shapely.get_coordinates(part), 1) for part in shapely.get_parts(shape)]
    return "".join("M" + "L".join(f"{x:g},{y:g}" for x, y in line) for line in lines if len(line) > 1)


# ---- what lies below


def _streets(on: Ground, to: _Frame) -> list[Markup]:
    if not len(on.streets):
        return []
    classes = np.asarray(on.classes)
    lines = to.drawn(on.streets)
    found = []
    for kind in (4, 3, 2, 1):
        if (kind > 2 and to.view.scale > _DETAIL) or (kind > 1 and to.view.scale > _MAJOR):
            continue
        d = "".join(_path_of(line) for line in lines[classes == kind] if not line.is_empty)
        look: dict[str, Any] = {"stroke_dasharray": "5 3"} if kind == 4 else {}
        width = _WIDTHS[kind] * (1 if to.view.scale <= 6_000 else 0.65)
        found.append(_stroke(d, _PATH if kind == 4 else _ROAD, width, **look))
    return [one for one in found if one]


def _stroke(d: str, colour: str, width: float, **more: Any) -> Markup:
    if not d:
        return Markup("")
    line: dict[str, Any] = {"stroke_linecap": "round", "stroke_linejoin": "round"}
    return element("path", d=d, fill="none", stroke=colour, stroke_width=width, **line, **more)


def _names(on: Ground, to: _Frame, avoid: Sequence[Xy]) -> list[Markup]:
    kept = [n for n, kind in enumerate(on.classes) if kind < 3 or to.view.scale <= _DETAIL] if len(on.streets) else []
    lines = to.drawn(on.streets[kept]) if kept else []
    names = [on.names[n] for n in kept]
    found = []
    held = [*avoid, *(to.one(at) for at in (on.station, on.end) if at)]
    for text, (x, y), degrees in names_along(lines, names, held, (to.width, to.height)):
        turned = {"transform": f"rotate({degrees:.1f} {x:.1f} {y:.1f})", "text_anchor": "middle"}
        found += _haloed(x, y + 3.2, text, size=9, fill=MUTED, **turned)
    return found


# ---- the way


def _way(on: Ground, to: _Frame) -> list[Markup]:
    lines = to.drawn(np.array([shapely.linestrings(leg) for leg in on.legs if len(leg) > 1], object))
    d = "".join(_path_of(line) for line in lines if not line.is_empty)
    below = _stroke(d, "#ffffff", 6.6)
    return [below, _stroke(d, ROUTE, 3.2), *_arrows(lines)]


def _arrows(lines: Any) -> list[Markup]:
    """Heads of arrows to the right of the way: where it is gone both ways, each direction has its own."""
    found, gone = [], _ARROWS / 2
    for part in shapely.get_parts(lines):
        points = shapely.get_coordinates(part)
        for (x0, y0), (x1, y1) in pairwise(points):
            length = float(np.hypot(x1 - x0, y1 - y0))
            while length and gone <= length:
                found.append(_arrow(x0, y0, (x1 - x0) / length, (y1 - y0) / length, gone))
                gone += _ARROWS
            gone -= length
    return found


def _arrow(x: float, y: float, dx: float, dy: float, along: float) -> Markup:
    right = 5.2  # of the middle of the way; the axis of y goes down
    x, y = x + dx * along - dy * right, y + dy * along + dx * right
    tip = x + dx * 6.5, y + dy * 6.5
    sides = [(x - dx * 3 - dy * s * 3.6, y - dy * 3 + dx * s * 3.6) for s in (1, -1)]
    d = "M" + "L".join(f"{a:.1f},{b:.1f}" for a, b in (tip, *sides)) + "Z"
    return element("path", d=d, fill=ROUTE, stroke="#ffffff", stroke_width=0.9)


def _ends(on: Ground, to: _Frame) -> list[Markup]:
    x, y = to.one(on.station)
    box = element("rect", x=x - 6, y=y - 6, width=12, height=12, fill=INK, stroke="#ffffff", stroke_width=1.5)
    inner = element(
        "path", d=f"M{x - 2.2:.1f},{y - 3.2:.1f}L{x + 3.2:.1f},{y:.1f}L{x - 2.2:.1f},{y + 3.2:.1f}Z", fill="#ffffff"
    )
    found = [box, inner]
    if on.end is not None and np.hypot(on.end[0] - on.station[0], on.end[1] - on.station[1]) > 1:
        x, y = to.one(on.end)
        found.append(element("rect", x=x - 6, y=y - 6, width=12, height=12, fill="#ffffff", stroke=INK, stroke_width=2))
        found.append(element("rect", x=x - 2.4, y=y - 2.4, width=4.8, height=4.8, fill=INK))
    return found


# ---- stops


def _others(on: Ground, shown: Sequence[int], to: _Frame) -> list[Markup]:
    rest = [to.one(on.stops[n]) for n in range(len(on.stops)) if n not in set(shown)]
    look: dict[str, Any] = {"fill": "#ffffff", "stroke": ROUTE, "stroke_width": 1.2}
    return [element("circle", cx=x, cy=y, r=_DOT, **look) for x, y in rest]


def _leader(point: Xy, mark: Xy) -> Markup:
    line = element(
        "path", d=f"M{point[0]:.1f},{point[1]:.1f}L{mark[0]:.1f},{mark[1]:.1f}", stroke=INK, stroke_width=0.9
    )
    return line + element("circle", cx=point[0], cy=point[1], r=_DOT, fill=INK, stroke="#ffffff", stroke_width=0.8)


def _mark(number: int, kind: str, at: Xy) -> Markup:
    """A number in the shape of its kind: a door is round, a site square, a revisit stands on its tip, a place has two
    edges."""
    return shape_of(kind)(*at) + words(
        at[0], at[1] + 3.7, str(number), size=10.5 if number < 100 else 8.5, text_anchor="middle", font_weight="bold"
    )


def shape_of(kind: str) -> Callable[[float, float], Markup]:
    """Draws the shape of a kind of stop around a middle."""
    look: dict[str, Any] = {"fill": "#ffffff", "stroke": INK, "stroke_width": 1.5}

    def square(x: float, y: float) -> Markup:
        side = 1.8 * MARK
        return element("rect", x=x - side / 2, y=y - side / 2, width=side, height=side, **look)

    def tip(x: float, y: float) -> Markup:
        r = 1.3 * MARK
        return element(
            "path", d=f"M{x:.1f},{y - r:.1f}L{x + r:.1f},{y:.1f}L{x:.1f},{y + r:.1f}L{x - r:.1f},{y:.1f}Z", **look
        )

    def double(x: float, y: float) -> Markup:
        outer = element("circle", cx=x, cy=y, r=MARK, **look)
        return outer + element("circle", cx=x, cy=y, r=MARK - 2.4, fill="none", stroke=INK, stroke_width=0.8)

    def circle(x: float, y: float) -> Markup:
        return element("circle", cx=x, cy=y, r=MARK, **look)

    return {"site": square, "revisit": tip, "place": double}.get(kind, circle)


# ---- around it


def _haloed(x: float, y: float, text: str, **look: Any) -> list[Markup]:
    halo = {**look, "fill": "#ffffff", "stroke": "#ffffff", "stroke_width": 2.6, "stroke_linejoin": "round"}
    return [words(x, y, text, **halo), words(x, y, text, **look)]


def _furniture(room: Room, to: _Frame) -> None:
    """Scale bar and north arrow stand over the map: no mark goes below them."""
    for x in range(10, 190, 16):
        room.take((float(x), to.height - 14), 14)
    room.take((to.width - 18, 22), 20)


def _framed(parts: Sequence[Markup], to: _Frame, label: str) -> str:
    clip = element("clipPath", [element("rect", width=to.width, height=to.height)], id="frame")
    back = element("rect", width=to.width, height=to.height, fill="#ffffff")
    edge = element("rect", x=0.5, y=0.5, width=to.width - 1, height=to.height - 1, fill="none", stroke=MUTED)
    inside = element("g", parts, clip_path="url(#frame)")
    return drawing(
        [element("defs", [clip]), back, inside, *_scale_bar(to), *_north(to), edge], to.height, label, to.width
    )


def _scale_bar(to: _Frame) -> list[Markup]:
    steps = (m * 10**e for e in range(1, 6) for m in (1, 2, 5))
    metres = max((m for m in steps if m * to.scale <= 130), default=10)
    long, y = metres * to.scale, to.height - 10.0
    told = f"{metres // 1000:,} km" if metres >= 1000 else f"{metres} m"
    found = [element("rect", x=6, y=to.height - 28, width=long + 58, height=24, fill="#ffffff", fill_opacity=0.86)]
    for n in range(2):
        look: dict[str, Any] = {"fill": INK if n == 0 else "#ffffff", "stroke": INK, "stroke_width": 0.9}
        found.append(element("rect", x=12 + n * long / 2, y=y - 4, width=long / 2, height=4.0, **look))
    found.append(words(12, y - 8, f"1:{to.view.scale:,}", size=9, fill=MUTED))
    return [*found, words(12 + long + 6, y, told, size=9)]


def _north(to: _Frame) -> list[Markup]:
    x, y = to.width - 18.0, 10.0
    back = element("circle", cx=x, cy=y + 13, r=16, fill="#ffffff", fill_opacity=0.86)
    left = element("path", d=f"M{x},{y}L{x - 5.5},{y + 16}L{x},{y + 12.5}Z", fill=INK, stroke=INK, stroke_width=0.8)
    right = element(
        "path", d=f"M{x},{y}L{x + 5.5},{y + 16}L{x},{y + 12.5}Z", fill="#ffffff", stroke=INK, stroke_width=0.8
    )
    return [back, left, right, words(x, y + 26, "N", size=9, text_anchor="middle", font_weight="bold")]
