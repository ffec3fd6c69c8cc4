"""Who may do what, where: rights, roles, and the areas they hold for. Pure.

A right is something one may do; a role is a set of rights; a grant is a role on an area (a code prefix: county, town,
village or cell; the empty text is everywhere). A `Scope` is what all grants of a caller come to: for each right the
areas it holds for. The API asks it, the pages are drawn by it, and the database enforces it: every transaction of the
service begins by telling its row policies the scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import Final

from gis.codes import DIGITS, level_of
from gis.errors import BadInput


class Right(StrEnum):
    """What one may do in an area. The value is also the name of the database's setting (`everycell.<right>`)."""

    figures = "figures"  # see divisions, cells, rounds, streets, and figures of areas
    doors = "doors"  # see doorplates, households, key sites; search; lists of households
    visits = "visits"  # record visits
    grid = "grid"  # edit the grid: change sets
    places = "places"  # edit doorplates, households, key sites
    cases = "cases"  # see cases of disputes and the places that are visited again; register cases, record revisits
    patrols = "patrols"  # see and make plans of patrols, and the teams that walk them
    mediation = "mediation"  # change cases: accept, mediate, refer, close


class Role(StrEnum):
    """A set of rights that people are given together."""

    wall = "wall"
    operator = "operator"
    patrol_leader = "patrol_leader"
    editor = "editor"
    admin = "admin"


RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.wall: frozenset({Right.figures}),
        Role.operator: frozenset(
            {Right.figures, Right.doors, Right.visits, Right.cases, Right.patrols, Right.mediation}
        ),
        Role.patrol_leader: frozenset({Right.figures, Right.doors, Right.visits, Right.cases, Right.patrols}),
        Role.editor: frozenset({Right.figures, Right.doors, Right.grid, Right.places}),
        Role.admin: frozenset(Right),
    }
)
EVERYWHERE: Final = ""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role on an area: a code of 6, 9, 12 or 15 digits, or EVERYWHERE."""

    role: Role
    area: str


@dataclass(frozen=True)
class Scope:
    """For each right the areas it holds for: sorted, none inside another. A right that is missing holds nowhere."""

    areas: Mapping[Right, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, grants: Iterable[Grant]) -> Scope:
        """What some grants come to together. None: a scope that allows nothing."""
        listed = list(grants)
        return cls({right: outermost(g.area for g in listed if right in RIGHTS[g.role]) for right in Right})

    def where(self, right: Right) -> tuple[str, ...]:
        """The areas a right holds for; empty where it holds nowhere."""
        return self.areas.get(right, ())

    def allows(self, right: Right, code: str | None = None) -> bool:
        """Whether a right holds for all of an area (None: whether it holds anywhere)."""
        areas = self.where(right)
        return bool(areas) if code is None else any(code.startswith(area) for area in areas)

    def settings(self) -> dict[str, str]:
        """What the row policies read. `everycell.<right>` is two commas for everywhere, `everycell.<right>_<digits>`
        the areas of a level with a comma before and after each; an empty text, which PostgreSQL makes of a setting that
        was never told, is nowhere. One setting a level: a policy then searches for a code among those of its length."""
        return dict(self._settings)

    @cached_property
    def _settings(self) -> Mapping[str, str]:
        told = {f"everycell.{right}": ",," if self.where(right) == (EVERYWHERE,) else "" for right in Right}
        for right in Right:
            for digits in DIGITS.values():
                listed = [area for area in self.where(right) if len(area) == digits]
                told[f"everycell.{right}_{digits}"] = f",{','.join(listed)}," if listed else ""
        return told

    @cached_property
    def key(self) -> bytes:
        """The same for scopes that see and may do the same: kept answers are told apart by it."""
        return blake2b(repr(sorted(self.settings().items())).encode(), digest_size=12).digest()


ALL: Final = Scope(dict.fromkeys(Right, (EVERYWHERE,)))  # the service itself: what it keeps in memory is of everybody
NOTHING: Final = Scope()


def outermost(areas: Iterable[str]) -> tuple[str, ...]:
    """The areas that lie in none of the others, sorted, each once."""
    kept: list[str] = []
    for area in sorted(set(areas)):
        if not kept or not area.startswith(kept[-1]):
            kept.append(area)
    return tuple(kept)


def role_of(text: str) -> Role:
    """A role by its name. Raises BadInput naming the parameter."""
    if text not in list(Role):
        raise BadInput(
            "{field}: there is no {word!r}; there are {words}", word=text, words=", ".join(Role), field="role"
        )
    return Role(text)


def area_of(text: str) -> str:
    """The area of a grant as it is written: a code, or `all` for everywhere. Raises BadInput."""
    if text == "all":
        return EVERYWHERE
    level_of(text)
    return text
