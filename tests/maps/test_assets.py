"""Folium's addresses stand for installed files, and for nothing that is not installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.errors import NotFound
from maps import assets
from maps.page import GridMap


def test_every_asset_of_our_map_is_installed() -> None:
    for _name, url in [*GridMap.default_js, *GridMap.default_css]:
        assert assets.file_of(assets.local_path(url)).stat().st_size > 0


def test_unknown_asset_is_an_error_that_names_it() -> None:
    with pytest.raises(NotFound, match=r"https://example\.org/plugin\.js: no installed file"):
        assets.local_path("https://example.org/plugin.js")


@pytest.mark.parametrize("path", ["vendor/none.js", "../page.py", "../../pyproject.toml"])
def test_only_files_below_static_are_served(path: str) -> None:
    with pytest.raises(NotFound, match="not installed"):
        assets.file_of(path)


def test_address_carries_the_hash_of_the_content() -> None:
    first = assets.asset_url("page.js", "/grid")
    assert first.startswith("/grid/static/page.js?v=")
    assert assets.asset_url("page.js") != assets.asset_url("tiles.js")


def test_pictures_of_a_stylesheet_become_data_uris() -> None:
    text = assets.inline_text("vendor/leaflet/dist/leaflet.css")
    assert "url(data:image/png;base64," in text
    assert "url(images/" not in text


def test_script_cannot_end_its_own_element() -> None:
    assert "</script" not in assets.inline_text("vendor/leaflet/dist/leaflet.js").lower()


def _installed_by_npm(folder: Path) -> Path:
    for path in assets.INSTALLED:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path, "utf-8")
    return folder


def test_install_copies_once_and_removes_strays(tmp_path: Path) -> None:
    source, target = _installed_by_npm(tmp_path / "node_modules"), tmp_path / "vendor"
    assert assets.install(source, target) == list(assets.INSTALLED)
    assert assets.install(source, target) == []
    (target / "old.js").write_text("gone", "utf-8")
    (source / assets.INSTALLED[0]).write_text("newer", "utf-8")
    assert assets.install(source, target) == [assets.INSTALLED[0]]
    assert not (target / "old.js").exists()


def test_install_without_npm_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="run 'npm ci' first"):
        assets.install(tmp_path, tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()
