"""The Chinese font that a PDF is set in: Noto Sans CJK or Source Han Sans, which are the same design."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gis.errors import EverycellError
from gis.sentence import Sentence

FAMILIES: Final = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC")
_NAMES: Final = ("NotoSansCJK*", "NotoSansSC*", "SourceHanSansSC*", "SourceHanSans.*", "SourceHanSans-*")
_KINDS: Final = {".ttc", ".otf", ".ttf", ".otc"}
_UNPACKED: Final = "usr/share/fonts/opentype/noto"  # where Debian's fonts-noto-cjk has them
_SYSTEM: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "~/Library/Fonts",
    "/Library/Fonts",
)


class NoFont(EverycellError):
    """This machine has no font to set Chinese in."""

    code = "no-font"


def font_folder(chosen: Path | None = None) -> Path:
    """The folder with the font: the one that is `chosen`, else where `./run` has put it, else among the system's.

    Raises NoFont, with what to install.
    """
    folders = [chosen] if chosen is not None else _folders()
    for folder in folders:
        if folder.is_dir() and (found := _font_below(folder)) is not None:
            return found.parent
    where = Sentence("this machine has no Chinese font for PDF files")
    if chosen is not None:
        where = Sentence("{folder} holds no Noto Sans CJK", folder=chosen)
    raise NoFont(
        "report: {where}; install Noto Sans CJK (Debian, Ubuntu: apt-get install fonts-noto-cjk)"
        " or name its folder in EVERYCELL_REPORT_FONTS",
        where=where,
        field="report_fonts",
    )


def _folders() -> Iterable[Path]:
    tools = Path(__file__).resolve().parents[2] / ".tools"
    yield from (tools / unpacked / _UNPACKED for unpacked in ("font", "chromium"))
    yield from (Path(folder).expanduser() for folder in _SYSTEM)


def _font_below(folder: Path) -> Path | None:
    """The first font file that is one of ours, the regular weight if it is there, by name."""
    for inside, folders, files in os.walk(folder):
        folders.sort()
        fitting = (f for f in sorted(files, key=lambda f: ("Regular" not in f, f)) if Path(f).suffix in _KINDS)
        for file in fitting:
            if any(Path(file).match(name) for name in _NAMES):
                return Path(inside) / file
    return None


def main() -> int:
    """`python -m maps.report.fonts`: prints the folder; 1, and what to install, where there is none."""
    chosen = os.environ.get("EVERYCELL_REPORT_FONTS")
    try:
        sys.stdout.write(f"{font_folder(Path(chosen) if chosen else None)}\n")
    except NoFont as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
