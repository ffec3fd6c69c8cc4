"""Whether a sweep is one: looked at anew, street by street, without anything that made it. Pure."""

from __future__ import annotations

import math

from gis.patrol.network import Ints, Mode, Network
from gis.patrol.sweeping.request import Sweep, Walk


def faults(
    network: Network,
    mode: Mode,
    required: Ints,
    start: int | None,
    shift_s: float | None,
    sweep: Sweep,
) -> list[str]:
    """What is wrong with it, in words; empty where nothing is."""
    wanted = set(required.tolist())
    found: list[str] = []
    swept: list[int] = []
    for k, walk in enumerate(sweep.walks):
        found += [f"walk {k}: {fault}" for fault in _faults_of(network, mode, start, shift_s, walk)]
        swept += [int(network.edge[arc]) for arc, fresh in zip(walk.arcs, walk.fresh, strict=True) if fresh]
    if len(swept) != len(set(swept)):
        found.append("a street is swept twice")
    missing = wanted - set(swept) - set(sweep.too_long.tolist())
    found += [f"edge {edge} is in no walk" for edge in sorted(missing)]
    found += [f"edge {edge} was not asked for" for edge in sorted(set(swept) - wanted)]
    street_m = sum(float(network.length_m[edge]) for edge in wanted)
    if not math.isclose(street_m, sweep.street_m, abs_tol=1e-6, rel_tol=1e-9):
        found.append(f"streets are {street_m} m, not {sweep.street_m}")
    if len(sweep.walks) == 1 and sweep.walk_m < sweep.bound_m * (1 - 1e-6):
        found.append(f"the walk of {sweep.walk_m} m is shorter than the bound of {sweep.bound_m}")
    return found


def _faults_of(network: Network, mode: Mode, start: int | None, shift_s: float | None, walk: Walk) -> list[str]:
    found: list[str] = []
    arcs = walk.arcs.tolist()
    if not arcs:
        return ["goes nowhere"]
    for one, next_one in zip(arcs, [*arcs[1:], arcs[0]], strict=True):
        if network.head[one] != network.tail[next_one]:
            found.append(f"arc {next_one} does not begin where arc {one} ends")
    if start is not None and network.tail[arcs[0]] != start:
        found.append(f"begins at {network.tail[arcs[0]]}, not at {start}")
    found += [f"arc {arc} may not be passed" for arc in arcs if not math.isfinite(network.seconds[mode][arc])]
    metres = sum(float(network.length_m[network.edge[arc]]) for arc in arcs)
    if not math.isclose(metres, walk.metres, rel_tol=1e-9):
        found.append(f"is {metres} m long, not {walk.metres}")
    least_s = sum(float(network.seconds[mode][arc]) for arc in arcs)
    if walk.seconds < least_s * (1 - 1e-9):
        found.append(f"takes {least_s} s at least, not {walk.seconds}")
    if shift_s is not None and walk.seconds > shift_s + 1e-6:
        found.append(f"takes {walk.seconds} s, longer than the shift of {shift_s}")
    return found
