"""Loads settings from a command line, an environment and a file, as tests write them."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from mock_csms.settings import Settings, UsageError, read_settings
from server import OCPP_VERSIONS

type Read = Callable[..., Settings]
type ErrorOf = Callable[..., str]


def settings_of(line: str = "", **environment: str) -> Settings:
    """Read a command line as a shell would; environment variables are named without their prefix."""
    variables = {f"OCPP_MOCK_{name}": value for name, value in environment.items()}
    return read_settings(shlex.split(line), variables, OCPP_VERSIONS)


def error_of(line: str = "", **environment: str) -> str:
    """Return the error message for a wrong command line or environment."""
    with pytest.raises(UsageError) as caught:
        settings_of(line, **environment)
    return str(caught.value)


def settings_of_file(path: Path, line: str = "", **environment: str) -> Settings:
    """Read a file together with a command line and an environment."""
    return settings_of(f"--config {shlex.quote(str(path))} {line}", **environment)


def flag(name: str) -> str:
    """Return the flag of a setting."""
    return "--fault" if name == "faults" else "--" + name.replace("_", "-")
