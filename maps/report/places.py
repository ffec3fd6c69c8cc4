"""The section of a report on where cases were recorded: the heat map, and cells with more than households explain."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from gis.report.content import Report
from maps.report.cases import value_of
from maps.report.document import Block, Chart, Column, Kind, Section, Table, Text, Value
from maps.report.plan import Look, Picture, Sheet, cells_plan
from maps.report.visits import level_words
from maps.report.work import borders
from maps.text import Lang, translator

if TYPE_CHECKING:
    from gis.disputes.judged import Judged, Spot
    from gis.disputes.surfaces import Heat

_PIXELS: Final = 640  # across the picture


def places_section(report: Report, on: Sheet | None, lang: Lang) -> Section:
    """Heat and hot spots. `on` is the frame of the map, None where there is nothing to draw."""
    _ = translator(lang)
    heat, judged = report.cases.heat, report.cases.judged
    blocks: list[Block] = []
    if heat is None or on is None:
        blocks.append(Text(_("There is no heat map: no counts of cases are published yet for this area.")))
    else:
        blocks += _heat(report, heat, on, lang)
    if judged is None:
        blocks.append(
            Text(_("Cells are not judged yet: that needs the counts of a whole period of cells or villages."))
        )
    else:
        blocks += _spots(report, judged, lang)
    return Section(_("Where cases were recorded"), blocks)


def _heat(report: Report, heat: Heat, on: Sheet, lang: Lang) -> list[Block]:
    from gis.disputes.painting import colours_of  # loads SciPy, here and below: only where there is heat

    _ = translator(lang)
    title = _("Recorded cases per km², {period}").format(period=heat.question.period)
    looks = [
        Look(f"{low:g}–{high:g}", colour)
        for (low, high), colour in zip(list(pairwise(heat.bounds))[1:], colours_of(heat.bounds), strict=True)
    ]
    names, border = borders(report)
    label = f"{title}: {'; '.join(look.word for look in looks)}"
    svg = cells_plan(on, {}, looks, label, "heat", names=names, border=border, picture=picture(heat, on))
    notes = [
        Text(
            _("What was recorded, not a prediction; drawn from published counts, kernel {m} m.").format(
                m=heat.bandwidth_m
            )
        )
    ]
    if heat.question.half_life_days is not None:
        weighted = _("Weighted by recency: half as much after {days} days; {number} months are counted.")
        notes.append(Text(weighted.format(days=heat.question.half_life_days, number=heat.num_periods), note=True))
    if not looks:
        notes.append(Text(_("No class is drawn: too few households, or next to nothing was recorded.")))
    return [Chart(svg, title, label), *notes]


def picture(heat: Heat, on: Sheet) -> Picture:
    """The surface, painted in its classes over the box of the drawing."""
    from gis.disputes.painting import colours_of, painted, rgb, sampled

    west, south, east, north = on.box
    step = (east - west) / _PIXELS
    x = west + (np.arange(_PIXELS) + 0.5) * step
    y = np.arange(north - step / 2, south, -step)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    lonlat = on.measure.degrees(grid.reshape(-1, 2)).reshape(grid.shape)
    values = np.full(grid.shape[:2], np.nan)
    for sheet in heat.sheets:
        found = sampled(sheet.surface, sheet.raster, *sheet.to_metric(lonlat[..., 0], lonlat[..., 1]))
        values = np.where(np.isnan(values), found, values)
    png = painted(values, heat.bounds, [rgb(colour) for colour in colours_of(heat.bounds)], 0.85)
    address = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return Picture(address, west, float(y[-1] - step / 2) if len(y) else south, east, north)


def _spots(report: Report, judged: Judged, lang: Lang) -> list[Block]:
    _ = translator(lang)
    spots = [spot for spot in judged.spots if spot.code.startswith(report.place.code)]
    told = {verdict: sum(spot.verdict.value == verdict for spot in spots) for verdict in _words(lang)}
    counted = "；" if lang == "zh" else "; "
    sums = counted.join(f"{word} {told[verdict]:,}" for verdict, word in _words(lang).items())
    what = level_words(lang)[judged.level]
    blocks: list[Block] = [
        Text(_("Judged: {what}, by the counts of {period}. {sums}.").format(what=what, period=judged.period, sums=sums))
    ]
    hot = sorted((s for s in spots if s.verdict.value == "hot"), key=lambda s: (-(s.ratio or 0), s.code))
    if not hot:
        blocks.append(Text(_("Nowhere were more disputes recorded than the number of households explains.")))
        return blocks
    heads = (
        Column(_("Code"), Kind.text),
        Column(what, Kind.text, wide=True),
        Column(_("Cases")),
        Column(_("Recorded, with neighbours"), Kind.tenths),
        Column(_("Expected by households"), Kind.tenths),
        Column(_("Times"), Kind.ratio),
        Column(_("Since the period before"), Kind.text),
    )
    name = _("More recorded than households explain")
    blocks.append(Table(name, heads, [_spot_row(spot, lang) for spot in hot]))
    blocks.append(
        Text(_("Each is judged with its neighbours, at 5 % false discoveries. It says nothing of anybody."), note=True)
    )
    return blocks


def _words(lang: Lang) -> dict[str, str]:
    _ = translator(lang)
    return {
        "hot": _("More recorded than households explain"),
        "as_expected": _("As expected"),
        "too_few": _("Too few to say"),
        "no_households": _("No households"),
    }


def _spot_row(spot: Spot, lang: Lang) -> list[Value]:
    _ = translator(lang)
    courses = {"new": _("New"), "lasting": _("Lasting"), "fading": _("Fading"), "none": ""}
    course = courses[spot.course.value]
    return [spot.code, spot.name, value_of(spot.number), spot.recorded, spot.expected, spot.ratio, course]
