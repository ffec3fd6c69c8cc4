"""Why the operating system refused something, in a sentence that can be said in Chinese.

The words are Python's own for the error's number (`os.strerror`); those that an administrator may meet here have
Chinese in the catalogue, the others stay English.
"""

from __future__ import annotations

import os
from typing import Final

from gis.sentence import Sentence

# As the C library of Linux has them.
MET: Final = (
    Sentence("Address already in use"),
    Sentence("Cannot assign requested address"),
    Sentence("Connection refused"),
    Sentence("Connection reset by peer"),
    Sentence("Disk quota exceeded"),
    Sentence("Exec format error"),
    Sentence("File exists"),
    Sentence("File name too long"),
    Sentence("Input/output error"),
    Sentence("Is a directory"),
    Sentence("Name or service not known"),
    Sentence("Network is unreachable"),
    Sentence("No route to host"),
    Sentence("No space left on device"),
    Sentence("No such file or directory"),
    Sentence("Not a directory"),
    Sentence("Operation not permitted"),
    Sentence("Permission denied"),
    Sentence("Read-only file system"),
    Sentence("Temporary failure in name resolution"),
    Sentence("Too many open files"),
)


def reason_of(error: OSError) -> Sentence:
    """What the system says of an error; of one without words of the system's, its own text."""
    text = error.strerror or str(error) or type(error).__name__
    by_number = os.strerror(error.errno) if error.errno else ""
    # Python and asyncio put more around it: "error while attempting to bind …: address already in use".
    words = by_number if by_number and by_number.lower() in text.lower() else text
    return Sentence(words)
