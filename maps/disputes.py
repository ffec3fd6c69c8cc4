"""The case desk: a list of cases, the longest overdue first, the places that stand for where they lie, and what may
happen to each next.

The page counts nothing: it lists cases one by one to those who deal with them. What is told of where a case lies is its
snap point, and of a family dispute its village.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from gis.access.scope import Right, Role
from gis.codes import Level
from gis.disputes.categories import FAMILY, NAMES, Category, Channel, Extension
from gis.disputes.revisits import RevisitOutcome
from gis.disputes.workflow import DUE, LADDER, STATE_NAMES, State, next_states, said_with
from maps.assets import TOPOJSON
from maps.page import ANIMATED, Frame, GridMap, LivePage
from maps.text import Lang, translator

STYLES: Final = ("base.css", "page.css", "ask.css", "disputes.css")
SCRIPTS: Final = (
    "page.js",
    "unsent.js",
    "account.js",
    "tiles.js",
    "legend.js",
    "streets.js",
    "shapes.js",
    "cells.js",
    "borders.js",
    TOPOJSON,
    "sources.js",
    "panel.js",
    "figures.js",
    "cards.js",
    "search.js",
    "views.js",
    "map-view.js",
    "tab-list.js",
    "ask.js",
    "day-field.js",
    "case-source.js",
    "case-words.js",
    "case-signs.js",
    "case-points.js",
    "case-list.js",
    "case-steps.js",
    "case-card.js",
    "revisit-list.js",
    "intake-place.js",
    "intake.js",
    "desk-keys.js",
    "desk-filters.js",
    "desk-map.js",
    "disputes.js",
)
MODULE: Final = "mvt.mjs"

Entries = list[tuple[str, str]]  # what is stored, and its name


@dataclass(frozen=True)
class DisputesPage(LivePage):
    """What the case desk is made from.

    `extension_days` are what the one extension of a case adds. Whoever may not see the cases of any area, or not the
    grid, is told so, and gets no list.
    """

    extension_days: int = 30

    @property
    def barred(self) -> bool:
        """Whether whoever looks may see no case, or not the grid."""
        return not {Right.figures, Right.cases} <= self.rights


def disputes_page(config: DisputesPage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce, base_map_url=…)` as its Content-Security-Policy."""
    _ = translator(config.lang)
    frame = Frame(config.title or _("Disputes"), config.nonce, config.lang, config.base)
    closed = lists(config.lang)
    data = {"config": config.data(extension_days=config.extension_days, **_workflow(), lists=closed)}
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=(MODULE,),
        chrome=config.chrome("disputes.html", "disputes", frame.title, lists=closed),
        data=data,
        base_map=config.base_map,
        shows_map=config.shows_map,
        start="everycell.startDesk",
        attribution_control=False,
        zoom_animation=ANIMATED,
    ).page()


def lists(lang: Lang) -> dict[str, Entries]:
    """The closed lists of cases with their names, each in the order in which a page offers it. The codes that a state
    asks for stand under its name."""
    codes = {state.value: _named(kind, lang) for state in State if (kind := said_with(state)) is not None}
    return {
        "category": _named(Category, lang),
        "channel": _named(Channel, lang),
        "state": [(state.value, STATE_NAMES[state].of(lang)) for state in State],
        "level": _translated(_levels(lang), LADDER),
        "extension": _named(Extension, lang),
        "outcome": _translated(_outcomes(lang), RevisitOutcome),
        "role": _translated(_roles(lang), Role),
        **codes,
    }


def _workflow() -> dict[str, Any]:
    """What may follow what, in which states a date runs, and the steps from level to level."""
    return {
        "next": {state.value: [after.value for after in next_states(state)] for state in State},
        "running": [state.value for state in State if state in DUE],
        "ladder": [level.value for level in LADDER],
        "family": FAMILY.value,
    }


def _named(kind: Iterable[StrEnum], lang: Lang) -> Entries:
    return [(entry.value, NAMES[entry].of(lang)) for entry in kind]


def _translated(names: Mapping[Any, str], order: Iterable[Any]) -> Entries:
    return [(entry.value, names[entry]) for entry in order]


def _levels(lang: Lang) -> dict[Level, str]:
    _ = translator(lang)
    return {Level.cell: _("Cell"), Level.village: _("Village"), Level.town: _("Town"), Level.county: _("County")}


def _outcomes(lang: Lang) -> dict[RevisitOutcome, str]:
    _ = translator(lang)
    return {
        RevisitOutcome.holds: _("The agreement holds"),
        RevisitOutcome.broken: _("The dispute has come up again"),
        RevisitOutcome.no_answer: _("Nobody answered"),
    }


def _roles(lang: Lang) -> dict[Role, str]:
    _ = translator(lang)
    return {
        Role.wall: _("Map wall"),
        Role.operator: _("Operator"),
        Role.patrol_leader: _("Patrol leader"),
        Role.editor: _("Grid editor"),
        Role.admin: _("Administrator"),
    }
