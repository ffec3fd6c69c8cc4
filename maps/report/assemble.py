"""A report put into words: the document that pages, PDFs and workbooks are drawn from."""

from __future__ import annotations

from gis.report.content import Report
from maps.report.cases import cases_section
from maps.report.document import Document, Section, Text
from maps.report.places import places_section
from maps.report.plan import sheet
from maps.report.standing import standing_section
from maps.report.visits import coverage_section, overview, ranking_section, rounds_section
from maps.report.work import work_section
from maps.text import Lang, translator


def document(report: Report, lang: Lang = "zh") -> Document:
    """The report in a language."""
    _ = translator(lang)
    on = sheet(report.work.outlines) if report.work.outlines else None
    place = " ".join(report.place.names)
    title = _("Monthly report")
    lines = (
        _("Area: {name} ({code})").format(name=place, code=report.place.code),
        _("Month: {month}").format(month=report.month),
        _("Figures of {day}").format(day=report.visits.data_on),
    )
    sections = [
        overview(report, lang),
        coverage_section(report, lang),
        rounds_section(report, lang),
        ranking_section(report, lang),
        work_section(report, on, lang),
        cases_section(report, lang),
        standing_section(report, lang),
        places_section(report, on, lang),
        _meaning(lang),
    ]
    return Document(f"{place} {report.month} {title}", lines, f"{title} · {place} · {report.month}", sections, lang)


def _meaning(lang: Lang) -> Section:
    _ = translator(lang)
    sentences = (
        _("Known: households that may be visited. Reached: met on or after the day from which is counted."),
        _("Tried: knocked since that day, and nobody was met. Never: nobody has ever been met."),
        _("Overdue: the next visit was due before the day of the figures. Coverage: reached divided by known."),
    )
    return Section(_("What the figures mean"), [Text(sentence) for sentence in sentences])
