"""A closed walk that uses every pass exactly once (Hierholzer). Pure."""

from __future__ import annotations

from collections import defaultdict

from gis.patrol.network import Ints


def closed_walk(tail: Ints, head: Ints, both: bool, start: int) -> list[tuple[int, bool]]:
    """The passes in walking order, from `start` and back: index, and whether from its tail to its head.

    Pass i leads from tail[i] to head[i], or back where `both`. They must hang together with `start`; at every node the
    passes must be even (`both`), or as many lead in as out.
    """
    at: dict[int, list[tuple[int, int, bool]]] = defaultdict(list)
    for i in range(len(tail) - 1, -1, -1):
        at[int(tail[i])].append((i, int(head[i]), True))
        if both and tail[i] != head[i]:
            at[int(head[i])].append((i, int(tail[i]), False))
    used = [False] * len(tail)
    stack: list[tuple[int, tuple[int, bool] | None]] = [(start, None)]
    walk: list[tuple[int, bool]] = []
    while stack:
        node, came = stack[-1]
        waiting = at[node]
        while waiting and used[waiting[-1][0]]:
            waiting.pop()
        if waiting:
            i, towards, forward = waiting.pop()
            used[i] = True
            stack.append((towards, (i, forward)))
        else:
            stack.pop()
            if came is not None:
                walk.append(came)
    return walk[::-1]
