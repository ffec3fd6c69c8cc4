"""What the benchmarks stand on: a store of their own with a generated county, interleaved timing, one line of JSON."""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from gis.demo.county import generate
from gis.demo.load import load_county, settle
from gis.demo.plan import COUNTY_CODE
from gis.households.coverage import today_in
from gis.settings import Settings, settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, open_store

COUNTY = int(COUNTY_CODE)


def options(description: str, *, households: int, quick: int) -> argparse.Namespace:
    """The options that every benchmark has: `households`, `quick`, `fresh`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--households", type=int, help=f"default {households:,}; with --quick {quick:,}")
    parser.add_argument("--quick", action="store_true", help="smaller and with fewer repeats")
    parser.add_argument("--fresh", action="store_true", help="make the data anew even if an earlier run left it")
    chosen = parser.parse_args()
    chosen.households = chosen.households or (quick if chosen.quick else households)
    return chosen


def say(line: str) -> None:
    """Progress goes to stderr: stdout ends with the line of JSON."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def own_store(name: str, *, fresh: bool) -> Iterator[tuple[Store, Path]]:
    """A private cluster of this benchmark below the data folder, and its folder. DATABASE_URL is not used."""
    home = settings().home / "bench" / name
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    with open_store(Settings(home=home, database_url=None)) as store:
        yield store, home


def ensure_county(store: Store, households: int, visits: float) -> None:
    """The generated county with its visits, made where it is not there."""
    with store.read() as conn:
        if conn.execute(text("SELECT count(*) FROM everycell.household")).scalar():
            return
    begun = time.perf_counter()
    say(f"making a county of {households:,} households with {visits:g} visits each (kept for the next run)")
    today = today_in(store.settings)
    county = generate(households=households, today=today, visits_per_household=visits)
    stages: list[str] = []

    def told(stage: str, done: int, _total: int) -> None:
        if stage not in stages or done % 2_000_000 < 200_000:
            stages.append(stage)
            say(f"  {time.perf_counter() - begun:6.1f} s  {stage} {done or '':,}" if done else f"  {stage}")

    with store.begin() as conn:
        load_county(conn, county, store.settings, today=today, on_progress=told)
    settle(store)
    say(f"  made in {time.perf_counter() - begun:.0f} s")


def checkpoint(home: Path) -> None:
    """Have PostgreSQL write out everything that waits."""
    engine = create_engine(Cluster(home).admin_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text("CHECKPOINT"))
    engine.dispose()


def interleaved(ways: Mapping[str, Callable[[], object]], repeats: int, warm_up: int = 1) -> dict[str, list[float]]:
    """Seconds of each way, called in turn `repeats` times after `warm_up` calls that are not counted."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(warm_up + repeats):
        for name, way in ways.items():
            gc.collect()
            begun = time.perf_counter()
            way()
            if turn >= warm_up:
                found[name].append(time.perf_counter() - begun)
    return found


def medians(found: Mapping[str, list[float]]) -> dict[str, float]:
    """The median of each way's seconds."""
    return {name: statistics.median(seconds) for name, seconds in found.items()}


def finish(bench: str, figures: Mapping[str, float]) -> None:
    """The figures as a table, and as the line of JSON that ends every benchmark."""
    for name, figure in figures.items():
        print(f"{name:28} {figure:>16,.3f}")
    print(json.dumps({"bench": bench, "figures": {name: round(figure, 4) for name, figure in figures.items()}}))
