"""Records of all stations: findings, their pause under load, and message counts."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest

from mock_csms.findings.kinds import Finding, FindingKind, Watch
from mock_csms.findings.observer import Observer
from mock_csms.findings.silences import Silences
from mock_csms.journal import recorder as recorder_module
from mock_csms.journal import records as records_module
from mock_csms.journal.recorder import AnsweredCall, Recorder
from mock_csms.journal.records import CALM_TICKS, MAX_FINDING_LINES, MAX_WATCHED_RATE, FindingLog, Records
from mock_csms.journal.statistics import MAX_IDENTITIES, Statistics, Totals
from mock_csms.journal.store import Journal
from mock_csms.messages import Call, CallRejected, CallResult, ErrorCode, JsonObject, MalformedFrame
from tests.support.journal import recorder_of
from tests.support.payloads import call
from tests.support.toy import TOY_VERSION

VENDOR = {"model": "Model", "vendorName": "Vendor"}
BOOT = call("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})


class Clock:
    """Clock of `Records`, moved by the tests."""

    now = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(recorder_module, "time", clock)
    monkeypatch.setattr(records_module, "time", clock)
    monkeypatch.setattr(records_module, "monotonic", clock)
    return clock


def beat(recorder: Recorder, message_id: str) -> None:
    """Record a Heartbeat of a station and its answer."""
    answer(recorder, call("Heartbeat", {}, message_id), {})


def answer(recorder: Recorder, call: Call, payload: JsonObject | None) -> None:
    """Record a CALL and its CALLRESULT; if ``payload`` is None, its CALLERROR."""
    refusal = CallRejected(ErrorCode.INTERNAL_ERROR, "no") if payload is None else None
    answered = AnsweredCall(
        call, is_checked=True, is_unknown=False, pipelined=False, payload=payload, refusal=refusal
    )
    recorder.answered(answered, b"[]", 0.0)


@pytest.fixture
def flood(clock: Clock) -> Callable[[Records, int], None]:
    """Return a function that records a number of entries, moves the clock by one second, and ticks."""

    def flood(records: Records, frames: int) -> None:
        for _ in range(frames):
            records.journal.note("CS9", 1, None, "connected")
        clock.now += 1
        records.tick()

    return flood


type Flood = Callable[[Records, int], None]


@pytest.mark.parametrize(("watch", "observing"), [("auto", True), ("always", True), ("never", False)])
def test_findings_are_reported_unless_watch_is_never(watch: Watch, *, observing: bool) -> None:
    records = Records(Journal(), watch=watch)
    recorder = recorder_of(records, "CS1")
    beat(recorder, "same")
    beat(recorder, "same")
    assert [finding.id for finding in records.findings] == ["message-id-reused"] * observing


@pytest.mark.parametrize(
    ("watch", "frames", "observing"),
    [
        ("auto", MAX_WATCHED_RATE, True),
        ("auto", MAX_WATCHED_RATE + 1, False),
        ("always", MAX_WATCHED_RATE + 1, True),
        ("never", 0, False),
    ],
)
def test_findings_pause_under_high_load(flood: Flood, watch: Watch, frames: int, *, observing: bool) -> None:
    records = Records(Journal(), watch=watch)
    flood(records, frames)
    assert records.observing is observing


def test_pause_is_logged_at_start_and_end(flood: Flood, caplog: pytest.LogCaptureFixture) -> None:
    records = Records(Journal())
    with caplog.at_level(logging.INFO, "mock_csms"):
        calm = [MAX_WATCHED_RATE // 2 - 1] + [0] * (CALM_TICKS - 1)
        for frames in (MAX_WATCHED_RATE + 1, 0, MAX_WATCHED_RATE // 2, *calm, 0):
            flood(records, frames)
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        "more than 2500 calls per second",
        "the load has dropped; findings are reported again",
    ]
    assert records.unobserved == MAX_WATCHED_RATE - 1


def calm_down(records: Records, flood: Flood) -> None:
    for _ in range(CALM_TICKS):
        flood(records, 0)


def test_messages_during_a_pause_cause_no_findings(flood: Flood) -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    recorder.connected("127.0.0.1")
    beat(recorder, "same")
    flood(records, MAX_WATCHED_RATE + 1)
    beat(recorder, "hidden")
    beat(recorder, "hidden")
    calm_down(records, flood)
    beat(recorder, "same")
    beat(recorder, "hidden")
    assert not records.findings
    beat(recorder, "hidden")
    assert [finding.id for finding in records.findings] == ["message-id-reused"]


def test_booted_station_is_observed_again_after_a_pause(clock: Clock, flood: Flood) -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    recorder.connected("127.0.0.1")
    flood(records, MAX_WATCHED_RATE + 1)
    calm_down(records, flood)
    accepted = {"status": "Accepted", "interval": 60, "currentTime": "2026-01-01T00:00:02.000Z"}
    answer(recorder, BOOT, accepted)
    clock.now += 100
    records.tick()
    assert [finding.id for finding in records.findings] == ["connector-status-missing", "heartbeat-missing"][
        ::-1
    ]


def test_first_finding_of_a_kind_about_a_station_is_a_warning(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    records = Records(Journal())
    with caplog.at_level(logging.INFO, "mock_csms"):
        for station in ("CS1", "CS2"):
            recorder = recorder_of(records, station)
            for _ in range(3):
                beat(recorder, "same")
                clock.now += 2
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"] * 2
    assert caplog.records[0].getMessage().startswith("CS1  finding message-id-reused: Heartbeat reuses")


def reuse_id(recorder: Recorder, times: int) -> None:
    """Record Heartbeats with the same message id; all but the first cause message-id-reused."""
    for _ in range(times):
        beat(recorder, "same")


def test_flood_of_one_finding_is_one_line_a_second_with_a_count(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    records = Records(Journal(), watch="always")
    recorder = recorder_of(records, "CS1")
    with caplog.at_level(logging.INFO, "mock_csms"):
        reuse_id(recorder, 83)
        records.tick()
        assert len(caplog.messages) == 1
        clock.now += 1
        records.tick()
        records.tick()
    first, more = caplog.messages
    sentence = first.removeprefix("CS1  finding message-id-reused: ")
    assert more == f"CS1  finding message-id-reused: 81 more findings; the last one: {sentence}"
    assert records.found["message-id-reused"] == 82


def test_flood_of_findings_is_counted_at_the_end_of_the_run(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    records = Records(Journal(), watch="always")
    with caplog.at_level(logging.INFO, "mock_csms"):
        reuse_id(recorder_of(records, "CS1"), 4)
        reuse_id(recorder_of(records, "CS2"), 3)
        records.end()
    assert [line.partition(" a")[0] for line in caplog.messages if "Heartbeat" in line][2:] == [
        "CS1  finding message-id-reused: 2 more findings; the last one: Heartbeat reuses the message id same "
        "of",
        "CS2  finding message-id-reused: Heartbeat reuses the message id same of",
    ]


def test_line_after_a_flood_follows_its_count(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    records = Records(Journal(), watch="always")
    recorder = recorder_of(records, "CS1")
    with caplog.at_level(logging.INFO, "mock_csms"):
        reuse_id(recorder, 4)
        clock.now += 2
        reuse_id(recorder, 1)
    assert ["more" in line for line in caplog.messages] == [False, True, False]


def test_invented_actions_are_counted_under_one_name() -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    for number in range(1000):
        action = f"invented{number}"
        refusal = CallRejected(ErrorCode.NOT_IMPLEMENTED, "no")
        answered = AnsweredCall(
            Call("1", action, b"[]", json={}),
            is_checked=False,
            is_unknown=True,
            pipelined=False,
            refusal=refusal,
        )
        recorder.answered(answered, b"[]", 0.0)
        result = CallResult("4", {"status": "Accepted"})
        recorder.received_answer(b"[]", result, action=action, partner=1, elapsed=0.1, violation=None)
        recorder.timed_out("5", action)
    assert records.statistics.messages == {
        ("received", "unknown action", "error"): 1000,
        ("sent", "unknown action", "result"): 1000,
        ("sent", "unknown action", "timeout"): 1000,
    }
    assert list(records.statistics.latencies) == ["unknown action"]


def test_messages_are_counted_by_direction_action_and_outcome() -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    beat(recorder, "1")
    beat(recorder, "2")
    answer(recorder, call("Heartbeat", {}, "3"), None)
    recorder.malformed(b"[", MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "not JSON"))
    for status in ("Accepted", "Rejected"):
        recorder.received_answer(
            b"[]", CallResult("4", {"status": status}), action="Reset", partner=1, elapsed=0.1, violation=None
        )
    recorder.timed_out("5", "Reset")
    recorder.failed("Reset", "disconnected")
    assert records.statistics.messages == {
        ("received", "Heartbeat", "result"): 2,
        ("received", "Heartbeat", "error"): 1,
        ("received", "", "malformed"): 1,
        ("sent", "Reset", "result"): 1,
        ("sent", "Reset", "refused"): 1,
        ("sent", "Reset", "timeout"): 1,
        ("sent", "Reset", "disconnected"): 1,
    }
    assert records.statistics.latencies["Reset"].count == 2


def test_totals_count_each_call_of_a_station_and_its_answer_once() -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    beat(recorder, "1")
    assert records.statistics.totals == Totals(received=1, sent=1, results=1, errors=0, timeouts=0)
    unchecked = AnsweredCall(
        call("Heartbeat", {}, "2"), is_checked=False, is_unknown=False, pipelined=False, payload={}
    )
    recorder.answered(unchecked, b"[]", 0.0)
    assert records.statistics.totals == Totals(received=2, sent=2, results=2, errors=0, timeouts=0)
    recorder.sent(unchecked, recorder.received(unchecked), None, 0.0)
    assert records.statistics.totals == Totals(received=3, sent=2, results=2, errors=0, timeouts=0)
    answer(recorder, call("Heartbeat", {}, "3"), None)
    assert records.statistics.totals == Totals(received=4, sent=3, results=2, errors=1, timeouts=0)
    number, _ = recorder.malformed(b"[", MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "not JSON"))
    recorder.answered_malformed(b"[4]", "-1", number)
    assert records.statistics.totals == Totals(received=5, sent=4, results=2, errors=3, timeouts=0)


def test_totals_count_a_command_when_it_is_sent() -> None:
    records = Records(Journal())
    recorder = recorder_of(records, "CS1")
    partner = recorder.sent_call(b"[2]", "1", "Reset", {}, valid=False)
    assert records.statistics.totals == Totals(received=0, sent=1, results=0, errors=0, timeouts=0)
    result = CallResult("1", {"status": "Accepted"})
    recorder.received_answer(b"[3]", result, action="Reset", partner=partner, elapsed=0.1, violation=None)
    recorder.received_answer(b"[3]", result, action=None, partner=None, elapsed=None, violation=None)
    recorder.timed_out("2", "Reset")
    assert records.statistics.totals == Totals(received=2, sent=1, results=2, errors=0, timeouts=1)


@pytest.mark.parametrize("hints", [False, True])
def test_hints_are_reported_on_request_and_logged_at_info(
    caplog: pytest.LogCaptureFixture, *, hints: bool
) -> None:
    kinds = {"recommended": FindingKind("hint", "B01", "not recommended")}
    version = replace(TOY_VERSION, finding_kinds=kinds)
    records = Records(Journal(), silences=Silences([kinds], hints=hints))
    observer = records.observer("CS1", version, Observer)
    with caplog.at_level(logging.INFO, "mock_csms"):
        records.find(observer._report("recommended", 0.0, (1,), "It is not recommended."))

    assert [record.levelname for record in caplog.records] == ["INFO"] * hints
    assert records.found["recommended"] == hints


def test_clock_that_is_set_is_reported_to_the_observers(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(Journal())
    observer = records.observer("CS1", TOY_VERSION, Observer)
    jumps_s: list[float] = []
    monkeypatch.setattr(Observer, "clock_set", lambda _, _at, seconds: jumps_s.append(seconds))
    monkeypatch.setattr(records_module, "time", lambda: clock.now + 3600)
    records.tick()
    records.tick()

    assert observer
    assert jumps_s == [3600]


# Many identities


MANY = 1_000_000


def test_many_identities_are_counted_up_to_a_bound() -> None:
    statistics = Statistics()

    for number in range(MANY):
        statistics.connected(f"CS{number}")

    assert (statistics.connections, statistics.stations) == (MANY, MAX_IDENTITIES)


def test_findings_about_many_identities_are_remembered_up_to_a_bound(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    log = FindingLog()

    for number in range(MAX_FINDING_LINES + 10):
        log.log(Finding("call-unanswered", "error", "B01", f"CS{number}", 0.0, (), "no"), 0.0)

    assert len(log._lines) == MAX_FINDING_LINES


def test_count_of_a_forgotten_kind_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(records_module, "MAX_FINDING_LINES", 1)
    log = FindingLog()

    for station in ("CS1", "CS1", "CS2"):
        log.log(Finding("call-unanswered", "error", "B01", station, 0.0, (), f"of {station}"), 0.0)

    assert [record.getMessage() for record in caplog.records] == [
        "CS1  finding call-unanswered: of CS1",
        "CS1  finding call-unanswered: of CS1",
        "CS2  finding call-unanswered: of CS2",
    ]
    log.report()
    assert len(caplog.records) == 3
