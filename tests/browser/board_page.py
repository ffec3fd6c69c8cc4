"""A page with the charts and the alarms of the wall and nothing else, written as a file: what they are shown is made up
here, and whatever they send is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maps.assets import STATIC
from maps.text import messages

STYLES = ("base.css", "page.css", "wall.css", "wall-charts.css")
SCRIPTS = ("page.js", "renew.js", "room.js", "wall-marks.js", "wall-charts.js", "wall-alarms.js")
SINCE = "2026-11-20T09:10:00.000+08:00"
NOW = "2026-11-20T10:30:00.000+08:00"
TOWN = "990101100"

_START = """
everycell.open();
everycell.sizes = everycell.room(everycell.config.room);
const { board, scenes, alarms } = everycell.config;
const parts = scenes.map((scene) => {
  const node = everycell.h("section", { class: "part", "data-scene": scene });
  document.querySelector("main").append(node);
  everycell.showBoard(node, board, scene);
  return node;
});
everycell.sent = [];
const live = { on: (kind, listener) => { everycell.heard = { ...everycell.heard, [kind]: listener }; return live; } };
everycell.listed = alarms;
everycell.page = new everycell.Alarms({
  node: document.querySelector("#alarms"),
  live,
  now: () => Date.parse(everycell.config.now),
  ask: async () => everycell.listed,
  send: everycell.config.may
    ? async (path, body) => { everycell.sent.push([path, body]); return everycell.listed; }
    : null,
});
everycell.page.read().then(() => (document.documentElement.dataset.ready = "yes"));
"""


def area(number: int, reached: int, known: int, never: int = 0, overdue: int = 0) -> dict[str, Any]:
    names = ("城关村", "柳林村", "东关社区", "河口村", "新民社区", "石桥村", "大槐树村委会", "西坪村")
    return {
        "code": f"{TOWN}{200 + number}",
        "name": names[number % len(names)],
        "known": known,
        "reached": reached,
        "tried": 0,
        "never": never,
        "overdue": overdue,
        "coverage": reached / known,
        "empty": None,
    }


def made_up_board() -> dict[str, Any]:
    """The board of a town, at half past ten."""
    areas = [area(n, 310 - 37 * n, 402 + 13 * n, 5 * n * n, 20 * n) for n in range(8)]
    cells = [
        area(1, 40, 88, 31, 60) | {"code": f"{TOWN}20100{n}", "name": f"网格{n}", "oldest_on": "2026-02-01"}
        for n in range(1, 8)
    ]
    hours = [[8, 12, 4], [9, 187, 41], [10, 95, 22]]
    sites = [{"code": a["code"], "name": a["name"], "sites": 9, "never": 1, "overdue": 2, "due": 3} for a in areas[:4]]
    cases = [
        {"code": a["code"], "name": a["name"], "number": n}
        for a, n in zip(areas[:5], (17, 8, None, 0, None), strict=True)
    ]
    return {
        "as_of": NOW,
        "today": "2026-11-20",
        "area": TOWN,
        "coverage": {"as_of": NOW, "since": "2026-11-01", "known": 3580, "reached": 1444, "coverage": 0.4034},
        "round": {
            "as_of": NOW, "code": "R", "name": "11 月", "area": TOWN, "first_on": "2026-11-01", "last_on": "2026-11-30",
            "closed": False, "known": 3580, "reached": 2255, "coverage": 0.63, "target": 0.95, "planned_today": 0.7,
            "days": None,
        },
        "visits_today": {"as_of": NOW, "day": "2026-11-20", "reached": 294, "no_answer": 67, "hours": hours},
        "villages": {"as_of": NOW, "level": "village", "areas": areas},
        "worst_cells": {"as_of": NOW, "with_overdue": 40, "cells": cells},
        "sites_due": {"as_of": NOW, "sites": 36, "never": 4, "overdue": 8, "due": 12, "villages": sites},
        "patrols_today": {
            "as_of": NOW, "day": "2026-11-20", "planned": 7, "waiting": 2, "out": 3, "done": 1, "over": 1, "stops": 128,
            "ticked": 71, "missed": 6, "areas": [],
        },
        "cases_overdue": {
            "as_of": NOW, "month": "2026-10", "ended_on": "2026-10-31", "areas": cases, "towns": [],
            "own": {"code": TOWN, "name": "城关镇", "number": 41},
        },
    }  # fmt: skip


def line(kind: str, number: int, *, count: int = 1, acknowledged: bool = False, **other: Any) -> dict[str, Any]:
    priority = {"cases": "high", "patrols": "high", "silent": "low"}.get(kind, "medium")
    code = TOWN if count > 1 else f"{TOWN}201"
    areas = [{"code": f"{TOWN}201", "name": "柳林村", "number": number, "since": SINCE}]
    return {
        "id": f"{kind}-{code}",
        "kind": kind,
        "priority": priority,
        "area": code,
        "name": "城关镇" if count > 1 else "柳林村",
        "level": "town" if count > 1 else "village",
        "count": count,
        "number": number,
        "since": SINCE,
        "times": 0,
        "unacknowledged": 0 if acknowledged else count,
        "acknowledged_at": "2026-11-20T09:30:00.000+08:00" if acknowledged else None,
        "acknowledged_by": "operator" if acknowledged else None,
        "shelved_until": None,
        "shelved_by": None,
        "areas": areas,
        "may": True,
    } | other


def made_up_alarms() -> dict[str, Any]:
    alarms = [
        line("patrols", 6),
        line("behind", 23, count=5),
        line("overdue", 212, times=2),
        line("cases", 17, acknowledged=True),
        line("silent", 7, count=4, acknowledged=True),
        line("sites", 3, acknowledged=True),
    ]
    shelved = [line("sites", 2, shelved_until="2026-11-20T11:15:00.000+08:00")]
    return {"as_of": NOW, "unacknowledged": 3, "alarms": alarms, "shelved": shelved}


def write_page(
    folder: Path,
    *,
    board: dict[str, Any] | None,
    scenes: tuple[str, ...],
    alarms: dict[str, Any] | None = None,
    theme: str = "dark",
    distance_m: float = 3,
    mm_per_px: float = 0.634,
    lang: str = "zh",
    may: bool = True,
) -> str:
    """The address of the page."""
    config = {
        "board": board,
        "scenes": scenes,
        "alarms": alarms or {"as_of": NOW, "unacknowledged": 0, "alarms": [], "shelved": []},
        "room": {"distance_m": distance_m, "mm_per_px": mm_per_px, "theme": theme},
        "now": NOW,
        "may": may,
    }
    words = json.dumps(messages("zh") if lang == "zh" else {}, ensure_ascii=False)
    styles = "\n".join((STATIC / name).read_text("utf-8") for name in STYLES)
    scripts = "\n".join(f"<script>{(STATIC / name).read_text('utf-8')}</script>" for name in SCRIPTS)
    layout = "main{display:grid;grid-template-columns:repeat(auto-fill,23em);gap:1.5em;padding:1em;overflow:auto}"
    html = (
        f'<!DOCTYPE html><html lang="{lang}" data-theme="{theme}"><head><meta charset="utf-8"><title>board</title>'
        f"<style>{styles}\n{layout} #alarms{{width:30em;max-height:none;padding:1em}}</style></head><body><main></main>"
        f'<section id="alarms" aria-label="alarms"></section><div id="notices"></div>'
        f'<script type="application/json" id="messages">{words}</script>'
        f'<script type="application/json" id="config">{json.dumps(config, ensure_ascii=False)}</script>'
        f"{scripts}<script>{_START}</script></body></html>"
    )
    file = folder / f"{theme}-{distance_m}-{lang}-{may}.html"
    file.write_text(html, "utf-8")
    return file.as_uri()
