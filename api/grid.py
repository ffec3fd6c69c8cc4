"""GET /grid: the shapes that every page with a map draws, in one document (gis/cells/shapes.py)."""

from __future__ import annotations

import json
from typing import Final

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.responses import Response

from api.answers import Body
from api.deps import Serving
from gis.access.scope import Right
from gis.cells.shapes import read_shapes, topology

router = APIRouter()
MEDIA_TYPE: Final = "application/json"


@router.get(
    "/grid",
    summary="Cells and divisions with every border once: TopoJSON",
    description="For drawing: objects `cells` and `divisions`, coordinates of six decimals, all that the caller may"
    " see. The collections of the same names have exact coordinates, and can be asked for in part.",
)
def grid(serving: Serving) -> Response:
    area = serving.inside(Right.figures, None)
    touch = serving.touch(Right.figures, area=area, county=True, households=False)

    def make(conn: Connection) -> Body:
        document = topology(read_shapes(conn, serving.counties(touch), area or ""))
        return Body(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(), MEDIA_TYPE)

    return serving.answer(touch, make)
