"""Fixtures that load settings from a file."""

from pathlib import Path

import pytest

from mock_csms.settings import Settings, UsageError
from tests.support.settings import ErrorOf, Read, settings_of_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return the path of the settings file, which is not written yet."""
    return tmp_path / "settings.toml"


@pytest.fixture
def read(file: Path) -> Read:
    """Return a function that writes a settings file, and loads it with a command line and an environment."""

    def read_content(content: str, line: str = "", **environment: str) -> Settings:
        file.write_text(content, encoding="utf-8")
        return settings_of_file(file, line, **environment)

    return read_content


@pytest.fixture
def error_in(read: Read, file: Path) -> ErrorOf:
    """Return a function that loads wrong settings and returns the error, its file path cut to the name."""

    def read_wrong(content: str, line: str = "", **environment: str) -> str:
        with pytest.raises(UsageError) as caught:
            read(content, line, **environment)
        return str(caught.value).replace(str(file), file.name)

    return read_wrong
