"""Travel where no streets are known: straight lines, and a detour that streets usually make. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from pyproj import Geod

from gis.patrol.network import Floats, Mode
from gis.patrol.travel import Leg, Travel

DETOUR: Final = 1.4
KMH: Final = {Mode.foot: 4.8, Mode.car: 25.0}
_GEOD: Final = Geod(ellps="GRS80")


def straight_travel(mode: Mode, lon: Floats, lat: Floats) -> Travel:
    """Travel between n places (degrees, shape (n,)): geodesic metres × 1.4 at a fixed speed; nobody is astray."""
    count = len(lon)
    first, second = (index.ravel() for index in np.indices((count, count)))
    beeline = np.asarray(_GEOD.inv(lon[first], lat[first], lon[second], lat[second])[2], dtype=np.float64)
    metres = DETOUR * beeline.reshape(count, count)
    seconds = metres * 3.6 / KMH[mode]

    def leg(origin: int, goal: int) -> Leg:
        line = shapely.LineString([(lon[origin], lat[origin]), (lon[goal], lat[goal])])
        return Leg(line, float(seconds[origin, goal]), float(metres[origin, goal]))

    return Travel(mode, seconds, metres, np.zeros(count), (None,) * count, True, leg)
