"""A file of cells that do not tile: what is proposed for each county, and what of it was agreed to.

An import that meets such cells raises Unclean with the proposals and has written nothing. Whoever agrees imports again
and says which proposals by their digests: what was agreed to is what is written, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import geopandas as gpd
from shapely import Polygon

from gis.cells.cleaning.clean import Cleaned, Piece, Tally, clean, is_settled_by, tally
from gis.cells.load import load_cells, place_for, polygons_of
from gis.cells.topology import FaultKind, in_words
from gis.errors import BrokenCoverage, Unclean
from gis.exchange.job import Job
from gis.sentence import AND, Sentence, joined
from gis.storage.report import LoadReport

_SHOWN: Final = 5
_NOUNS: Final[dict[FaultKind, tuple[Sentence, Sentence]]] = {
    "GAP": (Sentence("gap"), Sentence("gaps")),
    "OVERLAP": (Sentence("overlap"), Sentence("overlaps")),
    "OUTSIDE_COUNTY": (Sentence("piece outside the outline"), Sentence("pieces outside the outline")),
    "MULTIPART": (Sentence("part cut off from its cell"), Sentence("parts cut off from their cells")),
}


@dataclass(frozen=True)
class Proposal:
    """What is proposed for the cells of a county. `cells` are those of the file, as they are (frame "cells")."""

    county: int
    cells: gpd.GeoDataFrame
    cleaned: Cleaned
    width_m: float

    @property
    def digest(self) -> str:
        """What one agrees to."""
        return f"{self.county:06}:{self.cleaned.digest()}"

    def frame(self, shapes: Mapping[str, Polygon]) -> gpd.GeoDataFrame:
        """The cells of the file with other shapes."""
        return gpd.GeoDataFrame(self.cells.assign(geometry=self.cells["code"].map(shapes)), crs=4490)


def write_cells(job: Job, county: int, cells: gpd.GeoDataFrame, today: Any) -> tuple[LoadReport, list[Sentence]]:
    """Load the cells of a county, or with --clean what was proposed for them and agreed to; and notes about that.

    Raises Unclean where they do not tile and nothing was agreed to. Where the stored cells settle the gaps and overlaps
    of the file already, they keep their borders, and nobody needs to be asked: the same file again changes nothing.
    """
    options = job.options

    def load(frame: gpd.GeoDataFrame, *, enclaves: bool) -> LoadReport:
        return job.in_savepoint(
            lambda: load_cells(job.conn, county, frame, today=today, enclaves=enclaves, new_outline=options.new_outline)
        )

    if not options.clean:
        try:
            return load(cells, enclaves=options.enclaves), []
        except BrokenCoverage as error:
            raise unclean(job.file, [propose(job, county, cells)]) from error
    proposal = propose(job, county, cells)
    cleaned = proposal.cleaned
    if not cleaned.told:
        return load(cells, enclaves=options.enclaves), []
    enclaves = options.enclaves or bool(cleaned.holes)
    kept = _stored(job, county, proposal)
    if kept is not None:
        return load(kept, enclaves=enclaves), [
            Sentence("the stored cells settle its gaps and overlaps already: they stay as they are")
        ]
    if cleaned.left or proposal.digest not in job.agreed:
        raise unclean(job.file, [proposal])
    return load(proposal.frame(cleaned.cells), enclaves=enclaves), _settled(proposal)


def propose(job: Job, county: int, cells: gpd.GeoDataFrame) -> Proposal:
    """What would make the cells of the file tile, together with the stored ones of other villages.

    With --enclaves holes are meant, and nothing to speak of.
    """
    job.progress(Sentence("looking for gaps and overlaps"), 0, 0)
    place = place_for(polygons_of(job.conn, county), set(cells["village"]), new_outline=job.options.new_outline)
    width_m = job.options.clean_width
    wanted = dict(zip(cells["code"], cells.geometry, strict=True))
    cleaned = clean(wanted, fixed=place.kept, outline=place.outline, width_m=width_m)
    return Proposal(county, cells, replace(cleaned, holes=[]) if job.options.enclaves else cleaned, width_m)


def _stored(job: Job, county: int, proposal: Proposal) -> gpd.GeoDataFrame | None:
    """The cells with the borders that are stored, where these settle the gaps and overlaps; else None."""
    villages = set(proposal.cells["village"])
    stored = {code: shape for code, shape in polygons_of(job.conn, county).items() if code[:12] in villages}
    given = dict(zip(proposal.cells["code"], proposal.cells.geometry, strict=True))
    return proposal.frame(stored) if is_settled_by(proposal.cleaned, given, stored) else None


def unclean(file: str, proposals: Sequence[Proposal], notes: Sequence[Sentence] = ()) -> Unclean:
    """The error that says what is wrong, the largest pieces first, and what can be done."""
    pieces = [piece for each in proposals for piece in each.cleaned.told]
    faults = [piece.fault for piece in sorted(pieces, key=lambda piece: -piece.fault.area_m2)]
    message = Sentence(
        "{file}: the cells do not tile: {summary}. {shown}.",
        file=file,
        summary=summary(pieces),
        shown=in_words(faults, _SHOWN),
    )
    for note in notes:
        message = Sentence("{text} {note}.", text=message, note=note)
    message = Sentence("{text} {advice}", text=message, advice=_advice(proposals))
    return Unclean(message, pieces=[fault.geojson() for fault in faults], proposals=proposals, notes=notes)


def summary(pieces: Sequence[Piece]) -> Sentence:
    """How many pieces of each kind, how large and how wide, in words."""
    return joined([_of_kind(kind, figures) for kind, figures in tally(pieces).items()], AND) or Sentence("nothing")


def _of_kind(kind: FaultKind, figures: Tally) -> Sentence:
    values = {"noun": _NOUNS[kind][figures.number != 1], "area_m2": figures.area_m2, "widest_m": figures.widest_m}
    if figures.number == 1:
        return Sentence("1 {noun} ({area_m2:,.1f} m², at most {widest_m:.1f} m wide)", **values)
    return Sentence(
        "{number:,} {noun} ({area_m2:,.1f} m² in all, at most {widest_m:.1f} m wide)", number=figures.number, **values
    )


def _settled(proposal: Proposal) -> list[Sentence]:
    """What was done, for the report of an import."""
    cleaned = proposal.cleaned
    changes = cleaned.changes.values()
    gained, lost = sum(each.gained_m2 for each in changes), sum(each.lost_m2 for each in changes)
    most = max(changes, key=lambda each: each.share)
    lines = [
        Sentence(
            "cleaned, as agreed: {summary}; cells gained {gained_m2:,.0f} m² and lost {lost_m2:,.0f} m²,"
            " at most {percent:.2f} % (cell {code})",
            summary=summary(cleaned.pieces),
            gained_m2=gained,
            lost_m2=lost,
            percent=most.share * 100,
            code=most.code,
        )
    ]
    if cleaned.holes:
        lines.append(Sentence("left as holes between the cells: {summary}", summary=summary(cleaned.holes)))
    return lines


def _advice(proposals: Sequence[Proposal]) -> Sentence:
    width_m = proposals[0].width_m
    left = [piece for each in proposals for piece in each.cleaned.left]
    if left:
        return Sentence(
            "--clean cannot settle all of it: {summary} must be drawn right, being wider than {width_m:g} m"
            " (--clean-width), or too much of a cell",
            summary=summary(left),
            width_m=width_m,
        )
    return Sentence(
        "--clean shows what would become of those up to {width_m:g} m wide, and writes it when you agree",
        width_m=width_m,
    )
