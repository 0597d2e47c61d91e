"""OCPP-J at a simulated station: CALLs one at a time, their time-outs and retries, and CALLERRORs."""

from typing import Any

import pytest
from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action

from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from tests.support.virtual_station import Wire

INTERVAL_S = 60
STARTED: dict[str, Any] = {
    "event_type": "Started",
    "timestamp": "2026-01-01T00:00:00Z",
    "trigger_reason": "Authorized",
    "transaction_info": {"transactionId": "T"},
}


class Cache:
    """A functional block that answers ClearCache and sends a Heartbeat afterwards."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @on(Action.clear_cache)  # type: ignore[untyped-decorator]
    def clear_cache(self) -> call_result.ClearCache:
        self._core.send(call.Heartbeat())
        return call_result.ClearCache(status="Accepted")


@pytest.fixture
def wire() -> Wire:
    connected = Wire(Cache)
    connected.core.variables.put(
        Key("OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"), str(INTERVAL_S)
    )
    connected.core.variables.put(Key("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"), "3")
    connected.connect()
    return connected


def send_event(wire: Wire, seq_no: int, failed: list[int] | None = None) -> None:
    def on_failure() -> None:
        if failed is not None:
            failed.append(seq_no)

    wire.core.send(call.TransactionEvent(seq_no=seq_no, **STARTED), on_failure=on_failure)
    wire.advance()


def seq_nos(wire: Wire) -> list[int]:
    return [payload["seqNo"] for action, payload in wire.calls if action == "TransactionEvent"]


def test_second_call_waits_for_the_answer_to_the_first(wire: Wire) -> None:
    results: list[Any] = []
    wire.core.send(call.Heartbeat(), results.append)
    wire.core.send(call.Authorize(id_token={"idToken": "A", "type": "Central"}))
    wire.advance()

    assert [action for action, _ in wire.calls] == ["Heartbeat"]
    wire.answer({"currentTime": "2026-01-01T00:00:00Z"})
    assert [action for action, _ in wire.calls] == ["Heartbeat", "Authorize"]
    assert results == [{"currentTime": "2026-01-01T00:00:00Z"}]


def test_answer_to_a_command_goes_before_what_follows_from_it(wire: Wire) -> None:
    wire.receive(2, "1", "ClearCache", {})

    assert [frame[0] for frame in wire.frames] == [3, 2]
    assert wire.frames[0] == [3, "1", {"status": "Accepted"}]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ((2, "1", "Nonsense", {}), "NotImplemented"),
        ((2, "1", "Heartbeat", {}), "NotSupported"),
        ((2, "1", "ClearCache", {"a": 1}), "FormatViolation"),
        ((5, "1"), "MessageTypeNotSupported"),
        ((2, 1, "ClearCache", {}), "RpcFrameworkError"),
    ],
)
def test_invalid_command_is_answered_with_a_callerror(wire: Wire, frame: Any, code: str) -> None:
    wire.receive(*frame)

    assert [(answer[0], answer[2]) for answer in wire.frames] == [(4, code)]


@pytest.mark.parametrize("registration", [None, "Rejected"])
def test_command_to_rejected_station_is_a_security_error(registration: str | None) -> None:
    wire = Wire(Cache, registration=registration)
    wire.connect()

    wire.receive(2, "1", "ClearCache", {})

    assert wire.frames[0][2] == "SecurityError"


def test_call_without_answer_fails_after_the_message_timeout(wire: Wire) -> None:
    failures: list[str] = []
    wire.core.send(call.Heartbeat(), on_failure=lambda: failures.append("Heartbeat"))
    wire.advance(wire.core.variables.integer("OCPPCommCtrlr", "MessageTimeout", "Default"))

    assert failures == ["Heartbeat"]


def test_late_answer_is_ignored(wire: Wire) -> None:
    results: list[Any] = []
    wire.core.send(call.Heartbeat(), results.append)
    wire.advance(1000)
    wire.answer({"currentTime": "2026-01-01T00:00:00Z"})

    assert results == []


def test_refused_transaction_event_is_retried_after_growing_intervals(wire: Wire) -> None:
    failed: list[int] = []
    send_event(wire, 0, failed)

    wire.refuse()
    wire.advance(INTERVAL_S - 1)
    assert seq_nos(wire) == [0]
    wire.advance(1)
    assert seq_nos(wire) == [0, 0]
    wire.refuse()
    wire.advance(2 * INTERVAL_S - 1)
    assert seq_nos(wire) == [0, 0]
    wire.advance(1)
    assert seq_nos(wire) == [0, 0, 0]
    wire.refuse()
    wire.advance(10 * INTERVAL_S)
    assert seq_nos(wire) == [0, 0, 0]
    assert failed == [0]


def test_later_events_wait_for_the_retry_and_are_sent_when_it_is_given_up(wire: Wire) -> None:
    send_event(wire, 0)
    send_event(wire, 1)
    for attempt in range(1, 3):
        wire.refuse()
        wire.advance(attempt * INTERVAL_S)
    wire.refuse()

    assert seq_nos(wire) == [0, 0, 0, 1]


def test_event_without_answer_is_sent_again_on_the_next_connection(wire: Wire) -> None:
    send_event(wire, 0)
    send_event(wire, 1)

    wire.endpoint.closed()
    wire.advance(1000)
    wire.connect()
    wire.answer()

    assert seq_nos(wire) == [0, 0, 1]
    first, second, *_ = [frame[1] for frame in wire.frames if frame[0] == 2]
    assert first != second


def test_unkept_call_fails_when_the_connection_is_lost(wire: Wire) -> None:
    failures: list[str] = []
    wire.core.send(call.Heartbeat(), on_failure=lambda: failures.append("pending"), kept=False)
    wire.advance()
    wire.endpoint.closed()
    wire.core.send(call.Heartbeat(), on_failure=lambda: failures.append("offline"), kept=False)
    wire.advance()

    assert failures == ["pending", "offline"]


def test_time_out_of_a_lost_connection_does_not_end_the_next_call(wire: Wire) -> None:
    timeout_s = wire.core.variables.integer("OCPPCommCtrlr", "MessageTimeout", "Default")
    failures: list[str] = []
    wire.core.send(call.Heartbeat(), on_failure=lambda: failures.append("Heartbeat"))
    wire.advance(timeout_s - 1)
    wire.endpoint.closed()
    wire.connect()

    wire.advance(timeout_s - 1)
    assert failures == []
    wire.advance(1)
    assert failures == ["Heartbeat"]


def test_lost_connection_is_not_a_failed_attempt(wire: Wire) -> None:
    failed: list[int] = []
    send_event(wire, 0, failed)
    for _ in range(5):
        wire.endpoint.closed()
        wire.connect()

    wire.answer()

    assert failed == []
    assert seq_nos(wire) == [0] * 6
