"""The category list is closed, complete and free of homes and worship."""

from __future__ import annotations

import pytest

from gis.errors import BadInput
from gis.sites.categories import CATEGORIES, Category, category_of


def test_every_category_has_names_and_an_interval() -> None:
    assert set(CATEGORIES) == set(Category)
    for info in CATEGORIES.values():
        assert info.zh
        assert info.en
        assert 1 <= info.check_interval_days <= 365
    assert len({info.zh for info in CATEGORIES.values()}) == len(CATEGORIES)


@pytest.mark.parametrize("word", ["school", " School ", "学校", "SCHOOL"])
def test_a_category_is_found_by_value_and_by_either_name(word: str) -> None:
    assert category_of(word) is Category.school


@pytest.mark.parametrize("word", ["church", "寺庙", "place_of_worship", "mosque", "home", "resident", "person", ""])
def test_no_worship_home_or_person(word: str) -> None:
    with pytest.raises(BadInput, match="no key-site category"):
        category_of(word)
