"""Security between a simulated station and the real server: passwords, certificates and security profiles."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_csms.messages import JsonObject
from mock_csms.mock import MockCsms
from mock_csms.pki import Pki
from mock_csms.settings.server_settings import Settings
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.security_setup import SecuritySetup, basic_authorization
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.trust_store import CSMS_ROOT, MANUFACTURER_ROOT, MO_ROOT
from mock_csms.simulator.verbs import VERBS, step_of
from server import VERSIONS
from tests.support.linked_station import linked_station

PASSWORD = "a long random password"
NEW_PASSWORD = "another-random-password"
PATIENCE_S = 20
PRIORITY = ("OCPPCommCtrlr", "NetworkConfigurationPriority")


class Site:
    """A server with TLS, its control API, and one station."""

    def __init__(self, mock: MockCsms, client: httpx.AsyncClient, station: SimulatedStation) -> None:
        self.mock = mock
        self.client = client
        self.station = station
        self.openings: asyncio.Queue[None] = asyncio.Queue()

    def url(self, listener: str) -> str:
        """URL at which the station reaches a listener."""
        return self.mock.csms.listeners.url_of(listener)

    async def call(self, action: str, **payload: Any) -> JsonObject:
        """Send a command, and return the payload of its result."""
        body: JsonObject = {"action": action}
        if payload:
            body["payload"] = payload
        response = await self.client.post("/v1/stations/CS1/calls", json=body)
        assert response.json().get("outcome") == "result", response.text
        result: JsonObject = response.json()["payload"]
        return result

    async def set(self, component: str, variable: str, value: str) -> str:
        """Send a SetVariables with one variable, and return its attributeStatus."""
        item = {"component": {"name": component}, "variable": {"name": variable}, "attributeValue": value}
        answer = await self.call("SetVariables", setVariableData=[item])
        return str(answer["setVariableResult"][0]["attributeStatus"])

    async def wait_for(self, action: str, **payload: Any) -> None:
        """Wait until the journal has an entry with this action and these payload fields."""
        body = {"match": {"action": action, "payload": payload}, "within": PATIENCE_S, "since": 0}
        response = await self.client.post("/v1/wait", json=body)
        assert response.status_code == 200, response.text

    async def opened(self) -> None:
        """Wait for the next connection of the station."""
        await asyncio.wait_for(self.openings.get(), PATIENCE_S)

    async def restart_with(self, security_profile: int, listener: str) -> None:
        """Move the station to a network profile by SetNetworkProfile, SetVariables and Reset (A05)."""
        slot = str(security_profile)
        profile = {
            "ocppVersion": "OCPP20",
            "ocppTransport": "JSON",
            "ocppCsmsUrl": self.url(listener),
            "messageTimeout": 30,
            "securityProfile": security_profile,
            "ocppInterface": "Wired0",
        }
        answer = await self.call(
            "SetNetworkProfile", configurationSlot=security_profile, connectionData=profile
        )
        assert answer["status"] == "Accepted"
        active = self.text("OCPPCommCtrlr", "ActiveNetworkProfile")
        assert await self.set(*PRIORITY, f"{slot},{active}") == "RebootRequired"
        assert (await self.call("Reset", type="Immediate"))["status"] == "Accepted"
        await self.opened()

    async def client_subjects(self) -> list[str]:
        """Subjects of the client certificates of all connections."""
        response = await self.client.get("/v1/journal", params={"station": "CS1", "type": "connected"})
        return [
            entry["handshake"]["tls"]["clientCertificate"]["subject"] for entry in response.json()["entries"]
        ]

    async def certificate_installed(self) -> None:
        """Wait until the station has accepted a CertificateSigned."""
        body = {
            "match": {"action": "CertificateSigned", "type": "result", "payload": {"status": "Accepted"}},
            "within": PATIENCE_S,
            "since": 0,
        }
        response = await self.client.post("/v1/wait", json=body)
        assert response.status_code == 200, response.text

    def text(self, component: str, variable: str) -> str:
        """Value of a variable of the station."""
        return self.station.core.variables.text(component, variable)


@asynccontextmanager
async def site(folder: Path, url: str, security: SecuritySetup, **settings: Any) -> AsyncIterator[Site]:
    """Run a server, and connect a station to it."""
    options = {"port": 0, "tls": True, "pki": folder / "pki", "password": PASSWORD, **settings}
    async with (
        MockCsms(Settings.model_validate(options), VERSIONS) as mock,
        httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE_S, trust_env=False) as client,
    ):
        address = mock.url if url == "ws" else mock.wss_url
        station, connection = linked_station(address, speed=100, security=security)
        for variable in ("RetryBackOffWaitMinimum", "RetryBackOffRandomRange"):
            station.core.variables.put(Key("OCPPCommCtrlr", variable), "0")
        started = Site(mock, client, station)
        station.core.connected.connect(lambda: started.openings.put_nowait(None))
        connection.open()
        try:
            await started.opened()
            await started.wait_for("SecurityEventNotification")
            yield started
        finally:
            await connection.aclose()


def certified(folder: Path, **options: Any) -> SecuritySetup:
    """Security of a station with profile 3 and a client certificate of the server's PKI."""
    pki = Pki.open(folder / "pki")
    own = pki.issue_client("CS1")
    return SecuritySetup(
        profile=3,
        roots={CSMS_ROOT: pki.root_pem},
        client_chain="".join(own.chain),
        client_key=own.key_pem or "",
        **options,
    )


