"""Doorplates and households edited one at a time: what the service may do, in the areas of the right `places`.

A household stands at its doorplate: its point and address are the doorplate's, and whoever changes them changes the
doorplate, with every household behind it. The caller owns the transaction, and has told it a scope; what lies outside
it is as unknown as what does not exist. Points are (lon, lat) in degrees, EPSG:4490.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, text

from gis.cells.naming import check_text
from gis.errors import BadInput, PersonalData
from gis.exchange.personal_names import looks_like_a_name
from gis.households.dwellings import ALPHABET, CODE_CHARS
from gis.storage.queries import query

LonLat = tuple[float, float]
_CODE: Final = re.compile(r"[0-9]{6}-[0-9A-Za-z-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Doorplate:
    """What of a doorplate can be edited."""

    address: str | None
    point: LonLat


@dataclass(frozen=True, slots=True)
class Household:
    """What of a household itself can be edited. `doorplate` is the id of the one it stands at."""

    doorplate: int
    unit: str | None
    status: str
    interval_days: int
    registered_on: date


def check_unit(unit: str | None) -> None:
    """Refuse a unit that is none, or looks personal. Raises BadInput, PersonalData."""
    if unit is None:
        return
    check_text(unit, "unit")
    if looks_like_a_name(unit):
        raise PersonalData(
            "{field}: looks personal: everycell keeps places, not people; nothing was stored", field="unit"
        )


def check_address(address: str | None) -> None:
    """Refuse an address that is none, or looks personal. Raises BadInput, PersonalData."""
    if address is not None:
        check_text(address, "address")


def new_code(county: int) -> str:
    """A code that nothing has: the county and 60 random bits, written as the codes that an import makes."""
    letters = ALPHABET.tobytes().decode("ascii")
    return f"{county:06}-" + "".join(secrets.choice(letters) for _ in range(CODE_CHARS))


def checked_code(code: str, county: int) -> str:
    """A code that somebody gives to something new. Raises BadInput where it is none of the county, PersonalData where
    it looks personal."""
    if not _CODE.fullmatch(code) or not code.startswith(f"{county:06}-"):
        raise BadInput("code: must be {county:06}- and 1 to 40 letters, digits or hyphens", county=county, field="code")
    check_text(code, "code")
    return code


def county_at(conn: Connection, counties: Sequence[int], point: LonLat) -> int | None:
    """The county of these in whose outline a point lies, None where it lies in none."""
    values = {"counties": list(counties), "lon": point[0], "lat": point[1]}
    found: int | None = conn.execute(query("cells/county_at"), values).scalar()
    return found


# ---- doorplates


def hold_doorplate(conn: Connection, county: int, id: int) -> bool:
    """Keep others from changing a doorplate until the transaction ends; False where there is none."""
    call = text("SELECT everycell.hold_doorplate(:county, :id)")
    return conn.execute(call, {"county": county, "id": id}).scalar() is not None


def add_doorplate(conn: Connection, county: int, code: str, door: Doorplate) -> int:
    """A new doorplate; its id."""
    check_address(door.address)
    call = text("SELECT everycell.add_doorplate(:county, :code, :address, :lon, :lat)")
    return int(conn.execute(call, {"county": county, "code": code, **_placed(door)}).scalar_one())


def write_doorplate(conn: Connection, county: int, id: int, door: Doorplate) -> None:
    """Give a doorplate that is held another address or point; the households behind it go with it."""
    check_address(door.address)
    call = text("SELECT everycell.write_doorplate(:county, :id, :address, :lon, :lat)")
    conn.execute(call, {"county": county, "id": id, **_placed(door)})


def remove_doorplate(conn: Connection, county: int, id: int) -> None:
    """End a doorplate that is held. The database refuses it (EC002) while households stand behind it."""
    conn.execute(text("SELECT everycell.remove_doorplate(:county, :id)"), {"county": county, "id": id})


def doorplate_at(conn: Connection, county: int, point: LonLat, address: str | None) -> int | None:
    """The id of the doorplate on a point (to 1e-7 degrees, a centimetre), with this address or, for None, any; None
    where there is none."""
    values = {"county": county, "lon": point[0], "lat": point[1], "address": address}
    found: int | None = conn.execute(query("households/doorplate_at"), values).scalar()
    return found


def doorplate_of(conn: Connection, county: int, id: int) -> Doorplate:
    """The doorplate of an id. Raises BadInput naming `doorplate` where there is none that the caller may see."""
    row = conn.execute(
        text("SELECT address, ST_X(geom), ST_Y(geom) FROM everycell.doorplate WHERE county = :county AND id = :id"),
        {"county": county, "id": id},
    ).one_or_none()
    if row is None:
        raise no_doorplate(id)
    return Doorplate(row[0], (row[1], row[2]))


def no_doorplate(id: int) -> BadInput:
    """The error for a doorplate that is not there, or not the caller's."""
    return BadInput("doorplate: there is no doorplate {id}", id=id, field="doorplate")


def _placed(door: Doorplate) -> dict[str, object]:
    return {"address": door.address, "lon": door.point[0], "lat": door.point[1]}


# ---- households


def hold_household(conn: Connection, county: int, code: str, other_doorplate: int | None = None) -> bool:
    """Keep others from changing a household, its doorplate and another one until the transaction ends; False where
    there is no such household."""
    call = text("SELECT everycell.hold_household(:county, :code, :other)")
    return conn.execute(call, {"county": county, "code": code, "other": other_doorplate}).scalar() is not None


def add_household(conn: Connection, county: int, code: str, household: Household) -> None:
    """A new household, never reached. Raises BadInput where there is no such doorplate."""
    _write(conn, "add_household", county, code, household)


def write_household(conn: Connection, county: int, code: str, household: Household) -> None:
    """Edit a household that is held. Raises BadInput where there is no such doorplate."""
    _write(conn, "write_household", county, code, household)


def remove_household(conn: Connection, county: int, code: str) -> None:
    """End a household that is held. The database refuses it (EC002) where it was ever visited."""
    conn.execute(text("SELECT everycell.remove_household(:county, :code)"), {"county": county, "code": code})


def _write(conn: Connection, function: str, county: int, code: str, household: Household) -> None:
    check_unit(household.unit)
    call = text(f"SELECT everycell.{function}(:county, :code, :doorplate, :unit, :status, :interval_days, :since)")
    values = {slot: getattr(household, slot) for slot in Household.__slots__}
    values |= {"county": county, "code": code, "since": values.pop("registered_on")}
    if conn.execute(call, values).scalar() is None:
        raise no_doorplate(household.doorplate)
