"""A map of cells as SVG: outlines in the county's metric zone, filled by class, with the borders of the areas above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import numpy as np
import shapely
from markupsafe import Markup

from gis.cells.measure import Measure
from maps.report.svg import INK, MUTED, WIDTH, dots, drawing, element, hatching, words
from maps.report.svg import measure as width_of

_TALLEST: Final = 780.0
_MARGIN: Final = 6.0
_LEGEND: Final = 26.0
_SIMPLER: Final = 0.35  # units by which an outline may be drawn simpler: a tenth of a millimetre on paper
_ROOM: Final = 13.0  # a cell narrower than this carries no sign


@dataclass(frozen=True, slots=True)
class Look:
    """How cells of a class are drawn: `sign` is written into them where there is room. `hatched` over the colour."""

    word: str
    colour: str
    sign: str = ""
    ink: str = INK
    hatched: bool = False
    dotted: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """An image under the outlines: PNG bytes as a data address, with its box in the metric zone (m)."""

    address: str
    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """The drawing's frame: metres to units. `shapes` are the simplified outlines in metres, by code, in order; `box` is
    west, south, east, north of all of them, in metres of the zone of `measure`."""

    codes: tuple[str, ...]
    shapes: Any
    west: float
    north: float
    scale: float
    height: float
    box: tuple[float, float, float, float]
    measure: Measure

    def xy(self, points: Any) -> Any:
        """Metres (n, 2) in units of the drawing."""
        return np.column_stack([
            (points[:, 0] - self.west) * self.scale + _MARGIN,
            (self.north - points[:, 1]) * self.scale + _MARGIN + _LEGEND,
        ])  # fmt: skip


def sheet(outlines: Mapping[str, Any]) -> Sheet:
    """A frame around outlines (Polygons, EPSG:4490). There is one at least."""
    codes = tuple(sorted(outlines))
    stored = np.array([outlines[code] for code in codes], object)
    zone = Measure.around(stored)
    flat = zone.flat(stored)
    west, south, east, north = shapely.total_bounds(flat)
    wide, tall = WIDTH - 2 * _MARGIN, _TALLEST - 2 * _MARGIN - _LEGEND
    scale = min(wide / (east - west), tall / (north - south))
    simpler = shapely.coverage_simplify(flat, _SIMPLER / scale)
    left = west - (wide / scale - (east - west)) / 2
    height = (north - south) * scale + 2 * _MARGIN + _LEGEND
    return Sheet(codes, simpler, left, north, scale, height, (west, south, east, north), zone)


def cells_plan(
    on: Sheet,
    look_of: Mapping[str, Look],
    looks: Sequence[Look],
    label: str,
    name: str,
    *,
    names: Mapping[str, str],
    border: int,
    picture: Picture | None = None,
) -> str:
    """The map. `looks` make the legend, `look_of` says which one a cell has (none: no fill).

    `names` are written over the areas that have these codes; `border` digits of a code tell which cells lie within one
    heavier border. A `picture` lies under the lines.
    """
    defs = [hatching(f"{name}-hatch", "#ffffff"), dots(f"{name}-dots", "#7d8b96")]
    parts = [element("defs", defs), *_legend(looks, name)]
    parts += [_cell(on, code, shape, look_of.get(code), name) for code, shape in zip(on.codes, on.shapes, strict=True)]
    if picture is not None:
        parts.append(_image(on, picture))
    parts += _borders(on, border)
    parts += _signs(on, look_of)
    parts += _names(on, names)
    return drawing(parts, on.height, label)


def _legend(looks: Sequence[Look], name: str) -> list[Markup]:
    found: list[Markup] = []
    x = _MARGIN
    for look in looks:
        box: dict[str, Any] = {"x": x, "y": 4.0, "width": 15, "height": 13}
        found.append(element("rect", fill=look.colour, stroke=MUTED, stroke_width=0.6, **box))
        found += _over(look, name, box)
        if look.sign:
            found.append(words(x + 7.5, 15.0, look.sign, size=10, fill=look.ink, text_anchor="middle"))
        found.append(words(x + 20, 15.0, look.word, size=11, fill=MUTED))
        x += width_of(look.word, 11) + 36
    return found


def _over(look: Look, name: str, box: Mapping[str, Any]) -> list[Markup]:
    if look.hatched or look.dotted:
        return [element("rect", fill=f"url(#{name}-{'hatch' if look.hatched else 'dots'})", **box)]
    return []


def _path(on: Sheet, shape: shapely.Geometry) -> str:
    rings = [r for part in shapely.get_parts(shape) for r in (part.exterior, *part.interiors)]
    lines = []
    for ring in rings:
        points = np.round(on.xy(shapely.get_coordinates(ring)), 1)
        lines.append("M" + "L".join(f"{x:g},{y:g}" for x, y in points[:-1]) + "Z")
    return "".join(lines)


def _cell(on: Sheet, code: str, shape: shapely.Geometry, look: Look | None, name: str) -> Markup:
    outline = {"d": _path(on, shape), "stroke": "#ffffff" if look and not look.dotted else "#aab4bc"}
    colour = look.colour if look else "none"
    fill = element("path", fill=colour, **outline, stroke_width=0.6, fill_rule="evenodd")
    if look is None or not (look.hatched or look.dotted):
        return fill
    over = f"url(#{name}-{'hatch' if look.hatched else 'dots'})"
    return fill + element("path", d=outline["d"], fill=over, fill_rule="evenodd")


def _image(on: Sheet, picture: Picture) -> Markup:
    (left, top), (right, bottom) = on.xy(np.array([[picture.west, picture.north], [picture.east, picture.south]]))
    return element(
        "image",
        x=float(left),
        y=float(top),
        width=float(right - left),
        height=float(bottom - top),
        href=picture.address,
        preserveAspectRatio="none",
    )


def _borders(on: Sheet, digits: int) -> list[Markup]:
    found = []
    pairs = zip(on.codes, on.shapes, strict=True)
    for _, inside in groupby(pairs, key=lambda pair: pair[0][:digits]):
        whole = shapely.coverage_union_all([shape for _, shape in inside])
        found.append(element("path", d=_path(on, whole), fill="none", stroke="#40505c", stroke_width=1.1))
    return found


def _signs(on: Sheet, look_of: Mapping[str, Look]) -> list[Markup]:
    found = []
    for code, shape in zip(on.codes, on.shapes, strict=True):
        look = look_of.get(code)
        if look is None or not look.sign or shapely.area(shape) * on.scale**2 < _ROOM**2:
            continue
        [(x, y)] = on.xy(shapely.get_coordinates(shapely.point_on_surface(shape)))
        found.append(words(float(x), float(y) + 4, look.sign, size=10, fill=look.ink, text_anchor="middle"))
    return found


def _names(on: Sheet, names: Mapping[str, str]) -> list[Markup]:
    found: list[Markup] = []
    for code, name in names.items():
        inside = [s for c, s in zip(on.codes, on.shapes, strict=True) if c.startswith(code)]
        if not inside:
            continue
        centre = shapely.point_on_surface(shapely.coverage_union_all(inside))
        [(x, y)] = on.xy(shapely.get_coordinates(centre))
        at = {"size": 13, "text_anchor": "middle", "font_weight": "bold"}
        halo = {"fill": "#ffffff", "stroke": "#ffffff", "stroke_width": 3, "stroke_linejoin": "round"}
        # Drawn twice, the white one under it: a name has to be read on any colour.
        found += [words(float(x), float(y) + 18, name, **at, **halo), words(float(x), float(y) + 18, name, **at)]  # type: ignore[arg-type]
    return found
