"""Webhooks: other systems that are sent the events of an area. Added and removed in a shell, as the database's owner.

The secret is shown once. It is kept as it is, for messages are signed with it: whoever reads the table, which only the
owner may, can sign as the service does.
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from gis.access.scope import Right, Scope
from gis.errors import BadInput, NotFound
from gis.events.log import standing
from gis.events.telling import TOLD, Cutoff, View
from gis.storage.queries import query

GIVEN_UP_AFTER: Final = timedelta(days=5)  # shorter than events are kept
_SECRET_BYTES: Final = 32
_LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", re.ASCII)
_SHOWN: Final = (
    "id, label, url, area, kinds, created_at, delivered_at, outcome, attempts, failing_since, next_at, dead_at"
)
# What goes without being asked for: the kinds that every wall may see.
DEFAULT_KINDS: Final = tuple(kind for kind, telling in TOLD.items() if telling.right is Right.figures)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook without its secret. `outcome` is how the last try ended; while it fails, `failing_since` says since
    when and `next_at` when it is tried again; after `dead_at` it is not tried any more."""

    id: int
    label: str
    url: str
    area: str
    kinds: tuple[str, ...]
    created_at: datetime
    delivered_at: datetime | None
    outcome: str | None
    attempts: int
    failing_since: datetime | None
    next_at: datetime
    dead_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A webhook that there is something for: all up to `position` was answered; `sending_to`: a message up to there was
    tried already."""

    id: int
    url: str
    secret: bytes
    area: str
    kinds: tuple[str, ...]
    position: int
    sending_to: int | None
    attempts: int

    @property
    def view(self) -> View:
        """What it may see: of its area what a wall may, and of the kinds that were asked for what those need."""
        rights = {Right.figures} | {TOLD[kind].right for kind in self.kinds if kind in TOLD}
        scope = Scope(dict.fromkeys(rights, (self.area,)))
        return View.of(scope, self.area or None, Cutoff(area=self.area or None))


def kinds_of(words: Sequence[str]) -> tuple[str, ...]:
    """Kinds of events by name, those of figures where none is named. Raises BadInput."""
    for word in words:
        if word not in TOLD:
            raise BadInput(f"--event: there is no {word!r}; there are {', '.join(TOLD)}", field="--event")
    return tuple(kind for kind in TOLD if kind in words) or DEFAULT_KINDS


def add(conn: Connection, label: str, url: str, area: str, kinds: Sequence[str]) -> tuple[Webhook, str]:
    """Add a webhook, and return it with its secret (`whsec_…`), which cannot be shown again. It is sent what is
    committed from now on. Raises BadInput for a label that is none; the address was checked by the caller."""
    if not _LABEL.fullmatch(label):
        raise BadInput(
            f"label: {label!r} is no label; it has 1 to 40 letters, digits and . _ -, a letter or digit first",
            field="label",
        )
    secret = secrets.token_bytes(_SECRET_BYTES)
    row = conn.execute(
        text(
            "INSERT INTO everycell.webhook (label, url, secret, area, kinds, created_at, position, next_at)"  # noqa: S608
            " VALUES (:label, :url, :secret, :area, :kinds, clock_timestamp(), :position, clock_timestamp())"
            f" RETURNING {_SHOWN}"
        ),
        {
            "label": label,
            "url": url,
            "secret": secret,
            "area": area,
            "kinds": list(kinds),
            "position": standing(conn).last,
        },
    ).one()
    return _webhook(row), written(secret)


def written(secret: bytes) -> str:
    """A secret as Standard Webhooks writes it."""
    return f"whsec_{b64encode(secret).decode()}"


def remove(conn: Connection, number: int) -> Webhook:
    """End a webhook for good, and return what it was. Raises NotFound."""
    row = conn.execute(
        text(f"DELETE FROM everycell.webhook WHERE id = :id RETURNING {_SHOWN}"),  # noqa: S608
        {"id": number},
    ).one_or_none()
    if row is None:
        raise _unknown(number)
    return _webhook(row)


def list_webhooks(conn: Connection) -> list[Webhook]:
    """All webhooks, the oldest first."""
    return [_webhook(row) for row in conn.execute(text(f"SELECT {_SHOWN} FROM everycell.webhook ORDER BY id"))]  # noqa: S608


def to_test(conn: Connection, number: int) -> tuple[Webhook, bytes]:
    """A webhook and its secret, for a message that its owner sends. Raises NotFound."""
    row = conn.execute(
        text(f"SELECT {_SHOWN}, secret FROM everycell.webhook WHERE id = :id"),  # noqa: S608
        {"id": number},
    ).one_or_none()
    if row is None:
        raise _unknown(number)
    *shown, secret = row
    return _webhook(shown), bytes(secret)


def revive(conn: Connection, number: int) -> None:
    """Send to a webhook again that was given up: what was committed from now on, after it is told to begin anew."""
    conn.execute(
        text(
            "UPDATE everycell.webhook SET dead_at = NULL, failing_since = NULL, attempts = 0, sending_to = NULL,"
            " position = 0, next_at = clock_timestamp() WHERE id = :id AND dead_at IS NOT NULL"
        ),
        {"id": number},
    )


# ---- as the service


def due(conn: Connection) -> list[Due]:
    """The webhooks that are to be looked at now. `conn` must have been told of everything (`ALL`)."""
    return [
        Due(row.id, row.url, bytes(row.secret), row.area, tuple(row.kinds), row.position, row.sending_to, row.attempts)
        for row in conn.execute(query("events/webhooks_due"))
    ]


def sends(conn: Connection, number: int, to: int) -> None:
    """A message up to a position is going to be sent."""
    conn.execute(text("SELECT everycell.webhook_sends(:id, :to)"), {"id": number, "to": to})


def done(conn: Connection, number: int, to: int, *, sent: bool) -> None:
    """All up to a position is answered, or, where nothing was `sent`, not for this webhook."""
    conn.execute(text("SELECT everycell.webhook_done(:id, :to, :sent)"), {"id": number, "to": to, "sent": sent})


def failed(conn: Connection, number: int, outcome: str, pause_s: float, *, gone: bool = False) -> bool:
    """A try has failed; the next one comes after a pause. True where the webhook is given up: it has failed for five
    days, or has said that it is `gone`."""
    values = {"id": number, "outcome": outcome, "pause_s": pause_s}
    given_up_after = timedelta(0) if gone else GIVEN_UP_AFTER
    return bool(conn.execute(query("events/webhook_failed"), {**values, "given_up_after": given_up_after}).scalar())


def _unknown(number: int) -> NotFound:
    return NotFound(f"webhook: there is no webhook {number}", field="webhook")


def _webhook(row: Any) -> Webhook:
    values = list(row)
    values[4] = tuple(values[4])
    return Webhook(*values)
