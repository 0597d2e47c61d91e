"""Display messages (O)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import ClearMessageStatusEnumType as ClearStatus
from ocpp.v201.enums import DisplayMessageStatusEnumType as DisplayStatus
from ocpp.v201.enums import GetDisplayMessagesStatusEnumType as GetStatus
from ocpp.v201.enums import MessagePriorityEnumType as Priority

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core
from mock_csms.simulator.device_model import Key
from mock_csms.simulator.instants import has_passed, optional_moment

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

DISPLAY_CTRLR: Final = "DisplayMessageCtrlr"
COUNT: Final = Key(DISPLAY_CTRLR, "DisplayMessages")
MESSAGES_PER_PART: Final = 10


class Displays:
    """Stores the messages to display, which survive a reboot (O01.FR.10)."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._messages: dict[int, JsonObject] = {}
        self._expiry: Timer | None = None
        """Timer for the earliest endDateTime of the messages."""

    @on(Action.set_display_message)
    def set_display_message(self, message: JsonObject) -> call_result.SetDisplayMessage:
        """Store a message in place of the messages that it replaces (O01.FR.16, O06.FR.01)."""
        status = self._refusal(message) or DisplayStatus.accepted
        if status == DisplayStatus.accepted:
            kept = [other for other in self._messages.values() if not is_replaced(other, message)]
            self._store([*kept, message])
        return call_result.SetDisplayMessage(status=status)

    def _refusal(self, message: JsonObject) -> DisplayStatus | None:
        """Status that rejects a message of SetDisplayMessage; None if the message can be stored."""
        variables = self._core.variables
        if message["priority"] not in variables.members(DISPLAY_CTRLR, "SupportedPriorities"):
            return DisplayStatus.not_supported_priority  # O01.FR.01
        if message["message"]["format"] not in variables.members(DISPLAY_CTRLR, "SupportedFormats"):
            return DisplayStatus.not_supported_message_format  # O01.FR.03
        transaction_id = message.get("transactionId")
        if transaction_id is not None and not self._is_running(transaction_id):
            return DisplayStatus.unknown_transaction  # O02.FR.01
        is_unknown_display = "display" in message and not variables.has_component(message["display"])
        is_over = has_passed(message.get("endDateTime"), self._core.now())
        if is_unknown_display or is_over or self._is_full_for(message):
            return DisplayStatus.rejected  # O01.FR.22, O01.FR.11
        return None

    def _is_running(self, transaction_id: str) -> bool:
        return any(evse.transaction_id == transaction_id for evse in self._core.evses)

    def _is_full_for(self, message: JsonObject) -> bool:
        limit = self._core.variables.variable(COUNT).max_limit
        remaining = sum(not is_replaced(other, message) for other in self._messages.values())
        return limit is not None and remaining >= limit

    def transaction_ended(self, transaction_id: str) -> None:
        """Remove the messages that belong to a transaction that has ended (O02.FR.02)."""
        self._keep_if(lambda message: message.get("transactionId") != transaction_id)

    def _keep_if(self, is_kept: Callable[[JsonObject], bool]) -> None:
        self._store(filter(is_kept, self._messages.values()))

    def _store(self, messages: Iterable[JsonObject]) -> None:
        """Replace all stored messages by ``messages``, and set the timer for the earliest endDateTime."""
        self._messages = {message["id"]: message for message in messages}
        self._core.variables.put(COUNT, str(len(self._messages)))
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        ends = [end for message in self._messages.values() if (end := end_of(message)) is not None]
        if ends:
            next_end = min(ends)
            self._expiry = self._core.at(next_end, lambda: self._drop_until(next_end))

    def _drop_until(self, moment: datetime) -> None:
        """Remove the messages whose endDateTime is not later than a moment."""
        self._keep_if(lambda message: (end := end_of(message)) is None or end > moment)

    @on(Action.get_display_messages)
    def get_display_messages(
        self,
        request_id: int,
        id: list[int] | None,  # noqa: A002 - the name in OCPP
        priority: str | None,
        state: str | None,
    ) -> call_result.GetDisplayMessages:
        """Report the messages that match all criteria, in one or more NotifyDisplayMessages (O03, O04)."""
        found = [
            message
            for message in self._messages.values()
            if (id is None or message["id"] in id)
            and priority in {None, message["priority"]}
            and state in {None, message.get("state")}
        ]
        if not found:
            return call_result.GetDisplayMessages(status=GetStatus.unknown)  # O03.FR.06, O04.FR.02
        self._core.send_report(
            call.NotifyDisplayMessages(
                request_id=request_id,
                message_info=found[start : start + MESSAGES_PER_PART],
                tbc=True if start + MESSAGES_PER_PART < len(found) else None,
            )
            for start in range(0, len(found), MESSAGES_PER_PART)
        )
        return call_result.GetDisplayMessages(status=GetStatus.accepted)

    @on(Action.clear_display_message)
    def clear_display_message(self, id: int) -> call_result.ClearDisplayMessage:  # noqa: A002
        """Remove a message (O05)."""
        if id not in self._messages:
            return call_result.ClearDisplayMessage(status=ClearStatus.unknown)
        self._keep_if(lambda message: message["id"] != id)
        return call_result.ClearDisplayMessage(status=ClearStatus.accepted)


def end_of(message: JsonObject) -> datetime | None:
    """The endDateTime of a message; None if it is missing or invalid."""
    return optional_moment(message.get("endDateTime"))


def is_replaced(old: JsonObject, new: JsonObject) -> bool:
    """Whether a new message removes an old one.

    This is so if both have the same id (O06.FR.01), or if both are AlwaysFront (O01.FR.16).
    """
    are_always_front = old["priority"] == new["priority"] == Priority.always_front
    return bool(old["id"] == new["id"] or are_always_front)
