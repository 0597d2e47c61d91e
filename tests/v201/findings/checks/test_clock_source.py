"""The clock of a station that takes the time from its central system."""

import pytest

from tests.support.talk import Talk, case, report, stamp

REQUEST = {"requestId": 9, "reportBase": "SummaryInventory"}
WRONG = "clock-not-synchronized"


def boot_with_time(talk: Talk, skew_s: float = 0.0, status: str = "Accepted") -> None:
    answer = {"status": status, "interval": 300, "currentTime": stamp(talk.at + skew_s)}
    boot = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
    talk.exchange("BootNotification", boot, answer)
    if status == "Accepted":
        talk.status()


def report_at(talk: Talk, seconds: float) -> None:
    """Request a report, whose generatedAt is this many seconds after the request."""
    talk.command("GetBaseReport", REQUEST)
    talk.call("NotifyReport", {**report(0, request_id=9), "generatedAt": stamp(talk.at + seconds)})


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        case("now", 0, "met"),
        case("a minute late", -59, "met"),
        case("a minute early", 59, "met"),
        case("behind", -62, "broken"),
        case("ahead", 62, "broken"),
    ],
)
def test_report_must_have_the_time_of_the_server(talk: Talk, seconds: float, state: str) -> None:
    talk.read_variables({"ClockCtrlr.TimeSource": "Heartbeat,RealTimeClock"})
    talk.wait(10)
    report_at(talk, seconds)

    assert (WRONG in talk.ids) == (state == "broken")
    assert talk.coverage("B01.FR.06") == state


@pytest.mark.parametrize("source", ["NTP,Heartbeat", ""])
def test_clock_with_another_source_may_differ(talk: Talk, source: str) -> None:
    talk.read_variables({"ClockCtrlr.TimeSource": source})
    report_at(talk, -3600)

    assert WRONG not in talk.ids


def test_clock_that_was_sent_another_time_may_differ(unbooted: Talk) -> None:
    boot_with_time(unbooted, skew_s=3600)
    unbooted.read_variables({"ClockCtrlr.TimeSource": "Heartbeat"})
    report_at(unbooted, -3600)

    assert WRONG not in unbooted.ids


def test_clock_may_differ_before_a_time_was_sent(unbooted: Talk) -> None:
    unbooted.read_variables({"ClockCtrlr.TimeSource": "Heartbeat"})
    report_at(unbooted, -3600)

    assert WRONG not in unbooted.ids


def test_clock_that_was_sent_another_time_with_a_pending_boot_may_differ(talk: Talk) -> None:
    boot_with_time(talk, skew_s=3600, status="Pending")
    talk.read_variables({"ClockCtrlr.TimeSource": "Heartbeat"})
    report_at(talk, 3600)

    assert WRONG not in talk.ids
