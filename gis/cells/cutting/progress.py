"""How far a long piece of work has come, where nobody knows how many steps it will take. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Told = Callable[[int], None]
# Each step is told as this share of what is left, so that a bar moves to the end and never back.
_SHARE: Final = 1 / 24


class Progress:
    """Tells `told` of so many doors, a share with every step and the rest at the end: whole doors, `doors` in all."""

    def __init__(self, doors: int, told: Told | None) -> None:
        self._left, self._due, self._told = doors, 0.0, told

    def step(self) -> None:
        """One more step is done."""
        self._due += (self._left - self._due) * _SHARE
        self._tell(int(self._due))

    def end(self) -> None:
        """All is done."""
        self._tell(self._left)

    def _tell(self, doors: int) -> None:
        self._left -= doors
        self._due = max(0.0, self._due - doors)
        if self._told is not None and doors:
            self._told(doors)
