"""The wheel: its content, and the command that it installs."""

import csv
import io
import json
import re
from base64 import urlsafe_b64encode
from email import message_from_bytes
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from tomllib import loads
from typing import Any
from zipfile import ZipFile

import pytest

from mock_csms import __version__
from tests.packaging.conftest import Installation
from tests.support.paths import ROOT

PATIENCE_S = 30
SCRIPT, MODULE = "mock-csms", "python -m mock_csms"
DIST_INFO = f"ocpp2_mock_server-{__version__}.dist-info"

EXAMPLE = """
def test_station_boots(csms, station_in_the_box):
    station_in_the_box.start("CS1", csms.ws)
    csms.station("CS1").waits_for("BootNotification")
    csms.has_no_findings()
"""

project: dict[str, Any] = loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def files_in(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# Content


def test_wheel_has_one_package_at_its_top_level(wheel: Path) -> None:
    assert {name.split("/")[0] for name in files_in(wheel)} == {"mock_csms", DIST_INFO}


def test_wheel_has_every_file_of_the_source(wheel: Path) -> None:
    sources = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "mock_csms").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    scripts = {f"mock_csms/_front/{name}.py" for name in ("server", "charge_point", "commands")}

    names = {name for name in files_in(wheel) if name.startswith("mock_csms/")}

    assert names == sources | scripts


def test_record_lists_every_file_with_its_hash(wheel: Path) -> None:
    files = files_in(wheel)
    record = files.pop(f"{DIST_INFO}/RECORD").decode()
    hashes = {name: digest for name, digest, _ in csv.reader(io.StringIO(record)) if digest}

    assert hashes == {
        name: f"sha256={urlsafe_b64encode(sha256(content).digest()).rstrip(b'=').decode()}"
        for name, content in files.items()
    }


def test_metadata_name_licence_and_version(wheel: Path) -> None:
    files = files_in(wheel)
    metadata = message_from_bytes(files[f"{DIST_INFO}/METADATA"])

    assert (metadata["Version"], metadata["License-Expression"]) == (__version__, "Apache-2.0")
    assert metadata["Requires-Python"] == ">=3.12,<4.0"
    assert metadata.get_all("Provides-Extra") == ["client", "pytest"]
    assert files[f"{DIST_INFO}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


# Version


def test_version_of_the_project_is_that_of_the_package() -> None:
    assert project["version"] == __version__


def test_newest_release_in_the_changelog_is_this_version_or_older() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    releases = [heading.split(" ")[0].strip("[]") for heading in headings if heading != "Unreleased"]

    assert headings[0] == "Unreleased" or releases[0] == __version__
    assert all(release_number(release) <= release_number(__version__) for release in releases)


def release_number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


# The command


@pytest.mark.parametrize(("name", "path"), [(SCRIPT, ""), (MODULE, ""), (SCRIPT, ".")])
def test_command_imports_its_own_scripts(installation: Installation, name: str, path: str) -> None:
    code, _, errors = installation.outcome(name, "--perriod", PYTHONPATH=path)

    assert (code, errors) == (2, f"{name}: unrecognized arguments: --perriod; did you mean --period?\n")


def test_help_shows_the_command(installation: Installation) -> None:
    code, output, errors = installation.outcome(SCRIPT, "--help")

    assert (code, errors) == (0, "")
    assert output.startswith("usage: mock-csms ")
    assert "server.py" not in output


def test_command_serves_a_station_of_its_own(installation: Installation) -> None:
    """The command runs in a folder whose server.py and other files it must not import."""
    ready_file = installation.folder / "ready.json"
    flags = ["--port", "0", "--ready-file", str(ready_file), "--command", "GetBaseReport", "--period", "1"]
    verdict = ["--expect", "NotifyReport>=1", "--deadline", str(PATIENCE_S)]
    with installation.start(SCRIPT, *flags, *verdict) as server:
        url = wait_for_file(ready_file)["ws"]
        with installation.start(SCRIPT, "station", "CS1", "--idle", "--to", url) as station:
            output, errors = server.communicate()
            station.terminate()
            station.communicate()

    assert server.returncode == 0, output + errors
    assert "CS1  <- NotifyReport" in output


def test_pytest_loads_the_plugin_of_the_wheel(installation: Installation) -> None:
    (installation.folder / "test_example.py").write_text(EXAMPLE)

    options = ["-W", "error", "-p", "no:schemathesis", "-p", "no:asyncio"]
    code, output, errors = installation.outcome("pytest", *options, PYTHONPATH=".")

    assert code == 0, output + errors
    assert "1 passed" in output


def wait_for_file(path: Path) -> dict[str, Any]:
    deadline = monotonic() + PATIENCE_S
    while not path.exists():
        assert monotonic() < deadline
        sleep(0.01)
    content: dict[str, Any] = json.loads(path.read_bytes())
    return content
