"""Cells that do not tile, in a shell: what is wrong, what is proposed, and the question whether to write that."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer

from api.cli.folding import Table
from api.cli.output import cell, err, lang_of, out, write
from api.cli.words import _
from gis.cells.cleaning.clean import Change, Cleaned, figures_of, tally
from gis.cells.topology import FaultKind
from gis.errors import BadInput, Interrupted, Unclean
from gis.exchange.cleaning import Proposal
from gis.exchange.proposal_files import cells_collection, changes_csv, pieces_collection, pieces_csv, pieces_geojson
from maps.cleaning import CleaningFile, cleaning_file

_SHOWN: Final = 10
_NAMES: Final[dict[FaultKind, str]] = {
    "GAP": _("gaps"),
    "OVERLAP": _("overlaps"),
    "OUTSIDE_COUNTY": _("outside the outline"),
    "MULTIPART": _("cut off from their cell"),
}
_FATES: Final[dict[FaultKind, str]] = {
    "GAP": _("to the cell beside it with the longest common border, cut where cells meet"),
    "OVERLAP": _("to that one of its cells with the longest common border"),
    "OUTSIDE_COUNTY": _("cut away"),
    "MULTIPART": _("to the cell beside it with the longest common border"),
}


@dataclass(frozen=True)
class Said:
    """What the caller said besides the options of the import."""

    yes: bool = False
    report: Path | None = None
    pieces: Path | None = None
    changes: Path | None = None
    lang: str = "zh"

    def check(self) -> None:
        """Raise BadInput for a file whose ending tells no form, before anything is read."""
        forms = (("report", (".html",)), ("pieces", (".geojson", ".csv")), ("changes", (".csv",)))
        for name, endings in forms:
            path: Path | None = getattr(self, name)
            if path is not None and path.suffix.lower() not in endings:
                raise BadInput(
                    "{field}: {name!r} ends in none of {words}",
                    name=path.name,
                    words=", ".join(endings),
                    field=f"--{name}",
                )
        lang_of(self.lang)

    def nothing_to_draw(self) -> None:
        """Say so where a file was asked for and there is nothing to put into it."""
        for path in (self.report, self.pieces, self.changes):
            if path is not None:
                err.print(_("the cells tile: nothing is proposed, {path} was not written", path=path), markup=False)


def settle(unclean: Unclean, said: Said, *, clean: bool, dry_run: bool) -> frozenset[str]:
    """Show what is proposed and ask. Returns the digests of what was agreed to.

    Raises Unclean again where nothing is to be cleaned or not everything can be, Interrupted where the answer is no,
    BadInput where there is nobody to ask.
    """
    proposals: list[Proposal] = unclean.proposals
    _write_files(proposals, said)
    if not clean:
        raise unclean
    for proposal in proposals:
        _show(proposal)
    for note in unclean.notes:
        out.print(_("note: {note}", note=note), markup=False)
    if any(proposal.cleaned.left for proposal in proposals):
        raise unclean
    if not (said.yes or dry_run):
        _ask(said)
    return frozenset(proposal.digest for proposal in proposals)


def _ask(said: Said) -> None:
    if not _terminal():
        raise BadInput(
            "the cells do not tile, and nobody is here to agree to what is proposed; nothing was written. Look at it"
            " (--report FILE.html draws it), then say --clean --yes",
            field="--yes",
        )
    if said.report is not None:
        out.print(_("Look at {report} before you answer.", report=said.report), markup=False)
    if not typer.confirm(_("Write the cells as proposed?"), default=False, err=True):
        raise Interrupted("nothing was written")


def _terminal() -> bool:
    return sys.stdin.isatty()


# --- on the screen ----------------------------------------------------------------------------------------------------


def _show(proposal: Proposal) -> None:
    cleaned = proposal.cleaned
    out.print(
        _(
            "county {county:06}: the cells do not tile. Proposed, up to a width of {width_m:g} m:",
            county=proposal.county,
            width_m=proposal.width_m,
        )
    )
    out.print(_pieces_table(cleaned))
    changes = list(cleaned.changes.values())
    out.print(_changes_table(changes, dict(zip(proposal.cells["code"], proposal.cells["name"], strict=True))))
    changed = sum(each.gained_m2 > 0 or each.lost_m2 > 0 for each in changes)
    out.print(
        _(
            "{changed:,} of {number:,} cells change; each shares its nodes with its neighbours afterwards.",
            changed=changed,
            number=len(changes),
        )
    )


def _pieces_table(cleaned: Cleaned) -> Table:
    table = _table(_("pieces"), _("number"), _("m² in all"), _("largest m²"), _("widest m"), _("what becomes of them"))
    rows = [(_NAMES[kind], figures, _FATES[kind]) for kind, figures in tally(cleaned.pieces).items()]
    rows += [
        (_NAMES[kind], figures, _("stay: holes between the cells")) for kind, figures in tally(cleaned.holes).items()
    ]
    rows += [
        (_NAMES[kind], figures, _("NOT SETTLED: draw them right")) for kind, figures in tally(cleaned.left).items()
    ]
    if cleaned.slivers:
        rows.append((_("slivers"), figures_of(cleaned.slivers), _("the rounding of coordinates; settled likewise")))
    for name, figures, fate in rows:
        sizes = (f"{figures.area_m2:,.1f}", f"{figures.largest_m2:,.1f}", f"{figures.widest_m:.1f}")
        table.add_row(name, f"{figures.number:,}", *sizes, fate)
    return table


def _changes_table(changes: Sequence[Change], names: dict[str, str]) -> Table:
    """The cells that change most, by their share, and the sums."""
    table = _table(
        _("cells that change most"), _("name"), _("before m²"), _("after m²"), _("gained m²"), _("lost m²"), _("most %")
    )
    most = sorted(changes, key=lambda change: (-change.share, change.code))[:_SHOWN]
    for change in most:
        if change.share > 0:
            table.add_row(change.code, cell(names.get(change.code, "")), *_areas(change), f"{change.share * 100:.2f}")
    sums = [sum(getattr(change, name) for change in changes) for name in _AREAS]
    table.add_section()
    table.add_row(_("all {number:,}", number=len(changes)), "", *(f"{figure:,.1f}" for figure in sums), "")
    return table


_AREAS: Final = ("before_m2", "after_m2", "gained_m2", "lost_m2")


def _areas(change: Change) -> Iterator[str]:
    return (f"{getattr(change, name):,.1f}" for name in _AREAS)


def _table(*headings: str) -> Table:
    table = Table(*headings)
    for column in table.columns[1:]:
        column.justify = "right"
    for column in table.columns:
        if column.header in ("name", "what becomes of them"):
            column.justify = "left"
    return table


# --- into files -------------------------------------------------------------------------------------------------------


def _write_files(proposals: Sequence[Proposal], said: Said) -> None:
    if said.report is not None:
        content = CleaningFile(
            cells=cells_collection(proposals, digits=7),
            pieces=pieces_collection(proposals, digits=7),
            width_m=proposals[0].width_m,
            lang=lang_of(said.lang),
        )
        _write(said.report, "--report", cleaning_file(content))
    if said.pieces is not None:
        csv = said.pieces.suffix.lower() == ".csv"
        _write(said.pieces, "--pieces", pieces_csv(proposals) if csv else pieces_geojson(proposals))
    if said.changes is not None:
        _write(said.changes, "--changes", changes_csv(proposals))


def _write(path: Path, field: str, text: str) -> None:
    """A file, a list for a spreadsheet with the mark by which it knows Chinese."""
    write(path, text.encode("utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8"), field)
    err.print(_("what is proposed → {path}", path=path), markup=False)
