"""How well a network hangs together. Pure."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from gis.patrol.network import Mode, Network


def connectedness(network: Network, mode: Mode) -> dict[str, int]:
    """Nodes and arcs of the largest strongly connected part of a mode, and the number (`dropped`) and metres of streets
    (`dropped_m`) of smaller parts: streets that this mode may use and that do not lead both there and back."""
    open_arcs = np.flatnonzero(np.isfinite(network.seconds[mode]))
    if not len(open_arcs):
        return {"nodes": 0, "arcs": 0, "dropped": 0, "dropped_m": 0}
    tail, head = network.tail[open_arcs], network.head[open_arcs]
    size = len(network.lon)
    graph = csr_matrix((np.ones(len(open_arcs), dtype=np.int8), (tail, head)), shape=(size, size))
    _, label = connected_components(graph, connection="strong")
    largest = label == np.bincount(label).argmax()
    used = np.unique(np.concatenate([tail, head]))
    inside = largest[tail] & largest[head]
    lost = np.setdiff1d(network.edge[open_arcs[~inside]], network.edge[open_arcs[inside]])
    return {
        "nodes": int(largest.sum()),
        "arcs": int(inside.sum()),
        "dropped": len(np.unique(label[used])) - 1,
        "dropped_m": round(float(network.length_m[lost].sum())),
    }
