"""Deviations of the mutations ``repeat``, ``delay``, ``ignore``, ``send`` and ``do``: repeated, late, missing
and additional messages, and steps that the station does by itself.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from uuid import uuid4

from ocpp.v201.enums import Action

from mock_csms.messages import CALL, JsonObject, call_frame
from mock_csms.simulator.misbehaviour.assignments import Assignment
from mock_csms.simulator.misbehaviour.deviations import CallDeviation, Deviation
from mock_csms.simulator.misbehaviour.mutated_messages import built
from mock_csms.simulator.misbehaviour.payload_fields import payload_schema
from mock_csms.simulator.outbox import Request
from mock_csms.simulator.resets import ANSWER_S
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.verbs import Obstacle, Verb, WrongStep, step_of_words

CALL_BEGINNING = b"[%d" % CALL


@dataclass(frozen=True)
class RepeatCall(CallDeviation):
    """Send a CALL twice; the station acts only on the first answer."""

    def substitutes(self, _: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the request and its copy."""
        return request, replace(request, on_result=None, on_failure=None)


@dataclass(frozen=True)
class DelayCall(CallDeviation):
    """Queue a CALL ``delay_s`` later; other messages may overtake it."""

    _: KW_ONLY
    delay_s: float

    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return nothing, and queue the request later."""
        station.core.after(self.delay_s, partial(station.core.outbox.enqueue, request))
        return ()


@dataclass(frozen=True)
class LeaveUnanswered(Deviation):
    """Ignore a command: no answer, no effect."""

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        carry_out_before, frames_before = endpoint.carry_out, endpoint.frames
        is_ignored = False

        def carry_out(action: str, payload: JsonObject) -> JsonObject:
            nonlocal is_ignored
            is_ignored = is_due(action, payload)
            return {} if is_ignored else carry_out_before(action, payload)

        def frames(action: str, frame: bytes) -> Iterable[bytes]:
            is_answer = action == self.action and not frame.startswith(CALL_BEGINNING)
            return () if is_answer and is_ignored else frames_before(action, frame)

        endpoint.carry_out, endpoint.frames = carry_out, frames


class AnswerDeviation(Deviation):
    """A deviation in the frame that answers a command. ``when`` tests the command and its answer."""

    @abstractmethod
    def sent(self, station: SimulatedStation, original: JsonObject, frame: bytes) -> Iterable[bytes]:
        """Return the frames to send instead of ``frame``.

        ``original`` has the fields of the command and of its answer.
        """

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        carry_out_before, frames_before = endpoint.carry_out, endpoint.frames
        original: JsonObject | None = None

        def carry_out(action: str, payload: JsonObject) -> JsonObject:
            nonlocal original
            found = payload
            try:
                answer = carry_out_before(action, payload)
                found = {**answer, **payload}
                return answer
            finally:
                original = found if is_due(action, found) else None

        def frames(action: str, frame: bytes) -> Iterable[bytes]:
            is_answer = action == self.action and not frame.startswith(CALL_BEGINNING)
            for each in frames_before(action, frame):
                if is_answer and original is not None:
                    yield from self.sent(station, original, each)
                else:
                    yield each

        endpoint.carry_out, endpoint.frames = carry_out, frames


@dataclass(frozen=True)
class DelayAnswer(AnswerDeviation):
    """Answer a command later, on the same connection."""

    _: KW_ONLY
    delay_s: float

    def sent(self, station: SimulatedStation, _: JsonObject, frame: bytes) -> Iterable[bytes]:
        """Return nothing, and send the frame later."""
        if (transmit := station.endpoint.transmit) is not None:
            station.core.after(self.delay_s, partial(transmit, frame))
        return ()


@dataclass(frozen=True)
class AddedMessage:
    """An additional CALL."""

    action: str
    values: tuple[Assignment, ...]

    def request(self, station: SimulatedStation, original: JsonObject, *, is_kept: bool = True) -> Request:
        """Return the request to queue; ``original`` is the message that a `Reference` in it refers to."""
        schema = payload_schema(station.endpoint.version, self.action, "request")
        payload = built(station, schema, self.values, original)
        return Request(self.action, payload, is_kept=is_kept, is_solicited=True)

    def frame(self, station: SimulatedStation, original: JsonObject) -> bytes:
        """Return the frame of the CALL, which is sent at once and not through the outbox."""
        return call_frame(str(uuid4()), self.action, self.request(station, original).payload)

    def send(self, station: SimulatedStation, original: JsonObject) -> None:
        """Queue the CALL before all others in its queue; send it at once if the boot is not yet accepted."""
        if station.core.is_online:
            station.core.outbox.put_first(self.request(station, original))
            station.core.outbox.on_added()
        elif station.endpoint.transmit is not None:
            station.endpoint.transmit(self.frame(station, original))


@dataclass(frozen=True)
class AddedStep:
    """A step that the station does by itself."""

    verb: Verb
    words: tuple[str, ...]
    """Arguments of the step."""

    def take(self, station: SimulatedStation, _: JsonObject) -> None:
        """Do the step after ANSWER_S, so that the answer to a command is sent first.

        Ignore a step that has no effect.
        """
        station.core.after(ANSWER_S, partial(self._do, station))

    def _do(self, station: SimulatedStation) -> None:
        with suppress(Obstacle, WrongStep):
            step_of_words(self.verb, self.words, station.core.setup).do(station, lambda _: None)


type Effect = Callable[[SimulatedStation, JsonObject], object]
"""Called after a message or a step. Takes the fields of the message and its answer, or the arguments of
the step.
"""


@dataclass(frozen=True)
class FollowCall(Deviation):
    """Call ``effect`` after a CALL is answered or fails. ``when`` tests the CALL and its answer, if any."""

    _: KW_ONLY
    effect: Effect

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        outbox, is_due = station.core.outbox, self.selector()
        before = outbox.substitutes

        def follow(request: Request, answer: JsonObject) -> None:
            both = {**answer, **request.payload}
            if station.core.is_connected and is_due(request.action, both):
                self.effect(station, both)

        def substitutes(request: Request) -> Iterable[Request]:
            for each in before(request):
                yield _followed(each, partial(follow, each)) if each.action == self.action else each

        outbox.substitutes = substitutes


def _followed(request: Request, follow: Callable[[JsonObject], None]) -> Request:
    """Return a copy of a request that also calls ``follow`` with its answer, or with ``{}`` if it fails."""

    def on_result(answer: JsonObject) -> None:
        if request.on_result is not None:
            request.on_result(answer)
        follow(answer)

    def on_failure() -> None:
        request.fail()
        follow({})

    return replace(request, on_result=on_result, on_failure=on_failure)


@dataclass(frozen=True)
class FollowAnswer(AnswerDeviation):
    """Call ``effect`` after the answer to a command."""

    _: KW_ONLY
    effect: Effect

    def sent(self, station: SimulatedStation, original: JsonObject, frame: bytes) -> Iterable[bytes]:
        """Yield the frame, and call ``effect`` after the frame was sent."""
        yield frame
        self.effect(station, original)


@dataclass(frozen=True)
class FollowStep(Deviation):
    """Call ``effect`` after a step. ``action`` is the verb of the step, and ``when`` tests its arguments."""

    _: KW_ONLY
    effect: Effect

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        is_due, before = self.selector(), station.notices

        def notices(verb: str, arguments: Mapping[str, object]) -> bool:
            if is_due(verb, dict(arguments)):
                station.core.after(0, partial(self.effect, station, dict(arguments)))
            return before(verb, arguments)

        station.notices = notices


@dataclass(frozen=True)
class SendBeforeAnswer(AnswerDeviation):
    """Send an additional CALL before the answer to a command."""

    _: KW_ONLY
    added: AddedMessage

    def sent(self, station: SimulatedStation, original: JsonObject, frame: bytes) -> Iterable[bytes]:
        """Return the frame of the additional CALL, then the frame of the answer."""
        return self.added.frame(station, original), frame


@dataclass(frozen=True)
class SendBeforeCall(CallDeviation):
    """Send an additional CALL before the original CALL, which waits for the answer to the additional CALL."""

    _: KW_ONLY
    added: AddedMessage

    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the additional request, followed by the original request if both belong to the same queue or
        the original request is a BootNotification. Otherwise, queue the original request when the additional
        request is answered or fails.
        """
        added = self.added.request(station, request.payload, is_kept=request.is_kept)
        outbox = station.core.outbox
        is_in_order = added.is_transaction_message == request.is_transaction_message
        if is_in_order or request.action == Action.boot_notification:  # a boot is not held back
            return added, request
        added.on_result = lambda _: outbox.put_first(request)
        added.on_failure = lambda: outbox.put_first(request)
        return (added,)
