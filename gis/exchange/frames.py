"""From a table and its matched columns to the frames of docs/architecture.md, one function a kind.

Each returns the good rows only; the others are in `rejects`. Nothing is stored that is not in a frame.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from gis.batches import CLOCK_SKEW
from gis.codes import DIGITS, Level
from gis.crs import STORED_SRID
from gis.exchange import vocabulary
from gis.exchange.columns import Columns
from gis.exchange.places import Placed
from gis.exchange.rejects import Rejects
from gis.exchange.table import Table
from gis.households.dwellings import made_codes
from gis.sentence import Sentence
from gis.settings import Settings

_TEAM: Final = r"[A-Z0-9][A-Z0-9-]{0,19}"
_UUID: Final = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
# A place of worship is no key site under any category (DESIGN section 2, rule 03).
_WORSHIP: Final = (
    r"(?i)(?:教堂|礼拜堂|清真寺|寺院|寺庙|佛堂|道观|庙|庵|(?<![镇乡村路街])寺)$"
    r"|\b(?:church|chapel|cathedral|mosque|temple|monastery|synagogue)\b"
)


@dataclass(frozen=True)
class Terms:
    """What rows are judged by besides themselves."""

    settings: Settings
    now: datetime
    county: str | None = None

    @classmethod
    def of(cls, settings: Settings, county: str | None = None) -> Terms:
        return cls(settings, datetime.now(UTC), county)

    @property
    def today(self) -> Any:
        """The day it is in the time zone of the settings."""
        return self.now.astimezone(self.settings.zone).date()


def divisions(
    table: Table, columns: Mapping[str, str], placed: Placed, rejects: Rejects, terms: Terms
) -> gpd.GeoDataFrame:
    """Frame "divisions". National statistics codes of 12 digits lose the zeros that stand for the levels below."""
    col = Columns(table, columns, rejects)
    code = _national(
        col.code("code", pattern=r"[0-9]{6}|[0-9]{9}|[0-9]{12}", form=Sentence("is no code of 6, 9 or 12 digits"))
    )
    col.reject(code.isna(), "code", Sentence("is empty"))
    _refuse_other_county(code, col, terms)
    given = col.word("level", vocabulary.LEVEL)
    level = code.str.len().map({digits: level.value for level, digits in DIGITS.items()}).astype("str")
    col.reject(given.notna() & (given != level), "level", Sentence("does not fit the number of digits of the code"))
    frame = {"code": code, "name": col.text("name", required=True), "level": level, "source": col.text("source")}
    _refuse_repeated(frame["code"], col, rejects, "code")
    return _with_shapes(frame, table, placed, rejects)


def _national(code: pd.Series[Any]) -> pd.Series[Any]:
    full = code.str.len() == DIGITS[Level.village]
    county, town = (full & code.str.endswith(zeros, na=False) for zeros in ("000000", "000"))
    return code.mask(county, code.str[:6]).mask(town & ~county, code.str[:9])


def cells(table: Table, columns: Mapping[str, str], placed: Placed, rejects: Rejects, terms: Terms) -> gpd.GeoDataFrame:
    """Frame "cells". A cell without a name is called by the last three digits of its code."""
    col = Columns(table, columns, rejects)
    code = col.code("code", pattern=r"[0-9]{15}", form=Sentence("is no cell code of 15 digits"), required=True)
    _refuse_other_county(code, col, terms)
    village = col.code("village", pattern=r"[0-9]{12}", form=Sentence("is no village code of 12 digits"))
    col.reject(
        village.notna() & (village != code.str[:12]), "code", Sentence("does not begin with the code of its village")
    )
    emptied = col.day("confirmed_empty_on", terms.settings.zone, terms.today)
    frame = {
        "code": code,
        "village": code.str[:12],
        "name": col.text("name").fillna(code.str[12:]),
        "kind": col.word("kind", vocabulary.KIND, default="general"),
        "confirmed_empty_on": emptied.dt.date.where(emptied.notna(), None),
        "source": col.text("source"),
    }
    _refuse_repeated(code, col, rejects, "code")
    return _with_shapes(frame, table, placed, rejects)


def dwellings(table: Table, columns: Mapping[str, str], placed: Placed, rejects: Rejects, terms: Terms) -> pd.DataFrame:
    """Frame "dwellings"."""
    col = Columns(table, columns, rejects)
    zone, today = terms.settings.zone, terms.today
    reached, contact = (col.day(name, zone, today) for name in ("reached_before", "contact_before"))
    frame: dict[str, Any] = {
        "lon": placed.lon,
        "lat": placed.lat,
        "doorplate_code": col.code("doorplate_code"),
        "address": col.text("address"),
        "code": col.code("code"),
        "unit": col.text("unit", longest=100),
        "status": col.word("status", vocabulary.STATUS),
        "interval_days": col.whole("interval_days", 1, 3650),
        "registered_on": col.day("registered_on", zone, today),
        "reached_before": reached,
        "contact_before": contact.where(~(reached > contact), reached),
        "source": col.text("source"),
    }
    return _good(frame, table, rejects)


def visits(table: Table, columns: Mapping[str, str], rejects: Rejects, terms: Terms) -> pd.DataFrame:
    """Frame "visits". A visit without an id gets one made of household, time, team and purpose.

    So the same file, imported again, repeats the same visits. Codes of households get the county in front where they
    have none of their own (`terms.county`).
    """
    col = Columns(table, columns, rejects)
    household = col.code("household", required=True)
    if terms.county is not None:
        household = household.where(household.str.startswith(terms.county), terms.county + "-" + household)
    col.reject(
        ~household.str.fullmatch(r"[0-9]{6}.*", na=True),
        "household",
        Sentence("does not begin with the 6 digits of a county; say which with --county"),
    )
    at = col.instant("visited_at", terms.settings.zone)
    oldest = terms.settings.visits_taken_from(terms.now.astimezone(terms.settings.zone).date())
    col.reject(at > terms.now + CLOCK_SKEW, "visited_at", Sentence("lies in the future"))
    too_old = Sentence(
        "lies before {oldest}: visits are kept {months} months", oldest=oldest, months=terms.settings.visit_months
    )
    col.reject(at < datetime.combine(oldest, time(), terms.settings.zone), "visited_at", too_old)
    frame = {
        "id": _ids(col),
        "household": household,
        "visited_at": at,
        "outcome": col.required_word("outcome", vocabulary.OUTCOME),
        "team": _teams(col),
        "purpose": col.word("purpose", vocabulary.PURPOSE, default="routine"),
    }
    good = _with_ids(_good(frame, table, rejects))
    return _first_only(good, col, rejects, Sentence("row {row} is the same visit"))


def _ids(col: Columns, otherwise: Sentence | None = None) -> pd.Series[Any]:
    """Lower-case UUIDs; null where the file has none. `otherwise` says what is wrong with something else."""
    ids = col.text("id").str.lower().str.strip("{}")
    col.reject(~ids.str.fullmatch(_UUID, na=True), "id", otherwise or Sentence("is no UUID"))
    return ids


def _teams(col: Columns) -> pd.Series[Any]:
    team = col.text("team", required=True).str.upper()
    fits = team.str.fullmatch(_TEAM, na=True)
    col.reject(~fits, "team", Sentence("is no team code: A-Z, 0-9 and '-', at most 20 (never a name)"))
    return team


def _with_ids(frame: pd.DataFrame) -> pd.DataFrame:
    bare = frame["id"].isna().to_numpy(dtype=bool)
    if bare.any():
        at = frame.loc[bare, "visited_at"].dt.tz_localize(None).to_numpy(dtype="datetime64[s]").astype(np.int64)
        parts = zip(
            frame.loc[bare, "household"], at.tolist(), frame.loc[bare, "team"], frame.loc[bare, "purpose"], strict=True
        )
        ids = frame["id"].to_numpy(dtype=object).copy()
        ids[bare] = [_uuid_of("\n".join(map(str, part)), b"everycell visit") for part in parts]
        frame = frame.assign(id=ids)
    return frame


def _uuid_of(text: str, person: bytes) -> str:
    """A UUID (version 8: made by the application) of a text; `person` says what it is the id of."""
    plain = hashlib.blake2b(text.encode("utf-8"), digest_size=16, person=person).hexdigest()
    return f"{plain[:8]}-{plain[8:12]}-8{plain[13:16]}-8{plain[17:20]}-{plain[20:]}"


def _first_only(frame: pd.DataFrame, col: Columns, rejects: Rejects, same: Sentence) -> pd.DataFrame:
    repeated = frame["id"].duplicated().to_numpy(dtype=bool)
    if not repeated.any():
        return frame
    first = frame.drop_duplicates("id").set_index("id")["row"]
    reasons = [same.filled(row=row) for row in first[frame.loc[repeated, "id"]].tolist()]
    bad = np.zeros(len(rejects.rows), dtype=bool)
    bad[np.searchsorted(rejects.rows, frame.loc[repeated, "row"].to_numpy(dtype=np.int64))] = True
    rejects.add_each(bad, "id" if "id" in col else None, reasons)
    return frame[~repeated].reset_index(drop=True)


def disputes(
    table: Table, columns: Mapping[str, str], placed: Placed | None, rejects: Rejects, terms: Terms
) -> pd.DataFrame:
    """Frame "disputes" of county `terms.county`, each with a place or a cell. A case without an id gets one made of its
    number: never of its place, which could be found out from it."""
    col = Columns(table, columns, rejects)
    number, cell = (
        col.code("number"),
        col.code("cell", pattern=r"[0-9]{15}", form=Sentence("is no code of a cell: 15 digits")),
    )
    at = col.instant("reported_at", terms.settings.zone)
    oldest = terms.settings.disputes_kept_from(terms.now.astimezone(terms.settings.zone).date())
    col.reject(at > terms.now + CLOCK_SKEW, "reported_at", Sentence("lies in the future"))
    too_old = Sentence(
        "lies before {oldest}: cases are kept {months} months", oldest=oldest, months=terms.settings.dispute_months
    )
    col.reject(at < datetime.combine(oldest, time(), terms.settings.zone), "reported_at", too_old)
    if placed is None:
        col.reject(cell.isna(), "cell", Sentence("is empty, and the file has no places"))
    given = _ids(col, Sentence("is no UUID; a number of your own goes into a column number (案件编号)"))
    col.reject(
        given.isna() & number.isna(),
        "id",
        Sentence("has neither an id nor a number: imported again it would be another"),
    )
    nowhere = np.full(len(table.rows), np.nan)
    frame: dict[str, Any] = {
        "id": given.where(given.notna(), number.map(lambda each: _case_id(terms.county, each), na_action="ignore")),
        "category": col.required_word("category", vocabulary.CASE_CATEGORY),
        "channel": col.word("channel", vocabulary.CHANNEL, default="reported"),
        "level": col.word("level", vocabulary.CASE_LEVEL, default="cell"),
        "reported_at": at,
        "cell": cell,
        "lon": nowhere if placed is None else placed.lon,
        "lat": nowhere if placed is None else placed.lat,
    }
    return _first_only(_good(frame, table, rejects), col, rejects, Sentence("row {row} is the same case"))


def _case_id(county: str | None, number: object) -> str:
    return _uuid_of(f"{county}\n{number}", b"everycell case")


def sites(table: Table, columns: Mapping[str, str], placed: Placed, rejects: Rejects, terms: Terms) -> pd.DataFrame:
    """Frame "sites" of county `terms.county`. A site without a code gets one made of its name, category and address."""
    col = Columns(table, columns, rejects)
    county = terms.county or ""
    name = col.text("name", required=True, longest=100)
    col.reject(
        name.str.contains(_WORSHIP, na=False), "name", Sentence("is a place of worship, which is never a key site")
    )
    category = col.required_word("category", vocabulary.CATEGORY)
    address, given = col.text("address"), col.code("code")
    frame: dict[str, Any] = {
        "code": given.where(given.str.startswith(county, na=True), county + "-" + given),
        "name": name,
        "category": category,
        "address": address,
        "lon": placed.lon,
        "lat": placed.lat,
        "check_interval_days": col.whole("check_interval_days", 1, 3650),
        "last_checked_on": col.day("last_checked_on", terms.settings.zone, terms.today),
        "source": col.text("source"),
    }
    bare = given.isna().to_numpy(dtype=bool) & rejects.good
    where = address.fillna(pd.Series([f"{x:.4f} {y:.4f}" for x, y in zip(placed.lon, placed.lat, strict=True)]))
    parts = (category.fillna("") + "\n" + name.fillna("") + "\n" + where)[bare]
    code = frame["code"].to_numpy(dtype=object).copy()
    code[bare] = made_codes(county, "site", parts.tolist())
    frame["code"] = pd.Series(code, dtype="str")
    _refuse_repeated(frame["code"], col, rejects, "code")
    return _good(frame, table, rejects)


def _refuse_other_county(code: pd.Series[Any], col: Columns, terms: Terms) -> None:
    if terms.county is not None:
        inside = code.str.startswith(terms.county, na=True)
        col.reject(
            ~inside,
            "code",
            Sentence("does not begin with {county}, the county that was asked for", county=terms.county),
        )


def _refuse_repeated(code: pd.Series[Any], col: Columns, rejects: Rejects, name: str) -> None:
    """Reject every good row whose code an earlier good row has, naming that row."""
    among = rejects.good & code.notna().to_numpy(dtype=bool)
    repeated = np.zeros(len(code), dtype=bool)
    repeated[among] = code[among].duplicated().to_numpy(dtype=bool)
    if repeated.any():
        first = pd.Series(rejects.rows[among], index=code[among].to_numpy(dtype=object)).groupby(level=0).first()
        reasons = [
            Sentence("row {row} has the same code", row=row)
            for row in first.reindex(code[repeated].to_numpy(dtype=object)).tolist()
        ]
        rejects.add_each(repeated, name, reasons)


def _good(frame: Mapping[str, Any], table: Table, rejects: Rejects) -> pd.DataFrame:
    whole = pd.DataFrame({"row": table.rows, **frame})
    return whole[rejects.good].reset_index(drop=True)


def _with_shapes(frame: Mapping[str, Any], table: Table, placed: Placed, rejects: Rejects) -> gpd.GeoDataFrame:
    assert placed.shapes is not None  # noqa: S101 - polygons() always has them
    return gpd.GeoDataFrame(_good({**frame, "geometry": placed.shapes}, table, rejects), crs=STORED_SRID)
