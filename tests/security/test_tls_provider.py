"""Ports that ask for client certificates, the URL for a security upgrade, and server certificate names."""

from pathlib import Path

import pytest

from mock_csms.csms import Csms
from mock_csms.pki.renewal import names_of
from mock_csms.security.listeners import Destination
from mock_csms.security.tls_provider import USUAL_HOSTS, client_certificates, open_pki
from mock_csms.settings import Settings
from server import VERSIONS


@pytest.mark.parametrize(
    ("port_profile", "station_profiles", "expected"),
    [
        (0, {0}, "none"),
        (2, {0, 2}, "none"),
        (3, {0}, "required"),
        (0, {3}, "required"),
        (2, {2, 3}, "optional"),
    ],
)
def test_client_certificate_is_requested_for_profile_3(
    port_profile: int, station_profiles: set[int], expected: str
) -> None:
    assert client_certificates(port_profile, station_profiles) == expected


LISTENERS = {
    "second": {"port": 9002, "security_profile": 2},
    "third": {"port": 9003, "security_profile": 3},
}


@pytest.mark.parametrize(
    ("settings", "lowest", "expected"),
    [
        ({}, 0, Destination("ws://127.0.0.1:9000", 1)),
        ({}, 1, Destination("ws://127.0.0.1:9000", 1)),
        ({}, 2, None),
        ({"tls": True}, 2, Destination("wss://127.0.0.1:9000", 2)),
        ({"tls": True}, 3, Destination("wss://127.0.0.1:9000", 3)),
        ({"tls_port": 9443}, 2, Destination("wss://127.0.0.1:9443", 2)),
        ({"security_profile": 2}, 0, Destination("wss://127.0.0.1:9000", 2)),
        ({"listeners": LISTENERS}, 0, Destination("wss://127.0.0.1:9002", 2)),
        ({"listeners": LISTENERS}, 1, Destination("wss://127.0.0.1:9002", 2)),
        ({"listeners": LISTENERS}, 2, Destination("wss://127.0.0.1:9003", 3)),
        ({"listeners": LISTENERS}, 3, Destination("wss://127.0.0.1:9003", 3)),
    ],
)
def test_destination_is_the_listener_with_the_next_higher_profile(
    settings: dict[str, object], lowest: int, expected: Destination | None
) -> None:
    csms = Csms(Settings.model_validate({"password": "0123456789abcdef", **settings}), VERSIONS)

    assert csms.listeners.destination(lowest, "127.0.0.1") == expected


def test_server_certificate_names_the_address_of_each_listener(tmp_path: Path) -> None:
    listeners = {"second": {"port": 9002, "host": "192.0.2.8", "tls": True}}
    settings = Settings.model_validate(
        {"tls": True, "pki": tmp_path / "pki", "host": "192.0.2.7", "listeners": listeners}
    )
    certificate = open_pki(settings, lambda: "").named("server-rsa").certificate
    assert {"192.0.2.7", "192.0.2.8", "localhost"} <= names_of(certificate)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1", "localhost"])
def test_server_certificate_of_an_open_or_local_address_is_for_localhost(tmp_path: Path, host: str) -> None:
    settings = Settings.model_validate({"tls": True, "pki": tmp_path / "pki", "host": host})
    certificate = open_pki(settings, lambda: "").named("server-rsa").certificate
    assert certificate.subject.rfc4514_string() == "O=OCPP2 Mock Server,CN=localhost"
    assert host not in names_of(certificate) - USUAL_HOSTS


def test_server_certificate_names_the_host_of_the_public_url(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"tls": True, "pki": tmp_path / "pki", "public_url": "wss://csms.example.com:9443"}
    )
    certificate = open_pki(settings, lambda: "").named("server-rsa").certificate
    assert "csms.example.com" in names_of(certificate)
