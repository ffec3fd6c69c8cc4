"""Finding PostgreSQL with PostGIS in the layouts it is installed in; the installations are fakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gis.errors import StorageError
from gis.storage import postgres_binaries
from gis.storage.postgres_binaries import find_binaries

NOTHING = "#!/bin/sh\n"


def install(folder: Path, extensions: Path | None, *, version: int = 15, pg_config: str | None = None) -> Path:
    """Fake programs in `folder`, and PostGIS in `extensions` where that is given."""
    folder.mkdir(parents=True)
    programs = {"initdb": NOTHING, "pg_ctl": NOTHING}
    programs["postgres"] = f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}.4 (Homebrew)'\n"
    if pg_config is not None:
        programs["pg_config"] = f"#!/bin/sh\necho '{pg_config}'\n"
    for name, text in programs.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    if extensions is not None:
        extensions.mkdir(parents=True)
        (extensions / "postgis.control").write_text("")
    return folder


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose programs lie below tmp_path/usr, with nothing on PATH and nothing unpacked."""
    monkeypatch.delenv("EVERYCELL_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(postgres_binaries, "_PLACES", (f"{tmp_path}/usr/lib/postgresql/*/bin", f"{tmp_path}/opt/*/bin"))
    monkeypatch.setattr(postgres_binaries, "UNPACKED", tmp_path / "unpacked")
    return tmp_path


def debian(machine: Path, major: int, *, postgis: bool = True) -> Path:
    share = machine / f"usr/share/postgresql/{major}/extension"
    return install(machine / f"usr/lib/postgresql/{major}/bin", share if postgis else None, version=major)


def test_without_any_it_says_what_to_install(machine: Path) -> None:
    with pytest.raises(StorageError, match=r"was not found: install it .*apt-get install.*brew install postgis"):
        find_binaries()


def test_the_newest_with_postgis_is_taken(machine: Path) -> None:
    debian(machine, 14)
    wanted = debian(machine, 15)
    debian(machine, 17, postgis=False)
    found = find_binaries()
    assert (found.bin, found.major, found.root) == (wanted, 15, None)


def test_a_cluster_gets_the_version_that_made_it(machine: Path) -> None:
    wanted = debian(machine, 14)
    debian(machine, 15)
    assert find_binaries(14).bin == wanted
    with pytest.raises(StorageError, match="made by PostgreSQL 13, and this machine has PostGIS for 14, 15 only"):
        find_binaries(13)


def test_too_old_a_postgresql_is_not_taken(machine: Path) -> None:
    debian(machine, 12)
    with pytest.raises(StorageError, match="was not found"):
        find_binaries()


def test_homebrew_tells_its_folders_by_pg_config(machine: Path) -> None:
    share = machine / "share/postgresql@17"
    wanted = install(machine / "opt/postgresql@17/bin", share / "extension", version=17, pg_config=str(share))
    found = find_binaries()
    assert (found.bin, found.major) == (wanted, 17)


def test_one_on_path_is_found(machine: Path) -> None:
    install(machine / "path", machine / "share/extension", version=16)
    assert find_binaries().major == 16


def test_unpacked_packages_are_found_and_get_their_libraries(machine: Path) -> None:
    root = machine / "unpacked"
    install(root / "usr/lib/postgresql/15/bin", root / "usr/share/postgresql/15/extension")
    (root / "usr/lib/x86_64-linux-gnu/blas").mkdir(parents=True)
    found = find_binaries()
    assert found.root == root
    env = found.environment()
    lib = f"{root}/usr/lib/x86_64-linux-gnu"
    assert env["LD_LIBRARY_PATH"].startswith(f"{lib}:{lib}/blas")
    assert env["PROJ_DATA"] == f"{root}/usr/share/proj"


def test_variables_of_libpq_do_not_reach_the_programs(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, 15)
    monkeypatch.setenv("PGDATA", "/elsewhere")
    monkeypatch.setenv("PGPORT", "1")
    assert not [name for name in find_binaries().environment() if name.startswith("PG")]


def test_the_one_asked_for_is_the_only_one(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    debian(machine, 17)
    wanted = install(machine / "mine/bin", machine / "mine/share/extension", version=15)
    monkeypatch.setenv("EVERYCELL_PG_BIN", str(wanted))
    assert find_binaries().bin == wanted
    with pytest.raises(StorageError, match="made by PostgreSQL 17, but EVERYCELL_PG_BIN names a PostgreSQL 15"):
        find_binaries(17)
    monkeypatch.setenv("EVERYCELL_PG_BIN", str(machine / "nowhere"))
    with pytest.raises(StorageError, match=r"EVERYCELL_PG_BIN: .*nowhere does not hold"):
        find_binaries()


def test_run_asks_it_on_the_command_line(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert postgres_binaries.main() == 1
    wanted = debian(machine, 15)
    assert postgres_binaries.main() == 0
    told = capsys.readouterr()
    assert told.out == f"{wanted}\n"
    assert told.err.startswith("PostgreSQL with PostGIS was not found: ")
