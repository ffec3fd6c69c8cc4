"""everycell qgis-project: a project file for QGIS on this database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, make_url, text

from api.cli.output import err, opened, write
from gis.access.qgis import role_of
from gis.codes import level_of
from gis.errors import BadInput, NotFound
from gis.settings import settings
from gis.storage.engine import Store
from maps.qgis import Content, project_file

app = typer.Typer()

_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
Bounds = tuple[float, float, float, float]


@app.command("qgis-project")
def qgis_project(
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write, like grid.qgz")],
    area: Annotated[str | None, typer.Option(help="code of a county, town, village or cell; the only county")] = None,
    login: Annotated[
        str | None, typer.Option(help="sign-in name of who will use it; without one QGIS asks for it")
    ] = None,
    host: Annotated[str | None, typer.Option(help="as QGIS reaches the database, where that is another way")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="with --host")] = None,
    sslmode: Annotated[str, typer.Option(help=" ".join(_SSL))] = "prefer",
) -> None:
    """A project for QGIS 3.22 or newer: layers, forms, styles, snapping. It holds no password and no row of data."""
    if sslmode not in _SSL:
        raise BadInput("{field}: {word!r} is none of {words}", word=sslmode, words=", ".join(_SSL), field="--sslmode")
    with opened() as store, store.read() as conn:
        code, name, bounds = _area(conn, area)
        content = Content(
            title=f"{name} 网格",
            connection=_connection(store, login, host, port, sslmode),
            county=int(code[:6]),
            area=code,
            bounds=bounds,
            interval_days=settings().interval_days,
            due_soon_days=settings().due_soon_days,
        )
    write(output, project_file(content))
    err.print(f"{name} {code} → {output}", soft_wrap=True)


def _area(conn: Connection, area: str | None) -> tuple[str, str, Bounds]:
    """The area's code and name, and west, south, east and north of its cells."""
    if area is not None:
        level_of(area)
    counties = conn.execute(text("SELECT DISTINCT county FROM everycell.cell WHERE retired_on IS NULL")).scalars().all()
    if area is None and len(counties) > 1:
        raise BadInput("--area: there are {number} counties; say which", number=len(counties), field="--area")
    if not counties:
        raise NotFound("there is no cell yet; import cells first")
    code = area or f"{counties[0]:06}"
    box = conn.execute(
        text(
            "SELECT ST_XMin(b) AS west, ST_YMin(b) AS south, ST_XMax(b) AS east, ST_YMax(b) AS north,"
            " coalesce((SELECT name FROM everycell.division WHERE code = :code),"
            " (SELECT name FROM everycell.cell WHERE county = :county AND code = :code), :code) AS name"
            " FROM (SELECT ST_Extent(geom) AS b FROM everycell.cell"
            " WHERE county = :county AND retired_on IS NULL AND starts_with(code, :code)) e"
        ),
        {"code": code, "county": int(code[:6])},
    ).one()
    if box.west is None:
        raise NotFound("--area: there is no cell in {code}", code=code, field="--area")
    return code, box.name, (box.west, box.south, box.east, box.north)


def _connection(store: Store, login: str | None, host: str | None, port: int | None, sslmode: str) -> dict[str, str]:
    """How QGIS reaches the database: through the socket of the private cluster, or as DATABASE_URL says."""
    url = make_url(str(store.engine.url))
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    there = host or url.host or query.get("host", "")
    told = {
        "dbname": url.database or "",
        "host": there,
        "port": str(port or url.port or query.get("port", "") or 5432),
        "user": role_of(login) if login else "",
    }
    return told if there.startswith("/") else {**told, "sslmode": sslmode}
