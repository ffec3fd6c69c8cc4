"""Documents as PDF (A4, the font's used signs embedded), set by Typst in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from maps.report.document import Document
from maps.report.flat import flat
from maps.report.fonts import FAMILIES, font_folder

TEMPLATE: Final = Path(__file__).with_name("report.typ")
LIMIT_S: Final = 35.0  # a request may take 60 s, and reads and draws before it


class TooLong(Exception):
    """The PDF was not set in time."""


def pdf(document: Document, fonts: Path | None = None, limit_s: float | None = None) -> bytes:
    """The report as PDF; see `typeset`."""
    return typeset(TEMPLATE, flat(document), fonts, limit_s)


def typeset(
    template: Path, document: Mapping[str, Any], fonts: Path | None = None, limit_s: float | None = None
) -> bytes:
    """A document set by a template, which may read only what stands beside it. `fonts` is a folder with a Chinese font
    (None: looked for), `limit_s` the longest it may take.

    Raises NoFont where there is no font, TooLong, RuntimeError where Typst fails (a mistake of ours).
    """
    command = [sys.executable, "-m", "maps.report.typeset", str(template), str(font_folder(fonts)), *FAMILIES]
    sent = json.dumps(document, ensure_ascii=False).encode()
    try:
        done = subprocess.run(command, input=sent, capture_output=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        raise TooLong(f"the PDF was not set within {limit_s:g} s") from None
    if done.returncode != 0:
        raise RuntimeError(f"Typst failed: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
