"""The errors of everycell.

EverycellError
├── BadInput                what the caller gave cannot be used; names the file, row, field or parameter
│   ├── PersonalData        a column or value that looks personal (DESIGN section 2); nothing of it is kept
│   ├── WrongPlace          coordinates that do not lie where they should (datum, axis order, CRS)
│   └── BrokenCoverage      cells with gaps or overlaps; carries the offending pieces
├── NotFound                an unknown code or id
├── Conflict                the same id with other content, or a state that does not allow the operation
├── StorageError            PostGIS cannot be found, started or reached
│   └── SchemaTooNew        the database was migrated by a newer everycell
└── Interrupted             stopped on request; nothing was written

Every error carries `message` (one sentence for a person), `code` (a stable short word) and, where it applies, `field`
(the file, column or parameter it is about).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class EverycellError(Exception):
    """Base of all errors that everycell raises on purpose."""

    code = "error"

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class BadInput(EverycellError):
    code = "bad-input"


class PersonalData(BadInput):
    code = "personal-data"


class WrongPlace(BadInput):
    code = "wrong-place"


class BrokenCoverage(BadInput):
    """Cells that do not tile. `pieces` are GeoJSON geometries (CRS84) with `kind`, `cells` and `area_m2`."""

    code = "broken-coverage"

    def __init__(self, message: str, *, pieces: Sequence[dict[str, Any]] = (), field: str | None = None) -> None:
        super().__init__(message, field=field)
        self.pieces = list(pieces)


class NotFound(EverycellError):
    code = "not-found"


class Conflict(EverycellError):
    code = "conflict"


class StorageError(EverycellError):
    code = "storage"


class SchemaTooNew(StorageError):
    code = "schema-too-new"


class Interrupted(EverycellError):
    code = "interrupted"
