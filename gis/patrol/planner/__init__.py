"""Plans of patrols: who makes which stops in which order, and why not the others. Pure.

`solve` finds a plan, `timed` gives times to orders that somebody has put together, `check.faults` tells what is wrong
with a plan. `board` and `timing` are what all of them but the checker stand on; `by_vroom`, `polish` (on `insertion`)
and `by_pyvrp` search, `balance` evens out, `explain` tells why.
"""

from gis.patrol.planner.search import BrokenPlan, solve
from gis.patrol.planner.timed import timed

__all__ = ["BrokenPlan", "solve", "timed"]
