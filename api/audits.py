"""What the audit says of reading: who saw doors of which villages.

Lists and exports are noted one by one. Tiles, pages of items and searches come by the hundred while somebody moves a
map: of these one entry a village, kind and hour says that they were read. It is written before the answer goes out.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from starlette.types import Scope

from api.requests import caller_of
from gis.access.audit import Action, Detail, note
from gis.access.sessions import Caller
from gis.codes import DIGITS, Level
from gis.storage.engine import Store

_HOUR_S: Final = 3600
_MOST: Final = 100_000
_VILLAGE: Final = DIGITS[Level.village]


@dataclass(frozen=True, slots=True)
class DoorRead:
    """What an answer shows of doors: `kind` (a collection, or search) and the villages they stand in."""

    kind: str
    villages: tuple[str, ...]


def villages_of(cells: Iterable[int | str]) -> tuple[str, ...]:
    """The villages of some cells, sorted, each once."""
    return tuple(sorted({f"{cell:015}"[:_VILLAGE] if isinstance(cell, int) else cell[:_VILLAGE] for cell in cells}))


def source_of(scope: Scope) -> str:
    """From where a request came: the client's address, `local` where it has none, `unknown` for what is no address.

    A proxy on this machine tells the address in a header (X-Forwarded-For), and what stands there may be anything.
    """
    client = scope.get("client")
    if not client:
        return "local"
    host: str = client[0].partition("%")[0]  # the interface of a local IPv6 address is free text
    try:
        return str(ip_address(host))
    except ValueError:
        return "unknown"


class Audits:
    """Writes into the audit for one worker. Safe for several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted: OrderedDict[tuple[str, str, str, str, int], None] = OrderedDict()
        self._lock = threading.Lock()

    def unnoted(self, scope: Scope, read: DoorRead) -> list[str]:
        """The villages of which this hour has no entry yet that this caller, from there, read this kind."""
        caller, source = caller_of(scope), source_of(scope)
        with self._lock:
            return [v for v in read.villages if (caller.who, source, read.kind, v, _hour()) not in self._noted]

    def note_read(self, scope: Scope, read: DoorRead) -> None:
        """Note a read of doors, where this hour has no entry for it yet."""
        new = self.unnoted(scope, read)
        if not new:
            return
        caller, source = caller_of(scope), source_of(scope)
        self.note(scope, Action.read_doors, {"kind": read.kind, "villages": new}, area=_common(new))
        with self._lock:
            for village in new:
                self._noted[caller.who, source, read.kind, village, _hour()] = None
            while len(self._noted) > _MOST:
                self._noted.popitem(last=False)

    def note(self, scope: Scope, action: Action, detail: Detail, *, area: str = "") -> None:
        """One entry, in a transaction of its own."""
        caller: Caller = caller_of(scope)
        with self._store.begin() as conn:
            note(conn, who=caller.who, source=source_of(scope), action=action, area=area, detail=detail)


def _hour() -> int:
    return int(time.time() // _HOUR_S)


def _common(codes: list[str]) -> str:
    """The smallest area that all lie in: the longest code of a level that they share."""
    shared = next((n for n in sorted(DIGITS.values(), reverse=True) if len({c[:n] for c in codes}) == 1), 0)
    return codes[0][:shared]
