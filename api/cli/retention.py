"""everycell retention run|list."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import typer

from api.cli.folding import Table
from api.cli.output import day, err, opened, out
from api.cli.words import _
from gis.access import audit
from gis.access import retention as keeping
from gis.access.retention import Due
from gis.households.coverage import today_in
from gis.settings import settings

app = typer.Typer(help="What was kept its time goes; last dates and counts stay.", no_args_is_help=True)

_WORDS: Final = {
    "visits": _("visits"),
    "visit_ids": _("ids of deleted visits"),
    "months": _("months of visits that are empty"),
    "disputes": _("cases that ended long ago"),
    "drafts": _("drafts of the grid that nobody has touched for long"),
    "news": _("news that every screen has seen"),
    "sessions": _("sign-ins that are over"),
    "throttles": _("wrong passwords of former days"),
    "files": _("uploaded files"),
}


@app.command()
def run(
    today: Annotated[str | None, typer.Option(help="as on this day, not a later one; default: today")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell what would go; also for a day to come")] = False,
) -> None:
    """Remove what was kept its time. The service does it daily; it may be interrupted, and repeated."""
    on = day(today, "--today") or today_in(settings())
    if dry_run:
        with opened() as store, store.read() as conn:
            _show_due(keeping.due(conn, settings(), on))
        return
    with opened() as store, err.status(_("removing …")) as status:
        done = keeping.run(
            store,
            on,
            who=audit.shell_user(),
            source="shell",
            on_step=lambda what: status.update(_("removing {what} …", what=what)),
        )
    _show(_("removed; visits are kept from {day} on", day=done.visits_before), done.removed)


@app.command("list")
def list_(number: Annotated[int, typer.Option("--number", "-n", min=1, help="how many")] = 20) -> None:
    """The last runs, the latest first; times in UTC."""
    with opened() as store, store.read() as conn:
        found = keeping.runs(conn, number)
    shown = Table(_("began"), _("visits before"), _("removed"), _("state"))
    for each in found:
        removed = ", ".join(f"{number:,} {_WORDS[kind]}" for kind, number in each.removed.items() if number)
        state = _("finished") if each.finished else _("interrupted")
        shown.add_row(f"{each.ran_at:%Y-%m-%d %H:%M}", str(each.visits_before), removed or _("nothing"), state)
    out.print(shown if found else _("no run yet: everycell retention run"))


def _show_due(due: Due) -> None:
    by_month: dict[date, int] = {}
    for part in due.visits:
        by_month[part.month] = by_month.get(part.month, 0) + part.visits
    lines = {_("visits of {month:%Y-%m}", month=month): number for month, number in sorted(by_month.items())}
    _show(
        _("would go; visits are kept from {day} on", day=due.visits_before),
        {"visits": sum(by_month.values())} | lines,
        due.others,
    )


def _show(title: str, *parts: dict[str, int]) -> None:
    shown = Table(title=title)
    shown.add_column(_("what"))
    shown.add_column(_("number"), justify="right")
    for part in parts:
        for kind, number in part.items():
            shown.add_row(_WORDS.get(kind, kind), f"{number:,}")
    out.print(shown)
