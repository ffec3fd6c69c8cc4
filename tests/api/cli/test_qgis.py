"""everycell qgis-project and qgis-user, without a QGIS: what is in the file, and what an administrator sees."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from api.cli import app
from gis.access import accounts
from gis.access.audit import latest
from gis.access.scope import Grant, Role
from gis.errors import BadInput, NotFound, StorageError
from gis.settings import settings
from gis.storage.engine import Store
from gis.storage.models import metadata
from maps.qgis.layers import groups
from tests.gis.world import build, build_region
from tests.test_no_person import findings


@pytest.fixture
def pointed(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings.cache_clear()
    yield store
    settings.cache_clear()


@pytest.fixture
def county(pointed: Store) -> Store:
    with pointed.begin() as conn:
        build(conn, {1: 2})
        accounts.add_account(conn, "li")
        accounts.add_grant(conn, "li", Grant(Role.editor, "990101"))
    return pointed


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def project(folder: Path, *arguments: str) -> Any:
    made = folder / "grid.qgz"
    result = run("qgis-project", "-o", str(made), *arguments)
    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(made) as archive:
        assert archive.namelist() == ["everycell.qgs"]
        return ElementTree.fromstring(archive.read("everycell.qgs"))


def sources(tree: Any) -> dict[str, str]:
    return {layer.findtext("id"): layer.findtext("datasource") for layer in tree.iter("maplayer")}


@pytest.mark.usefixtures("county")
def test_the_project_says_where_the_database_is_and_no_password(tmp_path: Path) -> None:
    here = sources(project(tmp_path, "--login", "li"))
    assert len(here) == 8
    assert all("user='qgis_li'" in source and "host='/" in source for source in here.values())
    afar = project(
        tmp_path, "--host", "db.example.lan", "--port", "6432", "--sslmode", "require", "--area", "990101100"
    )
    told = sources(afar)["everycell_cell"]
    assert "host='db.example.lan' port='6432'" in told
    assert "sslmode='require'" in told
    assert "user=" not in told
    assert "\"code\" LIKE '990101100%'" in told
    assert "password" not in ElementTree.tostring(afar, encoding="unicode")


@pytest.mark.usefixtures("county")
def test_a_password_of_the_address_stays_out_of_it(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = make_url(database_url).set(password="secret-word")  # pragma: allowlist secret
    monkeypatch.setenv("DATABASE_URL", address.render_as_string(hide_password=False))
    settings.cache_clear()
    assert "secret-word" not in ElementTree.tostring(project(tmp_path), encoding="unicode")


def test_every_column_has_a_name_and_a_use() -> None:
    """A column that is not listed would be shown, under its own name, for everybody to edit."""
    for layer in (layer for group in groups(990101, 90, 14) for layer in group.layers):
        columns = {column.name for column in metadata.tables[f"everycell.{layer.table}"].columns} - {"geom"}
        assert {field.name for field in layer.fields} == columns, layer.id


def test_no_word_of_it_is_about_people() -> None:
    layers = [layer for group in groups(990101, 90, 14) for layer in group.layers]
    words = [(layer.id, word) for layer in layers for word in (layer.name, *(field.alias for field in layer.fields))]
    assert findings(words, doubtful=False) == set()


@pytest.mark.parametrize(
    ("arguments", "kind", "word"),
    [
        (["--area", "9901"], BadInput, "9901"),
        (["--area", "990102"], NotFound, "no cell in 990102"),
        (["--sslmode", "maybe"], BadInput, "--sslmode"),
        (["--login", "x" * 60], BadInput, "58 characters"),
    ],
)
@pytest.mark.usefixtures("county")
def test_what_cannot_be_is_told(tmp_path: Path, arguments: list[str], kind: type[Exception], word: str) -> None:
    result = run("qgis-project", "-o", str(tmp_path / "grid.qgz"), *arguments)
    assert isinstance(result.exception, kind)
    assert word in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_of_several_counties_one_must_be_named(pointed: Store, tmp_path: Path) -> None:
    with pointed.begin() as conn:
        build_region(conn)
    result = run("qgis-project", "-o", str(tmp_path / "grid.qgz"))
    assert isinstance(result.exception, BadInput)
    assert "2 counties" in str(result.exception)


def test_an_owner_that_may_make_no_roles_is_told_what_is_missing(county: Store) -> None:
    result = run("qgis-user", "add", "li", "--no-password")
    assert isinstance(result.exception, StorageError)
    assert "CREATEROLE" in str(result.exception)
    assert "nobody yet" in run("qgis-user", "list").stdout
    with county.read() as conn:
        assert latest(conn, 1) == []


def test_from_add_to_remove(county: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url.replace("://everycell@", "://postgres@"))
    settings.cache_clear()
    try:
        added = run("qgis-user", "add", "li")
        assert added.exit_code == 0, added.output
        assert "qgis_li" in added.stdout
        assert "shown only now" in added.stdout
        assert "990101" in run("qgis-user", "list").stdout
        assert run("qgis-user", "passwd", "li").exit_code == 0
    finally:
        removed = run("qgis-user", "remove", "li")
    assert removed.exit_code == 0, removed.output
    with county.read() as conn:
        actions = [entry.action for entry in latest(conn, 9)]
    assert actions == ["qgis_user_add", "account_password", "qgis_user_remove"]
