"""Pages as text: what they carry, and whether one is what it was. `UPDATE_GOLDEN=1` writes the golden pages anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
NONCE = "bm9uY2Vub25jZW5vbmNl"


def normal(html: str) -> str:
    """Without content hashes and without the words, which have a test of their own."""
    html = re.sub(r"\?v=[0-9a-f]{12}", "?v=HASH", html)
    return re.sub(r'(<script id="messages"[^>]*>).*?(</script>)', r"\1{}\2", html, flags=re.DOTALL)


def data_of(html: str, name: str) -> Any:
    """A JSON value that a page carries."""
    found = re.search(rf'<script id="{name}"[^>]*>(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def assert_golden(name: str, made: str) -> None:
    """Whether a page is the golden one of this name, to the letter."""
    golden = GOLDEN / f"{name}.html"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(made, "utf-8")
    assert made == golden.read_text("utf-8")
