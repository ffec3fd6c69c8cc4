"""What the system says, as a sentence."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from gis.reasons import MET, reason_of
from maps.text import teller


@pytest.mark.parametrize(
    ("error", "english", "chinese"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device", "磁盘空间不足"),
        (
            OSError(errno.EADDRINUSE, "error while attempting to bind on address: address already in use"),
            "Address already in use",
            "地址已被占用",
        ),
        (
            socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
            "Name or service not known",
            "找不到这个主机名",
        ),
        (OSError("a text {of} its own"), "a text {of} its own", "a text {of} its own"),
        (TimeoutError(), "TimeoutError", "TimeoutError"),
    ],
)
def test_what_the_system_says(error: OSError, english: str, chinese: str) -> None:
    assert (reason_of(error), teller("zh")(reason_of(error))) == (english, chinese)


def test_the_words_are_those_of_this_system() -> None:
    known = {os.strerror(number) for number in errno.errorcode}
    resolver = {"Name or service not known", "Temporary failure in name resolution"}
    assert [text for text in MET if text not in known | resolver] == []
