"""Teams: what a team is, read from JSON, and those that an area keeps.

A team is a code and how it works; nobody's name. Times are seconds since midnight of the plan's day
(`gis.patrol.clock`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from gis.batches import known_only
from gis.codes import county_of, level_of
from gis.errors import BadInput, NotFound
from gis.patrol.clock import LATEST_S, window_of, written
from gis.patrol.network import Mode
from gis.patrol.tiers import Skill
from gis.sentence import Sentence
from gis.storage.queries import query

FIELDS: Final = ("code", "area", "mode", "station", "end", "open_end", "shift", "breaks", "skills")
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}", re.ASCII)
_MOST_BREAKS: Final = 4
MOST_TEAMS: Final = 50

Place = tuple[float, float]  # lon, lat in degrees


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """A team. `end` None: it comes back to its station, or with `open_end` ends at its last stop. `breaks` are from, to
    (in which it begins) and seconds."""

    code: str
    area: str
    mode: Mode
    station: Place
    end: Place | None
    open_end: bool
    shift: tuple[int, int]
    breaks: tuple[tuple[int, int, int], ...] = ()
    skills: tuple[str, ...] = ()


# ---- JSON


def parse_team(item: object, *, area: str | None = None, code: str | None = None, field: str = "team") -> TeamSpec:
    """A team from JSON; `area` and `code` are taken where it says none. Raises BadInput whose `field` names what is
    wrong."""
    given = known_only(item, FIELDS, what=Sentence("a team"), field=field)
    return TeamSpec(
        code=team_code(given.get("code", code)),
        area=_area(given.get("area", area)),
        mode=_mode(given.get("mode", Mode.foot)),
        station=place_of(given.get("station"), "station"),
        end=None if given.get("end") is None else place_of(given["end"], "end"),
        open_end=_flag(given, "open_end"),
        shift=window_of(given.get("shift"), "shift"),
        breaks=_breaks(given.get("breaks")),
        skills=skills_of(given.get("skills"), "skills"),
    )


def team_code(value: object, field: str = "code") -> str:
    """The code of a team. Raises BadInput."""
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise BadInput(
            "{field}: capital letters, digits and '-' only, at most 20 (a team's code, no name)", field=field
        )
    return value


def place_of(value: object, field: str) -> Place:
    """A place such as {"lon": 104.1, "lat": 35.2}, in degrees. Raises BadInput."""
    if not isinstance(value, Mapping) or set(value) != {"lon", "lat"}:
        raise BadInput('{field}: a place is wanted, such as {{"lon": 104.1, "lat": 35.2}}', field=field)
    lon, lat = value["lon"], value["lat"]
    if not (_number(lon, 180) and _number(lat, 90)):
        raise BadInput("{field}: lon and lat must be degrees, from -180 to 180 and from -90 to 90", field=field)
    return round(float(lon), 8), round(float(lat), 8)


def skills_of(value: object, field: str) -> tuple[str, ...]:
    """What a team can do, from the closed list. Raises BadInput."""
    listed = [] if value is None else value
    if not isinstance(listed, list) or not all(one in list(Skill) for one in listed):
        raise BadInput("{field}: must be a list of {words}", words=", ".join(Skill), field=field)
    return tuple(sorted(set(listed)))


def as_json(team: TeamSpec) -> dict[str, Any]:
    """A team as it is told, and read again."""
    return {
        "code": team.code,
        "area": team.area,
        "mode": team.mode.value,
        "station": _told(team.station),
        "end": team.end and _told(team.end),
        "open_end": team.open_end,
        "shift": [written(one) for one in team.shift],
        "breaks": [
            {"window": [written(first), written(last)], "minutes": seconds / 60} for first, last, seconds in team.breaks
        ],
        "skills": list(team.skills),
    }


def _told(place: Place) -> dict[str, float]:
    return {"lon": place[0], "lat": place[1]}


def _number(value: object, most: float) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and abs(value) <= most
    )


def _area(value: object) -> str:
    if not isinstance(value, str):
        raise BadInput("area: the code of an area is wanted", field="area")
    level_of(value)
    return value


def _mode(value: object) -> Mode:
    if not isinstance(value, str) or value not in list(Mode):
        raise BadInput("{field}: must be one of {words}", words=", ".join(Mode), field="mode")
    return Mode(value)


def _flag(given: Mapping[Any, Any], field: str) -> bool:
    value = given.get(field, False)
    if not isinstance(value, bool):
        raise BadInput("{field}: must be true or false", field=field)
    return value


def _breaks(value: object) -> tuple[tuple[int, int, int], ...]:
    listed = [] if value is None else value
    if not isinstance(listed, list) or len(listed) > _MOST_BREAKS:
        raise BadInput("breaks: must be a list of {most} at most", most=_MOST_BREAKS, field="breaks")
    return tuple(sorted(_break(one) for one in listed))


def _break(item: object) -> tuple[int, int, int]:
    given = known_only(item, ("window", "minutes"), what=Sentence("a break"), field="breaks")
    minutes = given.get("minutes")
    if not _number(minutes, LATEST_S / 60) or not minutes > 0:  # type: ignore[operator]
        raise BadInput("breaks: minutes must be a number above 0", field="breaks")
    return *window_of(given.get("window"), "breaks"), round(60 * float(minutes))  # type: ignore[arg-type]


# ---- storage


def teams(conn: Connection, areas: Sequence[str], counties: Sequence[int]) -> list[TeamSpec]:
    """The teams of some areas and all in them (no area: of these counties), by area and code."""
    values = {"counties": list(counties), "areas": list(areas)}
    return [_team(row) for row in conn.execute(query("patrol/teams"), values)]


def put(conn: Connection, team: TeamSpec) -> bool:
    """Write a team; True where it is new. The database refuses an area that is not the caller's."""
    values = {
        "county": county_of(team.area, field="area"),
        "area": team.area,
        "code": team.code,
        "mode": team.mode.value,
        "station": point_text(team.station),
        "ending": team.end and point_text(team.end),
        "open_end": team.open_end,
        "first": team.shift[0],
        "last": team.shift[1],
        "breaks": json.dumps(team.breaks),
        "skills": list(team.skills),
    }
    return bool(conn.execute(query("patrol/put_team"), values).scalar_one())


