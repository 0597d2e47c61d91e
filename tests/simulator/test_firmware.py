"""Firmware updates of a simulated station."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from ocpp.v201.enums import ConnectorStatusEnumType as ConnectorStatus

from mock_csms.pki import Pki
from mock_csms.pki.csr import read_csr
from mock_csms.pki.issuing import Signer, certify_request
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.firmware import INSTALLATION_S, REBOOT_AT_LATEST_S, Firmware, firmware_version
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.trust_store import MANUFACTURER_ROOT, TrustStore
from mock_csms.v201.findings.progress import FIRMWARE_ORDER
from tests.simulator.file_server import FIRMWARE, FileServer, running_file_server
from tests.support.virtual_station import Workbench

PAST = "2025-12-31T00:00:00Z"
IN_A_MINUTE = "2026-01-01T00:01:00Z"
SUCCESS = ["Downloading", "Downloaded", "Installing", "InstallRebooting", "Installed"]


class Station:
    """A `Workbench` with firmware updates, and a file server."""

    def __init__(self, server: FileServer, **setup: Any) -> None:
        self.server = server
        self.bench = Workbench(self._make, **setup)
        self.core = self.bench.core
        self.firmware: Firmware = self.bench.blocks[0]
        self.firmware.reboot_requested.connect(self._reboot)
        self.reboots = 0
        self._answered = 0
        put = self.core.variables.put
        put(Key("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"), "false")
        put(Key("ChargingStation", "FirmwareVersion"), "1.0.0")
        self.core.boot_accepted.emit()
        self.run()

    def _make(self, core: Core) -> Firmware:
        self.store = TrustStore(core)
        return Firmware(core, SecurityEvents(core), self.store)

    def _reboot(self) -> None:
        self.reboots += 1
        self.core.boot_accepted.emit()

    def update(self, request_id: int = 1, **fields: Any) -> str:
        firmware = {"location": self.server.url("/firmware.bin"), "retrieveDateTime": PAST}
        request: dict[str, Any] = {"requestId": request_id, "firmware": firmware, "retries": 0}
        for name, value in fields.items():
            (request if name in {"retries", "retryInterval"} else firmware)[name] = value
        return str(self.bench.command("UpdateFirmware", request)["status"])

    def run(self, seconds: int = 0) -> None:
        """Advance the time, and answer every CALL of the station with an empty payload."""
        self.answer()
        for _ in range(seconds * 2):
            self.bench.advance(0.5)
            self.answer()

    def answer(self) -> None:
        while self._answered < len(self.bench.sent):
            self._answered += 1
            self.bench.answer(self._answered - 1, {})

    @property
    def statuses(self) -> list[str]:
        return [payload["status"] for payload in self.bench.payloads("FirmwareStatusNotification")]

    @property
    def events(self) -> list[str]:
        return [payload["type"] for payload in self.bench.payloads("SecurityEventNotification")]


@pytest.fixture(name="station")
def _station() -> Iterator[Station]:
    with running_file_server() as server:
        yield Station(server)


class Manufacturer:
    """A manufacturer that signs firmware."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
        root = Pki.in_memory().named("manufacturer-root")
        assert root.key is not None
        self.root = root.certificate
        self.key = key
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Signer")])
        csr = x509.CertificateSigningRequestBuilder(name).sign(key, hashes.SHA256())
        request = read_csr(csr.public_bytes(Encoding.PEM).decode())
        certificate = certify_request(request, Signer(root.certificate, root.key))
        self.certificate = certificate.public_bytes(Encoding.PEM).decode()

    def signature(self, content: bytes) -> str:
        if isinstance(self.key, rsa.RSAPrivateKey):
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            raw = self.key.sign(content, pss, hashes.SHA256())
        else:
            raw = self.key.sign(content, ec.ECDSA(hashes.SHA256()))
        return base64.b64encode(raw).decode()

    def trust(self, station: Station) -> None:
        station.store.set_roots(MANUFACTURER_ROOT, [self.root])
        # The certificate is made at the time of the real clock.
        station.core.clock_offset_s = (datetime.now(UTC) - station.core.now()) / timedelta(seconds=1)


@pytest.fixture(name="manufacturer", scope="module")
def _manufacturer() -> Manufacturer:
    return Manufacturer(ec.generate_private_key(ec.SECP256R1()))


def test_update_installs_and_reboots(station: Station) -> None:
    assert station.update() == "Accepted"
    station.run(30)
    assert station.statuses == SUCCESS
    assert {payload["requestId"] for payload in station.bench.payloads("FirmwareStatusNotification")} == {1}
    assert station.reboots == 1
    assert station.events[-1] == "FirmwareUpdated"


def test_update_changes_firmware_version(station: Station) -> None:
    station.update()
    station.run(30)
    version = station.core.variables.text("ChargingStation", "FirmwareVersion")
    assert version not in {"", "1.0.0"}
    assert len(version) <= 50


def test_versions_of_different_files_differ() -> None:
    assert firmware_version(bytes(32)) != firmware_version(bytes([1] * 32))


