"""Alarms as JSON: the shape of `GET /alarms`, and of `everycell alarms --format json`.

```
{"as_of": RFC 3339 | null, "unacknowledged": number,
 "alarms": [line, ...], "shelved": [line, ...]}
line: {"id", "kind", "priority": "high" | "medium" | "low", "area", "name", "level", "count", "number", "since",
       "times", "unacknowledged", "acknowledged_at", "acknowledged_by", "shelved_until", "shelved_by",
       "areas": [{"code", "name", "number", "since"}], "may": boolean}
```

`unacknowledged` is how many lines have something that nobody has seen to yet; of a line, how many of its alarms.
A line stands for `count` alarms of a kind in an area; `areas` names up to five of them, the largest numbers first.
`number` is what is told of the kind: cases, stops, households or key sites (of several areas their sum), percentage
points or days (the most). `since` is when the last of them was raised, `times` how often one has come back at most.
Roles, not people, are told of whoever acknowledged or shelved; null where somebody has to yet. `as_of` is when the
conditions were last looked at (once a minute while the service runs); null: never yet. `may`: whoever asks may
acknowledge and shelve it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gis.alarms.lines import Alarm, Line, lines
from gis.codes import level_of


def alarms_document(
    alarms: Sequence[Alarm],
    names: Mapping[str, str],
    *,
    looked_at: datetime | None,
    may: Callable[[str], bool],
) -> dict[str, Any]:
    """The shape above; `may` tells whether whoever asks may acknowledge the alarms of an area."""
    up = lines(one for one in alarms if not one.aside)
    aside = lines(one for one in alarms if one.aside)
    return {
        "as_of": _written(looked_at),
        "unacknowledged": sum(line.unacknowledged > 0 for line in up),
        "alarms": [_line(line, names, may) for line in up],
        "shelved": [_line(line, names, may) for line in aside],
    }


def _line(line: Line, names: Mapping[str, str], may: Callable[[str], bool]) -> dict[str, Any]:
    last = max(line.alarms, key=lambda one: one.acknowledged_at or one.raised_at)
    done = line.unacknowledged == 0
    shelf = max(line.alarms, key=lambda one: one.shelved_until or one.raised_at)
    return {
        "id": line.id,
        "kind": line.kind.value,
        "priority": line.priority.value,
        "area": line.area,
        "name": names.get(line.area, ""),
        "level": level_of(line.area).value,
        "count": len(line.alarms),
        "number": line.number,
        "since": _written(line.since),
        "times": max(one.times for one in line.alarms),
        "unacknowledged": line.unacknowledged,
        "acknowledged_at": _written(last.acknowledged_at) if done else None,
        "acknowledged_by": last.acknowledged_by if done else None,
        "shelved_until": _written(shelf.shelved_until),
        "shelved_by": shelf.shelved_by,
        "areas": [
            {
                "code": one.area,
                "name": names.get(one.area, ""),
                "number": one.number,
                "since": _written(one.raised_at),
            }
            for one in line.named
        ],
        "may": any(may(one.area) for one in line.alarms),
    }


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
