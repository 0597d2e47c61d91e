"""Display messages of a station, as commands have set and reports have shown them (O01 to O06)."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ocpp.v201.enums import Action

from mock_csms.findings.checks import AnsweredCommand, Broken, CommandCall, Outcome, StationCall
from mock_csms.findings.facts import Facts
from mock_csms.messages import JsonObject
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.clock import CLOCK_ERROR_S, seconds_of
from mock_csms.v201.findings.facts.monitors import REBOOTS
from mock_csms.v201.findings.known import Known201
from mock_csms.v201.findings.running import Suspicion

_MAX_MESSAGES: Final = 100
_MAX_QUERIES: Final = 10
_MAX_REPORTED: Final = 1_000
"""Maximum number of messages in a report; a report with more messages is no longer followed."""
_AFTER_END_S: Final = 5.0
"""Time that a station may take to forget a transaction and to remove its messages."""
ALWAYS_FRONT: Final = "AlwaysFront"
_CHANGES: Final = frozenset({Action.set_display_message.value, Action.clear_display_message.value})
"""Commands that change the messages."""
_TIMES: Final = ("startDateTime", "endDateTime")


class ShownMessage(NamedTuple):
    """A message that the station has accepted."""

    info: JsonObject
    frame: int
    """Number of the journal entry in which the station accepted the message."""
    replaced: JsonObject | None = None
    """Earlier message with the same id."""
    is_replaced: bool = False
    """Whether a later AlwaysFront message has certainly taken the place of this message."""
    is_doubtful: bool = False
    """Whether the station may have replaced or lost the message."""
    is_from_before_boot: bool = False
    """Whether the station has restarted, and has not reported the message since."""

    @property
    def transaction_id(self) -> str | None:
        """Transaction that the message is about."""
        return self.info.get("transactionId")

    def has_expired(self, at: float) -> bool | None:
        """Return whether the endDateTime is over; None if it is unreadable or within the clock error of
        ``at``.
        """
        end = self.info.get("endDateTime")
        seconds = None if end is None else seconds_of(end)
        if end is None:
            return False
        if seconds is None or abs(seconds - at) <= CLOCK_ERROR_S:
            return None
        return seconds < at


class MessageQuery(NamedTuple):
    """A GetDisplayMessages, and the messages in the parts of its report so far."""

    request: JsonObject
    frame: int
    changes: int
    """Value of ``DisplayMessages.changes`` when the query was sent."""
    due: frozenset[int]
    """Ids of the messages that the report must have."""
    expired: frozenset[int]
    """Ids of matching messages whose endDateTime was over when the query was sent."""
    ended: frozenset[int]
    """Ids of matching messages whose transaction had ended when the query was sent."""
    is_certain: bool = True
    """Whether all parts with the requestId of the query belong to this query."""
    is_accepted: bool = False
    found: frozenset[int] = frozenset()
    """Ids of the messages in the parts so far."""

    @property
    def is_filtered(self) -> bool:
        """Whether the query asks for some messages only (O04)."""
        return is_filtered_query(self.request)


class Shortage(NamedTuple):
    """A message that the station must have, but denies or does not report."""

    kind: str
    requirement: str
    shown: ShownMessage
    frames: tuple[int, ...]
    sentence: str


def is_filtered_query(request: JsonObject) -> bool:
    """Return whether a GetDisplayMessages asks for some messages only."""
    return not request.keys().isdisjoint({"id", "priority", "state"})


def blame(shortages: Iterable[Shortage], at: float, known: Known201) -> Outcome:
    """Report the first shortage whose message has no transaction. Store every shortage that precedes it as
    a suspicion about the transaction of the message. The suspicion is reported once a later event shows that
    the transaction goes on: until then, the Ended event may be on the way.
    """
    for kind, requirement, shown, frames, sentence in shortages:
        if shown.transaction_id is None:
            return Broken(sentence, frames)
        known.running.by_id[shown.transaction_id].suspicions.append(
            Suspicion(kind, at, frames, sentence, requirements=(requirement,))
        )
    return None


class DisplayMessages(Facts):
    """Messages by id, ids without a message, and reports in progress."""

    __slots__ = ("by_id", "changes", "cleared", "is_empty", "queries", "was_ended")

    def __init__(self) -> None:
        self.by_id: dict[int, ShownMessage] = {}
        self.cleared: frozenset[int] = frozenset()
        """Ids that were cleared and not set since."""
        self.is_empty = False
        """Whether the station certainly has no message."""
        self.queries: dict[int, MessageQuery] = {}
        self.changes = 0
        """Counter of commands that may have changed the messages; each counts when it is sent and when it is
        answered.
        """
        self.was_ended = False
        """Whether the transaction of the latest SetDisplayMessage had ended when the command was sent."""

    def forget(self) -> None:
        """Drop everything about the messages."""
        self.by_id.clear()
        self.cleared = frozenset()
        self.is_empty = False
        self.changes += 1

    def store(self, message: JsonObject, frame: int) -> None:
        """Store an accepted message, and drop an earlier message with the same id."""
        number = message["id"]
        earlier = self.by_id.pop(number, None)
        if message["priority"] == ALWAYS_FRONT:
            self._replace_fronts(message)
        if len(self.by_id) >= _MAX_MESSAGES:
            del self.by_id[next(iter(self.by_id))]
        self.by_id[number] = ShownMessage(message, frame, earlier and earlier.info)
        self.cleared -= {number}
        self.is_empty = False

    def _replace_fronts(self, message: JsonObject) -> None:
        """Mark each stored AlwaysFront message as doubtful, because ``message`` may replace it; it certainly
        does if both have the same display, state and transaction, and neither has a start or end time.
        """
        for number, shown in self.by_id.items():
            if shown.info["priority"] == ALWAYS_FRONT:
                is_same = all(
                    shown.info.get(name) == message.get(name)
                    for name in ("display", "state", "transactionId")
                ) and not any(name in info for name in _TIMES for info in (shown.info, message))
                self.by_id[number] = shown._replace(is_replaced=is_same, is_doubtful=True)

    def clear(self, number: int) -> None:
        """Remove a message, and remember its id as cleared."""
        self.by_id.pop(number, None)
        self.cleared = frozenset([*sorted(self.cleared), number][-_MAX_MESSAGES:])

    def certain(self, at: float, known: Known201) -> frozenset[int]:
        """Return the ids of the messages that the station must still have."""
        running = {transaction_id for transaction_id, _ in known.running.certain_on_evse(None)}
        return frozenset(
            number
            for number, shown in self.by_id.items()
            if not shown.is_doubtful
            and shown.has_expired(at) is False
            and (known.clock.is_right or "endDateTime" not in shown.info)
            and shown.transaction_id in {None, *running}
        )

    def certain_query(self, payload: JsonObject) -> MessageQuery | None:
        """Return the query with the requestId in `payload`; None if there is no such query, or if the
        requestId was used again.
        """
        query = self.queries.get(payload["requestId"])
        return query if query is not None and query.is_certain else None

    def stored_for(self, command: AnsweredCommand, known: Known201) -> dict[int, ShownMessage]:
        """Return, by id, the messages that a GetDisplayMessages or ClearDisplayMessage is about and that the
        station must still have.
        """
        if command.action == Action.clear_display_message:
            asked = frozenset({command.request["id"]})
        else:
            query = self.certain_query(command.request)
            asked = query.due if query else frozenset()
        return {number: self.by_id[number] for number in sorted(asked & self.certain(command.at, known))}

    def completed(self, call: StationCall, known: Known201) -> tuple[MessageQuery, frozenset[int]] | None:
        """Return the query whose report is complete with this part, and the ids of all messages in the
        report.

        Return None also if a command may have changed the messages since the query. Messages that may have
        expired since, or whose transaction has ended since, are no longer due.
        """
        part = call.payload
        query = self.certain_query(part)
        is_last = query is not None and query.is_accepted and not part.get("tbc")
        if query is None or not is_last or query.changes != self.changes:
            return None
        due = query.due & self.certain(call.at, known)
        return query._replace(due=due), query.found | _ids_in(part)

    def may_have_ended(self, query: MessageQuery) -> bool:
        """Return whether a stored message that matches a query may have expired, or its transaction may have
        ended, since the station answered the query.
        """
        return any(
            shown.transaction_id is not None or "endDateTime" in shown.info
            for shown in self.by_id.values()
            if _fits(query.request, shown.info)
        )

    def booted(self, reason: str) -> None:
        kept = self.by_id if reason in REBOOTS else {}
        self.by_id = {number: shown._replace(is_from_before_boot=True) for number, shown in kept.items()}
        self.cleared = frozenset()
        self.is_empty = False
        self.queries.clear()
        self.changes += 1

    def disconnected(self) -> None:
        self.queries.clear()

    def doubt(self, action: str | None) -> None:
        if action in {None, Action.notify_display_messages}:
            self.queries.clear()

    def command_failed(self, action: str | None) -> None:
        if action is None or action in _CHANGES:
            self.forget()


@CHECKS.learn_sent(*_CHANGES)
def _expect_change(command: CommandCall, known: Known201) -> None:
    messages = known[DisplayMessages]
    messages.changes += 1
    transaction_id = command.request.get("message", {}).get("transactionId")
    messages.was_ended = transaction_id is not None and _has_ended(transaction_id, command.at, known)


def _has_ended(transaction_id: str, at: float, known: Known201) -> bool:
    """Return whether a transaction has ended, and the station has had time to drop its messages."""
    is_settled = at > known.running.last_ended_at + _AFTER_END_S
    return is_settled and known.transactions.has_ended(transaction_id)


def _ids_in(part: JsonObject) -> frozenset[int]:
    """Return the ids of the messages in a part of a report."""
    return frozenset(info["id"] for info in part.get("messageInfo", ()))


@CHECKS.learn_command(Action.set_display_message)
def _apply_message(command: AnsweredCommand, known: Known201) -> None:
    messages = known[DisplayMessages]
    messages.changes += 1
    if command.answer["status"] == "Accepted":
        messages.store(command.request["message"], command.frame)


@CHECKS.learn_command(Action.clear_display_message)
def _apply_clearing(command: AnsweredCommand, known: Known201) -> None:
    messages, number = known[DisplayMessages], command.request["id"]
    messages.changes += 1
    if command.answer["status"] == "Accepted":
        messages.clear(number)
    else:
        messages.by_id.pop(number, None)


def _fits(request: JsonObject, info: JsonObject) -> bool:
    """Return whether a message certainly matches a query."""
    return all(
        name not in request or wanted
        for name, wanted in (
            ("id", info["id"] in request.get("id", ())),
            ("priority", info["priority"] == request.get("priority")),
            ("state", info.get("state") == request.get("state")),
        )
    )


@CHECKS.learn_sent(Action.get_display_messages)
def _expect_report(command: CommandCall, known: Known201) -> None:
    messages, request = known[DisplayMessages], command.request
    queries, request_id = messages.queries, request["requestId"]
    is_certain = queries.pop(request_id, None) is None  # otherwise parts may belong to the earlier report
    if len(queries) >= _MAX_QUERIES:
        del queries[next(iter(queries))]
    fitting = {number: one for number, one in messages.by_id.items() if _fits(request, one.info)}
    queries[request_id] = MessageQuery(
        request,
        command.frame,
        messages.changes,
        due=messages.certain(command.at, known) & fitting.keys(),
        expired=frozenset(
            number for number, one in fitting.items() if known.clock.is_right and one.has_expired(command.at)
        ),
        ended=frozenset(
            number
            for number, one in fitting.items()
            if one.transaction_id is not None and _has_ended(one.transaction_id, command.at, known)
        ),
        is_certain=is_certain,
    )


@CHECKS.learn_command(Action.get_display_messages)
def _apply_report_answer(command: AnsweredCommand, known: Known201) -> None:
    messages, request_id = known[DisplayMessages], command.request["requestId"]
    query = messages.certain_query(command.request)
    if query is None:
        return
    if command.answer["status"] == "Accepted":
        messages.queries[request_id] = query._replace(is_accepted=True)
        return
    del messages.queries[request_id]
    if query.changes == messages.changes:
        _keep_only(messages, query, frozenset())


@CHECKS.learn_call(Action.notify_display_messages)
def _apply_report_part(call: StationCall, known: Known201) -> None:
    messages, part = known[DisplayMessages], call.payload
    query = messages.certain_query(part)
    if query is None:
        return
    completed = messages.completed(call, known)
    if part.get("tbc") and len(query.found) < _MAX_REPORTED:
        messages.queries[part["requestId"]] = query._replace(found=query.found | _ids_in(part))
        return
    del messages.queries[part["requestId"]]
    if completed is not None:
        _keep_only(messages, *completed)


def _keep_only(messages: DisplayMessages, query: MessageQuery, found: frozenset[int]) -> None:
    """Drop the messages that a complete report should have but lacks, so that a later report does not lead to
    a second finding about them.
    """
    messages.cleared -= found
    if found or not query.is_filtered:
        messages.is_empty = not found
    messages.by_id = {
        number: one._replace(is_from_before_boot=one.is_from_before_boot and number not in found)
        for number, one in messages.by_id.items()
        if number in found or not _fits(query.request, one.info)
    }
