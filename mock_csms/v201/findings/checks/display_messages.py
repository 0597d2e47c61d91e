"""Answers to commands about display messages (O01 to O06)."""

from collections.abc import Callable
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, AnsweredCommand, Broken, Outcome
from mock_csms.log.summary import short
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.facts.device_model import DeviceModelFacts, VariableName
from mock_csms.v201.findings.facts.display_messages import (
    ALWAYS_FRONT,
    DisplayMessages,
    Shortage,
    ShownMessage,
    blame,
    is_filtered_query,
)
from mock_csms.v201.findings.known import Known201

_ACCEPTED: Final = "Accepted"
_CONTROLLER: Final = "DisplayMessageCtrlr"
_LIMITS: Final = tuple(
    VariableName(_CONTROLLER.lower(), name) for name in ("displaymessages", "numberofdisplaymessages")
)
"""Two names of the variable whose maxLimit is the maximum number of messages; the requirement uses the
second.
"""

UNSUPPORTED_MESSAGE_ACCEPTED: Final = CHECKS.kind(
    "unsupported-message-accepted",
    "error",
    "a display message is accepted although the station does not support its priority or format",
    "DisplayMessageCtrlr.SupportedPriorities or DisplayMessageCtrlr.SupportedFormats",
)
SUPPORTED_MESSAGE_REFUSED: Final = CHECKS.kind(
    "supported-message-refused",
    "error",
    "a display message is refused for its priority or format although the station supports it",
    "DisplayMessageCtrlr.SupportedPriorities or DisplayMessageCtrlr.SupportedFormats",
)
MESSAGE_OVER_LIMIT_ACCEPTED: Final = CHECKS.kind(
    "message-over-limit-accepted",
    "error",
    "a display message is accepted although the station has as many as it can store",
    "the maxLimit of DisplayMessageCtrlr.DisplayMessages, and all messages that the station has stored",
)
MESSAGE_FOR_UNKNOWN_DISPLAY_ACCEPTED: Final = CHECKS.kind(
    "message-for-unknown-display-accepted",
    "warning",
    "a message is accepted for a display that the station does not have",
    "a complete FullInventory with a Display since the last boot",
)
MESSAGE_FOR_ENDED_TRANSACTION_ACCEPTED: Final = CHECKS.kind(
    "message-for-ended-transaction-accepted",
    "error",
    "a message is accepted for a transaction that has ended",
    "the Ended event of the transaction",
)

type MessageJudge = Callable[[JsonObject, AnsweredCommand, Known201], Outcome]


def _with_transaction(
    judge: MessageJudge, *, is_about_transaction: bool
) -> Callable[[AnsweredCommand, Known201], Outcome]:
    """Return a check that applies ``judge`` only to messages that are about a transaction (O02), or only to
    those that are not (O01).
    """

    def check(command: AnsweredCommand, known: Known201) -> Outcome:
        message = command.request["message"]
        if ("transactionId" in message) != is_about_transaction:
            return None
        return judge(message, command, known)

    return check


def _support_judge(what: str, variable: str, refusal: str, *, is_supported: bool) -> MessageJudge:
    """Return a judge of the answer to a SetDisplayMessage that looks only at the priority, or only at the
    format, of the message (``what``). With ``is_supported``, it forbids the answer ``refusal`` if the station
    supports the priority or format; otherwise, it requires ``refusal`` if the station does not support it.
    """

    def judge(message: JsonObject, command: AnsweredCommand, known: Known201) -> Outcome:
        members = known[DeviceModelFacts].members(_CONTROLLER, variable)
        value = message["priority"] if what == "priority" else message["message"]["format"]
        if members is None or (value.lower() in {each.lower() for each in members}) != is_supported:
            return None
        if is_supported and "display" in message:  # one of several displays may support less
            return None
        status = command.answer["status"]
        if is_supported and status == refusal:
            return Broken(
                f"the message {message['id']} with the {what} {value} was answered with {refusal}, but the "
                f"station lists {value} in {variable}; it must support the {what}"
            )
        if not is_supported and status == _ACCEPTED:
            return Broken(
                f"the message {message['id']} with the {what} {value} was accepted, but the station does "
                f"not list {value} in {variable}; the answer must be {refusal}"
            )
        return MET if not is_supported and status == refusal else None

    return judge


