"""From figures to readings: what is measured of each village, and of published numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from gis.alarms.kinds import Kind, Reading
from gis.board.content import Patrols, Sites
from gis.disputes.merging import K
from gis.disputes.overdue import OverdueCases
from gis.households.coverage import AreaCoverage
from gis.households.rounds import Round, planned_percent

FEW_HOUSEHOLDS: Final = 10  # so many have to be overdue: a share of a hamlet is no reason to call anybody


def behind(villages: Iterable[AreaCoverage], round: Round, today: date, *, limit_percent: int) -> Iterator[Reading]:
    """How far villages are behind what the plan of an open round asked for by the end of yesterday: what is planned for
    today is not late before today is over. `villages` have the figures since the round's first day. Nothing without a
    target, or for a village without households."""
    planned = planned_percent(round.target, round.first_on, round.last_on, today - timedelta(days=1))
    if planned is None:
        return
    for one in villages:
        if one.coverage is not None:
            points = max(planned - 100 * one.coverage, 0.0)
            yield Reading(Kind.behind, one.code, round_(points), points, limit_percent)


def round_(value: float) -> int:
    """To the next whole number, halves up: people read points and compare them with the limit."""
    return int(value + 0.5)


def overdue(villages: Iterable[AreaCoverage], *, limit_percent: int) -> Iterator[Reading]:
    """Households whose visit is overdue; the share of them is measured."""
    for one in villages:
        if one.known:
            percent = 100 * one.overdue / one.known if one.overdue >= FEW_HOUSEHOLDS else 0.0
            yield Reading(Kind.overdue, one.code, one.overdue, percent, limit_percent)


def silent(villages: Iterable[AreaCoverage], *, days: int) -> Iterator[Reading]:
    """Villages from which nothing has come in: `villages` have the figures since as many days ago."""
    for one in villages:
        if one.known:
            yield Reading(Kind.silent, one.code, days, float(one.reached + one.tried == 0), 1)


def sites(villages: Iterable[Sites]) -> Iterator[Reading]:
    """Key sites that should have been checked before today."""
    for one in villages:
        yield Reading(Kind.sites, one.code, one.overdue, one.overdue, 1)


def patrols(days: Mapping[date, Iterable[Patrols]]) -> list[Reading]:
    """Stops missed on routes whose shift is over, of a village, or of what the plan is of: those of the last of some
    days on which there are any. Days are not added up: what is missed today is not more of yesterday's."""
    found: dict[str, Reading] = {}
    for on, villages in sorted(days.items()):
        for one in villages:
            if one.missed or one.code not in found:
                found[one.code] = Reading(Kind.patrols, one.code, one.missed, one.missed, 1, on)
    return list(found.values())


def cases(published: OverdueCases | None) -> Iterator[Reading]:
    """Cases past their date where a number is published: of the smallest areas that have one."""
    shown = {one.code: one.number for one in published.areas if one.number} if published else {}
    for code, number in shown.items():
        if not any(other != code and other.startswith(code) for other in shown):
            yield Reading(Kind.cases, code, number, number, K)
