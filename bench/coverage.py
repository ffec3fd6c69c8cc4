"""Coverage of all cells for any cut-off day, against the best plain SQL and against DuckDB; and visits appended.

`./run bench coverage [--households N] [--quick] [--fresh]`. A generated county with ten visits a household lies in a
cluster of its own. All ways answer the same question on the same data, in turn, and their answers are compared.

- product: all seven figures of every cell as `GET /coverage` and the pages get them: from the histogram that a worker
  keeps in memory, after asking the database whether anything has changed
- database: the same table by `everycell.coverage()`, from the histogram in the database and nothing in memory
- sql: known and reached only, the faster of two: on the product's own tables, and on slim copies made for the question
  (cell beside the household, visits with an index on the day), with two parallel workers and 256 MB for sorting
- duckdb: known and reached only, the faster of a native table and Parquet, slim as above

Appending: 1,000 visits of some 30 cells (what teams send at noon) in a transaction of their own through
`record_visits`, against a plain INSERT of the same rows into an identical table (columns, months, indexes, primary key,
key to household); then the same with visits scattered over all cells. The next read must see them. For comparison
`append_vs_keyless`: against a table whose rows need not belong to a household. All ways get the same batches, ours
first, so that it alone finds the pages of the households cold; for `append_vs_plain_own` each has batches of its own.
`append_vs_plain` is of a service that has recorded visits for a while (WARM_UP batches, not counted);
`append_vs_plain_first` of the first batches after the copies were made and a checkpoint: pages that nobody has read
come from the disk, and the first change of each page is logged in full.
"""

from __future__ import annotations

import random
import shutil
import statistics
import time
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from bench._ground import COUNTY, checkpoint, ensure_county, finish, interleaved, medians, options, own_store, say
from gis.codes import Level
from gis.demo.plan import COUNTY_CODE
from gis.households.coverage import coverage, today_in
from gis.households.figures import Figures, coverage_table
from gis.households.visits import Outcome, Purpose, Visit, record_visits
from gis.storage.engine import Store
from gis.storage.queries import query

VISITS = 10.0
BATCH = 1_000
WARM_UP = 25
FIRST = 7
DAYS_BACK = (14, 45, 90, 180, 330)

PLAIN = """
    SELECT d.cell, count(*) AS known, count(v.household) AS reached
    FROM everycell.household h
    JOIN everycell.doorplate d ON d.county = :county AND d.id = h.doorplate
    LEFT JOIN (SELECT DISTINCT household FROM everycell.visit
               WHERE county = :county AND visited_on >= :since AND outcome = 'reached') v ON v.household = h.id
    WHERE h.county = :county AND h.status = 'active' GROUP BY d.cell
"""
SLIM = """
    SELECT h.cell, count(*) AS known, count(v.household) AS reached
    FROM slim.household h
    LEFT JOIN (SELECT DISTINCT household FROM slim.visit WHERE visited_on >= :since AND reached) v
        ON v.household = h.id
    GROUP BY h.cell
"""
DUCK = """
    SELECT h.cell, count(*) AS known, count(v.household) AS reached
    FROM {household} h
    LEFT JOIN (SELECT DISTINCT household FROM {visit} WHERE visited_on >= ? AND reached) v ON v.household = h.id
    GROUP BY h.cell
"""

DUCK_TABLES = {"household": "id UUID, cell VARCHAR", "visit": "household UUID, visited_on DATE, reached BOOLEAN"}

Answer = dict[str, tuple[int, int]]


def main() -> None:
    chosen = options(__doc__ or "", households=1_000_000, quick=60_000)
    with ExitStack() as stack:
        store, home = stack.enter_context(own_store(f"coverage-{chosen.households}", fresh=chosen.fresh))
        ensure_county(store, chosen.households, VISITS)
        make_slim(store)
        duck = stack.enter_context(make_duck(store, home / "duckdb"))
        repeats = 3 if chosen.quick else 5
        figures = (
            sizes(store) | read_figures(store, duck, repeats) | append_figures(store, home, 7 if chosen.quick else 15)
        )
    finish("coverage", figures)


def sizes(store: Store) -> dict[str, float]:
    with store.read() as conn:
        return {
            name: float(conn.execute(text(f"SELECT count(*) FROM everycell.{table}")).scalar() or 0)
            for name, table in (("households", "household"), ("visits", "visit"), ("cells", "cell"))
        }


