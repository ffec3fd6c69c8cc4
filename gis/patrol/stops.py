"""Stops from the work: doors with households that wait, key sites to be checked, places to be visited again, and what
the last plan missed. Of an area, the longest wait first; nothing is left out silently. What stands in another plan of
the day is left to that, unless asked for.

Whoever calls has told the transaction a scope: doors and sites need its right `doors`, what was missed `patrols`, and
revisits are proposed only where its right `cases` holds (`cases=True`), at their snap point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from heapq import merge
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection

from gis.codes import DIGITS, Level, county_of
from gis.disputes import revisits
from gis.patrol.request import Because, Kind
from gis.patrol.tiers import Service, Wanted, points_of, tier_of
from gis.storage.queries import query

MISSED_DAYS: Final = 14  # what was missed longer ago waits like all else
_FETCH: Final = 2_000
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Unit:
    """A household that waits behind a doorplate."""

    code: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stop as it is proposed. `lon`, `lat` are degrees (EPSG:4490); `days` past its date (None: it has none);
    `units` of a doorplate only. One of `doorplate`, `site`, (`dispute`, `revisit`) tells what it is about, by
    `kind`."""

    key: str
    kind: Kind
    lon: float
    lat: float
    cell: str | None
    because: Because
    days: int | None
    tier: int
    points: int
    service_s: int
    skills: tuple[str, ...] = ()
    doorplate: int | None = None
    site: str | None = None
    dispute: UUID | None = None
    revisit: int | None = None
    address: str | None = None
    name: str | None = None
    category: str | None = None
    units: tuple[Unit, ...] | None = None
    windows: tuple[tuple[int, int], ...] = ()

    @property
    def households(self) -> int | None:
        """How many households wait there; None where it is no doorplate."""
        return None if self.units is None else len(self.units)

    @property
    def order(self) -> tuple[int, int, str]:
        """What comes first: the tier, then the longest wait."""
        return self.tier, -(self.days if self.days is not None else -1), self.key


@dataclass(frozen=True)
class Ask:
    """What stops are asked for: of an area, on a day, with or without revisits."""

    area: str
    on: date
    wanted: Wanted = field(default_factory=Wanted)
    service: Service = field(default_factory=Service)
    cases: bool = False


@dataclass(frozen=True)
class Missed:
    """What was missed: ids, codes and numbers, and places that the leader had chosen."""

    doors: frozenset[int] = frozenset()
    sites: frozenset[str] = frozenset()
    revisits: frozenset[tuple[UUID, int]] = frozenset()
    places: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Totals:
    """How many stops there are of each kind in each tier; `unplaced` revisits have no place that may be told, and so
    many stops are not counted as they stand `elsewhere`, in another plan of the day."""

    numbers: Mapping[Kind, Mapping[int, int]]
    unplaced: int = 0
    elsewhere: int = 0

    def of(self, wanted: Wanted) -> int:
        """How many of what is asked for, however many are taken."""
        return sum(
            number
            for kind, tiers in self.numbers.items()
            for tier, number in tiers.items()
            if kind in wanted.kinds and tier in wanted.tiers
        )


def key_of(kind: Kind, what: object) -> str:
    """The key of a stop: the same for the same door, site, revisit or place, in every plan."""
    if kind is Kind.doorplate:
        return f"D{what}"
    return {Kind.site: "S", Kind.revisit: "R", Kind.place: "P"}[kind] + sha256(str(what).encode()).hexdigest()[:12]


