"""How many towns, villages and cells the fictional county has, and where their centres lie. Pure.

Everything is in metres around the county's middle. Centres come from a relaxed power diagram: at each level the pieces
get the share of the area that they should have, so that cells are small in a town centre and large in the hills.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis.demo.field import Field, Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COUNTY_CODE = "990101"  # no province has the number 99
RURAL_CELL_M2 = 1.15e6
SAMPLES_PER_CELL = 60
BLOCK_M = (124.0, 102.0)  # a block of a town centre, street to street
_URBAN_DOORS = {True: 400.0, False: 330.0}  # households of an urban cell in the county town, in another town
_RURAL_DOORS = 189.0
_CITY_EVERY = 10  # the first of so many towns is a county town with many communities


@dataclass(frozen=True, slots=True)
class Sizes:
    """Counts that follow from the number of households."""

    households: int
    cells: int
    town_cells: tuple[int, ...]
    town_villages: tuple[int, ...]
    town_communities: tuple[int, ...]
    town_urban_cells: tuple[int, ...]

    @property
    def towns(self) -> int:
        return len(self.town_cells)


@dataclass(frozen=True, slots=True)
class Plan:
    """Centres and parents of every level; arrays are aligned by index. Weights belong to the power diagram."""

    sizes: Sizes
    radius_m: float
    town_xy: Floats
    town_weight: Floats
    core_radius_m: Floats
    village_xy: Floats
    village_weight: Floats
    village_town: Ints
    village_urban: Bools
    cell_xy: Floats
    cell_weight: Floats
    cell_village: Ints
    cell_households: Ints  # the number wanted; 0 where a cell is empty

    @property
    def cell_urban(self) -> Bools:
        return self.village_urban[self.cell_village]

    @property
    def cell_town(self) -> Ints:
        return self.village_town[self.cell_village]


def apportion(total: int, weights: Floats, least: int = 0) -> Ints:
    """`total` split into whole numbers by `weights` (largest remainder), each at least `least`; sums to `total`."""
    share = weights / weights.sum() * (total - least * len(weights))
    whole = np.floor(share).astype(np.int64)
    rest = total - least * len(weights) - int(whole.sum())
    whole[np.argsort(whole - share, kind="stable")[:rest]] += 1
    parts: Ints = whole + least
    return parts


def sizes(rng: np.random.Generator, households: int) -> Sizes:
    """Counts for `households`: 60,000 give 3 towns, 23 villages and 250 cells, 81 of them in the first town."""
    per_cell = 240.0 * float(np.clip((households / 60_000) ** 0.18, 1.0, 1.67))
    cells = max(20, round(households / per_cell))
    towns = max(1, round(cells / 83))
    weights = rng.uniform(0.95, 1.05, towns)
    if towns == 3:
        weights[0] = 0.324 / 0.676 * weights[1:].sum()
    town_cells = apportion(cells, weights)
    villages = max(3 * towns, round(cells * 0.092))
    town_villages = apportion(villages, town_cells.astype(np.float64), least=2)
    is_city = np.arange(towns) % _CITY_EVERY == 0
    communities = np.where(is_city, np.maximum(1, np.round(town_villages * 0.45)), 1).astype(np.int64)
    urban = np.maximum(communities, np.round(town_cells * np.where(is_city, 0.52, 0.165)).astype(np.int64))
    return Sizes(
        households,
        cells,
        tuple(town_cells.tolist()),
        tuple(town_villages.tolist()),
        tuple(communities.tolist()),
        tuple(urban.tolist()),
    )


def power_labels(points: Floats, centres: Floats, weights: Floats) -> tuple[Ints, Floats]:
    """For each point the index of its centre in the power diagram, and its distance in metres to the nearest border."""
    power = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2) - weights[None, :]
    label = np.argmin(power, axis=1)
    if len(centres) == 1:
        return label, np.full(len(points), np.inf)
    own = power[np.arange(len(points)), label]
    apart = np.sqrt(((centres[label][:, None, :] - centres[None, :, :]) ** 2).sum(axis=2))
    apart[np.arange(len(points)), label] = np.inf
    margin = (power - own[:, None]) / (2.0 * np.maximum(apart, 1.0))
    margin[np.arange(len(points)), label] = np.inf
    return label, margin.min(axis=1)


def relax(
    rng: np.random.Generator,
    samples: Floats,
    shares: Floats,
    steps: int = 50,
    keep_out: tuple[Floats, float] | None = None,
) -> tuple[Floats, Floats, Ints]:
    """Centres and weights of a power diagram that gives each centre its share of the samples, and the samples' labels.

    `samples` (n, 2) in metres, n ≥ number of shares. Lloyd's relaxation with weights that follow the error in area.
    No centre comes to lie in the disc `keep_out` (middle, radius): areas lie around it, not across it.
    """
    num = len(shares)
    share = shares / shares.sum()
    centres = samples[rng.choice(len(samples), num, replace=False)].copy()
    weights = np.zeros(num)
    spread = float(samples.var(axis=0).sum()) / num
    label = np.zeros(len(samples), dtype=np.int64)
    for step in range(steps):
        power = ((samples[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2) - weights[None, :]
        label = np.argmin(power, axis=1)
        count = np.bincount(label, minlength=num)
        for axis in (0, 1):
            total = np.bincount(label, weights=samples[:, axis], minlength=num)
            centres[:, axis] = np.where(count > 0, total / np.maximum(count, 1), centres[:, axis])
        if keep_out is not None:
            outward = centres - keep_out[0]
            far = np.maximum(np.hypot(*outward.T), 1.0)
            centres = keep_out[0] + outward * (np.maximum(far, keep_out[1]) / far)[:, None]
        if step > steps // 4:
            weights += 0.5 * spread * np.clip(share - count / len(samples), -share, share) / share
    return centres, weights, label


def _domain(rng: np.random.Generator, area_m2: float, num_samples: int) -> tuple[Floats, float]:
    """Sample points of an irregular county of about `area_m2`, and the radius that contains it."""
    radius = float(np.sqrt(area_m2 / np.pi))
    outline = Field(rng, radius * 1.7)
    reach = radius * 2.0
    found: list[Floats] = []
    while sum(map(len, found)) < num_samples:
        points = rng.uniform(-reach, reach, (num_samples, 2))
        found.append(points[inside(points, radius, outline)])
    return np.concatenate(found)[:num_samples], radius


def inside(points: Floats, radius_m: float, outline: Field) -> Bools:
    """Which points lie in the county: a disc, wider than high, with a wandering border."""
    stretched = np.hypot(points[:, 0] / 1.16, points[:, 1] * 1.16)
    within: Bools = stretched < radius_m * (1.0 + 0.13 * outline(points))
    return within


def make_plan(rng: np.random.Generator, households: int) -> tuple[Plan, Field]:
    """The plan for a county of `households`, and the field that bounds the county."""
    counts = sizes(rng, households)
    num_rural = counts.cells - sum(counts.town_urban_cells)
    outline_seed = int(rng.integers(2**31))
    samples, radius = _domain(np.random.default_rng(outline_seed), num_rural * RURAL_CELL_M2, counts.cells * 60)
    outline = Field(np.random.default_rng(outline_seed), radius * 1.7)
    rural = np.array(counts.town_cells) - np.array(counts.town_urban_cells)
    coarse = samples[:: max(1, len(samples) // 12_000)]
    town_xy, town_weight, _ = relax(rng, coarse, rural.astype(np.float64))
    town_of, _ = power_labels(samples, town_xy, town_weight)
    core_radius = np.array([_core_radius(counts, town) for town in range(counts.towns)])
    builder = _Builder(rng)
    for town in range(counts.towns):
        _plan_town(builder, counts, town, samples[town_of == town], town_xy[town], float(core_radius[town]))
    plan = Plan(
        sizes=counts,
        radius_m=radius,
        town_xy=town_xy,
        town_weight=town_weight,
        core_radius_m=core_radius,
        village_xy=np.array(builder.village_xy),
        village_weight=np.array(builder.village_weight),
        village_town=np.array(builder.village_town, dtype=np.int64),
        village_urban=np.array(builder.village_urban, dtype=np.bool_),
        cell_xy=np.array(builder.cell_xy),
        cell_weight=np.array(builder.cell_weight),
        cell_village=np.array(builder.cell_village, dtype=np.int64),
        cell_households=_wanted(rng, counts, builder),
    )
    return plan, outline


def _core_radius(counts: Sizes, town: int) -> float:
    """Radius of a town centre: about 5.6 blocks for each of its cells."""
    blocks = 5.6 * counts.town_urban_cells[town]
    return float(np.sqrt(blocks * BLOCK_M[0] * BLOCK_M[1] / np.pi))


class _Builder:
    """Collects the levels town by town."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.village_xy: list[Floats] = []
        self.village_weight: list[float] = []
        self.village_town: list[int] = []
        self.village_urban: list[bool] = []
        self.cell_xy: list[Floats] = []
        self.cell_weight: list[float] = []
        self.cell_village: list[int] = []

    def villages(
        self, town: int, samples: Floats, cells: Ints, keep_out: tuple[Floats, float] | None = None, *, urban: bool
    ) -> None:
        """Divides `samples` into villages with the given numbers of cells, and each village into its cells."""
        centres, weights, label = relax(self.rng, samples, cells.astype(np.float64), keep_out=keep_out)
        for index, num_cells in enumerate(cells):
            self.village_xy.append(centres[index])
            self.village_weight.append(float(weights[index]))
            self.village_town.append(town)
            self.village_urban.append(urban)
            self._cells(samples[label == index], int(num_cells), uneven=0.25 if urban else 0.4)

    def _cells(self, samples: Floats, num_cells: int, *, uneven: float) -> None:
        shares = np.exp(self.rng.normal(0.0, uneven, num_cells))
        centres, weights, _ = relax(self.rng, samples, shares)
        self.cell_xy.extend(centres)
        self.cell_weight.extend(weights.tolist())
        self.cell_village.extend([len(self.village_xy) - 1] * num_cells)


