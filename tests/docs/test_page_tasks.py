"""Tasks that write pages of the documentation."""

import shlex
import subprocess
import sys
import tomllib
from typing import Final

import pytest

from tests.support.paths import ROOT

TASKS: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["taskipy"][
    "tasks"
]
PAGE_TASKS: Final = sorted(name for name, task in TASKS.items() if " > docs/" in task["cmd"])


def test_generated_pages_have_tasks() -> None:
    assert PAGE_TASKS == ["certify-cases", "coverage-page", "finding-kinds", "settings-table"]


@pytest.mark.parametrize("name", PAGE_TASKS)
def test_page_is_what_its_task_writes(name: str) -> None:
    program, page = TASKS[name]["cmd"].split(" > ")
    words = shlex.split(program)
    written = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout

    assert words[0] == "python"
    assert written == (ROOT / page).read_text(encoding="utf-8"), f"run: poetry run task {name}"
