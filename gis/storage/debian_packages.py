"""Debian and Ubuntu packages without being root: fetched by apt into a folder of ours, unpacked there, not installed.

    python3 -I gis/storage/debian_packages.py .tools/debian postgresql-postgis

apt resolves what is missing on this machine and checks the archive's signatures as always; it only keeps its lists and
downloads in a folder of ours. No maintainer script runs. `./run` calls this with the system's python3 before there is
any other, so it needs nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def unpack(packages: list[str], target: Path) -> int:
    """Put the packages, with everything they depend on and this machine lacks, into `target`; returns how many.

    `target` is replaced as a whole when all is there, and not at all otherwise. Raises CalledProcessError where apt or
    dpkg-deb fails; what they say goes to standard error.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".apt-", dir=target.parent) as scratch:
        archives = _download(packages, Path(scratch))
        new = Path(scratch) / "new"
        new.mkdir(mode=0o755)
        for archive in archives:
            subprocess.run(["dpkg-deb", "-x", str(archive), str(new)], check=True)
        _link_extensions(new)
        if target.exists():
            shutil.rmtree(target)
        new.rename(target)
    return len(archives)


def _download(packages: list[str], scratch: Path) -> list[Path]:
    state, cache = scratch / "state", scratch / "cache"
    (state / "lists" / "partial").mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    options = {
        "Dir::State": state,
        "Dir::State::status": "/var/lib/dpkg/status",  # what is installed here need not be fetched
        "Dir::Cache": cache,
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "0",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    apt = ["apt-get", "--yes", "--quiet", *(f"-o{name}={value}" for name, value in options.items())]
    env = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*apt, "update"], check=True, env=env)
    subprocess.run([*apt, "install", "--download-only", *packages], check=True, env=env)
    return sorted((cache / "archives").glob("*.deb"))


def _link_extensions(root: Path) -> None:
    """What PostGIS's maintainer script does: `postgis.control` is a link to the version that is there."""
    for control in root.glob("usr/share/postgresql/*/extension/*-3.control"):
        plain = control.with_name(control.name.replace("-3.control", ".control"))
        if not plain.exists():
            plain.symlink_to(control.name)


def main(arguments: list[str]) -> int:
    """`DIR PACKAGE...`; exit status 1 where the packages cannot be had."""
    try:
        number = unpack(arguments[1:], Path(arguments[0]).absolute())
    except (subprocess.CalledProcessError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stderr.write(f"{number} packages unpacked into {arguments[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
