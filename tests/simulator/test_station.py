"""Connections between the blocks of a simulated station."""

import pytest

from mock_csms.pki import CertificateAuthority
from mock_csms.simulator.certificate_data import parse_chain
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.trust_store import CSMS_ROOT, STATION_CERTIFICATE, V2G
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


@pytest.mark.parametrize(("url", "roots"), [("wss://central-system", 1), ("ws://central-system", 2)])
def test_fallback_root_is_dropped_after_a_tls_connection(url: str, roots: int) -> None:
    station = ObservedStation(url=url).station
    station.core.variables.put(Key("SecurityCtrlr", "AdditionalRootCertificateCheck"), "true")
    old, new = (parse_chain(CertificateAuthority(name).root_pem)[0] for name in ("Old", "New"))
    station.store.set_roots(CSMS_ROOT, [old, new])

    station.connected(0)

    assert len(station.store.roots(CSMS_ROOT)) == roots
    assert new in station.store.roots(CSMS_ROOT)


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
