"""What a request must be, so that it can be planned. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from gis.errors import BadInput
from gis.patrol.network import Mode
from gis.patrol.request import Break, Request, Stop, Team, Window
from gis.patrol.travel import Travel

MOST_STOPS: Final = 1_000
MOST_TEAMS: Final = 100
MOST_BREAKS: Final = 6
# The end of a shift that begins on the plan's day: the end of the next one.
LAST_S: Final = 2 * 86_400
EFFORTS: Final = ("steady", "time")


def validate(request: Request, travel: Mapping[Mode, Travel]) -> None:
    """Raises BadInput, with the field, for the first thing that cannot be planned."""
    for field, wrong in _wrong(request, travel):
        raise BadInput("{field}: {wrong}", wrong=wrong, field=field)


def _wrong(request: Request, travel: Mapping[Mode, Travel]) -> Iterator[tuple[str, str]]:
    if len(request.stops) > MOST_STOPS:
        yield "stops", f"{len(request.stops):,} are more than the {MOST_STOPS:,} that one plan takes: choose fewer"
    if not request.teams:
        yield "teams", "a plan needs at least one team"
    if len(request.teams) > MOST_TEAMS:
        yield "teams", f"{len(request.teams)} are more than the {MOST_TEAMS} that one plan takes"
    for code in _twice(team.code for team in request.teams):
        yield "teams.code", f"two teams are called {code!r}"
    for key in _twice(stop.key for stop in request.stops):
        yield "stops.key", f"two stops are called {key!r}"
    for number, station in enumerate(request.stations):
        if not _on_earth(station.lon, station.lat):
            yield f"stations[{number}]", f"{station.lon}, {station.lat} is no place on earth"
    for team in request.teams:
        yield from _wrong_team(team, request)
    codes = {team.code for team in request.teams}
    for stop in request.stops:
        yield from _wrong_stop(stop, codes, request)
    yield from _wrong_options(request)
    yield from _wrong_travel(request, travel)


def _twice(names: Iterator[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1][:1]


def _on_earth(lon: float, lat: float) -> bool:
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def _wrong_team(team: Team, request: Request) -> Iterator[tuple[str, str]]:
    field = f"teams.{team.code}"
    begin, end = team.shift
    if not 0 <= begin < LAST_S or end > LAST_S:
        yield f"{field}.shift", "it begins on the plan's day and ends on the next one at the latest"
    if begin >= end:
        yield f"{field}.shift", f"it ends ({_clock(end)}) no later than it begins ({_clock(begin)})"
    for station in (team.start, team.end):
        if station is not None and not 0 <= station < len(request.stations):
            yield f"{field}.station", f"there is no station {station}"
    if len(team.breaks) > MOST_BREAKS:
        yield f"{field}.breaks", f"{len(team.breaks)} are more than {MOST_BREAKS}"
    for fault in filter(None, (_wrong_break(team.shift, pause) for pause in team.breaks)):
        yield f"{field}.breaks", fault
    if team.capacity is not None and team.capacity < 0:
        yield f"{field}.capacity", "it is less than 0"


def _wrong_break(shift: Window, pause: Break) -> str | None:
    if pause.window[0] > pause.window[1]:
        return f"the window {_span(pause.window)} ends before it begins"
    if pause.seconds <= 0:
        return "a break takes more than 0 seconds"
    if max(shift[0], pause.window[0]) + pause.seconds > shift[1] or pause.window[1] < shift[0]:
        return f"{pause.seconds} s in {_span(pause.window)} do not fit into the shift {_span(shift)}"
    return None


def _wrong_stop(stop: Stop, codes: set[str], request: Request) -> Iterator[tuple[str, str]]:
    field = f"stops.{stop.key}"
    if not _on_earth(stop.lon, stop.lat):
        yield f"{field}.lon", f"{stop.lon}, {stop.lat} is no place on earth"
    if stop.tier not in (1, 2, 3, 4):
        yield f"{field}.tier", f"{stop.tier} is none of 1, 2, 3, 4"
    if not 1 <= stop.points <= 100:
        yield f"{field}.points", f"{stop.points} is not 1 to 100"
    if not 0 <= stop.service_s <= 86_400:
        yield f"{field}.minutes", f"{stop.service_s} s is not between 0 and a day"
    if stop.load < 0:
        yield f"{field}.load", "it is less than 0"
    if stop.team is not None and stop.team not in codes:
        yield f"{field}.team", f"there is no team {stop.team!r}"
    for window in stop.windows:
        if window[0] > window[1] or window[0] < 0:
            yield f"{field}.windows", f"{_span(window)} ends before it begins"
    shifts = [team.shift for team in request.teams if stop.team in (None, team.code)]
    if stop.windows and not any(_meet(window, shift) for window in stop.windows for shift in shifts):
        yield f"{field}.windows", f"{_span(stop.windows[0])} lies outside every shift that it could be in"


def _meet(one: Window, other: Window) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _wrong_options(request: Request) -> Iterator[tuple[str, str]]:
    if not (math.isfinite(request.limit_s) and 0 < request.limit_s <= 3_600):
        yield "limit_s", f"{request.limit_s} is not more than 0 and at most 3,600 seconds"
    if not (math.isfinite(request.spread) and request.spread >= 0):
        yield "spread", f"{request.spread} is not 0 or more"
    if not (math.isfinite(request.loss) and 0 <= request.loss <= 1):
        yield "loss", f"{request.loss} is not between 0 and 1"
    if not 0 <= request.seed < 2**31:
        yield "seed", f"{request.seed} is not between 0 and {2**31 - 1:,}"
    if request.options.get("effort", EFFORTS[0]) not in EFFORTS:
        yield "options.effort", f"{request.options['effort']!r} is none of {', '.join(EFFORTS)}"


def _wrong_travel(request: Request, travel: Mapping[Mode, Travel]) -> Iterator[tuple[str, str]]:
    places = len(request.stops) + len(request.stations)
    for mode in sorted({team.mode for team in request.teams}):
        if mode not in travel:
            yield "travel", f"there are no times of travel for {mode.value}"
        elif travel[mode].seconds.shape != (places, places):
            yield "travel", f"times for {mode.value} are of {travel[mode].seconds.shape[0]} places, not of {places}"
        elif not (travel[mode].seconds >= 0).all():  # NaN is no time either
            yield "travel", f"a time for {mode.value} is negative or no number"


def _span(window: Window) -> str:
    return f"{_clock(window[0])}-{_clock(window[1])}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
