"""The errors of everycell.

EverycellError
├── BadInput                what the caller gave cannot be used; names the file, row, field or parameter
│   ├── PersonalData        a column or value that looks personal (DESIGN section 2); nothing of it is kept
│   ├── WrongPlace          coordinates that do not lie where they should (datum, axis order, CRS)
│   └── BrokenCoverage      cells with gaps or overlaps; carries the offending pieces
│       └── Unclean         and what is proposed to make them tile
├── Refused (gis.cells.editing.issues)  an operation on the grid that cannot be done; carries issues with proposals
├── NotFound                an unknown code or id
├── NotSignedIn             nobody is signed in, or what they showed is not valid (any more)
├── NotAllowed              signed in, and still without the right, or outside the area it holds for
├── TooManyTries            too many wrong passwords or requests; carries how long to wait
├── Conflict                the same id with other content, or a state that does not allow the operation
│   └── Stale               somebody else has changed the same cells; carries the shapes of both
├── StorageError            PostGIS cannot be found, started or reached
│   └── SchemaTooNew        the database was migrated by a newer everycell
└── Interrupted             stopped on request; nothing was written

Every error carries `message` (one sentence for a person), `code` (a stable short word) and, where it applies, `field`
(the file, column or parameter it is about). It is raised with a template and the values of its places:

    raise BadInput("{field}: {text!r} is no day; write it like 2026-11-22", text=text, field=field)

`message` is a `Sentence`: English, and able to be said in Chinese by the template, which is a message of the catalogue
`errors` (maps/i18n). A test finds templates without Chinese, and f-strings, which could not have any.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gis.sentence import Sentence


class EverycellError(Exception):
    """Base of all errors that everycell raises on purpose."""

    code = "error"

    def __init__(self, message: str, /, *, field: str | None = None, **values: Any) -> None:
        self.message = _sentence(message, field, values)
        self.field = field
        super().__init__(self.message)


def _sentence(message: str, field: str | None, values: dict[str, Any]) -> Sentence:
    if isinstance(message, Sentence):
        return message
    named = {"field": field} if "{field" in message else {}
    return Sentence(message, **named, **values)


class BadInput(EverycellError):
    code = "bad-input"

    def about(self, field: str) -> BadInput:
        """The same said of another field, where the template has `{field}`."""
        return BadInput(self.message.template, **{**self.message.values, "field": field})


class PersonalData(BadInput):
    code = "personal-data"


class WrongPlace(BadInput):
    code = "wrong-place"


class BrokenCoverage(BadInput):
    """Cells that do not tile. `pieces` are GeoJSON geometries (CRS84) with `kind`, `cells` and `area_m2`."""

    code = "broken-coverage"

    def __init__(
        self, message: str, /, *, pieces: Sequence[dict[str, Any]] = (), field: str | None = None, **values: Any
    ) -> None:
        super().__init__(message, field=field, **values)
        self.pieces = list(pieces)


class Unclean(BrokenCoverage):
    """Cells that do not tile, with a `gis.exchange.cleaning.Proposal` for each county. Nothing was written.

    `notes` say what else is to be known of the file before one agrees.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        pieces: Sequence[dict[str, Any]] = (),
        proposals: Sequence[Any] = (),
        notes: Sequence[Sentence] = (),
        field: str | None = None,
        **values: Any,
    ) -> None:
        super().__init__(message, pieces=pieces, field=field, **values)
        self.proposals = list(proposals)
        self.notes = list(notes)


class NotFound(EverycellError):
    code = "not-found"


class NotSignedIn(EverycellError):
    code = "not-signed-in"


class NotAllowed(EverycellError):
    code = "not-allowed"


class TooManyTries(EverycellError):
    """`retry_after_s` is how many whole seconds to wait."""

    code = "too-many-tries"

    def __init__(self, message: str, /, *, retry_after_s: int, field: str | None = None, **values: Any) -> None:
        super().__init__(message, field=field, **values)
        self.retry_after_s = retry_after_s


class Conflict(EverycellError):
    code = "conflict"


class Stale(Conflict):
    """`conflicts` has for each cell its code, `base`, `mine` and `theirs` as GeoJSON (CRS84) or None, and
    `theirs_changed`: whether others have changed the cell itself."""

    code = "stale"

    def __init__(self, message: str, /, *, conflicts: Sequence[dict[str, Any]] = (), **values: Any) -> None:
        super().__init__(message, **values)
        self.conflicts = list(conflicts)


class StorageError(EverycellError):
    code = "storage"


class SchemaTooNew(StorageError):
    code = "schema-too-new"


class Interrupted(EverycellError):
    code = "interrupted"
