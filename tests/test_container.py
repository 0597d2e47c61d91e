"""Checks of Dockerfile and compose.yaml without a container engine; the workflows build the image."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml  # type: ignore[import-untyped]

from mock_csms.settings import read_settings
from mock_csms.simulator.command_line import identities
from server import OCPP_VERSIONS, main
from tests.support.paths import ROOT
from tests.support.process import server

NAME: Final = re.compile(r"\A[A-Z]+")


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with their arguments, without comments."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for line in lines if line for name, _, rest in [line.partition(" ")]]


def arguments_of(name: str, since: str = "") -> list[str]:
    found = instructions()
    start = max((number for number, (other, _) in enumerate(found) if other == since), default=0)
    return [rest for other, rest in found[start:] if other == name]


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    return content


def test_image_has_a_slim_base_that_the_project_supports() -> None:
    (version,) = arguments_of("ARG")

    assert version.removeprefix("PYTHON=") in {"3.12", "3.13", "3.14"}
    assert arguments_of("FROM") == ["python:${PYTHON}-slim AS build", "python:${PYTHON}-slim"]


def test_image_runs_the_command_itself_as_a_user_without_privileges() -> None:
    (user,) = arguments_of("USER")
    (entry_point,) = arguments_of("ENTRYPOINT")

    assert int(user) > 0
    assert json.loads(entry_point) == ["mock-csms"]  # a shell as PID 1 would not pass SIGTERM on
    assert "CMD" not in {name for name, _ in instructions()}


def test_files_that_the_image_is_built_from_exist_and_are_in_its_context() -> None:
    copied = [words.split()[:-1] for words in arguments_of("COPY") if not words.startswith("--from")]
    names = {name for some in copied for name in some}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    in_context = {line.removeprefix("!") for line in ignored if line.startswith("!")}

    assert "*" in ignored
    assert names == in_context
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_image_is_built_from_all_that_the_wheel_needs() -> None:
    names = " ".join(arguments_of("COPY"))

    for included in re.findall(r'include = "([^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8")):
        assert f" {included} " in f" {names} "


@pytest.mark.parametrize("flags", [(), ("--security-profile", "3")], ids=["plain", "profile 3"])
def test_health_check_passes_while_the_server_runs(tmp_path: Path, flags: tuple[str, ...]) -> None:
    (check,) = arguments_of("HEALTHCHECK")
    program, *rest = json.loads(check.partition("CMD ")[2])
    pki = ("--pki", str(tmp_path / "pki")) if flags else ()
    with server(tmp_path, *flags, *pki) as ready:
        address = ready.get("ws", ready.get("wss", ""))
        port = address.rpartition(":")[2]
        code = [part.replace("9000", port) for part in rest]
        healthy = subprocess.run([sys.executable, *code], check=False, capture_output=True)
    gone = subprocess.run([sys.executable, *code], check=False, capture_output=True)

    assert (program, healthy.returncode, healthy.stderr) == ("python", 0, b"")
    assert gone.returncode == 1


def test_compose_runs_a_server_and_three_stations_of_the_same_image() -> None:
    services = compose()["services"]
    stations = services["stations"]["command"]
    environment = dict(line.partition("=")[::2] for line in services["server"]["environment"])
    environment |= {"OCPP_MOCK_CONTROL_TOKEN": "secret", "OCPP_MOCK_PUBLIC_URL": "ws://192.0.2.7:9000"}

    assert services["server"]["build"] == services["stations"]["build"] == "."
    assert services["server"]["image"] == services["stations"]["image"]
    assert stations[0] == "station"
    assert len(identities([stations[1]], int(stations[stations.index("--count") + 1]))) == 3
    assert "ws://server:9000" in stations
    assert read_settings([], environment, OCPP_VERSIONS).control_token == "secret"


def test_control_api_of_compose_is_published_on_loopback_only() -> None:
    assert compose()["services"]["server"]["ports"] == ["9000:9000", "127.0.0.1:9001:9001"]


def documented_runs() -> list[list[str]]:
    """Arguments after the name of the image in the commands of docs/container.md."""
    text = (ROOT / "docs" / "container.md").read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"^docker run .*", text, re.MULTILINE)
    return [shlex.split(command.partition(" ocpp2-mock-server")[2]) for command in commands]


@pytest.mark.parametrize("arguments", documented_runs(), ids=" ".join)
def test_documented_arguments_of_the_image_are_valid(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mock.toml").touch()
    if arguments[:1] == ["station"]:
        with pytest.raises(SystemExit) as caught:
            main([*arguments, "--help"])
        assert caught.value.code == 0
    else:
        assert read_settings(arguments, {"OCPP_MOCK_HOST": "0.0.0.0"}, OCPP_VERSIONS).host == "0.0.0.0"
    capsys.readouterr()