def test_reboot_waits_for_delivery_of_notifications(station: Station) -> None:
    station.update()
    station.bench.advance(1)
    station.run(5)
    station.bench.advance(20)
    assert station.reboots == 0
    station.run(2)
    assert station.reboots == 1


def test_offline_station_reboots_in_the_end(station: Station) -> None:
    station.update()
    station.bench.advance(60)
    assert station.reboots == 1
    station.run(2)
    # The boot repeats the notification that may be lost.
    assert station.statuses == ["Downloading", "Downloading", "Downloaded", "Installing", "Installed"]


def test_download_waits_for_its_time(station: Station) -> None:
    station.update(retrieveDateTime=IN_A_MINUTE)
    station.run(50)
    assert station.statuses == ["DownloadScheduled"]
    station.run(40)
    assert station.statuses == ["DownloadScheduled", *SUCCESS]


def test_installation_waits_for_its_time(station: Station) -> None:
    station.update(installDateTime=IN_A_MINUTE)
    station.run(50)
    assert station.statuses == ["Downloading", "Downloaded", "InstallScheduled"]
    station.run(40)
    assert station.statuses[3:] == ["Installing", "InstallRebooting", "Installed"]


def test_installation_waits_for_transaction(station: Station) -> None:
    evse, other = station.core.evses
    evse.transaction_id = "T1"
    evse.connectors[1].is_plugged = True
    station.update()
    station.run(20)
    assert station.statuses == ["Downloading", "Downloaded", "InstallScheduled"]
    evses = station.core.evses
    assert evses.status(other.connectors[1]) is ConnectorStatus.unavailable
    assert evses.status(evse.connectors[1]) is ConnectorStatus.occupied
    evse.transaction_id = None
    station.run(20)
    assert station.statuses[3:] == ["Installing", "InstallRebooting", "Installed"]
    assert evses.status(other.connectors[1]) is ConnectorStatus.available


def test_evses_stay_available_if_new_sessions_are_allowed(station: Station) -> None:
    station.core.variables.put(Key("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"), "true")
    evse, other = station.core.evses
    evse.transaction_id = "T1"
    station.update()
    station.run(5)
    assert station.core.evses.status(other.connectors[1]) is ConnectorStatus.available


def test_failed_download_is_reported_after_retries(station: Station) -> None:
    station.server.failures = [500, 500]
    station.update(retries=1, retryInterval=10)
    station.run(5)
    assert station.statuses == ["Downloading"]
    station.run(10)
    assert station.statuses == ["Downloading", "DownloadFailed"]


def test_retried_download_succeeds(station: Station) -> None:
    station.server.failures = [500]
    station.update(retries=1, retryInterval=10)
    station.run(40)
    assert station.statuses == SUCCESS


def test_unsupported_location_fails_download(station: Station) -> None:
    assert station.update(location="ftp://127.0.0.1/firmware.bin") == "Accepted"
    station.run(1)
    assert station.statuses == ["Downloading", "DownloadFailed"]


def test_second_update_cancels_first(station: Station) -> None:
    station.update(1, installDateTime=IN_A_MINUTE)
    station.run(5)
    assert station.update(2) == "AcceptedCanceled"
    station.run(100)
    ids = [payload["requestId"] for payload in station.bench.payloads("FirmwareStatusNotification")]
    assert ids == [1] * 3 + [2] * 5
    assert station.reboots == 1


def test_update_that_reboots_cannot_be_canceled(station: Station) -> None:
    station.update(1)
    station.bench.advance(12)
    assert station.update(2) == "Rejected"


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_signed_update_is_verified(station: Station, manufacturer: Manufacturer, kind: str) -> None:
    signer = manufacturer if kind == "ec" else Manufacturer(rsa.generate_private_key(65537, 2048))
    signer.trust(station)
    signature = signer.signature(FIRMWARE)
    assert station.update(signingCertificate=signer.certificate, signature=signature) == "Accepted"
    station.run(30)
    assert station.statuses == [*SUCCESS[:2], "SignatureVerified", *SUCCESS[2:]]


@pytest.mark.parametrize("content", [b"another image", None])
def test_wrong_or_missing_signature_is_reported(
    station: Station, manufacturer: Manufacturer, content: bytes | None
) -> None:
    manufacturer.trust(station)
    fields: dict[str, Any] = {"signature": manufacturer.signature(content)} if content else {}
    station.update(signingCertificate=manufacturer.certificate, **fields)
    station.run(30)
    assert station.statuses == ["Downloading", "Downloaded", "InvalidSignature"]
    assert station.events[-1] == "InvalidFirmwareSignature"


def test_malformed_signature_is_reported(station: Station, manufacturer: Manufacturer) -> None:
    manufacturer.trust(station)
    station.update(signingCertificate=manufacturer.certificate, signature="?")
    station.run(30)
    assert station.statuses[-1] == "InvalidSignature"


def test_certificate_of_unknown_manufacturer_is_invalid(station: Station, manufacturer: Manufacturer) -> None:
    assert station.update(signingCertificate=manufacturer.certificate) == "InvalidCertificate"
    assert station.events[-1] == "InvalidFirmwareSigningCertificate"
    assert station.statuses == []


