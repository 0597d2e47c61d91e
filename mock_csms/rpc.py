"""OCPP-J on one connection: take a message, answer it, call the station, one CALL in flight (OCPP-J 4)."""

import asyncio
import logging
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable, Container, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from inspect import signature
from time import perf_counter
from typing import Any, Final, NamedTuple, Protocol, Self, cast
from uuid import uuid4

from ocpp.charge_point import snake_to_camel_case
from websockets.asyncio.server import ServerConnection
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.http11 import SERVER, Request, Response
from websockets.protocol import CLOSED, OPEN
from websockets.typing import BytesLike

from mock_csms import frames, schemas, websocket
from mock_csms.actions import is_refusal
from mock_csms.faults import Binary, Close, CutShort, Fault, Fragments, Reset, Stall, Step, Text, Wait
from mock_csms.frames import Call, CallError, CallResult, ErrorCode, JsonObject, MalformedAnswer, Refused
from mock_csms.log import FROM_STATION, TO_STATION, MessageLine, logger, tell
from mock_csms.masking import masked
from mock_csms.payloads import merge_patch
from mock_csms.records import Recorder
from mock_csms.rules import Hit
from mock_csms.schemas import Schema, Violation
from mock_csms.settings import Validation
from mock_csms.websocket import Deadlines, Outbox

OUTGOING_BOUND: Final = 4 * 2**20
"""Bytes that may wait for a station that does not read; past that its connection is dropped."""

SECONDS_BETWEEN_LOOKS: Final = 0.5
"""How often a station that is not listened to is looked after."""
TCP_ESTABLISHED: Final = 1

BURST: Final = 8
"""Messages of one station that are taken before the others have their turn."""


class CallFailed(Exception):
    """A CALL that brought no CALLRESULT that could be used.

    ``message_id`` is None if it was not sent, ``elapsed`` is in seconds from sending.
    """

    message_id: str | None = None
    elapsed: float = 0.0

    def of(self, message_id: str, elapsed: float) -> Self:
        """Say which CALL it was."""
        self.message_id, self.elapsed = message_id, elapsed
        return self


class CallErrorReceived(CallFailed):
    """The station answered with a CALLERROR; its details may be of any JSON type."""

    def __init__(self, error: CallError) -> None:
        super().__init__(f"{error.code}: {error.description}" if error.description else error.code)
        self.code = error.code
        self.description = error.description
        self.details = error.details


class CallTimedOut(CallFailed):
    """The station did not answer in time."""


class Disconnected(CallFailed):
    """The connection ended before the station answered."""


class InvalidAnswer(CallFailed):
    """The station answered, but its answer is malformed or breaks the schema."""


class InvalidRequest(CallFailed):
    """The payload breaks the schema of its command; nothing was sent."""


type Consequence = Callable[[Any, JsonObject, JsonObject], None]
"""What an endpoint does about a request and the answer that it is given."""


class Route(NamedTuple):
    """The handler of an action, the fields it asks for with the arguments they become, and the schemas."""

    handler: Callable[..., Any]
    arguments: tuple[tuple[str, str], ...]
    request: Schema
    response: Schema
    consequence: Consequence | None


def route(
    action: str, version: str, handler: Callable[..., Any], consequence: Consequence | None = None
) -> Route:
    """Route to a handler whose parameters, after the endpoint, name the fields it wants in snake_case."""
    _, *names = signature(handler).parameters
    arguments = tuple((CAMEL_CASE[name], name) for name in names)
    request, response = schemas.request(action, version), schemas.response(action, version)
    return Route(handler, arguments, request, response, consequence)


