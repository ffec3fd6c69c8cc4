"""everycell cells cut|rebalance: proposals for the cells of a village, to look at or as drafts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import Connection

from api.cli.changesets import shell_editor
from api.cli.folding import Table
from api.cli.output import cell as safe
from api.cli.output import err, opened, out
from api.cli.words import LANG, _
from gis.access.audit import Action, note_shell
from gis.access.scope import ALL
from gis.cells.changesets import ChangeSet
from gis.cells.cutting.cut import NewCell
from gis.cells.cutting.lines import Lines
from gis.cells.cutting.partition import Range
from gis.cells.cutting.proposals import Ask, Kind, Proposal, as_geojson, propose
from gis.cells.proposals import Ground, draft_proposal, ground_of
from gis.cells.villages import villages_in
from gis.exchange.lines import read_lines
from gis.storage.engine import Store

app = typer.Typer(help="Cells of a village: cut them anew along streets, or balance them.", no_args_is_help=True)

VillageCode = Annotated[
    str, typer.Option("--village", help="code of the village; that of a town or county takes all its villages")
]
Households = Annotated[str, typer.Option(help="how many households a cell should have, e.g. 300-500")]
LinesFile = Annotated[
    Path | None,
    typer.Option("--lines", help="rivers and railways that borders may follow too: OSM extract, GeoPackage, GeoJSON"),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="GeoJSON of the proposed cells")]
Seed = Annotated[int, typer.Option(min=0, max=1_000_000, help="another number gives another proposal")]
Draft = Annotated[
    bool,
    typer.Option("--draft", help="as a draft change set of each village, to look at in the editor and publish"),
]

# More cells than a screen has lines: then only those that are out of the range are listed.
_LISTED: Final = 40


@dataclass(frozen=True)
class _Job:
    """What was asked for: a village, town or county, and whether drafts are wanted."""

    area: str
    ask: Ask
    drafts: bool


@dataclass(frozen=True)
class _Found:
    """What is proposed for a village, and the draft that has it."""

    proposal: Proposal
    draft: ChangeSet | None


def _job(kind: Kind, village: str, households: str, lines: Path | None, seed: int, drafts: bool) -> _Job:
    more = Lines.of([] if lines is None else read_lines(lines).tolist())
    return _Job(village, Ask(kind, Range.parse(households), seed, more), drafts)


@app.command("cut")
def cut_(
    village: VillageCode,
    households: Households,
    lines: LinesFile = None,
    output: Output = None,
    seed: Seed = 0,
    draft: Draft = False,
) -> None:
    """Propose new cells: each contiguous, with so many households, bordered by streets, and no doorplate cut."""
    _propose(_job("cut", village, households, lines, seed, draft), output)


@app.command("rebalance")
def rebalance_(
    village: VillageCode,
    households: Households,
    lines: LinesFile = None,
    output: Output = None,
    seed: Seed = 0,
    draft: Draft = False,
) -> None:
    """Propose the change that brings every cell into the range and moves the fewest households to another cell."""
    _propose(_job("rebalance", village, households, lines, seed, draft), output)


def _propose(job: _Job, output: Path | None) -> None:
    found: list[_Found] = []
    try:
        with opened() as store:
            for one in _each_village(store, job):
                found.append(one)
        proposals = [one.proposal for one in found]
        _show(proposals, job.ask)
        _write(output, [cell for proposal in proposals for cell in proposal.written])
    finally:  # Ctrl-C leaves the drafts that are there: they are named
        if job.drafts:
            _show_drafts([one.draft for one in found if one.draft is not None])


def _each_village(store: Store, job: _Job) -> Iterator[_Found]:
    """What is proposed for each village, with a bar that counts doors. Nothing is kept open while it is worked out.

    Each draft is whole and there before the next village begins; Ctrl-C leaves those that are.
    """
    with store.read() as conn:
        doors = villages_in(conn, job.area)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True) as bar:
        what = _("cutting, doors") if job.ask.kind == "cut" else _("balancing, doors")
        task = bar.add_task(what, total=sum(doors.values()))
        for code in doors:
            with store.read() as conn:
                ground = ground_of(conn, code)
            proposal = propose(ground.village, job.ask, lambda number: bar.advance(task, number))
            yield _drafted(store, job.ask, ground, proposal) if job.drafts else _Found(proposal, None)


def _drafted(store: Store, ask: Ask, ground: Ground, proposal: Proposal) -> _Found:
    """The proposal in a draft of its village; no draft where nothing is to be changed."""
    if proposal.operation is None:
        return _Found(proposal, None)

    def work(conn: Connection) -> _Found:
        added = draft_proposal(conn, shell_editor(), ask, ground, proposal)
        draft = added.worked.changeset
        note_shell(conn, Action.changeset_open, draft.area, {"operations": len(draft.ops)})
        return _Found(added.proposal, draft)

    return store.retrying(work, ALL.settings())


# ---- what a person sees


def _show(found: Sequence[Proposal], ask: Ask) -> None:
    written = [cell for one in found for cell in one.written]
    if ask.kind == "rebalance" and not written:
        out.print(_("nothing to change"))
    else:
        _show_cells(written, ask.wanted)
        _show_cost(found, ask)
    for kept in (cell for one in found for cell in one.kept):
        if kept.why is not None:
            out.print(
                _(
                    "{code} stays with {households:,} households: {why}",
                    code=kept.code,
                    households=kept.households,
                    why=kept.why.sentence(LANG),
                )
            )


def _show_cost(found: Sequence[Proposal], ask: Ask) -> None:
    """What a cut is judged by, or what a rebalance costs."""
    if ask.kind == "cut":
        border_m, along_m = sum(one.border_m for one in found), sum(one.along_m for one in found)
        if border_m:
            out.print(
                _(
                    "borders between them: {border_km:,.1f} km, {share:.1%} along streets",
                    border_km=border_m / 1000,
                    share=along_m / border_m,
                )
            )
        return
    moved, least = sum(one.moved or 0 for one in found), sum(one.least_moved or 0 for one in found)
    out.print(
        _(
            "households that get another cell: {moved:,}; no change could do with fewer than {least:,}",
            moved=moved,
            least=least,
        )
    )
    if retired := [code for one in found for code in one.retired]:
        out.print(_("cells that end: {codes}", codes=", ".join(retired)))


def _show_cells(cells: Sequence[NewCell], wanted: Range) -> None:
    inside = sum(cell.why is None for cell in cells)
    listed = cells if len(cells) <= _LISTED else [cell for cell in cells if cell.why is not None]
    table = Table(_("cell"), _("doorplates"), _("households"), _("why out of the range"))
    for column in table.columns[1:3]:
        column.justify = "right"
    for cell in listed:
        why = "" if cell.why is None else cell.why.sentence(LANG)
        table.add_row(cell.code, f"{cell.doorplates:,}", f"{cell.households:,}", why)
    if listed:
        out.print(table)
    out.print(
        _(
            "{number:,} cells, {inside:,} of them with {least:,} to {most:,} households",
            number=len(cells),
            inside=inside,
            least=wanted.least,
            most=wanted.most,
        )
    )


def _show_drafts(drafts: Sequence[ChangeSet]) -> None:
    """Their ids, and what to do with them."""
    for draft in drafts:
        out.print(
            safe(_("draft {id} of {area}: {title}", id=draft.id, area=draft.area, title=draft.title)),
            soft_wrap=True,
        )
    if drafts:
        out.print(
            _(
                "look at it in the editor (/maps/edit, change sets), then publish it there or with"
                " everycell changeset publish {id}",
                id=drafts[0].id if len(drafts) == 1 else "ID",
            ),
            soft_wrap=True,
        )
    else:
        out.print(_("no draft was made"))


def _write(output: Path | None, cells: Sequence[NewCell]) -> None:
    """The cells as a file that is whole or not there."""
    if output is None:
        return
    partial = output.with_name(output.name + ".part")
    try:
        partial.write_text(json.dumps(as_geojson(cells), ensure_ascii=False), encoding="utf-8")
        partial.replace(output)
    finally:
        partial.unlink(missing_ok=True)
    err.print(_("{number:,} cells → {output}", number=len(cells), output=output), markup=False, soft_wrap=True)
