"""Packages without root, with fakes of apt-get and dpkg-deb: what is in place afterwards, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gis.storage import debian_packages

APT_GET = """#!/bin/sh
echo "$@" >> "$0.log"
for word in "$@"; do
    case $word in -oDir::Cache=*) cache=${word#*=};; install) : > "$cache/archives/postgis_3.deb";; esac
done
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/share/postgresql/15/extension"
echo "$2" > "$3/usr/share/postgresql/15/extension/postgis-3.control"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    program(folder / "apt-get", APT_GET)
    program(folder / "dpkg-deb", DPKG_DEB)
    return folder


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def test_packages_are_unpacked_as_a_whole_and_nothing_else_is_left(programs: Path, tmp_path: Path) -> None:
    target = tmp_path / "tools" / "debian"
    assert debian_packages.main([str(target), "postgresql-postgis"]) == 0
    extension = target / "usr/share/postgresql/15/extension"
    assert (extension / "postgis.control").read_text() == (extension / "postgis-3.control").read_text()
    assert [path.name for path in target.parent.iterdir()] == ["debian"]
    calls = (programs / "apt-get.log").read_text().splitlines()
    assert [call.split()[-1] for call in calls] == ["update", "postgresql-postgis"]
    assert "--download-only" in calls[1]


def test_what_was_there_is_replaced(programs: Path, tmp_path: Path) -> None:
    target = tmp_path / "tools" / "debian"
    target.mkdir(parents=True)
    (target / "old").write_text("")
    assert debian_packages.unpack(["postgresql-postgis"], target) == 1
    assert not (target / "old").exists()


@pytest.mark.parametrize("failing", ["apt-get", "dpkg-deb"])
def test_a_failure_leaves_what_was_there(
    programs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], failing: str
) -> None:
    target = tmp_path / "tools" / "debian"
    target.mkdir(parents=True)
    (target / "old").write_text("")
    program(programs / failing, "#!/bin/sh\nexit 100\n")
    assert debian_packages.main([str(target), "postgresql-postgis"]) == 1
    assert failing in capsys.readouterr().err
    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in target.parent.iterdir()] == ["debian"]
