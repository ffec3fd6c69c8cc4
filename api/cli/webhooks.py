"""everycell webhook add|list|remove|test."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import typer

from api.cli.accounts import AREA_HELP, warn_unknown
from api.cli.folding import Table
from api.cli.output import cell, minute, opened, out
from api.cli.words import _
from api.event_streams import instant
from api.webhook_messages import check_url, post, told
from gis.access.audit import Action, note_shell
from gis.access.scope import area_of
from gis.errors import StorageError
from gis.events import webhooks
from gis.events.webhooks import Webhook

app = typer.Typer(
    help="Other systems that are sent what changes in an area: add, list, remove, test.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(metavar="ID", help="its number in everycell webhook list")]


@app.command()
def add(
    label: Annotated[str, typer.Argument(help="what it is for: letters, digits and . _ -")],
    url: Annotated[str, typer.Argument(help="where to: https://…; http:// on private networks only")],
    area: Annotated[str, typer.Option(help="of where: " + AREA_HELP)],
    event: Annotated[
        list[str] | None,
        typer.Option(
            help="kind of event, may be repeated; without it all but cases and patrols, which are ids of those"
        ),
    ] = None,
) -> None:
    """Add a webhook. Its secret is the last word on standard output, and cannot be shown again."""
    kinds, where, parts = webhooks.kinds_of(event or []), area_of(area), check_url(url)
    with opened() as store, store.begin() as conn:
        made, secret = webhooks.add(conn, label, url, where, kinds)
        warn_unknown(conn, where)
        note_shell(
            conn,
            Action.webhook_add,
            where,
            {"webhook": made.id, "kinds": list(kinds), "encrypted": str(parts.scheme == "https")},
        )
    out.print(
        _(
            "webhook {id} {label}: {kinds} of {area}; its secret is shown only now:",
            id=made.id,
            label=label,
            kinds=", ".join(kinds),
            area=where or _("everywhere"),
        )
    )
    out.print(secret, markup=False, soft_wrap=True)


@app.command("list")
def list_() -> None:
    """All webhooks, the oldest first, and how each fares; never their secrets."""
    with opened() as store, store.read() as conn:
        found = webhooks.list_webhooks(conn)
    table = Table()
    for column in (_("id"), _("label"), _("address"), _("area"), _("events"), _("last delivered"), _("state")):
        table.add_column(column)
    for each in found:
        delivered = _("not yet") if each.delivered_at is None else minute(each.delivered_at)
        table.add_row(
            str(each.id),
            each.label,
            cell(each.url),
            each.area or _("everywhere"),
            ", ".join(each.kinds),
            delivered,
            cell(_state(each)),
        )
    out.print(table if found else _("no webhooks yet: everycell webhook add LABEL URL --area AREA"))


@app.command()
def remove(number: Number) -> None:
    """End a webhook at once and for good."""
    with opened() as store, store.begin() as conn:
        ended = webhooks.remove(conn, number)
        note_shell(conn, Action.webhook_remove, ended.area, {"webhook": number})
    out.print(_("webhook {id} {label} is removed", id=number, label=ended.label))


@app.command()
def test(number: Number) -> None:
    """Send a message of type everycell.test now, from here. One that was given up is served again if it is answered."""
    with opened() as store:
        with store.read() as conn:
            found, secret = webhooks.to_test(conn, number)
        now = time.time()
        content = {"type": "everycell.test", "timestamp": instant(now), "data": {"webhook": found.id}}
        outcome = post(found.url, secret, f"test_{uuid4().hex}", content, int(now))
        with store.begin() as conn:
            if outcome.delivered:
                webhooks.revive(conn, number)
            note_shell(conn, Action.webhook_test, found.area, {"webhook": number, "answered": str(outcome.delivered)})
    if not outcome.delivered:
        raise StorageError("webhook {id} {label}: {outcome}", id=number, label=found.label, outcome=outcome.word)
    out.print(_("webhook {id} {label} has answered: {outcome}", id=number, label=found.label, outcome=outcome.word))
    if found.dead_at is not None:
        out.print(_("it had been given up, and is served again from now on"))


def _state(each: Webhook) -> str:
    if each.dead_at is not None:
        return _(
            "given up {time}: {outcome}; everycell webhook test {id} takes it up again",
            time=minute(each.dead_at),
            outcome=told(each.outcome or ""),
            id=each.id,
        )
    if each.failing_since is not None:
        again = max(0, round((each.next_at - datetime.now(UTC)).total_seconds()))
        return _(
            "failing since {time}: {outcome}; tried {times} times, again in {again} s",
            time=minute(each.failing_since),
            outcome=told(each.outcome or ""),
            times=each.attempts,
            again=again,
        )
    return _("waiting for news") if each.delivered_at is None else _("delivering")
