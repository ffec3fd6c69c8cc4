"""Who may do what over HTTP: one table, the single source for the routes, the pages, `OPTIONS` and the documents.

A row is a method and a path as the route writes it. A route without a row does not start (`refuse_unlisted`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from starlette.routing import Route

from api.features.collections import COLLECTIONS, TILED
from gis.access.scope import Right
from gis.access.sessions import NOBODY, Caller
from gis.errors import NotAllowed, NotSignedIn


class Open(StrEnum):
    """What needs no right."""

    public = "public"  # everybody, signed in or not: nothing of a county is in it
    link = "link"  # whoever has the link: its secret is in the path, and the route asks for it
    signed_in = "signed in"  # everybody who is signed in
    by_collection = "by collection"  # what the collection in the path needs
    by_editing = "by editing"  # what editing the collection in the path needs
    nothing = "nothing"  # nobody may: the collection is not edited so


Need = Open | Right

PERMISSIONS: Final[Mapping[tuple[str, str], Need]] = MappingProxyType(
    {
        ("GET", "/"): Open.public,
        ("GET", "/api"): Open.public,
        ("GET", "/conformance"): Open.public,
        ("GET", "/tileMatrixSets"): Open.public,
        ("GET", "/tileMatrixSets/{tileMatrixSetId}"): Open.public,
        ("GET", "/healthz"): Open.public,
        ("GET", "/readyz"): Open.public,
        ("GET", "/static/{path:path}"): Open.public,
        ("GET", "/login"): Open.public,
        ("POST", "/login"): Open.public,
        ("GET", "/login/oidc"): Open.public,
        ("GET", "/login/oidc/callback"): Open.public,
        ("GET", "/about/data"): Open.public,
        ("POST", "/logout"): Open.public,
        ("GET", "/me"): Open.signed_in,
        ("GET", "/collections"): Open.signed_in,
        ("GET", "/collections/{collectionId}"): Open.by_collection,
        ("GET", "/collections/{collectionId}/items"): Open.by_collection,
        ("POST", "/collections/{collectionId}/items"): Open.by_editing,
        ("GET", "/collections/{collectionId}/items/{featureId}"): Open.by_collection,
        ("PUT", "/collections/{collectionId}/items/{featureId}"): Open.by_editing,
        ("PATCH", "/collections/{collectionId}/items/{featureId}"): Open.by_editing,
        ("DELETE", "/collections/{collectionId}/items/{featureId}"): Open.by_editing,
        ("GET", "/collections/{collectionId}/tiles"): Open.by_collection,
        ("GET", "/collections/{collectionId}/tiles/{tileMatrixSetId}"): Open.by_collection,
        (
            "GET",
            "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}",
        ): Open.by_collection,
        ("GET", "/grid"): Right.figures,
        ("GET", "/coverage"): Right.figures,
        ("GET", "/rounds"): Right.figures,
        ("GET", "/board"): Right.figures,
        ("GET", "/alarms"): Right.figures,
        ("POST", "/alarms/{alarm}/acknowledge"): Right.visits,
        ("POST", "/alarms/{alarm}/shelve"): Right.visits,
        ("GET", "/events"): Right.figures,
        ("GET", "/report"): Right.figures,
        ("GET", "/patrol/network"): Right.figures,
        ("GET", "/maps/coverage"): Right.figures,
        ("GET", "/maps/heat"): Right.figures,
        ("GET", "/wall"): Right.figures,
        ("GET", "/maps/edit"): Right.grid,
        ("GET", "/maps/patrol"): Right.patrols,
        ("GET", "/households/unvisited"): Right.doors,
        ("GET", "/search"): Right.figures,
        ("POST", "/visits"): Right.visits,
        ("GET", "/disputes"): Right.cases,
        ("POST", "/disputes"): Right.cases,
        ("GET", "/disputes/periods"): Right.figures,
        ("GET", "/disputes/counts"): Right.figures,
        ("GET", "/disputes/ledger"): Right.cases,
        ("GET", "/disputes/snap"): Right.cases,
        ("POST", "/disputes/snap"): Right.cases,
        ("GET", "/disputes/revisits"): Right.cases,
        ("GET", "/disputes/heat"): Right.figures,
        ("GET", "/disputes/heat/tiles/{z}/{x}/{y}.png"): Right.figures,
        ("GET", "/disputes/hotspots"): Right.figures,
        ("GET", "/disputes/{disputeId:uuid}"): Right.cases,
        ("POST", "/disputes/{disputeId:uuid}/changes"): Right.mediation,
        ("POST", "/disputes/{disputeId:uuid}/revisits/{seq}"): Right.cases,
        ("GET", "/patrol/teams"): Right.patrols,
        ("PUT", "/patrol/teams/{code}"): Right.patrols,
        ("DELETE", "/patrol/teams/{code}"): Right.patrols,
        ("GET", "/patrol/stops"): Right.patrols,
        ("POST", "/patrol/sweeps"): Right.patrols,
        ("POST", "/patrol/plans"): Right.patrols,
        ("GET", "/patrol/plans"): Right.patrols,
        ("GET", "/patrol/plans/{planId:uuid}"): Right.patrols,
        ("DELETE", "/patrol/plans/{planId:uuid}"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/changes"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/replan"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/undo"): Right.patrols,
        ("GET", "/patrol/plans/{planId:uuid}/export"): Right.patrols,
        ("GET", "/patrol/plans/{planId:uuid}.gpx"): Right.patrols,
        ("GET", "/patrol/plans/{planId:uuid}/report"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/phones"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/stops/{key}/tick"): Right.visits,
        ("GET", "/patrol/plans/{planId:uuid}/sheet"): Right.patrols,
        ("POST", "/patrol/plans/{planId:uuid}/sheet"): Right.patrols,
        ("GET", "/p/worker.js"): Open.public,
        ("GET", "/p/{token}"): Open.public,
        ("GET", "/p/{token}/manifest.webmanifest"): Open.public,
        ("GET", "/p/{token}/route"): Open.link,
        ("GET", "/p/{token}/streets"): Open.link,
        ("POST", "/p/{token}/ticks"): Open.link,
        ("GET", "/cells/{code}/lineage"): Right.figures,
        ("GET", "/cells/{code}/history"): Right.figures,
        ("GET", "/changesets"): Right.grid,
        ("POST", "/changesets"): Right.grid,
        ("GET", "/changesets/nodes"): Right.grid,
        ("POST", "/changesets/preview"): Right.grid,
        ("GET", "/changesets/{changesetId:uuid}"): Right.grid,
        ("DELETE", "/changesets/{changesetId:uuid}"): Right.grid,
        ("POST", "/changesets/{changesetId:uuid}/ops"): Right.grid,
        ("DELETE", "/changesets/{changesetId:uuid}/ops/{seq}"): Right.grid,
        ("POST", "/changesets/{changesetId:uuid}/proposals"): Right.grid,
        ("POST", "/changesets/{changesetId:uuid}/preview"): Right.grid,
        ("POST", "/changesets/{changesetId:uuid}/publish"): Right.grid,
        ("POST", "/changesets/{changesetId:uuid}/undo"): Right.grid,
    }
)


def need_of(method: str, path: str, parameters: Mapping[str, str]) -> Need:
    """What a route needs; of one about a collection, what that collection needs (signed in, where there is none)."""
    need = PERMISSIONS[method, path]
    if need not in (Open.by_collection, Open.by_editing):
        return need
    collection = COLLECTIONS.get(parameters["collectionId"]) or TILED.get(parameters["collectionId"])
    if collection is None:
        return Open.signed_in
    return collection.right if need is Open.by_collection else collection.edited or Open.nothing


def allows(caller: Caller, need: Need) -> bool:
    """Whether a caller may use a route, somewhere at least."""
    if need in (Open.public, Open.link, Open.nothing):
        return need is not Open.nothing
    return caller is not NOBODY if need is Open.signed_in else caller.scope.allows(Right(need))


def refuse(caller: Caller, need: Need) -> None:
    """Raise NotSignedIn or NotAllowed where a caller may not use a route."""
    if allows(caller, need):
        return
    if caller is NOBODY:
        raise NotSignedIn("sign in at /login, or send a token: Authorization: Bearer ...")
    raise NotAllowed("{caller} has not the right {right!s} in any area", caller=caller.name, right=need)


def refuse_unlisted(routes: Iterable[Route]) -> None:
    """Raise RuntimeError where a route has no row in the table, or a row no route: a mistake of ours."""
    served = {(method, route.path) for route in routes for method in route.methods or () if method != "HEAD"}
    if served != PERMISSIONS.keys():
        raise RuntimeError(f"routes and PERMISSIONS differ: {sorted(served ^ PERMISSIONS.keys())}")


def offered(caller: Caller, path: str, parameters: Mapping[str, str]) -> list[str]:
    """The methods that a caller may use on a path as its route writes it, in order; OPTIONS always."""
    methods = {m for m, p in PERMISSIONS if p == path and allows(caller, need_of(m, p, parameters))}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()) | {"OPTIONS"})
