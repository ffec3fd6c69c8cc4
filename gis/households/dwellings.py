"""From dwellings, one a row, to doorplates and the households behind them. Pure; a million rows take seconds.

Rows share a doorplate if they give the same `doorplate_code`, or else the same address, or stand on one point (to
1e-7°, a centimetre). Codes that a file does not give are made from its content (county, address, unit), so that the
same file gives the same codes in any order of its rows, and importing it again changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.households.grouping import POINT_DEG, Far, Ints, Mask, Points, group_rows, main_rows
from gis.sentence import Sentence
from gis.storage.report import Reject

SAME_M: Final = 200.0
_TEXTS: Final = ("doorplate_code", "address", "code", "unit", "status", "source")
_AS_GIVEN: Final = ("interval_days", "registered_on", "reached_before", "contact_before")
# 32 characters that are not mistaken for each other when a code is read from paper.
ALPHABET: Final = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", dtype=np.uint8)
CODE_CHARS: Final = 12
_FAR: Final = {
    "doorplate_code": Sentence("row {row} has the same doorplate code, {metres:,.0f} m away"),
    "address": Sentence("row {row} has the same address, {metres:,.0f} m away"),
}
_SAME_UNIT: Final = Sentence("row {row} is the same unit of the same doorplate")
_PARTIAL: Final = re.compile(r"[0-9A-Za-z#-]+$")

Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Dwellings:
    """Doorplates, households and the rows that are neither.

    Doorplates: code, address, lon, lat, source, made (the code was made here, not given), row (its first row).
    Households: code, doorplate_code, unit, status, interval_days, registered_on, reached_before, contact_before, row.
    What the file does not say is null.
    """

    doorplates: pd.DataFrame
    households: pd.DataFrame
    rejects: list[Reject]


def split_dwellings(dwellings: pd.DataFrame, county: int, *, same_m: float = SAME_M) -> Dwellings:
    """Split the frame "dwellings" of docs/architecture.md (clean values, lon and lat in degrees).

    Rejected are rows whose address or doorplate_code stands more than `same_m` metres away, where more rows stand; a
    code that an earlier row has; and the same unit of one doorplate twice, without codes. Codes that do not begin with
    the six digits of `county` get them in front. An empty frame gives empty frames.
    """
    rows = _Rows.of(dwellings.reset_index(drop=True), f"{county:06}")
    given = pd.factorize(rows.text["doorplate_code"])[0].astype(np.int64)
    group, far = group_rows(given, rows.address, rows.points, same_m)
    rejects = [reject for each in far for reject in _too_far(each, rows.row)]
    doorplates = rows.doorplates(group)
    households = _refuse_repeated(rows.households(group, doorplates), rejects)
    households = _with_codes(households, rows.county)
    used = np.unique(households["door"].to_numpy(dtype=np.int64))
    rejects.sort(key=lambda reject: reject.row)
    return Dwellings(doorplates.iloc[used].reset_index(drop=True), households.drop(columns="door"), rejects)


def _too_far(far: Far, row: Ints) -> list[Reject]:
    return [
        Reject(number, far.what, _FAR[far.what].filled(row=main, metres=metres))
        for number, main, metres in zip(
            row[far.rows].tolist(), row[far.main].tolist(), far.metres.tolist(), strict=True
        )
    ]


@dataclass(frozen=True)
class _Rows:
    """The rows of a file as arrays."""

    frame: pd.DataFrame
    county: str
    row: Ints
    points: Points
    address: Ints
    text: dict[str, pd.Series[Any]]

    @classmethod
    def of(cls, frame: pd.DataFrame, county: str) -> _Rows:
        text = {name: _text(frame, name) for name in _TEXTS}
        return cls(
            frame,
            county,
            frame["row"].to_numpy(dtype=np.int64),
            Points.of(frame["lon"].to_numpy(dtype=np.float64), frame["lat"].to_numpy(dtype=np.float64)),
            pd.factorize(text["address"])[0].astype(np.int64),
            text,
        )

    def doorplates(self, group: Ints) -> pd.DataFrame:
        """One row a group, in the order of the groups."""
        main = main_rows(group, self.points)
        address, basis = self._addresses(group, main)
        given = _plain(self.text["doorplate_code"])[self._first_with(group, "doorplate_code", main)]
        made = np.array([code is None for code in given], dtype=bool)
        code = _prefixed(given, self.county)
        code[made] = made_codes(self.county, "doorplate", basis[made].tolist())
        first = np.full(len(main), len(self.row), dtype=np.int64)
        np.minimum.at(first, group[group >= 0], np.flatnonzero(group >= 0))
        columns = {
            "code": code,
            "address": address,
            "lon": np.round(self.points.x[main] * POINT_DEG, 7),
            "lat": np.round(self.points.y[main] * POINT_DEG, 7),
            "source": _plain(self.text["source"])[main],
            "made": made,
            "row": self.row[first],
        }
        return pd.DataFrame(columns)

    def _first_with(self, group: Ints, column: str, otherwise: Ints) -> Ints:
        """For every group its first row that has a value in `column`."""
        index = np.flatnonzero((group >= 0) & self.text[column].notna().to_numpy())
        found = np.full(len(otherwise), len(self.row), dtype=np.int64)
        np.minimum.at(found, group[index], index)
        return np.where(found < len(self.row), found, otherwise)

    def _addresses(self, group: Ints, main: Ints) -> tuple[Objects, Objects]:
        """The address of every group, and what its code is made from: its address (the least of several) or its point.

        Where the addresses of a group differ, because the unit is written into them, the group gets what they begin
        with in common.
        """
        index = np.flatnonzero((group >= 0) & (self.address >= 0))
        spread = pd.DataFrame({"group": group[index], "id": self.address[index], "at": index})
        spread = spread.drop_duplicates(["group", "id"])
        spread = spread.assign(text=_plain(self.text["address"])[spread["at"].to_numpy(dtype=np.int64)])
        several = spread["group"].duplicated(keep=False)
        x, y = self.points.x[main].tolist(), self.points.y[main].tolist()
        basis = np.array([f"{east} {north}" for east, north in zip(x, y, strict=True)], dtype=object)
        address = np.full(len(main), None, dtype=object)
        alone = spread[~several]
        address[alone["group"].to_numpy(dtype=np.int64)] = alone["text"].to_numpy(dtype=object)
        basis[alone["group"].to_numpy(dtype=np.int64)] = alone["text"].to_numpy(dtype=object)
        for number, texts in spread[several].groupby("group")["text"]:
            at, low = int(str(number)), min(texts)
            address[at], basis[at] = _common(low, max(texts)) or low, low
        return address, basis

    def households(self, group: Ints, doorplates: pd.DataFrame) -> pd.DataFrame:
        """One row a row that is in a group, in their order; `door` is the number of the doorplate."""
        index = np.flatnonzero(group >= 0)
        door = group[index]
        whole = doorplates["address"].to_numpy(dtype=object)[door]
        columns: dict[str, Any] = {
            "code": _prefixed(_plain(self.text["code"])[index], self.county),
            "doorplate_code": doorplates["code"].to_numpy(dtype=object)[door],
            "unit": _units(_plain(self.text["unit"])[index], _plain(self.text["address"])[index], whole),
            "status": _plain(self.text["status"])[index],
        }
        for name in _AS_GIVEN:
            given = self.frame[name].iloc[index].reset_index(drop=True) if name in self.frame else None
            columns[name] = np.full(len(index), None, dtype=object) if given is None else given
        return pd.DataFrame({**columns, "row": self.row[index], "door": door})


def _units(unit: Objects, address: Objects, whole: Objects) -> Objects:
    """The unit, or where there is none, what a row's address says beyond the address of its doorplate."""
    differs = np.flatnonzero((unit == None) & (address != None) & (address != whole))  # noqa: E711 - arrays
    unit = unit.copy()
    for at in differs.tolist():
        unit[at] = address[at].removeprefix(whole[at]).strip() or None
    return unit


