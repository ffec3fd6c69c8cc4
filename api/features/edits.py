"""What creating, changing and ending an item means, collection by collection.

An editor gets the item that is held (nobody else changes it until the transaction ends) and what was sent, calls the
domain, and tells what the audit is to say. The rights are checked here in words; the database enforces them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

import shapely
from shapely import Polygon
from sqlalchemy import Connection

from api.deps import ServiceFor
from api.features.collections import Collection
from api.features.fields import WRITTEN
from api.features.present import Present
from api.features.sent import Sent, point_of
from gis.access.audit import Action, Detail
from gis.access.scope import EVERYWHERE, Right
from gis.cells import single
from gis.cells.changesets import Editor
from gis.cells.editing.grid import Cell
from gis.cells.editing.issues import Issue
from gis.cells.editing.operations import Create, Reshape
from gis.cells.editing.parse import parse_operation
from gis.codes import Level, county_of, level_of
from gis.errors import BadInput, Conflict, NotAllowed, NotFound, WrongPlace
from gis.households import places
from gis.households.places import Doorplate, Household
from gis.sentence import Sentence
from gis.sites import edit as sites
from gis.sites.categories import CATEGORIES, Category


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, for the audit; `area` None is where the item was and is. `changeset` and `warnings` where the grid
    was edited."""

    action: Action
    area: str | None = None
    detail: Detail = field(default_factory=dict)
    changeset: UUID | None = None
    warnings: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to write: the transaction it is done in, and for whom."""

    conn: Connection
    serving: ServiceFor
    collection: Collection

    @property
    def today(self) -> date:
        return self.serving.today


class ItemEditor(Protocol):
    """How the items of a collection are edited. `write` returns None where nothing changes."""

    def hold(self, asked: Asked, present: Present, sent: Sent | None) -> bool: ...
    def create(self, asked: Asked, sent: Sent) -> tuple[int | str, Done]: ...
    def write(self, asked: Asked, present: Present, sent: Sent) -> Done | None: ...
    def remove(self, asked: Asked, present: Present, to: str | None) -> Done: ...


# ---- cells


class _Cells:
    """Cells, through change sets of their own (`gis.cells.single`)."""

    def hold(self, asked: Asked, present: Present, sent: Sent | None) -> bool:
        single.hold(asked.conn, present.county)
        return True

    def create(self, asked: Asked, sent: Sent) -> tuple[str, Done]:
        village = sent.fixed.get("village", "")
        if level_of(village, field="village") is not Level.village:
            raise BadInput("village: {village} is no code of a village", village=village, field="village")
        area = _grid_area(asked.serving, village, "village")
        single.hold(asked.conn, county_of(village, field="village"))
        given = {"village": village, "code": sent.fixed.get("code"), **sent.written}
        op = _operation({"op": "create", "polygon": sent.geometry, **given})
        if not isinstance(op, Create):
            raise AssertionError(f"create was read as {op}")
        try:
            made, code = single.create_cell(asked.conn, _editor(asked), area=area, op=op, today=asked.today)
        except NotFound as error:  # the village; a 404 would say that there is no such collection
            raise BadInput(error.message, field=error.field) from None
        return code, _published(made)

    def write(self, asked: Asked, present: Present, sent: Sent) -> Done | None:
        now = _cell_of(present)
        polygon = now.polygon if sent.geometry is None else _polygon(now.code, sent.geometry)
        wanted = replace(now, polygon=polygon, **sent.written)
        area = _grid_area(asked.serving, now.code, "id")
        made = single.replace_cell(asked.conn, _editor(asked), area=area, cell=now, wanted=wanted, today=asked.today)
        return None if made is None else _published(made)

    def remove(self, asked: Asked, present: Present, to: str | None) -> Done:
        code = present.cell
        if to is not None and level_of(to, field="to") is not Level.cell:
            raise BadInput("to: {to} is no code of a cell", to=to, field="to")
        area = _grid_area(asked.serving, code, "id")
        made, heir = single.retire_cell(asked.conn, _editor(asked), area=area, code=code, to=to, today=asked.today)
        done = _published(made)
        return replace(done, detail={**done.detail, "to": heir})


def _editor(asked: Asked) -> Editor:
    return Editor(asked.serving.caller.name, asked.serving.told)


def _grid_area(serving: ServiceFor, code: str, name: str) -> str:
    """The area of the change set: all of that which the caller may edit around a cell or village, a county at most.

    A single cell is none: its borders are its neighbours' too.
    """
    for area in serving.caller.scope.where(Right.grid):
        if code.startswith(area) and len(area) < len("110101001001001"):
            return area or code[: len("110101")]
    raise NotAllowed(
        "{field}: {code} does not lie in a village, town or county whose grid you may edit", code=code, field=name
    )


def _operation(data: Mapping[str, Any]) -> object:
    """An operation out of a feature: what is wrong with its polygon is wrong with the geometry."""
    try:
        return parse_operation({name: value for name, value in data.items() if value is not None})
    except BadInput as error:
        if error.field != "polygon":
            raise
        raise error.about("geometry") from None


def _polygon(code: str, geometry: Mapping[str, Any]) -> Polygon:
    op = _operation({"op": "reshape", "cell": code, "polygon": geometry})
    if not isinstance(op, Reshape):
        raise AssertionError(f"reshape was read as {op}")
    return op.polygon


def _cell_of(present: Present) -> Cell:
    named = present.properties
    polygon = shapely.geometry.shape(present.feature["geometry"])
    if not isinstance(polygon, Polygon):
        raise AssertionError("a cell is a polygon")
    return Cell(named["code"], named["village"], named["name"], named["kind"], polygon)


def _published(made: single.Published) -> Done:
    found = made.changeset
    detail: Detail = {"operations": len(found.ops), "revision": found.revision, "via": "features"}
    return Done(Action.changeset_publish, found.area, detail, found.id, made.warnings)


# ---- doorplates


class _Doorplates:
    """Doorplates: the households behind one go where it goes."""

    def hold(self, asked: Asked, present: Present, sent: Sent | None) -> bool:
        return places.hold_doorplate(asked.conn, present.county, int(present.key))

    def create(self, asked: Asked, sent: Sent) -> tuple[int, Done]:
        point = _point(sent)
        county = _county(asked, point)
        door = Doorplate(sent.written.get("address"), point)
        id = places.add_doorplate(asked.conn, county, _new_code(asked, county, sent), door)
        return id, _place(asked, Action.place_add)

    def write(self, asked: Asked, present: Present, sent: Sent) -> Done | None:
        now = _door_of(present)
        wanted = Doorplate(sent.written.get("address", now.address), _point(sent, now.point))
        if wanted == now:
            return None
        places.write_doorplate(asked.conn, present.county, int(present.key), wanted)
        return _place(asked, Action.place_change, households=present.properties["households"])

    def remove(self, asked: Asked, present: Present, to: str | None) -> Done:
        _refuse_heir(to)
        places.remove_doorplate(asked.conn, present.county, int(present.key))
        return _place(asked, Action.place_remove)


def _door_of(present: Present) -> Doorplate:
    return Doorplate(present.properties["address"], point_of(present.feature["geometry"]))


# ---- households


class _Households:
    """Households: they stand at their doorplate. Another `doorplate` moves the household there; another point or
    address is the doorplate's, and goes for all behind it."""

    def hold(self, asked: Asked, present: Present, sent: Sent | None) -> bool:
        other = None if sent is None else sent.written.get("doorplate")
        return places.hold_household(asked.conn, present.county, str(present.key), other)

    def create(self, asked: Asked, sent: Sent) -> tuple[str, Done]:
        point = _point(sent)
        county = _county(asked, point)
        settings = asked.serving.settings
        given = {
            "unit": None,
            "status": "active",
            "interval_days": settings.interval_days,
            "registered_on": asked.today,
            **sent.written,
        }
        given["doorplate"] = self._door_for(asked, county, point, sent)
        given.pop("address", None)
        code = _new_code(asked, county, sent)
        places.add_household(asked.conn, county, code, Household(**given))
        return code, _place(asked, Action.place_add)

    def _door_for(self, asked: Asked, county: int, point: places.LonLat, sent: Sent) -> int:
        """The doorplate a new household stands at: the one that is named, else the one on its point, else a new one."""
        address, named = sent.written.get("address"), sent.written.get("doorplate")
        if named is not None:
            _refuse_other_place(places.doorplate_of(asked.conn, county, named), point, address)
            return int(named)
        found = places.doorplate_at(asked.conn, county, point, address)
        if found is not None:
            return found
        return places.add_doorplate(asked.conn, county, places.new_code(county), Doorplate(address, point))

    def write(self, asked: Asked, present: Present, sent: Sent) -> Done | None:
        door = _door_of(present)
        now = _household_of(present)
        given = {slot: sent.written.get(slot, getattr(now, slot)) for slot in Household.__slots__}
        wanted = Household(**given)
        there = Doorplate(sent.written.get("address", door.address), _point(sent, door.point))
        moved = 0
        if wanted.doorplate != now.doorplate:
            other = places.doorplate_of(asked.conn, present.county, wanted.doorplate)
            # A client that changes the doorplate alone sends its old place along.
            if there != door:
                _refuse_other_place(other, there.point, there.address)
        elif there != door:
            places.write_doorplate(asked.conn, present.county, now.doorplate, there)
            moved = 1
        if wanted != now:
            places.write_household(asked.conn, present.county, str(present.key), wanted)
        elif not moved:
            return None
        return _place(asked, Action.place_change, doorplates=moved)

    def remove(self, asked: Asked, present: Present, to: str | None) -> Done:
        _refuse_heir(to)
        places.remove_household(asked.conn, present.county, str(present.key))
        return _place(asked, Action.place_remove)


