"""The token of the control API, from every source."""

import pytest

from mock_csms.settings import UsageError
from tests.support.settings import ErrorOf, error_of, settings_of

ODD_TOKENS = ["", " ", "a b", "a\n", "\ta", "tökén", "a\x7f"]


@pytest.mark.parametrize("token", ODD_TOKENS)
def test_token_that_no_header_can_carry_is_rejected_in_flag_and_environment(token: str) -> None:
    from_environment = error_of("--control 0.0.0.0:9001", CONTROL_TOKEN=token)
    with pytest.raises(UsageError) as from_flag:
        settings_of(f"--control-token='{token}'")

    assert from_environment.startswith("OCPP_MOCK_CONTROL_TOKEN: must ")
    assert str(from_flag.value).startswith("--control-token: must ")
    assert len(from_environment.splitlines()) == 1


@pytest.mark.parametrize("token", ["''", "' '", "'a b'", '"a\\n"', "'tökén'"])
def test_token_that_no_header_can_carry_is_rejected_in_file(error_in: ErrorOf, token: str) -> None:
    assert error_in(f"port = 1\ncontrol_token = {token}").startswith("settings.toml:2: control_token: must ")


@pytest.mark.parametrize("address", ["0.0.0.0:9001", "[::]:9001", "192.0.2.1:9001", "example.org:9001"])
def test_api_that_others_can_reach_needs_a_token(address: str) -> None:
    assert "needs a --control-token" in error_of(f"--control '{address}'")
    assert settings_of(f"--control '{address}' --control-token a~b/c+d=").control_token == "a~b/c+d="


@pytest.mark.parametrize("name", ["config", "ready_file", "files", "journal", "junit", "report"])
def test_empty_path_is_rejected(name: str) -> None:
    assert "must be a path, not ''" in error_of(**{name.upper(): ""})
