"""Reports of display messages: they must have all messages, and none that has ended (O01 to O04, O06)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome, StationCall
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.display_messages import (
    DisplayMessages,
    MessageQuery,
    Shortage,
    ShownMessage,
    blame,
)
from mock_csms.v201.findings.known import Known201

FINISHED_MESSAGE_REPORTED: Final = CHECKS.kind(
    "finished-message-reported",
    "error",
    "a report has a display message whose endDateTime is over or whose transaction has ended",
    "the accepted SetDisplayMessage; for a transaction that has ended, also its Ended event",
)
REPLACED_MESSAGE_REPORTED: Final = CHECKS.kind(
    "replaced-message-reported",
    "error",
    "a report has an AlwaysFront message that a later one replaces",
    "the accepted SetDisplayMessage of both messages; both must be for the same display, state and "
    "transaction, without startDateTime and endDateTime",
)
DISPLAY_MESSAGE_LOST: Final = CHECKS.kind(
    "display-message-lost",
    "error",
    "a display message is lost by a reboot",
    "the accepted SetDisplayMessage; after the reboot, also all parts of a report or an answer Unknown",
)
DISPLAY_MESSAGE_NOT_REPORTED: Final = CHECKS.kind(
    "display-message-not-reported",
    "error",
    "a display message is missing in a report that should have it",
    "the accepted SetDisplayMessage, and all parts of the report",
)
EMPTY_MESSAGE_REPORT: Final = CHECKS.kind(
    "empty-message-report",
    "error",
    "a GetDisplayMessages with criteria is accepted but the report has no message",
    "all parts of the report",
)
DISPLAY_MESSAGE_NOT_REPLACED: Final = CHECKS.kind(
    "display-message-not-replaced",
    "error",
    "a display message still has its old content after an accepted SetDisplayMessage with its id",
    "the accepted SetDisplayMessage of the old content and that of the new content",
)

type MessageSelection = Callable[[int, ShownMessage, MessageQuery], bool]
"""Returns whether a check is about a message, given its id, its facts and the query of the report."""


def _absence_check(fault: str, selects: MessageSelection) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that a complete report has none of the messages that ``selects`` selects."""

    def check(call: StationCall, known: Known201) -> Outcome:
        messages = known[DisplayMessages]
        completed = messages.completed(call, known)
        if completed is None:
            return None
        query, found = completed
        chosen = {number: one for number, one in messages.by_id.items() if selects(number, one, query)}
        if not chosen.keys() & found:
            return MET if chosen else None
        number = min(chosen.keys() & found)
        return Broken(
            f"the report {call.payload['requestId']} has the message {number}, {fault}",
            (chosen[number].frame, query.frame),
        )

    return check


def _presence_check(
    kind: str, requirement: str, fault: str, selects: MessageSelection
) -> Callable[[StationCall, Known201], Outcome]:
    """Return a check that a complete report has all messages that ``selects`` selects among those that must
    be in it.
    """

    def check(call: StationCall, known: Known201) -> Outcome:
        messages = known[DisplayMessages]
        completed = messages.completed(call, known)
        if completed is None:
            return None
        query, found = completed
        chosen = {number: messages.by_id[number] for number in query.due}
        chosen = {number: one for number, one in chosen.items() if selects(number, one, query)}
        shortages = [
            Shortage(
                kind,
                requirement,
                chosen[number],
                (chosen[number].frame, query.frame),
                f"the report {call.payload['requestId']} lacks the message {number}, {fault}",
            )
            for number in sorted(chosen.keys() - found)
        ]
        if shortages:
            return blame(shortages, call.at, known)
        return MET if chosen else None

    return check


def _is_expired(*, of_transaction: bool) -> MessageSelection:
    return lambda number, shown, query: (
        number in query.expired and (shown.transaction_id is not None) == of_transaction
    )


def _is_replaced(*, of_transaction: bool) -> MessageSelection:
    return lambda _, shown, query: (
        shown.is_replaced and not query.is_filtered and (shown.transaction_id is not None) == of_transaction
    )


def _is_from_before_boot(*, of_transaction: bool) -> MessageSelection:
    return lambda _, shown, __: (
        shown.is_from_before_boot and (shown.transaction_id is not None) == of_transaction
    )


