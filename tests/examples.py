"""How much is tried: in an everyday run half of what `./run test --all` tries."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

ALL = bool(os.environ.get("EVERYCELL_TEST_ALL"))
T = TypeVar("T")


def examples(number: int) -> int:
    """`number` with --all, else half of it. They are others in each run, so what one leaves out another tries."""
    return number if ALL else (number + 1) // 2


def some(items: Sequence[T]) -> list[T]:
    """All items with --all, else a half of them in their order, another one at each call."""
    return [items[n] for n in sorted(random.sample(range(len(items)), examples(len(items))))]
