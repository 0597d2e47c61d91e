"""What is noted of what goes on: the counts, and when findings are looked for."""

import logging
from collections.abc import Callable

import pytest

from mock_csms.journal import recorder as module
from mock_csms.journal.recorder import CALM_TICKS, MOST_WATCHED, Recorder, Records, Watch
from mock_csms.journal.store import Journal
from mock_csms.messages import CallResult
from tests.calls import call

VENDOR = {"model": "Model", "vendorName": "Vendor"}
BOOT = call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})


class Clock:
    """The time, as `Records` asks for it."""

    now = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(module, "monotonic", clock)
    return clock


def beat(recorder: Recorder, message_id: str) -> None:
    """Have a station send a Heartbeat and get its answer."""
    recorder.exchanged(call("Heartbeat", {}, message_id), b"[]", {}, 0.0, together=False)


@pytest.fixture
def flood(clock: Clock) -> Callable[[Records, int], None]:
    """Lets a second go by in which so many frames came and went."""

    def flood(records: Records, frames: int) -> None:
        for _ in range(frames):
            records.journal.note("CS9", 1, None, "connected")
        clock.now += 1
        records.tick()

    return flood


type Flood = Callable[[Records, int], None]


@pytest.mark.parametrize(("watch", "observing"), [("auto", True), ("always", True), ("never", False)])
def test_findings_are_looked_for_unless_never(watch: Watch, *, observing: bool) -> None:
    records = Records(Journal(), watch=watch)
    recorder = records.recorder("CS1")
    beat(recorder, "same")
    beat(recorder, "same")
    assert [it.id for it in records.findings] == ["message-id-reused"] * observing


@pytest.mark.parametrize(
    ("watch", "frames", "observing"),
    [
        ("auto", MOST_WATCHED, True),
        ("auto", MOST_WATCHED + 1, False),
        ("always", MOST_WATCHED + 1, True),
        ("never", 0, False),
    ],
)
def test_findings_pause_when_there_is_too_much_to_do(
    flood: Flood, watch: Watch, frames: int, *, observing: bool
) -> None:
    records = Records(Journal(), watch=watch)
    flood(records, frames)
    assert records.observing is observing


def test_a_pause_is_told_when_it_begins_and_ends(flood: Flood, caplog: pytest.LogCaptureFixture) -> None:
    records = Records(Journal())
    with caplog.at_level(logging.INFO, "mock_csms"):
        calm = [MOST_WATCHED // 2 - 1] + [0] * (CALM_TICKS - 1)
        for frames in (MOST_WATCHED + 1, 0, MOST_WATCHED // 2, *calm, 0):
            flood(records, frames)
    assert [it.getMessage().split(":")[0] for it in caplog.records] == [
        "more than 5000 messages a second",
        "there are fewer messages again",
    ]
    assert records.unobserved == MOST_WATCHED - 1


def calm_down(records: Records, flood: Flood) -> None:
    for _ in range(CALM_TICKS):
        flood(records, 0)


def test_what_a_pause_hid_is_held_against_nobody(flood: Flood) -> None:
    records = Records(Journal())
    recorder = records.recorder("CS1")
    recorder.connected("127.0.0.1")
    beat(recorder, "same")
    flood(records, MOST_WATCHED + 1)
    beat(recorder, "hidden")
    beat(recorder, "hidden")
    calm_down(records, flood)
    beat(recorder, "same")
    beat(recorder, "hidden")
    assert not records.findings
    beat(recorder, "hidden")
    assert [it.id for it in records.findings] == ["message-id-reused"]


def test_who_never_boots_again_is_watched_on_after_a_pause(clock: Clock, flood: Flood) -> None:
    records = Records(Journal())
    recorder = records.recorder("CS1")
    recorder.connected("127.0.0.1")
    flood(records, MOST_WATCHED + 1)
    calm_down(records, flood)
    answer = {"status": "Accepted", "interval": 60, "currentTime": "2026-01-01T00:00:02.000Z"}
    recorder.exchanged(BOOT, b"[]", answer, 0.0, together=False)
    clock.now += 100
    records.tick()
    assert [it.id for it in records.findings] == ["connector-status-missing", "heartbeat-missing"][::-1]


def test_the_first_finding_of_a_kind_about_a_station_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    records = Records(Journal())
    with caplog.at_level(logging.INFO, "mock_csms"):
        for station in ("CS1", "CS2"):
            recorder = records.recorder(station)
            for _ in range(3):
                beat(recorder, "same")
    assert [it.levelname for it in caplog.records] == ["WARNING", "INFO"] * 2
    assert caplog.records[0].getMessage().startswith("CS1  found message-id-reused: Heartbeat has")


def test_messages_are_counted_by_who_sent_them_and_their_outcome() -> None:
    records = Records(Journal())
    recorder = records.recorder("CS1")
    beat(recorder, "1")
    beat(recorder, "2")
    recorder.sent_error(b"[]", call("Heartbeat", {}, "3"), 1, 0.1)
    recorder.malformed(b"[", "no JSON")
    for status in ("Accepted", "Rejected"):
        recorder.received_answer(
            b"[]", CallResult("4", {"status": status}), action="Reset", partner=1, elapsed=0.1, violation=None
        )
    recorder.timed_out("5", "Reset")
    assert records.messages == {
        ("received", "Heartbeat", "result"): 2,
        ("received", "Heartbeat", "error"): 1,
        ("received", "", "malformed"): 1,
        ("sent", "Reset", "result"): 1,
        ("sent", "Reset", "refused"): 1,
        ("sent", "Reset", "timeout"): 1,
    }
    assert records.latencies["Reset"].count == 2
