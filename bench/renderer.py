"""Which renderer draws the doors: Folium's VectorGrid, MapLibre GL inside Leaflet, or a canvas grid of our own.

`./run bench renderer [--quick]`. Every renderer gets the same vector tiles from a server on this machine and the
same 1280 x 800 view with 20,000 doors at zooms 14, 15 and 16, one after the other in one run, in Debian's Chromium
without a graphics card (WebGL by SwiftShader). Measured: milliseconds from adding the layer until everything is drawn
(median of the repeats), the frame times of a pan across half the view, and what a click gives. Needs `npm ci`.
The last line is one line of JSON.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import random
import statistics
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
DOORS = 20_000
WIDTH, HEIGHT = 1280, 800
ZOOMS = (14, 15, 16)
CENTRE = (104.62, 35.58)
EXTENT = 4096
RENDERERS = ("vectorgrid", "maplibre", "own")
SCRIPTS = {
    "vectorgrid": ["leaflet.vectorgrid/dist/Leaflet.VectorGrid.bundled.min.js"],
    "maplibre": [
        "maplibre-gl/dist/maplibre-gl.mjs",
        "maplibre-gl/dist/maplibre-gl-worker.mjs",
        "@maplibre/maplibre-gl-leaflet/leaflet-maplibre-gl.js",
    ],
    "own": ["pbf/index.js", "@mapbox/vector-tile/index.js", "@mapbox/point-geometry/index.js"],
}
OWN = ("page.js", "tiles.js", "legend.js", "doorplates.js")


# --- tiles -----------------------------------------------------------------------------------------------------------


Row = tuple[int, float, float, dict[str, int]]


def world(lon: float, lat: float) -> tuple[float, float]:
    """Web Mercator as shares of the world, from the north-west."""
    return lon / 360 + 0.5, 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)


def doors_of_view(zoom: int) -> list[Row]:
    """Doors spread over one view of a zoom and half a view more on every side."""
    draw = random.Random(zoom)
    x, y = world(*CENTRE)
    width, height = 2 * WIDTH / 256 / 2**zoom, 2 * HEIGHT / 256 / 2**zoom
    return [
        _door(draw, x + (draw.random() - 0.5) * width, y + (draw.random() - 0.5) * height, n) for n in range(4 * DOORS)
    ]


def _door(draw: random.Random, x: float, y: float, number: int) -> Row:
    n = draw.choice((1, 1, 1, 1, 12))
    due = 2500 + draw.randrange(-60, 60)
    lat = math.degrees(math.atan(math.sinh((0.5 - y) * 2 * math.pi)))
    return number, (x - 0.5) * 360, lat, {"n": n, "never": int(draw.random() < 0.15), "wait": n, "due": due}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _point(number: int, x: int, y: int, tags: list[int]) -> bytes:
    zigzag = [(value << 1) ^ (value >> 31) for value in (x, y)]
    geometry = b"".join(map(_varint, [9, *zigzag]))
    head = b"\x08" + _varint(number) + _field(2, b"".join(map(_varint, tags))) + b"\x18\x01"
    return _field(2, head + _field(4, geometry))


def encode_points(layer: str, rows: Iterable[Row], zoom: int, column: int, row: int) -> bytes:
    """One vector tile with the points (id, lon, lat, attributes) that lie in it; empty for none."""
    side = 2**zoom
    keys: dict[str, int] = {}
    values: dict[int, int] = {}
    features = []
    for number, lon, lat, attributes in rows:
        x, y = (share * side for share in world(lon, lat))
        if math.floor(x) == column and math.floor(y) == row:
            tags: list[int] = []
            for key, value in attributes.items():
                tags += [keys.setdefault(key, len(keys)), values.setdefault(value, len(values))]
            features.append(_point(number, int((x - column) * EXTENT), int((y - row) * EXTENT), tags))
    body = _field(1, layer.encode()) + b"".join(features)
    body += b"".join(_field(3, key.encode()) for key in keys)
    body += b"".join(_field(4, b"\x28" + _varint(value)) for value in values)
    return _field(3, body + b"\x28" + _varint(EXTENT) + b"\x78\x02") if features else b""


# --- pages -----------------------------------------------------------------------------------------------------------

_HEAD = """<!DOCTYPE html><html><head><meta charset="utf-8">
<link rel="stylesheet" href="/node_modules/leaflet/dist/leaflet.css">
<link rel="stylesheet" href="/node_modules/maplibre-gl/dist/maplibre-gl.css">
<style>html,body,#map{width:100%;height:100%;margin:0}.vector-tile canvas{position:absolute}</style>
<script src="/node_modules/leaflet/dist/leaflet.js"></script>
<script id="messages" type="application/json">{}</script><script id="config" type="application/json">{}</script>
"""

_COMMON = """
<script>
const Z = ZOOM, URL_ = location.origin + "/tiles/ZOOM/{z}/{x}/{y}";
const map = L.map("map", {center: [CENTRE_LAT, CENTRE_LON], zoom: Z, zoomControl: false, attributionControl: false,
  fadeAnimation: false, minZoom: Z, maxZoom: Z});
