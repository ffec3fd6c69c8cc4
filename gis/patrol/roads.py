"""The network of streets of a county: stored, and read again.

A county has one network, or none. Another one takes its place within the caller's transaction: readers, who see one
moment of the database, see the old one or the new one whole.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime
from threading import Lock
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gis.patrol.connected import connectedness
from gis.patrol.network import Mode, Network
from gis.patrol.network_info import network_info
from gis.patrol.ways import assemble
from gis.storage.bulk import stage
from gis.storage.queries import query

_KEPT: Final = 4
_SECONDS: Final = {Mode.foot: ("foot_s", "foot_back_s"), Mode.car: ("car_s", "car_back_s")}
_NODES: Final = {"id": "integer", "lon": "float8", "lat": "float8"}
_ARCS: Final = {
    "id": "integer",
    "from_node": "integer",
    "to_node": "integer",
    "way": "bigint",
    "class": "smallint",
    "name": "text",
    "length_m": "float8",
    "foot_s": "float8",
    "foot_back_s": "float8",
    "car_s": "float8",
    "car_back_s": "float8",
    "wkb": "text",
}
_TURNS: Final = {"id": "integer", "arcs": "text"}
_WRITE: Final = (
    "INSERT INTO everycell.road_node (county, version, id, geom) SELECT :county, :version, id,"
    " ST_SetSRID(ST_MakePoint(lon, lat), 4490) FROM staged_road_node",
    "INSERT INTO everycell.road_arc (county, version, id, from_node, to_node, way, class, name, length_m, foot_s,"
    " foot_back_s, car_s, car_back_s, geom) SELECT :county, :version, id, from_node, to_node, way, class,"
    " nullif(name, ''), length_m, foot_s, foot_back_s, car_s, car_back_s,"
    " ST_GeomFromWKB(decode(wkb, 'hex'), 4490) FROM staged_road_arc",
    "INSERT INTO everycell.road_turn (county, version, id, arcs) SELECT :county, :version, id,"
    " CAST(arcs AS integer[]) FROM staged_road_turn",
    "DROP TABLE staged_road_node, staged_road_arc, staged_road_turn",
)


def live_network(conn: Connection, county: int) -> Network | None:
    """The network of a county, kept in this process; None where it has none (or the caller sees none)."""
    info = network_info(conn, county)
    if info is None:
        return None
    key = (county, info.version)
    with _lock:
        found = _networks.get(key)
    if found is None:
        found = _read(conn, county, info.version)
    with _lock:
        found = _networks.setdefault(key, found)
        _networks.move_to_end(key)
        while len(_networks) > _KEPT:
            _networks.popitem(last=False)
    return found


_networks: OrderedDict[tuple[int, str], Network] = OrderedDict()
_lock = Lock()


def _read(conn: Connection, county: int, version: str) -> Network:
    values: dict[str, str | int] = {"county": county, "version": version}
    nodes = pd.read_sql(query("patrol/road_nodes"), conn, params=values)
    arcs = pd.read_sql(query("patrol/road_arcs"), conn, params=values)
    turns = conn.execute(query("patrol/road_turns"), values).scalars().all()
    network = assemble(
        lon=nodes["lon"].to_numpy(np.float64),
        lat=nodes["lat"].to_numpy(np.float64),
        line=shapely.from_wkb(arcs["line"].map(bytes).to_numpy(object)),
        length_m=arcs["length_m"].to_numpy(np.float64),
        way=arcs["way"].to_numpy(np.int64),
        name=arcs["name"].to_numpy(object),
        street_class=arcs["class"].to_numpy(np.int64),
        ends=arcs[["from_node", "to_node"]].to_numpy(np.int64),
        seconds={mode: arcs[list(names)].to_numpy(np.float64).ravel() for mode, names in _SECONDS.items()},
        forbidden_turns=[tuple(turn) for turn in turns],
    )
    if network.version != version:
        raise RuntimeError(f"network {version} of county {county:06} is not as it was written; import its file again")
    return network


def store_network(
    conn: Connection,
    county: int,
    network: Network,
    *,
    source: str,
    data_on: date | None,
    now: datetime,
    read: Mapping[str, int] | None = None,
) -> bool:
    """Make this the network of a county, in place of the one it has. False where it has the same already: then only
    the source and the day of the data are written, where they differ."""
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtext('everycell.road_network'), :county)"), {"county": county})
    row = {"county": county, "version": network.version, "source": source, "data_on": data_on}
    old = network_info(conn, county)
    if old is not None and old.version == network.version:
        changed = text(
            "UPDATE everycell.road_network SET source = :source, data_on = :data_on WHERE county = :county AND"
            " (source, data_on) IS DISTINCT FROM (CAST(:source AS text), CAST(:data_on AS date))"
        )
        conn.execute(changed, row)
        return False
    conn.execute(text("DELETE FROM everycell.road_network WHERE county = :county"), row)
    counts = json.dumps(counted(network) | {"read": dict(read or {})})
    conn.execute(
        text(
            "INSERT INTO everycell.road_network (county, version, source, data_on, imported_at, counts)"
            " VALUES (:county, :version, :source, :data_on, :now, CAST(:counts AS jsonb))"
        ),
        row | {"now": now, "counts": counts},
    )
    for name, (columns, frame) in _frames(network).items():
        stage(conn, f"staged_{name}", columns, frame)
    for statement in _WRITE:
        conn.execute(text(statement), row)
    return True


def _frames(network: Network) -> dict[str, tuple[Mapping[str, str], pd.DataFrame]]:
    """What is written, by table. Both directions of an edge are one row."""
    nodes = pd.DataFrame({"id": np.arange(len(network.lon)), "lon": network.lon, "lat": network.lat})
    seconds = {
        name: np.where(np.isfinite(column), column, np.nan)
        for mode, names in _SECONDS.items()
        for name, column in zip(names, network.seconds[mode].reshape(-1, 2).T, strict=True)
    }
    arcs = pd.DataFrame(
        {
            "id": np.arange(len(network.line)),
            "from_node": network.tail[::2],
            "to_node": network.head[::2],
            "way": network.way,
            "class": network.street_class,
            "name": network.name,
            "length_m": network.length_m,
            **seconds,
            "wkb": shapely.to_wkb(network.line, hex=True),
        }
    )
    turns = network.forbidden_turns
    listed = [f"{{{','.join(map(str, turn))}}}" for turn in turns]
    turned = pd.DataFrame({"id": np.arange(len(turns)), "arcs": pd.Series(listed, dtype=object)})
    return {"road_node": (_NODES, nodes), "road_arc": (_ARCS, arcs), "road_turn": (_TURNS, turned)}


def counted(network: Network) -> dict[str, Any]:
    """What is told of a network in numbers: see `gis.patrol.network_info.NetworkInfo`."""
    return {
        "nodes": len(network.lon),
        "edges": len(network.line),
        "metres": round(float(network.length_m.sum())),
        "turns": len(network.forbidden_turns),
        "modes": {mode.value: connectedness(network, mode) for mode in Mode},
    }
