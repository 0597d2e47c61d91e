"""The calling half of a session: commands to the station, one in flight at a time (OCPP-J 4.1.1)."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any, ClassVar
from uuid import uuid4

from mock_csms.behaviour.rulebook import RuleMatch, RuleSet
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
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine, logger
from mock_csms.log.redact import masked
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
from mock_csms.ocppj.exchange import Answer, Exchange, PendingCall
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.validation import Violation
from mock_csms.settings.station_settings import Profile
from mock_csms.stations.station import Station
from mock_csms.transport.connection import WebSocketConnection
from mock_csms.transport.steps import Step, Text, Wait, perform
from mock_csms.versions import OcppVersion


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
        self._turn = asyncio.Lock()
        self._guard = guard

    def configure(
        self,
        profile: Profile,
        rules: Mapping[str, RuleSet],
        answer_rules: Mapping[str, RuleSet],
        command_rules: Mapping[str, RuleSet],
    ) -> None:
        """Apply settings, tokens and rules, at the start and after every change."""
        self.profile = profile
        self.validation = profile.validation
        self.rules = rules
        self.answer_rules = answer_rules
        self.command_rules = command_rules

    # For subclasses

    def prepare(self, action: str, payload: JsonObject) -> None:
        """Prepare to send a valid command; raises CallFailed if it may not be sent now."""

    def learn_from_answer(self, action: str, payload: JsonObject, answer: JsonObject) -> None:
        """Update the station's state from its answer to a command."""

    def default_payload(self, action: str) -> JsonObject:
        """Payload of a command that a rule sends, before that of the rule is merged; raises NothingToDo."""
        return {}

    def clock(self) -> datetime:
        """Current time as this station sees it (clock skew applied)."""
        return datetime.now(UTC) + timedelta(seconds=self.profile.clock_skew)

    def _render_answer(self, template: JsonObject, hit: RuleMatch, request: JsonObject) -> JsonObject:
        """Fill in the placeholders of the answer or the command of a rule."""
        answer: JsonObject = render(template, TemplateContext(request, self.clock(), hit.rng))
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
        """Send a command when all earlier ones are done, and return the station's answer.

        ``timeout`` is in seconds from sending; None means the profile's ``call_timeout``. Without
        ``validate``, any action and payload is sent, even to a station whose boot was Rejected, and the
        answer is not checked. If the caller is cancelled before its turn, the command is not sent; after
        that, the turn lasts until its end. Raises CallFailed if no answer arrives, and InvalidRequest for an
        invalid command.
        """
        action = str(action)
        if validate:
            self._validate_request(action, payload)
            self.prepare(action, payload)
        seconds = self.profile.call_timeout if timeout is None else timeout
        await self._turn.acquire()
        work = self._in_turn(action, payload, seconds, validate=validate)
        exchange = asyncio.get_running_loop().create_task(work)
        exchange.add_done_callback(_retrieve_exception)
        return await asyncio.shield(exchange)

    def _validate_request(self, action: str, payload: Any) -> None:
        if action not in self.version.from_csms:
            raise InvalidRequest(f"OCPP {self.version.name} has no such command")
        try:
            violation = self.version.request(action).violation_when_sent(payload)
        except OSError as error:
            raise CallFailed(f"the schema of {action} cannot be read: {error.strerror}") from None
        if violation:
            raise InvalidRequest(violation.found)

    async def _in_turn(self, action: str, payload: Any, timeout: float, *, validate: bool) -> Exchange:
        """Send a command in its turn, which this task holds and ends."""
        try:
            exchange = await self._exchange(action, payload, timeout, validate=validate)
        finally:
            self._turn.release()
        with self._guarded(f"logging the answer to {action}"):
            self._log_command_answer(action, exchange)
        answer, is_valid = exchange.answer, exchange.violation is None
        if validate and isinstance(answer, CallResult) and (is_valid or self.validation != "strict"):
            try:
                self.learn_from_answer(action, payload, answer.payload)
            except Exception as error:
                self._log_not_learned(f"learning from the answer to {action}", error)
        return exchange

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
        self.pending = PendingCall(message_id, action, number, started, validate, answer)
        logger.info(MessageLine(self.station.id, TO_STATION, action, masked(payload)))
        perform(self.connection, steps, lambda _: None)
        try:
            async with asyncio.timeout(timeout):
                return await self._wait_for_answer(self.pending)
        except TimeoutError:
            with self._guarded(f"recording the time-out of a {action}"):
                self.recorder.timed_out(message_id, action)
            failed = CallTimedOut(f"no answer within {timeout:g} s")
            raise failed.of(message_id, perf_counter() - started) from None
        except CallFailed as failure:
            raise failure.of(message_id, perf_counter() - started) from None
        finally:
            self.pending = None
            if hit is not None:
                self.follow_rule(hit, payload)

    async def _after_delay(self, hit: RuleMatch | None, frame: bytes) -> list[Step]:
        """Return the steps that send a command, after the delay of its fault, if any; raises Disconnected."""
        if hit is None or hit.then.fault is None:
            return [Text(frame)]
        logger.info("%s  rule %s applied to a command: %s", self.station.id, hit.rule, hit.then)
        steps = list(hit.then.fault.steps(frame, hit.rng))
        await asyncio.sleep(sum(step.seconds for step in steps if isinstance(step, Wait)))
        if not self.connection.is_open:
            raise Disconnected("the station is not connected")
        return [step for step in steps if not isinstance(step, Wait)]

    def follow_rule(self, hit: RuleMatch, request: JsonObject) -> None:
        """Send the command of a rule, if it has one, in the background; a failure is logged."""
        if hit.then.command is not None:
            self.connection.spawn(self._send_command_of_rule(hit, hit.then.command, request))

    async def _send_command_of_rule(
        self, hit: RuleMatch, command: CommandEffect, request: JsonObject
    ) -> None:
        await asyncio.sleep(command.delay)
        try:
            payload = self._payload_of_rule(hit, command, request)
        except (NothingToDo, ValueError) as error:
            logger.warning("%s  rule %s sends no %s: %s", self.station.id, hit.rule, command.action, error)
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

    async def _wait_for_answer(self, pending: PendingCall) -> Exchange:
        received, violation = await pending.answer
        answer = await self._apply_answer_rule(pending.action, received)
        if answer is not received:
            violation = self._violation_of(answer, pending)
        return Exchange(pending.message_id, answer, violation, perf_counter() - pending.started)

    async def _apply_answer_rule(self, action: str, answer: Answer) -> Answer:
        """Apply the rule for a station's answer, if any; after a fault, wait for another answer."""
        payload = answer.payload if isinstance(answer, CallResult) else {}
        hit = self._match_answer_rule(action, payload)
        if hit is None:
            return answer
        logger.info(
            "%s  rule %s applied to the answer to %s: %s", self.station.id, hit.rule, action, hit.then
        )
        self.follow_rule(hit, payload)
        if hit.then.fault:
            return await self._answer_after_fault(hit)
        if error := hit.then.error:
            return CallError(answer.message_id, error.code, error.description, error.details)
        if hit.then.answer is None:
            return answer
        patch = self._render_answer(hit.then.answer, hit, payload)
        return CallResult(answer.message_id, merge_patch(payload, patch))

    def _match_answer_rule(self, action: str, payload: JsonObject) -> RuleMatch | None:
        return self._match_rule_in(self.answer_rules, action, payload)

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

    async def _answer_after_fault(self, hit: RuleMatch) -> Answer:
        assert hit.then.fault is not None
        assert self.pending is not None
        answer: asyncio.Future[tuple[Answer, Violation | None]] = asyncio.get_running_loop().create_future()
        self.pending = self.pending._replace(answer=answer)
        with self._guarded("recording a fault"):
            self.recorder.fault(hit.then.fault.kind)
        perform(self.connection, hit.then.fault.steps(b"", hit.rng), lambda _: None)
        received, _ = await answer
        return received

    def _settle(self, raw: bytes, answer: Answer) -> None:
        """Pass an answer to its pending command; record and ignore any other answer."""
        pending = self._pending_with(answer.message_id)
        if pending is None:
            with self._guarded("recording an answer without a pending command"):
                self.recorder.received_answer(
                    raw, answer, action=None, partner=None, elapsed=None, violation=None
                )
            logger.warning(
                "%s  %s an answer that matches no pending CALL is ignored", self.station.id, FROM_STATION
            )
            return
        violation = self._violation_of(answer, pending)
        elapsed = perf_counter() - pending.started
        pending.answer.set_result((answer, violation))
        with self._guarded(f"recording the answer to {pending.action}"):
            self.recorder.received_answer(
                raw,
                answer,
                action=pending.action,
                partner=pending.number,
                elapsed=elapsed,
                violation=violation,
            )

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
        logger.warning("%s  %s malformed answer: %s", self.station.id, FROM_STATION, malformed)
        if (pending := self._pending_with(malformed.message_id)) is not None:
            pending.answer.set_exception(InvalidAnswer(str(malformed)))
        with self._guarded("recording a malformed answer"):
            self.recorder.malformed(raw, str(malformed))

    def _log_command_answer(self, action: str, exchange: Exchange) -> None:
        answer, violation, elapsed = exchange.answer, exchange.violation, exchange.elapsed
        station = self.station.id
        if isinstance(answer, CallError):
            text = str(CallErrorReceived(answer))
            logger.warning(MessageLine(station, FROM_STATION, action, text, "ERROR", elapsed))
            return
        if violation:
            logger.warning("%s  the answer to %s breaks its schema: %s", station, action, violation.found)
        is_refused = self.version.is_refusal(answer.payload)
        outcome, level = ("REFUSED", logging.WARNING) if is_refused else ("result", logging.INFO)
        logger.log(level, MessageLine(station, FROM_STATION, action, answer.payload, outcome, elapsed))

    # Commands in the background

    def follow(self, commands: Iterable[Command]) -> None:
        """Send commands that follow from a message or an event, in the background; failures are logged."""
        for action, payload in commands:
            self.connection.spawn(self.send(action, payload))

    async def send(self, action: str, payload: JsonObject) -> None:
        """Send a command and ignore its answer; a failure other than a disconnection is logged."""
        try:
            await self.call(action, payload)
        except Disconnected:
            return
        except CallFailed as failure:
            logger.warning("%s  the follow-up %s failed: %s", self.station.id, action, failure)

    def _fail_pending(self, reason: str) -> None:
        if self.pending is not None and not self.pending.answer.done():
            self.pending.answer.set_exception(Disconnected(reason))

    # The guard

    def _guarded(self, work: str) -> Guarded:
        return self._guard.guarding(self.station.id, work)

    def _log_not_learned(self, work: str, error: Exception) -> None:
        """Log that learning failed; unless validation is strict, an invalid payload is the expected cause."""
        if self.validation != "strict" and isinstance(error, UNREADABLE_PAYLOAD):
            logger.warning("%s  could not learn from an invalid payload: %r", self.station.id, error)
        else:
            self._guard.failed(self.station.id, work, error)


def _retrieve_exception(exchange: asyncio.Task[Any]) -> None:
    """Mark the exception as retrieved; a caller that still awaits the task gets it anyway."""
    if not exchange.cancelled():
        exchange.exception()
