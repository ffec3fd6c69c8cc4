"""everycell retention run|list."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

import typer
from rich.table import Table

from api.cli.output import day, err, opened, out
from gis.access import audit
from gis.access import retention as keeping
from gis.access.retention import Due
from gis.households.coverage import today_in
from gis.settings import settings

app = typer.Typer(help="What was kept its time goes; last dates and counts stay.", no_args_is_help=True)

_WORDS: Final = {
    "visits": "visits",
    "visit_ids": "ids of deleted visits",
    "months": "months of visits that are empty",
    "disputes": "cases that ended long ago",
    "drafts": "drafts of the grid that nobody has touched for long",
    "news": "news that every screen has seen",
    "sessions": "sign-ins that are over",
    "throttles": "wrong passwords of former days",
    "files": "uploaded files",
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
    with opened() as store, err.status("removing …") as status:
        done = keeping.run(
            store, on, who=audit.shell_user(), source="shell", on_step=lambda what: status.update(f"removing {what} …")
        )
    _show(f"removed; visits are kept from {done.visits_before} on", done.removed)


@app.command("list")
def list_(number: Annotated[int, typer.Option("--number", "-n", min=1, help="how many")] = 20) -> None:
    """The last runs, the latest first; times in UTC."""
    with opened() as store, store.read() as conn:
        found = keeping.runs(conn, number)
    shown = Table("began", "visits before", "removed", "state")
    for each in found:
        removed = ", ".join(f"{number:,} {_WORDS[kind]}" for kind, number in each.removed.items() if number)
        state = "finished" if each.finished else "interrupted"
        shown.add_row(f"{each.ran_at:%Y-%m-%d %H:%M}", str(each.visits_before), removed or "nothing", state)
    out.print(shown if found else "no run yet: everycell retention run")


def _show_due(due: Due) -> None:
    by_month: dict[date, int] = {}
    for part in due.visits:
        by_month[part.month] = by_month.get(part.month, 0) + part.visits
    lines = {f"visits of {month:%Y-%m}": number for month, number in sorted(by_month.items())}
    _show(
        f"would go; visits are kept from {due.visits_before} on", {"visits": sum(by_month.values())} | lines, due.others
    )


def _show(title: str, *parts: dict[str, int]) -> None:
    shown = Table(title=title)
    shown.add_column("what")
    shown.add_column("number", justify="right")
    for part in parts:
        for kind, number in part.items():
            shown.add_row(_WORDS.get(kind, kind), f"{number:,}")
    out.print(shown)
