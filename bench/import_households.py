"""How fast households come in, and how far that is from a bare COPY of the same rows.

`./run bench import_households [--households N] [--quick]`. The dwellings of a generated county go into a fresh database
that holds its cells; every repeat has a database of its own. In turn:

- load: `load_dwellings`, from checked rows in memory into doorplate and household with their keys, indexes, figures and
  histogram, committed
- file: `everycell import households` on a CSV of the same rows: read, guarded against personal data, checked, grouped
  into doorplates, loaded, committed
- copy: COPY of the very rows that ended up in the two tables into tables with the same
  columns and without keys, indexes or triggers, committed

`import_households_per_s` is of load; `import_vs_copy` is load's time over copy's (1 would be as fast as a bare COPY).
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg2
from sqlalchemy import Connection, make_url, text

from bench._ground import COUNTY, finish, options, own_store, say
from gis.cells.load import load_cells, load_divisions
from gis.demo.county import DemoCounty, generate
from gis.exchange.headers import Kind
from gis.exchange.importer import import_file
from gis.households.coverage import today_in
from gis.households.dwellings import Dwellings, split_dwellings
from gis.households.load import load_dwellings
from gis.settings import Settings
from gis.storage.cluster import Cluster
from gis.storage.engine import Store, make_engine

TABLES = ("doorplate", "household")
SERIAL = iter(range(1, 1_000_000))


def main() -> None:
    chosen = options(__doc__ or "", households=500_000, quick=60_000)
    repeats = 2 if chosen.quick else 3
    with own_store(f"import-{chosen.households}", fresh=True) as (store, home):
        say(f"a county of {chosen.households:,} households")
        county = generate(households=chosen.households, today=today_in(store.settings))
        rows = split_dwellings(county.dwellings, COUNTY)
        write_cells(store, county)
        csv = home / "households.csv"
        county.dwellings.drop(columns="row").to_csv(csv, index=False)
        figures = measure(home, store, rows, csv, len(county.dwellings), repeats)
        csv.unlink()
    finish("import_households", figures)


def write_cells(store: Store, county: DemoCounty) -> None:
    """The cells go into the store's own database, which is the template of all others."""
    with store.begin() as conn:
        today = today_in(store.settings)
        load_divisions(conn, COUNTY, county.divisions, today=today, cut=False)
        load_cells(conn, COUNTY, county.cells, today=today)
    store.engine.dispose()


def measure(home: Path, store: Store, rows: Dwellings, csv: Path, number: int, repeats: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {"load": [], "file": [], "copy": []}
    for _ in range(repeats):
        with database(home) as fresh:
            taken["load"].append(seconds(fresh, lambda conn: load(conn, rows, fresh.settings, number)))
            copied = rows_of(fresh)
        with database(home) as fresh:
            taken["file"].append(seconds(fresh, lambda conn: load_file(conn, csv, fresh.settings, number)))
        with database(home) as fresh:
            bare_tables(fresh)
            taken["copy"].append(seconds(fresh, partial(copy, rows=copied)))
        say(", ".join(f"{name} {number / times[-1]:,.0f} households/s" for name, times in taken.items()))
    median = {name: statistics.median(times) for name, times in taken.items()}
    return {
        "households": float(number),
        "import_households_per_s": number / median["load"],
        "import_file_households_per_s": number / median["file"],
        "copy_households_per_s": number / median["copy"],
        "import_vs_copy": median["load"] / median["copy"],
        "import_file_vs_copy": median["file"] / median["copy"],
    }


@contextmanager
def database(home: Path) -> Iterator[Store]:
    """A copy of the template, dropped afterwards; with statistics, as a database that has been in use has them."""
    cluster = Cluster(home)
    name = f"bench_{next(SERIAL)}"
    administer(cluster.admin_url, f"CREATE DATABASE {name} TEMPLATE everycell OWNER everycell")
    url = make_url(cluster.url).set(database=name).render_as_string(hide_password=False)
    config = Settings(home=home, database_url=url)
    engine = make_engine(url, config)
    try:
        yield Store(engine, config)
    finally:
        engine.dispose()
        administer(cluster.admin_url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: str, statement: str) -> None:
    connection = psycopg2.connect(
        make_url(url).set(drivername="postgresql", database="postgres").render_as_string(False)
    )
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            cursor.execute("CHECKPOINT")
    finally:
        connection.close()


def seconds(store: Store, work: Callable[[Connection], None]) -> float:
    """Of the work and its commit."""
    with store.engine.connect():
        pass  # the connection is made before the clock starts
    begun = time.perf_counter()
    with store.begin() as conn:
        work(conn)
    return time.perf_counter() - begun


def load(conn: Connection, rows: Dwellings, config: Settings, number: int) -> None:
    report = load_dwellings(conn, COUNTY, rows.doorplates, rows.households, config, today=today_in(config))
    assert report.inserted == number, report


def load_file(conn: Connection, csv: Path, config: Settings, number: int) -> None:
    summary = import_file(conn, Kind.households, csv, config)
    assert summary.reports[0].inserted == number, summary.reports


def rows_of(store: Store) -> dict[str, bytes]:
    """What the load wrote, as COPY text."""
    found = {}
    with store.begin() as conn:
        driver = conn.connection.driver_connection
        assert driver is not None
        for table in TABLES:
            buffer = io.BytesIO()
            with driver.cursor() as cursor:
                cursor.copy_expert(f"COPY everycell.{table} ({', '.join(columns(conn, table))}) TO STDOUT", buffer)
            found[table] = buffer.getvalue()
    return found


def columns(conn: Connection, table: str) -> list[str]:
    """The columns that are stored, without generated ones."""
    rows = conn.execute(
        text(
            "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum"
        ),
        {"table": f"everycell.{table}"},
    )
    return list(rows.scalars())


def bare_tables(store: Store) -> None:
    with store.begin() as conn:
        conn.execute(text("CREATE SCHEMA bare"))
        for table in TABLES:
            conn.execute(text(f"CREATE TABLE bare.{table} (LIKE everycell.{table} INCLUDING GENERATED)"))


def copy(conn: Connection, rows: dict[str, bytes]) -> None:
    driver = conn.connection.driver_connection
    assert driver is not None
    for table in TABLES:
        with driver.cursor() as cursor:
            names = ", ".join(columns(conn, table))
            cursor.copy_expert(f"COPY bare.{table} ({names}) FROM STDIN", io.BytesIO(rows[table]))


if __name__ == "__main__":
    main()
