"""The demonstration with a server and three stations."""

import pytest

from mock_csms.simulator.demo import DEMO_STATIONS, station_arguments

WS = "ws://127.0.0.1:9000"
WSS = "wss://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("addresses", "arguments", "expected"),
    [
        ({"ws": WS}, ["--port", "9000"], [WS]),
        ({"ws": WS, "wss": WSS}, ["--tls"], [WS]),
        ({"ws": WS}, ["--password=secret", "-v"], [WS, "--password", "secret"]),
        ({"wss": WSS}, ["--security-profile", "2"], [WSS, "--pki", ".pki"]),
        (
            {"wss": WSS},
            ["--pki", "test-pki", "--password-file", "password.txt"],
            [WSS, "--password-file", "password.txt", "--pki", "test-pki"],
        ),
    ],
)
def test_stations_get_address_and_credentials_of_the_server(
    addresses: dict[str, str], arguments: list[str], expected: list[str]
) -> None:
    assert station_arguments(addresses, arguments) == [*DEMO_STATIONS, "--to", *expected]
