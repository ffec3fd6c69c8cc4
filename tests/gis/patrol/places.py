"""Patrols for tests of who sees what: a plan of each village, without a search."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from tests.gis.world import TODAY, Village

_SPEC = "'foot', ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), false, 32400, 46800, '[]', '{}'"
_COLUMNS = "mode, station, open_end, shift_from, shift_to, breaks, skills"


def add_plan(
    conn: Connection,
    village: Village,
    *,
    id: UUID | None = None,
    team: str = "A1",
    status: str = "planned",
    on: date = TODAY,
) -> UUID:
    """A team of a village, and a plan with its route, a stop at its first door and a tick there; the plan's id."""
    lon, lat = village.centre
    values = {"county": village.county, "area": village.code, "id": str(id or uuid4()), "team": team, "on": on}
    values |= {"lon": lon, "lat": lat, "status": status, "cell": village.cells[0], "tick": str(uuid4())}
    for statement in (
        f"INSERT INTO everycell.team (county, area, code, {_COLUMNS}) VALUES (:county, :area, :team, {_SPEC})"
        " ON CONFLICT DO NOTHING",
        "INSERT INTO everycell.patrol_plan (county, id, area, patrol_on, status, aim, seed, limit_s, asked, created_at,"
        " created_by, changed_at)"
        " VALUES (:county, :id, :area, :on, :status, 'shortest', 1, 1, '{}', now(), 'li', now())",
        f"INSERT INTO everycell.patrol_route (county, plan, team, area, seq, {_COLUMNS}, begin_s, end_s, metres, geom)"
        f" VALUES (:county, :id, :team, :area, 1, {_SPEC}, 32400, 36000, 1000, ST_SetSRID("
        " ST_MakeLine(ST_MakePoint(:lon, :lat), ST_MakePoint(:lon + 0.001, :lat)), 4490))",
        "INSERT INTO everycell.patrol_stop (county, plan, key, area, kind, doorplate, cell, geom, tier, weight,"
        " service_s, because, windows, skills, team, seq, pinned, removed)"
        " SELECT :county, :id, 'D' || id, :area, 'doorplate', id, cell, geom, 3, 20, 300, 'overdue', '[]', '{}', :team,"
        " 1, false, false FROM everycell.doorplate WHERE county = :county AND cell = :cell ORDER BY id LIMIT 1",
        "INSERT INTO everycell.patrol_tick (county, id, plan, stop, area, team, outcome, ticked_at, units, num_units,"
        " content) VALUES (:county, :tick, :id, 'D1', :area, :team, 'skipped', now(), '{}', 0, 'x')",
    ):
        conn.execute(text(statement), values)
    return UUID(str(values["id"]))
