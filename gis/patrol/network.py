"""A network of streets as arrays: what travel times, routes and sweeps are computed on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Mode(StrEnum):
    """How a team gets about."""

    foot = "foot"
    car = "car"


@dataclass(frozen=True)
class Network:
    """Streets of a county between nodes where they meet or end.

    An *edge* is a piece of street between two nodes; an *arc* is an edge in one direction. Both directions are always
    there, the forward one (as the edge's line is drawn) and the backward one; where a mode may not go, its seconds are
    inf. Parallel edges and loops occur.

    `version` names the network (a digest of its content). Per node: `lon`, `lat` in degrees (EPSG:4490), shape (n,).
    Per edge, shape (k,): `line` shapely LineStrings in degrees, `length_m` metres on the ground, `way` the
    OpenStreetMap id (0: none), `name` ('' without one), `street_class` as of gis.streets. Per arc, shape (m,):
    `tail`, `head` nodes, `edge`, `forward`, and for each mode `seconds` (inf: not allowed). `forbidden_turns`: arcs
    that a car may not take one right after the other, two or more in a row.
    """

    version: str
    lon: Floats
    lat: Floats
    line: npt.NDArray[np.object_]
    length_m: Floats
    way: Ints
    name: npt.NDArray[np.object_]
    street_class: Ints
    tail: Ints
    head: Ints
    edge: Ints
    forward: Flags
    seconds: Mapping[Mode, Floats]
    forbidden_turns: tuple[tuple[int, ...], ...] = ()
