"""Telling a database that is gone from a program that is wrong, for whoever works in the background and goes on."""

from __future__ import annotations

import logging
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from gis.storage.engine import sqlstate

# Connections are refused or were lost (08), the server ends or starts (57P01 to 57P03).
_GONE: Final = ("08", "57P0")


def is_outage(error: BaseException) -> bool:
    """Whether an error says that the database does not answer."""
    if not isinstance(error, DBAPIError):
        return False
    state = sqlstate(error)
    if state is None:
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return state.startswith(_GONE)


def tell(log: logging.Logger, error: Exception, what: str, *values: object) -> None:
    """Log that work has failed: in a line where the database is gone, whose keeper has reason enough to look; else
    with all that helps to find out why."""
    if is_outage(error):
        reason = " ".join(str(error.__cause__ or error).split())
        log.warning(f"{what}: the database does not answer: %s", *values, reason)
    else:
        log.error(what, *values, exc_info=error)
