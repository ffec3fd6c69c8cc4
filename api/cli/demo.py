"""everycell demo: a county to look at, made at the first start and served."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.status import Status
from sqlalchemy import text

from api.cli.output import err, opened
from api.cli.words import _, say
from gis.errors import Conflict, Interrupted
from gis.sentence import Sentence
from gis.settings import settings
from gis.storage.engine import Store, as_service
from gis.storage.keeper import kept_running

app = typer.Typer()

_HOUSEHOLDS = 60_000
_SEED = 2026


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="port of 127.0.0.1; the next free one where it is taken")
    ] = 8000,
    data: Annotated[
        Path | None, typer.Option(help="an OpenStreetMap extract (.osm.pbf) instead of the fictional county")
    ] = None,
    levels: Annotated[
        str, typer.Option(help="with --data: admin_level of each level of division")
    ] = "county=2,town=6,village=8",
    households: Annotated[int, typer.Option(min=2_000, help="size of the fictional county")] = _HOUSEHOLDS,
    visits: Annotated[float, typer.Option(min=0.5, max=50, help="visits a household in the year, on average")] = 2.4,
    seed: Annotated[int, typer.Option(min=0, help="another seed, another county")] = _SEED,
    add: Annotated[bool, typer.Option("--add", help="make it even if the database holds another county")] = False,
    serve: Annotated[bool, typer.Option(help="serve it once it is there")] = True,
) -> None:
    """A fictional county (示范县) to look at, served on this machine. Made once; a second start serves it at once."""
    with _sigterm_interrupts(), opened() as store:
        try:
            if data is None:
                _generated(store, households, visits, seed, add=add)
            else:
                _extract(store, data, levels, add=add)
        except KeyboardInterrupt:
            raise Interrupted("stopped; nothing was written") from None
        if serve:
            _serve(store, port)


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """SIGTERM ends the making of a county as Ctrl-C does: rolled back, PostgreSQL stopped."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _serve(store: Store, port: int) -> None:
    from api.cli.serving import announce, welcome
    from api.server import run_server

    welcome(store)
    with kept_running(settings()), as_service(store) as service:
        run_server(service, "127.0.0.1", port, on_ready=announce, next_free=True)
    err.print(_("everycell: stopped"))


def _generated(store: Store, households: int, visits: float, seed: int, *, add: bool) -> None:
    """The fictional county, unless it is there."""
    from gis.demo.plan import COUNTY_CODE

    if _is_there(store, COUNTY_CODE, None, add=add):
        _tell_other_size(store, int(COUNTY_CODE), households)
        return
    from gis.demo.county import generate
    from gis.demo.load import load_county, settle
    from gis.demo.patrolled import patrol
    from gis.disputes.overdue import publish_overdue
    from gis.disputes.publication import publish_due
    from gis.households.coverage import today_in

    today = today_in(settings())
    with _Steps(_("Making 示范县, a fictional county of {households:,} households", households=households)) as steps:
        steps.told(Sentence("towns, villages, cells, streets, doors"), 0, 0)
        county = generate(seed, households, today, visits)
        with store.begin() as conn:
            load_county(conn, county, settings(), today=today, on_progress=steps.told)
            for what, on in (
                (Sentence("yesterday's patrol"), today - timedelta(days=1)),
                (Sentence("today's patrol"), today),
            ):
                steps.told(what, 0, 0)
                patrol(conn, int(COUNTY_CODE), settings(), on=on, now=datetime.now(UTC), seed=seed)
        steps.told(Sentence("published figures of cases"), 0, 0)
        publish_due(store, today)
        publish_overdue(store, today)
        steps.told(Sentence("statistics"), 0, 0)
        settle(store)


def _tell_other_size(store: Store, county: int, wanted: int) -> None:
    """Say so where the county that is there is not the one that was asked for."""
    with store.read() as conn:
        number = conn.execute(
            text("SELECT count(*) FROM everycell.household WHERE county = :county"), {"county": county}
        ).scalar_one()
    if number != wanted:
        err.print(
            _(
                "示范县 is there already, with {number:,} households instead of {wanted:,}; for another one"
                " give another data folder (EVERYCELL_HOME)",
                number=number,
                wanted=wanted,
            ),
            markup=False,
            soft_wrap=True,
        )


def _extract(store: Store, path: Path, levels: str, *, add: bool) -> None:
    """The county of an extract, unless it is there."""
    from gis.exchange.osm_divisions import DEFAULT_COUNTY

    if _is_there(store, DEFAULT_COUNTY, "osm:", add=add):
        return
    from gis.demo.load import settle
    from gis.exchange.osm_import import import_osm, parse_levels

    with _Steps(_("Reading {path}", path=path.name)) as steps:
        with store.begin() as conn:
            summary = import_osm(conn, path, parse_levels(levels), settings(), steps.told)
        steps.told(Sentence("statistics"), 0, 0)
        settle(store)
    err.print(
        _(
            "  {doorplates:,} doorplates; not used, with reasons in `everycell import osm`: {number:,}",
            doorplates=summary.counts["doorplates"],
            number=len(summary.outside),
        ),
        markup=False,
    )


def _is_there(store: Store, code: str, source: str | None, *, add: bool) -> bool:
    """Whether the demonstration's county is stored. Raises Conflict where another one is, unless `add`."""
    with store.read() as conn:
        rows = conn.execute(
            text("SELECT code, name, source FROM everycell.division WHERE level = 'county' ORDER BY code")
        ).all()
    if any(row.code == code and (row.source or "").startswith(source or "") for row in rows):
        return True
    if rows and not add:
        raise Conflict(
            "the database holds {name} ({code}) already, and the demonstration would stand beside it:"
            " `everycell serve` serves what is there; --add mixes; another EVERYCELL_HOME keeps them"
            " apart",
            name=rows[0].name,
            code=rows[0].code,
        )
    return False


class _Steps:
    """Tells each stage when it is done, with its seconds; on a terminal also what it is at."""

    def __init__(self, headline: str) -> None:
        err.print(headline, markup=False)
        self._status = Status("", console=err)
        self._stage = ""
        self._begun = time.monotonic()

    def __enter__(self) -> _Steps:
        if err.is_terminal:
            self._status.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        self._status.stop()
        if failed is None:
            self._finish()

    def told(self, stage: Sentence, done: int, total: int) -> None:
        """A stage, what of it is done and how much there is in all (0: cannot tell)."""
        if stage != self._stage:
            self._finish()
            self._stage, self._begun = stage, time.monotonic()
        told = _("{step} {done:,} of {total:,}") if total else _("{step} {done:,}")
        self._status.update(f"  {told.format(step=say(stage), done=done, total=total) if done else say(stage)}")

    def _finish(self) -> None:
        if self._stage and self._stage != "done":
            err.print(f"  {say(self._stage)} … {time.monotonic() - self._begun:.1f} s", markup=False)
