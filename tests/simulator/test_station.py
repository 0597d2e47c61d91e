"""Functional blocks of a simulated station that depend on each other."""

import pytest
from ocpp.v201.enums import ConnectorStatusEnumType as ConnectorStatus

from mock_csms.simulator.device_model import Key, LocalDeviceModel, Nameplate
from mock_csms.simulator.evses import EvseConnector, Evses
from mock_csms.simulator.trust_store import STATION_CERTIFICATE, V2G
from mock_csms.simulator.verbs import VERBS, step_of
from tests.support.observed_station import ObservedStation


@pytest.mark.parametrize(
    ("profile", "use", "connections"),
    [("3", STATION_CERTIFICATE, 2), ("2", STATION_CERTIFICATE, 1), ("3", V2G, 1)],
)
def test_station_reconnects_with_a_new_client_certificate(profile: str, use: str, connections: int) -> None:
    observed = ObservedStation()
    observed.start()
    observed.station.core.variables.put(Key("SecurityCtrlr", "SecurityProfile"), profile)

    observed.station.signing.renewed.emit(use)
    observed.advance(10)

    assert [way for _, way, _ in observed.journal].count("connected") == connections
    assert len(observed.calls("BootNotification")) == 1


def test_aligned_monitor_follows_the_clock_of_the_central_system() -> None:
    observed = ObservedStation()
    observed.start()
    station = observed.station
    power = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
    monitor = {**power, "type": "PeriodicClockAligned", "value": 60, "severity": 4}
    station.monitoring.set_variable_monitoring([monitor])

    station.core.correct_clock(-90.25)
    station.registration.clock_set.emit(-90.25)
    observed.advance(75)

    times = [event["eventData"][0]["timestamp"] for event in observed.calls("NotifyEvent")]
    assert [time[17:19] for time in times] == ["00"] * len(times)
    assert times


def test_site_limit_is_notified_and_released() -> None:
    observed = ObservedStation()
    observed.start()
    station = observed.station

    for given in ({"amperes": 10}, {}):
        step_of(VERBS["site-limit"], given, station.core.setup).do(station, lambda _: None)
        observed.advance(1)

    (notification,) = observed.calls("NotifyChargingLimit")
    assert notification["chargingLimit"]["chargingLimitSource"] == "EMS"
    assert len(observed.calls("ClearedChargingLimit")) == 1


def test_change_of_one_connector_reads_only_its_evse(monkeypatch: pytest.MonkeyPatch) -> None:
    station = ObservedStation().station
    read: set[int] = set()
    status = Evses.status

    def reading_status(evses: Evses, connector: EvseConnector) -> ConnectorStatus:
        read.add(connector.evse_id)
        return status(evses, connector)

    monkeypatch.setattr(Evses, "status", reading_status)
    station.plug_in(2)

    assert read == {2}


def test_stations_share_what_is_constant() -> None:
    first, second = (LocalDeviceModel(nameplate=Nameplate(identity=name)) for name in ("CS1", "CS2"))
    available = Key("EVSE", "AvailabilityState", None, 1)
    first.put(available, "Occupied")

    assert first.variable(available) is second.variable(available)
    assert second.value(available) == "Available"
    assert second.text("SecurityCtrlr", "Identity") == "CS2"
