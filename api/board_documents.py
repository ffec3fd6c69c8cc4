"""The board as JSON: the shape of `GET /board`, and of `everycell board --format json`.

```
{"as_of": RFC 3339, "today": day, "area": code | null,
 "coverage":      {"as_of", "since", "known", "reached", "tried", "never", "overdue", "coverage", "oldest_on"},
 "round":         null | {"as_of", "code", "name", "area", "first_on", "last_on", "closed", "known", "reached",
                          "target", "planned_today", "coverage", "days": null | [[day, share], ...]},
 "visits_today":  {"as_of", "day", "reached", "no_answer", "hours": [[hour, reached, no_answer], ...]},
 "villages":      {"as_of", "level": "village" | "cell",
                   "areas": [{"code", "name", "known", "reached", "tried", "never", "overdue", "coverage", "empty"}]},
 "worst_cells":   {"as_of", "with_overdue": number, "cells": [as above, with "oldest_on"]},
 "sites_due":     {"as_of", "sites", "never", "overdue", "due", "villages": [{"code", "name", the same four}]},
 "patrols_today": {"as_of", "day", "planned", "waiting", "out", "done", "over", "stops", "ticked", "missed",
                   "areas": [{"code", "name", the same eight}]},
 "cases_overdue": null | {"as_of", "month", "ended_on", "own": null | row, "towns": [row], "areas": [row]}}
 with row: {"code", "name", "number": n | null}
```

Shares are between 0 and 1, also `target` (GET /rounds gives it in percent) and `planned_today`, what the target asks
for by the end of today; null where there is none. `days` says of each day which share of the households had, by then,
been reached for the last time: it is the coverage on the last day, and for a day before a little less than the coverage
was, where somebody was met twice. `hours` go from the first hour of the county's clock with a visit to the last,
without gaps. `villages` are the cells inside a village. `worst_cells` are the ten with the largest share of overdue
households; `with_overdue` is how many cells have any. No key site is in two of `never` (checked), `overdue` and `due`
(within the days of "soon"). Patrols are routes with stops; `planned` is all of them, `out` those that have begun,
`over` those whose shift is over with stops `missed`; a stop that was only skipped is not `ticked`. `areas` are the
villages in which their stops lie. Of cases past their date `own` is the number of
the area itself, `towns` and `areas` (villages) those inside it; one that is null is withheld. `as_of` of a block is
when it was read; it holds as long as the ETag does, so that an answer, also one that was kept, is of the moment at
which it was asked for. That of `cases_overdue` is when it was published.
"""

from __future__ import annotations

from typing import Any

from gis.board.content import Board, Patrols, Progress, Sites, VisitsToday
from gis.codes import Level
from gis.disputes.overdue import LEVELS, OverdueArea, OverdueCases
from gis.households.coverage import AreaCoverage

_FIGURES = ("known", "reached", "tried", "never", "overdue", "coverage")


def board_document(board: Board) -> dict[str, Any]:
    """The shape above."""
    now = board.as_of.isoformat(timespec="milliseconds")
    figures = {name: getattr(board.total, name) for name in _FIGURES}
    return {
        "as_of": now,
        "today": board.today.isoformat(),
        "area": board.area,
        "coverage": {"as_of": now, "since": board.since.isoformat(), **figures, "oldest_on": _oldest(board.total)},
        "round": board.progress and {"as_of": now, **_round(board.progress)},
        "visits_today": {"as_of": now, **_visits(board.visits)},
        "villages": {"as_of": now, "level": board.parts_level.value, "areas": [_area(one) for one in board.parts]},
        "worst_cells": {
            "as_of": now,
            "with_overdue": board.num_overdue_cells,
            "cells": [_area(one) | {"oldest_on": _oldest(one)} for one in board.worst],
        },
        "sites_due": {"as_of": now, **_sites(board.sites[0]), "villages": [_village(one) for one in board.sites[1:]]},
        "patrols_today": {
            "as_of": now,
            "day": board.today.isoformat(),
            **_patrols(board.patrols[0]),
            "areas": [{"code": one.code, "name": one.name, **_patrols(one)} for one in board.patrols[1:]],
        },
        "cases_overdue": board.cases and _cases(board.cases, board.area),
    }


def _oldest(area: AreaCoverage) -> str | None:
    return None if area.oldest_on is None else area.oldest_on.isoformat()


def _area(area: AreaCoverage) -> dict[str, Any]:
    return {name: getattr(area, name) for name in ("code", "name", *_FIGURES, "empty")}


def _round(progress: Progress) -> dict[str, Any]:
    found, known = progress.round, progress.figures.known
    return {
        "code": found.code,
        "name": found.name,
        "area": found.area,
        "first_on": found.first_on.isoformat(),
        "last_on": found.last_on.isoformat(),
        "closed": found.closed_at is not None,
        "known": known,
        "reached": progress.figures.reached,
        "target": None if found.target is None else found.target / 100,
        "planned_today": progress.planned,
        "coverage": progress.figures.coverage,
        "days": [[day.isoformat(), share] for day, share in progress.days] if progress.days is not None else None,
    }


def _visits(visits: VisitsToday) -> dict[str, Any]:
    return {
        "day": visits.day.isoformat(),
        "reached": sum(reached for _, reached, _ in visits.hours),
        "no_answer": sum(no_answer for _, _, no_answer in visits.hours),
        "hours": [list(hour) for hour in visits.hours],
    }


def _sites(sites: Sites) -> dict[str, Any]:
    return {"sites": sites.sites, "never": sites.never, "overdue": sites.overdue, "due": sites.due}


def _village(sites: Sites) -> dict[str, Any]:
    return {"code": sites.code, "name": sites.name, **_sites(sites)}


def _patrols(patrols: Patrols) -> dict[str, Any]:
    return {
        "planned": patrols.routes,
        "waiting": patrols.routes - patrols.begun - patrols.done - patrols.over,
        "out": patrols.begun,
        "done": patrols.done,
        "over": patrols.over,
        "stops": patrols.stops,
        "ticked": patrols.ticked,
        "missed": patrols.missed,
    }


def _cases(cases: OverdueCases, area: str | None) -> dict[str, Any]:
    rows = {level: [_counted(one) for one in cases.areas if one.level is level] for level in LEVELS}
    own = [_counted(one) for one in cases.areas if one.code == area or (area is None and one.level is Level.county)]
    return {
        "as_of": cases.published_at.isoformat(timespec="milliseconds"),
        "month": str(cases.month),
        "ended_on": cases.month.last.isoformat(),
        "own": own[0] if len(own) == 1 else None,
        "towns": rows[Level.town],
        "areas": rows[Level.village],
    }


def _counted(one: OverdueArea) -> dict[str, Any]:
    return {"code": one.code, "name": one.name, "number": one.number}