@pytest.mark.parametrize("fields", [{"signingCertificate": "x"}, {"signature": "AAAA"}])
def test_unreadable_or_missing_certificate_is_invalid(station: Station, fields: dict[str, Any]) -> None:
    assert station.update(**fields) == "InvalidCertificate"


def test_expired_certificate_is_invalid(station: Station, manufacturer: Manufacturer) -> None:
    manufacturer.trust(station)
    station.core.clock_offset_s += timedelta(days=400).total_seconds()
    assert station.update(signingCertificate=manufacturer.certificate) == "InvalidCertificate"


def test_invalid_certificate_does_not_cancel_update(station: Station) -> None:
    station.update(1)
    station.update(2, signingCertificate="x")
    station.run(30)
    assert station.statuses == SUCCESS


@pytest.mark.parametrize("seconds", range(14))
def test_update_goes_on_in_order_after_power_cut(station: Station, seconds: int) -> None:
    station.update(installDateTime="2026-01-01T00:00:03Z")
    station.run(seconds)
    station.core.powered_off.emit()
    station.bench.advance(2)
    station.core.boot_accepted.emit()
    station.run(40)
    statuses = station.statuses
    assert statuses[-1] == "Installed"
    for previous, status in zip(["the command", *statuses], statuses, strict=False):
        assert status == previous or previous in FIRMWARE_ORDER[status]


def test_power_cut_while_installing_does_not_schedule_again(station: Station) -> None:
    station.update()
    station.run(5)
    station.core.powered_off.emit()
    evse, _ = station.core.evses
    evse.transaction_id = "T1"
    station.core.boot_accepted.emit()
    station.run(5)
    assert station.statuses == ["Downloading", "Downloaded", "Installing"]


def test_trigger_reports_idle_without_update(station: Station) -> None:
    assert station.bench.trigger("FirmwareStatusNotification")
    assert station.bench.payloads("FirmwareStatusNotification") == [{"status": "Idle"}]


def test_trigger_reports_last_status(station: Station) -> None:
    station.update(7, installDateTime=IN_A_MINUTE)
    station.run(5)
    station.bench.trigger("FirmwareStatusNotification")
    last = station.bench.payloads("FirmwareStatusNotification")[-1]
    assert last == {"status": "InstallScheduled", "requestId": 7}


def test_trigger_reports_idle_after_installation(station: Station) -> None:
    station.update()
    station.run(30)
    station.bench.trigger("FirmwareStatusNotification")
    assert station.statuses[-1] == "Idle"


def test_offline_station_whose_clock_is_set_back_reboots_in_the_end(station: Station) -> None:
    station.update()
    station.bench.advance(INSTALLATION_S + 5)
    assert station.reboots == 0
    station.core.clock_offset_s -= 86_400

    station.bench.advance(REBOOT_AT_LATEST_S)

    assert station.reboots == 1


# Other kinds of stations and files


@pytest.mark.parametrize("setting", ["false", "true"])
def test_download_waits_for_transactions_if_the_station_cannot_do_both(setting: str) -> None:
    with running_file_server() as server:
        station = Station(server, update_while_charging="no")
        station.core.variables.put(Key("ChargingStation", "AllowNewSessionsPendingFirmwareUpdate"), setting)
        charging, free = station.core.evses
        charging.transaction_id = "T1"
        station.update()
        station.run(5)
        assert station.statuses == ["DownloadScheduled"]
        expected = ConnectorStatus.available if setting == "true" else ConnectorStatus.unavailable
        assert station.core.evses.status(free.connectors[1]) == expected
        charging.transaction_id = None
        station.run(30)
        assert station.statuses == ["DownloadScheduled", *SUCCESS]


def test_firmware_that_is_installed_in_a_transaction_is_used_without_a_reboot() -> None:
    with running_file_server() as server:
        station = Station(server, update_while_charging="install")
        charging, free = station.core.evses
        charging.transaction_id = "T1"
        station.update()
        station.run(30)
        assert station.statuses == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert station.reboots == 0
        assert station.core.evses.status(free.connectors[1]) == ConnectorStatus.available
        assert station.events[-1] == "FirmwareUpdated"


def test_second_update_is_rejected_if_the_station_cancels_none() -> None:
    with running_file_server() as server:
        station = Station(server, cancels_updates=False)
        station.update(1, installDateTime=IN_A_MINUTE)
        assert station.update(2) == "Rejected"
        station.run(90)
        assert station.statuses[-1] == "Installed"


def test_empty_firmware_fails_in_its_verification(station: Station) -> None:
    station.server.files["/firmware.bin"] = b""
    station.update()
    station.run(30)
    assert station.statuses == ["Downloading", "Downloaded", "Installing", "InstallVerificationFailed"]
    assert station.reboots == 0
    assert not station.core.evses.is_update_pending


def test_unsigned_firmware_is_refused_by_a_station_with_a_manufacturer_root(
    station: Station, manufacturer: Manufacturer
) -> None:
    manufacturer.trust(station)
    assert station.update() == "InvalidCertificate"
