"""The calling half of a session: commands to the station, one in flight at a time (OCPP-J 4.1.1)."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, ClassVar, Final
from uuid import uuid4

from mock_csms.behaviour.rule_sets import RuleMatch, RuleSet
from mock_csms.behaviour.rules import CommandEffect
from mock_csms.behaviour.templates import TemplateContext, render
from mock_csms.errors import (
    CallErrorReceived,
    CallFailed,
    CallTimedOut,
    Disconnected,
    InvalidAnswer,
    InvalidRequest,
    NothingToDo,
)
from mock_csms.journal.recorder import Recorder
from mock_csms.log.guard import Guard, Guarded
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine, log_frame, logger
from mock_csms.log.redact import masked
from mock_csms.log.summary import short
from mock_csms.messages import (
    UNREADABLE_PAYLOAD,
    Call,
    CallError,
    CallResult,
    Command,
    JsonObject,
    MalformedAnswer,
    call_frame,
)
from mock_csms.ocppj.answer_log import log_command_answer
from mock_csms.ocppj.exchange import Answer, Exchange, PendingCall, retrieve_exception
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.validation import Violation
from mock_csms.settings.station_settings import Profile
from mock_csms.stations.station import Station
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.steps import Step, Text, Wait, perform
from mock_csms.versions import OcppVersion

MAX_WAITING_COMMANDS: Final = 200
"""Maximum number of automatic commands that wait to be sent on one connection."""


class CallingSession:
    """Sends commands on one connection of a station; `Session` adds the answering half."""

    __slots__ = (
        "_guard",
        "_turn",
        "answer_rules",
        "command_rules",
        "connection",
        "pending",
        "profile",
        "recorder",
        "rules",
        "security_profile",
        "station",
        "validation",
    )

    version: ClassVar[OcppVersion]

    def __init__(
        self, connection: WebSocketConnection, station: Station, recorder: Recorder, guard: Guard
    ) -> None:
        self.connection = connection
        self.station = station
        self.recorder = recorder
        self.pending: PendingCall | None = None
        """The command whose answer is pending."""
        self.security_profile = 0
        """Highest security profile that the credentials of the station met when it connected."""
        self._turn = asyncio.Lock()
        self._guard = guard

    def configure(
        self,
        profile: Profile,
        rules: Mapping[str, RuleSet],
        answer_rules: Mapping[str, RuleSet],
        command_rules: Mapping[str, RuleSet],
    ) -> None:
        """Use new settings and rules (by action); called at the start and after every change of them."""
        self.profile = profile
        self.validation = profile.validation
        self.rules = rules
        self.answer_rules = answer_rules
        self.command_rules = command_rules

    # For subclasses

    def prepare(self, action: str, payload: JsonObject) -> None:
        """Update the state before a valid command is sent; raises CallFailed if it may not be sent now."""

    def note_command(self, action: str, payload: Any, answer: Answer | None = None) -> None:
        """Update the state when a command is sent, valid or not, and again when ``answer`` arrives."""

    def learn_from_answer(self, action: str, payload: JsonObject, answer: JsonObject) -> None:
        """Update the station's state from its answer to a command."""

    def default_payload(self, action: str) -> JsonObject:
        """Default payload into which the payload of a rule's command is merged; raises NothingToDo."""
        return {}

    def named_value(self, kind: str, name: str) -> Any:
        """Value of the placeholder ``{{kind.name}}``; raises ValueError for an unknown name."""
        raise ValueError(f"there is no {kind} {name}")

    def learn_from_refusal(self, action: str, payload: JsonObject) -> None:
        """Update the station's state after a CALLERROR to a command."""

    def clock(self) -> datetime:
        """Current time that the mock server tells this station, with the configured clock skew."""
        return datetime.now(UTC) + timedelta(seconds=self.profile.clock_skew)

    def _render_answer(self, template: JsonObject, hit: RuleMatch, request: JsonObject) -> JsonObject:
        """Fill in the placeholders of the answer or the command of a rule."""
        context = TemplateContext(request, self.clock(), hit.rng, self.named_value)
        answer: JsonObject = render(template, context)
        return answer

    # Commands

    async def call(self, action: str, payload: JsonObject) -> JsonObject:
        """Send a command and return the payload of the station's CALLRESULT; raises CallFailed."""
        exchange = await self.exchange(action, payload)
        if isinstance(exchange.answer, CallError):
            raise CallErrorReceived(exchange.answer)
        if exchange.violation and self.validation == "strict":
            raise InvalidAnswer(exchange.violation.description)
        return exchange.answer.payload

    async def exchange(
        self, action: str, payload: Any, *, timeout: float | None = None, validate: bool = True
    ) -> Exchange:
        """Send a command when all earlier commands are completed, and return the station's answer.

        ``timeout`` is in seconds from sending; None means the profile's ``call_timeout``. Without
        ``validate``, any action and payload is sent, even to a station whose boot was Rejected, and the
        answer is not checked. If the caller is cancelled while the command waits for earlier ones, the
        command is not sent; if it is cancelled later, the command is completed all the same. Raises
        CallFailed if no answer arrives, and InvalidRequest for an invalid command.
        """
        action = str(action)
        if validate:
            self.validate_request(action, payload)
            self.prepare(action, payload)
        seconds = self.profile.call_timeout if timeout is None else timeout
        await self._turn.acquire()
        work = self._in_turn(action, payload, seconds, validate=validate)
        # Eager, so that a command that waits for a new connection is sent before its first message is read.
        exchange = asyncio.Task(work, loop=asyncio.get_running_loop(), eager_start=True)
        exchange.add_done_callback(retrieve_exception)
        return await asyncio.shield(exchange)

    def validate_request(self, action: str, payload: Any) -> None:
        """Raise InvalidRequest for an unknown command, or for a payload that breaks the schema."""
        if action not in self.version.from_csms:
            raise InvalidRequest(f"OCPP {self.version.name} has no such command")
        try:
            violation = self.version.request(action).violation_when_sent(payload)
        except OSError as error:
            raise CallFailed(f"the schema of {action} cannot be read: {error.strerror}") from None
        if violation:
            raise InvalidRequest(violation.found)

    async def _in_turn(self, action: str, payload: Any, timeout: float, *, validate: bool) -> Exchange:
        """Send a command, wait for its answer, and release the lock ``_turn``, which the caller acquired."""
        try:
            return await self._exchange(action, payload, timeout, validate=validate)
        finally:
            self._turn.release()

    async def _exchange(self, action: str, payload: Any, timeout: float, *, validate: bool) -> Exchange:
        if not self.connection.is_open:
            raise Disconnected("the station is not connected")
        message_id = str(uuid4())
        frame = call_frame(message_id, action, payload)
        hit = self._match_command_rule(action, payload)
        steps = await self._after_delay(hit, frame)
        number = 0
        with self._guarded(f"recording a {action}"):
            number = self.recorder.sent_call(frame, message_id, action, payload, valid=validate, hit=hit)
        started = perf_counter()
        answer = asyncio.get_running_loop().create_future()
        self.pending = PendingCall(message_id, action, payload, number, started, validate, answer)
        with self._guarded(f"logging a {action}"):
            self.note_command(action, payload)
            shown = masked(payload)
            logger.info(MessageLine(self.station.id, TO_STATION, action, shown))
            if logger.isEnabledFor(logging.DEBUG):
                log_frame(self.station.id, TO_STATION, call_frame(message_id, action, shown))
        perform(self.connection, steps, lambda _: None)
        try:
            return await self._wait_for_answer(self.pending, timeout)
        except CallFailed as failure:
            raise failure.of(message_id, perf_counter() - started) from None
        finally:
            self.pending = None
            with self._guarded(f"recording the end of a {action}"):
                self.recorder.changed()
            if hit is not None:
                self.follow_rule(hit, payload)

    async def _after_delay(self, hit: RuleMatch | None, frame: bytes) -> list[Step]:
        """Wait for a fault's delay, if any; return the steps that send the command. Raises Disconnected."""
        if hit is None or hit.then.fault is None:
            return [Text(frame)]
        logger.info("%s  rule %s applied to a command: %s", self.station.id, hit.rule, hit.then)
        steps = list(hit.then.fault.steps(frame, hit.rng))
        await asyncio.sleep(sum(step.seconds for step in steps if isinstance(step, Wait)))
        if not self.connection.is_open:
            raise Disconnected("the station is not connected")
        return [step for step in steps if not isinstance(step, Wait)]

    def follow_rule(self, hit: RuleMatch, request: JsonObject) -> None:
        """Send the command of a rule, if any, in the background; a failure is logged."""
        command = hit.then.command
        if command is not None and self._has_room_for(command.action):
            self.connection.spawn(self._send_command_of_rule(hit, command, request))

    async def _send_command_of_rule(
        self, hit: RuleMatch, command: CommandEffect, request: JsonObject
    ) -> None:
        await asyncio.sleep(command.delay)
        try:
            payload = self._payload_of_rule(hit, command, request)
        except (NothingToDo, ValueError) as error:
            logger.warning(
                "%s  rule %s cannot send its %s: %s", self.station.id, hit.rule, command.action, error
            )
            return
        await self.send(command.action, payload)

    def _payload_of_rule(self, hit: RuleMatch, command: CommandEffect, request: JsonObject) -> JsonObject:
        patch = self._render_answer(command.payload or {}, hit, request)
        try:
            default = self.default_payload(command.action)
        except NothingToDo:
            if not patch:
                raise
            default = {}
        payload: JsonObject = merge_patch(default, patch)
        return payload

    async def _wait_for_answer(self, pending: PendingCall, timeout: float) -> Exchange:
        try:
            async with asyncio.timeout(timeout):
                return await pending.answer
        except TimeoutError:
            if pending.answer.done() and not pending.answer.cancelled():  # the answer came at the last moment
                return pending.answer.result()
        is_found = False
        with self._guarded(f"recording the time-out of a {pending.action}"):
            is_found = self.recorder.timed_out(pending.message_id, pending.action, timeout)
        reason = f"no answer within {timeout:g} s"
        if not is_found:
            logger.warning("%s  %s failed: %s", self.station.id, pending.action, reason)
        raise CallTimedOut(reason)

    def _match_command_rule(self, action: str, payload: Any) -> RuleMatch | None:
        return self._match_rule_in(self.command_rules, action, payload if isinstance(payload, dict) else {})

    def _match_rule_in(
        self, rules: Mapping[str, RuleSet], action: str, payload: JsonObject
    ) -> RuleMatch | None:
        if action not in rules:
            return None
        station = self.station
        hit = rules[action].hit(station.id, Call.of_json(action, payload), station.state)
        if hit is not None and hit.rule.set is not None:
            station.state = hit.rule.set
        return hit

    # Answers

    def _warn_of_repeats(self, action: str, raw: bytes) -> None:
        """Warn, once per station and action, if an object in a message has a property twice."""
        with self._guarded("looking for repeated properties"):
            name = self.recorder.repeats.repeat_in(self.station.id, action, raw)
            if name is not None:
                logger.warning(
                    "%s  %s has the property %s twice in one object; the last value counts",
                    self.station.id,
                    action,
                    short(name),
                )

    def _settle(self, raw: bytes, answer: Answer) -> None:
        """Find the pending command of an answer, apply a rule, and pass the answer to the waiting caller."""
        log_frame(self.station.id, FROM_STATION, raw)
        pending = self._pending_with(answer.message_id)
        if pending is None:
            self._ignore(raw, answer)
            return
        action, elapsed = pending.action, perf_counter() - pending.started
        received = exchange = Exchange(
            pending.message_id, answer, self._violation_of(answer, pending), elapsed
        )
        hit = self._hit_of(action, answer)
        is_withheld = hit is not None and hit.then.fault is not None
        if hit is not None and not is_withheld:
            with self._guarded(f"applying a rule to the answer to {action}"):
                exchange = self._patched(received, pending, hit)
        if not is_withheld:
            with self._guarded(f"logging the answer to {action}"):
                log_command_answer(self.station.id, self.version, action, exchange)
        self._record_answer(raw, received, pending)
        if pending.validate and self.validation != "off":
            self._warn_of_repeats(f"the answer to {action}", raw)
        if hit is not None and is_withheld:
            self._inject_into_connection(hit)  # the command waits for another answer
            return
        with self._guarded(f"learning from the answer to {action}"):
            self.note_command(action, pending.payload, exchange.answer)
        self._learn_from_answer(pending, exchange)
        pending.answer.set_result(exchange)

    def _ignore(self, raw: bytes, answer: Answer) -> None:
        """Record an answer that belongs to no pending command; do nothing else with it."""
        is_found = False
        with self._guarded("recording an answer without a pending command"):
            is_found = self.recorder.received_answer(
                raw, answer, action=None, partner=None, elapsed=None, violation=None
            )
        if not is_found:
            logger.warning(
                "%s  %s an answer that matches no pending CALL is ignored", self.station.id, FROM_STATION
            )

    def _hit_of(self, action: str, answer: Answer) -> RuleMatch | None:
        """Return the rule for a station's answer, if any, and send the command of the rule."""
        if action not in self.answer_rules:
            return None
        with self._guarded(f"looking for a rule for the answer to {action}"):
            payload = answer.payload if isinstance(answer, CallResult) else {}
            hit = self._match_rule_in(self.answer_rules, action, payload)
            if hit is not None:
                logger.info(
                    "%s  rule %s applied to the answer to %s: %s", self.station.id, hit.rule, action, hit.then
                )
                self.follow_rule(hit, payload)
            return hit
        return None

    def _patched(self, exchange: Exchange, pending: PendingCall, hit: RuleMatch) -> Exchange:
        """Return the exchange; the station's answer in it is changed or replaced if the rule says so."""
        received = exchange.answer
        if error := hit.then.error:
            answer: Answer = CallError(received.message_id, error.code, error.description, error.details)
        elif hit.then.answer is None:
            return exchange
        else:
            payload = received.payload if isinstance(received, CallResult) else {}
            patch = self._render_answer(hit.then.answer, hit, payload)
            answer = CallResult(received.message_id, merge_patch(payload, patch))
        return exchange._replace(answer=answer, violation=self._violation_of(answer, pending))

    def _inject_into_connection(self, hit: RuleMatch) -> None:
        """Record and perform a fault, such as closing the connection; the station's answer is ignored."""
        assert hit.then.fault is not None
        with self._guarded("recording a fault"):
            self.recorder.fault(hit.then.fault.kind)
        perform(self.connection, hit.then.fault.steps(b"", hit.rng), lambda _: None)

    def _record_answer(self, raw: bytes, exchange: Exchange, pending: PendingCall) -> None:
        """Record an answer as received. Log its schema violation, unless a finding reports it."""
        action, is_found = pending.action, False
        with self._guarded(f"recording the answer to {action}"):
            is_found = self.recorder.received_answer(
                raw,
                exchange.answer,
                action=action,
                partner=pending.number,
                elapsed=exchange.elapsed,
                violation=exchange.violation,
            )
        if exchange.violation and not is_found:
            logger.warning(
                "%s  the answer to %s breaks its schema: %s",
                self.station.id,
                action,
                exchange.violation.found,
            )

    def _learn_from_answer(self, pending: PendingCall, exchange: Exchange) -> None:
        answer, is_valid = exchange.answer, exchange.violation is None
        if not pending.validate:
            return
        try:
            if isinstance(answer, CallError):
                self.learn_from_refusal(pending.action, pending.payload)
            elif isinstance(answer, CallResult) and (is_valid or self.validation != "strict"):
                self.learn_from_answer(pending.action, pending.payload, answer.payload)
        except Exception as error:
            self._log_not_learned(f"learning from the answer to {pending.action}", error)

    def _pending_with(self, message_id: str | None) -> PendingCall | None:
        pending = self.pending
        if pending is None or pending.message_id != message_id or pending.answer.done():
            return None
        return pending

    def _violation_of(self, answer: Answer, pending: PendingCall) -> Violation | None:
        must_validate = pending.validate and self.validation != "off"
        if must_validate and isinstance(answer, CallResult):
            with self._guarded(f"checking the answer to {pending.action}"):
                return self.version.response(pending.action).violation(answer.payload)
        return None

    def _reject_answer(self, raw: bytes, malformed: MalformedAnswer) -> None:
        log_frame(self.station.id, FROM_STATION, raw)
        pending = self._pending_with(malformed.message_id)
        is_found = False
        with self._guarded("recording a malformed answer"):
            _, is_found = self.recorder.malformed(raw, malformed)
            if pending is not None:
                self.recorder.failed(pending.action, "malformed")
        if not is_found:
            logger.warning("%s  %s malformed answer: %s", self.station.id, FROM_STATION, malformed)
        if pending is not None:
            pending.answer.set_exception(InvalidAnswer(str(malformed)))

    # Commands in the background

    def follow(self, commands: Iterable[Command], delay_s: float | None = None) -> None:
        """Send commands in the background, after a message or an event that causes them. Failures are logged.

        ``delay_s`` is the delay in seconds; None means the ``follow_up_delay`` of the profile. ``commands``
        is iterated only after the delay.
        """
        delay = self.profile.follow_up_delay if delay_s is None else delay_s
        if delay:
            if self._has_room_for("a follow-up"):
                self.connection.spawn(self._follow_later(commands, delay))
            return
        for action, payload in commands:
            if self._has_room_for(action):
                self.connection.spawn(self.send(action, payload))

    async def _follow_later(self, commands: Iterable[Command], delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        try:
            for action, payload in commands:
                await self.send(action, payload)
        except Exception as error:
            self._log_not_learned("a delayed follow-up", error)

    def _has_room_for(self, command: str) -> bool:
        """Return whether one more command may wait to be sent; if not, log that ``command`` is not sent."""
        if self.connection.task_count < MAX_WAITING_COMMANDS:
            return True
        logger.warning(
            "%s  %s is not sent: %d commands already wait", self.station.id, command, MAX_WAITING_COMMANDS
        )
        return False

    async def send(self, action: str, payload: JsonObject) -> None:
        """Send a command without returning the answer. A failure is logged and not raised."""
        try:
            await self.call(action, payload)
        except (CallErrorReceived, CallTimedOut, Disconnected, InvalidAnswer):
            return  # logged when the command ended
        except CallFailed as failure:
            logger.warning("%s  the follow-up %s failed: %s", self.station.id, action, failure)

    def _fail_pending(self, reason: str) -> None:
        """Make the pending command, if any, fail with Disconnected because the connection has ended."""
        pending = self.pending
        if pending is None or pending.answer.done():
            return
        elapsed = perf_counter() - pending.started
        with self._guarded(f"recording that a {pending.action} has no answer"):
            line = MessageLine(self.station.id, FROM_STATION, pending.action, reason, "DISCONNECTED", elapsed)
            logger.warning(line)
            self.recorder.failed(pending.action, "disconnected")
        pending.answer.set_exception(Disconnected(reason))

    # The guard

    def _guarded(self, work: str) -> Guarded:
        return self._guard.guarding(self.station.id, work)

    def _log_not_learned(self, work: str, error: Exception) -> None:
        """Log a failure to learn from a message; if an invalid payload may be the cause, only warn."""
        if self.validation != "strict" and isinstance(error, UNREADABLE_PAYLOAD):
            logger.warning(
                "%s  could not update its state from an invalid payload: %r", self.station.id, error
            )
        else:
            self._guard.failed(self.station.id, work, error)
