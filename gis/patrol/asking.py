"""What a plan is asked for, from JSON. Pure: which teams a code means, and where stops are, is found out elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final
from uuid import UUID

from gis.batches import known_only, member_of, uuid_of
from gis.codes import level_of
from gis.errors import BadInput
from gis.patrol.clock import window_of
from gis.patrol.request import Aim, Kind
from gis.patrol.teams import MOST_TEAMS, Place, TeamSpec, parse_team, place_of, skills_of, team_code
from gis.patrol.tiers import PICKED_TIER, TIERS, Minutes, Service, Wanted
from gis.sentence import Sentence

FIELDS: Final = ("id", "area", "on", "teams", "stops", "minutes", "needs", "windows", "aim", "seed", "limit_s")
_STOPS: Final = ("kinds", "tiers", "most", "picked", "in_other_plans")
MOST_STOPS: Final = 1_000
MOST_LIMIT_S: Final = 60.0
_MOST_SEED: Final = 2**31 - 1
_MOST_MINUTES: Final = 600.0
_MOST_WINDOWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class PickedPlace:
    """A place that the leader has chosen. `minutes` None: as all places."""

    place: Place
    minutes: float | None
    tier: int


@dataclass(frozen=True, slots=True)
class WindowAsked:
    """When a stop, or all of a kind, can be served: seconds since midnight. One of both is given."""

    stop: str | None
    kind: Kind | None
    window: tuple[int, int]


@dataclass(frozen=True)
class Asked:
    """What a plan is asked for. `teams` are teams, or codes of teams that the area keeps."""

    id: UUID
    area: str
    on: date
    teams: tuple[TeamSpec | str, ...]
    wanted: Wanted
    picked: tuple[PickedPlace, ...]
    service: Service
    windows: tuple[WindowAsked, ...]
    aim: Aim
    seed: int
    limit_s: float


@dataclass(frozen=True, slots=True)
class Again:
    """How a plan is searched again. `now`: from now on, done stops stay."""

    version: int
    aim: Aim | None
    seed: int | None
    limit_s: float | None
    now: bool


def parse_asked(body: object) -> Asked:
    """A plan from JSON. Raises BadInput whose `field` names what is wrong."""
    given = known_only(body, FIELDS, what=Sentence("a plan"), field="body")
    area = given.get("area")
    if not isinstance(area, str):
        raise BadInput("area: the code of the plan's area is wanted", field="area")
    level_of(area)
    stops = known_only(given.get("stops", {}), _STOPS, what=Sentence("stops"), field="stops")
    return Asked(
        id=uuid_of(given, "id"),
        area=area,
        on=day_of(given.get("on"), "on"),
        teams=_teams(given.get("teams"), area),
        wanted=_wanted(stops),
        picked=tuple(_picked(one) for one in _list(stops, "picked", MOST_STOPS)),
        service=Service(_minutes(given.get("minutes")), _needs(given.get("needs"))),
        windows=tuple(_window(one) for one in _list(given, "windows", _MOST_WINDOWS)),
        aim=member_of(Aim, given, "aim") if given.get("aim") is not None else Aim.shortest,
        seed=whole_of(given, "seed", 0, _MOST_SEED, 1) or 0,
        limit_s=_number(given, "limit_s", 0.1, MOST_LIMIT_S, 5.0),
    )


def parse_again(body: object) -> Again:
    """Another search from JSON. Raises BadInput whose `field` names what is wrong."""
    given = known_only(
        body, ("version", "aim", "seed", "limit_s", "from"), what=Sentence("another search"), field="body"
    )
    if given.get("from") not in (None, "now"):
        raise BadInput('from: must be "now" or null', field="from")
    return Again(
        version=version_of(given),
        aim=member_of(Aim, given, "aim") if given.get("aim") is not None else None,
        seed=whole_of(given, "seed", 0, _MOST_SEED, None),
        limit_s=None if given.get("limit_s") is None else _number(given, "limit_s", 0.1, MOST_LIMIT_S, 5.0),
        now=given.get("from") == "now",
    )


def version_of(given: Mapping[Any, Any]) -> int:
    """The version that the caller has read. Raises BadInput."""
    version = whole_of(given, "version", 1, 2**31 - 2, None)
    if version is None:
        raise BadInput("version: must be the version of the plan that you have read", field="version")
    return version


def day_of(value: object, field: str) -> date:
    """A day written 2026-11-30. Raises BadInput."""
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise BadInput("{field}: must be a day such as 2026-11-30", field=field)


def whole_of(given: Mapping[Any, Any], field: str, low: int, high: int, default: int | None) -> int | None:
    """A whole number. Raises BadInput naming the field."""
    value = given.get(field)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise BadInput("{field}: must be a whole number from {low:,} to {high:,}", low=low, high=high, field=field)
    return value


def tier_asked(given: Mapping[Any, Any]) -> int:
    """The tier of a place that is chosen. Raises BadInput."""
    return whole_of(given, "tier", TIERS[0], TIERS[-1], PICKED_TIER) or PICKED_TIER


def minutes_asked(given: Mapping[Any, Any]) -> float | None:
    """The minutes of a place that is chosen, None where nothing is said. Raises BadInput."""
    return None if given.get("minutes") is None else _number(given, "minutes", 0.0, _MOST_MINUTES, 0.0)


def _number(given: Mapping[Any, Any], field: str, low: float, high: float, default: float) -> float:
    value = given.get(field, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise BadInput("{field}: must be a number from {low:g} to {high:g}", low=low, high=high, field=field)
    if not low <= value <= high:
        raise BadInput(
            "{field}: {number:g} is not between {low:g} and {high:g}", number=value, low=low, high=high, field=field
        )
    return float(value)


def _list(given: Mapping[Any, Any], field: str, most: int) -> list[Any]:
    value = given.get(field)
    listed = [] if value is None else value
    if not isinstance(listed, list):
        raise BadInput("{field}: must be a list", field=field)
    if len(listed) > most:
        raise BadInput(
            "{field}: {number:,} are more than the {most:,} that are taken", number=len(listed), most=most, field=field
        )
    return listed


def _teams(value: object, area: str) -> tuple[TeamSpec | str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_TEAMS:
        raise BadInput("teams: must be a list of 1 to {most} teams or codes of teams", most=MOST_TEAMS, field="teams")
    found = tuple(
        team_code(one, "teams") if isinstance(one, str) else parse_team(one, area=area, field="teams") for one in value
    )
    codes = [one if isinstance(one, str) else one.code for one in found]
    for code in codes:
        if codes.count(code) > 1:
            raise BadInput("teams: two are called {code}: each needs a code of its own", code=code, field="teams")
    return found


def _wanted(stops: Mapping[Any, Any]) -> Wanted:
    again = stops.get("in_other_plans", False)
    if not isinstance(again, bool):
        raise BadInput("{field}: must be true or false", field="in_other_plans")
    return Wanted(_kinds(stops), _tiers(stops), whole_of(stops, "most", 1, 10**6, None), again)


def _kinds(given: Mapping[Any, Any]) -> frozenset[Kind]:
    if given.get("kinds") is None:
        return Wanted().kinds
    listed = _list(given, "kinds", 100)
    if not all(one in list(Kind) for one in listed):
        raise BadInput("{field}: must be a list of {words}", words=", ".join(Kind), field="kinds")
    return frozenset(Kind(one) for one in listed)


def _tiers(given: Mapping[Any, Any]) -> frozenset[int]:
    if given.get("tiers") is None:
        return Wanted().tiers
    listed = _list(given, "tiers", 100)
    if not all(isinstance(one, int) and not isinstance(one, bool) and one in TIERS for one in listed):
        raise BadInput("{field}: must be a list of {words}", words=", ".join(map(str, TIERS)), field="tiers")
    return frozenset(listed)


def _picked(item: object) -> PickedPlace:
    given = known_only(item, ("lon", "lat", "minutes", "tier"), what=Sentence("a place"), field="picked")
    place = place_of({name: given.get(name) for name in ("lon", "lat")}, "picked")
    return PickedPlace(place, minutes_asked(given), tier_asked(given))


def _minutes(value: object) -> Minutes:
    names = tuple(one.name for one in fields(Minutes))
    given = known_only({} if value is None else value, names, what=Sentence("minutes"), field="minutes")
    return Minutes(**{name: _number(given, name, 0.0, _MOST_MINUTES, getattr(Minutes(), name)) for name in names})


def _needs(value: object) -> Mapping[Kind, tuple[Any, ...]]:
    given = known_only({} if value is None else value, tuple(Kind), what=Sentence("needs"), field="needs")
    return {Kind(kind): skills_of(listed, "needs") for kind, listed in given.items()}


def _window(item: object) -> WindowAsked:
    given = known_only(item, ("stop", "kind", "window"), what=Sentence("a window"), field="windows")
    stop, kind = given.get("stop"), given.get("kind")
    if (stop is None) == (kind is None):
        raise BadInput("windows: each is of a stop (its key) or of a kind", field="windows")
    if stop is not None and not isinstance(stop, str):
        raise BadInput("windows: stop must be the key of a stop", field="windows")
    found = None if kind is None else member_of(Kind, given, "kind")
    return WindowAsked(stop, found, window_of(given.get("window"), "windows"))
