"""Recount everything from what was recorded, and report every figure that differs. There must be none, ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import shapely
from sqlalchemy import Connection, text

from gis.cells.load import polygons_of
from gis.cells.topology import AREA_TOLERANCE, coverage_faults, united
from gis.households.coverage import counties
from gis.sentence import Sentence, recognized
from gis.settings import Settings
from gis.storage.queries import query


@dataclass(frozen=True, slots=True)
class Difference:
    """A stored figure that is not what a recount gives. `kind` says of what (`gis.words`), `code` of which."""

    kind: str
    code: str
    figure: str
    stored: str
    counted: str

    @property
    def told(self) -> Sentence:
        """Which figure it is, for people."""
        return recognized(self.figure, _FIGURES) or Sentence(self.figure)


# The figures as the statements name them.
_FIGURES: Final = (
    Sentence("households, never, oldest, due"),
    Sentence("last reached, last contact"),
    Sentence("revision"),
    Sentence("history"),
    Sentence("cell"),
    Sentence("shape"),
    Sentence("day"),
    Sentence("gap"),
    Sentence("overlap"),
    Sentence("numbers of {day}"),
    Sentence("cases from {day}"),
    Sentence("cases {category} from {day}"),
)

RECOUNTS: Final = (
    ("households/check_visits", Sentence("days of visits")),
    ("households/check_households", Sentence("last dates of households from visits")),
    ("households/check_doorplates", Sentence("figures of doorplates from households")),
    ("households/check_histogram", Sentence("histograms of cells from households")),
    ("households/check_places", Sentence("cells of doorplates and sites from their places")),
    ("cells/check_cells", Sentence("revisions of cells")),
    ("cells/check_history", Sentence("live cells from their history")),
    ("disputes/check_figures", Sentence("published figures of cases")),
)


def check(
    conn: Connection, settings: Settings, on_step: Callable[[Sentence], None] | None = None
) -> Iterator[Difference]:
    """Every difference, county by county. `conn` should be one snapshot (`Store.read`); nothing is written.

    `on_step` is told what is recounted next. An empty database has no differences.
    """
    for county in counties(conn, None):
        for name, what in RECOUNTS:
            if on_step is not None:
                on_step(what)
            values: dict[str, object] = {"county": county}
            if name == "households/check_visits":
                values["timezone"] = settings.timezone
            for row in conn.execute(query(name), values):
                yield Difference(*row)
        if on_step is not None:
            on_step(Sentence("tiling of the county and its divisions"))
        yield from _check_shapes(conn, county)


def _check_shapes(conn: Connection, county: int) -> Iterator[Difference]:
    """Do the live cells tile the outline, and is every division the union of its cells? Areas in square degrees.

    A division that has no cell any more keeps its shape, for its name is still wanted: it is none of these.
    """
    cells = polygons_of(conn, county)
    for fault in coverage_faults(cells):
        yield Difference("cell", " ".join(fault.cells), fault.kind, f"{fault.area_m2:.2f} m²", "0 m²")
    outline = conn.execute(
        text("SELECT ST_AsBinary(geom) FROM everycell.county_outline WHERE county = :county"), {"county": county}
    ).scalar_one()
    yield from _differing(f"{county:06}", "outline", shapely.from_wkb(bytes(outline)), list(cells.values()))
    divisions = conn.execute(
        text("SELECT code, ST_AsBinary(geom) FROM everycell.division WHERE starts_with(code, :county) ORDER BY code"),
        {"county": f"{county:06}"},
    )
    for code, wkb in divisions:
        inside = [polygon for cell, polygon in cells.items() if cell.startswith(code)]
        if inside:
            yield from _differing(code, "division", shapely.from_wkb(bytes(wkb)), inside)


def _differing(code: str, kind: str, stored: shapely.Geometry, inside: list[shapely.Polygon]) -> Iterator[Difference]:
    counted = united(inside)
    beside = shapely.area(shapely.symmetric_difference(stored, counted))
    if beside > AREA_TOLERANCE:
        yield Difference(kind, code, "shape", f"{shapely.area(stored):.9g} deg²", f"{shapely.area(counted):.9g} deg²")
