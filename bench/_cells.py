"""A county of cells with uneven households, without a database: what the benchmarks of disputes stand on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gis.disputes.disclosure import Table, expected, publish_below, publish_top
from gis.disputes.rates import neighbours

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SIDE = 50
VILLAGE = 3  # cells along a side of a village, about
VILLAGES = -(-SIDE // VILLAGE)  # along a side of the county
TOWN = 4  # villages along a side of a town
BLOCK = 3


class County:
    """50 × 50 cells in villages and towns, households lognormal: most cells 50 to 500, one in twenty fewer than 30."""

    def __init__(self, rng: np.random.Generator) -> None:
        at = np.arange(SIDE * SIDE).reshape(SIDE, SIDE)
        ways = [(at[:, :-1], at[:, 1:]), (at[:-1], at[1:]), (at[:-1, :-1], at[1:, 1:]), (at[1:, :-1], at[:-1, 1:])]
        self.links = neighbours(at.size, np.concatenate([np.c_[one.ravel(), other.ravel()] for one, other in ways]))
        self.households = rng.lognormal(5.0, 1.0, at.size).round()
        row, column = at // SIDE, at % SIDE
        self.village = (row // VILLAGE * VILLAGES + column // VILLAGE).ravel()
        villages = np.arange(VILLAGES**2)
        self.town = villages // VILLAGES // TOWN * -(-VILLAGES // TOWN) + villages % VILLAGES // TOWN

    def mean(self, cases: int) -> Floats:
        """Cases that each cell has where every household has the same chance."""
        return self.households * (cases / self.households.sum())

    def block(self, rng: np.random.Generator) -> Ints:
        """The cells of a block somewhere."""
        row, column = rng.integers(0, SIDE - BLOCK, 2)
        rows, columns = np.meshgrid(np.arange(row, row + BLOCK), np.arange(column, column + BLOCK))
        return (rows * SIDE + columns).ravel()

    def levels(self, counts: Ints) -> list[tuple[Ints, Ints, Ints]]:
        """Towns, villages and cells for counts (cells, categories): counts, households and parents."""
        own = self.households.astype(np.int64)[:, None]
        villages, homes = _summed(counts, self.village), _summed(own, self.village)
        towns, town_homes = _summed(villages, self.town), _summed(homes, self.town)
        top = np.zeros(len(towns), np.int64)
        return [(towns, town_homes[:, 0], top), (villages, homes[:, 0], self.town), (counts, own[:, 0], self.village)]

    def published(self, counts: Ints) -> list[Table]:
        """The tables of county, towns, villages and cells in one period."""
        levels = self.levels(counts)
        tables = [publish_top(counts.sum(axis=0), int(self.households.sum()))]
        for below, homes, parent in levels:
            tables.append(publish_below(below, homes, parent, [tables[-1]]))
        return tables

    def read(self, counts: Ints) -> Floats:
        """What a reader of the published tables expects of each cell."""
        top, *tables = self.published(counts[:, None])
        told = expected(top, np.array([self.households.sum()], np.int64))
        for table, (_, homes, parent) in zip(tables, self.levels(counts[:, None]), strict=True):
            told = expected(table, homes, parent, told)
        return told


def _summed(counts: NDArray[np.generic], groups: Ints) -> Ints:
    found = np.zeros((int(groups.max()) + 1, counts.shape[1]), np.int64)
    np.add.at(found, groups, counts.astype(np.int64))
    return found
