"""The sweep of streets: one closed walk over all of them, or one for each shift. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from gis.errors import BadInput
from gis.patrol.network import Flags, Floats, Ints, Mode, Network
from gis.patrol.sweeping.euler import closed_walk
from gis.patrol.sweeping.mixed import mixed_postman
from gis.patrol.sweeping.postman import postman
from gis.patrol.sweeping.request import Sweep, Walk
from gis.patrol.sweeping.shifts import split
from gis.patrol.sweeping.streets import Streets
from gis.patrol.sweeping.ways import Links, Ways

MOST_EDGES: Final = 2_500


def sweep(
    network: Network,
    mode: Mode,
    required: Ints,
    start: int | None = None,
    *,
    shift_s: float | None = None,
    speed_mps: float | None = None,
) -> Sweep:
    """Walks that pass every edge of `required` (numbers of edges), each closed, from the node `start` where given.

    Without `shift_s` there is one walk; with it few, none longer, as even as their order allows. A street
    that is passed for the first time is passed with `speed_mps` where given, everything else with the network's times.
    All required edges and the start must be strongly connected in the mode (see `area`). Nothing required: no walk.
    Raises BadInput for more than MOST_EDGES edges, and for one that nobody may pass.
    """
    required = np.unique(required)
    if len(required) > MOST_EDGES:
        raise BadInput(
            "area: has {number:,} pieces of street, a sweep takes {most:,}; choose a smaller area",
            number=len(required),
            most=MOST_EDGES,
            field="area",
        )
    ground = Sweeping(network, mode, start, speed_mps)
    ground.check(required)
    street_m = float(network.length_m[required].sum())
    if not len(required):
        return Sweep((), 0.0, 0.0, required)
    too_long = required[:0] if shift_s is None else required[ground.alone(required) > shift_s]
    required = np.setdiff1d(required, too_long)
    if not len(required):
        return Sweep((), street_m, 0.0, too_long)
    whole, bound = ground.walk(required)
    walks = (whole,) if shift_s is None else split(ground, whole, required, shift_s)
    return Sweep(tuple(walks), street_m, bound, too_long)


@dataclass(frozen=True)
class Sweeping:
    """Streets in one mode, the place where walks begin and end, and how fast streets are swept."""

    network: Network
    mode: Mode
    start: int | None
    speed_mps: float | None

    def check(self, required: Ints) -> None:
        arcs = self.arcs[required]
        if not np.isfinite(self.network.seconds[self.mode])[arcs].any(axis=1).all():
            raise BadInput("required: has a street that nobody may pass in this mode", field="required")

    @cached_property
    def arcs(self) -> Ints:
        """Of each edge the arc forward and the arc backward, shape (k, 2)."""
        found = np.empty((len(self.network.length_m), 2), np.int64)
        found[self.network.edge, np.where(self.network.forward, 0, 1)] = np.arange(len(self.network.edge))
        return found

    @cached_property
    def open(self) -> Flags:
        """Which edges may be passed both ways."""
        return np.asarray(np.isfinite(self.network.seconds[self.mode])[self.arcs].all(axis=1))

    @cached_property
    def fresh_s(self) -> Floats:
        """The seconds of each arc when its street is swept."""
        found = self.network.seconds[self.mode]
        if self.speed_mps is None:
            return found
        slow = self.network.length_m[self.network.edge] / self.speed_mps
        return np.where(np.isfinite(found), np.maximum(slow, found), np.inf)

    @cached_property
    def times(self) -> Ways:
        net = self.network
        return Ways(Links(len(net.lon), net.tail, net.head, net.seconds[self.mode]))

    @cached_property
    def times_back(self) -> Ways:
        """The same ways, walked backwards: from a node, the cost of getting to it."""
        net = self.network
        return Ways(Links(len(net.lon), net.head, net.tail, net.seconds[self.mode]))

    def alone(self, required: Ints) -> Floats:
        """The least seconds of a walk for one edge only, from the start (or the edge's own end) and back."""
        arcs = self.arcs[required].ravel()
        tail, head = self.network.tail[arcs], self.network.head[arcs]
        if self.start is not None:
            way = (
                self.times.costs(np.array([self.start]), tail)[0]
                + self.times_back.costs(np.array([self.start]), head)[0]
            )
        else:
            way = np.array([self.times.cost(int(h), int(t)) for t, h in zip(tail, head, strict=True)])
        return np.asarray((self.fresh_s[arcs] + way).reshape(-1, 2).min(axis=1))

    def walk(self, required: Ints, *, prove: bool = True) -> tuple[Walk, float]:
        """A short closed walk over these edges, from the start where there is one; and its bound in metres."""
        if self._both_ways(required):
            return self._two_way(required, prove)
        return self._one_way(required)

    def _both_ways(self, required: Ints) -> bool:
        """Whether streets that are open both ways do: all required ones are, and they connect them. By car one-way
        streets between them may be shorter; on foot there are next to none."""
        one_way = np.isfinite(self.network.seconds[self.mode])[self.arcs].any(axis=1) & ~self.open
        if not self.open[required].all() or (self.mode is Mode.car and one_way.any()):
            return False
        nodes = self._ends(required)
        return not self._streets.parts(np.isfinite(self._streets.length), nodes).any()

    def _ends(self, required: Ints) -> Ints:
        arcs = self.arcs[required, 0]
        ends = [self.network.tail[arcs], self.network.head[arcs], [] if self.start is None else [self.start]]
        return np.unique(np.concatenate(ends).astype(np.int64))

    @cached_property
    def _streets(self) -> Streets:
        net, forward = self.network, self.arcs[self._open_edges, 0]
        return Streets(len(net.lon), net.tail[forward], net.head[forward], net.length_m[self._open_edges])

    @cached_property
    def _open_edges(self) -> Ints:
        return np.flatnonzero(self.open)

    def _two_way(self, required: Ints, prove: bool) -> tuple[Walk, float]:
        found = postman(self._streets, np.isin(self._open_edges, required), self.start, prove=prove)
        edges = np.repeat(self._open_edges, found.times)
        forward, backward = self.arcs[edges].T
        tail, head = self.network.tail[forward], self.network.head[forward]
        steps = closed_walk(tail, head, True, self._begin(tail))
        arcs = np.array([forward[i] if there else backward[i] for i, there in steps], np.int64)
        return self.made(arcs, required), found.bound

    def _one_way(self, required: Ints) -> tuple[Walk, float]:
        net = self.network
        cost = np.where(np.isfinite(net.seconds[self.mode]), net.length_m[net.edge], np.inf)
        found = mixed_postman(Links(len(net.lon), net.tail, net.head, cost), net.edge, required, self.start)
        arcs = np.repeat(np.arange(len(net.tail)), found.times)
        steps = closed_walk(net.tail[arcs], net.head[arcs], False, self._begin(net.tail[arcs]))
        return self.made(arcs[[i for i, _ in steps]], required), found.bound

    def _begin(self, tail: Ints) -> int:
        return int(tail[0]) if self.start is None else self.start

    def made(self, arcs: Ints, required: Ints) -> Walk:
        """A walk of arcs one after the other, which sweeps those of the required edges that it comes to first."""
        edges = self.network.edge[arcs]
        fresh = np.zeros(len(arcs), bool)
        fresh[np.unique(edges, return_index=True)[1]] = True
        fresh &= np.isin(edges, required)
        seconds = np.where(fresh, self.fresh_s[arcs], self.network.seconds[self.mode][arcs])
        return Walk(arcs, fresh, float(seconds.sum()), float(self.network.length_m[edges].sum()))
