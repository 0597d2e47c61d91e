"""The demonstration with a server and three stations."""

from pathlib import Path

import pytest

from mock_csms.simulator.demo import DEMO_STATIONS, certificate_commands, station_arguments

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


def test_pki_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCPP_MOCK_PKI", "elsewhere")

    assert station_arguments({"wss": WSS}, ["--tls"])[-2:] == ["--pki", "elsewhere"]


@pytest.mark.parametrize("flags", [["--security-profile", "3"], ["--security-profile=3"]])
def test_client_certificates_that_profile_3_lacks_are_made(tmp_path: Path, flags: list[str]) -> None:
    made = tmp_path / "client" / "CS002.pem"
    made.parent.mkdir()
    made.touch()

    commands = certificate_commands([*flags, "--pki", str(tmp_path)])

    assert commands == [["pki", "client", name, "--pki", str(tmp_path)] for name in ("CS001", "CS003")]


def test_other_profiles_need_no_client_certificates() -> None:
    assert certificate_commands(["--security-profile", "2", "--port", "3"]) == []
