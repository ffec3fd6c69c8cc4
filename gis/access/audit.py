"""The audit: who did what, when, from where, in which area. Append-only, and every entry seals the one before it.

The hash of an entry is the SHA-256 of the hash before it and of everything the entry says; the first entry of a day
follows the last of the day before. So `verify` finds an entry that was changed, removed, inserted or put elsewhere,
also by somebody who may do everything in the database.

What a chain alone cannot show: that its end was cut off, and that somebody wrote all of it anew from some entry on,
with hashes that fit. Against both helps a hash that was written down elsewhere: `everycell audit verify` prints the
last one, and `everycell audit verify --hash HASH` tells later whether that entry is still in the chain. Do so as often
as it would matter, once a day say, on a machine that the administrators of this one cannot write to.
"""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from gis.errors import BadInput
from gis.sentence import Sentence
from gis.storage.queries import query


class Action(StrEnum):
    """What is audited. A closed list: what is not here is not noted, and a new thing to note is added here first."""

    sign_in = "sign_in"
    sign_in_refused = "sign_in_refused"
    sign_out = "sign_out"
    read_doors = "read_doors"
    export = "export"
    record_visits = "record_visits"
    dispute_register = "dispute_register"
    dispute_change = "dispute_change"
    dispute_revisit = "dispute_revisit"
    dispute_publish = "dispute_publish"  # counts of cases of a month that is over
    patrol_team = "patrol_team"  # a team written or removed
    patrol_plan = "patrol_plan"  # a plan asked for, or searched again
    patrol_change = "patrol_change"
    patrol_cancel = "patrol_cancel"
    patrol_link = "patrol_link"  # a link for the phone of a team
    patrol_tick = "patrol_tick"
    alarm_acknowledge = "alarm_acknowledge"
    alarm_shelve = "alarm_shelve"
    import_ = "import"
    round_open = "round_open"
    round_close = "round_close"
    account_add = "account_add"
    account_password = "account_password"  # noqa: S105 - a word for what was done
    account_disable = "account_disable"
    account_enable = "account_enable"
    grant_add = "grant_add"
    grant_remove = "grant_remove"
    token_add = "token_add"  # noqa: S105
    token_revoke = "token_revoke"  # noqa: S105
    webhook_add = "webhook_add"
    webhook_remove = "webhook_remove"
    webhook_test = "webhook_test"
    webhook_dead = "webhook_dead"  # not answered for days: nothing is sent to it any more
    place_add = "place_add"
    place_change = "place_change"
    place_remove = "place_remove"
    changeset_open = "changeset_open"
    changeset_abandon = "changeset_abandon"
    changeset_schedule = "changeset_schedule"
    changeset_publish = "changeset_publish"
    changeset_undo = "changeset_undo"
    changeset_return = "changeset_return"  # what was scheduled could not be carried out, and is a draft again
    direct_edit = "direct_edit"  # of cells, doorplates, households, sites, in QGIS: written by triggers
    direct_read = "direct_read"  # of doorplates, households, sites, by SQL: written by their row policies
    qgis_user_add = "qgis_user_add"
    qgis_user_remove = "qgis_user_remove"
    retention = "retention"
    check = "check"
    demo = "demo"


Detail = Mapping[str, int | float | str | Sequence[str] | None]

_FETCH: Final = 2_000
_AREAS: Final = re.compile(r"([0-9]{6}([0-9]{3}){0,3}(,|$))*", re.ASCII)
# One word of ASCII: a format, a version, a day, an area, a role, a sign-in name. No address fits, and no sentence.
_WORD: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._@+-]{0,63})?", re.ASCII)
# The two that are words and must not get in: codes of doors, households and rounds, and the ids of visits.
_CODE_OR_ID: Final = re.compile(r"[0-9]{6}-.*|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_WHYS: Final = {
    "missing": Sentence("entries before it are missing"),
    "changed": Sentence("it was changed, or the entry before it was changed, removed or put elsewhere"),
    "time": Sentence("its time does not follow that of the entry before it"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit. `day` is that of `at` in UTC, `seq` counts from 1 within it, `hash` is hexadecimal."""

    day: date
    seq: int
    at: datetime
    who: str
    source: str
    action: str
    area: str
    detail: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """An entry that does not follow from the one before it, and why, in words."""

    day: date
    seq: int
    why: Sentence


def note(
    conn: Connection, *, who: str, source: str, action: Action, area: str = "", detail: Detail | None = None
) -> None:
    """Append an entry in the caller's transaction, as its LAST statement: the order of entries is that of their
    commits, so everybody who notes waits from here to the end of the transaction.

    `who` is "account:LOGIN", "token:ID LABEL", "shell:USER", "service" or "nobody"; `area` one or several codes with
    commas between, empty where it is about none or all. `detail` tells only counts, areas, formats, days, versions and
    sign-in names: ValueError for anything longer than a word, codes below the cell and ids (a bug, not bad input).
    """
    conn.execute(
        query("access/note"),
        {
            "who": who,
            "source": source,
            "action": action.value,
            "area": _checked_area(area),
            "detail": json.dumps(_checked(detail or {})),
        },
    )


def note_shell(conn: Connection, action: Action, area: str = "", detail: Detail | None = None) -> None:
    """`note` for a command that somebody with a shell on this machine has given."""
    note(conn, who=shell_user(), source="shell", action=action, area=area, detail=detail)


def shell_user() -> str:
    """Who gives commands in this shell: "shell:" and the name the system knows."""
    try:
        return f"shell:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user need not have a name
        return f"shell:{os.getuid()}"


def _checked_area(area: str) -> str:
    if not _AREAS.fullmatch(area):
        raise ValueError(f"audit: {area!r} is no list of areas")
    return area


def _checked(detail: Detail) -> Detail:
    for key, value in detail.items():
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, (list, tuple)):
            continue
        for word in words:
            if not _WORD.fullmatch(word) or _CODE_OR_ID.fullmatch(word):
                raise ValueError(f"audit: {key} must be a word that tells nothing of a door or a visit")
    return detail


def verify(conn: Connection, day: date | None = None) -> list[Break]:
    """Recompute the chain, of all days or of one; every entry that does not follow, in order. None: the chain holds.

    Of one day, its first entry is held against the last one before it. Only the owner of the tables may. See above for
    what a chain that holds does not prove.
    """
    found = conn.execute(query("access/audit_breaks"), {"day": day})
    return [Break(row.day, row.seq, _WHYS[row.why]) for row in found]


def find(conn: Connection, hash: str) -> Entry | None:
    """The entry with this hash (64 hexadecimal digits), None where there is none. BadInput where it is no hash."""
    if not re.fullmatch(r"[0-9a-fA-F]{64}", hash):
        raise BadInput("--hash: must be 64 hexadecimal digits, as `everycell audit verify` prints them", field="--hash")
    row = conn.execute(query("access/audit_find"), {"hash": bytes.fromhex(hash)}).one_or_none()
    return None if row is None else Entry(*row)


def latest(conn: Connection, number: int) -> list[Entry]:
    """The last entries, oldest first. Empty where nothing has been noted."""
    return [Entry(*row) for row in conn.execute(query("access/audit_latest"), {"number": number})]


def export(conn: Connection, first: date | None = None, last: date | None = None) -> Iterator[Entry]:
    """The entries from one day to another (both included, UTC; None: from the beginning, to the end), in order.

    Read through a server-side cursor: memory does not grow with the list.
    """
    options = {"stream_results": True, "yield_per": _FETCH}
    values = {"first": first, "last": last}
    with conn.execute(query("access/audit_entries"), values, execution_options=options) as result:
        for row in result:
            yield Entry(*row)
