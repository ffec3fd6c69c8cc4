"""`./run` where its ground is missing, and what it costs when everything is there. Nothing is installed here.

The machine is a folder of a few system programs and of fakes; the checkout is a copy of `run` with the files it reads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SYSTEM = ("sh", "cat", "cksum", "cp", "date", "dirname", "env", "id", "mkdir", "rm", "sed", "tail")
READ = ("run", "requirements.lock", "pyproject.toml", "package-lock.json", "maps/assets.py")
PYTHON = '#!/bin/sh\ncase $* in *postgres_binaries) {postgis};; *) echo "$@";; esac\n'
ECHO = '#!/bin/sh\nprintf "%s|" "$0" "$@"\n'


class Machine:
    """A checkout in `root` on a machine whose PATH has `SYSTEM` and what `program()` adds."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in SYSTEM:
            (self.bin / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
        for name in READ:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)

    def program(self, name: str, text: str) -> None:
        """A program on PATH (or below the checkout, where the name has a slash)."""
        path = self.root / name if "/" in name else self.bin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `./run` from another folder; `environment` is all it has besides PATH."""
        env = {"PATH": str(self.bin), **environment}
        command = [str(self.root / "run"), *arguments]
        return subprocess.run(
            command,
            env=env,
            cwd=self.root.parent,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def set_up(self) -> None:
        """Let everything be there: fakes of what the steps install, which the steps believe."""
        self.program("python3", "#!/bin/sh\nexit 0\n")
        self.program(".tools/uv/bin/uv", "#!/bin/sh\nexit 0\n")
        self.program(
            ".venv/bin/python", f"#!/bin/sh\ncase $* in *postgres_binaries) echo '{self.bin}';; *) echo \"$@\";; esac\n"
        )
        self.program(".venv/bin/everycell", ECHO)
        self.program("initdb", "#!/bin/sh\n")
        self.program("node", "#!/bin/sh\necho true\n")
        self.program("npm", "#!/bin/sh\nexit 0\n")
        self.program("chromium", "#!/bin/sh\nexit 0\n")
        (self.root / "maps/static/vendor").mkdir(parents=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_python_it_says_what_to_install(machine: Machine) -> None:
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert answer.stderr == (
        "python3 is missing: install it (Debian, Ubuntu: apt-get install python3-venv; macOS: brew install python)\n"
    )


def test_without_pip_it_says_what_to_install(machine: Machine) -> None:
    machine.program("python3", "#!/bin/sh\nexit 1\n")
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        "pip is missing: install it for python3 (Debian, Ubuntu: apt-get install python3-venv) and try again"
    )


def test_with_an_old_python_it_says_what_to_install(machine: Machine) -> None:
    machine.program("python3", '#!/bin/sh\n[ "$1" != --version ] || echo Python 3.9.2\n')
    machine.program(".tools/uv/bin/uv", "#!/bin/sh\n[ $1 != venv ]\n")
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == (
        "Python 3.11 or newer is missing (Python 3.9.2 is here): install it and try again"
    )


def test_without_postgis_and_apt_it_says_what_to_install(machine: Machine) -> None:
    machine.set_up()
    machine.program(
        ".venv/bin/python",
        '#!/bin/sh\ncase "$*" in *postgres_binaries) echo "PostGIS: install it" >&2; exit 1;; esac\n',
    )
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == "PostGIS: install it"
    assert machine.run("demo", DATABASE_URL="postgresql://elsewhere/everycell").returncode == 0


def test_without_a_chinese_font_a_report_says_what_to_install_and_a_demo_starts(machine: Machine) -> None:
    machine.set_up()
    bare = f"echo '{machine.bin}'"
    machine.program(
        ".venv/bin/python",
        f"""#!/bin/sh
