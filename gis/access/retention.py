"""Retention: what was kept its time goes, the counts stay, and no figure changes.

Visits older than `Settings.visit_months` are removed. Their last dates go into the household's `reached_before` and
`contact_before`, their numbers into `visit_count` (by cell, month and outcome), in the transaction that removes them.
Also removed: ids of deleted visits once their days are over, months of visits that are empty, cases that ended
`Settings.dispute_months` ago with all that happened to them, plans of patrols as old as such visits, drafts of the grid
that nobody has touched for long, news that every screen has seen, sign-ins that are over, and uploaded files. The
audit is kept.

A run goes county by county and month by month, in short transactions: it may be interrupted at any moment and run
again. It is written into `retention_run` before it begins. From then on no visit of those days is taken, so that a
telephone that sends an old one again does not make it count twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gis.access import audit
from gis.access.audit import Action
from gis.errors import BadInput, Conflict
from gis.events.log import number as number_events
from gis.sentence import Sentence
from gis.settings import Settings
from gis.storage.engine import Store, sqlstate
from gis.storage.queries import query

T = TypeVar("T")

# What is removed, and counted: ids of deleted visits; months are partitions; throttles are wrong passwords.
KINDS: Final = (
    "visits",
    "visit_ids",
    "months",
    "disputes",
    "plans",
    "drafts",
    "news",
    "sessions",
    "throttles",
    "files",
)
# About 10,000 visits: a fraction of a second in which nobody else can record a visit of these households.
_PAGES: Final = 128
_LOCK: Final = 7461096  # any constant: one run at a time
_LOCK_NOT_AVAILABLE: Final = "55P03"
# Statements may count a table; a limit that the service sets for its requests is not meant for them.
_TIME_LIMIT: Final = "SET LOCAL statement_timeout = '10min'"


@dataclass(frozen=True, slots=True)
class DueVisits:
    """Visits of one county and month that are to go; `pages` is the size of the month on the disk, of all counties."""

    county: int
    month: date
    visits: int
    pages: int


@dataclass(frozen=True, slots=True)
class Due:
    """What a run would remove: visits before `visits_before`, and how many of every other kind."""

    visits_before: date
    visits: list[DueVisits]
    others: dict[str, int]


@dataclass(frozen=True, slots=True)
class Run:
    """A run: how many it removed of every kind. `finished` is False where it was interrupted (the next one goes on)."""

    ran_at: datetime
    visits_before: date
    removed: dict[str, int]
    finished: bool


def due(conn: Connection, settings: Settings, today: date) -> Due:
    """What a run would remove; nothing is changed. Sign-ins and news are judged by the database's clock, not `today`.

    Only the owner of the tables may.
    """
    before = settings.visits_kept_from(today)
    months = conn.execute(query("access/old_visit_months"), {"before": before}).scalar_one()
    values = {
        "before": before,
        "months": months,
        "disputes_before": settings.disputes_kept_from(today),
        "plans_before": before,
        "drafts_before": _drafts_before(settings, today),
    }
    others = conn.execute(query("access/retention_due"), values).mappings().one()
    files = len(old_uploads(settings, today))
    return Due(before, _due_visits(conn, before), {"months": months, **others, "files": files})


def run(
    store: Store,
    today: date,
    *,
    who: str = "service",
    source: str = "service",
    on_step: Callable[[Sentence], None] = lambda _: None,
) -> Run:
    """Remove what is due on `today`, as the owner or as the service's role; noted in the audit as done by `who`.

    `on_step` is told in words what is next, before every transaction; what it raises ends the run, which goes on with
    the next one. Raises Conflict where another run is at work, BadInput where `today` lies in the future.
    """
    if today > datetime.now(store.settings.zone).date():
        raise BadInput("--today: lies in the future: what would be removed is still to be kept", field="--today")
    before = store.settings.visits_kept_from(today)
    with _alone(store):
        begin = text("SELECT everycell.begin_retention(:before)")
        ran_at = store.retrying(lambda conn: conn.execute(begin, {"before": before}).scalar_one())
        work = _Work(store, ran_at, before, on_step)
        work.ids()
        work.visits()
        work.months()
        work.disputes(store.settings.disputes_kept_from(today))
        work.plans(before, store.settings.plans_bare_from(today))
        work.drafts(_drafts_before(store.settings, today))
        work.rest(today)
        work.files(today)
        return work.finish(who, source)


def runs(conn: Connection, number: int) -> list[Run]:
    """The last runs, the latest first. Only the owner of the tables may."""
    found = conn.execute(query("access/retention_runs"), {"number": number})
    return [_run_of(ran_at, dict(removed)) for ran_at, removed in found]


def finished_at(conn: Connection) -> datetime | None:
    """When a run that came to its end began, the last one; None where none did."""
    found: datetime | None = conn.scalar(text("SELECT everycell.retention_finished_at()"))
    return found


def old_uploads(settings: Settings, today: date) -> list[Path]:
    """Files below `uploads` of the data folder that were last written more than `upload_days` days ago, sorted."""
    kept_from = today - timedelta(days=settings.upload_days)
    found = []
    for path in sorted((settings.home / "uploads").rglob("*")):
        status = path.lstat()
        if not path.is_dir() or path.is_symlink():
            written_on = datetime.fromtimestamp(status.st_mtime, settings.zone).date()
            found += [path] * (written_on < kept_from)
    return found


def _drafts_before(settings: Settings, today: date) -> date:
    return today - timedelta(days=settings.draft_days)


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        if not conn.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _LOCK}):
            raise Conflict("retention is running already, in another process: it will do the same")
        try:
            yield
        finally:
            conn.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


def _due_visits(conn: Connection, before: date) -> list[DueVisits]:
    return [DueVisits(*row) for row in conn.execute(text("SELECT * FROM everycell.visits_due(:d)"), {"d": before})]


def _run_of(ran_at: datetime, removed: dict[str, Any]) -> Run:
    before, finished = date.fromisoformat(removed.pop("visits_before")), bool(removed.pop("finished"))
    return Run(ran_at, before, {kind: removed.get(kind, 0) for kind in KINDS}, finished)


class _Work:
    """One run: each step in a transaction of its own, which also counts it."""

    def __init__(self, store: Store, ran_at: datetime, before: date, on_step: Callable[[Sentence], None]) -> None:
        self._store = store
        self._ran_at = ran_at
        self._before = before
        self._on_step = on_step
        self._removed = dict.fromkeys(KINDS, 0)

    def ids(self) -> None:
        """The ids of the latest visits move to all others, where what goes below looks for them."""
        for county in self._counties():
            self._unless_busy(
                partial(self._settle, county),
                Sentence(
                    "visits of {county:06} are being recorded: their ids are left for the next run", county=county
                ),
            )

    def _settle(self, county: int) -> None:
        self._read(lambda conn: conn.execute(text("SELECT everycell.settle_visit_ids(:county)"), {"county": county}))

    def visits(self) -> None:
        for part in self._read(lambda conn: _due_visits(conn, self._before)):
            values = {"county": part.county, "month": part.month, "before": self._before, "pages": _PAGES}
            for page in range(0, part.pages, _PAGES):
                self._do(
                    "visits",
                    Sentence("visits of {month:%Y-%m} in {county:06}", month=part.month, county=part.county),
                    "SELECT everycell.retire_visits(:county, :month, :before, :page, :pages)",
                    values | {"page": page},
                )

    def months(self) -> None:
        """What is to be done when a month is over: it reads all ids, so not every day."""
        before = {"before": self._before}
        if not self._read(lambda conn: conn.execute(query("access/old_visit_months"), before).scalar_one()):
            return
        for county in self._counties():
            what = Sentence("ids of deleted visits in {county:06}", county=county)
            self._do(
                "visit_ids", what, "SELECT everycell.retire_visit_ids(:county, :before)", before | {"county": county}
            )
        self._unless_busy(
            lambda: self._do(
                "months", Sentence("empty months of visits"), "SELECT everycell.drop_visit_months(:before)", before
            ),
            Sentence("the visits are being read: their empty months are left for the next run"),
        )

    def disputes(self, before: date) -> None:
        for county in self._counties():
            what, values = Sentence("old cases of {county:06}", county=county), {"county": county, "before": before}
            self._do("disputes", what, "SELECT everycell.retire_disputes(:county, :before)", values)

    def plans(self, before: date, bare_before: date) -> None:
        """Plans of patrols go as visits do; some days after their day, which households were ticked."""
        for county in self._counties():
            what, values = (
                Sentence("old plans of {county:06}", county=county),
                {"county": county, "before": before, "bare": bare_before},
            )
            self._do("plans", what, "SELECT everycell.retire_plans(:county, :before, :bare)", values)

    def drafts(self, before: date) -> None:
        for county in self._counties():
            what, values = (
                Sentence("old drafts of the grid of {county:06}", county=county),
                {"county": county, "before": before},
            )
            self._do("drafts", what, "SELECT everycell.retire_drafts(:county, :before)", values)

    def rest(self, today: date) -> None:
        # What has no place in the order of events yet would be kept: on a machine that serves nobody, nothing has.
        self._store.retrying(lambda conn: number_events(conn, 0.0, today))
        for county in self._counties():
            self._do(
                "news",
                Sentence("news of {county:06}", county=county),
                "SELECT everycell.retire_news(:county)",
                {"county": county},
            )
        self._do("sessions", Sentence("sign-ins that are over"), "SELECT everycell.retire_sessions()", {})
        self._do("throttles", Sentence("wrong passwords of former days"), "SELECT everycell.retire_throttles()", {})

    def files(self, today: date) -> None:
        for path in old_uploads(self._store.settings, today):
            self._on_step(Sentence("uploaded files"))
            path.unlink(missing_ok=True)
            self._count("files", 1)

    def finish(self, who: str, source: str) -> Run:
        def end(conn: Connection) -> None:
            conn.execute(text("SELECT everycell.finish_retention(:run)"), {"run": self._ran_at})
            detail: audit.Detail = {**self._removed, "visits_before": self._before.isoformat()}
            audit.note(conn, who=who, source=source, action=Action.retention, detail=detail)

        self._store.retrying(end)
        return Run(self._ran_at, self._before, self._removed, True)

    def _unless_busy(self, work: Callable[[], object], words: Sentence) -> None:
        """Do it, or say in words that somebody else holds what it needs."""
        try:
            work()
        except DBAPIError as error:
            if sqlstate(error) != _LOCK_NOT_AVAILABLE:
                raise
            self._on_step(words)

    def _counties(self) -> list[int]:
        return self._read(lambda conn: list(conn.scalars(text("SELECT everycell.retention_counties()"))))

    def _read(self, work: Callable[[Connection], T]) -> T:
        def limited(conn: Connection) -> T:
            conn.execute(text(_TIME_LIMIT))
            return work(conn)

        return self._store.retrying(limited)

    def _do(self, kind: str, words: Sentence, statement: str, values: Mapping[str, Any]) -> None:
        """Call a function that removes something and returns how much, and count it with the run."""

        def work(conn: Connection) -> int:
            conn.execute(text(_TIME_LIMIT))
            number: int = conn.execute(text(statement), values).scalar_one()
            self._write_down(conn, kind, number)
            return number

        self._on_step(words)
        self._removed[kind] += self._store.retrying(work)

    def _count(self, kind: str, number: int) -> None:
        self._store.retrying(lambda conn: self._write_down(conn, kind, number))
        self._removed[kind] += number

    def _write_down(self, conn: Connection, kind: str, number: int) -> None:
        if number:
            values = {"run": self._ran_at, "kind": kind, "number": number}
            conn.execute(text("SELECT everycell.count_retention(:run, :kind, :number)"), values)
