"""Upload of logs by a simulated station."""

from collections.abc import Iterator
from typing import Any

import pytest

from mock_csms.messages import JsonObject
from mock_csms.simulator.logs import Logs
from mock_csms.simulator.security import SecurityEvents
from mock_csms.simulator.trust_store import TrustStore
from tests.simulator.file_server import FileServer, running_file_server
from tests.support.virtual_station import Workbench


class Station:
    """A `Workbench` with logs, and a file server."""

    def __init__(self, server: FileServer) -> None:
        self.server = server
        self.bench = Workbench(lambda core: Logs(core, SecurityEvents(core), TrustStore(core)))
        self.logs: Logs = self.bench.blocks[0]
        self._answered = 0

    def get_log(self, request_id: int = 1, log_type: str = "DiagnosticsLog", **fields: Any) -> JsonObject:
        log = {"remoteLocation": self.server.url(f"/logs/{request_id}"), **fields.pop("log", {})}
        return self.bench.command(
            "GetLog", {"logType": log_type, "requestId": request_id, "log": log, **fields}
        )

    def run(self, seconds: float = 0) -> None:
        """Advance the time, and answer every CALL of the station with an empty payload."""
        self.bench.advance(seconds)
        while self._answered < len(self.bench.sent):
            self._answered += 1
            self.bench.answer(self._answered - 1, {})

    @property
    def statuses(self) -> list[tuple[str, int | None]]:
        payloads = self.bench.payloads("LogStatusNotification")
        return [(payload["status"], payload.get("requestId")) for payload in payloads]


@pytest.fixture(name="station")
def _station() -> Iterator[Station]:
    with running_file_server() as server:
        yield Station(server)


def test_diagnostics_log_is_uploaded(station: Station) -> None:
    station.logs.log("hello")
    answer = station.get_log()
    assert answer == {"status": "Accepted", "filename": "CS1-DiagnosticsLog-20260101T000000Z.log"}
    station.run()
    assert station.server.uploads["/logs/1"].decode().splitlines()[1] == "2026-01-01T00:00:00.000Z hello"
    assert station.statuses == [("Uploading", 1), ("Uploaded", 1)]


def test_security_log_is_uploaded(station: Station) -> None:
    station.bench.core.boot_accepted.emit()
    station.get_log(log_type="SecurityLog")
    assert b"StartupOfTheDevice" in station.server.uploads["/logs/1"]


def test_empty_log_is_rejected(station: Station) -> None:
    assert station.get_log(log_type="SecurityLog") == {"status": "Rejected"}


def test_log_outside_of_requested_time_is_rejected(station: Station) -> None:
    answer = station.get_log(log={"oldestTimestamp": "2026-01-01T00:00:01Z"})
    assert answer == {"status": "Rejected"}


def test_second_request_cancels_first(station: Station) -> None:
    station.get_log(1)
    assert station.get_log(2)["status"] == "AcceptedCanceled"
    station.run()
    assert station.statuses == [
        ("Uploading", 1), ("AcceptedCanceled", 1), ("Uploading", 2), ("Uploaded", 2),
    ]  # fmt: skip


def test_second_request_with_same_id_reports_only_its_own_course(station: Station) -> None:
    station.get_log(1)
    assert station.get_log(1)["status"] == "AcceptedCanceled"
    station.run()
    assert station.statuses == [("Uploading", 1), ("Uploaded", 1)]


def test_requests_are_rejected_while_many_uploads_run(station: Station) -> None:
    answers = [station.get_log(number)["status"] for number in range(6)]
    assert answers[-2:] == ["Rejected", "Rejected"]
    station.run()
    assert station.get_log(7)["status"] == "Accepted"


@pytest.mark.parametrize(
    ("http", "status"),
    [(400, "BadMessage"), (403, "PermissionDenied"), (405, "NotSupportedOperation"), (500, "UploadFailure")],
)
def test_failed_upload_reports_its_reason(station: Station, http: int, status: str) -> None:
    station.server.failures = [http, http]
    station.get_log(retries=0)
    station.run()
    assert station.statuses == [("Uploading", 1), (status, 1)]


def test_failed_upload_is_retried(station: Station) -> None:
    station.server.failures = [500]
    station.get_log(retries=1, retryInterval=5)
    station.run(4)
    assert station.statuses == [("Uploading", 1)]
    station.run(2)
    assert station.statuses == [("Uploading", 1), ("Uploaded", 1)]


def test_power_cut_fails_upload_after_boot(station: Station) -> None:
    station.get_log()
    station.bench.core.powered_off.emit()
    station.run(1)
    station.bench.core.boot_accepted.emit()
    station.run()
    assert station.statuses == [("Uploading", 1), ("Uploading", 1), ("UploadFailure", 1)]


def test_trigger_reports_uploading_or_idle(station: Station) -> None:
    station.bench.trigger("LogStatusNotification")
    station.get_log(4)
    station.bench.trigger("LogStatusNotification")
    assert station.statuses == [("Idle", None), ("Uploading", 4), ("Uploading", 4)]
