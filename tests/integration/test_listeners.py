"""Start of a server with several listeners: addresses, log, ready file and errors."""

import json
from pathlib import Path

import httpx
import pytest

from mock_csms.errors import CouldNotStart
from mock_csms.mock import MockCsms
from mock_csms.security import listeners
from mock_csms.settings import Settings
from mock_csms.transport.address import listening_socket
from server import VERSIONS
from tests.conftest import LogLines, Serve
from tests.support.control import driven
from tests.support.listeners import PASSWORD, failure_of, verifying
from tests.support.process import outcome
from tests.support.station import OCPP_2_0_1, connected_to


def mock_with(**settings: object) -> MockCsms:
    return MockCsms(Settings.model_validate({"port": 0, "no_control": True, **settings}), VERSIONS)


async def test_ready_file_has_the_addresses_of_all_listeners(pki_folder: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    tables = {"second": {"port": 0, "security_profile": 3}, "plain": {"port": 0}}
    async with mock_with(
        tls_port=0, pki=pki_folder, ready_file=ready, listeners=tables, password=PASSWORD
    ) as mock:
        addresses = json.loads(ready.read_bytes())
        running = mock.csms.listeners

    assert addresses["ws"] == mock.url == f"ws://{running['main'].address}"
    assert addresses["wss"] == mock.wss_url == f"wss://{running['tls'].address}"
    assert addresses["listeners"] == {
        "second": f"wss://{running['second'].address}",
        "plain": f"ws://{running['plain'].address}",
    }


async def test_tls_port_beside_tls_on_the_main_port_is_named(
    pki_folder: Path, tmp_path: Path, log_lines: LogLines
) -> None:
    ready = tmp_path / "ready.json"
    async with mock_with(tls=True, tls_port=0, pki=pki_folder, ready_file=ready) as mock:
        addresses = json.loads(ready.read_bytes())
        running = mock.csms.listeners

    assert addresses["wss"] == f"wss://{running['main'].address}"
    assert addresses["listeners"] == {"tls": f"wss://{running['tls'].address}"}
    assert await log_lines.wait_for(f"listener tls at wss://{running['tls'].address}")


async def test_pki_folder_is_complete_at_the_start_also_without_tls(pki_folder: Path) -> None:
    (pki_folder / "secc.pem").unlink()
    async with mock_with(pki=pki_folder):
        assert (pki_folder / "secc.pem").is_file()


async def test_file_as_the_pki_folder_prevents_the_start_also_without_tls(tmp_path: Path) -> None:
    (tmp_path / "pki").touch()
    with pytest.raises(CouldNotStart, match="is not a folder; name another one for the PKI"):
        async with mock_with(pki=tmp_path / "pki"):
            pass


async def test_addresses_that_are_not_served_are_left_out(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    async with mock_with(ready_file=ready) as mock:
        addresses = json.loads(ready.read_bytes())

    assert addresses.keys() == {"ws", "pid"}
    assert mock.wss_url == ""


async def test_url_is_that_of_tls_if_every_station_needs_it(pki_folder: Path, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    async with mock_with(security_profile=2, password=PASSWORD, pki=pki_folder, ready_file=ready) as mock:
        addresses = json.loads(ready.read_bytes())
        url = mock.url.replace("wss://", f"wss://CS1:{PASSWORD}@")
        async with connected_to(url, "CS1", ssl=verifying(pki_folder)) as station:
            assert station.connection.subprotocol == OCPP_2_0_1

    assert "ws" not in addresses
    assert addresses["wss"] == mock.url


async def test_start_says_how_to_connect_with_tls(pki_folder: Path, log_lines: LogLines) -> None:
    tables = {"second": {"port": 0, "security_profile": 2}}
    async with mock_with(
        tls=True, security_profile=1, password=PASSWORD, pki=pki_folder, listeners=tables
    ) as mock:
        address, second = mock.csms.address, mock.csms.listeners["second"].address

    for words in (
        f"point a station at ws://{address}/<station id>",
        f"over TLS, point a station at wss://{address}/<station id>",
        f"listener second at wss://{second}: security profile 2",
        "stations need security profile 1",
        f"for TLS, install {pki_folder}/root.pem in the station as the root certificate of the CSMS",
    ):
        assert await log_lines.wait_for(words)


async def test_start_names_each_address_that_stations_can_use(
    log_lines: LogLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "interface_addresses", lambda: ["127.0.0.1", "192.0.2.7", "10.0.0.2"])
    monkeypatch.setattr(listeners, "route_addresses", lambda: ["10.0.0.2"])
    async with mock_with(host="0.0.0.0") as mock:
        port = mock.url.rpartition(":")[2]

    assert mock.url == f"ws://127.0.0.1:{port}"
    assert log_lines.lines[1:4] == [
        f"point a station at ws://10.0.0.2:{port}/<station id>",
        f"or at ws://192.0.2.7:{port}/<station id>",
        f"or, on this machine, at ws://127.0.0.1:{port}/<station id>",
    ]


async def test_start_on_loopback_says_how_other_machines_connect(log_lines: LogLines) -> None:
    async with mock_with():
        assert "a station on another machine needs --host 0.0.0.0" in log_lines.lines


async def test_start_names_the_public_url_only(log_lines: LogLines) -> None:
    async with mock_with(public_url="wss://csms.example.com") as mock:
        assert mock.url.startswith("ws://127.0.0.1:")

    assert log_lines.lines[1] == "point a station at wss://csms.example.com/<station id>"
    assert not [line for line in log_lines.lines if "127.0.0.1" in line or "--host" in line]


async def test_health_check_works_over_tls(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder)
    async with httpx.AsyncClient(verify=verifying(pki_folder), trust_env=False) as client:
        answer = await client.get(f"https://{csms.address}/health")

    assert answer.json()["status"] == "ok"


async def test_busy_port_of_a_listener_is_named() -> None:
    with listening_socket("127.0.0.1", 0) as busy:
        port = busy.getsockname()[1]
        mock = mock_with(listeners={"second": {"port": port}})
        with pytest.raises(CouldNotStart, match=rf"port {port} for the listener second: "):
            async with mock:
                pass


async def test_refused_client_has_the_facts_of_its_handshake_in_the_journal(pki_folder: Path) -> None:
    async with driven(tls=True, pki=pki_folder, tls_fault="expired") as (csms, client):
        await failure_of(csms, verifying(pki_folder))
        entry = (await client.get("/v1/journal", params={"type": "refused"})).json()["entries"][0]

    assert entry["handshake"]["listener"] == "main"
    assert "TLS 1.3" in entry["handshake"]["tlsOffered"]
    assert "the TLS fault expired was injected" in entry["note"]


async def test_refused_station_has_its_certificate_in_the_journal(serve: Serve, pki_folder: Path) -> None:
    csms = await serve(tls=True, pki=pki_folder, stations={"CS1": {"security_profile": 3}})
    await failure_of(csms, verifying(pki_folder))

    facts = json.loads(next(iter(csms.records.journal)).line())["handshake"]

    assert (facts["path"], facts["subprotocols"]) == ("/CS1", "ocpp2.0.1")
    assert facts["tls"].keys() == {"version", "cipher", "ciphersOffered"}
    assert "ECDHE-ECDSA-AES128-GCM-SHA256" in facts["tls"]["ciphersOffered"].split(", ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tls-key", "server.key"], "--tls-cert names no files, but --tls-key 1 file"),
        (["--tls", "--tls-cert", "no.pem", "--tls-key", "no.key"], "--tls-cert: cannot read no.pem"),
        (["--tls-fault", "expired"], "--tls-fault needs TLS"),
    ],
)
async def test_bad_settings_of_tls_are_wrong_usage(arguments: list[str], message: str) -> None:
    code, _, errors = await outcome("--port", "0", *arguments)

    assert code == 2
    assert message in errors
    assert errors.count("\n") == 1
