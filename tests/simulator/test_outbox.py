"""The queue of requests of a simulated station."""

from typing import Any

import pytest

from mock_csms.simulator import outbox
from mock_csms.simulator.outbox import Request, StationOutbox


def event(seq_no: int, trigger: str = "Authorized", transaction_id: str = "T") -> Request:
    info = {"transactionId": transaction_id}
    return Request("TransactionEvent", {"seqNo": seq_no, "triggerReason": trigger, "transactionInfo": info})


def filled(*requests: Request) -> StationOutbox:
    box = StationOutbox()
    for request in requests:
        box.add(request)
    return box


def taken(box: StationOutbox, registration: str | None = "Accepted") -> list[Any]:
    requests = []
    while (request := box.take(registration)) is not None:
        requests.append(request.payload.get("seqNo", request.action))
        box.finish()
    return requests


def test_other_messages_go_before_transaction_messages() -> None:
    assert taken(filled(event(0), Request("Heartbeat", {}), event(1))) == ["Heartbeat", 0, 1]


@pytest.mark.parametrize(
    ("registration", "allowed", "later"),
    [
        (None, ["BootNotification", "NotifyReport"], ["StatusNotification", 0]),
        ("Pending", ["BootNotification", "NotifyReport"], ["StatusNotification", 0]),
        ("Rejected", ["BootNotification"], ["StatusNotification", "NotifyReport", 0]),
    ],
)
def test_only_boot_and_solicited_messages_go_before_registration(
    registration: str | None, allowed: list[str], later: list[Any]
) -> None:
    box = filled(
        event(0),
        Request("StatusNotification", {}),
        Request("BootNotification", {}),
        Request("NotifyReport", {}, is_solicited=True),
    )

    assert taken(box, registration) == allowed
    assert taken(box) == later


def test_transaction_message_that_waits_to_retry_holds_back_only_its_kind() -> None:
    box = filled(event(0), Request("Heartbeat", {}))
    box.is_waiting_to_retry = True

    assert taken(box) == ["Heartbeat"]


def test_message_that_is_put_back_goes_first() -> None:
    box = filled(event(0), event(1))
    first = box.take("Accepted")
    assert first is not None
    box.put_back(first)

    assert taken(box) == [0, 1]


def test_waiting_transaction_messages_are_flagged_when_the_connection_is_lost() -> None:
    box = filled(event(0), Request("NotifyEvent", {}))

    box.mark_offline()

    requests = [box.take("Accepted"), box.take("Accepted")]
    assert [request and request.payload.get("offline") for request in requests] == [None, True]


def test_unkept_messages_fail_while_offline() -> None:
    failed: list[str] = []
    box = filled(
        Request("Authorize", {}, on_failure=lambda: failed.append("Authorize"), is_kept=False),
        Request("NotifyEvent", {}),
    )

    box.drop_unkept()

    assert failed == ["Authorize"]
    assert taken(box) == ["NotifyEvent"]


def test_queue_has_transaction_messages_until_they_are_finished() -> None:
    box = filled(event(0, transaction_id="A"))

    assert box.has_transaction_messages("A")
    assert not box.has_transaction_messages("B")
    box.take("Accepted")
    assert box.has_transaction_messages()
    box.finish()
    assert not box.has_transaction_messages()


@pytest.mark.parametrize("trigger", ["MeterValuePeriodic", "MeterValueClock"])
def test_too_many_transaction_messages_lose_every_second_sample(
    monkeypatch: pytest.MonkeyPatch, trigger: str
) -> None:
    monkeypatch.setattr(outbox, "MAX_TRANSACTION_MESSAGES", 6)
    samples = [event(number, trigger) for number in range(1, 6)]

    assert taken(filled(event(0), *samples, event(6, "StopAuthorized"))) == [0, 2, 4, 6]


def test_too_many_other_messages_push_out_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MAX_OTHER_MESSAGES", 2)
    failed: list[str] = []
    requests = [
        Request(action, {}, on_failure=lambda action=action: failed.append(action))  # type: ignore[misc]
        for action in ("A", "B", "C")
    ]

    assert taken(filled(*requests)) == ["B", "C"]
    assert failed == ["A"]