async def test_station_moves_from_profile_1_to_2_to_3(tmp_path: Path) -> None:
    listeners = {name: {"port": 0, "security_profile": number} for number, name in ((2, "two"), (3, "three"))}
    start = SecuritySetup(profile=1, password=PASSWORD)
    async with site(tmp_path, "ws", start, security_profile=1, tls=False, listeners=listeners) as running:
        await running.call(
            "InstallCertificate", certificateType=CSMS_ROOT, certificate="{{certificate.root}}"
        )
        await running.restart_with(2, "two")

        assert running.text("SecurityCtrlr", "SecurityProfile") == "2"
        assert running.text(*PRIORITY) == "2"

        await running.wait_for("BootNotification", reason="RemoteReset")
        await running.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")
        await running.wait_for("SignCertificate", certificateType="ChargingStationCertificate")
        await running.certificate_installed()
        await running.restart_with(3, "three")

        assert running.text("SecurityCtrlr", "SecurityProfile") == "3"
        assert running.text(*PRIORITY) == "3"


async def test_station_falls_back_if_the_new_profile_does_not_connect(tmp_path: Path) -> None:
    second = {"port": 0, "security_profile": 2, "tls_fault": "expired"}
    root = Pki.open(tmp_path / "pki").root_pem
    start = SecuritySetup(profile=1, password=PASSWORD, roots={CSMS_ROOT: root})
    async with site(
        tmp_path, "ws", start, security_profile=1, tls=False, listeners={"two": second}
    ) as running:
        running.station.core.variables.put(Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), "1")
        await running.restart_with(2, "two")

        await running.wait_for("SecurityEventNotification", type="InvalidCsmsCertificate")
        assert running.text("SecurityCtrlr", "SecurityProfile") == "1"
        assert running.text("OCPPCommCtrlr", "ActiveNetworkProfile") == "1"


async def test_renewed_certificate_that_does_not_work_is_discarded(tmp_path: Path) -> None:
    async with site(tmp_path, "wss", certified(tmp_path), security_profile=3) as running:
        running.station.core.variables.put(Key("OCPPCommCtrlr", "NetworkProfileConnectionAttempts"), "1")
        old = running.station.store.client_certificate(0)

        def revoke(_use: str) -> None:
            new = running.station.store.client_certificate(0)
            assert new is not None
            running.mock.csms.authority.revoke(f"{new.chain[0].serial_number:x}")

        running.station.signing.renewed.connect(revoke)
        await running.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")

        await running.wait_for("SecurityEventNotification", type="DiscardedRenewedClientCertificate")
        assert running.station.store.client_certificate(0) == old


async def test_renewed_client_certificate_is_used_at_once(tmp_path: Path) -> None:
    async with site(tmp_path, "wss", certified(tmp_path, key_kind="rsa"), security_profile=3) as running:
        await running.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")
        await running.opened()

        store = running.station.store
        assert store.client_certificate(0) == store.client_certificate(1)  # the old one was discarded
        assert await running.client_subjects() == ["O=OCPP2 Mock Server,CN=CS1", "O=Mock CSO,CN=CS1"]


async def test_wrong_certificate_is_rejected_and_the_old_one_stays(tmp_path: Path) -> None:
    async with site(tmp_path, "wss", certified(tmp_path), security_profile=3, certificates="bad") as running:
        old = running.station.store.client_certificate(0)
        await running.call("TriggerMessage", requestedMessage="SignChargingStationCertificate")

        await running.wait_for("SecurityEventNotification", type="InvalidChargingStationCertificate")
        assert running.station.store.client_certificate(0) == old


