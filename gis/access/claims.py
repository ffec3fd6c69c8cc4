"""What an identity provider says of somebody, turned into grants. Pure.

The administrator maps values of one claim to roles on areas (setting `oidc_mapping`):

    {"claim": "groups", "values": {"grid-editors": [["editor", "110101"]], "county-wall": [["wall", "all"]]}}

Whoever has none of the values is signed in and may do nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from gis.access.scope import Grant, area_of, role_of
from gis.errors import BadInput
from gis.sentence import Sentence

Pairs = tuple[tuple[str, str], ...]


class ClaimMapping(BaseModel):
    """Which values of which claim give which roles where: value -> pairs of role and area (`all` for everywhere).

    `claim` may be a path into nested claims with dots between (`realm_access.roles`). A role or area that is none is
    refused when the settings are read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: str
    values: dict[str, Pairs]

    @field_validator("values")
    @classmethod
    def _known(cls, values: dict[str, Pairs]) -> dict[str, Pairs]:
        for value, pairs in values.items():
            try:
                for role, area in pairs:
                    _grant(role, area)
            except BadInput as error:
                raise ValueError(Sentence("{value!r}: {wrong}", value=value, wrong=error.message)) from None
        return values

    def grants(self, claims: Mapping[str, Any]) -> list[Grant]:
        """The grants of whoever has these claims, sorted, each once. Empty where nothing fits."""
        return sorted({_grant(*pair) for value in self.held(claims) for pair in self.values.get(value, ())})

    def held(self, claims: Mapping[str, Any]) -> list[str]:
        """The values of the mapped claim. Empty where it is missing, or is no text nor list of texts."""
        return _texts(_found(claims, self.claim))


def _grant(role: str, area: str) -> Grant:
    return Grant(role_of(role), area_of(area))


def _found(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that very name (a name may hold dots, as addresses do), else the one that the path leads to."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _texts(value: Any) -> list[str]:
    """A claim as a list of texts: providers send one as itself, several as an array. What is no text says nothing."""
    listed = value if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str)]
