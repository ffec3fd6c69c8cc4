"""How many examples a property is tried on: half as many in an everyday run as with `./run test --all`."""

from __future__ import annotations

import os


def examples(number: int) -> int:
    """`number` with --all, else half of it. They are others in each run, so what one leaves out another tries."""
    return number if os.environ.get("EVERYCELL_TEST_ALL") else (number + 1) // 2
