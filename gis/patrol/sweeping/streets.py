"""Streets that may be walked both ways: an undirected graph, and which of its pieces hang together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from gis.patrol.network import Flags, Floats, Ints
from gis.patrol.sweeping.ways import Links, Ways


@dataclass(frozen=True)
class Streets:
    """Edges between nodes 0 … num_nodes - 1, shape (k,) each. Parallel edges and loops occur. `length` > 0."""

    num_nodes: int
    u: Ints
    v: Ints
    length: Floats

    @cached_property
    def ways(self) -> Ways:
        """Links 2e and 2e + 1 are edge e there and back."""
        tail = np.stack([self.u, self.v], axis=1).ravel()
        head = np.stack([self.v, self.u], axis=1).ravel()
        return Ways(Links(self.num_nodes, tail, head, np.repeat(self.length, 2)))

    def odd(self, times: Ints) -> Ints:
        """The nodes at which an odd number of ends lie, where each edge is there so many times."""
        degree = np.bincount(self.u, times, self.num_nodes) + np.bincount(self.v, times, self.num_nodes)
        return np.flatnonzero(degree.astype(np.int64) % 2)

    def parts(self, used: Flags, nodes: Ints) -> Ints:
        """Which part, numbered from 0, each of `nodes` is in, where only the edges `used` hold together."""
        ends = (self.u[used], self.v[used])
        graph = coo_matrix((np.ones(len(ends[0])), ends), shape=(self.num_nodes, self.num_nodes))
        labels = connected_components(graph, directed=False)[1]
        return np.unique(labels[nodes], return_inverse=True)[1].astype(np.int64)
