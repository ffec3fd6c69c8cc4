"""Teams for patrols of the generated county: two on foot and one by car in each town, at the town's first office."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, text

from gis.access.scope import ALL
from gis.patrol import teams
from gis.patrol.network import Mode
from gis.patrol.teams import TeamSpec
from gis.storage.engine import widened

_HOUR: Final = 3600
_OFFICES: Final = text(
    """
    SELECT DISTINCT ON (left(s.cell, 9)) left(s.cell, 9) AS town, ST_X(s.geom) AS lon, ST_Y(s.geom) AS lat
    FROM everycell.site s WHERE s.county = :county AND s.cell IS NOT NULL
    ORDER BY left(s.cell, 9), s.category NOT IN ('government_service', 'village_office'), s.code
    """
)
# What follows the number of the town in the code, mode, shift, lunch (from, to, minutes), skills. Teams of a county are
# on one plan where somebody plans for all of it, so their codes differ.
_TEAMS: Final = (
    ("A", Mode.foot, (9, 13), ((11, 12, 20),), ("mediation",)),
    ("B", Mode.foot, (9, 13), ((11, 12, 20),), ()),
    ("C", Mode.car, (9, 17), ((12, 13, 45),), ("mediation", "safety")),
)


def load_teams(conn: Connection, county: int) -> int:
    """Write the teams of a county that has its sites; how many. Towns without a site have none."""
    offices = conn.execute(_OFFICES, {"county": county}).all()
    with widened(conn, ALL.settings(), {}):
        for office in offices:
            for letter, mode, shift, breaks, skills in _TEAMS:
                teams.put(
                    conn,
                    TeamSpec(
                        code=f"{int(office.town[6:])}{letter}",
                        area=office.town,
                        mode=mode,
                        station=(round(office.lon, 8), round(office.lat, 8)),
                        end=None,
                        open_end=False,
                        shift=(shift[0] * _HOUR, shift[1] * _HOUR),
                        breaks=tuple((first * _HOUR, last * _HOUR, minutes * 60) for first, last, minutes in breaks),
                        skills=skills,
                    ),
                )
    return len(offices) * len(_TEAMS)
