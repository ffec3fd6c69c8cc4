"""The page of patrols: what should be done on a day, which teams go, the routes that a plan gives them, and afterwards
what was done of it.

The page computes no route: stops, times and routes come from the service, which alone changes plans. Nothing is shown
of where a team is; there is a plan, and there are ticks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from gis.access.scope import Right
from gis.patrol.network import Mode
from gis.patrol.plan import WhyNot
from gis.patrol.request import Aim, Because, Kind
from gis.patrol.tiers import TIERS, Minutes, Skill
from maps.assets import TOPOJSON
from maps.page import ANIMATED, Frame, GridMap, LivePage
from maps.text import Lang, translator

STYLES: Final = ("base.css", "page.css", "ask.css", "patrol.css", "patrol-plan.css")
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
    "patrol-source.js",
    "patrol-words.js",
    "patrol-signs.js",
    "patrol-legend.js",
    "patrol-proposals.js",
    "patrol-choice.js",
    "patrol-minutes.js",
    "patrol-windows.js",
    "patrol-places.js",
    "patrol-teams.js",
    "patrol-team-form.js",
    "patrol-plans.js",
    "patrol-lines.js",
    "patrol-routes.js",
    "patrol-sweep.js",
    "patrol-menu.js",
    "patrol-drag.js",
    "patrol-lists.js",
    "patrol-tables.js",
    "patrol-card.js",
    "patrol-watch.js",
    "patrol-changes.js",
    "patrol-progress.js",
    "patrol-phones.js",
    "patrol-after.js",
    "patrol-plan.js",
    "patrol-keys.js",
    "patrol-stage.js",
    "patrol.js",
)
MODULE: Final = "mvt.mjs"

Entries = list[tuple[str, str]]  # what is stored, and its name


@dataclass(frozen=True)
class PatrolPage(LivePage):
    """What the page of patrols is made from. Whoever may not see the plans of any area, or not the grid, is told so."""

    @property
    def barred(self) -> bool:
        """Whether whoever looks may see no plan, or not the grid."""
        return not {Right.figures, Right.patrols} <= self.rights


def patrol_page(config: PatrolPage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce, base_map_url=…)` as its Content-Security-Policy."""
    _ = translator(config.lang)
    frame = Frame(config.title or _("Patrols"), config.nonce, config.lang, config.base)
    data = {"config": config.data(lists=lists(config.lang), tiers=list(TIERS), minutes=asdict(Minutes()))}
    return GridMap(
        frame,
        styles=STYLES,
        scripts=SCRIPTS,
        modules=(MODULE,),
        chrome=config.chrome("patrol.html", "patrol", frame.title),
        data=data,
        base_map=config.base_map,
        shows_map=config.shows_map,
        start="everycell.startPatrol",
        attribution_control=False,
        zoom_animation=ANIMATED,
    ).page()


def lists(lang: Lang) -> dict[str, Entries]:
    """The closed lists of patrols with their names, each in the order in which the page offers it."""
    named: dict[str, Mapping[Any, str]] = {
        "kind": _kinds(lang),
        "because": _reasons(lang),
        "why_not": _left_out(lang),
        "mode": _modes(lang),
        "aim": _aims(lang),
        "skill": _skills(lang),
    }
    kinds: dict[str, type[StrEnum]] = {
        "kind": Kind,
        "because": Because,
        "why_not": WhyNot,
        "mode": Mode,
        "aim": Aim,
        "skill": Skill,
    }
    return {name: [(entry.value, words[entry]) for entry in kinds[name]] for name, words in named.items()}


def _kinds(lang: Lang) -> dict[Kind, str]:
    _ = translator(lang)
    return {
        Kind.doorplate: _("Doorplate"),
        Kind.site: _("Key site"),
        Kind.revisit: _("Revisit"),
        Kind.place: _("Added place"),
    }


def _reasons(lang: Lang) -> dict[Because, str]:
    _ = translator(lang)
    return {
        Because.picked: _("Added by hand"),
        Because.missed: _("Missed in an earlier plan"),
        Because.never_reached: _("Never visited"),
        Because.overdue: _("Overdue"),
        Because.check_due: _("Check due"),
        Because.revisit_due: _("Revisit due"),
    }


def _left_out(lang: Lang) -> dict[WhyNot, str]:
    _ = translator(lang)
    return {
        WhyNot.too_far: _("Too far from any street"),
        WhyNot.no_way: _("No team gets there"),
        WhyNot.skills: _("No team has what it needs"),
        WhyNot.window: _("Its time window cannot be met, even alone"),
        WhyNot.shift: _("Longer than any shift, even alone"),
        WhyNot.full: _("Longer than the shift"),
        WhyNot.displaced: _("More urgent stops take the time"),
        WhyNot.capacity: _("More than the teams can carry"),
        WhyNot.balance: _("Given up so that teams work equally long"),
        WhyNot.removed: _("Taken out by hand"),
    }


def _modes(lang: Lang) -> dict[Mode, str]:
    _ = translator(lang)
    return {Mode.foot: _("On foot"), Mode.car: _("By car")}


def _aims(lang: Lang) -> dict[Aim, str]:
    _ = translator(lang)
    return {Aim.shortest: _("Shortest ways"), Aim.equal: _("Equal work")}


def _skills(lang: Lang) -> dict[Skill, str]:
    _ = translator(lang)
    return {Skill.mediation: _("Mediation"), Skill.safety: _("Safety check")}
