"""The station's side of OCPP-J, without I/O: answers commands, sends one CALL at a time and retries."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from ocpp.v201.enums import RegistrationStatusEnumType as RegistrationStatus

from mock_csms.messages import (
    Call,
    CallError,
    CallRejected,
    CallResult,
    ErrorCode,
    JsonObject,
    MalformedAnswer,
    MalformedFrame,
    call_error_frame,
    call_frame,
    call_result_frame,
    parse_message,
)
from mock_csms.simulator.core import Core
from mock_csms.simulator.dispatch import Dispatcher
from mock_csms.simulator.outbox import Request
from mock_csms.versions import OcppVersion

if TYPE_CHECKING:
    from mock_csms.simulator.host import Timer

REJECTED: Final = "the boot of this station was not accepted"

type Transmit = Callable[[bytes], None]

type CarryOut = Callable[[str, JsonObject], JsonObject]
"""Carries out a command, given its action and payload, and returns the payload of the answer."""

type Understand = Callable[[Request, JsonObject], JsonObject]
"""Takes a request and the payload of its CALLRESULT. Returns the payload that the station uses instead."""

type Frames = Callable[[str, bytes], Iterable[bytes]]
"""Takes an action and the frame of its CALL or answer. Returns the frames to send instead."""


class Endpoint:
    """The station's side of OCPP-J on one WebSocket after another.

    `mock_csms.simulator.misbehaviour` replaces `new_message_id`, `carry_out`, `understand` or `frames` to
    make a station deviate from the specification.
    """

    def __init__(self, core: Core, dispatcher: Dispatcher, version: OcppVersion) -> None:
        self._core = core
        self.version = version
        self.transmit: Transmit | None = None
        """Sends a frame over the WebSocket; None while the station is not connected."""
        self._pending: tuple[str, Request, Timer] | None = None
        self._is_pump_due = False
        self.new_message_id: Callable[[], str] = lambda: str(uuid4())
        self.carry_out: CarryOut = dispatcher.answer
        self.understand: Understand = lambda _request, payload: payload
        self.frames: Frames = lambda _action, frame: (frame,)
        core.outbox.on_added = self._pump_soon

    def opened(self, transmit: Transmit) -> None:
        """Send frames with ``transmit`` from now on, because a new WebSocket is open."""
        self.transmit = transmit
        self._core.is_connected = True
        self._core.guard("a new connection", self._core.connected.emit)
        self._pump()

    def closed(self) -> None:
        """Stop using the WebSocket.

        A CALL without an answer is repeated on the next WebSocket if its request is kept; otherwise it fails.
        """
        self.transmit = None
        self._core.is_connected = False
        if self._pending is not None:
            _, request, timer = self._pending
            timer.cancel()
            self._pending = None
            self._core.outbox.put_back(request)
        self._core.outbox.mark_offline()
        self._core.guard("dropping messages", self._core.outbox.drop_unkept)
        self._core.guard("the loss of the connection", self._core.disconnected.emit)

    def receive(self, frame: bytes) -> None:
        """Handle a text frame of the central system."""
        try:
            message = parse_message(frame, self.version.dialect)
        except MalformedFrame as error:
            message_id = error.message_id or self.version.dialect.unreadable_id or ""
            self._send("", call_error_frame(message_id, error, self.version.dialect))
            return
        except MalformedAnswer:
            return  # the CALL then times out like one without an answer
        match message:
            case Call():
                self._answer(message)
            case CallResult(message_id, payload) if (request := self._answered(message_id)) is not None:
                self._settle(request, payload)
            case CallError(message_id) if (request := self._answered(message_id)) is not None:
                self._failed(request)
            case _:
                pass  # the answer came after the time-out of its CALL

    def _answer(self, message: Call) -> None:
        try:
            if self._core.registration in {None, RegistrationStatus.rejected}:
                raise CallRejected(ErrorCode.SECURITY_ERROR, REJECTED)  # B03.FR.08; also before a boot answer
            payload = self.carry_out(message.action, message.payload)
            frame = call_result_frame(message.message_id, payload)
        except CallRejected as error:
            frame = call_error_frame(message.message_id, error, self.version.dialect)
        except Exception as error:
            failure = CallRejected(ErrorCode.INTERNAL_ERROR, "")
            self._send(message.action, call_error_frame(message.message_id, failure, self.version.dialect))
            self._core.on_error(message.action, error)
            return
        self._send(message.action, frame)

    def _settle(self, request: Request, payload: JsonObject) -> None:
        """Call ``on_result`` of a request with the payload of its CALLRESULT.

        The request fails if the payload violates the schema.
        """
        if self._is_invalid(request, payload):
            self._failed(request)
            return
        understood = self.understand(request, payload)
        if understood is not payload and self._is_invalid(request, understood):
            self._failed(request)
            return
        self._core.outbox.finish()
        if (on_result := request.on_result) is not None:
            self._core.guard(f"the answer to {request.action}", lambda: on_result(understood))
        self._pump()

    def _is_invalid(self, request: Request, result: JsonObject) -> bool:
        is_known = request.action in self.version.from_station
        return is_known and self.version.response(request.action).violation(result) is not None

    def _answered(self, message_id: str) -> Request | None:
        """Return the request with this message id and stop its time-out; None if it is not pending."""
        if self._pending is None or self._pending[0] != message_id:
            return None
        _, request, timer = self._pending
        timer.cancel()
        self._pending = None
        return request

    def _send(self, action: str, frame: bytes) -> None:
        if (transmit := self.transmit) is not None:
            for sent in self.frames(action, frame):
                transmit(sent)

    def _pump_soon(self) -> None:
        """Schedule sending the next CALL, so that the answer to the current command is sent first."""
        if not self._is_pump_due:
            self._is_pump_due = True
            self._core.after(0, self._pump)

    def _pump(self) -> None:
        self._is_pump_due = False
        if self.transmit is None:
            self._core.guard("dropping messages", self._core.outbox.drop_unkept)
            return
        if self._pending is not None:
            return
        if (request := self._core.outbox.take(self._core.registration)) is None:
            return
        message_id = self.new_message_id()
        timeout_s = self._core.variables.integer("OCPPCommCtrlr", "MessageTimeout", "Default")
        timer = self._core.after(timeout_s, lambda: self._time_out(timeout_s))
        self._pending = (message_id, request, timer)
        self._send(request.action, call_frame(message_id, request.action, request.payload))

    def _time_out(self, timeout_s: int) -> None:
        if self._pending is not None:
            _, request, _ = self._pending
            self._pending = None
            self._core.guard("a time-out", lambda: self._core.unanswered.emit(request.action, timeout_s))
            self._failed(request)

    def _failed(self, request: Request) -> None:
        """Schedule the next attempt of a TransactionEvent, until MessageAttempts attempts have failed (E13).

        Call ``on_failure`` of a request that gets no further attempt, which is any failed request with an
        action other than TransactionEvent.
        """
        request.attempts += 1
        attempts = self._core.variables.integer("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent")
        outbox = self._core.outbox
        if request.is_transaction_message and request.attempts < attempts:
            interval_s = self._core.variables.integer(
                "OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"
            )
            outbox.put_back(request)
            outbox.is_waiting_to_retry = True
            self._core.after(interval_s * request.attempts, self._retry)  # E13.FR.03
        else:
            outbox.finish()
            self._core.guard(f"the failure of {request.action}", request.fail)
        self._pump()

    def _retry(self) -> None:
        self._core.outbox.is_waiting_to_retry = False
        self._pump()
