"""The section of a report on how cases stood when a month ended: past their date, by stage, revisits. From published
counts alone."""

from __future__ import annotations

from collections.abc import Mapping

from gis.codes import DIGITS, Level, level_of
from gis.disputes.categories import Names
from gis.disputes.overdue import OverdueArea, OverdueCases
from gis.disputes.stages import Stood
from gis.disputes.standing import REVISITED_NAMES, STAGE_NAMES
from gis.report.content import Report
from gis.report.gather import BELOW
from maps.report.cases import counted, value_of
from maps.report.document import Block, Column, Facts, Kind, Section, Table, Text, Value, written
from maps.report.visits import level_words
from maps.text import Lang, translator


def standing_section(report: Report, lang: Lang) -> Section:
    """Cases past their date, of the area and of the areas one level down; of a county also how far those of the month
    had come, and its revisits."""
    _ = translator(lang)
    cases, code = report.cases, report.place.code
    blocks: list[Block] = []
    if cases.overdue is None or not any(one.code == code for one in cases.overdue.areas):
        none = _("Nothing is published of this area, up to {month}, of how cases stood when a month ended.")
        blocks.append(Text(none.format(month=report.month)))
    else:
        blocks += _overdue(cases.overdue, code, report, lang)
    if cases.stood is not None and cases.overdue is not None:
        blocks += _stood(cases.stood, str(cases.overdue.month), lang)
    elif level_of(code) is not Level.county:
        blocks.append(
            Text(_("By stage, and by what became of revisits, cases are counted of counties alone."), note=True)
        )
    return Section(_("How cases stood"), blocks)


def _overdue(found: OverdueCases, code: str, report: Report, lang: Lang) -> list[Block]:
    _ = translator(lang)
    own = next(one for one in found.areas if one.code == code)
    title = _("Past their date at the end of {month}").format(month=found.month)
    blocks: list[Block] = [Facts([(title, written(value_of(own.number), Kind.number))])]
    if found.month != report.month:
        older = _("The last month of which that is published, up to {month}, is {published}.")
        blocks.append(Text(older.format(month=report.month, published=found.month)))
    level = BELOW[report.place.level]
    below = [one for one in found.areas if level is not Level.cell and len(one.code) == DIGITS[level]]
    if below:
        blocks.append(_by_area(below, level, lang))
    blocks.append(Text(_("Family disputes are among those past their date, and cells are not told of."), note=True))
    return blocks


def _by_area(below: list[OverdueArea], level: Level, lang: Lang) -> Table:
    _ = translator(lang)
    heads = (Column(level_words(lang)[level], Kind.text, wide=True), Column(_("Past their date")))
    rows: list[list[Value]] = [[one.name or one.code, value_of(one.number)] for one in below]
    return Table(_("Cases past their date"), heads, rows, codes=[one.code for one in below])


def _stood(found: Stood, month: str, lang: Lang) -> list[Block]:
    _ = translator(lang)
    stages = {_named(STAGE_NAMES[stage], lang): number for stage, number in found.stages.items()}
    revisits = {_named(REVISITED_NAMES[outcome], lang): number for outcome, number in found.revisits.items()}
    title = _("Cases registered in {month}, by how far they had come").format(month=month)
    blocks: list[Block] = [
        counted(stages, title, "stages", lang),
        Table(_("Cases by stage"), (Column(_("Stage"), Kind.text, wide=True), Column(_("Cases"))), _rows(stages)),
    ]
    if found.revisits_due == 0:
        return [*blocks, Text(_("No revisit was due in {month}.").format(month=month))]
    rows = [*_rows(revisits), [_("All"), value_of(found.revisits_due)]]
    heads = (Column(_("Revisits due in {month}").format(month=month), Kind.text, wide=True), Column(_("Revisits")))
    return [*blocks, Table(_("Revisits"), heads, rows)]


def _rows(numbers: Mapping[str, int | None]) -> list[list[Value]]:
    return [[name, value_of(number)] for name, number in numbers.items()]


def _named(names: Names, lang: Lang) -> str:
    return names.zh if lang == "zh" else names.en
