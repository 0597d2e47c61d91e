"""Delivery of status notifications in order."""

import pytest
from ocpp.v201 import call
from ocpp.v201.enums import FirmwareStatusEnumType as Status

from mock_csms.simulator.core import Core
from mock_csms.simulator.firmware import firmware_notification
from mock_csms.simulator.status_reports import StatusReports
from tests.support.virtual_station import Workbench


def make(core: Core) -> StatusReports:
    return StatusReports(core, firmware_notification)


@pytest.fixture(name="bench")
def _bench() -> Workbench:
    return Workbench(make)


def statuses(bench: Workbench) -> list[str]:
    return [payload["status"] for payload in bench.payloads(call.FirmwareStatusNotification.__name__)]


def test_next_report_waits_for_answer(bench: Workbench) -> None:
    bench.blocks[0].add(Status.downloading, 1)
    bench.blocks[0].add(Status.downloaded, 1)
    assert statuses(bench) == ["Downloading"]
    bench.answer(-1, {})
    assert statuses(bench) == ["Downloading", "Downloaded"]


def test_unanswered_report_is_sent_again_after_power_cut(bench: Workbench) -> None:
    bench.blocks[0].add(Status.downloading, 1)
    bench.blocks[0].add(Status.downloaded, 1)
    bench.core.powered_off.emit()
    bench.answer(-1, {})
    assert statuses(bench) == ["Downloading"]
    bench.core.boot_accepted.emit()
    bench.answer(-1, {})
    assert statuses(bench) == ["Downloading", "Downloading", "Downloaded"]


def test_repeated_status_is_reported_once(bench: Workbench) -> None:
    bench.blocks[0].add(Status.downloading, 1)
    bench.answer(-1, {})
    bench.blocks[0].add(Status.downloading, 1)
    assert statuses(bench) == ["Downloading"]


def test_dropped_reports_are_not_sent(bench: Workbench) -> None:
    bench.blocks[0].add(Status.downloading, 1)
    bench.blocks[0].add(Status.downloaded, 1)
    bench.blocks[0].add(Status.downloading, 2)
    bench.blocks[0].drop_unsent(1)
    bench.answer(-1, {})
    assert bench.sent[-1][1] == {"status": "Downloading", "requestId": 2}