def drop(conn: Connection, area: str, code: str) -> None:
    """Remove a team; plans that it is in keep it. Raises NotFound."""
    values = {"county": county_of(area, field="area"), "area": area, "code": code}
    if not conn.execute(text("SELECT everycell.drop_team(:county, :area, :code)"), values).scalar_one():
        raise NotFound("code: {area} has no team {code}", area=area, code=code, field="code")


def called(conn: Connection, area: str, code: str) -> TeamSpec:
    """The team that a plan of an area means by a code: the nearest of those of the area, around it and in it. Raises
    BadInput where there is none, or two as near."""
    values = {"county": county_of(area, field="area"), "area": area, "code": code}
    found = [_team(row) for row in conn.execute(query("patrol/teams_called"), values)]
    nearest = [team for team in found if area.startswith(team.area)][-1:] or found
    if len(nearest) == 1:
        return nearest[0]
    if not found:
        raise BadInput("teams: there is no team {code} for {area}", code=code, area=area, field="teams")
    told = ", ".join(team.area for team in nearest)
    raise BadInput(
        "teams: {code} is the code of several teams ({told}): give the team itself", code=code, told=told, field="teams"
    )


def point_text(place: Place) -> str:
    """A place as PostGIS reads it."""
    return f"SRID=4490;POINT({place[0]!r} {place[1]!r})"


def _team(row: Any) -> TeamSpec:
    return TeamSpec(
        code=row.code,
        area=row.area,
        mode=Mode(row.mode),
        station=(row.lon, row.lat),
        end=None if row.end_lon is None else (row.end_lon, row.end_lat),
        open_end=row.open_end,
        shift=(row.shift_from, row.shift_to),
        breaks=tuple((first, last, seconds) for first, last, seconds in row.breaks),
        skills=tuple(row.skills),
    )