def make_slim(store: Store) -> None:
    """Copies of the tables with what the question needs and nothing else."""
    with store.begin() as conn:
        say("slim copies for plain SQL")
        for statement in (
            "DROP SCHEMA IF EXISTS slim CASCADE",
            "CREATE SCHEMA slim",
            "CREATE TABLE slim.household AS SELECT h.id, d.cell FROM everycell.household h"
            " JOIN everycell.doorplate d ON d.county = h.county AND d.id = h.doorplate WHERE h.status = 'active'",
            "CREATE TABLE slim.visit AS SELECT household, visited_on, outcome = 'reached' AS reached"
            " FROM everycell.visit ORDER BY visited_on",
            "CREATE INDEX ON slim.visit (visited_on) INCLUDE (household) WHERE reached",
        ):
            conn.execute(text(statement))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM (ANALYZE) slim.household, slim.visit"))


def make_duck(store: Store, folder: Path) -> duckdb.DuckDBPyConnection:
    """The slim tables in DuckDB, once as native tables and once as Parquet; in memory as far as it likes."""
    say("the same in DuckDB")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    duck = duckdb.connect(str(folder / "slim.duckdb"))
    for table, columns in DUCK_TABLES.items():
        csv = folder / f"{table}.csv"
        copy_out(store, f"slim.{table}", csv)
        duck.execute(f"CREATE TABLE {table} ({columns})")
        duck.execute(f"COPY {table} FROM '{csv}' (FORMAT csv, HEADER false)")
        duck.execute(f"COPY {table} TO '{folder / table}.parquet' (FORMAT parquet)")
        csv.unlink()
    return duck


def copy_out(store: Store, table: str, path: Path) -> None:
    with store.begin() as conn, path.open("wb") as file:
        driver = conn.connection.driver_connection
        assert driver is not None
        with driver.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} TO STDOUT (FORMAT csv)", file)


def read_figures(store: Store, duck: duckdb.DuckDBPyConnection, repeats: int) -> dict[str, float]:
    """Milliseconds and ratios over several cut-off days; all ways must give the same answer."""
    today = today_in(store.settings)
    folder = Path(str(duck.execute("SELECT path FROM duckdb_databases() WHERE NOT internal").fetchall()[0][0])).parent
    parquet = {name: f"read_parquet('{folder / name}.parquet')" for name in ("household", "visit")}
    found: dict[str, list[float]] = {}
    with store.engine.connect() as conn, store.engine.connect() as plain:
        plain.execute(text("SET max_parallel_workers_per_gather = 2"))
        plain.execute(text("SET work_mem = '256MB'"))
        plain.commit()
        figures = Figures()
        for back in DAYS_BACK:
            since = today - timedelta(days=back)
            ways = {
                "product": bound(of_product, conn, figures, since, today),
                "database": bound(of_database, conn, since, today),
                "sql_own": bound(of_sql, plain, PLAIN, since),
                "sql_slim": bound(of_sql, plain, SLIM, since),
                "duck_native": bound(of_duck, duck, {"household": "household", "visit": "visit"}, since),
                "duck_parquet": bound(of_duck, duck, parquet, since),
            }
            answers = {name: way() for name, way in ways.items()}
            for name, answer in answers.items():
                assert answer == answers["sql_own"], f"{name} differs for {since}"
            timed = medians(interleaved(ways, repeats))
            say(f"since {since}: " + ", ".join(f"{name} {1000 * s:,.1f} ms" for name, s in timed.items()))
            for name, seconds in timed.items():
                found.setdefault(name, []).append(seconds)
    return _ratios(found)


def _ratios(found: dict[str, list[float]]) -> dict[str, float]:
    """Over the cut-off days: medians in ms, ratios of the sums, and the worst ratio of a single day."""
    product, database = np.array(found["product"]), np.array(found["database"])
    sql = np.minimum(found["sql_own"], found["sql_slim"])
    duck = np.minimum(found["duck_native"], found["duck_parquet"])
    return {
        **{f"{name}_ms": 1000 * statistics.median(seconds) for name, seconds in found.items()},
        "vs_sql": float(sql.sum() / product.sum()),
        "vs_sql_worst": float((sql / product).min()),
        "vs_duckdb": float(duck.sum() / product.sum()),
        "vs_duckdb_worst": float((duck / product).min()),
        "vs_sql_database": float(sql.sum() / database.sum()),
        "vs_duckdb_database": float(duck.sum() / database.sum()),
    }


def bound(way: Callable[..., Answer], *arguments: Any) -> Callable[[], Answer]:
    return lambda: way(*arguments)


def of_database(conn: Connection, since: date, today: date) -> Answer:
    with conn.begin():
        table = coverage(conn, area=COUNTY_CODE, level=Level.cell, since=since, today=today)
    return {area.code: (area.known, area.reached) for area in table.areas if area.known}


