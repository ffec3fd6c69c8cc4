"""A small county and its files, good and bad, made for the tests: nothing binary is committed.

The county 621126 is 16 square cells of 0.02° in 2 towns and 4 villages; 621126 lies where GCJ-02 moves things by some
300 m to the south-east.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gis.crs import Datum, from_wgs84

COUNTY: Final = "621126"
WEST, SOUTH, SIDE = 104.0, 34.4, 0.02
MOBILE: Final = "13800138000"
CARD: Final = "6222021234567890128"


def cells() -> gpd.GeoDataFrame:
    """The 16 cells, headed in Chinese."""
    rows = []
    for town in range(2):
        for village in range(2):
            for cell in range(4):
                x = WEST + (town * 2 + cell % 2) * SIDE
                y = SOUTH + (village * 2 + cell // 2) * SIDE
                code = f"{COUNTY}{town + 100}{village + 200}{cell + 1:03}"
                rows.append((code, f"网格{len(rows) + 1}", shapely.box(x, y, x + SIDE, y + SIDE)))
    return gpd.GeoDataFrame(rows, columns=["网格编码", "网格名称", "geometry"], crs=4490)


def dwellings(number: int = 600) -> pd.DataFrame:
    """Dwellings on a lattice over the county, three behind each door."""
    door = np.arange(number) // 3
    side = int(np.ceil(np.sqrt(number / 3)))
    lon = WEST + 0.0002 + (door % side) * (0.0796 / max(side - 1, 1))
    lat = SOUTH + 0.0002 + (door // side) * (0.0796 / max(side - 1, 1))
    return pd.DataFrame(
        {
            "户号": [f"{COUNTY}-H{at:05}" for at in range(number)],
            "门牌地址": [f"示范路{at}号" for at in door],
            "室号": [f"{at % 3 + 1}单元101" for at in range(number)],
            "经度": np.round(lon, 7),
            "纬度": np.round(lat, 7),
        }
    )


def shifted(frame: pd.DataFrame, datum: Datum) -> pd.DataFrame:
    """The same places written in another datum."""
    lon, lat = from_wgs84(datum, frame["经度"], frame["纬度"])
    return frame.assign(经度=lon.round(7), 纬度=lat.round(7))


def moved(frame: gpd.GeoDataFrame, datum: Datum) -> gpd.GeoDataFrame:
    """The same polygons written in another datum."""

    def move(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(from_wgs84(datum, xy[:, 0], xy[:, 1]))

    return gpd.GeoDataFrame(
        frame.drop(columns="geometry"), geometry=shapely.transform(frame.geometry.to_numpy(), move), crs=4490
    )


def with_shape(at: int, shape: Any) -> gpd.GeoDataFrame:
    """The cells with another polygon for one of them."""
    frame = cells()
    shapes = frame.geometry.to_numpy().copy()
    shapes[at] = shape
    return gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=4490)


def csv(path: Path, frame: pd.DataFrame, encoding: str = "utf-8") -> Path:
    frame.to_csv(path, index=False, encoding=encoding)
    return path


def gpkg(path: Path, frame: gpd.GeoDataFrame, **options: Any) -> Path:
    frame.to_file(path, driver="GPKG", **options)
    return path


def wkt_csv(path: Path, frame: gpd.GeoDataFrame) -> Path:
    """Polygons as WKT: the one format that takes every broken geometry."""
    plain = pd.DataFrame(frame.drop(columns="geometry"))
    return csv(path, plain.assign(wkt=shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=10)))


def shapefile(folder: Path, name: str, frame: gpd.GeoDataFrame, encoding: str = "UTF-8") -> Path:
    path = folder / f"{name}.shp"
    frame = frame.rename(columns={"网格编码": "编码", "网格名称": "名称"})  # a heading has ten bytes
    frame.to_file(path, driver="ESRI Shapefile", encoding=encoding)
    return path


def zipped(path: Path, *files: Path, inside: str = "") -> Path:
    """Shapefiles (with all that belongs to them) in one archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            for part in sorted(file.parent.glob(f"{file.stem}.*")):
                archive.write(part, f"{inside}{part.name}")
    return path


def identity_number(birth: str = "19800101", serial: int = 123, region: str = COUNTY) -> str:
    """A made-up identity number with the right check digit."""
    head = f"{region}{birth}{serial:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return head + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(head, weights, strict=True)) % 11]
