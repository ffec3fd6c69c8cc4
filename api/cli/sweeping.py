"""everycell patrol sweep: the shortest walk that passes every street of an area, as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from api.cli.output import err, opened, out, write
from api.cli.words import _
from api.sweep_documents import sweep_document, sweep_geojson, sweep_gpx
from gis.access.scope import ALL
from gis.errors import BadInput
from gis.households.coverage import counties
from gis.patrol.sweeping.asked import AskedSweep, parse_sweep, polygon_of
from gis.patrol.sweeping.request import Unswept
from gis.patrol.sweeps import FoundSweep, find_sweep, read_streets
from gis.reasons import reason_of

_FORMS: Final = (".gpx", ".geojson", ".json")
_WHY: Final = {
    Unswept.mode: _("not open to this mode"),
    Unswept.border: _("short ends at the border"),
    Unswept.no_way: _("not connected with the others"),
    Unswept.shift: _("too far or too long for the shift"),
}


def sweep(
    output: Annotated[Path, typer.Option("--output", "-o", help="the file to write: .gpx, .geojson or .json")],
    area: Annotated[str | None, typer.Option(help="code of a cell, village, town or county")] = None,
    polygon: Annotated[Path | None, typer.Option(help="a GeoJSON file with one polygon, instead of an area")] = None,
    mode: Annotated[str, typer.Option(help="foot or car")] = "foot",
    start: Annotated[str | None, typer.Option(help="LON,LAT where walks begin and end; default: on the way")] = None,
    shift: Annotated[float | None, typer.Option(help="minutes; as many walks as are needed, none longer")] = None,
    speed: Annotated[float | None, typer.Option(help="km/h at which a street is passed that is swept")] = None,
) -> None:
    """The shortest walk that passes every street of an area; with --shift one for each team."""
    form = output.suffix.lower()
    if form not in _FORMS:
        raise BadInput(
            "{field}: {name!r} ends in none of {words}",
            name=output.name,
            words=", ".join(_FORMS),
            field="--output",
        )
    asked = _asked(area, polygon, mode=mode, start=start, shift=shift, speed=speed)
    with err.status(_("reading the streets …")) as status:
        with opened() as store, store.read(ALL.settings()) as conn:
            streets = read_streets(conn, asked, counties(conn, None))
        status.update(_("looking for the walk …"))
        found = find_sweep(asked, streets)
    write(output, _content(found, form))
    _tell(found, output)


def _asked(area: str | None, polygon: Path | None, *, mode: str, start: str | None, **more: float | None) -> AskedSweep:
    body: dict[str, Any] = {"area": area, "mode": mode, "start": None if start is None else _place(start)}
    if polygon is not None:
        body["polygon"] = _polygon(polygon)
    return parse_sweep(body | {"shift_minutes": more["shift"], "speed_kmh": more["speed"]})


def _place(text: str) -> dict[str, float]:
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise BadInput(
            "--start: {text!r} is no place; write it like 104.005,34.505", text=text, field="--start"
        ) from None
    return {"lon": lon, "lat": lat}


def _polygon(path: Path) -> object:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise BadInput(
            "{field}: {file} cannot be read: {reason}", file=path, reason=reason_of(error), field="--polygon"
        ) from error
    except ValueError:
        raise BadInput("--polygon: {path} is no JSON", path=path, field="--polygon") from None
    polygon_of(found, "--polygon")
    return found


def _content(found: FoundSweep, form: str) -> bytes:
    if form == ".gpx":
        return sweep_gpx(found)
    return sweep_geojson(found) if form == ".geojson" else json.dumps(sweep_document(found)).encode()


def _tell(found: FoundSweep, output: Path) -> None:
    made = found.sweep
    ratio = "" if found.ratio is None else _(" ({ratio:.2f} m for a metre of street)", ratio=found.ratio)
    out.print(
        _(
            "{number:,} streets of {street_km:.1f} km: {walks} walk(s) of {walk_km:.1f} km{ratio} → {output}",
            number=len(found.ground.required),
            street_km=made.street_m / 1000,
            walks=len(made.walks),
            walk_km=made.walk_m / 1000,
            ratio=ratio,
            output=output,
        ),
        markup=False,
        soft_wrap=True,
    )
    for number, walk in enumerate(made.walks, 1):
        out.print(
            _(
                "  {number}: {km:.1f} km, {minutes:.0f} min",
                number=number,
                km=walk.metres / 1000,
                minutes=walk.seconds / 60,
            ),
            markup=False,
        )
    for gap in found.left_out:
        err.print(_("left out: {metres:,.0f} m, {why}", metres=gap.metres, why=_WHY[gap.why]), markup=False)
