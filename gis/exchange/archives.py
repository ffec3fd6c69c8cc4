"""Zip archives, believed in nothing: only the files of one layer are unpacked, under names of our own."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from gis.errors import BadInput

_MAX_BYTES: Final = 2 << 30
_MAX_RATIO: Final = 200
_RATIO_FROM_BYTES: Final = 50 << 20
_LAYERS: Final = (".shp", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet", ".csv", ".txt", ".tsv")
_SHAPEFILE_PARTS: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def unpack(archive: Path, into: Path, layer: str | None = None) -> Path:
    """Unpack the one layer of a zip archive (or the one named `layer`) into the folder `into`; returns its main file.

    Raises BadInput for a damaged or encrypted archive, a member that points outside of it (`../`, absolute, a link), a
    member larger than 2 GiB or packed more than 200 : 1 (a bomb), no layer, or several layers without a choice.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [info for info in opened.infolist() if not info.is_dir()]
            for info in members:
                _refuse_unsafe(archive.name, info)
            wanted = _choose(archive.name, members, layer)
            for suffix, info in wanted.items():
                with opened.open(info) as packed, (into / f"layer{suffix}").open("wb") as plain:
                    shutil.copyfileobj(packed, plain, 1 << 20)
            return into / f"layer{next(suffix for suffix in _LAYERS if suffix in wanted)}"
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError):
        raise BadInput("{field}: the zip archive is damaged or cut off", field=archive.name) from None


def _refuse_unsafe(archive: str, info: zipfile.ZipInfo) -> None:
    name = info.filename.replace("\\", "/")
    link = stat.S_ISLNK(info.external_attr >> 16)
    if name.startswith("/") or ".." in PurePosixPath(name).parts or ":" in name or link:
        raise BadInput("{field}: the member {name!r} points outside of the archive; refused", name=name, field=archive)
    if info.flag_bits & 1:
        raise BadInput("{field}: is encrypted; unpack it first", field=archive)
    bomb = info.file_size > _RATIO_FROM_BYTES and info.file_size > _MAX_RATIO * max(info.compress_size, 1)
    if info.file_size > _MAX_BYTES or bomb:
        raise BadInput(
            "{field}: the member {name!r} would unpack to {file_size:,.0f} MB; unpack it yourself if it is genuine",
            name=name,
            file_size=info.file_size / 1000000.0,
            field=archive,
        )


def _choose(archive: str, members: list[zipfile.ZipInfo], layer: str | None) -> dict[str, zipfile.ZipInfo]:
    """The members of one layer by suffix; a Shapefile has several."""
    paths = [(PurePosixPath(info.filename.replace("\\", "/")), info) for info in members]
    paths = [(path, info) for path, info in paths if path.parts[0] != "__MACOSX" and not path.name.startswith(".")]
    found = {str(path.with_suffix("")): path for path, _ in paths if path.suffix.lower() in _LAYERS}
    if layer is not None:
        found = {stem: path for stem, path in found.items() if layer in (stem, path.stem, path.name)}
    if not found:
        if layer:
            raise BadInput("{archive}: holds no layer {layer!r}", archive=archive, layer=layer, field="--layer")
        raise BadInput("{field}: holds no Shapefile, GeoPackage, GeoJSON, GeoParquet or CSV file", field=archive)
    if len(found) > 1:
        names = ", ".join(sorted(path.stem for path in found.values()))
        raise BadInput(
            "{archive}: holds several layers ({names}); choose one with --layer",
            archive=archive,
            names=names,
            field="--layer",
        )
    ((stem, main),) = found.items()
    if main.suffix.lower() != ".shp":
        return {main.suffix.lower(): info for path, info in paths if path == main}
    parts = {path.suffix.lower(): info for path, info in paths if str(path.with_suffix("")) == stem}
    return {suffix: info for suffix, info in parts.items() if suffix in _SHAPEFILE_PARTS}