def _is_due(*, is_filtered: bool) -> MessageSelection:
    return lambda _, shown, query: not shown.is_from_before_boot and query.is_filtered == is_filtered


_IS_OVER: Final = "whose endDateTime is over; the station must remove it then"
_IS_REPLACED: Final = "but a later AlwaysFront message was accepted, which must replace it"
_IS_LOST: Final = "which was accepted before the reboot; messages must survive a reboot"
_IS_MISSING: Final = "which was accepted and matches the query; all such messages must be reported"

for _kind, _requirement, _fault, _selects in (
    (FINISHED_MESSAGE_REPORTED, "O01.FR.07", _IS_OVER, _is_expired(of_transaction=False)),
    (FINISHED_MESSAGE_REPORTED, "O02.FR.07", _IS_OVER, _is_expired(of_transaction=True)),
    (
        FINISHED_MESSAGE_REPORTED,
        "O02.FR.02",
        "whose transaction has ended; the station must remove it then",
        lambda number, _, query: number in query.ended,
    ),
    (REPLACED_MESSAGE_REPORTED, "O01.FR.16", _IS_REPLACED, _is_replaced(of_transaction=False)),
    (REPLACED_MESSAGE_REPORTED, "O02.FR.18", _IS_REPLACED, _is_replaced(of_transaction=True)),
):
    _kind.on_call(_requirement, of=Action.notify_display_messages)(_absence_check(_fault, _selects))

for _kind, _requirement, _fault, _selects in (
    (DISPLAY_MESSAGE_LOST, "O01.FR.10", _IS_LOST, _is_from_before_boot(of_transaction=False)),
    (DISPLAY_MESSAGE_LOST, "O02.FR.10", _IS_LOST, _is_from_before_boot(of_transaction=True)),
    (DISPLAY_MESSAGE_NOT_REPORTED, "O03.FR.02", _IS_MISSING, _is_due(is_filtered=False)),
    (DISPLAY_MESSAGE_NOT_REPORTED, "O04.FR.03", _IS_MISSING, _is_due(is_filtered=True)),
):
    _kind.on_call(_requirement, of=Action.notify_display_messages)(
        _presence_check(_kind.id, _requirement, _fault, _selects)
    )


def _loss_check(requirement: str, *, of_transaction: bool) -> Callable[[AnsweredCommand, Known201], Outcome]:
    """Return a check that the station does not answer Unknown to a command about a message that it accepted
    before a reboot. The check applies only to messages about a transaction (``of_transaction``), or only to
    the others.
    """

    def check(command: AnsweredCommand, known: Known201) -> Outcome:
        if command.answer["status"] != "Unknown":
            return None
        shortages = (
            Shortage(
                DISPLAY_MESSAGE_LOST.id,
                requirement,
                shown,
                (shown.frame,),
                f"a {command.action} for the message {number} was answered with Unknown, but the message "
                "was accepted before the reboot; messages must survive a reboot",
            )
            for number, shown in known[DisplayMessages].stored_for(command, known).items()
            if shown.is_from_before_boot and (shown.transaction_id is not None) == of_transaction
        )
        return blame(shortages, command.at, known)

    return check


for _requirement, _of_transaction in (("O01.FR.10", False), ("O02.FR.10", True)):
    DISPLAY_MESSAGE_LOST.on_command(
        _requirement, of=(Action.get_display_messages, Action.clear_display_message)
    )(_loss_check(_requirement, of_transaction=_of_transaction))


@EMPTY_MESSAGE_REPORT.on_call("O04.FR.02", of=Action.notify_display_messages)
def _judge_emptiness(call: StationCall, known: Known201) -> Outcome:
    """Check that the report for an accepted query with criteria has a message."""
    completed = known[DisplayMessages].completed(call, known)
    if completed is None or not completed[0].is_filtered:
        return None
    if completed[1]:
        return MET
    if known[DisplayMessages].may_have_ended(completed[0]):
        return None
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


@DISPLAY_MESSAGE_NOT_REPLACED.on_call("O06.FR.01", of=Action.notify_display_messages)
def _judge_replacement(call: StationCall, known: Known201) -> Outcome:
    """Check that a message has the content and priority of the latest SetDisplayMessage."""
    messages = known[DisplayMessages]
    query = messages.certain_query(call.payload)
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
