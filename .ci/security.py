"""What `./run lint` asks of the security of the code: findings of bandit, secrets in tracked files, packages with known
vulnerabilities. One line for each finding; the exit status is 1 where there is one.

Nothing fails for want of a network: where the package index tells no vulnerabilities, one sentence says so.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from detect_secrets.pre_commit_hook import main as detect_secrets_hook

ROOT = Path(__file__).resolve().parents[1]
# As in pyproject.toml for ruff: we start PostgreSQL's own programs (404, 603, 607). Passwords in the code (105 to 107)
# are for detect-secrets and ruff, which do not take every text beside the word `token` for one.
SKIPPED = "B105,B106,B107,B404,B603,B607"
BASELINE = ".secrets.baseline"
# A word beside `password` that ruff was told is none; and tests have passwords of their own, for accounts that are gone
# when they end. Keys and tokens are looked for everywhere.
EXPLAINED = ("--exclude-lines", r"# noqa: S10[567]")
NO_KEYWORDS = ("--disable-plugin", "KeywordDetector")
MARK = re.compile(r"# noqa: ([A-Z0-9, ]+)")
UPDATED_LINE_NUMBERS = 3


def main() -> int:
    """Run the checks; every finding goes to stderr."""
    findings = [*bandit_findings(), *secrets(), *vulnerabilities()]
    for finding in findings:
        say(finding)
    return 1 if findings else 0


def say(sentence: str) -> None:
    sys.stderr.write(sentence + "\n")


def program(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment that runs this."""
    found = Path(sys.executable).with_name(name)
    return subprocess.run([str(found), *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def bandit_findings() -> Iterator[str]:
    """What bandit finds and no mark explains. Its numbers are those of ruff's S rules, so one mark is for both."""
    answer = program("bandit", "-q", "-r", "gis", "api", "maps", "-s", SKIPPED, "-f", "json")
    try:
        found: list[dict[str, Any]] = json.loads(answer.stdout)["results"]
    except (ValueError, KeyError):
        yield f"bandit came to no end: {answer.stderr.strip()[-500:]}"
        return
    for issue in found:
        if not explained(issue):
            where = f"{issue['filename'].removeprefix('./')}:{issue['line_number']}"
            yield f"{where}: {issue['test_id']} {issue['issue_text']}"


def explained(issue: dict[str, Any]) -> bool:
    """Whether a line of the finding says `# noqa: S…` with its number."""
    lines = (ROOT / issue["filename"]).read_text("utf-8").splitlines()
    marks = [MARK.search(lines[number - 1]) for number in issue["line_range"]]
    return any(mark and f"S{issue['test_id'][1:]}" in mark[1] for mark in marks)


def secrets() -> Iterator[str]:
    """Secrets in tracked files that `.secrets.baseline` does not know; the tool's own words tell which."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        say("secrets: this is no git checkout, so there are no tracked files to look into")
        return
    files = [name for name in listed.stdout.split("\0") if name not in ("", BASELINE) and (ROOT / name).is_file()]
    tests = [name for name in files if name.startswith("tests/")]
    found = [
        _found(EXPLAINED, *(name for name in files if name not in tests)),
        _found(NO_KEYWORDS, *tests),
    ]
    if any(found):
        yield "secrets: see above; what is none is marked `pragma: allowlist secret` or goes into the baseline"


def _found(options: tuple[str, ...], *files: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        baseline = Path(folder) / "baseline"  # a copy: the tool writes moved line numbers into it
        shutil.copy(ROOT / BASELINE, baseline)
        with redirect_stdout(StringIO()) as told:
            status = detect_secrets_hook(["--no-verify", "--baseline", str(baseline), *options, *files])
    if status in (0, UPDATED_LINE_NUMBERS):
        return False  # what it says of line numbers is about the copy
    say(told.getvalue())
    return True


def vulnerabilities() -> Iterator[str]:
    """Known vulnerabilities of the locked packages, where the index tells them: one package is asked for first."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    first = re.search(r"^[\w.-]+==[^\s;\\]+", lock, re.MULTILINE)
    if first is None or not told(audited(first[0])):
        say("pip-audit: the package index here tells nothing of known vulnerabilities: the packages were not audited")
        return
    for package in audited(lock):
        for each in package.get("vulns", ()):
            fixed = ", ".join(each["fix_versions"]) or "no version yet"
            yield f"requirements.lock: {package['name']} {package['version']}: {each['id']}, fixed in {fixed}"


def audited(requirements: str) -> list[dict[str, Any]]:
    """What pip-audit tells of pinned packages; nothing where it came to no end."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write(requirements)
        file.flush()
        options = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10", "-f", "json")
        answer = program("pip-audit", *options, "-r", file.name)
    try:
        found: list[dict[str, Any]] = json.loads(answer.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return found


def told(packages: list[dict[str, Any]]) -> bool:
    """Whether the index told of a package, be it that there is nothing."""
    return any("vulns" in package for package in packages)


if __name__ == "__main__":
    sys.exit(main())
