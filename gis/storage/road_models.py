"""The tables of networks of streets. See `gis.storage.models`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gis.storage.models import _Code, _geometry, _required, metadata

road_network = Table(
    "road_network",
    metadata,
    _required("county", Integer),
    _required("version", _Code),
    _required("source", Text),
    Column("data_on", Date),
    _required("imported_at", DateTime(timezone=True)),
    _required("counts", JSONB),
    PrimaryKeyConstraint("county", "version", name="pk_road_network"),
    CheckConstraint("version ~ '^[0-9a-f]{16}$'", name="ck_road_network_version"),
)


def _part(table: str, *columns: Any) -> Table:
    """A table of rows that go with their network."""
    return Table(
        table,
        metadata,
        _required("county", Integer),
        _required("version", _Code),
        _required("id", Integer),
        *columns,
        PrimaryKeyConstraint("county", "version", "id", name=f"pk_{table}"),
        ForeignKeyConstraint(
            ["county", "version"],
            ["everycell.road_network.county", "everycell.road_network.version"],
            name=f"fk_{table}_network",
            ondelete="CASCADE",
        ),
    )


road_node = _part("road_node", _required("geom", _geometry("POINT")))

road_arc = _part(
    "road_arc",
    _required("from_node", Integer),
    _required("to_node", Integer),
    _required("way", BigInteger),
    _required("class", SmallInteger),
    Column("name", Text),
    _required("length_m", Double),
    Column("foot_s", Double),
    Column("foot_back_s", Double),
    Column("car_s", Double),
    Column("car_back_s", Double),
    _required("geom", _geometry("LINESTRING")),
    CheckConstraint("class BETWEEN 1 AND 4", name="ck_road_arc_class"),
    CheckConstraint("length_m > 0", name="ck_road_arc_length"),
    CheckConstraint(
        "foot_s > 0 AND foot_back_s > 0 AND car_s > 0 AND car_back_s > 0",
        name="ck_road_arc_seconds",
    ),
)

road_turn = _part(
    "road_turn",
    _required("arcs", ARRAY(Integer)),
    CheckConstraint("cardinality(arcs) >= 2", name="ck_road_turn_arcs"),
)