class Proposal:
    """What is to be done in an area: totals, and the stops one by one. Reads in the caller's transaction."""

    def __init__(self, conn: Connection, ask: Ask) -> None:
        self._conn = conn
        self._ask = ask
        self._values: dict[str, Any] = {
            "counties": [county_of(ask.area, field="area")],
            "on": ask.on,
            "first_cell": ask.area.ljust(DIGITS[Level.cell], "0"),
            "last_cell": ask.area.ljust(DIGITS[Level.cell], "9"),
        }
        self.missed = self._missed()
        self._values["missed"] = sorted(self.missed.doors)
        taken = self._taken()
        self._values["taken"] = sorted(door for door in taken.values() if door is not None)
        few, self._unplaced = self._all_but_doors()
        self._few = [one for one in few if one.key not in taken]
        self._door_days, doors_taken = self._days_of_doors()
        self._elsewhere = len(few) - len(self._few) + doors_taken

    @property
    def totals(self) -> Totals:
        """Of everything, whatever kinds and tiers are asked for."""
        numbers: dict[Kind, Counter[int]] = {kind: Counter() for kind in Kind}
        for one in self._few:
            numbers[one.kind][one.tier] += 1
        for due_on, doors in self._door_days.items():
            numbers[Kind.doorplate][self._tier_of_door(due_on)] += doors
        return Totals(numbers, self._unplaced, self._elsewhere)

    def stops(self) -> Iterator[Candidate]:
        """Those that are asked for, the first first; the cursor of the doors is open until the end."""
        wanted = self._ask.wanted
        few = [one for one in self._few if one.kind in wanted.kinds and one.tier in wanted.tiers]
        doors = self._doors() if Kind.doorplate in wanted.kinds else iter(())
        yield from islice(merge(sorted(few, key=_order), doors, key=_order), wanted.most)

    # ---- doors

    def _days_of_doors(self) -> tuple[dict[date, int], int]:
        """How many doors are to be proposed, by day, and how many stand in another plan."""
        rows = self._conn.execute(query("patrol/door_days"), self._values).all()
        return {row.due_on: row.doors for row in rows if row.doors}, sum(row.taken for row in rows)

    def _days_past(self, due_on: date) -> int | None:
        days = (self._ask.on - due_on).days
        return days if days >= 0 else None

    def _tier_of_door(self, due_on: date) -> int:
        return tier_of(Kind.doorplate, Because.overdue, self._days_past(due_on))

    def _doors(self) -> Iterator[Candidate]:
        tiers = self._ask.wanted.tiers
        days = [due_on for due_on in self._door_days if self._tier_of_door(due_on) in tiers]
        fresh = tier_of(Kind.doorplate, Because.never_reached, None) in tiers
        yield from self._read_doors(days=days, fresh=fresh, only=None, most=self._ask.wanted.most)

    def _read_doors(self, **values: Any) -> Iterator[Candidate]:
        options = {"stream_results": True, "yield_per": _FETCH}
        with self._conn.execute(query("patrol/doors"), self._values | values, execution_options=options) as rows:
            for row in rows:
                yield self._door(row)

    def _door(self, row: Any) -> Candidate:
        units = tuple(Unit(code, unit) for code, unit in row.units)
        days = self._days_past(row.due_on)
        because = Because.never_reached if row.never else Because.overdue
        made = self._candidate(Kind.doorplate, row.id, row, because, days, units=units)
        return replace(made, doorplate=row.id, address=row.address)

    # ---- all else

    def _all_but_doors(self) -> tuple[list[Candidate], int]:
        """Sites, revisits, and what was missed, doors among it; and how many revisits have no place."""
        found = [self._site(row) for row in self._conn.execute(query("patrol/sites"), self._values)]
        again, unplaced = self._revisits() if self._ask.cases else ([], 0)
        if self.missed.doors:
            late = self._read_doors(days=[], fresh=False, only=sorted(self.missed.doors), most=None)
            found += [self._led(one) for one in late]
        return [*found, *again, *(self._place(row) for row in self.missed.places)], unplaced

    def _site(self, row: Any) -> Candidate:
        days = None if row.due_on is None else (self._ask.on - row.due_on).days
        made = self._candidate(Kind.site, row.code, row, Because.check_due, days)
        made = replace(made, site=row.code, address=row.address, name=row.name, category=row.category)
        return self._led(made) if row.code in self.missed.sites else made

    def _revisits(self) -> tuple[list[Candidate], int]:
        found: list[Candidate] = []
        unplaced, after = 0, None
        while True:
            page, after = revisits.due(
                self._conn,
                [county_of(self._ask.area)],
                until=self._ask.on,
                area=self._ask.area,
                limit=_PAGE,
                after=after,
            )
            placed = [one for one in page if one.lon is not None]
            unplaced += len(page) - len(placed)
            found += map(self._revisit, placed)
            if after is None:
                return found, unplaced

    def _revisit(self, one: revisits.Revisit) -> Candidate:
        days = (self._ask.on - one.due_on).days
        made = self._candidate(Kind.revisit, f"{one.dispute} {one.seq}", one, Because.revisit_due, days)
        made = replace(made, dispute=one.dispute, revisit=one.seq, cell=one.area)
        return self._led(made) if (one.dispute, one.seq) in self.missed.revisits else made

    def _place(self, row: Any) -> Candidate:
        what = f"{row.lon:.8f} {row.lat:.8f}"
        made = self._candidate(Kind.place, what, row, Because.missed, None)
        return replace(made, service_s=row.service_s)

    def _taken(self) -> dict[str, int | None]:
        """What stands in another plan of the day, by key, with the id of its door if it is one."""
        if self._ask.wanted.in_other_plans:
            return {}
        return {row.key: row.doorplate for row in self._conn.execute(query("patrol/taken"), self._values)}

    def _missed(self) -> Missed:
        since = self._ask.on - timedelta(days=MISSED_DAYS)
        rows = self._conn.execute(query("patrol/missed"), self._values | {"since": since, "area": self._ask.area}).all()
        return Missed(
            frozenset(row.doorplate for row in rows if row.doorplate is not None),
            frozenset(row.site for row in rows if row.site is not None),
            frozenset((row.dispute, row.revisit) for row in rows if row.dispute is not None),
            tuple(row for row in rows if row.kind == Kind.place),
        )

    def _led(self, one: Candidate) -> Candidate:
        """The same stop, as one that was missed."""
        return replace(one, because=Because.missed, tier=tier_of(one.kind, Because.missed, one.days))

    def _candidate(
        self,
        kind: Kind,
        what: object,
        row: Any,
        because: Because,
        days: int | None,
        units: tuple[Unit, ...] | None = None,
    ) -> Candidate:
        households = None if units is None else len(units)
        service = self._ask.service
        return Candidate(
            key=key_of(kind, what),
            kind=kind,
            lon=row.lon,
            lat=row.lat,
            cell=getattr(row, "cell", None),
            because=because,
            days=days,
            tier=tier_of(kind, because, days),
            points=points_of(days, households),
            service_s=service.minutes.seconds(kind, households),
            skills=tuple(sorted(service.needs.get(kind, ()))),
            units=units,
        )


def _order(one: Candidate) -> tuple[int, int, str]:
    return one.order


def picked(
    lon: float, lat: float, service_s: int, tier: int, cell: str | None, skills: Sequence[str] = ()
) -> Candidate:
    """A place that the leader has chosen. Two at the very same place are one."""
    return Candidate(
        key=key_of(Kind.place, f"{lon:.8f} {lat:.8f}"),
        kind=Kind.place,
        lon=lon,
        lat=lat,
        cell=cell,
        because=Because.picked,
        days=None,
        tier=tier,
        points=points_of(None),
        service_s=service_s,
        skills=tuple(skills),
    )


def first_of(conn: Connection, ask: Ask) -> tuple[list[Candidate], Totals]:
    """The stops of a plan, `ask.wanted.most` at most, and how many there are."""
    proposal = Proposal(conn, ask)
    with closing(_generator(proposal.stops())) as found:
        return list(found), proposal.totals


def _generator(found: Iterator[Candidate]) -> Any:
    return found
