"""The first page: what is waiting, for whoever looks, a search, and the way to every page. It needs no script to be
read; the search does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

from babel.dates import format_date
from markupsafe import Markup

from gis.access.scope import Right
from gis.codes import DIGITS, Level, level_of
from gis.disputes.cases import Case
from gis.disputes.categories import NAMES
from gis.disputes.disclosure import MARK
from gis.home import Home, Published
from gis.households.coverage import AreaCoverage
from gis.report.progress import RoundProgress
from maps import csp
from maps.assets import asset_url
from maps.numbers import percent
from maps.page import LivePage, render, script_json, words_of
from maps.plain import PlainFrame
from maps.text import Lang, translator

SCRIPTS: Final = ("page.js", "unsent.js", "account.js", "sources.js", "search.js", "home.js")
_NAMED: Final = 3  # areas that the headline names


@dataclass(frozen=True)
class HomePage(LivePage):
    """What the first page is made from. `home` is None where nothing has been imported; `read_at` is when it was read,
    where the county is."""

    home: Home | None = None
    read_at: datetime = datetime.min


def home_page(config: HomePage) -> str:
    """The page. Send it with `maps.csp.policy(config.nonce)` as its Content-Security-Policy."""
    _ = translator(config.lang)
    frame = PlainFrame(
        nonce=config.nonce,
        lang=config.lang,
        base=config.base,
        here="home",
        rights=config.rights,
        other=f"?lang={'en' if config.lang == 'zh' else 'zh'}",
        who=config.who,
        csrf=config.csrf,
    )
    html = render(
        "home.html",
        title=_("Home"),
        home=config.home,
        today=config.today,
        weekday=format_date(config.today, "EEEE", locale="zh_CN" if config.lang == "zh" else "en"),
        doors=Right.doors in config.rights,
        number=number,
        version=version("everycell"),
        read_at=f"{config.read_at:%Y-%m-%d %H:%M}",
        config=_json(config.data()),
        words=_json(words_of(SCRIPTS, config.lang)),
        scripts=[asset_url(path, config.base) for path in SCRIPTS],
        **(_told(config.home, config) if config.home else {}),
        **frame.values(styles=("home.css",)),
    )
    return csp.seal(str(html), config.nonce)


def _json(value: Any) -> Markup:
    return Markup(script_json(value))  # noqa: S704 - without a `<` in it


def _told(home: Home, config: HomePage) -> dict[str, Any]:
    """What is waiting, in words."""
    lang = config.lang
    return {
        "place": _place(home.areas, lang),
        "rounds": [_round(one, config) for one in home.rounds],
        "overdue": [_case(one, home, config) for one in home.overdue or ()],
        "published": [_published(one, home, lang) for one in home.published],
        "most_left": [_area(one, home) for one in home.most_left],
    }


def number(value: int) -> str:
    """A number with its thousands separated."""
    return f"{value:,}"


def _place(areas: Iterable[tuple[str, str]], lang: Lang) -> str:
    _ = translator(lang)
    names = [name for _code, name in areas]
    if len(names) <= _NAMED:
        return _(", ").join(names)
    return _("{first} and {number} more areas").format(first=names[0], number=number(len(names) - 1))


def _round(one: RoundProgress, config: HomePage) -> dict[str, Any]:
    _ = translator(config.lang)
    figures, days = one.figures, (one.round.last_on - config.today).days
    left = _("{days} days left").format(days=number(days)) if days > 0 else _("the last day")
    if days < 0:
        left = _("over for {days} days, not closed").format(days=number(-days))
    told = _("{reached} of {known} households visited").format(
        reached=number(figures.reached), known=number(figures.known)
    )
    share, against = percent(figures.coverage, 0), _against(one, config.lang)
    return {
        "name": one.round.name,
        "about": " · ".join([one.area_name, f"{one.round.first_on} – {one.round.last_on}", left]),
        "percent": share,
        "told": told,
        "reached": _part(figures.reached, figures.known),
        "tried": _part(figures.tried, figures.known),
        "planned": None if one.planned is None else round(one.planned, 2),
        "against": against,
        "behind": one.ahead is not None and round(one.ahead) < 0,
        "spoken": _(", ").join(filter(None, [share, told, against])),
    }


def _part(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0


def _against(one: RoundProgress, lang: Lang) -> str:
    """The target, what was to be done by now, and how far that is away."""
    _ = translator(lang)
    if one.planned is None or one.ahead is None:
        return ""
    plan = _("Target {target} %, {planned} % by today as planned").format(
        target=one.round.target, planned=f"{one.planned:.0f}"
    )
    points = f"{abs(one.ahead):.0f}"
    if points == "0":
        return f"{plan}{_(': on plan')}"
    gap = _(": {points} pp behind") if one.ahead < 0 else _(": {points} pp ahead")
    return plan + gap.format(points=points)


def _case(one: Case, home: Home, config: HomePage) -> dict[str, str]:
    _ = translator(config.lang)
    names = NAMES[one.category]
    late = 0 if one.due_at is None else (config.today - one.due_at.astimezone(config.read_at.tzinfo).date()).days
    return {
        "id": str(one.id),
        "category": names.zh if config.lang == "zh" else names.en,
        "place": _around(one.area, home),
        "late": _late(late, _),
    }


def _late(days: int, _: Callable[[str], str]) -> str:
    if days < 2:
        return _("overdue since yesterday") if days else _("overdue since today")
    return _("overdue {days} days").format(days=number(days))


def _around(code: str, home: Home) -> str:
    """A cell with its village, anything else by its name."""
    chain = [code[: DIGITS[Level.village]], code] if level_of(code) is Level.cell else [code]
    return " ".join(home.names.get(one, one) for one in chain)


def _published(one: Published, home: Home, lang: Lang) -> dict[str, str]:
    _ = translator(lang)
    words = _("{area}, recorded in {period}").format(
        area=home.names.get(one.area.code, one.area.code), period=one.period
    )
    return {"words": words, "number": MARK if one.area.total is None else number(one.area.total)}


def _area(one: AreaCoverage, home: Home) -> dict[str, str]:
    above = one.code[: DIGITS[Level.village]] if one.level is Level.cell else one.code[: DIGITS[Level.town]]
    return {
        "code": one.code,
        "name": one.name,
        "around": home.names.get(above, ""),
        "waiting": number(one.known - one.reached),
        "never": number(one.never),
        "overdue": number(one.overdue),
        "percent": percent(one.coverage, 0),
    }
