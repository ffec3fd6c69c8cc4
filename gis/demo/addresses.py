"""Names of the county's places, and from them an address for every door. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gis.demo import names
from gis.demo.houses import Doors
from gis.demo.land import LANE, MAIN, THROUGH, Roads
from gis.demo.mesh import Settlements
from gis.demo.plan import Ints, Plan

Words = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Named:
    """Names aligned with towns, villages, settlements (empty for a town centre) and streets (empty: none)."""

    town: Words
    village: Words
    hamlet: Words
    street: Words


def name_places(rng: np.random.Generator, plan: Plan, places: Settlements, roads: Roads) -> Named:
    """Names for everything that has one; unique where a person would expect it."""
    town = np.array(names.towns(rng, plan.sizes.towns), dtype=object)
    village = np.empty(len(plan.village_xy), dtype=object)
    urban = np.flatnonzero(plan.village_urban)
    village[urban] = names.communities(rng, len(urban))
    rural = np.flatnonzero(~plan.village_urban)
    village[rural] = names.villages(rng, len(rural))
    hamlet = np.full(len(places.xy), "", dtype=object)
    home = np.where(places.cell >= 0, plan.cell_village[places.cell], -1)
    for index in rural:
        own = np.flatnonzero(home == index)
        hamlet[own] = names.hamlets(rng, len(own))
    return Named(town, village, hamlet, _street_names(rng, plan, places, roads, town, hamlet))


def _street_names(
    rng: np.random.Generator, plan: Plan, places: Settlements, roads: Roads, town: Words, hamlet: Words
) -> Words:
    """Streets of a town centre have names; main and through roads are called after what they join; lanes after their
    hamlet; tracks have no name."""
    street = np.full(len(roads.street_kind), "", dtype=object)
    in_core = (roads.street_place >= 0) & (places.cell[roads.street_place] < 0)
    for index in range(plan.sizes.towns):
        lines = np.flatnonzero(in_core & (roads.street_place == index))
        main = roads.street_kind[lines] == THROUGH
        words = names.streets(rng, len(lines))
        ordered = np.concatenate([lines[main], lines[~main]])
        for word, line in zip(words, ordered, strict=True):
            tail = ("大道" if rng.random() < 0.3 else "路") if roads.street_kind[line] == THROUGH else "街"
            street[line] = word + tail
    lane = np.flatnonzero((roads.street_place >= 0) & ~in_core)
    number, axis = np.divmod(roads.street_line[lane], 2)
    for line, rank, way in zip(lane, number, axis, strict=True):
        middle = "主街" if rank == 0 and way == 0 else "横街" if rank == 0 else ""
        street[line] = hamlet[roads.street_place[line]] + middle if middle else ""
    head = np.full(len(plan.cell_xy), "", dtype=object)
    mains = np.flatnonzero(places.main & (places.cell >= 0))
    head[places.cell[mains]] = hamlet[mains]
    for line in np.flatnonzero((roads.street_place < 0) & (roads.street_kind <= LANE)):
        street[line] = _road_name(roads, int(line), town, head)
    return street


def _road_name(roads: Roads, line: int, town: Words, head: Words) -> str:
    one, two = roads.street_ends[line].tolist()
    if roads.street_kind[line] == MAIN:
        joined = [town[end][:1] for end in (one, two) if 0 <= end < len(town)]
        return "".join(joined) + "公路" if len(joined) == 2 else f"{joined[0]}外公路"
    joined = [head[end] for end in (one, two) if end >= 0 and head[end]]
    return "".join(word[:1] for word in joined) + "路" if len(joined) == 2 else ""


def addresses(rng: np.random.Generator, plan: Plan, places: Settlements, named: Named, doors: Doors) -> pd.DataFrame:
    """Per door, in the order of `doors`: `address`, and `number` along its street.

    In the country: town, village, hamlet, number. In a town centre: town, street, number; behind it, for a block of
    flats, the estate and the building.
    """
    village = plan.cell_village[doors.cell]
    town = plan.village_town[village]
    hamlet = _hamlet_of(plan, places, doors)
    rural = hamlet >= 0
    street = doors.street
    prefix = named.town[town]
    middle = np.where(rural, named.village[village] + named.hamlet[np.maximum(hamlet, 0)], named.village[village])
    on_street = ~rural & (street >= 0) & (named.street[np.maximum(street, 0)] != "")
    middle = np.where(on_street, named.street[np.maximum(street, 0)], middle)
    place = prefix + middle
    estate = _estates(rng, plan, doors, town)
    table = pd.DataFrame({"place": place, "block": doors.block, "x": doors.xy[:, 0], "y": doors.xy[:, 1]})
    table["along"] = _along(table)
    # All buildings of an estate share the number of its gate.
    gate = np.where(doors.block >= 0, doors.block, -2 - np.arange(len(doors.block)))
    firsts = table.assign(gate=gate).sort_values(["place", "along"], kind="stable").drop_duplicates("gate")
    firsts["number"] = firsts.groupby("place").cumcount() + 1
    number = pd.Series(firsts["number"].to_numpy(), index=firsts["gate"].to_numpy()).reindex(gate).to_numpy()
    text = place + number.astype(np.int64).astype(str).astype(object) + "号"
    building = estate + doors.number.astype(str).astype(object) + "号楼"
    table["address"] = np.where(doors.block >= 0, text + building, text)
    table["number"] = number
    return table


def _hamlet_of(plan: Plan, places: Settlements, doors: Doors) -> Ints:
    """The hamlet of each door in a rural cell: the nearest of its cell; -1 for urban doors."""
    found = np.full(len(doors.cell), -1, dtype=np.int64)
    best = np.full(len(doors.cell), np.inf)
    for rank in (0, 1):
        of_cell = np.full(len(plan.cell_xy), -1, dtype=np.int64)
        own = np.flatnonzero((places.cell >= 0) & (places.main == (rank == 0)))
        of_cell[places.cell[own]] = own
        hamlet = of_cell[doors.cell]
        far = np.where(hamlet >= 0, np.hypot(*(doors.xy - places.xy[hamlet]).T), np.inf)
        found = np.where(far < best, hamlet, found)
        best = np.minimum(far, best)
    return np.where(plan.cell_urban[doors.cell], -1, found)


def _estates(rng: np.random.Generator, plan: Plan, doors: Doors, town: Ints) -> Words:
    estate = np.full(len(doors.block), "", dtype=object)
    for index in np.unique(town):
        own = np.flatnonzero((doors.block >= 0) & (town == index))
        faces, which = np.unique(doors.block[own], return_inverse=True)
        estate[own] = np.array(names.estates(rng, len(faces)), dtype=object)[which]
    return estate


def _along(table: pd.DataFrame) -> pd.Series:
    """A coordinate that grows along the street: the one in which the street is longer."""
    wide = table.groupby("place")[["x", "y"]].transform(lambda values: values.max() - values.min())
    return table["x"].where(wide["x"] > wide["y"], -table["y"])