def of_product(conn: Connection, figures: Figures, since: date, today: date) -> Answer:
    with conn.begin():
        part = figures.county(conn, COUNTY, stamp_of(conn), since, today)
    table = coverage_table([part], area=COUNTY_CODE, level=Level.cell, since=since, today=today)
    return {area.code: (area.known, area.reached) for area in table.areas if area.known}


def stamp_of(conn: Connection) -> object:
    """What a worker hears through its mirror; asked for here."""
    return next(tuple(row) for row in conn.execute(query("cells/county_changes")) if row.county == COUNTY)


def of_sql(conn: Connection, statement: str, since: date) -> Answer:
    with conn.begin():
        rows = conn.execute(
            text(statement), {"county": COUNTY, "since": since} if ":county" in statement else {"since": since}
        )
        return {row.cell: (row.known, row.reached) for row in rows}


def of_duck(duck: duckdb.DuckDBPyConnection, tables: dict[str, str], since: date) -> Answer:
    return {cell: (known, reached) for cell, known, reached in duck.execute(DUCK.format(**tables), [since]).fetchall()}


# --- appending -------------------------------------------------------------------------------------------------------


def append_figures(store: Store, home: Path, repeats: int) -> dict[str, float]:
    """Milliseconds to append 1,000 visits and what that is to a plain INSERT; and that the next read sees them."""
    make_identical(store)
    batches = Batches(store)
    # The copies have just been written: after a checkpoint every table pays for the first touch of a page alike.
    checkpoint(home)
    first = append(store, batches.of_cells, FIRST, "of some 30 cells, the first ones", batches.id_of, warm_up=0)
    here = append(store, batches.of_cells, repeats, "of some 30 cells", batches.id_of)
    own = append(store, batches.of_cells, repeats, "of 30 cells, other ones for each way", batches.id_of, own=True)
    scattered = append(store, batches.scattered, repeats, "scattered over all cells", batches.id_of)
    return {
        "append_ms": 1000 * here["product"],
        "append_plain_ms": 1000 * here["identical"],
        "append_vs_plain": here["product"] / here["identical"],
        "append_vs_plain_first": first["product"] / first["identical"],
        "append_vs_plain_own": own["product"] / own["identical"],
        "append_vs_plain_scattered": scattered["product"] / scattered["identical"],
        "append_vs_keyless": here["product"] / here["keyless"],
        "read_after_append_ms": next_read(store, batches),
    }


def make_identical(store: Store) -> None:
    """Two tables like `visit` in every column, key and index, with partitions by month; no triggers, no figures.

    `identical` has the key to `household` too, `keyless` has not.
    """
    for table in ("identical", "keyless"):
        _copy_of_visit(store, table)
    with store.begin() as conn:
        keys = conn.execute(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = 'everycell.visit'::regclass AND contype = 'f'"
            )
        )
        for definition in keys.scalars().all():
            conn.execute(text(f"ALTER TABLE slim.identical ADD {definition}"))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("VACUUM (ANALYZE) slim.identical, slim.keyless, everycell.visit"))


def _copy_of_visit(store: Store, table: str) -> None:
    with store.begin() as conn:
        conn.execute(text(f"DROP TABLE IF EXISTS slim.{table}"))
        conn.execute(
            text(f"CREATE TABLE slim.{table} (LIKE everycell.visit INCLUDING ALL) PARTITION BY RANGE (visited_on)")
        )
        partitions = conn.execute(
            text(
                "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i JOIN pg_class c"
                " ON c.oid = i.inhrelid WHERE i.inhparent = 'everycell.visit'::regclass"
            )
        ).all()
        for name, bounds in partitions:
            part = f"slim.{table}_{name}"
            conn.execute(text(f"CREATE TABLE {part} PARTITION OF slim.{table} {bounds}"))
            conn.execute(text(f"INSERT INTO {part} SELECT * FROM everycell.{name}"))


