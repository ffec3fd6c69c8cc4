"""The section of a report on cases: published counts, never anything but them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from gis.codes import Level
from gis.disputes.categories import FAMILY, NAMES, TABLED
from gis.disputes.disclosure import MARK
from gis.disputes.figures import AreaFigures
from gis.report.cases import Cases, CaseTable
from gis.report.content import Report
from maps.report.charts import Bar, Legend, bars, columns
from maps.report.document import WITHHELD, Block, Chart, Column, Kind, Section, Table, Text, Value
from maps.report.visits import level_words
from maps.text import Lang, translator

_COLOUR: Final = "#4a86b8"


def cases_section(report: Report, lang: Lang) -> Section:
    """Cases registered, by category: of the area, over time, of the areas one level down."""
    _ = translator(lang)
    found = report.cases
    blocks: list[Block] = []
    if found.own is None:
        none = _("No counts of cases are published of this area up to {month}: they are when a whole period is over.")
        blocks.append(Text(none.format(month=report.month)))
    else:
        blocks += _own(found.own, found.own.areas[0], report, lang)
    if len(found.trend) > 1:
        blocks.append(_trend(found, lang))
    if found.below is not None:
        blocks.append(_below(found.below, lang))
    blocks += [
        Text(_("{mark}: 1 to 4, or kept back so that no 1 to 4 can be worked out.").format(mark=MARK), note=True),
        Text(_("Counted are cases registered in the period, on the grid of its end; published counts never change.")),
    ]
    return Section(_("Cases registered"), blocks)


def value_of(number: int | None) -> Value:
    """A published number as the value of a table."""
    return WITHHELD if number is None else number


def _own(table: CaseTable, area: AreaFigures, report: Report, lang: Lang) -> list[Block]:
    _ = translator(lang)
    blocks: list[Block] = []
    if table.period != report.month:
        other = _("The last published period up to {month} is {period}: counts are of that.")
        blocks.append(Text(other.format(month=report.month, period=table.period)))
    title = _("Cases registered in {period}, by category").format(period=table.period)
    rows: list[list[Value]] = [[_name(category, lang), value_of(area.parts[category])] for category in TABLED]
    rows.append([_("All but family disputes"), value_of(area.total)])
    if area.family_told:
        rows += [[_name(FAMILY, lang), value_of(area.family)], [_("All cases"), value_of(area.all)]]
    if area.total == 0 and (area.family == 0 or not area.family_told):
        blocks.append(Text(_("No case was registered in {period}.").format(period=table.period)))
    else:
        shown = {**area.parts, **({FAMILY: area.family} if area.family_told else {})}
        blocks.append(counted({_name(each, lang): n for each, n in shown.items()}, title, "categories", lang))
    heads = (Column(_("Category"), Kind.text, wide=True), Column(_("Cases")))
    blocks.append(Table(_("Cases by category"), heads, rows))
    return blocks


def _name(category: object, lang: Lang) -> str:
    names = NAMES[category]  # type: ignore[index]
    return names.zh if lang == "zh" else names.en


def counted(numbers: Mapping[str, int | None], title: str, name: str, lang: Lang) -> Chart:
    """Published numbers by their names as bars; `name` is unique among the drawings of a report."""
    _ = translator(lang)
    most = max((number or 0 for number in numbers.values()), default=0) or 1
    rows = [
        Bar(
            entry,
            () if number is None else (number / most,),
            MARK if number is None else f"{number:,}",
            withheld=number is None,
        )
        for entry, number in numbers.items()
    ]
    return Chart(bars(rows, Legend(((_("Cases"), _COLOUR),), withheld=_("Withheld")), title, name), title, "")


def _trend(found: Cases, lang: Lang) -> Chart:
    _ = translator(lang)
    title = _("Cases by period, without family disputes")
    rows = [(str(period), area.total) for period, area in found.trend]
    alt = "; ".join(f"{period} {MARK if number is None else number}" for period, number in rows)
    return Chart(columns(rows, title, _COLOUR, "trend", MARK), title, alt)


def _below(table: CaseTable, lang: Lang) -> Table:
    _ = translator(lang)
    family = table.level is not Level.cell
    heads = [
        Column(level_words(lang)[table.level], Kind.text, wide=True),
        *(Column(_name(category, lang)) for category in TABLED),
        Column(_("All but family disputes")),
        *([Column(_name(FAMILY, lang)), Column(_("All cases"))] if family else []),
    ]
    rows = [_row(area, family=family) for area in table.areas]
    title = _("Cases by area, {period}").format(period=table.period)
    return Table(title, heads, rows, narrow=True, codes=[area.code for area in table.areas])


def _row(area: AreaFigures, *, family: bool) -> Sequence[Value]:
    parts = [value_of(area.parts[category]) for category in TABLED]
    rest = [value_of(area.family), value_of(area.all)] if family else []
    return [area.name or area.code, *parts, value_of(area.total), *rest]
