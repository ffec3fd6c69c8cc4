"""What a file holds, before anything of it is believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyproj import CRS

from gis.sentence import Sentence
from gis.storage.report import Reject


@dataclass(frozen=True)
class Table:
    """The records of a file.

    `data` holds all columns as read, without a geometry column; `geometry` one Shapely geometry (or None) a record, in
    `crs` (None: the file does not say), x or longitude first. `rows` are the source row numbers (1 = first data row),
    which have holes where a line was malformed: `malformed` lists those. `understood` says in words how it was read.
    """

    path: Path
    format: str
    data: pd.DataFrame
    rows: NDArray[np.int64]
    geometry: NDArray[np.object_] | None = None
    crs: CRS | None = None
    encoding: str | None = None
    malformed: list[Reject] = field(default_factory=list)
    notes: list[Sentence] = field(default_factory=list)