class Batches:
    """Batches of visits that nobody has sent yet, each to households where nobody has been for days: all move dates.

    No household comes twice, in a run or in the next one on the same data, which would find its dates moved already.
    """

    def __init__(self, store: Store) -> None:
        self.draw = random.Random(20)
        self.now = datetime.now(UTC).replace(microsecond=0)
        with store.read() as conn:
            rows = conn.execute(
                text(
                    "SELECT d.cell, h.code, h.id, coalesce(h.last_contact_on < current_date - 4, true) AS waits"
                    " FROM everycell.household h JOIN everycell.doorplate d"
                    " ON d.county = h.county AND d.id = h.doorplate WHERE h.status = 'active' ORDER BY d.cell, h.code"
                )
            ).all()
        self.households = pd.DataFrame(rows, columns=["cell", "code", "id", "waits"])
        self.waiting = set(np.flatnonzero(self.households["waits"]).tolist())
        self.by_cell = {str(cell): group.index.to_numpy() for cell, group in self.households.groupby("cell")}
        self.id_of = dict(zip(self.households["code"], self.households["id"], strict=True))

    def of_cells(self, move: bool = True) -> list[Visit]:
        """About 33 visits in each of 30 cells (in more, where few households are left in them).

        Whether they will `move` dates: then these households are not taken again.
        """
        pool: list[int] = []
        for number, cell in enumerate(self.draw.sample(sorted(self.by_cell), len(self.by_cell))):
            if number >= 30 and len(pool) >= BATCH:
                break
            pool += [index for index in self.by_cell[cell].tolist() if index in self.waiting]
        return self._visits(pool, move)

    def scattered(self, move: bool = True) -> list[Visit]:
        return self._visits(sorted(self.waiting), move)

    def _visits(self, pool: list[int], move: bool) -> list[Visit]:
        assert len(pool) >= BATCH, "earlier runs have been everywhere: use --fresh"
        chosen = self.draw.sample(pool, BATCH)
        if move:
            self.waiting.difference_update(chosen)
        codes = self.households["code"].to_numpy()
        return [
            Visit(
                id=uuid.uuid4(),  # new ones in every run: the store remembers those of earlier runs
                household=codes[index],
                visited_at=self.now - timedelta(minutes=self.draw.randrange(2_880)),
                outcome=Outcome.reached if self.draw.random() < 0.75 else Outcome.no_answer,
                team="T01",
                purpose=Purpose.routine,
            )
            for index in chosen
        ]


def append(
    store: Store,
    make: Callable[[bool], list[Visit]],
    repeats: int,
    what: str,
    ids: dict[str, Any],
    *,
    own: bool = False,
    warm_up: int = WARM_UP,
) -> dict[str, float]:
    """Median seconds of each way, in turn, each in a transaction of its own: of the same batches, or of `own` ones."""
    ours = [make(True) for _ in range(repeats + warm_up)]
    for_product = iter(ours)
    for_identical, for_keyless = (iter([make(False) for _ in ours] if own else ours) for _ in range(2))

    def product() -> None:
        batch = next(for_product)
        result = store.retrying(lambda conn: record_visits(conn, batch, store.settings))
        assert result.accepted == len(batch), result

    def identical() -> None:
        insert_plain(store, "identical", next(for_identical), ids)

    def keyless() -> None:
        insert_plain(store, "keyless", next(for_keyless), ids)

    found = medians(interleaved({"product": product, "identical": identical, "keyless": keyless}, repeats, warm_up))
    say(f"{BATCH:,} visits {what}: " + ", ".join(f"{name} {1000 * s:,.1f} ms" for name, s in found.items()))
    return found


PLAIN_INSERT = """
    INSERT INTO slim.{table} (county, id, visited_on, household, visited_at, outcome, team, purpose)
    SELECT :county, b.* FROM unnest(
        CAST(:ids AS uuid[]), CAST(:days AS date[]), CAST(:households AS uuid[]), CAST(:times AS timestamptz[]),
        CAST(:outcomes AS text[]), CAST(:teams AS text[]), CAST(:purposes AS text[])) AS b
"""


def insert_plain(store: Store, table: str, batch: list[Visit], ids: dict[str, Any]) -> None:
    """The rows as they are, with the households' keys already looked up."""
    values = {
        "county": COUNTY,
        "ids": [str(visit.id) for visit in batch],
        "days": [visit.visited_at.astimezone(store.settings.zone).date() for visit in batch],
        "households": [str(ids[visit.household]) for visit in batch],
        "times": [visit.visited_at for visit in batch],
        "outcomes": [visit.outcome.value for visit in batch],
        "teams": [visit.team for visit in batch],
        "purposes": [visit.purpose.value for visit in batch],
    }
    with store.begin() as conn:
        conn.execute(text(PLAIN_INSERT.format(table=table)), values)


def next_read(store: Store, batches: Batches) -> float:
    """Milliseconds of the first read after a batch, which must hold the batch."""
    today = today_in(store.settings)
    since = today - timedelta(days=3)
    figures, taken = Figures(), []
    with store.engine.connect() as conn:
        of_product(conn, figures, since, today)
        for _ in range(5):
            batch = batches.of_cells()
            store.retrying(lambda conn, batch=batch: record_visits(conn, batch, store.settings))  # type: ignore[misc]
            begun = time.perf_counter()
            seen = of_product(conn, figures, since, today)
            taken.append(time.perf_counter() - begun)
            assert seen == of_sql(conn, PLAIN, since), "the next read does not see the visits"
            assert seen == of_database(conn, since, today)
    return 1000 * statistics.median(taken)


if __name__ == "__main__":
    main()