def _refuse_repeated(households: pd.DataFrame, rejects: list[Reject]) -> pd.DataFrame:
    given = households["code"].notna().to_numpy(dtype=bool)
    households = _first_only(households, given, ["code"], Sentence("row {row} has the same code"), rejects)
    bare = (households["code"].isna() & households["unit"].notna()).to_numpy(dtype=bool)
    return _first_only(households, bare, ["doorplate_code", "unit"], _SAME_UNIT, rejects)


def _first_only(
    frame: pd.DataFrame, among: Mask, keys: list[str], same: Sentence, rejects: list[Reject]
) -> pd.DataFrame:
    """Of the rows marked in `among`, keep the first of those that are equal in `keys`."""
    chosen = frame.loc[among, [*keys, "row"]]
    repeated = chosen.duplicated(keys).to_numpy(dtype=bool)
    if not repeated.any():
        return frame
    firsts = chosen[~repeated].rename(columns={"row": "first"})
    for row, first in chosen[repeated].merge(firsts, on=keys)[["row", "first"]].to_numpy().tolist():
        rejects.append(Reject(row, keys[-1], same.filled(row=first)))
    kept = np.ones(len(frame), dtype=bool)
    kept[np.flatnonzero(among)[repeated]] = False
    return frame[kept].reset_index(drop=True)


