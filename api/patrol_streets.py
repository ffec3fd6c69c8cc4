"""The streets around the route of a link, to draw it on without a network."""

from __future__ import annotations

import shapely
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import service
from api.patrol_documents import answer
from api.patrol_page import Secret
from api.patrol_phone import link_of
from api.patrol_sheet import lines_of
from gis.patrol import links, surroundings

router = APIRouter()


@router.get("/p/{token}/streets", summary="The streets around the route of a link")
def streets(request: Request, token: Secret) -> Response:
    link = link_of(request, token)
    store = service(request).store
    route = links.route_of(store, link)
    with store.read(links.reading(link).settings()) as conn:
        found = surroundings.streets_near(conn, link.county, lines_of(route, link.team))
    rows = [
        {
            "class": one.street_class,
            "name": one.name,
            "line": [[round(x, 6), round(y, 6)] for x, y in shapely.get_coordinates(shapely.simplify(one.line, 1e-5))],
        }
        for one in found
    ]
    return answer({"streets": rows})
