"""Tables for Chinese: their columns fold. Rich breaks lines at spaces, which Chinese has not, and cuts off the rest."""

from __future__ import annotations

from typing import Any

from rich import table


class Table(table.Table):
    """A table of Rich whose columns fold what is too long for them."""

    def add_row(self, *cells: Any, **more: Any) -> None:
        super().add_row(*cells, **more)  # adds the columns that nobody has named
        for column in self.columns:
            column.overflow = "fold"