def _household_of(present: Present) -> Household:
    stored = _stored(present)
    return Household(**{slot: stored[slot] for slot in Household.__slots__})


def _refuse_other_place(door: Doorplate, point: places.LonLat, address: str | None) -> None:
    """A household that goes to another doorplate stands where that one is."""
    if point != door.point:
        raise BadInput("{field}: is not that of the doorplate; a household stands at its doorplate", field="geometry")
    if address not in (None, door.address):
        raise BadInput("{field}: is not that of the doorplate; a household stands at its doorplate", field="address")


# ---- key sites


class _Sites:
    """Key sites."""

    def hold(self, asked: Asked, present: Present, sent: Sent | None) -> bool:
        return sites.hold_site(asked.conn, present.county, str(present.key))

    def create(self, asked: Asked, sent: Sent) -> tuple[str, Done]:
        point = _point(sent)
        county = _county(asked, point)
        for name in ("name", "category"):
            if name not in sent.written:
                raise BadInput("{field}: is missing", field=name)
        usual = CATEGORIES[Category(sent.written["category"])].check_interval_days
        given = {"check_interval_days": usual, "address": None, "last_checked_on": None, **sent.written}
        code = _new_code(asked, county, sent)
        sites.add_site(asked.conn, county, code, self._site(asked, given, point))
        return code, _place(asked, Action.place_add)

    def write(self, asked: Asked, present: Present, sent: Sent) -> Done | None:
        stored = _stored(present)
        point = point_of(present.feature["geometry"])
        now = sites.Site(point=point, **stored)
        wanted = self._site(asked, {**stored, **sent.written}, _point(sent, point))
        if wanted == now:
            return None
        sites.write_site(asked.conn, present.county, str(present.key), wanted)
        return _place(asked, Action.place_change)

    def _site(self, asked: Asked, given: Mapping[str, Any], point: places.LonLat) -> sites.Site:
        last = given["last_checked_on"]
        if last is not None and last > asked.today:
            raise BadInput("last_checked_on: {day} is still to come", day=last, field="last_checked_on")
        return sites.Site(point=point, **given)

    def remove(self, asked: Asked, present: Present, to: str | None) -> Done:
        _refuse_heir(to)
        sites.remove_site(asked.conn, present.county, str(present.key))
        return _place(asked, Action.place_remove)


