"""Names of the command, and the error message if Python is too old or lacks a package."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import server
from mock_csms import VERSIONS, launch
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("first_argument", "command"),
    [
        ("server.py", "python server.py"),
        ("/repo/server.py", "python server.py"),
        ("/venv/bin/mock-csms", "mock-csms"),
        ("mock-csms.exe", "mock-csms"),
        ("/venv/lib/python3.12/site-packages/mock_csms/__main__.py", "python -m mock_csms"),
        ("/venv/lib/python3.12/site-packages/pytest/__main__.py", "python server.py"),
        ("-c", "python server.py"),
        ("", "python server.py"),
    ],
)
def test_command_follows_the_start(first_argument: str, command: str) -> None:
    assert launch.command_for(first_argument) == command


def test_server_without_its_packages_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-S", "server.py"], cwd=ROOT, check=False, capture_output=True, text=True
    )

    assert done.returncode == 3
    assert done.stderr.startswith(f"server.py: {sys.executable} lacks a package (")
    assert "poetry run task server" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "start", [["server.py"], ["-m", "mock_csms"], ["-c", "from mock_csms.__main__ import main; main()"]]
)
def test_interrupt_during_the_imports_prints_nothing(start: list[str], tmp_path: Path) -> None:
    (tmp_path / "pathlib.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, *start],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
    assert (done.stdout, done.stderr) == ("", "")


def test_older_python_is_told_the_version_it_has_to_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    monkeypatch.setattr(sys, "version", "3.11.7 (main)")

    with pytest.raises(SystemExit) as exit_:
        launch.prepare("server")

    assert exit_.value.code == 3
    assert "needs Python 3.12 or newer" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("is_installed", "platform", "remedy"),
    [
        (False, "linux", "`make server`"),
        (False, "win32", "`poetry install --no-root`"),
        (True, "linux", "`pip install .` in the folder"),
    ],
)
def test_remedy_fits_the_installation(
    is_installed: bool, platform: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "IS_INSTALLED", is_installed)
    monkeypatch.setattr(sys, "platform", platform)

    assert remedy in launch.remedy()


def test_error_of_the_server_itself_is_not_explained_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "import_module", fail_in_own_module)

    with pytest.raises(ImportError, match="cannot import"):
        launch.prepare("server")


def fail_in_own_module(_: str) -> None:
    raise ImportError("cannot import name", name="mock_csms.mock")


@pytest.mark.parametrize("has_own_server", [False, True])
def test_versions_are_imported_beside_modules_of_the_same_name(has_own_server: bool, tmp_path: Path) -> None:
    """A program that embeds the mock may have a server.py of its own."""
    if has_own_server:
        (tmp_path / "server.py").write_text("NAME = 'own'\n")
    program = (
        "import sys; from mock_csms import VERSIONS;"
        "print(*VERSIONS, {'server', 'commands'} & set(sys.modules));"
        "import server; print(hasattr(server, 'NAME'))"
    )
    path = [str(tmp_path)] if has_own_server else []

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*path, str(ROOT)])},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )

    assert done.stdout.splitlines() == ["ocpp2.0.1 set()", str(has_own_server)]


def test_server_that_is_imported_is_not_imported_again() -> None:
    assert VERSIONS is server.VERSIONS
