"""QR codes as one SVG path, for pages and sheets: no picture is fetched, and the code is as sharp as the paper."""

from __future__ import annotations

from dataclasses import dataclass

import segno


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: `side` modules each way without the white margin (4 wide), `path` of the dark ones in modules."""

    side: int
    path: str

    def svg(self, margin: int) -> str:
        """The code as a picture by itself, dark on white; `margin` in modules: its norm wants 4 of white around it."""
        side = self.side + 2 * margin
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-margin} {-margin} {side} {side}">'
            f'<path fill="#ffffff" d="M{-margin} {-margin}h{side}v{side}h{-side}z"/><path d="{self.path}"/></svg>'
        )


def qr_code(text: str) -> Code:
    """The code of a text, with error correction M at least."""
    made = segno.make_qr(text, error="m")
    rows = ["".join("1" if dark else "0" for dark in row) for row in made.matrix]
    return Code(len(rows), "".join(piece for y, row in enumerate(rows) for piece in _dark(row, y)))


def _dark(row: str, y: int) -> list[str]:
    """The runs of dark modules of a row."""
    pieces, x = [], 0
    while (start := row.find("1", x)) >= 0:
        x = row.find("0", start) if "0" in row[start:] else len(row)
        pieces.append(f"M{start} {y}h{x - start}v1h-{x - start}z")
    return pieces
