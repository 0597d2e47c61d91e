"""docs/settings.md: generated from the settings, complete."""

import pytest

from mock_csms.settings import ENVIRONMENT_PREFIX, SETTING_FIELDS
from mock_csms.settings.reference import settings_page
from server import OCPP_VERSIONS
from tests.support.settings import flag

PAGE = settings_page(OCPP_VERSIONS)


@pytest.mark.parametrize("name", list(SETTING_FIELDS))
def test_setting_has_one_row(name: str) -> None:
    rows = [row for row in PAGE.splitlines() if f"| `{ENVIRONMENT_PREFIX}{name.upper()}` |" in row]

    assert len(rows) == 1
    assert flag(name) in rows[0]


@pytest.mark.parametrize(
    "row",
    [
        "| `-c, --command NAME` | `OCPP_MOCK_COMMAND` | `command` |  | command to send; ",
        "| `--compression, --no-compression` | `OCPP_MOCK_COMPRESSION` | `compression` | `true` | ",
        "| `--no-control` | `OCPP_MOCK_NO_CONTROL` | `no_control` | `false` | ",
        "| `--findings [WHEN]` | `OCPP_MOCK_FINDINGS` | `findings` | `auto` | ",
        "| `--blacklist TOKEN ...` | `OCPP_MOCK_BLACKLIST` | `blacklist` | `blocked_token invalid_user` | ",
        "| `--trigger-message MESSAGE` | `OCPP_MOCK_TRIGGER_MESSAGE` | `trigger_message` "
        "| `StatusNotification` | ",
        "| `--fault FAULT` | `OCPP_MOCK_FAULTS` | `faults` |  | ",
        "| `--config FILE` | `OCPP_MOCK_CONFIG` |  |  | ",
    ],
    ids=["short flag", "switch", "negative switch", "optional value", "words", "default of the version",
         "renamed flag", "not a key"],
)  # fmt: skip
def test_row_has_flag_variable_key_and_default(row: str) -> None:
    assert f"\n{row}" in PAGE


def test_description_is_escaped_for_markdown() -> None:
    assert r"'\<Reset\[status=Accepted\]' is the station's answer" in PAGE
