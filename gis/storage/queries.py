"""Named SQL: a statement lives in `gis/<noun>/sql/<name>.sql` and is used as `query("households/coverage")`.

Parameters are SQLAlchemy's (`:county`). A test plans every file against the migrated schema.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import TextClause, text

_ROOT = Path(__file__).parent.parent


@cache
def query(name: str) -> TextClause:
    """The statement `noun/name`. Raises FileNotFoundError for a name that is not there (a bug, not bad input)."""
    noun, _, statement = name.partition("/")
    return text((_ROOT / noun / "sql" / f"{statement}.sql").read_text(encoding="utf-8"))


def names() -> list[str]:
    """All named statements, sorted."""
    return sorted(f"{path.parent.parent.name}/{path.stem}" for path in _ROOT.glob("*/sql/*.sql"))
