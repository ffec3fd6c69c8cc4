"""Folium's asset addresses -> installed files: no page asks anybody but its own service for anything.

`npm ci && python -m maps.assets` puts the few files a page needs from `node_modules/` into `maps/static/vendor/`
(installed, never committed). A live page refers to `/static/PATH?v=HASH`; a standalone page carries the text itself.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Final

from gis.errors import NotFound

STATIC: Final = Path(__file__).parent / "static"
VENDOR: Final = STATIC / "vendor"
NODE_MODULES: Final = Path(__file__).parent.parent / "node_modules"

INSTALLED: Final = (
    "@geoman-io/leaflet-geoman-free/LICENSE",
    "@geoman-io/leaflet-geoman-free/dist/leaflet-geoman.min.js",
    "leaflet/LICENSE",
    "leaflet/dist/leaflet.js",
    "leaflet/dist/leaflet.css",
    "leaflet/dist/images/layers.png",
    "leaflet/dist/images/layers-2x.png",
    "leaflet/dist/images/marker-icon.png",
    "leaflet/dist/images/marker-icon-2x.png",
    "leaflet/dist/images/marker-shadow.png",
    "pbf/LICENSE",
    "pbf/index.js",
    "@mapbox/vector-tile/LICENSE.txt",
    "@mapbox/vector-tile/index.js",
    "@mapbox/point-geometry/LICENSE",
    "@mapbox/point-geometry/index.js",
    "topojson-client/LICENSE",
    "topojson-client/dist/topojson-client.min.js",
)

# What the Folium elements that our pages use would fetch from the internet. An address that is missing here is an
# element nobody has thought about yet, and an error.
_FOLIUM: Final = {
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js": "vendor/leaflet/dist/leaflet.js",
    "https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.css": "vendor/leaflet/dist/leaflet.css",
}

# Unpacks what `GET /grid` answers.
TOPOJSON: Final = "vendor/topojson-client/dist/topojson-client.min.js"

# Modules that our own scripts import by name.
MODULES: Final = {
    "pbf": "vendor/pbf/index.js",
    "@mapbox/point-geometry": "vendor/@mapbox/point-geometry/index.js",
    "@mapbox/vector-tile": "vendor/@mapbox/vector-tile/index.js",
}

_CSS_URL: Final = re.compile(r"url\(\s*(['\"]?)(?!data:|#)([^'\")]+)\1\s*\)")


def local_path(url: str) -> str:
    """The file below `static/` that stands for an asset address of Folium's.

    Raises NotFound for an address that no installed file is known for.
    """
    try:
        return _FOLIUM[url]
    except KeyError:
        raise NotFound(
            "{field}: no installed file is known for this asset; add it to package.json and to maps/assets.py",
            field=url,
        ) from None


def file_of(path: str) -> Path:
    """The installed file of a path below `static/`. Raises NotFound where it is not installed."""
    file = STATIC / path
    if not file.resolve().is_relative_to(STATIC.resolve()) or not file.is_file():
        raise NotFound("{field}: this asset is not installed; run 'npm ci' and 'python -m maps.assets'", field=path)
    return file


def asset_url(path: str, base: str = "") -> str:
    """The address of a file below `static/` on the service, with its content hash: `/static/page.js?v=0f3a…`."""
    return f"{base}/static/{path}?v={_digest(file_of(path), file_of(path).stat().st_mtime_ns)}"


def inline_text(path: str) -> str:
    """The text of a css or js file, fit to stand inside a page: pictures of a stylesheet become data URIs."""
    file = file_of(path)
    text = file.read_text("utf-8")
    if file.suffix == ".css":
        return _CSS_URL.sub(lambda found: f"url({data_uri(file.parent / found[2])})", text)
    return text.replace("</script", "<\\/script").replace("//# sourceMappingURL=", "// map: ")


def data_uri(file: Path) -> str:
    """A file as a data URI. Raises NotFound where it is missing."""
    if not file.is_file():
        raise NotFound("{field}: a stylesheet asks for this file, but it is not installed", field=file.name)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(file.read_bytes()).decode('ascii')}"


@lru_cache(maxsize=256)
def _digest(file: Path, _changed_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def install(source: Path = NODE_MODULES, target: Path = VENDOR) -> list[str]:
    """Bring `target` in line with INSTALLED and return the paths that were copied (none, the second time).

    Raises NotFound naming the first file that npm has not installed; nothing is copied then.
    """
    for path in INSTALLED:
        if not (source / path).is_file():
            raise NotFound("{file} is missing; run 'npm ci' first", file=source / path, field=path)
    copied = [path for path in INSTALLED if _copy(source / path, target / path)]
    wanted = {target / path for path in INSTALLED}
    for stray in [file for file in target.rglob("*") if file.is_file() and file not in wanted]:
        stray.unlink()
    return copied


def _copy(source: Path, target: Path) -> bool:
    if target.is_file() and target.read_bytes() == source.read_bytes():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, fresh)
    fresh.replace(target)
    return True


def main() -> int:
    """`python -m maps.assets`."""
    try:
        copied = install()
    except NotFound as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"page assets: {len(copied)} copied, {len(INSTALLED) - len(copied)} were there\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
