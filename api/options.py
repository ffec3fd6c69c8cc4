"""OPTIONS: what this caller may do at a path."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.features import qgis
from api.permissions import offered
from api.requests import caller_of


class OptionsLayer:
    """Answers OPTIONS for the paths of some routes: 204, and in `Allow` the methods that the caller's rights allow."""

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = self._allowed(scope) if scope["type"] == "http" and scope["method"] == "OPTIONS" else None
        if allowed is None:
            await self._app(scope, receive, send)
            return
        response = Response(status_code=204)
        response.raw_headers.append((b"Allow", ", ".join(allowed).encode()))  # QGIS knows the name in this form only
        await response(scope, receive, send)

    def _allowed(self, scope: Scope) -> list[str] | None:
        """The methods offered at a path, None for a path of no route."""
        for route in self._routes:
            match, found = route.matches(scope)
            if match is not Match.NONE:
                methods = offered(caller_of(scope), route.path, found["path_params"])
                return qgis.offered(methods, route.path) if qgis.is_qgis(scope) else methods
        return None
