"""The attribute file of a Shapefile: its encoding, and headings that were cut in the middle of a character.

A .dbf heading has ten bytes. Programs that write UTF-8 cut a fourth Chinese character in two, and GDAL then refuses the
whole file; such headings lose the half character here, in a copy.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from gis.errors import BadInput
from gis.exchange.text import guess_encoding, known_encoding
from gis.sentence import Sentence

_HEADINGS_AT, _HEADING_STEP, _HEADING_BYTES = 32, 32, 10


@dataclass(frozen=True)
class Attributes:
    """The encoding of a .dbf file, what was odd about it, and its headings as they should have been cut, by offset."""

    encoding: str
    notes: list[Sentence]
    mended: dict[int, bytes]

    def mended_copy(self, shapefile: Path, folder: Path) -> Path:
        """The Shapefile in `folder`, with whole headings."""
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            part = sibling(shapefile, suffix)
            if part is not None:
                shutil.copyfile(part, folder / f"{shapefile.stem}{suffix}")
        with (folder / f"{shapefile.stem}.dbf").open("r+b") as file:
            for offset, heading in self.mended.items():
                file.seek(offset)
                file.write(heading.ljust(_HEADING_BYTES + 1, b"\x00"))
        return folder / f"{shapefile.stem}.shp"


def sibling(path: Path, suffix: str) -> Path | None:
    """The file beside a Shapefile with another ending, in lower or upper case."""
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.is_file():
            return candidate
    return None


def read_attributes(path: Path, encoding: str | None) -> Attributes:
    """What --encoding says, else what the .cpg file says if the text agrees, else what the text looks like."""
    dbf = sibling(path, ".dbf")
    raw = dbf.read_bytes() if dbf else b""
    start = int.from_bytes(raw[8:10], "little")
    headings = {
        at: raw[at : at + _HEADING_BYTES + 1].split(b"\x00")[0] for at in range(_HEADINGS_AT, start - 1, _HEADING_STEP)
    }
    chosen, notes = _encoding(path, raw[start:], list(headings.values()), encoding)
    mended = {at: _whole(heading, chosen) for at, heading in headings.items()}
    return Attributes(chosen, notes, {at: whole for at, whole in mended.items() if whole != headings[at]})


def _encoding(path: Path, body: bytes, headings: list[bytes], given: str | None) -> tuple[str, list[Sentence]]:
    if given:
        return known_encoding(given), []
    text = b"\n".join([body, *(heading for heading in headings if len(heading) < _HEADING_BYTES - 1)])
    if text.isascii():
        text = b"\n".join(_whole(heading, "utf-8") for heading in headings)
    guessed = guess_encoding(text, file=f"{path.stem}.dbf")
    cpg = sibling(path, ".cpg")
    if cpg is None:
        return guessed, []
    said = cpg.read_text(encoding="ascii", errors="replace").strip()
    try:
        claimed = known_encoding(f"cp{said}" if said.isdigit() else said)
        text.decode(claimed)
    except (BadInput, UnicodeDecodeError):
        return guessed, [
            Sentence(
                "the .cpg file says {said!r}, but the text is {guessed}; read as {guessed}", said=said, guessed=guessed
            )
        ]
    return claimed, []


def _whole(heading: bytes, encoding: str) -> bytes:
    """The heading without the part of a character at its end."""
    for cut in range(4):
        shorter = heading[: len(heading) - cut]
        try:
            shorter.decode(encoding)
        except UnicodeDecodeError:
            continue
        return shorter
    return heading
