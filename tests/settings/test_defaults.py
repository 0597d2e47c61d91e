"""Settings whose default depends on the OCPP version: help, --print-config and the API show it."""

from dataclasses import replace

import pytest

from commands import trigger_message
from mock_csms.control import views
from mock_csms.csms import Csms
from mock_csms.settings import Settings, read_settings
from mock_csms.stations.station import Station
from mock_csms.versions import default_settings
from server import OCPP_VERSIONS, VERSIONS


def printed(flag: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        read_settings([flag], {}, OCPP_VERSIONS)
    return capsys.readouterr().out


def test_help_page_shows_default_of_version(capsys: pytest.CaptureFixture[str]) -> None:
    page = " ".join(printed("--help", capsys).split())
    assert "message that a TriggerMessage requests from the station (default: StatusNotification)" in page


def test_print_config_shows_default_of_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert '\ntrigger_message = "StatusNotification"\n' in printed("--print-config", capsys)


def test_profile_in_api_shows_default_of_version() -> None:
    csms = Csms(Settings(), VERSIONS)
    assert views.profile(csms, csms.profile("CS1"))["triggerMessage"] == "StatusNotification"


def test_profile_in_api_prefers_setting_to_default() -> None:
    csms = Csms(Settings(trigger_message="Heartbeat"), VERSIONS)
    assert views.profile(csms, csms.profile("CS1"))["triggerMessage"] == "Heartbeat"


def test_command_uses_default_without_setting() -> None:
    csms = Csms(Settings(), VERSIONS)
    assert trigger_message(csms, Station("CS1")).requested_message == "StatusNotification"


def test_first_version_with_a_default_wins() -> None:
    (version,) = OCPP_VERSIONS
    without, other = replace(version, default_trigger=""), replace(version, default_trigger="Heartbeat")
    assert default_settings([without, other, version]) == {"trigger_message": "Heartbeat"}
    assert default_settings([without]) == {}
