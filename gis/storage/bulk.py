"""The fast ways for many values: COPY into a staging table of the transaction, arrays as one literal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

import pandas as pd
import psycopg2.errors
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

_CHUNK = 50_000


def stage(
    conn: Connection,
    table: str,
    columns: Mapping[str, str],
    frame: pd.DataFrame,
    on_progress: Callable[[int], None] | None = None,
) -> None:
    """Make the temporary table `table` (gone at the end of the transaction) and COPY `frame` into it.

    `columns` are its columns and their types; the frame must have them all and nothing else counts. Missing values
    (None, NaN, NaT) become NULL. `on_progress` is told the rows of each chunk. An empty frame makes an empty table.
    """
    definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    conn.execute(text(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP"))
    frame = frame[list(columns)]
    for start in range(0, len(frame), _CHUNK):
        part = frame.iloc[start : start + _CHUNK]
        copy_into(conn, table, list(frame.columns), part)
        if on_progress is not None:
            on_progress(len(part))
    conn.execute(text(f"ANALYZE {table}"))


def copy_into(conn: Connection, table: str, columns: list[str], frame: pd.DataFrame) -> None:
    """COPY a frame into a table of the same column names."""
    buffer = io.BytesIO()
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    pa.csv.write_csv(pa.Table.from_pandas(frame, preserve_index=False), buffer, options)
    buffer.seek(0)
    listed = ", ".join(f'"{name}"' for name in columns)
    driver = conn.connection.driver_connection
    assert driver is not None  # noqa: S101 - a checked-out connection has one
    with driver.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({listed}) FROM STDIN (FORMAT csv)", buffer)


@contextmanager
def joined_already(conn: Connection) -> Iterator[None]:
    """Inside it no trigger fires: foreign keys are not looked up row by row, where this connection's role may say so.

    For an INSERT … SELECT that joins the rows which its keys point to, under locks that keep those rows: looking them
    up again takes as long as the insert itself and cannot fail. Where the role may not (PostgreSQL before 15, a
    database of the user's own), every row is looked up. After an error inside, the transaction must be rolled back, as
    after any error of SQL.
    """
    allowed = _trusting(conn, "replica")
    yield
    if allowed:
        _trusting(conn, "origin")


def _trusting(conn: Connection, role: str) -> bool:
    try:
        with conn.begin_nested():
            conn.execute(text(f"SET LOCAL session_replication_role = {role}"))
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg2.errors.InsufficientPrivilege):
            return False
        raise
    return True


def array(texts: Iterable[str]) -> str:
    """PostgreSQL's text form of an array, to be bound as one parameter and cast (`CAST(:ids AS uuid[])`).

    The driver would write a list as a constructor with an expression for every element, which the server parses slowly.
    """
    escaped = (one.replace("\\", "\\\\").replace('"', '\\"') for one in texts)
    return "{" + ",".join(f'"{one}"' for one in escaped) + "}"