def _with_codes(households: pd.DataFrame, county: str) -> pd.DataFrame:
    """Make the codes that were not given: from doorplate and unit, and a running number where those are alike."""
    missing = households["code"].isna().to_numpy(dtype=bool)
    if not missing.any():
        return households
    bare = households.loc[missing, ["doorplate_code", "unit"]].fillna({"unit": ""}).astype("str")
    turn = bare.groupby(["doorplate_code", "unit"], sort=False).cumcount().astype("str")
    contents = bare["doorplate_code"] + "\n" + bare["unit"] + "\n" + turn
    code = households["code"].to_numpy(dtype=object).copy()
    code[missing] = made_codes(county, "household", contents.tolist())
    return households.assign(code=code)


def _text(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    if name not in frame:
        return pd.Series(np.full(len(frame), None), dtype="str")
    return frame[name].astype("str")


def _plain(texts: pd.Series[Any]) -> Objects:
    """An array of str and None."""
    values: Objects = texts.to_numpy(dtype=object).copy()
    values[texts.isna().to_numpy(dtype=bool)] = None
    return values


def _prefixed(codes: Objects, county: str) -> Objects:
    """Codes with the county in front."""
    return np.array(
        [code if code is None or code.startswith(county) else f"{county}-{code}" for code in codes.tolist()],
        dtype=object,
    )


def _common(low: str, high: str) -> str:
    """What all texts between `low` and `high` begin with, not cut in the middle of a number."""
    shared = next((at for at, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    head = low[:shared]
    return head if head in (low, high) else _PARTIAL.sub("", head)


def made_codes(county: str, what: str, contents: list[str]) -> Objects:
    """A code for every text: county, '-', and 12 characters (60 bits) that depend on the text and on `what` only."""
    if not contents:
        return np.empty(0, dtype=object)
    person = what.encode("ascii")
    digests = b"".join(
        hashlib.blake2b(text.encode("utf-8"), digest_size=8, person=person).digest() for text in contents
    )
    numbers = np.frombuffer(digests, dtype=">u8").astype(np.uint64)
    shifts = np.arange(CODE_CHARS - 1, -1, -1, dtype=np.uint64) * np.uint64(5)
    letters = ALPHABET[((numbers[:, None] >> shifts) & np.uint64(31)).astype(np.int64)]
    codes = np.ascontiguousarray(letters).view(f"S{CODE_CHARS}").ravel().astype(str).tolist()
    return np.array([f"{county}-{code}" for code in codes], dtype=object)
