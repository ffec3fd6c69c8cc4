"""One import while it runs: what the caller said, and what every kind of file needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from sqlalchemy import Connection, text

from gis.cells.cleaning.clean import WIDTH_M
from gis.crs import Datum
from gis.errors import BadInput
from gis.exchange import reference
from gis.exchange.headers import Kind
from gis.exchange.rejects import write_rejects
from gis.reasons import reason_of
from gis.sentence import Sentence, joined
from gis.settings import Settings
from gis.storage.report import LoadReport, Reject

Progress = Callable[[Sentence, int, int], None]


@dataclass(frozen=True)
class Options:
    """What the caller says about a file; None: the file says it, or it is guessed."""

    crs: str | None = None
    datum: Datum | None = None
    encoding: str | None = None
    layer: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    county: str | None = None
    rejects: Path | None = None
    accept_offset: bool = False
    enclaves: bool = False
    new_outline: bool = False
    clean: bool = False
    clean_width: float = WIDTH_M
    parts: bool = False
    strict: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class Job:
    """An import. The caller owns the transaction of `conn`."""

    conn: Connection
    kind: Kind
    path: Path
    settings: Settings
    options: Options
    progress: Progress
    agreed: frozenset[str] = frozenset()  # digests of the proposals for cells that do not tile
    say: Callable[[str], str] = str  # says a sentence in the language of whoever reads the rejects

    @property
    def file(self) -> str:
        """The file as messages name it."""
        return self.path.name

    @property
    def datum(self) -> Datum:
        """The datum the degrees are taken for."""
        return self.options.datum or Datum.wgs84

    def county(self, *codes: pd.Series[Any]) -> int:
        """The county of the rows: --county, or the one that all codes begin with, or the only one that is stored."""
        if self.options.county is not None:
            return int(self.options.county)
        known = reference.counties(self.conn)
        heads = {head for each in codes for head in each.dropna().str[:6].unique()}
        if len(heads) == 1 and heads <= set(known):
            return int(heads.pop())
        if len(known) == 1:
            return int(known[0])
        if not known:
            raise BadInput(
                "{file}: no county is stored yet; import its cells or divisions first", file=self.file, field="--county"
            )
        raise BadInput(
            "{file}: say which county the rows are of with --county (stored: {known})",
            file=self.file,
            known=", ".join(known),
            field="--county",
        )

    def in_savepoint(self, load: Callable[[], LoadReport]) -> LoadReport:
        """Load; with --dry-run undo it again, after all that the database would object to at the commit."""
        if not self.options.dry_run:
            return load()
        savepoint = self.conn.begin_nested()
        try:
            report = load()
            self.conn.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        finally:
            savepoint.rollback()
        return report

    def counting(self, total: int) -> Callable[[int], None]:
        """A counter for loaders that tells the progress of writing."""
        done = 0

        def told(rows: int) -> None:
            nonlocal done
            done += rows
            self.progress(Sentence("writing"), done, total)
            if done >= total:
                self.progress(Sentence("bringing the figures up to date"), 0, 0)

        self.progress(Sentence("writing"), 0, total)
        return told

    # --- rejects -----------------------------------------------------------------------------------------------------

    @property
    def rejects_path(self) -> Path:
        """Where rejected rows are listed."""
        return self.options.rejects or self.path.with_name(f"{self.path.name}.rejects.csv")

    def refuse_nothing(self, frame: pd.DataFrame, rejects: list[Reject]) -> None:
        """Raise BadInput where no row is left."""
        if not len(frame):
            self.refuse_all(rejects)

    def refuse_all(self, rejects: list[Reject]) -> NoReturn:
        """List the rejects, which are all rows, and raise BadInput."""
        self._list(rejects)
        raise BadInput(
            "{field}: none of its {number:,} rows can be used: {commonest}",
            number=len(rejects),
            commonest=_commonest(rejects),
            field=self.file,
        )

    def note_rejects(self, rows: int, rejects: list[Reject]) -> list[Sentence]:
        """List the rejects of a file that is not imported yet; a sentence about them where there are any."""
        self._list(rejects)
        if not rejects:
            return []
        return [
            Sentence(
                "{number:,} of {rows:,} rows cannot be used: {commonest}; all of them are in {list}",
                number=len(rejects),
                rows=rows,
                commonest=_commonest(rejects),
                list=self.rejects_path.name,
            )
        ]

    def settle(self, rows: int, rejects: list[Reject]) -> None:
        """List the rejects; with --strict, any is one too many."""
        self._list(rejects)
        if rejects and self.options.strict:
            raise BadInput(
                "{field}: {number:,} of {rows:,} rows cannot be used (--strict; nothing was written):"
                " {commonest}; all of them are in {list}",
                number=len(rejects),
                rows=rows,
                commonest=_commonest(rejects),
                list=self.rejects_path.name,
                field=self.file,
            )

    def _list(self, rejects: list[Reject]) -> None:
        target = self.rejects_path
        if target.absolute() == self.path.absolute():
            raise BadInput(
                "--rejects: {target} is the file itself; name another file", target=target, field="--rejects"
            )
        try:
            if rejects:
                write_rejects(target, rejects, self.say)
            elif self.options.rejects is None:
                target.unlink(missing_ok=True)  # of an earlier try: it would mislead
        except OSError as error:
            raise BadInput(
                "--rejects: {target} cannot be written ({reason}); name another file",
                target=target,
                reason=reason_of(error),
                field="--rejects",
            ) from None


def _commonest(rejects: list[Reject]) -> Sentence:
    """The three commonest reasons, where each is found first and how often."""
    counted = Counter((reject.column, reject.reason) for reject in rejects).most_common(3)
    first = {(reject.column, reject.reason): reject.row for reject in reversed(rejects)}
    parts = []
    for (column, reason), number in counted:
        wrong = Sentence("{column}: {reason}", column=column, reason=reason) if column else reason
        row = first[column, reason]
        parts.append(
            Sentence("{wrong} (row {row} and {more:,} more)", wrong=wrong, row=row, more=number - 1)
            if number > 1
            else Sentence("{wrong} (row {row})", wrong=wrong, row=row)
        )
    return joined(parts)
