"""Reports of display messages: they have all messages, and none that is over (O01 to O04, O06)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.display_messages import DisplayMessages, MessageQuery, ShownMessage
from mock_csms.v201.findings.known import Known201

OVER: Final = CHECKS.kind(
    "finished-message-reported",
    "error",
    "a report has a display message whose endDateTime is over or whose transaction has ended",
    "the accepted SetDisplayMessage; for a transaction also its Ended event",
)
REPLACED: Final = CHECKS.kind(
    "replaced-message-reported",
    "error",
    "a report has an AlwaysFront message that a later one replaces",
    "both accepted messages, without times and with the same display, state and transaction",
)
LOST: Final = CHECKS.kind(
    "display-message-lost",
    "error",
    "a display message is lost by a reboot",
    "the accepted SetDisplayMessage, and all parts of a report since",
)
MISSING: Final = CHECKS.kind(
    "display-message-not-reported",
    "error",
    "a display message is missing in a report that should have it",
    "the accepted SetDisplayMessage, and all parts of the report",
)
EMPTY: Final = CHECKS.kind(
    "empty-message-report",
    "error",
    "a GetDisplayMessages with criteria is accepted but the report has no message",
    "all parts of the report",
)
NOT_REPLACED: Final = CHECKS.kind(
    "display-message-not-replaced",
    "error",
    "a display message still has its old content after an accepted SetDisplayMessage with its id",
    "both accepted messages",
)

type Selection = Callable[[int, ShownMessage, MessageQuery], bool]
"""Decides whether a check is about a message."""


def _check(fault: str, selects: Selection, *, must_have: bool) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that a complete report has all messages of a kind, or none of them."""

    def check(call: StationCall, known: Known201) -> Outcome:
        messages = known[DisplayMessages]
        completed = messages.completed(call, known)
        if completed is None:
            return None
        query, found = completed
        chosen = {number: one for number, one in messages.by_id.items() if selects(number, one, query)}
        for number, shown in chosen.items():
            if (number in found) != must_have:
                return Broken(
                    f"the report {call.payload['requestId']} {'lacks' if must_have else 'has'} the message "
                    f"{number}, {fault}",
                    (shown.frame, query.frame),
                )
        return MET if chosen else None

    return check


def _is_expired(*, of_transaction: bool) -> Selection:
    return lambda number, shown, query: (
        number in query.expired and (shown.transaction_id is not None) == of_transaction
    )


def _is_replaced(*, of_transaction: bool) -> Selection:
    return lambda _, shown, query: (
        shown.is_replaced and not query.is_filtered and (shown.transaction_id is not None) == of_transaction
    )


def _has_survived_boot(*, of_transaction: bool) -> Selection:
    return lambda number, shown, query: (
        number in query.due
        and shown.has_survived_boot
        and (shown.transaction_id is not None) == of_transaction
    )


def _is_due(*, is_filtered: bool) -> Selection:
    return lambda number, shown, query: (
        number in query.due and not shown.has_survived_boot and query.is_filtered == is_filtered
    )


IS_OVER: Final = "whose endDateTime is over; the station must remove it then"
IS_REPLACED: Final = "but a later AlwaysFront message was accepted, which must replace it"
IS_LOST: Final = "which was accepted before the reboot; messages must survive a reboot"
IS_MISSING: Final = "which was accepted and matches the query; all such messages must be reported"

for _kind, _requirement, _judge in (
    (OVER, "O01.FR.07", _check(IS_OVER, _is_expired(of_transaction=False), must_have=False)),
    (OVER, "O02.FR.07", _check(IS_OVER, _is_expired(of_transaction=True), must_have=False)),
    (
        OVER,
        "O02.FR.02",
        _check(
            "whose transaction has ended; the station must remove it then",
            lambda number, _, query: number in query.ended,
            must_have=False,
        ),
    ),
    (REPLACED, "O01.FR.16", _check(IS_REPLACED, _is_replaced(of_transaction=False), must_have=False)),
    (REPLACED, "O02.FR.18", _check(IS_REPLACED, _is_replaced(of_transaction=True), must_have=False)),
    (LOST, "O01.FR.10", _check(IS_LOST, _has_survived_boot(of_transaction=False), must_have=True)),
    (LOST, "O02.FR.10", _check(IS_LOST, _has_survived_boot(of_transaction=True), must_have=True)),
    (MISSING, "O03.FR.02", _check(IS_MISSING, _is_due(is_filtered=False), must_have=True)),
    (MISSING, "O04.FR.03", _check(IS_MISSING, _is_due(is_filtered=True), must_have=True)),
):
    _kind.on_call(_requirement, of=Action.notify_display_messages)(_judge)


@EMPTY.on_call("O04.FR.02", of=Action.notify_display_messages)
def judge_emptiness(call: StationCall, known: Known201) -> Outcome:
    """Check that an accepted query with criteria has a result."""
    completed = known[DisplayMessages].completed(call, known)
    if completed is None or not completed[0].is_filtered:
        return None
    if completed[1]:
        return MET
    return Broken(
        f"the report {call.payload['requestId']} has no message, but its GetDisplayMessages was Accepted; "
        "the answer must be Unknown if no message matches",
        (completed[0].frame,),
    )


def _shows(reported: JsonObject, info: JsonObject) -> bool:
    """Return whether a report shows the content and priority of a message."""
    return (reported["message"]["content"], reported["priority"]) == (
        info["message"]["content"],
        info["priority"],
    )


@NOT_REPLACED.on_call("O06.FR.01", of=Action.notify_display_messages)
def judge_replacement(call: StationCall, known: Known201) -> Outcome:
    """Check that a message has the content and priority of the latest SetDisplayMessage."""
    messages = known[DisplayMessages]
    query = messages.queries.get(call.payload["requestId"])
    outcome: Outcome = None
    if query is None or query.changes != messages.changes:
        return None
    for reported in call.payload.get("messageInfo", ()):
        shown = messages.by_id.get(reported["id"])
        if shown is None or shown.replaced is None or _shows(shown.replaced, shown.info):
            continue
        if _shows(reported, shown.replaced):
            return Broken(
                f"the message {reported['id']} is reported with its old content or priority, but a later "
                "SetDisplayMessage with this id was accepted; it must replace the message",
                (shown.frame, query.frame),
            )
        outcome = MET
    return outcome