def _plan_town(
    builder: _Builder, counts: Sizes, town: int, samples: Floats, centre: Floats, core_radius_m: float
) -> None:
    rng = builder.rng
    communities = counts.town_communities[town]
    urban_cells = counts.town_urban_cells[town]
    num_core = max(400, urban_cells * SAMPLES_PER_CELL)
    angle = rng.uniform(0.0, 2.0 * np.pi, num_core)
    distance = core_radius_m * np.sqrt(rng.random(num_core))
    core = centre + np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])
    builder.villages(town, core, apportion(urban_cells, rng.uniform(0.8, 1.2, communities), least=1), urban=True)
    num_villages = counts.town_villages[town] - communities
    around = samples[np.hypot(*(samples - centre).T) > core_radius_m * 1.1]
    rural_cells = counts.town_cells[town] - urban_cells
    cells = apportion(rural_cells, rng.uniform(0.7, 1.3, num_villages), least=2)
    builder.villages(town, around, cells, (centre, core_radius_m * 1.7), urban=False)


def _wanted(rng: np.random.Generator, counts: Sizes, builder: _Builder) -> Ints:
    """Households wanted in each cell. Two far cells are empty: one will be confirmed as such, one not."""
    village = np.array(builder.cell_village)
    town = np.array(builder.village_town)[village]
    urban = np.array(builder.village_urban)[village]
    city = town % _CITY_EVERY == 0
    weight = np.where(urban, np.where(city, _URBAN_DOORS[True], _URBAN_DOORS[False]), _RURAL_DOORS)
    weight = weight * np.exp(rng.normal(0.0, 0.28, len(weight)))
    centre = np.array([builder.cell_xy[i] for i in range(len(village))])
    far = np.where(urban, -np.inf, np.hypot(*centre.T) + rng.normal(0.0, 500.0, len(village)))
    weight[np.argsort(far)[-2:]] = 0.0
    return apportion(counts.households, weight)
