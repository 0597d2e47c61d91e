"""The workflows for GitHub: valid, with least permissions, and with commands that exist."""

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.paths import ROOT

FILES: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS: Final = ("try-wheel", "try-image", "setup", "run")
VENV_PROGRAMS: Final = {".venv/bin/mkdocs", ".venv/bin/playwright"}
PROGRAMS: Final = {"make", "pipx", "poetry", "sh", *VENV_PROGRAMS, "version=$(python", "test"}
MAKE_TARGETS: Final = re.findall(
    r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
)
needs_shell = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
each_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def workflow(path: Path) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in workflow(path)["jobs"].values() for step in job["steps"]]


@each_workflow
def test_workflow_may_only_read_unless_a_job_says_otherwise(path: Path) -> None:
    assert workflow(path)["permissions"] == {"contents": "read"}
    granted = {name: job.get("permissions", {}) for name, job in workflow(path)["jobs"].items()}
    writes = {
        name: {kind for kind, level in some.items() if level == "write"} for name, some in granted.items()
    }

    assert {name: kinds for name, kinds in writes.items() if kinds} == (
        {"pypi": {"id-token"}, "image": {"packages"}} if path.stem == "release" else {}
    )


@each_workflow
def test_each_step_uses_an_action_with_a_version_or_runs_a_known_command(path: Path) -> None:
    for step in steps(path):
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@(v\d+|release/v\d+)", step["uses"])
            continue
        program, *words = shlex.split(step["run"])
        assert program in PROGRAMS
        if program == "make":
            assert {word for word in words if not word.startswith("ARGS=")} <= set(MAKE_TARGETS)
        elif program == "sh":
            assert (ROOT / ".ci" / Path(words[0]).name).exists()


@each_workflow
def test_jobs_need_only_existing_jobs(path: Path) -> None:
    jobs = workflow(path)["jobs"]
    needed: set[str] = set()
    for job in jobs.values():
        needs = job.get("needs", [])
        needed |= {needs} if isinstance(needs, str) else set(needs)

    assert needed <= jobs.keys()


def test_release_publishes_only_what_has_been_tried() -> None:
    jobs = workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    commands = {name: " ".join(step.get("run", "") for step in job["steps"]) for name, job in jobs.items()}

    assert set(jobs["pypi"]["needs"]) == {"build", "image"}
    assert ".ci/try-wheel" in commands["build"]
    assert ".ci/try-image" in commands["image"]
    image_steps = [step.get("uses", step.get("run", "")) for step in jobs["image"]["steps"]]
    assert image_steps.index("sh .ci/try-image") < next(
        number for number, step in enumerate(image_steps) if step.startswith("docker/build-push-action")
    )


@needs_shell
@pytest.mark.parametrize(("tag", "code"), [("v{version}", 0), ("v0.0.1", 1), ("{version}", 1)])
def test_release_needs_a_tag_with_the_version(tag: str, code: int) -> None:
    (check,) = (step["run"] for step in steps(FILES[-1]) if "tag is the version" in step.get("name", ""))
    version = re.search(
        r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert version is not None
    done = subprocess.run(
        ["sh", "-ec", check],
        env={
            "GITHUB_REF_NAME": tag.format(version=version[1]),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        },
        cwd=ROOT,
        check=False,
        capture_output=True,
    )

    assert done.returncode == code


@needs_shell
@pytest.mark.parametrize("name", SCRIPTS)
def test_script_is_valid_for_its_shell(name: str) -> None:
    path = ROOT / ".ci" / name
    shell = "bash" if "bash" in path.read_text(encoding="utf-8").splitlines()[0] else "sh"

    assert subprocess.run([shell, "-n", path], check=False).returncode == 0
