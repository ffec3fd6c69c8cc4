"""Where on this machine is a PostgreSQL that has PostGIS?

Looked for, in this order: `EVERYCELL_PG_BIN`, Debian's and Ubuntu's /usr/lib/postgresql, Red Hat's /usr/pgsql-*, PATH,
Homebrew, Postgres.app, and the packages that `./run` unpacks into `.tools/debian` where it may not install any.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gis.errors import StorageError
from gis.sentence import Sentence

OLDEST_MAJOR: Final = 13
UNPACKED: Final = Path(__file__).resolve().parents[2] / ".tools" / "debian"
_NEEDED: Final = ("postgres", "initdb", "pg_ctl")
_PLACES: Final = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/opt/homebrew/bin",
    "/usr/local/opt/postgresql*/bin",
    "/usr/local/pgsql/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
HOW_TO_INSTALL: Final = Sentence(
    "install it (Debian, Ubuntu: apt-get install postgresql-postgis; macOS: brew install postgis), "
    "or name the folder of its programs in EVERYCELL_PG_BIN, or a database in DATABASE_URL"
)


@dataclass(frozen=True)
class PostgresBinaries:
    """One installation: the folder of its programs, its major version, and where it was unpacked, if it was."""

    bin: Path
    major: int
    root: Path | None = None

    def program(self, name: str) -> str:
        """The full path of `name` (`initdb`, `pg_ctl`, ...)."""
        return str(self.bin / name)

    def environment(self) -> dict[str, str]:
        """The environment its programs run in: ours without libpq's variables; with libraries where it was unpacked."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        if self.root is not None:
            libraries = [str(path) for path in _library_folders(self.root)]
            env["LD_LIBRARY_PATH"] = ":".join([*libraries, env.get("LD_LIBRARY_PATH", "")]).rstrip(":")
            env["PROJ_DATA"] = env["PROJ_LIB"] = str(self.root / "usr/share/proj")
            env["GDAL_DATA"] = str(self.root / "usr/share/gdal")
        return env


def find_binaries(major: int | None = None) -> PostgresBinaries:
    """The newest PostgreSQL with PostGIS, or the one of version `major` where a cluster was made by that.

    Raises StorageError with a sentence that says what to install.
    """
    asked = os.environ.get("EVERYCELL_PG_BIN")
    if asked:
        return _asked_for(Path(asked), major)
    found = [binaries for folder in _folders() if (binaries := _inspect(folder)) is not None]
    if not found:
        raise StorageError("PostgreSQL with PostGIS was not found: {how}", how=HOW_TO_INSTALL)
    fitting = [binaries for binaries in found if major is None or binaries.major == major]
    if not fitting:
        versions = ", ".join(sorted({str(binaries.major) for binaries in found}))
        raise StorageError(
            "the data folder was made by PostgreSQL {major}, and this machine has PostGIS for"
            " {versions} only: install PostgreSQL {major} with PostGIS, or import into a new data"
            " folder (EVERYCELL_HOME)",
            major=major,
            versions=versions,
        )
    return max(fitting, key=lambda binaries: binaries.major)  # the first found of several equals


def _asked_for(folder: Path, major: int | None) -> PostgresBinaries:
    binaries = _inspect(folder.absolute())
    if binaries is None:
        raise StorageError(
            "EVERYCELL_PG_BIN: {folder} does not hold the programs of a PostgreSQL >= {oldest} with PostGIS",
            folder=folder,
            oldest=OLDEST_MAJOR,
            field="EVERYCELL_PG_BIN",
        )
    if major is not None and binaries.major != major:
        raise StorageError(
            "the data folder was made by PostgreSQL {major}, but EVERYCELL_PG_BIN names a PostgreSQL {named}",
            major=major,
            named=binaries.major,
            field="EVERYCELL_PG_BIN",
        )
    return binaries


def _folders() -> Iterator[Path]:
    for pattern in _PLACES:
        yield from sorted(Path("/").glob(pattern.lstrip("/")))
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent
    yield from sorted(UNPACKED.glob("usr/lib/postgresql/*/bin"))


def _inspect(folder: Path) -> PostgresBinaries | None:
    if not all(os.access(folder / name, os.X_OK) for name in _NEEDED):
        return None
    root = UNPACKED if folder.is_relative_to(UNPACKED) else None
    major = _major_of(folder)
    if major is None:
        major = _ask_major(PostgresBinaries(folder, 0, root))
    binaries = PostgresBinaries(folder, major, root)
    return binaries if major >= OLDEST_MAJOR and _has_postgis(binaries) else None


def _major_of(folder: Path) -> int | None:
    """The version in the folder's own name, which spares starting a program at every command."""
    match = re.fullmatch(r"(?:pgsql-)?([0-9]{2})", folder.parent.name)
    return int(match[1]) if match else None


def _ask_major(binaries: PostgresBinaries) -> int:
    command = [binaries.program("postgres"), "--version"]
    answer = subprocess.run(command, env=binaries.environment(), capture_output=True, text=True, check=False)
    match = re.search(r"\) ([0-9]+)", answer.stdout)
    return int(match[1]) if match else 0


def _has_postgis(binaries: PostgresBinaries) -> bool:
    """Whether its extensions hold PostGIS: where its layout is a common one, without asking a program."""
    above = binaries.bin.parent
    shares = [above / "share", above.parent.parent.parent / "share" / "postgresql" / str(binaries.major)]
    if any(_holds_postgis(share) for share in shares):
        return True
    pg_config = binaries.bin / "pg_config"
    if not os.access(pg_config, os.X_OK):
        return False
    command = [str(pg_config), "--sharedir"]
    answer = subprocess.run(command, env=binaries.environment(), capture_output=True, text=True, check=False)
    return answer.returncode == 0 and _holds_postgis(Path(answer.stdout.strip()))


def _holds_postgis(share: Path) -> bool:
    return (share / "extension" / "postgis.control").is_file()


def _library_folders(root: Path) -> Iterator[Path]:
    """Folders with shared libraries of unpacked packages (blas and lapack lie in folders of their own)."""
    for lib in (*root.glob("usr/lib/*-linux-gnu*"), *root.glob("lib/*-linux-gnu*")):
        yield lib
        yield from (child for child in sorted(lib.iterdir()) if child.is_dir() and child.name in ("blas", "lapack"))


def main() -> int:
    """Print the folder of the programs (for `./run`), or the sentence that says what to install."""
    try:
        binaries = find_binaries()
    except StorageError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{binaries.bin}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
