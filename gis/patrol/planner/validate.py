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
from gis.sentence import Sentence

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


def _wrong(request: Request, travel: Mapping[Mode, Travel]) -> Iterator[tuple[str, Sentence]]:
    if len(request.stops) > MOST_STOPS:
        yield (
            "stops",
            Sentence(
                "{number:,} are more than the {most_stops:,} that one plan takes: choose fewer",
                number=len(request.stops),
                most_stops=MOST_STOPS,
            ),
        )
    if not request.teams:
        yield "teams", Sentence("a plan needs at least one team")
    if len(request.teams) > MOST_TEAMS:
        yield (
            "teams",
            Sentence(
                "{number} are more than the {most_teams} that one plan takes",
                number=len(request.teams),
                most_teams=MOST_TEAMS,
            ),
        )
    for code in _twice(team.code for team in request.teams):
        yield "teams.code", Sentence("two teams are called {code!r}", code=code)
    for key in _twice(stop.key for stop in request.stops):
        yield "stops.key", Sentence("two stops are called {key!r}", key=key)
    for number, station in enumerate(request.stations):
        if not _on_earth(station.lon, station.lat):
            yield f"stations[{number}]", Sentence("{lon}, {lat} is no place on earth", lon=station.lon, lat=station.lat)
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


def _wrong_team(team: Team, request: Request) -> Iterator[tuple[str, Sentence]]:
    field = f"teams.{team.code}"
    begin, end = team.shift
    if not 0 <= begin < LAST_S or end > LAST_S:
        yield f"{field}.shift", Sentence("it begins on the plan's day and ends on the next one at the latest")
    if begin >= end:
        yield (
            f"{field}.shift",
            Sentence("it ends ({end}) no later than it begins ({begin})", end=_clock(end), begin=_clock(begin)),
        )
    for station in (team.start, team.end):
        if station is not None and not 0 <= station < len(request.stations):
            yield f"{field}.station", Sentence("there is no station {station}", station=station)
    if len(team.breaks) > MOST_BREAKS:
        yield (
            f"{field}.breaks",
            Sentence("{number} are more than {most_breaks}", number=len(team.breaks), most_breaks=MOST_BREAKS),
        )
    for fault in filter(None, (_wrong_break(team.shift, pause) for pause in team.breaks)):
        yield f"{field}.breaks", fault
    if team.capacity is not None and team.capacity < 0:
        yield f"{field}.capacity", Sentence("it is less than 0")


def _wrong_break(shift: Window, pause: Break) -> Sentence | None:
    if pause.window[0] > pause.window[1]:
        return Sentence("the window {span} ends before it begins", span=_span(pause.window))
    if pause.seconds <= 0:
        return Sentence("a break takes more than 0 seconds")
    if max(shift[0], pause.window[0]) + pause.seconds > shift[1] or pause.window[1] < shift[0]:
        return Sentence(
            "{seconds} s in {span} do not fit into the shift {shift}",
            seconds=pause.seconds,
            span=_span(pause.window),
            shift=_span(shift),
        )
    return None


def _wrong_stop(stop: Stop, codes: set[str], request: Request) -> Iterator[tuple[str, Sentence]]:
    field = f"stops.{stop.key}"
    if not _on_earth(stop.lon, stop.lat):
        yield f"{field}.lon", Sentence("{lon}, {lat} is no place on earth", lon=stop.lon, lat=stop.lat)
    if stop.tier not in (1, 2, 3, 4):
        yield f"{field}.tier", Sentence("{tier} is none of 1, 2, 3, 4", tier=stop.tier)
    if not 1 <= stop.points <= 100:
        yield f"{field}.points", Sentence("{points} is not 1 to 100", points=stop.points)
    if not 0 <= stop.service_s <= 86_400:
        yield f"{field}.minutes", Sentence("{service_s} s is not between 0 and a day", service_s=stop.service_s)
    if stop.load < 0:
        yield f"{field}.load", Sentence("it is less than 0")
    if stop.team is not None and stop.team not in codes:
        yield f"{field}.team", Sentence("there is no team {team!r}", team=stop.team)
    for window in stop.windows:
        if window[0] > window[1] or window[0] < 0:
            yield f"{field}.windows", Sentence("{span} ends before it begins", span=_span(window))
    shifts = [team.shift for team in request.teams if stop.team in (None, team.code)]
    if stop.windows and not any(_meet(window, shift) for window in stop.windows for shift in shifts):
        yield (
            f"{field}.windows",
            Sentence("{span} lies outside every shift that it could be in", span=_span(stop.windows[0])),
        )


def _meet(one: Window, other: Window) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _wrong_options(request: Request) -> Iterator[tuple[str, Sentence]]:
    if not (math.isfinite(request.limit_s) and 0 < request.limit_s <= 3_600):
        yield "limit_s", Sentence("{limit_s} is not more than 0 and at most 3,600 seconds", limit_s=request.limit_s)
    if not (math.isfinite(request.spread) and request.spread >= 0):
        yield "spread", Sentence("{spread} is not 0 or more", spread=request.spread)
    if not (math.isfinite(request.loss) and 0 <= request.loss <= 1):
        yield "loss", Sentence("{loss} is not between 0 and 1", loss=request.loss)
    if not 0 <= request.seed < 2**31:
        yield "seed", Sentence("{seed} is not between 0 and {most:,}", seed=request.seed, most=2**31 - 1)
    if request.options.get("effort", EFFORTS[0]) not in EFFORTS:
        yield (
            "options.effort",
            Sentence("{effort!r} is none of {efforts}", effort=request.options["effort"], efforts=", ".join(EFFORTS)),
        )


def _wrong_travel(request: Request, travel: Mapping[Mode, Travel]) -> Iterator[tuple[str, Sentence]]:
    places = len(request.stops) + len(request.stations)
    for mode in sorted({team.mode for team in request.teams}):
        if mode not in travel:
            yield "travel", Sentence("there are no times of travel for {mode}", mode=mode.value)
        elif travel[mode].seconds.shape != (places, places):
            yield (
                "travel",
                Sentence(
                    "times for {mode} are of {number} places, not of {places}",
                    mode=mode.value,
                    number=travel[mode].seconds.shape[0],
                    places=places,
                ),
            )
        elif not (travel[mode].seconds >= 0).all():  # NaN is no time either
            yield "travel", Sentence("a time for {mode} is negative or no number", mode=mode.value)


def _span(window: Window) -> str:
    return f"{_clock(window[0])}-{_clock(window[1])}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
