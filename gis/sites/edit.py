"""Key sites edited one at a time, in the areas of the right `places`. As in `gis.households.places`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from gis.cells.naming import check_text
from gis.households.places import check_address
from gis.sites.categories import Category


@dataclass(frozen=True, slots=True)
class Site:
    """What of a key site can be edited. `point` is (lon, lat) in degrees, EPSG:4490."""

    name: str
    category: Category
    address: str | None
    point: tuple[float, float]
    check_interval_days: int
    last_checked_on: date | None


def hold_site(conn: Connection, county: int, code: str) -> bool:
    """Keep others from changing a site until the transaction ends; False where there is none."""
    call = text("SELECT everycell.hold_site(:county, :code)")
    return conn.execute(call, {"county": county, "code": code}).scalar() is not None


def add_site(conn: Connection, county: int, code: str, site: Site) -> None:
    """A new site. Raises BadInput, PersonalData for a name or an address that is none, or looks personal."""
    _write(conn, "add_site", county, code, site)


def write_site(conn: Connection, county: int, code: str, site: Site) -> None:
    """Edit a site that is held. Raises as `add_site` does."""
    _write(conn, "write_site", county, code, site)


def remove_site(conn: Connection, county: int, code: str) -> None:
    """End a site that is held."""
    conn.execute(text("SELECT everycell.remove_site(:county, :code)"), {"county": county, "code": code})


def _write(conn: Connection, function: str, county: int, code: str, site: Site) -> None:
    check_text(site.name, "name")
    check_address(site.address)
    values = {
        "county": county,
        "code": code,
        "name": site.name,
        "category": site.category,
        "address": site.address,
        "lon": site.point[0],
        "lat": site.point[1],
        "days": site.check_interval_days,
        "last": site.last_checked_on,
    }
    call = f"everycell.{function}(:county, :code, :name, :category, :address, :lon, :lat, :days, :last)"
    conn.execute(text(f"SELECT {call}"), values)
