"""What a recount finds, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gis.households.check import RECOUNTS, Difference
from gis.words import word
from maps.text import teller

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("figure", "chinese"),
    [
        ("last reached, last contact", "最近见到、最近上门"),
        ("cases from 2026-10-01", "2026-10-01 起的案件"),
        ("cases labour from 2026-10-01", "2026-10-01 起的 labour 类案件"),
        ("reached 2026-10-01", "reached 2026-10-01"),
    ],
)
def test_a_figure_in_words(figure: str, chinese: str) -> None:
    told = Difference("cell", "1", figure, "1", "2").told
    assert (told, teller("zh")(told)) == (figure, chinese)


def test_every_kind_that_the_statements_name_has_a_word() -> None:
    files = [file for name, _ in RECOUNTS for file in ROOT.glob(f"gis/*/sql/{name.partition('/')[2]}.sql")]
    kinds = {kind for file in files for kind in re.findall(r"SELECT '(\w+)'", file.read_text())}
    assert len(files) == len(RECOUNTS)
    assert kinds >= {"visit", "doorplate", "cell", "case_figure"}
    for kind in kinds | {"outline", "division"}:
        assert word(kind) == kind
