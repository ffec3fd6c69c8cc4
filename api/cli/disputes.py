"""everycell dispute list|show|change; counts, ledger and publish are in `dispute_figures`, heat and hotspots in
`dispute_maps`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from rich.table import Column
from sqlalchemy import Connection

from api.cli import dispute_figures, dispute_maps
from api.cli.folding import Table
from api.cli.output import err, opened, out
from api.cli.words import LANG, _, say
from gis.access.audit import Action, note_shell
from gis.access.scope import ALL, Right, Role
from gis.codes import Level, level_of
from gis.disputes import cases, revisits
from gis.disputes.cases import Case, Change, Wanted
from gis.disputes.categories import NAMES, Category
from gis.disputes.workflow import OPEN, STATE_NAMES, State, next_states
from gis.errors import BadInput
from gis.households.coverage import counties
from gis.settings import settings
from gis.words import word

app = typer.Typer(
    help="Cases of disputes: list, look at, change; counts of them. New ones come by `everycell import disputes` or"
    " over HTTP.",
    no_args_is_help=True,
)
for _command in (
    *(dispute_figures.counts, dispute_figures.ledger, dispute_figures.publish),
    *(dispute_maps.heat, dispute_maps.hotspots),
):
    app.command()(_command)

Id = Annotated[str, typer.Argument(help="id of the case")]
_VILLAGE: Final = 12


def shell_role(_right: Right, _area: str) -> Role:
    """Whoever has a shell on the machine is its administrator."""
    return Role.admin


@app.command("list")
def list_(
    area: Annotated[str | None, typer.Option(help="only of this area")] = None,
    state: Annotated[State | None, typer.Option(help="only in this state")] = None,
    category: Annotated[Category | None, typer.Option(help="only of this category")] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="only those past their date")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="those that have ended too")] = False,
    number: Annotated[int, typer.Option("--number", "-n", min=1, help="how many at most")] = 50,
) -> None:
    """Cases, the longest overdue first."""
    if area is not None:
        level_of(area, field="--area")
    states = {state} if state is not None else None if ended else OPEN
    now = datetime.now(UTC)
    with opened() as store, store.read(ALL.settings()) as conn:
        wanted = Wanted(area, states, category, None, overdue)
        found, more = cases.listed(conn, counties(conn, area), wanted, now=now, limit=number)
    whole = Column(_("id"), no_wrap=True, min_width=len(str(uuid4())))  # it is what `show` and `change` are given
    shown = Table(whole, _("area"), _("category"), _("state"), _("level"), _("due"))
    for one in found:
        shown.add_row(
            str(one.id), one.area, NAMES[one.category].of(LANG), _state(one.state), say(word(one.level)), _due(one, now)
        )
    out.print(shown if found else _("no such cases"))
    if more is not None:
        err.print(_("these are the first {number}; there are more (-n)", number=number))


@app.command()
def show(id: Id) -> None:
    """A case, what happened to it, and the revisits of its place."""
    with opened() as store, store.read(ALL.settings()) as conn:
        case = cases.get(conn, counties(conn, None), _id(id))
        happened = cases.events(conn, case)
        visits = revisits.of_case(conn, case.county, case.id)
    now = datetime.now(UTC)
    place = _("none is told") if case.lon is None else f"{case.lon:.6f} {case.lat:.6f}"
    for name, value in {
        _("area"): case.area,
        _("category"): NAMES[case.category].of(LANG),
        _("channel"): NAMES[case.channel].of(LANG),
        _("state"): _state(case.state),
        _("level"): say(word(case.level)),
        _("due"): _due(case, now),
        _("version"): case.version,
        _("place"): place,
        _("may become"): ", ".join(next_states(case.state)),
    }.items():
        out.print(f"{name}: {value}", markup=False)
    events = Table(_("at"), _("role"), _("what"), _("state"), _("level"), _("code"))
    for one in happened:
        events.add_row(_at(one.at), one.role, one.change, _state(one.state), say(word(one.level)), one.code or "")
    out.print(events)
    if visits:
        listed = Table(_("revisit"), _("due on"), _("done"), _("outcome"))
        for each in visits:
            done = "" if each.done_at is None else _at(each.done_at)
            listed.add_row(str(each.seq), str(each.due_on), done, each.outcome or "")
        out.print(listed)


@app.command()
def change(
    id: Id,
    state: Annotated[State | None, typer.Option(help="what it becomes")] = None,
    level: Annotated[Level | None, typer.Option(help="one level up or down")] = None,
    extension: Annotated[str | None, typer.Option(help="more time, once: the reason")] = None,
    code: Annotated[str | None, typer.Option(help="what a state asks for: a reason, where to, with what")] = None,
) -> None:
    """Change a case: its state, its level, or more time."""
    if [state, level, extension].count(None) != 2:
        raise BadInput("--state: give exactly one of --state, --level and --extension", field="--state")

    def work(conn: Connection) -> Case:
        here = counties(conn, None)
        version = cases.get(conn, here, _id(id)).version
        wanted = Change(uuid4(), version, state, level, extension, code)
        done, _repeated = cases.change(
            conn, here, _id(id), wanted, role_of=shell_role, settings=settings(), at=datetime.now(UTC)
        )
        detail = {"state": done.state.value, "level": done.level.value}
        note_shell(conn, Action.dispute_change, done.area[:_VILLAGE], detail)
        return done

    with opened() as store:
        done = store.retrying(work, ALL.settings())
    out.print(
        _(
            "{id}: {state}, {level}, due {due}",
            id=done.id,
            state=_state(done.state),
            level=word(done.level),
            due=_due(done, datetime.now(UTC)),
        ),
        markup=False,
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadInput("{text!r} is no id of a case", text=text[:100], field="id") from None


def _state(state: State) -> str:
    return STATE_NAMES[state].of(LANG)


def _at(at: datetime) -> str:
    return f"{at.astimezone(settings().zone):%Y-%m-%d %H:%M}"


def _due(case: Case, now: datetime) -> str:
    if case.due_at is None or case.ended_at is not None:
        return "–"
    return _("{day}, overdue", day=_at(case.due_at)) if case.overdue(now) else _at(case.due_at)
