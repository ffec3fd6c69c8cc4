"""Codes of cells: the next one of a village that was never used; and what an operation may say of codes and names."""

from __future__ import annotations

import re
from typing import Final

import pandas as pd
import shapely
from sqlalchemy import Connection, text

from gis.cells.editing.issues import Issue, Refused
from gis.cells.editing.operations import Create, MoveToVillage, Operation, Recut
from gis.cells.numbering import free_codes
from gis.errors import BadInput, NotFound, PersonalData
from gis.exchange.headers import Kind
from gis.exchange.personal import find_personal
from gis.storage.queries import query

LONGEST_TITLE: Final = 100


class Codes:
    """The codes of a county's villages, read as they are asked for. Whoever assigns some holds `lock_codes`."""

    def __init__(self, conn: Connection, county: int) -> None:
        self._conn, self._county = conn, county
        self._used: dict[str, set[str]] = {}

    def used(self, village: str) -> set[str]:
        """Every code of a village that is or was in use, or that a draft keeps for a cell it would make."""
        if village not in self._used:
            found = self._conn.execute(query("cells/codes_used"), {"county": self._county, "village": village})
            self._used[village] = set(found.scalars())
        return self._used[village]

    def next(self, village: str) -> str:
        """The code after the last one of a village, or the first that is left where the last is 999; it is used from
        now on. Raises BadInput where the village has none left."""
        used = self.used(village)
        code = next(free_codes(village, used))
        used.add(code)
        return code

    def take(self, code: str) -> None:
        """Use a code that an operation names. Raises Refused where it is or was in use."""
        used = self.used(code[:12])
        if code in used:
            raise Refused([Issue("CODE_TAKEN", "code-taken", (code,), shapely.Point())])
        used.add(code)


def check_operation(conn: Connection, area: str, op: Operation, codes: Codes) -> None:
    """Look at what an operation says of codes, villages and names, before it is applied.

    Raises BadInput where the village lies outside the area, NotFound where there is no such village, Refused where a
    code was used before, PersonalData where a name looks personal.
    """
    if isinstance(op, Create | MoveToVillage):
        _check_village(conn, area, op.village)
    for made in op.pieces if isinstance(op, Recut) else (op,):
        code, name = getattr(made, "code", None), getattr(made, "name", None)
        if code is not None and not (isinstance(op, Recut) and code in op.cells):
            codes.take(code)
        if name:
            check_text(name, "name")


def _check_village(conn: Connection, area: str, village: str) -> None:
    if not village.startswith(area):
        raise BadInput(
            "village: {village} lies outside {area}, of which the change set is",
            village=village,
            area=area,
            field="village",
        )
    found = text("SELECT EXISTS (SELECT FROM everycell.division WHERE code = :code)")
    if not conn.execute(found, {"code": village}).scalar():
        raise NotFound("village: there is no village {village}", village=village, field="village")


def check_text(value: str, field: str) -> None:
    """Refuse a title or name that is none, or that looks personal: the service knows places, not people.

    Raises BadInput, PersonalData.
    """
    if not value.isprintable() or not 0 < len(value.strip()) <= LONGEST_TITLE:
        raise BadInput(
            "{field}: must be a text of 1 to {most} printable characters",
            most=LONGEST_TITLE,
            field=field,
        )
    if find_personal(pd.DataFrame({field: [value]}), Kind.cells) is not None or _LONG_NUMBER.search(value):
        raise PersonalData(
            "{field}: looks personal: everycell keeps places, not people; nothing was stored", field=field
        )


# Nothing that a cell or a change set is called has so many digits, but for the code of a cell.
_LONG_NUMBER: Final = re.compile(r"(?<![0-9])(?![0-9]{12}(?![0-9])|[0-9]{15}(?![0-9]))[0-9]{11,}")
