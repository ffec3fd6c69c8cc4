"""The command line in Chinese, as a shell meets it: the language is chosen when the process begins."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from api.cli import MODULES

# Everything in one process: each start costs seconds.
_RUN = """
import json, sys
from api.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["everycell", *words]
    try:
        main()
    except SystemExit as end:
        print(f"== {end.code}")
    sys.stdout.flush()
"""


def _run(*commands: str, columns: int) -> list[str]:
    """What each command says to a Chinese shell, and its exit code."""
    environ = {**os.environ, "EVERYCELL_LANG": "zh", "COLUMNS": str(columns), "TERMINAL_WIDTH": str(columns)}
    done = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps([command.split() for command in commands])],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=True,
        timeout=600,
    )
    return re.findall(r"(.*?== \d+)\n", done.stdout, re.DOTALL)


def test_help_complaints_and_errors_are_chinese() -> None:
    helped, opne, port, lang = _run(
        "audit verify --help",
        "round opne",
        "serve --port -1",
        "map coverage --output page.html --lang fr",
        columns=60,
    )
    for words in ("用法：everycell audit verify", "选项", "显示本说明并退出。", "重新计算校验链"):
        assert words in helped
    # Chinese has no spaces to break a line at: it is folded, and nothing is cut off.
    assert "它的记录是否还在？" in re.sub(r"[│\s]", "", helped)
    assert "…" not in helped
    assert "没有命令 'opne'。是否要用 'open'？" in opne
    assert "--port：不能小于 0" in port
    assert lang == "everycell: --lang：没有语言 'fr'，只有 zh、en\n== 2"


@pytest.mark.slow
def test_no_help_has_an_english_sentence() -> None:
    groups = {"import", "round", "changeset", "cells", "dispute", "patrol", "map", "user", "grant", "token", "audit"}
    first = _run("--help", *(f"{name} --help" for name in MODULES), columns=200)
    inner = [
        f"{name} {command} --help"
        for name, shown in zip(MODULES, first[1:], strict=True)
        for command in re.findall(r"^│ ([a-z-]+) +", shown.partition("命令")[2], re.MULTILINE)
    ]
    assert len(inner) > 40
    assert groups <= {command.split()[0] for command in inner}
    shown = "".join([*first, *_run(*inner, columns=200)])
    assert shown.count("用法：") == 1 + len(MODULES) + len(inner)
    # Commands to type, names and types are English; two small words of a sentence in a row are not.
    plain = re.sub(r"`[^`]*`|everycell [a-z -]+|<[^>]*>|disable allow prefer \S+ verify-ca\s+verify-full", "", shown)
    assert re.findall(r"\b[a-z]{2,} [a-z]{2,}\b", plain) == []
