"""What the public is told is what there is: every table, column, layer, setting and role, in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from api.about import disclosure
from api.features.collections import COLLECTIONS, TILED
from api.features.documents import tileset
from api.tables import COVERAGE
from gis.access import disclosed, scope
from gis.access.scope import Right, Role
from gis.settings import Settings
from gis.storage import doctor
from gis.storage.models import metadata
from tests.api.conftest import Served

HAN = re.compile("[一-鿿]")


@pytest.fixture(scope="module")
def client(served: Served) -> httpx.Client:
    return served.client


@pytest.fixture(scope="module")
def told() -> Any:
    return disclosure(Settings())


def test_every_table_and_column_has_words_and_no_others() -> None:
    stored = {table.name: {column.name for column in table.columns} for table in metadata.tables.values()}
    assert {name: set(words.columns) for name, words in disclosed.TABLES.items()} == stored


def test_every_setting_is_told_or_says_why_not() -> None:
    assert set(disclosed.SETTINGS) | set(disclosed.NOT_TOLD) == set(Settings.model_fields)
    assert not set(disclosed.SETTINGS) & set(disclosed.NOT_TOLD)


def test_every_role_and_right_has_words() -> None:
    assert set(disclosed.ROLES) == set(Role)
    assert set(disclosed.RIGHTS) == set(Right)


def test_every_layer_has_words() -> None:
    assert set(disclosed.LAYERS) == {*COLLECTIONS, *TILED}
    for name, words in disclosed.LAYERS.items():
        assert words.table in disclosed.TABLES
        assert disclosed.TABLES[words.table].seen is not None, name
        assert bool(words.properties) == (name in COLLECTIONS)
    assert set(COVERAGE) <= {"code", "name", "level", *disclosed.FIGURES}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_items_carry_the_properties_that_are_told(served: Served, name: str) -> None:
    feature = served.json(f"/collections/{name}/items?limit=1")["features"][0]
    assert set(feature["properties"]) == set(disclosed.LAYERS[name].properties)


def test_tiles_carry_the_properties_that_are_told(told: Any) -> None:
    for layer in told["layers"]:
        described = tileset(TILED[layer["name"]], "", None)["layers"] if layer["name"] in TILED else []
        own = [each["propertiesSchema"]["properties"] for each in described if each["id"] == layer["name"]]
        assert {field["name"] for field in layer["tiles"]} == {name for names in own for name in names}


def test_who_sees_a_table_is_what_the_database_enforces() -> None:
    """`everycell doctor` holds the database against the same list (tests/gis/storage/test_doctor.py)."""
    seen = {name: words.seen for name, words in disclosed.TABLES.items() if words.seen is not None}
    enforced = {table: right for table, (_, right, _) in doctor.POLICIES.items()}
    assert seen == {table: right for table, right in enforced.items() if table in disclosed.TABLES}


def test_what_is_told_is_in_both_languages(told: Any) -> None:
    pairs = list(_pairs(told))
    assert len(pairs) > 150
    for words in pairs:
        assert words["zh"], words
        assert words["en"], words
        assert HAN.search(words["zh"]), words
        assert not HAN.search(words["en"]), words
        assert "{" not in words["zh"] + words["en"]


def _pairs(part: Any) -> Iterator[dict[str, str]]:
    if isinstance(part, list):
        for inner in part:
            yield from _pairs(inner)
    elif isinstance(part, dict):
        if "zh" in part:
            yield part
        for inner in part.values():
            yield from _pairs(inner)


def test_the_numbers_are_those_of_this_service() -> None:
    strict = disclosure(Settings(visit_months=3, interval_days=60, session_hours=8))
    values = {one["name"]: one["value"] for one in strict["settings"]}
    assert (values["visit_months"], values["interval_days"], values["session_hours"]) == (3, 60, 8)
    kept = {table["name"]: table["kept"] for table in strict["tables"]}
    assert kept["visit"]["en"] == "3 months; then last dates and counts only"
    assert kept["session"]["zh"].startswith("最长 8 小时")


def test_roles_are_those_of_the_scope(told: Any) -> None:
    rights = {role["name"]: set(role["rights"]) for role in told["roles"]}
    assert rights == {role.value: {right.value for right in scope.RIGHTS[role]} for role in Role}


def test_the_page_is_chinese_first(client: httpx.Client) -> None:
    answer = client.get("/about/data", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert '<html lang="zh-CN">' in answer.text
    assert "只登记地点" in answer.text
    assert "走访记录" in answer.text
    assert "Places, not people" not in answer.text


def test_the_page_in_english(client: httpx.Client) -> None:
    page = client.get("/about/data?lang=en&f=html").text
    assert '<html lang="en">' in page
    assert "Places, not people" in page
    main = page[page.index("<main") : page.index("</main>")]
    assert HAN.findall(main) == []
    for table in metadata.tables.values():
        assert f"<code>{table.name}</code>" in main
        for column in table.columns:
            assert f"<code>{column.name}</code>" in main


def test_programs_get_json(client: httpx.Client) -> None:
    for answer in (client.get("/about/data"), client.get("/about/data?f=json", headers={"Accept": "text/html"})):
        assert answer.json() == disclosure(Settings())
        assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(("path", "field"), [("/about/data?lang=fr", "lang"), ("/about/data?f=csv", "f")])
def test_bad_parameters_are_named(client: httpx.Client, path: str, field: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.json()["field"] == field
