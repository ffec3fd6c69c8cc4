"""The security checks of `./run lint` find what they are for. Nothing is asked of a network here."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FILE = Path(__file__).resolve().parents[1] / ".ci" / "security.py"
UNSAFE = "import hashlib\n\n\ndef digest(text: bytes) -> str:\n    return hashlib.md5(text).hexdigest(){}\n"


@pytest.fixture
def security(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The checks, on a checkout with nothing in it."""
    spec = importlib.util.spec_from_file_location("security_checks", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for folder in ("gis", "api", "maps"):
        (tmp_path / folder).mkdir()
    (tmp_path / "requirements.lock").write_text("one==1.0 \\\n    --hash=sha256:00\ntwo==2.0\n")
    (tmp_path / ".secrets.baseline").write_text((FILE.parents[1] / ".secrets.baseline").read_text())
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    return module


def test_bandit_finds_and_a_mark_explains(security: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "gis" / "weak.py").write_text(UNSAFE.format(""))
    assert [finding.split(" ")[:2] for finding in security.bandit_findings()] == [["gis/weak.py:5:", "B324"]]
    (tmp_path / "gis" / "weak.py").write_text(UNSAFE.format("  # noqa: S324 - not for security"))
    assert list(security.bandit_findings()) == []


def test_a_secret_in_a_tracked_file_is_found(
    security: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("nothing here\n")
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert list(security.secrets()) == []
    key = "-----BEGIN RSA PRIVATE" + " KEY-----"
    (tmp_path / "notes.txt").write_text(f"{key}\n")
    assert len(list(security.secrets())) == 1
    told = capsys.readouterr()
    assert "notes.txt:1" in told.err
    assert told.out == ""


def test_without_git_it_says_so(security: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".git").rename(tmp_path / "no-git")
    assert list(security.secrets()) == []
    assert "no git checkout" in capsys.readouterr().err


def answers(security: ModuleType, monkeypatch: pytest.MonkeyPatch, *outputs: str) -> None:
    """Let pip-audit say this, one output a call."""
    waiting = iter(outputs)

    def program(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert name == "pip-audit"
        return subprocess.CompletedProcess([name, *arguments], 1, next(waiting), "")

    monkeypatch.setattr(security, "program", program)


def packages(*listed: dict[str, Any]) -> str:
    return json.dumps({"dependencies": listed, "fixes": []})


SAFE = {"name": "one", "version": "1.0", "vulns": []}


def test_known_vulnerabilities_are_told(security: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    weak = {"name": "two", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}
    answers(security, monkeypatch, packages(SAFE), packages(SAFE, weak))
    assert list(security.vulnerabilities()) == ["requirements.lock: two 2.0: CVE-1, fixed in 2.1"]


@pytest.mark.parametrize("output", ["", packages({"name": "one", "skip_reason": "not found"})])
def test_an_index_that_tells_nothing_is_one_sentence(
    security: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], output: str
) -> None:
    answers(security, monkeypatch, output)
    assert list(security.vulnerabilities()) == []
    assert capsys.readouterr().err.count("\n") == 1


def test_a_finding_is_a_failure(security: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for check in ("bandit_findings", "secrets", "vulnerabilities"):
        monkeypatch.setattr(security, check, lambda: iter(()))
    assert security.main() == 0
    monkeypatch.setattr(security, "secrets", lambda: iter(["found"]))
    assert security.main() == 1
