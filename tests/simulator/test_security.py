"""Security events of a simulated station: which are sent, and their log."""

from datetime import timedelta

import pytest
from ocpp.v201.enums import SecurityEventType

from mock_csms.simulator.device_model import Key
from mock_csms.simulator.rolling_log import MAX_LINES
from mock_csms.simulator.security import SecurityEvents
from tests.support.virtual_station import Workbench

EVENT = "SecurityEventNotification"


@pytest.fixture(name="bench")
def _bench() -> Workbench:
    bench = Workbench(SecurityEvents)
    bench.core.variables.put(Key("ClockCtrlr", "TimeAdjustmentReportingThreshold"), "20")
    return bench


def types(bench: Workbench) -> list[str]:
    return [payload["type"] for payload in bench.payloads(EVENT)]


def test_critical_event_is_sent_and_logged(bench: Workbench) -> None:
    bench.blocks[0].report(SecurityEventType.tamper_detection_activated, "door")
    assert bench.payloads(EVENT) == [
        {"type": "TamperDetectionActivated", "timestamp": "2026-01-01T00:00:00.000Z", "techInfo": "door"}
    ]
    assert bench.blocks[0].lines() == ["2026-01-01T00:00:00.000Z TamperDetectionActivated door"]


def test_event_that_is_not_critical_is_only_logged(bench: Workbench) -> None:
    bench.blocks[0].report(SecurityEventType.invalid_messages)
    assert bench.sent == []
    assert bench.blocks[0].lines() == ["2026-01-01T00:00:00.000Z InvalidMessages"]


def test_long_tech_info_is_cut(bench: Workbench) -> None:
    bench.blocks[0].report(SecurityEventType.memory_exhaustion, "x" * 300)
    assert len(bench.payloads(EVENT)[0]["techInfo"]) == 255


def test_log_keeps_newest_lines(bench: Workbench) -> None:
    for number in range(MAX_LINES + 1):
        bench.blocks[0].report(SecurityEventType.invalid_messages, str(number))
    lines = bench.blocks[0].lines()
    assert len(lines) == MAX_LINES
    assert lines[-1].endswith(f" {MAX_LINES}")


def test_lines_are_limited_by_time(bench: Workbench) -> None:
    start = bench.core.now()
    for info in ("a", "b", "c"):
        bench.blocks[0].report(SecurityEventType.invalid_messages, info)
        bench.advance(10)
    lines = bench.blocks[0].lines(start + timedelta(seconds=5), start + timedelta(seconds=15))
    assert [line[-1] for line in lines] == ["b"]


def test_first_boot_reports_startup_once(bench: Workbench) -> None:
    bench.core.boot_accepted.emit()
    bench.core.boot_accepted.emit()
    assert types(bench) == ["StartupOfTheDevice"]


def test_boot_after_reset_reports_reset(bench: Workbench) -> None:
    bench.blocks[0].expect_reboot()
    bench.core.boot_accepted.emit()
    assert types(bench) == ["ResetOrReboot"]


def test_boot_after_power_cut_reports_startup(bench: Workbench) -> None:
    bench.core.boot_accepted.emit()
    bench.core.powered_off.emit()
    bench.core.boot_accepted.emit()
    assert types(bench) == ["StartupOfTheDevice"] * 2


@pytest.mark.parametrize(("seconds", "expected"), [(-21, ["SettingSystemTime"]), (20, [])])
def test_clock_change_is_reported_above_threshold(
    bench: Workbench, seconds: float, expected: list[str]
) -> None:
    bench.blocks[0].report_clock_change(seconds)
    assert types(bench) == expected