# ---- parts of the above


def _stored(present: Present) -> dict[str, Any]:
    """The properties of an item that can be written, each of its type."""
    fields, named = WRITTEN[present.collection.id], present.properties
    return {name: None if named[name] is None else fields[name].parse(named[name], name) for name in fields}


def _point(sent: Sent, otherwise: places.LonLat | None = None) -> places.LonLat:
    if sent.geometry is not None:
        return point_of(sent.geometry)
    if otherwise is None:
        raise BadInput("{field}: is missing", field="geometry")
    return otherwise


def _county(asked: Asked, point: places.LonLat) -> int:
    """The county in which something new is to stand. Raises WrongPlace where it is none, for those who may edit all of
    them; NotAllowed for others, to whom it does not matter what lies beyond their area."""
    right = Right.places
    county = places.county_at(asked.conn, asked.serving.counties(asked.serving.touch(right)), point)
    if county is not None:
        return county
    if EVERYWHERE in asked.serving.caller.scope.where(right):
        raise WrongPlace("geometry: the point lies in no county that is stored here", field="geometry")
    raise NotAllowed("geometry: the point does not lie in your area", field="geometry")


def _new_code(asked: Asked, county: int, sent: Sent) -> str:
    """The code of something new. A code of one's own may be given by those alone who may edit the whole county: whether
    it is in use elsewhere would tell others what is there."""
    given = sent.fixed.get("code")
    if "id" in sent.fixed:
        raise BadInput("id: is given by the service", field="id")
    if given is None:
        return places.new_code(county)
    if not asked.serving.caller.scope.allows(Right.places, f"{county:06}"):
        raise NotAllowed("code: is given by the service, but to those who may edit the whole county", field="code")
    return places.checked_code(given, county)


def _refuse_heir(to: str | None) -> None:
    if to is not None:
        raise BadInput("to: is for cells only", field="to")


def _place(asked: Asked, action: Action, **numbers: int) -> Done:
    return Done(action, None, {"kind": asked.collection.id, **numbers})


EDITORS: Final[Mapping[str, ItemEditor]] = {
    "cells": _Cells(),
    "doorplates": _Doorplates(),
    "households": _Households(),
    "sites": _Sites(),
}


def refuse_other_names(present: Present, sent: Sent) -> None:
    """What names an item stays: raises Conflict where it was sent with another."""
    for name, value in sent.fixed.items():
        if value != present.properties[name]:
            why = Sentence("; a cell goes to another village by a change set") if name == "village" else ""
            raise Conflict(
                "{field}: is {present} and stays so{why}", present=present.properties[name], why=why, field=name
            )