class Endpoint(Protocol):
    """The one that answers a station: routes from action to handler, and who may pass."""

    @property
    def version(self) -> str:
        """The OCPP version whose schemas hold."""

    @property
    def actions(self) -> Container[str]:
        """Every action of that version, in both directions."""

    @property
    def routes(self) -> Mapping[str, Route]:
        """The handler of each action that is answered."""

    @property
    def validation(self) -> Validation:
        """What becomes of a payload that breaks its schema."""

    @property
    def recorder(self) -> Recorder:
        """Who notes what goes on on the connection."""

    @property
    def rules(self) -> Container[str]:
        """The actions that rules are about when the station sends them."""

    def rule_for(self, call: Call) -> Hit | None:
        """Find the rule that holds for a CALL."""

    def rule_for_answer(self, action: str, payload: JsonObject) -> Hit | None:
        """Find the rule that holds for the station's answer to a command."""

    def fill_in(self, template: JsonObject, hit: Hit, request: JsonObject) -> JsonObject:
        """Fill in the placeholders of what a rule says."""

    def admit(self, call: Call) -> None:
        """Take note of a CALL; raises Refused if it is not the time for it."""

    def left(self, how: str) -> None:
        """Take note that the connection has ended."""


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


class Entrance:
    """Where stations come in, and what all their connections share.

    ``admit`` refuses an opening handshake with the response that it returns, ``enter`` begins to serve who
    came in.
    """

    def __init__(
        self,
        admit: Callable[["StationConnection", Request], Response | None],
        enter: Callable[["StationConnection"], None],
        *,
        seconds_to_open: float,
        seconds_to_close: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.admit = admit
        self.enter = enter
        self.opening = Deadlines(loop, seconds_to_open)
        self.closing = Deadlines(loop, seconds_to_close)
        self.outbox = Outbox(loop)
        self.connections: set[StationConnection] = set()


NOTHING: Final = bytearray()
NO_FRAMES: Final[deque[Frame]] = deque()
"""They stand for data that is not whole and for a backlog where there is none; nothing is added to them."""


class StationConnection(ServerConnection):
    """One station's WebSocket.

    The opening handshake and every CALL are answered in the step of the event loop that decoded them. What
    must wait is a task that the connection owns and cancels when it closes.
    """

    __slots__ = (
        "_backlog",
        "_binary",
        "_budget",
        "_deaf",
        "_endpoint",
        "_entrance",
        "_in_parts",
        "_max_size",
        "_out",
        "_outgoing",
        "_parts",
        "_plain",
        "_stalled",
        "_tasks",
        "_together",
        "_turn",
        "_unread",
        "_unsent",
        "door_fault",
        "name",
        "paused",  # these two are of the base, where they would be further away
        "transport",
    )

    def __init__(self, entrance: Entrance, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.name = ""
        self._entrance = entrance
        self._outgoing = b""
        self._endpoint: Endpoint | None = None
        self._plain = False
        self._unread = NOTHING
        self._max_size = self.protocol.max_message_size or sys.maxsize
        self._backlog = NO_FRAMES
        self._budget = 0
        self._unsent = bytearray()
        self._parts = bytearray()
        self._in_parts = False
        self._binary = False
        self._turn = asyncio.Lock()
        self._out: Pending | None = None
        self._together = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._stalled = False
        self._deaf = False
        self.door_fault: Fault | None = None
        """What goes wrong on purpose at its opening handshake."""

    def serve(self, name: str, endpoint: Endpoint) -> None:
        """Begin to answer, first what came together with the handshake."""
        self.name = name
        self._endpoint = endpoint
        self._plain = self.protocol.state is OPEN and not self.protocol.extensions
        self._forget_handshake()
        self._work_off()

    def _forget_handshake(self) -> None:
        """Let go of some kilobytes that nobody asks for any more, and of what refers to this in a circle."""
        if self.request:
            self.request.headers.clear()
        if self.response:
            self.response.headers.clear()
        vars(self.protocol).pop("select_subprotocol", None)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that has to wait, for as long as the connection lives."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s  a task failed", self.name, exc_info=error)

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
        if validate and (violation := schemas.request(action, endpoint.version).violation(payload)):
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
        self._transmit(text)
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
        refused = is_refusal(answer.payload)
        outcome, level = ("REFUSED", logging.WARNING) if refused else ("result", logging.INFO)
        logger.log(level, MessageLine(self.name, FROM_STATION, action, answer.payload, outcome, elapsed))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the opening handshake; there is no task that does, as there is in the base."""
        super(ServerConnection, self).connection_made(transport)
        self._entrance.connections.add(self)
        self._entrance.opening.begin(self)

    def data_received(self, data: bytes) -> None:
        """Take what came in from the network."""
        if self._plain and not (self._unread or self._backlog or self._in_parts):
            text = websocket.lone_text(data, self._max_size)
            if text is not None:
                self._together = False
                self._receive(text)
                return
        self._budget = BURST
        self._together = bool(self._backlog)
        if self.request is None:
            self._take_request(data)
        else:
            self._take_frames(data)
        if self.close_deadline is not None:
            self._wait_for_close()

    def _take_request(self, data: bytes) -> None:
        """Take a part of the opening handshake, which is answered before what came with it is read."""
        before = bytes(self._unread)
        end = websocket.end_of_request(before, data)
        self._unread = NOTHING if end else bytearray((before + data)[-len(websocket.END_OF_REQUEST) + 1 :])
        super().data_received(data[:end])
        if end and end < len(data):
            self._take_frames(data[end:])

    def _take_frames(self, data: bytes) -> None:
        """Take one whole frame after the other: what has to be answered is, before the next may end it all.

        A frame that is not whole yet is held back, so that the one after it can be read without help.
        """
        unread = self._unread or bytearray()
        unread += data
        while size := self._size_of_first(unread):
            whole = bytes(unread[:size])
            del unread[:size]
            super().data_received(whole)
        self._unread = unread or NOTHING

    def _size_of_first(self, unread: bytearray) -> int:
        is_open = self.protocol.state is OPEN
        return websocket.first_frame(unread, self._max_size) if is_open else len(unread)

    def process_event(self, event: Any) -> None:
        """Take one decoded frame; it is answered at once unless many came together."""
        if isinstance(event, Request):
            self._open(event)
        elif self._deaf:
            return
        elif self._budget and self._endpoint is not None and not (self._backlog or self._stalled):
            self._budget -= 1
            self._take(event)
        elif self._backlog:
            self._backlog.append(event)
        else:
            self._backlog = deque((event,))
            self.transport.pause_reading()
            self.loop.call_soon(self._work_off)

    def _open(self, request: Request) -> None:
        """Answer the opening handshake, and let in whom the entrance does not refuse."""
        self.request = request
        response = self._entrance.admit(self, request) or self.protocol.accept(request)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS and not self.server.is_serving():
            response = self.protocol.reject(HTTPStatus.SERVICE_UNAVAILABLE, "the server stops\n")
        response.headers["Server"] = SERVER
        self.response = response
        self.protocol.send_response(response)
        self.send_data()
        self._entrance.opening.end(self)
        if self.protocol.state is OPEN:
            self.server.all_connections.add(self)
            self.start_keepalive()
            self._entrance.enter(self)
        else:
            self._wait_for_close()

    def _work_off(self) -> None:
        """Take the next few of the frames that came together, and read on when none is left."""
        if self._endpoint is None:
            return
        for _ in range(min(BURST, len(self._backlog))):
            if not self._stalled:
                self._take(self._backlog.popleft())
        if self._stalled:
            return
        if self._backlog:
            self.loop.call_soon(self._work_off)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _take(self, event: Frame) -> None:
        if event.opcode is Opcode.TEXT and event.fin:
            self._receive(event.data)
        elif event.opcode in DATA_OPCODES:
            self._receive_part(event)
        elif event.opcode is Opcode.PONG:
            self.acknowledge_pings(bytes(event.data))

    def _receive_part(self, event: Frame) -> None:
        """Take a fragment of a message, or one that is binary, which OCPP-J has no use for (OCPP-J 4.1.2)."""
        if event.opcode is not Opcode.CONT:
            self._binary = event.opcode is Opcode.BINARY
        self._in_parts = not event.fin
        self._parts += event.data
        if not event.fin:
            return
        whole, self._parts = bytes(self._parts), bytearray()
        if self._binary:
            error = frames.MalformedFrame(ErrorCode.RPC_FRAMEWORK_ERROR, "a message must be text")
            self._complain(whole, error)
        else:
            self._receive(whole)

    def _receive(self, text: BytesLike) -> None:
        raw = text if type(text) is bytes else bytes(text)
        try:
            message = frames.parse(raw)
        except frames.MalformedFrame as malformed:
            if frames.is_utf8(raw):
                self._complain(raw, malformed)
            else:
                self._fail(CloseCode.INVALID_DATA, "a text frame must be UTF-8")
        except MalformedAnswer as malformed:
            self._reject_answer(raw, malformed)
        else:
            if isinstance(message, Call):
                self._answer(raw, message)
            else:
                self._settle(raw, message)

    def _complain(self, raw: bytes, malformed: frames.MalformedFrame) -> None:
        logger.warning("%s  %s malformed frame: %s", self.name, FROM_STATION, malformed)
        text = frames.call_error(malformed.message_id, malformed)
        assert self._endpoint is not None
        recorder = self._endpoint.recorder
        number = recorder.malformed(raw, malformed.description)
        recorder.answered_malformed(text, malformed.message_id, number)
        self._transmit(text)

    def _fail(self, code: CloseCode, reason: str) -> None:
        logger.warning("%s  %s, connection closed with %d", self.name, reason, code)
        self.protocol.fail(code, reason)
        self.send_data()
        self._wait_for_close()

    def _wait_for_close(self) -> None:
        """Give the station a little time to end a connection that is closing, then drop it."""
        self._entrance.closing.begin(self)

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

    def _answer(self, raw: bytes, call: Call) -> None:
        started = perf_counter()
        endpoint = self._endpoint
        assert endpoint is not None
        together, self._together = self._together, True
        told = logger.isEnabledFor(logging.INFO)
        if told:
            tell(self.name, FROM_STATION, call.action, call.payload)
        route = endpoint.routes.get(call.action)
        is_checked = route is not None and endpoint.validation != "off"
        violation = route.request.violation(call.payload) if route and is_checked else None
        note = endpoint.recorder.received_call
        came = raw, call, violation, together, is_checked
        try:
            if route is None:
                raise _unrouted(call.action, endpoint.actions)
            if violation:
                call = self._despite(violation, call, endpoint)
            if call.action in endpoint.rules and (hit := endpoint.rule_for(call)):
                self._answer_by(hit, route, call, note(*came), started)
                return
            payload = self._result_of(route, call)
            text = frames.call_result(call.message_id, payload)
        except Exception as error:
            self._refuse(call, self._refusal_for(error, call), note(*came), started)
        else:
            elapsed = perf_counter() - started
            self._transmit(text)
            if violation or not is_checked:
                endpoint.recorder.sent_result(text, call, payload, note(*came), elapsed)
            else:
                endpoint.recorder.exchanged(raw, call, text, payload, elapsed, together)
            if told:
                tell(self.name, TO_STATION, call.action, payload, "result", elapsed)
            if route.consequence:
                route.consequence(endpoint, call.payload, payload)

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
                content, frame = str(refusal), frames.call_error(call.message_id, refusal)
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
            route.consequence(endpoint, call.payload, payload)

    def _refuse(self, call: Call, refusal: Refused, number: int, started: float) -> None:
        text = frames.call_error(call.message_id, refusal)
        self._transmit(text)
        elapsed = perf_counter() - started
        assert self._endpoint is not None
        self._endpoint.recorder.sent_error(text, call, number, elapsed)
        logger.warning(MessageLine(self.name, TO_STATION, call.action, str(refusal), "ERROR", elapsed))

    def _result_of(self, route: Route, call: Call, hit: Hit | None = None) -> JsonObject:
        """Admit, handle, lay over it what a rule says, and validate the answer."""
        endpoint = self._endpoint
        assert endpoint is not None
        endpoint.admit(call)
        payload = call.payload
        if route.arguments:
            arguments = {name: payload[key] for key, name in route.arguments if key in payload}
            answer = payload_of(route.handler(endpoint, **arguments))
        else:
            answer = payload_of(route.handler(endpoint))
        if hit and hit.then.answer:
            answer = merge_patch(answer, endpoint.fill_in(hit.then.answer, hit, payload))
        is_checked = hit is None or hit.rule.check_answer
        if is_checked and (violation := route.response.violation(answer)):
            logger.error(
                "%s  our answer to %s breaks its schema: %s", self.name, call.action, violation.found
            )
            raise Refused(ErrorCode.INTERNAL_ERROR, "the mock server's answer breaks its schema")
        return answer

    def _despite(self, violation: Violation, call: Call, endpoint: Endpoint) -> Call:
        """Refuse an invalid CALL, or make what can be made of it, as the validation that holds has it."""
        if endpoint.validation == "strict":
            raise Refused(violation.code, violation.description, seen=violation.found)
        logger.warning("%s  %s breaks its schema: %s", self.name, call.action, violation.found)
        valid = {name: value for name, value in call.payload.items() if name not in violation.fields}
        return call._replace(payload=valid)

    def _transmit(self, text: bytes) -> None:
        is_waiting = self._outgoing
        if self._plain:
            self._outgoing += websocket.text_frame(text)
        elif self.protocol.state is OPEN:
            self.protocol.send_text(text)
            self._outgoing += b"".join(self.protocol.data_to_send())
        else:
            logger.info("%s  the connection is closing, the next message is not sent", self.name)
            return
        if not is_waiting:
            self._entrance.outbox.put(self)

    def write_out(self) -> None:
        """Write the messages that wait to be written together with those of others."""
        outgoing, self._outgoing = self._outgoing, b""
        if not outgoing or self.transport.is_closing():
            return
        if self.paused:
            self._keep(outgoing)
        else:
            self.transport.write(outgoing)

    def perform(self, steps: Iterable[Step], note: Callable[[bytes | None], None] = lambda _: None) -> None:
        """Take the steps of a fault; what comes after a wait is a task of its own.

        ``note`` is told of every message that is sent.
        """
        steps = iter(steps)
        for step in steps:
            if isinstance(step, Wait):
                self.spawn(self._perform_after(step.seconds, steps, note))
                return
            self._take_step(step)
            if isinstance(step, Text | Binary | CutShort):
                note(step.data)
            elif isinstance(step, Fragments):
                note(b"".join(step.parts))

    async def _perform_after(
        self, seconds: float, steps: Iterator[Step], note: Callable[[bytes | None], None]
    ) -> None:
        await asyncio.sleep(seconds)
        self.perform(steps, note)

    def _take_step(self, step: Step) -> None:
        if self.protocol.state is not OPEN:
            return
        match step:
            case Text(data):
                self._transmit(data)
            case Binary(data):
                self.protocol.send_binary(data)
            case Fragments((first, *rest)):
                self.protocol.send_text(first, fin=not rest)
                for number, part in enumerate(rest, 1):
                    self.protocol.send_continuation(part, fin=number == len(rest))
            case CutShort(data):
                self.protocol.send_text(data)
                whole = b"".join(self.protocol.data_to_send())
                self.transport.write(whole[: len(whole) // 2])
                self._ignore_what_comes()
                self.transport.close()
            case Close(code, reason):
                self._ignore_what_comes()
                self.spawn(self.close(code, reason))
            case Reset():
                self._ignore_what_comes()
                self._reset()
            case Stall(seconds):
                self._stall(seconds)
        self.send_data()

    def _ignore_what_comes(self) -> None:
        """Answer nothing any more, what has come already included."""
        self._plain, self._deaf = False, True
        self._backlog.clear()

    def _reset(self) -> None:
        """Have the system send a RST: nothing is waited for and what is unsent is dropped."""
        self.write_out()
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def _stall(self, seconds: float | None) -> None:
        self._stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_gone())
        if seconds is not None:
            self.spawn(self._recover_after(seconds))

    async def _drop_when_gone(self) -> None:
        """Look whether the station has gone: who does not read is not told."""
        while self._stalled and not self.transport.is_closing():
            if self._has_gone():
                self.drop()
                return
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)

    def _has_gone(self) -> bool:
        if not hasattr(socket, "TCP_INFO"):  # only Linux tells
            return False
        connected = self.transport.get_extra_info("socket")
        state: int = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state != TCP_ESTABLISHED

    async def hang(self, seconds: float | None) -> None:
        """Read nothing until the station goes, or for so many seconds; then drop the connection."""
        self._stalled = True
        self.transport.pause_reading()
        self.spawn(self._drop_when_gone())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wait_closed()
        self.drop()

    async def _recover_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._stalled = False
        self._work_off()

    def send_data(self) -> None:
        """Write what there is to write."""
        self._plain = self._plain and self.protocol.state is OPEN
        self.write_out()
        if self.paused:
            self._keep(b"".join(self.protocol.data_to_send()))
        else:
            super().send_data()

    def _keep(self, unsent: bytes) -> None:
        """Keep what cannot be written now, and drop a station that lets too much of it pile up."""
        self._unsent += unsent
        if len(self._unsent) > OUTGOING_BOUND and not self.transport.is_closing():
            logger.warning("%s  does not read what it is sent, connection dropped", self.name)
            self.drop()

    def resume_writing(self) -> None:
        """Write what has piled up, in one piece."""
        super().resume_writing()
        unsent, self._unsent = self._unsent, bytearray()
        if unsent:
            self.transport.write(unsent)

    def drop(self) -> None:
        """End the TCP connection at once, unless it is ending already."""
        self.write_out()
        if not self.transport.is_closing():
            self.transport.abort()

    def replace(self) -> None:
        """Close because the station has come back on a new connection, and end what is under way on this."""
        logger.info("%s  came back on a new connection, the old one is closed", self.name)
        self._end_work("the station came back on a new connection")
        self.spawn(self.close(CloseCode.NORMAL_CLOSURE, "replaced by a new connection"))

    async def close(self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        """Perform the closing handshake, unless that is done already."""
        if self.protocol.state is not CLOSED:
            await super().close(code, reason)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail the call that is out, cancel what the connection still had to do, and let go of the rest."""
        super().connection_lost(exc)
        self._plain = False
        self.server.all_connections.discard(self)
        self._entrance.connections.discard(self)
        self._entrance.opening.end(self)
        self._entrance.closing.end(self)
        self._end_work("the connection ended before the station answered")
        endpoint, self._endpoint = self._endpoint, None
        if endpoint:
            endpoint.left(self._how_it_ended())

    def _how_it_ended(self) -> str:
        code = self.close_code
        if code == CloseCode.ABNORMAL_CLOSURE:
            return "without a close frame"
        return f"close code {code} {self.close_reason or ''}".rstrip()

    def _end_work(self, why: str) -> None:
        if self._out and not self._out.answer.done():
            self._out.answer.set_exception(Disconnected(why))
        for task in self._tasks:
            task.cancel()


def _pass_over_failure(exchange: asyncio.Task[Any]) -> None:
    """Whoever waits for it is told; if nobody does any more, nobody has to be."""
    if not exchange.cancelled():
        exchange.exception()


def _violation_of(answer: CallResult | CallError, action: str, endpoint: Endpoint) -> Violation | None:
    if endpoint.validation == "off" or isinstance(answer, CallError):
        return None
    return schemas.response(action, endpoint.version).violation(answer.payload)


def _unrouted(action: str, actions: Container[str]) -> Refused:
    if action in actions:
        return Refused(ErrorCode.NOT_SUPPORTED, "a central system does not answer this action")
    return Refused(ErrorCode.NOT_IMPLEMENTED, "there is no such action")


class CamelCase(dict[str, str]):
    """The names of OCPP JSON by those of the fields of `call` and `call_result`, as they are asked for."""

    def __missing__(self, name: str) -> str:
        """Turn a name."""
        self[name] = turned = str(next(iter(snake_to_camel_case({name: None}))))
        return turned


CAMEL_CASE: Final = CamelCase()


def payload_of(message: Any) -> JsonObject:
    """Make OCPP JSON of a `call` or `call_result` object whose nested values are OCPP JSON already."""
    return {CAMEL_CASE[name]: value for name, value in vars(message).items() if value is not None}
