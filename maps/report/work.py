"""The section of a report on cells by work left: map, numbers by grade, the cells with the most to do."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from gis.codes import DIGITS, Level
from gis.report.content import Report, Work
from gis.report.gather import BELOW
from gis.report.grades import GRADES, most_left_first, number_by_grade
from maps.report.document import Block, Chart, Column, Kind, Section, Table, Text, Value
from maps.report.plan import Look, Sheet, cells_plan
from maps.report.visits import level_words
from maps.text import Lang, translator

# OrRd, as on the maps: the strongest means the most left. The sign tells the grade without the colour.
_COLOURS: Final = (("#fff0d9", "#5b4636"), ("#fdc38d", "#4b2e1e"), ("#ec5f41", "#ffffff"), ("#8e0f0a", "#ffffff"))
_ON_PAPER: Final = 40


def work_section(report: Report, on: Sheet | None, lang: Lang) -> Section:
    """Grades of cells. `on` is the frame of the map, None where there is nothing to draw."""
    _ = translator(lang)
    blocks: list[Block] = [
        Text(_("The grade tells how much work is left in a cell: the share of its households whose visit is overdue.")),
        Text(_("It is no grade of those who live there. Cases past their date are not in it: cells have no number.")),
    ]
    if on is not None:
        blocks.append(_plan(report, on, lang))
    blocks += [_by_part(report, lang), _most_left(report, lang)]
    return Section(_("Work left, by cell"), blocks)


def looks(work: Work, lang: Lang) -> dict[int | str, Look]:
    """How cells are drawn, by grade, and by why they have none."""
    _ = translator(lang)
    ends = ["0", *(f"{step:g}" for step in work.steps)]
    named = [f"{low}–{high}\u00a0%" for low, high in pairwise(ends)] + [f"≥\u00a0{ends[-1]}\u00a0%"]
    found: dict[int | str, Look] = {
        grade: Look(word, colour, str(grade), ink)
        for grade, word, (colour, ink) in zip(GRADES, named, _COLOURS, strict=True)
    }
    found["confirmed"] = Look(_("Confirmed empty"), "#dfe6ea")
    found["unchecked"] = Look(_("Unchecked"), "#ffffff", dotted=True)
    return found


def _plan(report: Report, on: Sheet, lang: Lang) -> Chart:
    _ = translator(lang)
    work, drawn = report.work, looks(report.work, lang)
    look_of = {}
    for cell in work.cells:
        grade = work.grades[cell.code]
        look_of[cell.code] = drawn[grade if grade is not None else cell.empty or "unchecked"]
    used = [look for look in drawn.values() if look.sign or look in look_of.values()]
    title = _("Cells by the share of households overdue on {day}").format(day=report.visits.data_on)
    counted = number_by_grade(work.grades.values())
    alt = "; ".join(f"{_('Grade')} {grade}: {counted[grade]}" for grade in GRADES)
    names, border = borders(report)
    svg = cells_plan(on, look_of, used, title, "grades", names=names, border=border)
    return Chart(svg, title, alt)


def borders(report: Report) -> tuple[dict[str, str], int]:
    """Names of areas to write on a map, and how many digits of a code tell within which border a cell lies: those one
    level down, of a village itself."""
    level = BELOW[report.place.level]
    if level is Level.cell:
        return {}, min(len(report.place.code), DIGITS[Level.village])
    return {area.code: area.name for area in report.visits.parts}, DIGITS[level]


def _by_part(report: Report, lang: Lang) -> Table:
    """How many cells of each part have which grade; of a village: of itself."""
    _ = translator(lang)
    level = BELOW[report.place.level]
    parts = [(area.code, area.name) for area in report.visits.parts]
    if level is Level.cell:
        parts = [(report.place.code, report.place.names[-1])]
        level = report.place.level
    rows: list[list[Value]] = []
    for code, name in parts:
        inside = [cell for cell in report.work.cells if cell.code.startswith(code)]
        counted = number_by_grade(report.work.grades[cell.code] for cell in inside)
        rows.append([code, name, len(inside), *(counted[g] for g in (*GRADES, None)), sum(c.overdue for c in inside)])
    total: list[Value] = [_("Total"), "", *(sum(int(str(row[n])) for row in rows) for n in range(2, 9))]
    graded = [Column(_("Grade {grade}").format(grade=grade)) for grade in GRADES]
    columns = (
        Column(_("Code"), Kind.text),
        Column(level_words(lang)[level], Kind.text, wide=True),
        Column(_("Cells")),
        *graded,
        Column(_("Without households")),
        Column(_("Overdue")),
    )
    return Table(_("Cells by grade"), columns, rows, total)


def _most_left(report: Report, lang: Lang) -> Block:
    _ = translator(lang)
    work, villages = report.work, {one.code: one.name for one in report.visits.standings}
    digits = DIGITS[Level.village]
    cells = most_left_first(work.cells)
    if not cells:
        return Text(_("No visit is overdue."))
    rows: list[list[Value]] = [
        [
            c.code,
            villages.get(c.code[:digits], ""),
            c.name,
            work.grades[c.code],
            c.known,
            c.overdue,
            c.overdue / c.known,
            c.never,
            c.oldest_on,
        ]
        for c in cells
    ]
    columns = (
        Column(_("Code"), Kind.text),
        Column(_("Village"), Kind.text),
        Column(_("Cell"), Kind.text, wide=True),
        Column(_("Grade")),
        Column(_("Known")),
        Column(_("Overdue")),
        Column(_("Share overdue"), Kind.share),
        Column(_("Never reached")),
        Column(_("Longest wait since"), Kind.day),
    )
    more = _("Shown are the {shown} of {all} cells with the largest shares; all are in the workbook (xlsx).")
    left_out = more.format(shown=_ON_PAPER, all=len(cells)) if len(cells) > _ON_PAPER else ""
    return Table(_("Cells with overdue visits"), columns, rows, shown=_ON_PAPER, left_out=left_out)
