"""OCPP-J on one connection: take a message, answer it, call the station, one CALL in flight (OCPP-J 4)."""

import asyncio
import logging
from collections.abc import Container
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, cast
from uuid import uuid4

from websockets.frames import CloseCode
from websockets.protocol import OPEN
from websockets.typing import BytesLike

from mock_csms import messages as frames
from mock_csms.behaviour.faults import Text
from mock_csms.behaviour.rules import Hit
from mock_csms.errors import (
    CallErrorReceived,
    CallFailed,
    CallTimedOut,
    Disconnected,
    InvalidAnswer,
    InvalidRequest,
)
from mock_csms.log.output import FROM_STATION, TO_STATION, MessageLine, logger, tell_answer, tell_call
from mock_csms.log.redact import masked
from mock_csms.messages import Call, CallError, CallResult, ErrorCode, JsonObject, MalformedAnswer, Refused
from mock_csms.ocppj.routes import Endpoint, Route, payload_of
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.structs import Unchecked
from mock_csms.schema.validation import Violation
from mock_csms.transport.connection import Wire
from mock_csms.transport.listener import Entrance
from mock_csms.v201.version import DIALECT, OCPP_2_0_1


class Exchange(NamedTuple):
    """A CALL and what came of it; ``elapsed`` is in seconds."""

    message_id: str
    answer: CallResult | CallError
    violation: Violation | None
    elapsed: float


class Pending(NamedTuple):
    """The CALL that is out, with its number in the journal and when it was sent."""

    message_id: str
    action: str
    number: int
    started: float
    validate: bool
    answer: "asyncio.Future[tuple[CallResult | CallError, Violation | None]]"


