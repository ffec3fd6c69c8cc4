"""The fast ways for many values: COPY into a staging table of the transaction, arrays as one literal."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from sqlalchemy import Connection, text

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


def array(texts: Iterable[str]) -> str:
    """PostgreSQL's text form of an array, to be bound as one parameter and cast (`CAST(:ids AS uuid[])`).

    The driver would write a list as a constructor with an expression for every element, which the server parses slowly.
    """
    escaped = (one.replace("\\", "\\\\").replace('"', '\\"') for one in texts)
    return "{" + ",".join(f'"{one}"' for one in escaped) + "}"
