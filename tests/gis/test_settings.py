"""Settings of the environment that cannot be used: each is told by its name, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gis.errors import BadInput
from gis.settings import settings
from maps.text import translator

SECRET = "never told"


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    """Settings that are read anew."""
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("name", "value", "english", "chinese"),
    [
        ("POOL_SIZE", "many", "must be a whole number", "须为整数"),
        ("POOL_SIZE", "0", "must be 1 or more", "不能小于 1"),
        ("SESSION_HOURS", "0", "must be more than 0", "须大于 0"),
        ("TIMEZONE", "Mars", "is no time zone; write it like Asia/Shanghai", "不是时区；请写成 Asia/Shanghai 这样"),
        ("TIMEZONE", "Asia", "is no time zone; write it like Asia/Shanghai", "不是时区；请写成 Asia/Shanghai 这样"),
        ("TIMEZONE", "../x", "is no time zone; write it like Asia/Shanghai", "不是时区；请写成 Asia/Shanghai 这样"),
        ("OIDC_MAPPING", "x", "must be a JSON object", "须为 JSON 对象"),
    ],
)
def test_a_setting_that_cannot_be_used(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, english: str, chinese: str
) -> None:
    monkeypatch.setenv(f"EVERYCELL_{name}", value)
    with pytest.raises(BadInput, match=f"^EVERYCELL_{name}: {re.escape(english)}$") as told:
        settings()
    assert told.value.message.said(translator("zh-CN", "errors")) == f"EVERYCELL_{name}：{chinese}"


@pytest.mark.parametrize("address", ["foo", "mysql://a:b@c/d", f"postgresql://u:{SECRET}@127.0.0.1:abc/x"])
def test_an_address_that_is_no_databases(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("DATABASE_URL", address)
    with pytest.raises(BadInput, match=r"^DATABASE_URL: is no address of a PostgreSQL") as told:
        settings()
    assert SECRET not in str(told.value)


def test_an_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert not settings().database_url


def test_several_are_told_together_each_by_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERYCELL_POOL_SIZE", "x")
    monkeypatch.setenv("EVERYCELL_OIDC_MAPPING", '{"claim": "groups", "values": {"a": [["wall", "all", "?"]]}, "b": 1}')
    with pytest.raises(BadInput) as told:
        settings()
    assert told.value.message.split("; ") == [
        "EVERYCELL_POOL_SIZE: must be a whole number",
        "EVERYCELL_OIDC_MAPPING.values.a.0: must have no more than 2 parts",
        "EVERYCELL_OIDC_MAPPING.b: is not known",
    ]


def test_what_is_about_several_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERYCELL_WORK_LEFT_2_PERCENT", "50")
    with pytest.raises(BadInput, match=r"^EVERYCELL_WORK_LEFT_2_PERCENT, _3_ and _4_ must"):
        settings()
