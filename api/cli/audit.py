"""everycell audit verify|list|export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer

from api import tables
from api.cli.folding import Table
from api.cli.output import cell, day, err, opened, out, unwritable
from api.cli.words import _
from gis.access import audit
from gis.access.audit import Action, Entry
from gis.errors import BadInput

app = typer.Typer(help="The audit: who did what, when, from where.", no_args_is_help=True)

_COLUMNS: Final = ("day", "seq", "at", "who", "source", "action", "area", "detail", "hash")


class Format(StrEnum):
    """The form of an exported audit."""

    csv = "csv"
    ndjson = "ndjson"


@app.command()
def verify(
    day_: Annotated[str | None, typer.Option("--day", help="only this day (UTC), 2026-11-22; default: all")] = None,
    hash: Annotated[str | None, typer.Option(help="a hash written down before: is its entry still there?")] = None,
) -> None:
    """Recompute the chain of hashes; exit 1 with the first entry that does not follow. Prints the last hash: keep it
    on another machine, for nothing else shows that the end was cut off."""
    of_day = day(day_, "--day")
    with opened() as store, store.read() as conn:
        known = audit.find(conn, hash) if hash is not None else None
        breaks = audit.verify(conn, of_day)
        noted = of_day is None or any(audit.export(conn, of_day, of_day))
        last = audit.latest(conn, 1)
    if breaks:
        first = breaks[0]
        out.print(
            _("the audit is broken at {day} entry {seq}: {why}", day=first.day, seq=first.seq, why=first.why),
            soft_wrap=True,
        )
        err.print(_("{number:,} entries do not follow from the one before them", number=len(breaks)))
        raise typer.Exit(1)
    if hash is not None and known is None:
        out.print(
            _("the audit was cut off or written anew: no entry has the hash that was written down"), soft_wrap=True
        )
        raise typer.Exit(1)
    out.print(
        _("nothing was noted on {day}", day=of_day)
        if not noted
        else _("the audit is unbroken")
        if of_day is None
        else _("the audit of {day} is unbroken", day=of_day)
    )
    if known is not None:
        out.print(_("the hash that was written down is that of {day} entry {seq}", day=known.day, seq=known.seq))
    for entry in last:
        out.print(_("last: {day} entry {seq} {hash}", day=entry.day, seq=entry.seq, hash=entry.hash), soft_wrap=True)


@app.command("list")
def list_(number: Annotated[int, typer.Option("--number", "-n", min=1, help="how many")] = 20) -> None:
    """The last entries, oldest first; times in UTC."""
    with opened() as store, store.read() as conn:
        found = audit.latest(conn, number)
    shown = Table()
    for column in (_("day"), _("no."), _("time"), _("who"), _("source"), _("action"), _("area"), _("detail")):
        shown.add_column(column, overflow="fold")
    for e in found:
        detail = " ".join(f"{key}={_plain(value)}" for key, value in e.detail.items())
        words = map(cell, (e.who, e.source, e.action, e.area or "—", detail))
        shown.add_row(str(e.day), str(e.seq), f"{e.at:%H:%M:%S}", *words)
    out.print(shown if found else _("nothing has been noted yet"))


@app.command()
def export(
    output: Annotated[Path, typer.Option("--output", "-o", help="file")],
    from_: Annotated[str | None, typer.Option("--from", help="first day (UTC); default: the beginning")] = None,
    to: Annotated[str | None, typer.Option(help="last day (UTC); default: today")] = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="ndjson is exact; csv is for a spreadsheet")] = (
        Format.csv
    ),
) -> None:
    """All entries of some days into a file. That they were exported is noted too."""
    first, last = day(from_, "--from"), day(to, "--to")
    if first is not None and last is not None and last < first:
        raise BadInput("--to: {last} lies before {first}", last=last, first=first, field="--to")
    partial = output.with_name(output.name + ".part")
    rows = _Counted()
    with opened() as store:
        with store.read() as conn, _writing(partial) as file:
            listed = rows.of(audit.export(conn, first, last))
            file.writelines(_csv(listed) if format == Format.csv else map(_line, listed))
        with store.begin() as conn:
            audit.note_shell(conn, Action.export, detail={"what": "audit", "format": format.value, "rows": rows.number})
    partial.replace(output)
    err.print(_("{number:,} entries → {output}", number=rows.number, output=output), markup=False, soft_wrap=True)


def _writing(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except OSError as error:
        raise unwritable(path.parent, error) from None


class _Counted:
    """How many entries went by."""

    number = 0

    def of(self, entries: Iterator[Entry]) -> Iterator[Entry]:
        for self.number, entry in enumerate(entries, 1):
            yield entry


def _row(entry: Entry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _COLUMNS}
    at = entry.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
    return row | {"day": entry.day.isoformat(), "at": f"{at}Z"}


def _csv(entries: Iterator[Entry]) -> Iterator[bytes]:
    rows = (_row(entry) | {"detail": json.dumps(entry.detail, ensure_ascii=False)} for entry in entries)
    return tables.csv_pieces(_COLUMNS, rows)


def _line(entry: Entry) -> bytes:
    return json.dumps(_row(entry), ensure_ascii=False).encode() + b"\n"


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
