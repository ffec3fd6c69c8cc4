"""Files in: GeoPackage, Shapefile (plain or zipped), GeoJSON, GeoParquet and CSV become a `Table`.

What a file is, its content says; an ending that contradicts it is refused, because both readings are guesses then.
Messages of GDAL and Arrow may quote the data, so none of them is passed on.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError

from gis.errors import BadInput
from gis.exchange import archives
from gis.exchange.dbf import read_attributes, sibling
from gis.exchange.table import Table
from gis.exchange.text import guess_encoding, read_csv
from gis.sentence import Sentence

_ENDINGS: Final = {
    ".gpkg": "GeoPackage",
    ".shp": "Shapefile",
    ".zip": Sentence("zip archive"),
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".parquet": "GeoParquet",
    ".geoparquet": "GeoParquet",
    ".csv": "CSV",
    ".tsv": "CSV",
    ".txt": "CSV",
}
_SPREADSHEETS: Final = (".xls", ".xlsx", ".ods", ".et")


def read_table(path: Path, *, encoding: str | None = None, layer: str | None = None) -> Table:
    """Read a file of any of the formats. `layer` chooses one of several.

    Raises BadInput naming the file: missing, empty, not what its ending says, damaged, or of several layers.
    """
    what = _format_of(path)
    if what == "zip archive":
        with tempfile.TemporaryDirectory(prefix="everycell-") as folder:
            inner = archives.unpack(path, Path(folder), layer)
            table = read_table(inner, encoding=encoding)
            return replace(table, path=path, format=f"{table.format} in a zip archive")
    return _READERS[what](path, encoding, layer)


def _format_of(path: Path) -> str:
    name = path.name
    if not path.is_file():
        raise BadInput("{field}: there is no such file", field=name)
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise BadInput("{field}: the file is empty", field=name)
    suffix = path.suffix.lower()
    if suffix in _SPREADSHEETS:
        raise BadInput("{field}: spreadsheets are not read; save the sheet as CSV (UTF-8)", field=name)
    if suffix not in _ENDINGS:
        known = ", ".join(sorted(_ENDINGS))
        raise BadInput(
            "{field}: the ending {suffix} is not known; give one of {known}",
            suffix=suffix or Sentence("(none)"),
            known=known,
            field=name,
        )
    expected, found = _ENDINGS[suffix], _sniff(head)
    if expected != found:
        raise BadInput(
            "{field}: is called {suffix} but holds {found}; give the file its right ending",
            suffix=suffix,
            found=found,
            field=name,
        )
    return expected


def _sniff(head: bytes) -> str:
    if head.startswith(b"SQLite format 3\x00"):
        return "GeoPackage"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return Sentence("zip archive")
    if head.startswith(b"PAR1"):
        return "GeoParquet"
    if head.startswith(b"\x00\x00\x27\x0a"):
        return "Shapefile"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
        return "GeoJSON"
    text = head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" not in head
    return "CSV" if text else Sentence("something that is none of the known formats")


def _read_gpkg(path: Path, _encoding: str | None, layer: str | None) -> Table:
    return _read_vector(path, "GeoPackage", layer=layer)


def _read_geojson(path: Path, _encoding: str | None, layer: str | None) -> Table:
    raw = path.read_bytes()
    encoding = guess_encoding(raw, file=path.name)
    if encoding in ("utf-8", "utf-8-sig"):
        return replace(_read_vector(path, "GeoJSON", layer=layer), encoding=encoding)
    # GeoJSON is UTF-8 by its standard, but there are programs that write it in the code page of the machine.
    with tempfile.TemporaryDirectory(prefix="everycell-") as folder:
        plain = Path(folder) / path.name
        plain.write_text(raw.decode(encoding), encoding="utf-8")
        return replace(_read_vector(plain, "GeoJSON", layer=layer), path=path, encoding=encoding)


def _read_shapefile(path: Path, encoding: str | None, _layer: str | None) -> Table:
    for suffix in (".dbf", ".shx"):
        if sibling(path, suffix) is None:
            raise BadInput("{field}: the {suffix} file beside it is missing", suffix=suffix, field=path.name)
    _refuse_cut_off(path)
    attributes = read_attributes(path, encoding)
    if not attributes.mended:
        table = _read_vector(path, "Shapefile", encoding=attributes.encoding)
    else:
        with tempfile.TemporaryDirectory(prefix="everycell-") as folder:
            copy = attributes.mended_copy(path, Path(folder))
            table = replace(_read_vector(copy, "Shapefile", encoding=attributes.encoding), path=path)
    return replace(table, encoding=attributes.encoding, notes=[*table.notes, *attributes.notes])


def _refuse_cut_off(path: Path) -> None:
    """A Shapefile says in its headers how long its files are; GDAL reads what is missing as null."""
    with path.open("rb") as file:
        promised = int.from_bytes(file.read(28)[24:28], "big") * 2
    dbf = sibling(path, ".dbf")
    head = dbf.read_bytes()[:32] if dbf else b""
    number, header, length = (int.from_bytes(head[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12)))
    if path.stat().st_size < promised or not dbf or dbf.stat().st_size < header + number * length:
        raise BadInput("{field}: the Shapefile is cut off: shorter than its header says", field=path.name)


def _read_vector(path: Path, what: str, *, layer: str | None = None, encoding: str | None = None) -> Table:
    try:
        chosen = _one_layer(path, layer)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            meta, records = pyogrio.read_arrow(path, layer=chosen, encoding=encoding)
    except (DataSourceError, DataLayerError, pa.ArrowException, UnicodeDecodeError, OSError):
        raise BadInput(
            "{field}: cannot be read as {what}; it is damaged or cut off", what=what, field=path.name
        ) from None
    if any("FIDs" not in str(warning.message) and "truncat" in str(warning.message).lower() for warning in heard):
        raise BadInput("{field}: the {what} is cut off", what=what, field=path.name)
    crs = CRS.from_user_input(meta["crs"]) if meta["crs"] else None
    return _table(path, what, records, meta["geometry_name"] or "wkb_geometry", crs)


def _one_layer(path: Path, layer: str | None) -> str:
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if layer is None and len(names) == 1:
        return names[0]
    if layer in names:
        return layer
    listed = ", ".join(names) or Sentence("none")
    asked = Sentence("holds several layers") if names else Sentence("holds no layer")
    if layer:
        asked = Sentence("holds no layer {layer!r}", layer=layer)
    raise BadInput(
        "{file}: {asked} (layers: {layers}); choose one with --layer",
        file=path.name,
        asked=asked,
        layers=listed,
        field="--layer",
    )


def _read_parquet(path: Path, _encoding: str | None, _layer: str | None) -> Table:
    try:
        records = pyarrow.parquet.read_table(path)
        geo = json.loads((records.schema.metadata or {}).get(b"geo", b"{}"))
    except (pa.ArrowException, OSError, ValueError):
        raise BadInput("{field}: cannot be read as GeoParquet; it is damaged or cut off", field=path.name) from None
    column = geo.get("primary_column")
    if column is None:
        return _table(path, "Parquet", records, None, None)
    about = geo["columns"][column]
    if about.get("encoding") != "WKB":
        raise BadInput("{field}: its geometries are not WKB; write it with encoding WKB", field=path.name)
    try:
        # Left out means CRS84; null means unknown.
        crs = CRS.from_user_input(about["crs"]) if about.get("crs", 0) else None if "crs" in about else CRS(4326)
    except CRSError:
        crs = None
    return _table(path, "GeoParquet", records, column, crs)


def _table(path: Path, what: str, records: Any, geometry: str | None, crs: CRS | None) -> Table:
    if records.num_rows == 0:
        raise BadInput("{field}: holds no rows", field=path.name)
    shapes: NDArray[np.object_] | None = None
    if geometry in records.schema.names:
        shapes = _shapes(records.column(geometry).to_pandas().to_numpy(dtype=object))
        records = records.drop_columns([geometry])
    data: pd.DataFrame = records.to_pandas(date_as_object=False)
    rows = np.arange(1, len(data) + 1, dtype=np.int64)
    return Table(path, what, data.reset_index(drop=True), rows, shapes, crs)


def _shapes(wkb: NDArray[np.object_]) -> NDArray[np.object_]:
    """Geometries; None where there is none or where it cannot be one (a ring of two points)."""
    with np.errstate(invalid="ignore"):
        found: NDArray[np.object_] = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
    return found


_READERS: Final[dict[str, Callable[[Path, str | None, str | None], Table]]] = {
    "GeoPackage": _read_gpkg,
    "GeoJSON": _read_geojson,
    "Shapefile": _read_shapefile,
    "GeoParquet": _read_parquet,
    "CSV": lambda path, encoding, _layer: read_csv(path, encoding),
}
