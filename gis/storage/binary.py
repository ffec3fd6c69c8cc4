"""Bytes and numbers out of PostgreSQL without a detour through text: `COPY … TO STDOUT (FORMAT binary)`.

psycopg2 receives a `bytea` as hexadecimal text; COPY hands over the bytes (100 kB: 4.2 instead of 5.2 ms for a tile).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from psycopg2.extensions import connection as DriverConnection  # noqa: N812 - the driver writes its classes so
from sqlalchemy import Connection, TextClause
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

_HEADER: Final = struct.Struct("!11sII")
_FIELD: Final = struct.Struct("!hi")
_DIALECT: Final = PGDialect_psycopg2(paramstyle="pyformat")  # type: ignore[no-untyped-call]


def copy_out(conn: Connection, statement: TextClause, values: Mapping[str, Any]) -> bytes:
    """The rows of a statement in PostgreSQL's binary COPY format, header and trailer included."""
    compiled = statement.compile(dialect=_DIALECT)
    driver = cast(DriverConnection, conn.connection.dbapi_connection)
    with driver.cursor() as cursor:
        select = cursor.mogrify(str(compiled), {name: values[name] for name in compiled.params})
        received = io.BytesIO()
        cursor.copy_expert(b"COPY (" + select.rstrip().rstrip(b";") + b"\n) TO STDOUT (FORMAT binary)", received)
    return received.getvalue()


def fetch_bytes(conn: Connection, statement: TextClause, values: Mapping[str, Any]) -> bytes:
    """The one `bytea` of a statement; empty where there is no row or it is NULL."""
    copied = copy_out(conn, statement, values)
    start = _HEADER.size
    if len(copied) < start + _FIELD.size:  # the trailer alone
        return b""
    fields, length = _FIELD.unpack_from(copied, start)
    if fields != 1 or length <= 0:
        return b""
    start += _FIELD.size
    return copied[start : start + length]


def fetch_integers(
    conn: Connection, statement: TextClause, values: Mapping[str, Any], columns: Mapping[str, str]
) -> NDArray[np.void]:
    """The rows of a statement as a structured array, one field a column.

    `columns` gives their types in the order of the statement: "i2", "i4" (integer, and date as days since 2000-01-01,
    where infinity is the largest and smallest) or "i8". No value may be NULL.
    """
    layout: list[tuple[str, str]] = [("", ">i2")]
    for name, kind in columns.items():
        layout += [(f"{name} length", ">i4"), (name, f">{kind}")]
    copied = copy_out(conn, statement, values)
    rows = np.frombuffer(copied, np.dtype(layout), offset=_HEADER.size, count=_rows(copied, layout))
    return rows[list(columns)]


def _rows(copied: bytes, layout: list[tuple[str, str]]) -> int:
    body = len(copied) - _HEADER.size - 2  # the trailer is a number of fields of -1
    width = np.dtype(layout).itemsize
    if body % width:
        raise ValueError("a column is NULL or not of the width that was said")
    return body // width
