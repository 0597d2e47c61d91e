"""OCPP-J on one connection: answers the station's CALLs and sends commands to it (OCPP-J 4)."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from time import perf_counter
from typing import Any, ClassVar

from websockets.frames import CloseCode
from websockets.typing import BytesLike

from mock_csms.behaviour.faults import Hold
from mock_csms.behaviour.rule_sets import RuleMatch, RuleSet
from mock_csms.journal.recorder import AnsweredCall, Recorder
from mock_csms.log.guard import Guard
from mock_csms.log.output import (
    FROM_STATION,
    TO_STATION,
    PendingLine,
    log_answer,
    log_call,
    log_frame,
    logger,
)
from mock_csms.messages import (
    Call,
    CallRejected,
    Command,
    ErrorCode,
    JsonObject,
    MalformedAnswer,
    MalformedFrame,
    call_error_frame,
    call_result_frame,
    is_utf8,
    parse_message,
)
from mock_csms.ocppj.answer_log import log_unusual_answer
from mock_csms.ocppj.calling import MAX_WAITING_COMMANDS, CallingSession
from mock_csms.ocppj.held import HeldAnswers, held_answer
from mock_csms.ocppj.routes import Decoders, FollowUp, Route, payload_of, routes_of
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.structs import LenientPayload
from mock_csms.settings.station_settings import Profile
from mock_csms.stations.station import Station
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.steps import perform


class Session(CallingSession):
    """One connection of a station, without handlers; a ChargePoint adds those of one OCPP version.

    A subclass sets ``version`` and marks handlers (plain functions) with ``@on``. A CALL is answered at once
    or after a preparation. Errors in recording, logging, learning and follow-ups never end the connection.
    """

    __slots__ = (
        "_decoders",
        "_on_closed",
        "_registered",
        "_sizes_without_repeats",
        "held",
        "is_registered",
        "on_registered",
        "prepared",
    )

    follow_ups: ClassVar[Mapping[str, FollowUp]] = {}
    deferring: ClassVar[frozenset[str]] = frozenset()
    """Actions whose answers may need a preparation that takes time."""
    routes: ClassVar[Mapping[str, Route]] = {}
    decoders: ClassVar[Decoders] = Decoders({})

    def __init_subclass__(cls) -> None:
        cls.routes = routes_of(cls, cls.version, cls.follow_ups)
        cls.decoders = Decoders(cls.routes)

    def __init__(
        self,
        connection: WebSocketConnection,
        station: Station,
        recorder: Recorder,
        guard: Guard,
        on_closed: "Callable[[Session], None]",
    ) -> None:
        super().__init__(connection, station, recorder, guard)
        self.is_registered = False
        """Whether the last boot on this connection was answered Accepted or Pending."""
        self.on_registered: Callable[[], None] | None = None
        """Called after each boot on this connection that is answered Accepted or Pending."""
        self.held = HeldAnswers()
        self._registered: asyncio.Event | None = None  # None until needed: an event takes 0.7 KiB
        self.prepared: Any = None
        """Result of the preparation for the CALL that is being answered."""
        self._on_closed = on_closed
        self._sizes_without_repeats = recorder.repeats.clean

    def configure(
        self,
        profile: Profile,
        rules: Mapping[str, RuleSet],
        answer_rules: Mapping[str, RuleSet],
        command_rules: Mapping[str, RuleSet],
    ) -> None:
        """Use new settings and rules (by action); called at the start and after every change of them."""
        super().configure(profile, rules, answer_rules, command_rules)
        self._decoders = None if self.validation == "off" else self.decoders

    # For subclasses

    def opened(self) -> None:
        """Start sending the commands that the OCPP version sends by itself on a new connection."""

    def preparation(self, call: Call) -> Coroutine[Any, Any, Any] | None:
        """Work to await before the answer to a CALL of a ``deferring`` action; None to answer at once."""
        return None

    def admit(self, call: Call) -> None:
        """Raise CallRejected if the station may not send this CALL now."""

    def learn(self, call: Call) -> None:
        """Update the station's state from an admitted CALL."""

    def refused(self, call: Call) -> None:
        """Update the station's state after a CALL was answered with a CALLERROR."""

    def next_held(self, action: str | None = None) -> Command | None:
        """Take the oldest command (of this action, if given) that this server holds back, or None."""
        return None

    def note_attempt(self, call: Call, *, withheld: bool) -> None:
        """Count how often a station sends the same message. ``withheld``: a rule prevents a usable answer."""

    # Messages from the station

    def receive(self, text: BytesLike) -> None:
        """Handle a text message. A failure is logged and does not end the connection."""
        started = perf_counter()
        raw = text if type(text) is bytes else bytes(text)
        try:
            try:
                message = parse_message(raw, self.version.dialect, self._decoders)
            except (MalformedFrame, MalformedAnswer) as malformed:
                self._reject(raw, malformed)
                return
            if isinstance(message, Call):
                if message.action not in self.deferring or not self._answer_later(message, started):
                    self._answer_call(message, started)
            else:
                self._settle(raw, message)
        except Exception as error:
            self._guard.failed(self.station.id, "handling a message", error)

    def _reject(self, raw: bytes, malformed: MalformedFrame | MalformedAnswer) -> None:
        if isinstance(malformed, MalformedAnswer):
            self._reject_answer(raw, malformed)
        elif is_utf8(raw):
            self._reject_frame(raw, malformed)
        else:
            description = "a text frame must be UTF-8"
            self.connection.fail(CloseCode.INVALID_DATA, description)
            self.violated(description)

    def receive_binary(self, data: bytes) -> None:
        """Reject a message that is not text (OCPP-J 4.1.2)."""
        malformed = MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "a message must be text")
        try:
            self._reject_frame(data, malformed)
        except Exception as error:
            self._guard.failed(self.station.id, "handling a message", error)

    def violated(self, description: str) -> None:
        """Record a violation of RFC 6455; the connection is being closed for it."""
        with self._guarded("recording a malformed frame"):
            malformed = MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, description)
            self.recorder.malformed(b"", malformed)

    def _reject_frame(self, raw: bytes, malformed: MalformedFrame) -> None:
        """Answer a malformed frame. Without a readable id, do so only if OCPP defines an id for this case."""
        dialect = self.version.dialect
        message_id = dialect.unreadable_id if malformed.message_id is None else malformed.message_id
        frame = None if message_id is None else call_error_frame(message_id, malformed, dialect)
        if frame is not None:
            self.connection.transmit(frame)
        is_found = False
        with self._guarded("recording a malformed frame"):
            log_frame(self.station.id, FROM_STATION, raw)
            if frame is not None:
                log_frame(self.station.id, TO_STATION, frame)
            number, is_found = self.recorder.malformed(raw, malformed)
            if frame is not None and message_id is not None:
                self.recorder.answered_malformed(frame, message_id, number)
        if not is_found:
            subject = "frame refused" if malformed.may_be_valid else "malformed frame"
            text = malformed.in_words(dialect)
            logger.warning("%s  %s %s: %s", self.station.id, FROM_STATION, subject, text)

    # Answering a CALL: decide, send, record once, follow up

    def _answer_call(self, call: Call, started: float, number: int = 0) -> None:
        connection = self.connection
        # The next message arrived together with this one, unless new data resets the attribute first.
        pipelined, connection.pipelined = connection.pipelined, True
        line = self._log_call(call, started) if logger.isEnabledFor(logging.INFO) else None
        route = self.routes.get(call.action)
        is_validating = self.validation != "off"
        is_unknown = route is None and is_validating and call.action not in self.version.from_station
        is_checked = route is not None and is_validating
        if is_checked and (call.action, len(call.raw)) not in self._sizes_without_repeats:
            self._warn_of_repeats(call.action, call.raw)
        answered = AnsweredCall(call, is_checked, is_unknown, pipelined)
        answered.number = number
        self._decide(answered, route)
        frame = self._encode_answer(answered)
        payload, hit = answered.payload, answered.hit
        if hit is not None and hit.then.fault is not None:
            self._inject(answered, hit, frame, started)
            return
        elapsed = perf_counter() - started
        connection.transmit(frame)
        if line is not None or payload is None or hit is not None:
            self._log_answer(answered, line, frame, elapsed)
        try:
            self.recorder.answered(answered, frame, elapsed)
        except Exception as error:
            self._guard.failed(self.station.id, "recording a CALL", error)
        if answered.violation is not None:
            self._log_violation(answered)
        if payload is None:
            self._after_refusal(answered)
        elif route is not None and route.follow_up is not None:
            self._follow_up(route.follow_up, answered.call, payload)
        if hit is not None:
            self.follow_rule(hit, call.payload)

    def _answer_later(self, call: Call, started: float) -> bool:
        """Record a CALL and answer it in the background, if it needs a preparation; else return False."""
        connection = self.connection
        work = self.preparation(call) if connection.task_count < MAX_WAITING_COMMANDS else None
        if work is None:
            return False
        number = 0
        with self._guarded("recording a CALL"):
            number = self.recorder.received(AnsweredCall(call, True, False, connection.pipelined))
        connection.spawn(self._answer_prepared(work, call, started, number))
        return True

    async def _answer_prepared(
        self, work: Coroutine[Any, Any, Any], call: Call, started: float, number: int
    ) -> None:
        with self._guarded(f"preparing the answer to {call.action}"):
            self.prepared = await work
        try:
            self._answer_call(call, started, number)
        finally:
            self.prepared = None

    def _decide(self, answered: AnsweredCall, route: Route | None) -> None:
        """Set the payload or the refusal in ``answered``; set neither if a fault needs no answer."""
        call = answered.call
        try:
            if route is None:
                self.admit(call)
                raise self._unrouted(call)
            if call.content is None:
                call = self._validate(answered, route)
            if call.action in self.rules:
                answered.hit = self._match_rule(call)
            hit = answered.hit
            if hit is not None and hit.then.fault is not None and not hit.then.fault.needs_answer:
                return
            if hit is not None and hit.then.error is not None:
                error = hit.then.error
                raise CallRejected(error.code, error.description, error.details)
            answered.payload = self._payload_of(route, call, hit)
        except CallRejected as refusal:
            # The traceback refers to this stack frame, and so to `answered`: a cycle that is never collected.
            answered.refusal = refusal.with_traceback(None)
        except Exception as error:
            self._guard.failed(self.station.id, f"the answer to {call.action}", error)
            answered.refusal = CallRejected(ErrorCode.INTERNAL_ERROR, "the mock server failed")

    def _unrouted(self, call: Call) -> CallRejected:
        if call.action in self.version.actions:
            return CallRejected(ErrorCode.NOT_SUPPORTED, "only a central system may send this action")
        hint = self.version.hint(call.action, call.payload)
        return CallRejected(ErrorCode.NOT_IMPLEMENTED, f"there is no such action{hint}")

    def _validate(self, answered: AnsweredCall, route: Route) -> Call:
        """Validate a CALL that no decoder has validated. Unless validation is strict, drop invalid fields."""
        call, payload = answered.call, answered.call.payload
        violation = route.request.violation(payload) if answered.is_checked else None
        if violation:
            answered.violation = violation = violation.with_hint(self.version.hint(call.action, payload))
            if self.validation == "strict":
                self.admit(call)
                raise CallRejected(violation.code, violation.description, seen=violation.found)
            invalid = route.request.invalid_fields(payload)
            payload = {name: value for name, value in payload.items() if name not in invalid}
        content = LenientPayload(payload, route.request.content)
        answered.call = Call(call.message_id, call.action, call.raw, content, payload)
        return answered.call

    def _match_rule(self, call: Call) -> RuleMatch | None:
        station = self.station
        hit = self.rules[call.action].hit(station.id, call, station.state)
        if hit is not None and hit.rule.set is not None:
            station.state = hit.rule.set
        try:
            self.note_attempt(call, withheld=hit is not None and hit.then.withholds)
        except Exception as error:
            self._log_not_learned(f"counting attempts at a {call.action}", error)
        return hit

    def _payload_of(self, route: Route, call: Call, hit: RuleMatch | None) -> JsonObject:
        """Admit the CALL, learn from it, and return the handler's answer, changed by the rule and checked."""
        self.admit(call)
        try:
            self.learn(call)
        except Exception as error:
            self._log_not_learned(f"learning from a {call.action}", error)
        if route.arguments:
            arguments = {name: part for key, name in route.arguments if (part := call.part(key)) is not None}
            answer = payload_of(route.handler(self, **arguments))
        else:
            answer = payload_of(route.handler(self))
        find_violation = route.response.violation
        if hit is not None and hit.then.answer:
            answer = merge_patch(answer, self._answer_of_rule(hit.then.answer, hit, call))
            find_violation = route.response.violation_when_sent
        is_checked = hit is None or hit.rule.check_answer
        if is_checked and (violation := find_violation(answer)):
            logger.error(
                "%s  the answer of this server to %s breaks its schema: %s",
                self.station.id,
                call.action,
                violation.found,
            )
            raise CallRejected(ErrorCode.INTERNAL_ERROR, "the mock server's answer breaks its schema")
        return answer

    def _answer_of_rule(self, template: JsonObject, hit: RuleMatch, call: Call) -> JsonObject:
        """Fill in the placeholders of a rule's answer; raises CallRejected if one cannot be filled in."""
        try:
            return self._render_answer(template, hit, call.payload)
        except ValueError as error:
            logger.error("%s  rule %s cannot answer a %s: %s", self.station.id, hit.rule, call.action, error)
            raise CallRejected(ErrorCode.INTERNAL_ERROR, "the mock server failed") from None

    def _encode_answer(self, answered: AnsweredCall) -> bytes:
        """Return the frame of the answer: empty if there is no answer, InternalError if encoding fails."""
        call = answered.call
        try:
            if answered.payload is not None:
                return call_result_frame(call.message_id, answered.payload)
            return self._encode_refusal(call, answered.refusal)
        except (TypeError, ValueError) as error:
            self._guard.failed(self.station.id, f"encoding the answer to {call.action}", error)
            answered.payload = None
            answered.refusal = CallRejected(ErrorCode.INTERNAL_ERROR, "the mock server failed")
            return self._encode_refusal(call, answered.refusal)

    def _encode_refusal(self, call: Call, refusal: CallRejected | None) -> bytes:
        if refusal is None:
            return b""
        return call_error_frame(call.message_id, refusal, self.version.dialect)

    def _follow_up(self, follow_up: FollowUp, call: Call, payload: JsonObject) -> None:
        try:
            follow_up(self, call, payload)
        except Exception as error:
            self._log_not_learned(f"the follow-up of a {call.action}", error)

    def _after_refusal(self, answered: AnsweredCall) -> None:
        try:
            self.refused(answered.call)
        except Exception as error:
            self._log_not_learned(f"the refusal of a {answered.call.action}", error)

    def _inject(self, answered: AnsweredCall, hit: RuleMatch, frame: bytes, started: float) -> None:
        """Perform a fault in place of the answer, or hold the answer back; record each message sent."""
        fault = hit.then.fault
        assert fault is not None
        number = 0
        with self._guarded("recording a CALL"):
            number = answered.number or self.recorder.received(answered)
        if answered.violation is not None:
            self._log_violation(answered)
        on_sent = partial(self._record_injected, answered, hit, number, started)
        if not fault.needs_answer:
            on_sent(None)
        inject = partial(perform, self.connection, fault.steps(frame, hit.rng), on_sent)
        if isinstance(fault, Hold):
            drop = partial(self._withhold, answered, number, started)
            call = answered.call
            logger.info("%s  rule %s holds back the answer to %s", self.station.id, hit.rule, call.action)
            self.held.add(held_answer(call, frame, inject, drop))
            return
        inject()
        if not fault.needs_answer:
            self.follow_rule(hit, answered.call.payload)

    def _withhold(self, answered: AnsweredCall, number: int, started: float) -> None:
        """Record that a held answer is not sent because the connection has ended."""
        with self._guarded("recording an answer"):
            self.recorder.sent(answered, number, None, perf_counter() - started)

    def _record_injected(
        self, answered: AnsweredCall, hit: RuleMatch, number: int, started: float, frame: bytes | None
    ) -> None:
        elapsed = perf_counter() - started
        self._log_answer(answered, None, frame, elapsed)
        with self._guarded("recording an answer"):
            self.recorder.sent(answered, number, frame, elapsed)
        if frame is not None:
            self.follow_rule(hit, answered.call.payload)
        fault = hit.then.fault
        if fault is not None and fault.withholds:
            return
        route = self.routes.get(answered.call.action)
        if answered.payload is None:
            self._after_refusal(answered)
        elif route and route.follow_up:
            self._follow_up(route.follow_up, answered.call, answered.payload)

    # Logging

    def _log_call(self, call: Call, started: float) -> PendingLine | None:
        try:
            if logger.level <= logging.DEBUG:  # calling `log_frame` for each message costs measurable time
                log_frame(self.station.id, FROM_STATION, call.raw)
            content = call.payload if call.content is None else call.content
            return log_call(self.station.id, call.action, content, started)
        except Exception as error:
            self._guard.failed(self.station.id, "logging a CALL", error)
            return None

    def _log_answer(
        self, answered: AnsweredCall, line: PendingLine | None, frame: bytes | None, elapsed: float
    ) -> None:
        """Log an answer when it is sent; ``elapsed`` is in seconds since the CALL arrived."""
        try:
            if frame is not None and logger.level <= logging.DEBUG:
                log_frame(self.station.id, TO_STATION, frame)
            if answered.hit is None and answered.payload is not None:
                if line is not None:
                    log_answer(line, answered.payload, elapsed)
            else:
                log_unusual_answer(self.station.id, self.version, answered, elapsed)
        except Exception as error:
            self._guard.failed(self.station.id, "logging an answer", error)

    def _log_violation(self, answered: AnsweredCall) -> None:
        """Log the schema violation of a CALL, unless a finding or a CALLERROR reports it."""
        violation = answered.violation
        if violation is not None and self.validation != "strict" and not answered.is_found:
            action = answered.call.action
            logger.warning("%s  %s breaks its schema: %s", self.station.id, action, violation.found)

    # Registration

    def register(self, *, accepted: bool) -> None:
        """Record the answer to a boot on this connection. ``accepted`` means Accepted or Pending."""
        self.is_registered = accepted
        if not accepted:
            if self._registered is not None:
                self._registered.clear()
            return
        if self._registered is not None:
            self._registered.set()
        if self.on_registered is not None:
            self.on_registered()

    async def wait_registered(self) -> None:
        """Wait until a boot on this connection is answered Accepted or Pending."""
        if self._registered is None:
            self._registered = asyncio.Event()
            if self.is_registered:
                self._registered.set()
        await self._registered.wait()

    # Closing

    def supersede(self) -> None:
        """Close this connection, which a new one replaces; fail the pending command and cancel the tasks."""
        logger.info("%s  came back on a new connection; the old one is closed", self.station.id)
        self._fail_pending("the station came back on a new connection")
        self.connection.cancel_tasks()
        self.connection.spawn(self.connection.close(CloseCode.NORMAL_CLOSURE, "replaced by a new connection"))

    def closed(self, how: str) -> None:
        """Fail the pending command, drop the held answers, and report, record and log the disconnection."""
        self._fail_pending("the connection ended before the station answered")
        self.held.drop_all()
        self._on_closed(self)
        with self._guarded("recording the end of the connection"):
            self.recorder.disconnected(how)
        logger.info("%s  disconnected (%s)", self.station.id, how)
