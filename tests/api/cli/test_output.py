"""Files that a command writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.output import write
from gis.errors import BadInput


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", b"old")
    write(tmp_path / "a.csv", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.csv", b"new")]


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "missing" / "a.csv", tmp_path / "folder"):
        with pytest.raises(BadInput, match=f"^--report: {path} cannot be written: ") as failed:
            write(path, b"x", "--report")
        assert failed.value.field == "--report"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
