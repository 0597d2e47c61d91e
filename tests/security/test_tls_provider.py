"""Whether a port asks for client certificates, and the address for a station that changes its profile."""

import pytest

from mock_csms.csms import Csms
from mock_csms.security.listeners import Destination
from mock_csms.security.tls_provider import client_certificates
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

    assert csms.listeners.destination(lowest) == expected
