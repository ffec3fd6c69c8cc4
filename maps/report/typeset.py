"""Sets a PDF with Typst: a JSON document comes in by standard input, the PDF goes out.

    python -m maps.report.typeset TEMPLATE FONTS FAMILY...

The template reads the document as `sys.inputs.document`. Run by `maps.report.pdf` as a process of its own: it can be
ended, and gives its memory back. Imports nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

import typst


def main() -> None:
    """Read, set, write. A mistake in the template ends the process with what Typst says of it."""
    template, fonts, *families = sys.argv[1:]
    made: bytes = cast(Any, typst.compile)(  # its declaration has a type variable that nothing binds
        template,
        root=Path(template).parent,
        font_paths=[fonts],
        ignore_system_fonts=True,
        sys_inputs={"document": sys.stdin.buffer.read().decode(), "families": json.dumps(families)},
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
