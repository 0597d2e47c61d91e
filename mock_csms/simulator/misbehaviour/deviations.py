"""Ways in which a station deviates: in the CALLs it sends, in its answers, and in its frames.

Each deviation is plain data about the messages of one action. `attach` wraps one of the replaceable functions
of an `Endpoint` or `StationOutbox`, so the deviations of one station add up.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass, replace

from ocpp.v201.enums import Action

from mock_csms.messages import JsonObject
from mock_csms.simulator.misbehaviour.changes import Change, Condition, always
from mock_csms.simulator.outbox import Request
from mock_csms.simulator.station import SimulatedStation

type Selector = Callable[[str, JsonObject], bool]
"""Decides by action and payload whether the station deviates in a message."""


@dataclass(frozen=True)
class Deviation:
    """A deviation in the messages of one action; ``action=None`` means every action."""

    action: str | None
    _: KW_ONLY
    when: Condition = always
    """Condition on the payload of the CALL."""
    limit: int | None = None
    """Number of messages in which the station deviates; None: no limit."""
    skip: int = 0
    """Number of matching messages before the first message with a deviation."""

    @abstractmethod
    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""

    def selector(self) -> Selector:
        """Return a function that selects the messages for a deviation: up to ``limit`` messages, after the
        first ``skip`` messages.
        """
        found = 0
        end = None if self.limit is None else self.skip + self.limit

        def is_due(action: str, payload: JsonObject) -> bool:
            nonlocal found
            if self.action not in {None, action} or found == end or not self.when(payload):
                return False
            found += 1
            return found > self.skip

        return is_due


class CallDeviation(Deviation):
    """A deviation in the CALLs that the station queues."""

    @abstractmethod
    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the requests to queue in place of this one."""

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        outbox, is_due = station.core.outbox, self.selector()
        before = outbox.substitutes

        def substitutes(request: Request) -> Iterable[Request]:
            for each in before(request):
                is_one = is_due(each.action, each.payload)
                yield from self.substitutes(station, each) if is_one else (each,)

        outbox.substitutes = substitutes


@dataclass(frozen=True)
class ChangeCall(CallDeviation):
    """Change the payload of a CALL."""

    change: Change

    def substitutes(self, _: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the changed request."""
        yield replace(request, payload=self.change(request.payload))


@dataclass(frozen=True)
class SkipCall(CallDeviation):
    """Do not send a CALL. The station continues as after a CALL without an answer."""

    is_only_unsolicited: bool = False
    """Whether CALLs that the central system asked for are still sent."""

    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return nothing; or the request, if it is solicited and only unsolicited CALLs are skipped."""
        if self.is_only_unsolicited and request.is_solicited:
            return (request,)
        station.core.after(0, request.fail)
        return ()


@dataclass(frozen=True)
class SkipUnchangedStatuses(Deviation):
    """Send the status of a connector only if it differs from the last status sent since the latest boot.

    ``action``, ``when`` and ``limit`` are ignored.
    """

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        outbox, sent = station.core.outbox, dict[tuple[int, int], str]()
        before = outbox.substitutes

        def is_unchanged(status: JsonObject) -> bool:
            place = (status["evseId"], status["connectorId"])
            previous, sent[place] = sent.get(place), status["connectorStatus"]
            return previous == sent[place]

        def substitutes(request: Request) -> Iterable[Request]:
            for each in before(request):
                if each.action == Action.boot_notification:
                    sent.clear()
                if each.action == Action.status_notification and is_unchanged(each.payload):
                    station.core.after(0, each.fail)
                else:
                    yield each

        outbox.substitutes = substitutes


@dataclass(frozen=True)
class AddCall(CallDeviation):
    """Send an additional CALL after a CALL."""

    make: Callable[[SimulatedStation, JsonObject], JsonObject]
    """Makes the payload of the additional CALL; takes the payload of the original CALL."""
    added_action: str | None = None
    """Action of the additional CALL; None: the action of the original CALL."""

    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the request, then the request of the additional CALL."""
        yield request
        action = self.added_action or request.action
        yield Request(action, self.make(station, request.payload), is_kept=request.is_kept, is_solicited=True)


@dataclass(frozen=True)
class MisreadResult(Deviation):
    """Handle a CALLRESULT as if it had another payload. ``when`` is a condition on the received payload."""

    change: Change

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        before = endpoint.understand

        def understand(request: Request, payload: JsonObject) -> JsonObject:
            payload = before(request, payload)
            return self.change(payload) if is_due(request.action, payload) else payload

        endpoint.understand = understand


type AnswerTo = Callable[[JsonObject], JsonObject]


class CommandDeviation(Deviation):
    """A deviation in the handling of commands."""

    @abstractmethod
    def answer(self, station: SimulatedStation, request: JsonObject, carry_out: AnswerTo) -> JsonObject:
        """Return the payload of the answer to a command; may raise CallRejected.

        ``carry_out`` handles a command as without this deviation.
        """

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        before = endpoint.carry_out

        def carry_out(action: str, payload: JsonObject) -> JsonObject:
            if is_due(action, payload):
                return self.answer(station, payload, lambda changed: before(action, changed))
            return before(action, payload)

        endpoint.carry_out = carry_out


@dataclass(frozen=True)
class IgnoreCommand(CommandDeviation):
    """Answer a command, but do not carry it out."""

    payload: JsonObject
    """Payload of the answer."""

    def answer(self, _station: SimulatedStation, _request: JsonObject, _carry_out: AnswerTo) -> JsonObject:
        """Return ``payload``."""
        return self.payload


@dataclass(frozen=True)
class ChangeAnswer(CommandDeviation):
    """Carry out a command, and change the payload of the answer."""

    change: Change

    def answer(self, _: SimulatedStation, request: JsonObject, carry_out: AnswerTo) -> JsonObject:
        """Return the changed answer."""
        return self.change(carry_out(request))


@dataclass(frozen=True)
class ChangeFrames(Deviation):
    """Send other frames in place of a CALL or, with ``is_answer``, in place of the answer to a command.

    ``when`` is not supported, because frames are not parsed.
    """

    change: Callable[[bytes], Iterable[bytes]]
    is_answer: bool = False

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        before = endpoint.frames

        def frames(action: str, frame: bytes) -> Iterable[bytes]:
            is_one = frame.startswith(b"[2") != self.is_answer and is_due(action, {})
            for sent in before(action, frame):
                yield from self.change(sent) if is_one else (sent,)

        endpoint.frames = frames


@dataclass(frozen=True)
class RepeatMessageId(Deviation):
    """Give one in ``every`` CALLs the message id of the CALL before it. ``action`` and ``when`` are
    ignored.
    """

    every: int = 10

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, number, latest = station.endpoint, 0, ""
        before = endpoint.new_message_id

        def new_message_id() -> str:
            nonlocal number, latest
            number += 1
            latest = before() if number % self.every else latest
            return latest

        endpoint.new_message_id = new_message_id