def _judge_limit(message: JsonObject, command: AnsweredCommand, known: Known201) -> Outcome:
    model, messages = known[DeviceModelFacts], known[DisplayMessages]
    definition = next((model.definitions[name] for name in _LIMITS if name in model.definitions), None)
    if definition is None or definition.max_limit is None:
        return None
    others = {
        number
        for number in messages.certain(command.at, known) - {message["id"]}
        if _takes_room(messages.by_id[number], beside=message)
    }
    if message["id"] in messages.by_id or len(others) < definition.max_limit:
        return None
    if command.answer["status"] != _ACCEPTED:
        return MET if command.answer["status"] == "Rejected" else None
    return Broken(
        f"the message {message['id']} was accepted although the station has {len(others)} others, and the "
        f"maxLimit of DisplayMessages is {definition.max_limit:g}; the answer must be Rejected"
    )


def _takes_room(shown: ShownMessage, *, beside: JsonObject) -> bool:
    """Return whether the station certainly has the message ``shown``, and still has it after it accepts the
    message ``beside``.
    """
    is_certain = shown.transaction_id is None and not shown.is_from_before_boot
    return is_certain and not beside["priority"] == shown.info["priority"] == ALWAYS_FRONT


for _requirements, _kind, _judge in (
    *(
        (
            requirement,
            kind,
            _support_judge(what, variable, refusal, is_supported=kind is SUPPORTED_MESSAGE_REFUSED),
        )
        for kind in (UNSUPPORTED_MESSAGE_ACCEPTED, SUPPORTED_MESSAGE_REFUSED)
        for requirement, what, variable, refusal in (
            (("O01.FR.01", "O02.FR.03"), "priority", "SupportedPriorities", "NotSupportedPriority"),
            (("O01.FR.03", "O02.FR.05"), "format", "SupportedFormats", "NotSupportedMessageFormat"),
        )
    ),
    (("O01.FR.11", "O02.FR.11"), MESSAGE_OVER_LIMIT_ACCEPTED, _judge_limit),
):
    for _id, _is_about_transaction in zip(_requirements, (False, True), strict=True):
        _kind.on_command(_id, of=Action.set_display_message)(
            _with_transaction(_judge, is_about_transaction=_is_about_transaction)
        )