const clicked = [];
const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
async function drawn(start) {
  const from = performance.now(); await start(); await frame(); return performance.now() - from;
}
async function pan() {
  const times = []; let last = null, on = true;
  const tick = (now) => { if (last !== null) times.push(now - last); last = now; if (on) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  const ended = new Promise((resolve) => map.once("moveend", resolve));
  map.panBy([WIDTH / 2, 0], {duration: 1.6, easeLinearity: 1});
  await ended; await frame(); on = false; return times;
}
</script>
"""

_VECTORGRID = """
<script src="/node_modules/leaflet.vectorgrid/dist/Leaflet.VectorGrid.bundled.min.js"></script>
<script>
const colour = ({never, due}) => never ? "#5f0000" : due < 2500 ? "#cf2a1b" : due < 2514 ? "#e8762c" : "#6f7b86";
window.run = () => drawn(() => new Promise((resolve) => {
  L.vectorGrid.protobuf(URL_, {rendererFactory: L.canvas.tile, interactive: true, getFeatureId: (f) => f.properties.id,
    vectorTileLayerStyles: {doorplates: (p) => ({radius: 2.3 * (1 + 0.3 * Math.log2(p.wait)), fill: true, stroke: true,
      weight: 1, color: "#fff", fillColor: colour(p), fillOpacity: 1})}})
    .on("click", (e) => clicked.push(e.layer.properties)).on("load", resolve).addTo(map);
}));
</script>
"""

_MAPLIBRE = """
<script type="importmap">{"imports": {"maplibre-gl": "/node_modules/maplibre-gl/dist/maplibre-gl.mjs"}}</script>
<script src="/maps/static/page.js"></script><script src="/maps/static/legend.js"></script>
<script type="module">
import * as maplibregl from "maplibre-gl";
window.maplibregl = maplibregl;
const script = document.createElement("script");
script.src = "/node_modules/@maplibre/maplibre-gl-leaflet/leaflet-maplibre-gl.js";
script.onload = () => { window.run = () => drawn(() => new Promise((resolve) => {
  const state = ["case", [">", ["get", "never"], 0], "never", ["<", ["get", "due"], 2500], "overdue",
    ["<=", ["get", "due"], 2514], "soon", "fresh"];
  const layer = L.maplibreGL({interactive: false, style: {version: 8, sources: {d: {type: "vector", tiles: [URL_],
    minzoom: Z - 1, maxzoom: Z - 1}}, layers: []}}).addTo(map);
  const gl = layer.getMaplibreMap();
  gl.on("load", () => {
    for (const name of ["fresh", "soon", "overdue", "never"]) {
      const sprite = everycell.legend.doorSprite(name, 6, 2);
      const {width, height} = sprite;
      gl.addImage(name, sprite.getContext("2d").getImageData(0, 0, width, height), {pixelRatio: 2});
    }
    gl.addLayer({id: "d", type: "symbol", source: "d", "source-layer": "doorplates", layout: {"icon-image": state,
      "icon-size": ["*", 0.4, ["+", 1, ["*", 0.43, ["ln", ["get", "wait"]]]]], "icon-allow-overlap": true,
      "icon-ignore-placement": true}});
    gl.once("idle", resolve);
  });
  map.on("click", (e) => clicked.push(...gl.queryRenderedFeatures(gl.project([e.latlng.lng, e.latlng.lat]))));
})); };
document.head.append(script);
</script>
"""

_OWN = """
<script type="importmap">{"imports": {"pbf": "/node_modules/pbf/index.js",
"@mapbox/vector-tile": "/node_modules/@mapbox/vector-tile/index.js",
"@mapbox/point-geometry": "/node_modules/@mapbox/point-geometry/index.js"}}</script>
<script src="/maps/static/page.js"></script><script src="/maps/static/tiles.js"></script>
<script src="/maps/static/legend.js"></script><script src="/maps/static/doorplates.js"></script>
<script type="module" src="/maps/static/mvt.mjs"></script>
<script type="module">
everycell.open(); everycell.font = "sans-serif"; map.createPane("doors");
const source = {doorTile: async (z, x, y) => {
  const body = await (await fetch(`/tiles/ZOOM/${z}/${x}/${y}`)).arrayBuffer();
  return body.byteLength ? (await everycell.tileDecoder)(body).doorplates : [];
}};
window.run = () => drawn(() => new Promise((resolve) => {
  const doors = new everycell.Doorplates(map, source, {today: 2500 + 18262, dueSoonDays: 14, since: "2026-01-01"});
  doors.layer.once("load", resolve);
  map.on("click", (e) => { const door = doors.at(e.latlng); if (door) clicked.push(door); });
}));
</script>
"""

_BODIES = {"vectorgrid": _VECTORGRID, "maplibre": _MAPLIBRE, "own": _OWN}


def page(renderer: str, zoom: int) -> str:
    """The page of one renderer at one zoom; `run()` draws, `pan()` moves."""
    common = _COMMON.replace("CENTRE_LON", str(CENTRE[0])).replace("CENTRE_LAT", str(CENTRE[1]))
    body = f'</head><body><div id="map"></div>{common}{_BODIES[renderer]}</body></html>'
    return (_HEAD + body).replace("ZOOM", str(zoom)).replace("WIDTH", str(WIDTH))


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012
    tiles: dict[tuple[int, int, int, int], bytes] = {}  # noqa: RUF012

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts[0] == "tiles":
            found = self.tiles.get((int(parts[1]), int(parts[2]), int(parts[3]), int(parts[4])), b"")
            self._send(found, "application/vnd.mapbox-vector-tile")
        elif parts[0] == "page":
            self._send(page(parts[1], int(parts[2])).encode(), "text/html; charset=utf-8")
        else:
            super().do_GET()

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def served() -> Iterator[str]:
    """A server of pages, assets and tiles on this machine; yields its address."""
    for zoom in ZOOMS:
        doors = doors_of_view(zoom)
        for z in (zoom - 1, zoom):
            by_tile: dict[tuple[int, int], list[Row]] = {}
            for door in doors:
                x, y = world(door[1], door[2])
                by_tile.setdefault((math.floor(x * 2**z), math.floor(y * 2**z)), []).append(door)
            for (column, row), here in by_tile.items():
                _Handler.tiles[zoom, z, column, row] = encode_points("doorplates", here, z, column, row)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


# --- measuring -------------------------------------------------------------------------------------------------------


def measure(browser: Browser, address: str, renderer: str, zoom: int, shot: Path | None) -> dict[str, Any]:
    """One page load: drawn_ms, frames (ms each), clicks that gave a door and errors."""
    tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"{address}/page/{renderer}/{zoom}")
    tab.wait_for_function("window.run !== undefined")
    drawn = tab.evaluate("run()")
    if shot:
        tab.screenshot(path=str(shot / f"{renderer}-{zoom}.png"))
    frames = tab.evaluate("pan()")
    for x in range(8):
        tab.mouse.click(420 + x * 53, 400)
    clicks = tab.evaluate("clicked.length")
    tab.close()
    return {"drawn_ms": drawn, "frames": frames, "clicks": clicks, "errors": errors}


def _share_of(frames: list[float], share: float) -> float:
    return sorted(frames)[min(len(frames) - 1, int(len(frames) * share))]


def main(argv: list[str] | None = None) -> int:
    """Print one line a renderer and zoom, then all figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one repeat instead of five")
    parser.add_argument("--screenshots", type=Path, help="folder for a picture of every renderer")
    asked = parser.parse_args(argv)
    repeats = 1 if asked.quick else 5
    figures: dict[str, float] = {}
    arguments = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-vsync"]
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        for renderer in RENDERERS:
            size = sum((ROOT / "node_modules" / path).stat().st_size for path in SCRIPTS[renderer])
            size += sum((ROOT / "maps/static" / path).stat().st_size for path in OWN) if renderer == "own" else 0
            figures[f"{renderer}_kB"] = round(size / 1000)
        for zoom in ZOOMS:
            runs: dict[str, list[dict[str, Any]]] = {renderer: [] for renderer in RENDERERS}
            for _ in range(repeats):  # taking turns: what else the machine does hits all of them alike
                for renderer in RENDERERS:
                    runs[renderer].append(measure(browser, address, renderer, zoom, asked.screenshots))
            for renderer, found in runs.items():
                _report(renderer, zoom, found, figures)
        browser.close()
    print(json.dumps({"bench": "renderer", "figures": figures}))
    return 0


def _report(renderer: str, zoom: int, runs: list[dict[str, Any]], figures: dict[str, float]) -> None:
    frames = [time for run in runs for time in run["frames"]]
    drawn = statistics.median(run["drawn_ms"] for run in runs)
    median, p95, longest = statistics.median(frames), _share_of(frames, 0.95), max(frames)
    errors = sum(len(run["errors"]) for run in runs)
    clicks = sum(run["clicks"] for run in runs)
    name = f"{renderer}_z{zoom}"
    figures.update(
        {f"{name}_drawn_ms": round(drawn), f"{name}_frame_ms": round(median, 1), f"{name}_frame_p95_ms": round(p95)}
    )
    print(
        f"{renderer:<11} z{zoom}  drawn {drawn:7.0f} ms   pan frame {median:6.1f} ms median, {p95:5.0f} p95,"
        f" {longest:5.0f} longest   clicks that found a door {clicks}, errors {errors}"
        + (f" ({runs[0]['errors'][0][:60]})" if runs[0]["errors"] else "")
    )


if __name__ == "__main__":
    sys.exit(main())