async def test_new_password_is_used_after_the_server_has_set_it(tmp_path: Path) -> None:
    start = SecuritySetup(profile=1, password=PASSWORD)
    async with site(tmp_path, "ws", start, security_profile=1, tls=False) as running:
        assert await running.set("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD) == "Accepted"
        await running.opened()

        assert running.station.access.attempt(0).authorization == basic_authorization("CS1", NEW_PASSWORD)


async def test_rejected_password_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    start = SecuritySetup(profile=1, password=PASSWORD, rotation="reject")
    async with site(tmp_path, "ws", start, security_profile=1, tls=False) as running:
        assert await running.set("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD) == "Rejected"
        await running.client.delete("/v1/stations/CS1/connection")
        await running.opened()


async def test_deferred_password_is_used_after_a_reset(tmp_path: Path) -> None:
    start = SecuritySetup(profile=1, password=PASSWORD, rotation="reboot")
    async with site(tmp_path, "ws", start, security_profile=1, tls=False) as running:
        assert await running.set("SecurityCtrlr", "BasicAuthPassword", NEW_PASSWORD) == "RebootRequired"
        await running.call("Reset", type="Immediate")
        await running.opened()
        await running.wait_for("BootNotification", reason="RemoteReset")
        await running.client.delete("/v1/stations/CS1/connection")
        await running.opened()


async def test_expired_server_certificate_is_reported_after_the_connection(tmp_path: Path) -> None:
    security = SecuritySetup(
        profile=2, password=PASSWORD, roots={CSMS_ROOT: Pki.open(tmp_path / "pki").root_pem}
    )
    async with site(tmp_path, "wss", security, tls_fault="expired=1") as running:
        await running.wait_for("SecurityEventNotification", type="InvalidCsmsCertificate")


@pytest.mark.parametrize(("signature", "last"), [("valid", "Installed"), ("wrong", "InvalidSignature")])
async def test_signature_of_firmware_is_verified(tmp_path: Path, signature: str, last: str) -> None:
    root = Pki.open(tmp_path / "pki").named("manufacturer-root").certificate_pem
    security = SecuritySetup(roots={MANUFACTURER_ROOT: root})
    async with site(tmp_path, "ws", security, firmware_signature=signature) as running:
        assert (await running.call("UpdateFirmware"))["status"] == "Accepted"
        await running.wait_for("FirmwareStatusNotification", status=last)


async def test_unsigned_firmware_is_refused_by_a_station_with_a_manufacturer_root(tmp_path: Path) -> None:
    root = Pki.open(tmp_path / "pki").named("manufacturer-root").certificate_pem
    security = SecuritySetup(roots={MANUFACTURER_ROOT: root})
    async with site(tmp_path, "ws", security, firmware_signature="none") as running:
        assert (await running.call("UpdateFirmware"))["status"] == "InvalidCertificate"


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        ("expired", "not valid now"),
        ("not-yet-valid", "not valid now"),
        ("unknown-ca", "no installed ManufacturerRootCertificate signed"),
        ("self-signed", "no installed ManufacturerRootCertificate signed"),
    ],
)
async def test_invalid_signing_certificate_is_rejected(tmp_path: Path, signature: str, reason: str) -> None:
    root = Pki.open(tmp_path / "pki").named("manufacturer-root").certificate_pem
    security = SecuritySetup(roots={MANUFACTURER_ROOT: root})
    async with site(tmp_path, "ws", security, firmware_signature=signature) as running:
        answer = await running.call("UpdateFirmware")
        await running.wait_for("SecurityEventNotification", type="InvalidFirmwareSigningCertificate")

    assert answer["status"] == "InvalidCertificate"
    assert reason in answer["statusInfo"]["additionalInfo"]


@pytest.mark.parametrize("has_root", [True, False])
async def test_contract_certificate_authorizes_a_vehicle(tmp_path: Path, has_root: bool) -> None:
    pki = Pki.open(tmp_path / "pki")
    roots = {MO_ROOT: pki.named("mo-root").certificate_pem} if has_root else {}
    security = SecuritySetup(roots=roots, contract_chain="".join(pki.named("contract").chain))
    async with site(tmp_path, "ws", security) as running:
        step_of(VERBS["plug-and-charge"], {}, running.station.core.setup).do(running.station, print)

        await running.wait_for("TransactionEvent", triggerReason="Authorized")
        assert running.station.charging.session(1).is_authorized