@MESSAGE_FOR_UNKNOWN_DISPLAY_ACCEPTED.on_command("O01.FR.22", of=Action.set_display_message)
def _judge_display(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a message for a display that does not exist is refused."""
    model, display = known[DeviceModelFacts], command.request["message"].get("display")
    if display is None or not model.is_complete:
        return None
    names = {name.component for name in model.variables()}
    if "display" not in names or display["name"].lower() in names:
        return None
    if command.answer["status"] != _ACCEPTED:
        return MET if command.answer["status"] == "Rejected" else None
    return Broken(
        f"a message for the display {short(display['name'])} was accepted, but the station has reported all "
        "its components and this display is not among them; the answer should be Rejected"
    )


@MESSAGE_FOR_ENDED_TRANSACTION_ACCEPTED.on_command("O02.FR.01", of=Action.set_display_message)
def _judge_transaction(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that a message for a transaction that has ended is refused."""
    message = command.request["message"]
    if "transactionId" not in message or not known[DisplayMessages].was_ended:
        return None
    if command.answer["status"] != _ACCEPTED:
        return MET if command.answer["status"] == "UnknownTransaction" else None
    return Broken(
        f"the message {message['id']} was accepted for the transaction {short(message['transactionId'])}, "
        "which has ended; the answer must be UnknownTransaction"
    )


# Queries and clearing

STORED_MESSAGE_DENIED: Final = CHECKS.kind(
    "stored-message-denied",
    "error",
    "a GetDisplayMessages or ClearDisplayMessage is answered with Unknown although the station has the "
    "message",
    "the accepted SetDisplayMessage, and that no message suggests that the display message has ended",
)
ABSENT_MESSAGES_ANNOUNCED: Final = CHECKS.kind(
    "absent-messages-announced",
    "error",
    "a GetDisplayMessages is accepted although the station has no messages",
    "an answer Unknown to a GetDisplayMessages for all messages, or an empty report, and that no "
    "display message was set since",
)
ABSENT_MESSAGE_CLEARED: Final = CHECKS.kind(
    "absent-message-cleared",
    "error",
    "a ClearDisplayMessage is accepted for a message that was cleared before",
    "the earlier ClearDisplayMessage, and that no display message with this id was set since",
)


def _denial_check(requirement: str, *, is_filtered: bool) -> Callable[[AnsweredCommand, Known201], Outcome]:
    """Return a check that a command about a stored message is accepted. The check applies only to commands
    with an id, priority or state (``is_filtered``), or only to those without.
    """

    def check(command: AnsweredCommand, known: Known201) -> Outcome:
        stored = known[DisplayMessages].stored_for(command, known)
        if not stored or is_filtered_query(command.request) != is_filtered:
            return None
        if command.answer["status"] == _ACCEPTED:
            return MET
        shortages = (
            Shortage(
                STORED_MESSAGE_DENIED.id,
                requirement,
                shown,
                (shown.frame,),
                f"a {command.action} for the message {number} was answered with {command.answer['status']}, "
                "but the station has accepted this message; the answer must be Accepted",
            )
            for number, shown in stored.items()
            if not shown.is_from_before_boot
        )
        return blame(shortages, command.at, known)

    return check


def _announcement_check(*, is_filtered: bool) -> Callable[[AnsweredCommand, Known201], Outcome]:
    def check(command: AnsweredCommand, known: Known201) -> Outcome:
        messages = known[DisplayMessages]
        query = messages.certain_query(command.request)
        if query is None or is_filtered_query(query.request) != is_filtered or not messages.is_empty:
            return None
        if command.answer["status"] != _ACCEPTED:
            return MET
        return Broken(
            "a GetDisplayMessages was accepted, but the station had no message before and none was set "
            "since; the answer must be Unknown"
        )

    return check


for _requirement, _action, _is_filtered in (
    ("O03.FR.01", Action.get_display_messages, False),
    ("O04.FR.01", Action.get_display_messages, True),
    ("O05.FR.01", Action.clear_display_message, True),  # its id counts as a criterion
):
    STORED_MESSAGE_DENIED.on_command(_requirement, of=_action)(
        _denial_check(_requirement, is_filtered=_is_filtered)
    )
ABSENT_MESSAGES_ANNOUNCED.on_command("O03.FR.06", of=Action.get_display_messages)(
    _announcement_check(is_filtered=False)
)
ABSENT_MESSAGES_ANNOUNCED.on_command("O04.FR.07", of=Action.get_display_messages)(
    _announcement_check(is_filtered=True)
)


@ABSENT_MESSAGE_CLEARED.on_command("O05.FR.02", of=Action.clear_display_message)
def _judge_repeated_clearing(command: AnsweredCommand, known: Known201) -> Outcome:
    """Check that the clearing of a message that was cleared before is answered with Unknown."""
    number = command.request["id"]
    if number not in known[DisplayMessages].cleared:
        return None
    if command.answer["status"] != _ACCEPTED:
        return MET
    return Broken(
        f"a ClearDisplayMessage for the message {number} was accepted, but this message was cleared before, "
        "and none with this id was set since; the answer must be Unknown"
    )