class StationConnection(Wire):
    """One station's connection: every CALL is answered in the step of the event loop that decoded it."""

    __slots__ = ("_endpoint", "_out", "_turn")

    def __init__(self, entrance: Entrance["StationConnection"], *arguments: Any, **options: Any) -> None:
        super().__init__(entrance, *arguments, **options)
        self._endpoint: Endpoint | None = None
        self._turn = asyncio.Lock()
        self._out: Pending | None = None

    def serve(self, name: str, endpoint: Endpoint) -> None:
        """Begin to answer, first what came together with the handshake."""
        self.name = name
        self._endpoint = endpoint
        self.begin()

    @property
    def out(self) -> Pending | None:
        """The CALL that waits for its answer."""
        return self._out

    async def call(self, action: str, payload: JsonObject, *, timeout: float) -> JsonObject:
        """Send a CALL as soon as the one before it is done, and return the payload of its CALLRESULT.

        ``timeout`` is in seconds from sending. Raises CallFailed, see its subclasses.
        """
        endpoint = self._endpoint
        exchange = await self.exchange(action, payload, timeout=timeout)
        if isinstance(exchange.answer, CallError):
            raise CallErrorReceived(exchange.answer)
        if exchange.violation and endpoint and endpoint.validation == "strict":
            raise InvalidAnswer(exchange.violation.description)
        return exchange.answer.payload

    async def exchange(self, action: str, payload: Any, *, timeout: float, validate: bool = True) -> Exchange:
        """Send a CALL as soon as the one before it is done, and return what the station answers.

        Without ``validate`` any action and payload is sent, and the answer is not checked either. Raises
        CallFailed where there is no answer.
        """
        endpoint, action = self._endpoint, str(action)
        if endpoint is None:
            raise Disconnected("the station is not connected")
        if validate and (violation := OCPP_2_0_1.request(action).violation(payload)):
            raise InvalidRequest(violation.found)
        exchange = self.loop.create_task(self._in_turn(action, payload, timeout, validate=validate))
        exchange.add_done_callback(_pass_over_failure)
        return await asyncio.shield(exchange)

    async def _in_turn(self, action: str, payload: Any, timeout: float, *, validate: bool) -> Exchange:
        """Send a CALL in its turn, which lasts until it is done even if nobody waits for it any more."""
        async with self._turn:
            exchange = await self._exchange(action, payload, timeout, validate=validate)
        self._log_answer(action, exchange)
        return exchange

    async def _exchange(self, action: str, payload: Any, timeout: float, *, validate: bool) -> Exchange:
        if self.protocol.state is not OPEN:
            raise Disconnected("the station is not connected")
        endpoint = self._endpoint
        assert endpoint is not None
        message_id = str(uuid4())
        text = frames.call(message_id, action, payload)
        number = endpoint.recorder.sent_call(text, message_id, action, payload, valid=validate)
        started = perf_counter()
        self._out = Pending(message_id, action, number, started, validate, self.loop.create_future())
        logger.info(MessageLine(self.name, TO_STATION, action, masked(payload)))
        self.transmit(text)
        try:
            async with asyncio.timeout(timeout):
                came, violation = await self._out.answer
                answer = await self._by_rule(action, came)
                if answer is not came and validate:
                    violation = _violation_of(answer, action, endpoint)
        except TimeoutError:
            endpoint.recorder.timed_out(message_id, action)
            late = CallTimedOut(f"no answer within {timeout:g} s")
            raise late.of(message_id, perf_counter() - started) from None
        except CallFailed as failure:
            raise failure.of(message_id, perf_counter() - started) from None
        finally:
            self._out = None
        return Exchange(message_id, answer, violation, perf_counter() - started)

    async def _by_rule(self, action: str, answer: CallResult | CallError) -> CallResult | CallError:
        """Make of a station's answer what a rule makes of it; a fault that it leads to leaves none."""
        endpoint, content = self._endpoint, answer.payload if isinstance(answer, CallResult) else {}
        assert endpoint is not None
        hit = endpoint.rule_for_answer(action, content)
        if hit is None:
            return answer
        logger.info("%s  injected by %s into the answer to %s: %s", self.name, hit.rule, action, hit.then)
        if hit.then.fault:
            assert self._out is not None
            self._out = self._out._replace(answer=self.loop.create_future())
            endpoint.recorder.fault(hit.then.fault.kind)
            self.perform(hit.then.fault.steps(b"", hit.rng))
            answer, _ = await self._out.answer
            return answer
        if error := hit.then.error:
            return CallError(answer.message_id, error.code, error.description, error.details)
        if hit.then.answer is None:
            return answer
        said = endpoint.fill_in(hit.then.answer, hit, content)
        return CallResult(answer.message_id, merge_patch(content, said))

    def _log_answer(self, action: str, exchange: Exchange) -> None:
        answer, violation, elapsed = exchange.answer, exchange.violation, exchange.elapsed
        if isinstance(answer, CallError):
            said = str(CallErrorReceived(answer))
            logger.warning(MessageLine(self.name, FROM_STATION, action, said, "ERROR", elapsed))
            return
        if violation:
            logger.warning("%s  the answer to %s breaks its schema: %s", self.name, action, violation.found)
        refused = OCPP_2_0_1.is_refusal(answer.payload)
        outcome, level = ("REFUSED", logging.WARNING) if refused else ("result", logging.INFO)
        logger.log(level, MessageLine(self.name, FROM_STATION, action, answer.payload, outcome, elapsed))

    def receive(self, text: BytesLike) -> None:
        """Take a message."""
        started = perf_counter()
        raw = text if type(text) is bytes else bytes(text)
        assert self._endpoint is not None
        try:
            message = frames.parse(raw, DIALECT, self._endpoint.readers)
        except frames.MalformedFrame as malformed:
            if frames.is_utf8(raw):
                self._complain(raw, malformed)
            else:
                self.fail(CloseCode.INVALID_DATA, "a text frame must be UTF-8")
        except MalformedAnswer as malformed:
            self._reject_answer(raw, malformed)
        else:
            if isinstance(message, Call):
                self._answer(message, started)
            else:
                self._settle(raw, message)

    def receive_binary(self, data: bytes) -> None:
        """Refuse a message that is not text: OCPP-J has no use for one (OCPP-J 4.1.2)."""
        self._complain(data, frames.MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "a message must be text"))

    def _complain(self, raw: bytes, malformed: frames.MalformedFrame) -> None:
        logger.warning("%s  %s malformed frame: %s", self.name, FROM_STATION, malformed)
        text = _error_of(malformed.message_id or "-1", malformed)
        assert self._endpoint is not None
        recorder = self._endpoint.recorder
        number = recorder.malformed(raw, malformed.description)
        recorder.answered_malformed(text, malformed.message_id or "-1", number)
        self.transmit(text)

    def _settle(self, raw: bytes, answer: CallResult | CallError) -> None:
        """Hand an answer to the call that waits for it; one that nobody waits for is noted and ignored."""
        endpoint, out = self._endpoint, self._out
        assert endpoint is not None
        if out and out.message_id == answer.message_id and not out.answer.done():
            violation = _violation_of(answer, out.action, endpoint) if out.validate else None
            elapsed = perf_counter() - out.started
            endpoint.recorder.received_answer(
                raw, answer, action=out.action, partner=out.number, elapsed=elapsed, violation=violation
            )
            out.answer.set_result((answer, violation))
        else:
            endpoint.recorder.received_answer(
                raw, answer, action=None, partner=None, elapsed=None, violation=None
            )
            logger.warning("%s  %s an answer that no call waits for, ignored", self.name, FROM_STATION)

    def _reject_answer(self, raw: bytes, malformed: MalformedAnswer) -> None:
        logger.warning("%s  %s malformed answer: %s", self.name, FROM_STATION, malformed)
        assert self._endpoint is not None
        self._endpoint.recorder.malformed(raw, str(malformed))
        out = self._out
        if out and out.message_id == malformed.message_id and not out.answer.done():
            out.answer.set_exception(InvalidAnswer(str(malformed)))

    def _answer(self, call: Call, started: float) -> None:
        endpoint = self._endpoint
        assert endpoint is not None
        action = call.action
        together, self.came_together = self.came_together, True
        is_read = call.content is not None
        told = None
        if logger.isEnabledFor(logging.INFO):
            told = tell_call(self.name, action, call.content if is_read else call.payload)
        route = endpoint.routes.get(action)
        is_checked = route is not None and endpoint.validation != "off"
        violation = route.request.violation(call.payload) if route and is_checked and not is_read else None
        came = call, violation, together, is_checked
        try:
            if route is None:
                raise _unrouted(action, endpoint.actions)
            if not is_read:
                call = self._despite(violation, call, route)
            if action in endpoint.rules and (hit := endpoint.rule_for(call)):
                self._answer_by(hit, route, call, endpoint.recorder.received_call(*came), started)
                return
            payload = self._result_of(route, call)
            text = frames.call_result(call.message_id, payload)
        except Exception as error:
            number = endpoint.recorder.received_call(*came)
            self._refuse(call, self._refusal_for(error, call), number, started)
        else:
            elapsed = perf_counter() - started
            self.transmit(text)
            if violation or not is_checked:
                number = endpoint.recorder.received_call(*came)
                endpoint.recorder.sent_result(text, call, payload, number, elapsed)
            else:
                endpoint.recorder.exchanged(call, text, payload, elapsed, together)
            if told is not None:
                tell_answer(told, payload, elapsed)
            if route.consequence is not None:
                route.consequence(endpoint, call, payload)

    def _refusal_for(self, error: Exception, call: Call) -> Refused:
        """The refusal that was raised, or what a station is told where it was something else."""
        if isinstance(error, Refused):
            return error
        logger.exception("%s  the answer to %s failed", self.name, call.action)
        return Refused(ErrorCode.INTERNAL_ERROR, "the mock server failed")

    def _answer_by(self, hit: Hit, route: Route, call: Call, number: int, started: float) -> None:
        """Answer as a rule has it."""
        then, fault, payload = hit.then, hit.then.fault, None
        frame, content = b"", cast("object", f"nothing ({then})")
        if fault is None or fault.needs_answer:
            try:
                if then.error:
                    raise Refused(then.error.code, then.error.description, then.error.details)
                payload = self._result_of(route, call, hit)
                frame, content = frames.call_result(call.message_id, payload), payload
            except Refused as refusal:
                content, frame = str(refusal), _error_of(call.message_id, refusal)
        elapsed = perf_counter() - started
        logger.info(MessageLine(self.name, TO_STATION, call.action, content, "INJECTED", elapsed))
        logger.info("%s  injected by %s: %s", self.name, hit.rule, then)
        note = partial(self._note_injected, hit, route, call, payload, number, started)
        if fault is None:
            self.perform((Text(frame),), note)
        else:
            if not fault.needs_answer:
                note(None)
            self.perform(fault.steps(frame, hit.rng), note)

    def _note_injected(  # noqa: PLR0913, PLR0917 - what was to be answered, and what became of it
        self,
        hit: Hit,
        route: Route,
        call: Call,
        payload: JsonObject | None,
        number: int,
        started: float,
        raw: bytes | None,
    ) -> None:
        """Note what a rule has sent instead of an answer, with the consequence of what the station got."""
        endpoint, fault = self._endpoint, hit.then.fault
        assert endpoint is not None
        elapsed = perf_counter() - started
        endpoint.recorder.injected(
            call, number, elapsed, rule=hit.rule.id, fault=fault, raw=raw, payload=payload
        )
        if payload is not None and route.consequence and not hit.then.withholds:
            route.consequence(endpoint, call, payload)

    def _refuse(self, call: Call, refusal: Refused, number: int, started: float) -> None:
        text = _error_of(call.message_id, refusal)
        self.transmit(text)
        elapsed = perf_counter() - started
        assert self._endpoint is not None
        self._endpoint.recorder.sent_error(text, call, number, elapsed)
        logger.warning(MessageLine(self.name, TO_STATION, call.action, str(refusal), "ERROR", elapsed))

    def _result_of(self, route: Route, call: Call, hit: Hit | None = None) -> JsonObject:
        """Admit, handle, lay over it what a rule says, and validate the answer."""
        endpoint = self._endpoint
        assert endpoint is not None
        endpoint.admit(call)
        if route.arguments:
            arguments = {name: part for key, name in route.arguments if (part := call.part(key)) is not None}
            answer = payload_of(route.handler(endpoint, **arguments))
        else:
            answer = payload_of(route.handler(endpoint))
        if hit and hit.then.answer:
            answer = merge_patch(answer, endpoint.fill_in(hit.then.answer, hit, call.payload))
        is_checked = hit is None or hit.rule.check_answer
        if is_checked and (violation := route.response.violation(answer)):
            logger.error(
                "%s  our answer to %s breaks its schema: %s", self.name, call.action, violation.found
            )
            raise Refused(ErrorCode.INTERNAL_ERROR, "the mock server's answer breaks its schema")
        return answer

    def _despite(self, violation: Violation | None, call: Call, route: Route) -> Call:
        """Refuse an invalid CALL, or make what can be made of it, as the validation that holds has it."""
        assert self._endpoint is not None
        payload = call.payload
        if violation:
            if self._endpoint.validation == "strict":
                raise Refused(violation.code, violation.description, seen=violation.found)
            logger.warning("%s  %s breaks its schema: %s", self.name, call.action, violation.found)
            payload = {name: value for name, value in payload.items() if name not in violation.fields}
        content = Unchecked(payload, route.request.content)
        return Call(call.message_id, call.action, call.raw, content, payload)

    def replace(self) -> None:
        """Close because the station has come back on a new connection, and end what is under way on this."""
        logger.info("%s  came back on a new connection, the old one is closed", self.name)
        self._fail_call("the station came back on a new connection")
        self.cancel_tasks()
        self.spawn(self.close(CloseCode.NORMAL_CLOSURE, "replaced by a new connection"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that is out, and let go of who answered."""
        self._fail_call("the connection ended before the station answered")
        super().connection_lost(exc)
        endpoint, self._endpoint = self._endpoint, None
        if endpoint:
            endpoint.left(self.how_it_ended())

    def _fail_call(self, why: str) -> None:
        if self._out and not self._out.answer.done():
            self._out.answer.set_exception(Disconnected(why))


def _pass_over_failure(exchange: asyncio.Task[Any]) -> None:
    """Whoever waits for it is told; if nobody does any more, nobody has to be."""
    if not exchange.cancelled():
        exchange.exception()


def _violation_of(answer: CallResult | CallError, action: str, endpoint: Endpoint) -> Violation | None:
    if endpoint.validation == "off" or isinstance(answer, CallError):
        return None
    return OCPP_2_0_1.response(action).violation(answer.payload)


def _error_of(message_id: str, error: Refused) -> bytes:
    return frames.call_error(message_id, error, DIALECT)


def _unrouted(action: str, actions: Container[str]) -> Refused:
    if action in actions:
        return Refused(ErrorCode.NOT_SUPPORTED, "a central system does not answer this action")
    return Refused(ErrorCode.NOT_IMPLEMENTED, "there is no such action")
