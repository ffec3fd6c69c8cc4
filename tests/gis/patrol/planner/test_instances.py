"""A tiny instance of our own in the formats of the public ones, through `bench.vrp`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.vrp import asked, cost, read
from gis.patrol.planner import solve

VRPLIB = """NAME : four-corners
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 2
NODE_COORD_SECTION
1 0 0
2 0 10
3 3 10
4 0 -10
5 3 -10
DEMAND_SECTION
1 0
2 1
3 1
4 1
5 1
DEPOT_SECTION
1
-1
EOF
"""
SOLOMON = """corners

VEHICLE
NUMBER     CAPACITY
  3         2

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      0         0          0          0        100          0
    1      0        10          1         20        100          5
    2      3        10          1          0         12          5
    3      0       -10          1          0        100          5
    4      3       -10          1          0        100          5
"""


@pytest.mark.parametrize(("name", "text", "best"), [("c.vrp", VRPLIB, 46.0), ("c.txt", SOLOMON, 46.8)])
def test_an_instance_is_planned_at_its_best_known_cost(tmp_path: Path, name: str, text: str, best: float) -> None:
    path = tmp_path / name
    path.write_text(text)
    path.with_suffix(".sol").write_text(f"Cost {best}\n")
    instance = read(path)
    request, travel = asked(instance, seed=1, seconds=0.3)
    plan = solve(request, travel)
    assert plan.left_out == ()
    assert cost(instance, plan) == pytest.approx(instance.best)
