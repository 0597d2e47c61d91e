"""Firmware that a simulated station publishes for others."""

import hashlib
from collections.abc import Iterator

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.publishing import MAX_PUBLISHED, Publisher
from mock_csms.simulator.trust_store import TrustStore
from tests.simulator.file_server import FIRMWARE, FileServer, running_file_server
from tests.support.virtual_station import Workbench

CHECKSUM = hashlib.md5(FIRMWARE, usedforsecurity=False).hexdigest()


class Station:
    """A `Workbench` with a publisher of firmware, and a file server."""

    def __init__(self, server: FileServer) -> None:
        self.server = server
        self.bench = Workbench(lambda core: Publisher(core, TrustStore(core)))
        self._answered = 0

    def publish(self, path: str = "/firmware.bin", checksum: str = CHECKSUM, request_id: int = 1) -> str:
        request = {
            "location": self.server.url(path), "checksum": checksum, "requestId": request_id, "retries": 0,
        }  # fmt: skip
        return str(self.bench.command("PublishFirmware", request)["status"])

    def unpublish(self, checksum: str = CHECKSUM) -> str:
        return str(self.bench.command("UnpublishFirmware", {"checksum": checksum})["status"])

    def run(self) -> None:
        """Let the transfers finish, and answer every CALL of the station with an empty payload."""
        self.bench.advance()
        while self._answered < len(self.bench.sent):
            self._answered += 1
            self.bench.answer(self._answered - 1, {})

    @property
    def payloads(self) -> list[JsonObject]:
        return self.bench.payloads("PublishFirmwareStatusNotification")

    @property
    def statuses(self) -> list[str]:
        return [payload["status"] for payload in self.payloads]


@pytest.fixture(name="station")
def _station() -> Iterator[Station]:
    with running_file_server() as server:
        yield Station(server)


def test_file_is_published_with_location(station: Station) -> None:
    assert station.publish(checksum=CHECKSUM.upper()) == "Accepted"
    station.run()
    assert station.statuses == ["Downloading", "Downloaded", "ChecksumVerified", "Published"]
    location = [station.server.url("/firmware.bin")]
    assert station.payloads[-1] == {"status": "Published", "location": location, "requestId": 1}


def test_wrong_checksum_is_reported(station: Station) -> None:
    station.publish(checksum="0" * 32)
    station.run()
    assert station.statuses == ["Downloading", "Downloaded", "InvalidChecksum"]


def test_failed_download_is_reported(station: Station) -> None:
    station.publish("/other.bin")
    station.run()
    assert station.statuses == ["Downloading", "DownloadFailed"]


def test_publishing_while_downloading_is_rejected(station: Station) -> None:
    station.publish()
    assert station.publish(request_id=2) == "Rejected"


def test_too_many_published_files_fail(station: Station) -> None:
    for number in range(MAX_PUBLISHED + 1):
        content = str(number).encode()
        station.server.files[f"/{number}"] = content
        station.publish(f"/{number}", hashlib.md5(content, usedforsecurity=False).hexdigest(), number)
        station.run()
    assert station.statuses[-1] == "PublishFailed"


def test_published_file_is_unpublished_once(station: Station) -> None:
    station.publish()
    station.run()
    assert [station.unpublish(CHECKSUM.upper()), station.unpublish()] == ["Unpublished", "NoFirmware"]


def test_unpublishing_while_downloading_is_refused(station: Station) -> None:
    station.publish()
    assert station.unpublish() == "DownloadOngoing"


def test_download_starts_again_after_power_cut(station: Station) -> None:
    station.publish()
    station.bench.core.powered_off.emit()
    station.run()
    assert station.statuses == ["Downloading"]
    station.bench.core.boot_accepted.emit()
    station.run()
    assert station.statuses[-1] == "Published"


def test_trigger_reports_last_status_but_idle_after_published(station: Station) -> None:
    station.bench.trigger("PublishFirmwareStatusNotification")
    station.publish(checksum="0" * 32)
    station.run()
    station.bench.trigger("PublishFirmwareStatusNotification")
    assert station.payloads[-1] == {"status": "InvalidChecksum", "requestId": 1}
    station.publish(request_id=2)
    station.run()
    station.bench.trigger("PublishFirmwareStatusNotification")
    assert station.payloads[0] == station.payloads[-1] == {"status": "Idle"}
