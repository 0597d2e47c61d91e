"""Network connection profiles and the choice of one to connect with (B09, B10)."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.configuration import Configuration
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.network import PRIORITY, Network
from mock_csms.simulator.security_setup import SecuritySetup
from tests.support.virtual_station import Workbench

FIRST = "ws://127.0.0.1:9000"
SECOND = "ws://127.0.0.1:9001/ocpp"


class Station:
    """A `Workbench` with the functional block `Network`, and short forms of the commands to it."""

    def __init__(self, *certificates: str, active: int = 1) -> None:
        def network(core: Core) -> Network:
            return Network(core, lambda use: use in certificates)

        self.bench = Workbench(network, Configuration, url=FIRST, security=SecuritySetup(profile=active))
        self.network: Network = self.bench.blocks[0]

    def set_profile(self, slot: int = 2, **data: Any) -> JsonObject:
        profile = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": SECOND,
            "messageTimeout": 20,
            "securityProfile": 1,
            "ocppInterface": "Wired0",
            **data,
        }
        return self.bench.command("SetNetworkProfile", {"configurationSlot": slot, "connectionData": profile})

    def set_priority(self, value: str) -> str:
        item = {
            "component": {"name": PRIORITY.component},
            "variable": {"name": PRIORITY.variable},
            "attributeValue": value,
        }
        answer = self.bench.command("SetVariables", {"setVariableData": [item]})
        status: str = answer["setVariableResult"][0]["attributeStatus"]
        return status

    def text(self, component: str, variable: str, instance: str | None = None) -> str:
        return self.bench.core.variables.text(component, variable, instance)

    def migrate(self, **data: Any) -> None:
        assert self.set_profile(2, **data)["status"] == "Accepted"
        assert self.set_priority("2,1") == "RebootRequired"
        self.network.apply_pending()


@pytest.fixture
def station() -> Station:
    return Station()


def test_station_connects_to_the_url_it_was_started_with(station: Station) -> None:
    assert {station.network.profile_for_attempt(attempt).url for attempt in range(10)} == {FIRST}


@pytest.mark.parametrize(
    ("slot", "data", "reason"),
    [
        (0, {}, "InvalidConfSlot"),
        (999, {}, "InvalidConfSlot"),
        (2, {"ocppTransport": "SOAP"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "http://127.0.0.1"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "wss://127.0.0.1"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "ws://"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "ws://host:99999"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "ws://ho st"}, "InvalidNetworkConf"),
        (2, {"ocppCsmsUrl": "ws://user:password@host"}, "InvalidNetworkConf"),
        (2, {"messageTimeout": 0}, "InvalidNetworkConf"),
        (2, {"securityProfile": 4}, "InvalidNetworkConf"),
        (2, {"securityProfile": 0}, "NoSecurityDowngrade"),
    ],
)
def test_bad_profile_is_rejected(station: Station, slot: int, data: JsonObject, reason: str) -> None:
    answer = station.set_profile(slot, **data)

    assert answer["status"] == "Rejected"
    assert answer["statusInfo"]["reasonCode"] == reason


def test_profile_is_not_used_before_it_has_priority(station: Station) -> None:
    assert station.set_profile(2) == {"status": "Accepted"}
    station.network.apply_pending()

    assert station.network.profile_for_attempt(0).url == FIRST


def test_priority_takes_effect_with_reboot(station: Station) -> None:
    station.set_profile(2)

    assert station.set_priority("2,1") == "RebootRequired"
    assert station.network.profile_for_attempt(0).url == FIRST
    station.network.apply_pending()
    assert station.network.profile_for_attempt(0).url == SECOND


def test_changed_profile_of_active_slot_takes_effect_with_reboot(station: Station) -> None:
    assert station.set_profile(1)["status"] == "Accepted"

    assert station.network.profile_for_attempt(0).url == FIRST
    station.network.apply_pending()
    assert station.network.profile_for_attempt(0).url == SECOND


def test_attempts_go_through_priority_list_and_start_again(station: Station) -> None:
    station.migrate()
    station.bench.core.variables.put(Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), "2")

    slots = [station.network.slot_for_attempt(attempt) for attempt in range(6)]

    assert slots == ["2", "2", "1", "1", "2", "2"]


def test_cycle_counts_passes_through_the_priority_list(station: Station) -> None:
    station.migrate()
    station.bench.core.variables.put(Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), "2")

    cycles = [station.network.cycle_of_attempt(attempt) for attempt in (0, 3, 4, 7, 8)]

    assert cycles == [0, 0, 1, 1, 2]


@pytest.mark.parametrize("value", ["3", "1,3", "1,9", ""])
def test_priority_list_with_slot_without_profile_is_rejected(station: Station, value: str) -> None:
    assert station.set_priority(value) == "Rejected"


def test_connection_with_other_slot_needs_boot_and_is_reported(station: Station) -> None:
    station.migrate()

    assert station.network.connected(0)
    assert station.text("OCPPCommCtrlr", "ActiveNetworkProfile") == "2"
    assert station.text("OCPPCommCtrlr", "MessageTimeout", "Default") == "20"


def test_connection_with_same_slot_needs_no_boot(station: Station) -> None:
    assert not station.network.connected(0)


@pytest.mark.parametrize(
    ("security_profile", "certificates", "status"),
    [
        (2, (), "Rejected"),
        (2, ("CSMSRootCertificate",), "RebootRequired"),
        (3, ("CSMSRootCertificate",), "Rejected"),
        (3, ("CSMSRootCertificate", "ChargingStationCertificate"), "RebootRequired"),
    ],
)
def test_higher_security_profile_needs_its_certificates(
    security_profile: int, certificates: tuple[str, ...], status: str
) -> None:
    station = Station(*certificates)
    station.set_profile(2, securityProfile=security_profile, ocppCsmsUrl="wss://host")

    assert station.set_priority("2,1") == status


def test_connection_with_higher_security_profile_removes_lower_ones() -> None:
    station = Station("CSMSRootCertificate")
    station.migrate(securityProfile=2, ocppCsmsUrl="wss://host")

    station.network.connected(0)

    assert station.text("SecurityCtrlr", "SecurityProfile") == "2"
    assert station.text(*PRIORITY[:2]) == "2"
    assert {station.network.profile_for_attempt(attempt).url for attempt in range(10)} == {"wss://host"}
    assert station.set_priority("2,1") == "Rejected"
    assert station.set_profile(1)["status"] == "Rejected"


@pytest.mark.parametrize(
    ("active", "wanted", "is_allowed", "status"),
    [
        (3, 2, "true", "Accepted"),
        (3, 2, "false", "Rejected"),
        (3, 1, "true", "Rejected"),
        (2, 1, "true", "Rejected"),
    ],
)
def test_downgrade_is_allowed_only_from_3_to_2(
    active: int, wanted: int, is_allowed: str, status: str
) -> None:
    station = Station("CSMSRootCertificate", "ChargingStationCertificate", active=active)
    station.bench.core.variables.put(Key("SecurityCtrlr", "AllowSecurityProfileDowngrade"), is_allowed)
    url = "wss://host" if wanted == 2 else "ws://host"

    answer = station.set_profile(2, securityProfile=wanted, ocppCsmsUrl=url)

    assert answer["status"] == status
    if status == "Accepted":
        assert station.set_priority("2,1") == "RebootRequired"
        station.network.apply_pending()
        station.network.connected(0)
        assert station.text("SecurityCtrlr", "SecurityProfile") == "2"
        assert station.text(*PRIORITY[:2]) == "2,1"
