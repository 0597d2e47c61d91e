"""The credentials of connection attempts, and when they change."""

from typing import Any

import pytest
from ocpp.v201.enums import SecurityEventType

from mock_csms.simulator.access import Access, ConnectionAttempt
from mock_csms.simulator.certificate_data import pem
from mock_csms.simulator.configuration import Configuration
from mock_csms.simulator.connection_failures import Failure
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import BASIC_AUTH_PASSWORD, Key
from mock_csms.simulator.network import Network
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.security_setup import SecuritySetup, basic_authorization
from mock_csms.simulator.trust_store import CSMS_ROOT, STATION_CERTIFICATE, V2G, OwnCertificate, TrustStore
from tests.support.authority import NOW, Authority, key_pem
from tests.support.virtual_station import START, Workbench

PASSWORD = "a long random password"
NEW_PASSWORD = "another random password"
ROOT = Authority("Root")


class Link:
    """A link that does nothing but record the calls of `open` and `close`."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def open(self) -> None:
        """Connect."""
        self.calls.append("open")

    def close(self) -> None:
        """Disconnect."""
        self.calls.append("close")

    def drop(self) -> None:
        """Ignore the loss of the connection."""


class Station:
    """A `Workbench` with the functional blocks that choose credentials."""

    def __init__(self, profile: int, **security: Any) -> None:
        scheme = "wss" if profile >= 2 else "ws"
        setup = SecuritySetup(profile=profile, **{"password": PASSWORD, **security})
        self.bench = Workbench(self._access, Configuration, url=f"{scheme}://host/ocpp/", security=setup)
        self.access: Access = self.bench.blocks[0]
        self.core = self.bench.core
        self.core.clock_offset_s = NOW.timestamp() - START
        self.core.link = self.link = Link()

    def _access(self, core: Core) -> Access:
        self.store = TrustStore(core)
        self.security = SecurityEvents(core)
        self.network = Network(core, self.store.has_valid)
        return Access(core, self.network, self.store, self.security)

    def set_password(self, value: str = NEW_PASSWORD) -> str:
        """Send a SetVariables with a new BasicAuthPassword, and return its attributeStatus."""
        item = {
            "component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
            "attributeValue": value,
        }
        answer = self.bench.command("SetVariables", {"setVariableData": [item]})
        return str(answer["setVariableResult"][0]["attributeStatus"])

    @property
    def password(self) -> str:
        """Password of the next attempt."""
        sent = self.access.attempt(0).authorization
        return next(one for one in (PASSWORD, NEW_PASSWORD) if sent == basic_authorization("CS1", one))

    def renew(self) -> OwnCertificate:
        """Install a new client certificate, as a CertificateSigned does, and return it."""
        new = ROOT.certificate_of("CS1")
        self.store.set_own(STATION_CERTIFICATE, new, keeps_fallback=True)
        return new

    def attempts(self, number: int) -> list[ConnectionAttempt]:
        """Return the first ``number`` connection attempts; each attempt uses the next network profile."""
        self.core.variables.put(Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), "1")
        return [self.access.attempt(attempt) for attempt in range(number)]


def with_certificate(**security: Any) -> Station:
    """A station with security profile 3 and a client certificate."""
    own = ROOT.certificate_of("CS1")
    return Station(3, client_chain=own.pem, client_key=key_pem(own.key), **security)


@pytest.mark.parametrize(
    ("profile", "has_password", "has_certificate", "has_context"),
    [(0, False, False, False), (1, True, False, False), (2, True, False, True), (3, False, True, True)],
)
def test_attempt_uses_the_credentials_of_its_security_profile(
    profile: int, has_password: bool, has_certificate: bool, has_context: bool
) -> None:
    own = ROOT.certificate_of("CS1")
    station = Station(profile, client_chain=own.pem, client_key=key_pem(own.key))

    attempt = station.access.attempt(0)

    assert attempt.url == f"{'wss' if profile >= 2 else 'ws'}://host/ocpp/CS1"
    assert bool(attempt.authorization) == has_password
    assert (attempt.certificate is not None) == has_certificate
    assert (station.access.context(attempt) is not None) == has_context


@pytest.mark.parametrize(("profile", "calls"), [(0, []), (1, ["close", "open"]), (3, [])])
def test_station_reconnects_with_an_accepted_password(profile: int, calls: list[str]) -> None:
    station = Station(profile)

    assert station.set_password() == "Accepted"
    assert station.link.calls == []
    station.bench.advance(10)
    assert station.link.calls == calls


def test_offline_station_stays_offline_with_a_new_password() -> None:
    station = Station(1)
    station.set_password()
    station.core.is_connected = False

    station.bench.advance(10)

    assert station.link.calls == []


def test_rejected_password_changes_nothing() -> None:
    station = Station(1, rotation="reject")

    assert station.set_password() == "Rejected"
    station.bench.advance(10)
    assert (station.password, station.link.calls) == (PASSWORD, [])


def test_password_that_waits_for_a_reboot_is_used_after_it() -> None:
    station = Station(1, rotation="reboot")

    assert station.set_password() == "RebootRequired"
    station.bench.advance(10)
    assert (station.password, station.link.calls) == (PASSWORD, [])
    station.network.apply_pending()
    assert station.password == NEW_PASSWORD


def test_password_of_a_reboot_does_not_end_the_connection_after_it() -> None:
    station = Station(1, rotation="reboot")
    station.set_password()

    station.core.is_connected = False
    station.network.apply_pending()
    station.core.is_connected = True
    station.bench.advance(10)

    assert station.link.calls == []


@pytest.mark.parametrize("password", ["short", "x" * 41, "with a control \x07 character"])
def test_invalid_password_is_rejected(password: str) -> None:
    assert Station(1).set_password(password) == "Rejected"


def test_password_can_not_be_read() -> None:
    station = Station(1)
    data = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "BasicAuthPassword"}}

    (result,) = station.bench.command("GetVariables", {"getVariableData": [data]})["getVariableResult"]

    assert result["attributeStatus"] == "Rejected"
    assert "attributeValue" not in result


def test_change_of_password_is_logged_without_it() -> None:
    station = Station(1)
    station.set_password()

    (line,) = station.security.lines()
    assert line.endswith("ReconfigurationOfSecurityParameters BasicAuthPassword")
    assert station.bench.payloads("SecurityEventNotification") == []


@pytest.mark.parametrize(
    ("profile", "use", "is_used"),
    [(3, STATION_CERTIFICATE, True), (3, V2G, False), (2, STATION_CERTIFICATE, False)],
)
def test_station_reconnects_with_a_renewed_client_certificate(profile: int, use: str, is_used: bool) -> None:
    station = Station(profile)

    station.access.certificate_renewed(use)
    station.bench.advance(10)

    assert station.link.calls == (["close", "open"] if is_used else [])


def with_replaced_root() -> tuple[Station, str, str]:
    """Return a station with security profile 2, its old CSMS root and its new CSMS root in PEM."""
    station, second = Station(2), Authority("Second", ROOT)
    station.store.set_roots(CSMS_ROOT, [ROOT.certificate])
    station.store.replace_csms_root(second.certificate)
    return station, ROOT.pem, second.pem


def test_reconnecting_station_tries_new_and_replaced_root_in_turn() -> None:
    station, old, new = with_replaced_root()

    assert [attempt.trusted_pem for attempt in station.attempts(3)] == [new, old, new]


def test_migrating_station_trusts_the_replaced_root_on_the_way_back_only() -> None:
    station, old, new = with_replaced_root()
    data = {
        "ocppCsmsUrl": "wss://other/",
        "securityProfile": 2,
        "messageTimeout": 30,
        "ocppTransport": "JSON",
    }
    station.network.set_network_profile(2, data)
    station.network.apply_pending()
    station.core.variables.put(Key("OCPPCommCtrlr", "NetworkConfigurationPriority"), "2,1")

    assert [attempt.trusted_pem for attempt in station.attempts(4)] == [new, old, new, old]


@pytest.mark.parametrize(("attempt", "is_kept"), [(0, False), (1, True)])
def test_replaced_root_is_removed_once_the_new_one_works(attempt: int, is_kept: bool) -> None:
    station, old, new = with_replaced_root()

    station.access.connected(station.attempts(2)[attempt])

    assert station.store.trusted_pem == (old + new if is_kept else new)


def test_new_certificate_takes_turns_with_the_old_one_until_one_works() -> None:
    station = with_certificate()
    old = station.access.attempt(0).certificate
    new = station.renew()

    used = [attempt.certificate for attempt in station.attempts(4)]

    assert used == [new, old, new, old]


def test_old_certificate_is_discarded_once_the_new_one_works() -> None:
    station = with_certificate()
    new = station.renew()

    station.access.connected(station.access.attempt(0))

    assert [attempt.certificate for attempt in station.attempts(2)] == [new, new]
    assert station.bench.payloads("SecurityEventNotification") == []


def test_new_certificate_is_discarded_and_reported_if_only_the_old_one_works() -> None:
    station = with_certificate()
    old = station.access.attempt(0).certificate
    station.renew()

    station.access.connected(station.attempts(2)[1])

    assert [attempt.certificate for attempt in station.attempts(2)] == [old, old]
    (event,) = station.bench.payloads("SecurityEventNotification")
    assert event["type"] == "DiscardedRenewedClientCertificate"
    assert station.security.lines()[-1].endswith("DiscardedRenewedClientCertificate")


def test_second_renewal_keeps_the_certificate_that_last_worked() -> None:
    station = with_certificate()
    old = station.access.attempt(0).certificate
    station.renew()
    newest = station.renew()

    assert [attempt.certificate for attempt in station.attempts(2)] == [newest, old]


def test_security_event_is_reported_once_for_repeated_failures() -> None:
    station = Station(2)
    failure = Failure("expired", "trust it", SecurityEventType.invalid_csms_certificate)

    station.access.failed(failure)
    station.access.failed(failure)
    station.access.failed(Failure("timed out"))
    (event,) = station.bench.payloads("SecurityEventNotification")
    assert event["techInfo"] == "expired"

    station.access.connected(station.access.attempt(0))
    station.access.failed(failure)
    assert len(station.bench.payloads("SecurityEventNotification")) == 2


def test_refused_password_is_logged_but_not_sent() -> None:
    station = Station(1)

    station.access.failed(Failure("HTTP 401", event=SecurityEventType.failed_to_authenticate_at_csms))

    assert "FailedToAuthenticateAtCsms" in station.security.lines()[0]
    assert station.bench.payloads("SecurityEventNotification") == []


def test_roots_and_own_certificates_of_the_setup_are_counted() -> None:
    station = with_certificate(roots={"CSMSRootCertificate": ROOT.pem, "MORootCertificate": ROOT.pem})

    assert station.core.variables.text("SecurityCtrlr", "CertificateEntries") == "3"
    assert station.store.trusted_pem == pem([ROOT.certificate])


def test_password_of_the_setup_is_the_first_one() -> None:
    assert Station(1).core.variables.value(BASIC_AUTH_PASSWORD) == PASSWORD