case "$*" in *postgres_binaries) {bare};; *report.fonts) echo "report: install a font" >&2; exit 1;; esac
""",
    )
    answer = machine.run("report", "-o", "x.pdf")
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == "report: install a font"
    assert [machine.run("demo").returncode for _ in range(2)] == [0, 0]
    assert machine.run("demo").stderr == "", "it is tried once"


def test_a_failed_step_shows_what_it_said_and_is_done_again(machine: Machine) -> None:
    machine.set_up()
    machine.program("npm", "#!/bin/sh\necho no registry here; exit 1\n")
    answer = machine.run("demo")
    assert answer.returncode == 1
    assert "    no registry here\n" in answer.stderr
    assert answer.stderr.splitlines()[-1].startswith("the JavaScript of the pages cannot be installed")
    machine.program("npm", "#!/bin/sh\nexit 0\n")
    assert machine.run("demo").returncode == 0


def test_steps_tell_what_they_do_and_how_long_it_took(machine: Machine) -> None:
    machine.set_up()
    answer = machine.run("demo")
    assert answer.returncode == 0
    assert answer.stderr.splitlines() == [
        "virtual environment ... 0 s",
        "Python packages ... 0 s",
        "JavaScript of the pages (npm ci) ... 0 s",
    ]


def test_other_words_go_to_the_command_line_as_they_are(machine: Machine) -> None:
    machine.set_up()
    machine.run("--help")
    answer = machine.run("import", "cells", "my cells.gpkg", "--datum", "")
    assert answer.stdout.split("|")[1:] == ["import", "cells", "my cells.gpkg", "--datum", "", ""]
    assert answer.stderr == ""


def test_a_second_start_costs_less_than_half_a_second(machine: Machine) -> None:
    machine.set_up()
    machine.run("demo")
    begun = time.monotonic()
    answer = machine.run("demo")
    assert time.monotonic() - begun < 0.5
    assert answer.stderr == ""


@pytest.mark.parametrize("changed", ["requirements.lock", "package-lock.json"])
def test_a_changed_lock_is_installed(machine: Machine, changed: str) -> None:
    machine.set_up()
    machine.run("demo")
    with (machine.root / changed).open("a") as file:
        file.write("\n")
    assert machine.run("demo").stderr.count(" ... ") >= 1


def test_the_data_folder_is_the_same_from_everywhere(machine: Machine) -> None:
    machine.set_up()
    machine.program(".venv/bin/everycell", '#!/bin/sh\necho "$EVERYCELL_HOME"\n')
    assert machine.run("status").stdout == f"{machine.root}/.everycell\n"
    assert machine.run("status", EVERYCELL_HOME="/srv/everycell").stdout == "/srv/everycell\n"


def test_bytecode_is_kept_apart_where_it_may_not_lie_beside_the_sources(machine: Machine) -> None:
    machine.set_up()
    machine.program(".venv/bin/everycell", '#!/bin/sh\necho "$PYTHONDONTWRITEBYTECODE,$PYTHONPYCACHEPREFIX"\n')
    assert machine.run("status").stdout == ",\n"
    assert machine.run("status", PYTHONDONTWRITEBYTECODE="1").stdout == f",{machine.root}/.tools/cache/python\n"


def test_tests_leave_out_the_slow_ones_except_with_all(machine: Machine) -> None:
    machine.set_up()
    assert machine.run("test", "tests/x.py", "-k", "a b").stdout.endswith(
        "-m pytest -n 3 --dist worksteal -m not slow tests/x.py -k a b\n"
    )
    assert machine.run("test", "--all", "-x").stdout.endswith("-m pytest -n 3 --dist worksteal -m  -x\n")


def test_an_unknown_benchmark_is_told(machine: Machine) -> None:
    machine.set_up()
    (machine.root / "bench").mkdir()
    (machine.root / "bench/coverage.py").write_text("")
    assert "./run bench NAME: NAME is one of coverage\n" in machine.run("bench", "nothing").stderr


def test_the_lock_names_what_the_project_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {requirement.split("[")[0].split(">")[0].split("=")[0].split("<")[0].strip() for requirement in wanted}
    lock = (ROOT / "requirements.lock").read_text()
    assert [name for name in sorted(names) if f"\n{name}==" not in lock] == []


def test_a_registry_address_in_a_file_is_found(tmp_path: Path) -> None:
    check = ["sh", str(ROOT / ".ci" / "no-registry-address")]
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    (tmp_path / "package-lock.json").write_text('{"resolved": "file.tgz"}')
    assert subprocess.run(check, cwd=tmp_path, env=outside, check=False).returncode == 0
    option = "--index-" + "url"  # in one piece it would be found in this file
    (tmp_path / "requirements.lock").write_text(f"{option} https://mirror.example/simple\n")
    answer = subprocess.run(check, cwd=tmp_path, env=outside, check=False, capture_output=True, text=True)
    assert answer.returncode == 1
    assert f"requirements.lock:1:{option}" in answer.stderr
