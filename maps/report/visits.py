"""The sections of a report on visits: the month in figures, coverage, rounds, the ranking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gis.codes import Level
from gis.households.coverage import AreaCoverage
from gis.report.content import Report
from gis.report.progress import RoundProgress, Standing
from maps.report.charts import Bar, Legend, bars
from maps.report.document import Block, Chart, Column, Facts, Kind, Section, Table, Text, Value, written
from maps.text import Lang, translator

REACHED: Final = "#4a86b8"
TRIED: Final = "#fdc38d"
LEFT: Final = "#ec5f41"
_BARS: Final = 40  # a chart of more rows is no picture any more; the table beside it has them all


def level_words(lang: Lang) -> dict[Level, str]:
    """What areas of a level are called."""
    _ = translator(lang)
    return {Level.county: _("County"), Level.town: _("Town"), Level.village: _("Village"), Level.cell: _("Cell")}


def overview(report: Report, lang: Lang) -> Section:
    """What leads the report."""
    _ = translator(lang)
    visits, found = report.visits, report.visits.total
    facts = (
        (_("Known households"), written(found.known, Kind.number)),
        (_("Reached"), written(found.reached, Kind.number)),
        (_("Coverage"), written(found.coverage, Kind.share)),
        (_("Tried, not reached"), written(found.tried, Kind.number)),
        (_("Never reached"), written(found.never, Kind.number)),
        (_("Overdue"), written(found.overdue, Kind.number)),
        (_("Reached since the month began"), written(visits.in_month.reached, Kind.number)),
        (_("Longest wait since"), written(found.oldest_on, Kind.day)),
    )
    counted = _("Coverage counts from {since}; reached since the month began counts from {first}.")
    blocks: list[Block] = [Facts(facts), Text(counted.format(since=visits.since, first=report.month.first))]
    if visits.data_on > report.month.last:
        later = _("The month was over when this was made: all figures of visits are those of {day}.")
        blocks.append(Text(later.format(day=visits.data_on)))
    if not found.known:
        blocks.append(Text(_("No household is known in this area yet.")))
    return Section(_("The month in figures"), blocks)


def coverage_section(report: Report, lang: Lang) -> Section:
    """The areas one level down."""
    _ = translator(lang)
    visits = report.visits
    rows = [_coverage_row(area) for area in visits.parts]
    table = Table(
        _("Coverage"),
        (
            Column(_("Code"), Kind.text),
            Column(_("Name"), Kind.text, wide=True),
            Column(_("Known")),
            Column(_("Reached")),
            Column(_("Tried")),
            Column(_("Never reached")),
            Column(_("Overdue")),
            Column(_("Coverage"), Kind.share),
            Column(_("Longest wait since"), Kind.day),
        ),
        rows,
        total=[_("Total"), "", *_coverage_row(visits.total)[2:]],
        charted=7,
    )
    blocks: list[Block] = []
    if 0 < len(visits.parts) <= _BARS:
        title = _("Households reached since {day}").format(day=visits.since)
        blocks.append(Chart(_coverage_bars(visits.parts, title, lang), title, _alt(visits.parts)))
    empty = [area for area in visits.parts if area.empty]
    blocks.append(table)
    if empty:
        blocks.append(
            Text(_("A dash is written where no household is known: such an area has no coverage."), note=True)
        )
    return Section(_("Coverage"), blocks)


def _coverage_row(area: AreaCoverage) -> list[Value]:
    figures = (area.known, area.reached, area.tried, area.never, area.overdue)
    return [area.code, area.name, *figures, area.coverage, area.oldest_on]


def _coverage_bars(parts: Sequence[AreaCoverage], title: str, lang: Lang) -> str:
    _ = translator(lang)
    legend = Legend(((_("Reached"), REACHED), (_("Tried, not reached"), TRIED), (_("Neither"), LEFT)))
    rows = [Bar(area.name, _composition(area), _of(area.reached, area.known)) for area in parts]
    return bars(rows, legend, title, "coverage")


def _composition(area: AreaCoverage) -> tuple[float, ...]:
    if not area.known:
        return ()
    neither = area.known - area.reached - area.tried
    return tuple(n / area.known for n in (area.reached, area.tried, neither))


def _of(reached: int, known: int) -> str:
    return f"{written(reached / known if known else None, Kind.share)}\u2003{reached:,} / {known:,}"


def _alt(parts: Sequence[AreaCoverage]) -> str:
    return "; ".join(f"{area.name} {written(area.coverage, Kind.share)}" for area in parts)


def rounds_section(report: Report, lang: Lang) -> Section:
    """Target and what was reached of each round that has a day in the month."""
    _ = translator(lang)
    rounds = report.visits.rounds
    if not rounds:
        return Section(_("Visit rounds"), [Text(_("No visit round has a day in this month."))])
    table = Table(
        _("Visit rounds"),
        (
            Column(_("Round"), Kind.text, wide=True),
            Column(_("Area"), Kind.text),
            Column(_("First day"), Kind.day),
            Column(_("Last day"), Kind.day),
            Column(_("Known")),
            Column(_("Reached")),
            Column(_("Coverage"), Kind.share),
            Column(_("Target"), Kind.percent),
            Column(_("Planned by then"), Kind.percent),
            Column(_("Ahead, points"), Kind.points),
            Column(_("Figures of"), Kind.text),
        ),
        [_round_row(one, lang) for one in rounds],
        charted=6,
    )
    blocks: list[Block] = [table]
    if len(rounds) <= _BARS:
        title = _("Rounds: reached, and the target")
        blocks.insert(0, Chart(_round_bars(rounds, title, lang), title, "; ".join(r.round.name for r in rounds)))
    blocks.append(Text(_("Planned: the target in even parts over the days of the round."), note=True))
    if any(one.frozen for one in rounds):
        blocks.append(Text(_("A closed round keeps the figures of the day on which it was closed."), note=True))
    return Section(_("Visit rounds"), blocks)


def _round_row(one: RoundProgress, lang: Lang) -> list[Value]:
    _ = translator(lang)
    state = _("{day}, closed") if one.frozen else _("{day}, open")
    made, figures = one.round, one.figures
    return [
        made.name,
        one.area_name,
        made.first_on,
        made.last_on,
        figures.known,
        figures.reached,
        figures.coverage,
        made.target,
        one.planned,
        one.ahead,
        state.format(day=one.as_of),
    ]


def _round_bars(rounds: Sequence[RoundProgress], title: str, lang: Lang) -> str:
    _ = translator(lang)
    rows = [
        Bar(
            f"{one.area_name} {one.round.name}",
            (one.figures.coverage or 0.0,),
            f"{written(one.figures.coverage, Kind.share)} / {written(one.round.target, Kind.percent)}",
            marks=() if one.round.target is None else (one.round.target / 100,),
        )
        for one in rounds
    ]
    return bars(rows, Legend(((_("Reached"), REACHED),), _("Target")), title, "rounds")


def ranking_section(report: Report, lang: Lang) -> Section:
    """Villages (or cells) by what was reached since the month began."""
    _ = translator(lang)
    visits = report.visits
    what = level_words(lang)[visits.standings[0].since_cut_off.level] if visits.standings else _("Village")
    table = Table(
        _("Ranking"),
        (
            Column(_("Rank")),
            Column(_("Code"), Kind.text),
            Column(what, Kind.text, wide=True),
            Column(_("Known")),
            Column(_("Reached since the month began")),
            Column(_("Share of known"), Kind.share),
            Column(_("Coverage since {day}").format(day=visits.since), Kind.share),
            Column(_("Never reached")),
            Column(_("Overdue")),
        ),
        [_standing_row(one) for one in visits.standings],
        charted=5,
    )
    told = _("Progress is the share of known households reached from {first} to {day}.")
    not_told = _("By how much coverage rose over the month is not kept: the last day of a household moves.")
    first = report.month.first
    notes = [Text(told.format(first=first, day=visits.data_on)), Text(not_told, note=True)]
    blocks: list[Block] = [notes[0], table, notes[1]]
    if 0 < len(visits.standings) <= _BARS:
        title = _("Reached since the month began, share of known")
        blocks.insert(1, Chart(_standing_bars(visits.standings, title, lang), title, ""))
    return Section(_("Ranking by progress"), blocks)


def _standing_bars(standings: Sequence[Standing], title: str, lang: Lang) -> str:
    _ = translator(lang)
    rows = [Bar(one.name, (one.share or 0.0,), _of(one.reached, one.known)) for one in standings]
    return bars(rows, Legend(((_("Reached since the month began"), REACHED),)), title, "ranking")


def _standing_row(one: Standing) -> list[Value]:
    usual = one.since_cut_off
    return [
        one.place,
        one.code,
        one.name,
        one.known,
        one.reached,
        one.share,
        usual.coverage,
        usual.never,
        usual.overdue,
    ]
