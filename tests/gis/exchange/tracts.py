"""Census tracts of a real city as cells: simplified each by itself, so that they do not tile, and with codes of their
own, which everycell does not know."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd

COUNTY: Final = "990002"


def coded(source: Path, target: Path) -> Path:
    """The tracts with codes of everycell: a borough becomes a town, a neighbourhood a village, a tract a cell.

    This is what a county with codes of its own does before an import; docs/import.md tells how.
    """
    tracts = gpd.read_file(source).sort_values("BoroCT2010", ignore_index=True)
    town = tracts["BoroCT2010"].str[0].str.zfill(3)
    village = tracts.groupby(town)["NTACode"].rank("dense").astype(int).map("{:03}".format)
    cell = (tracts.groupby("NTACode").cumcount() + 1).map("{:03}".format)
    cells = gpd.GeoDataFrame(
        {"code": COUNTY + town + village + cell, "name": tracts["BoroCT2010"]}, geometry=tracts.geometry, crs=tracts.crs
    )
    cells.to_file(target, driver="GeoJSON", RFC7946=True)
    return target
