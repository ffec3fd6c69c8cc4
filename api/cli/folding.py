"""Texts and tables for Chinese: they fold. Rich breaks lines at spaces, which Chinese has not; the rest it cuts off."""

from __future__ import annotations

from typing import Any

from rich import table, text


class Table(table.Table):
    """A table of Rich whose columns fold what is too long for them."""

    def add_row(self, *cells: Any, **more: Any) -> None:
        super().add_row(*cells, **more)  # adds the columns that nobody has named
        for column in self.columns:
            column.overflow = "fold"


class Text(text.Text):
    """A text of Rich that folds, wherever it is put: for help texts, whose tables are Typer's."""

    @classmethod
    def from_markup(cls, text: str, **more: Any) -> text.Text:
        return super().from_markup(text, **{"overflow": "fold", **more})
