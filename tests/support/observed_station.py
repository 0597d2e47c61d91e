"""A simulated station in virtual time with a small central system and the server's observer of findings."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import count
from random import Random
from typing import Any, Final

import orjson
import pytest

from mock_csms.findings.kinds import Finding
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
from mock_csms.simulator.core import Setup
from mock_csms.simulator.misbehaviour import misbehave
from mock_csms.simulator.station import SimulatedStation
from mock_csms.simulator.transfers import Download
from mock_csms.text import timestamp
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.virtual_station import VirtualHost

LATENCY_S: Final = 0.02
"""Seconds that a frame takes in either direction."""
TICK_S: Final = 1.0
COMMAND_TIMEOUT_S: Final = 30.0
TOKEN: Final[JsonObject] = {"idToken": "AABBCCDD", "type": "ISO14443"}

ACCEPTED: Final[JsonObject] = {"status": "Accepted"}
ANSWERS: Final[Mapping[str, JsonObject]] = {
    "Authorize": {"idTokenInfo": ACCEPTED},
    "ClearedChargingLimit": {},
    "DataTransfer": ACCEPTED,
    "Get15118EVCertificate": {**ACCEPTED, "exiResponse": ""},
    "GetCertificateStatus": {"status": "Failed"},
    "NotifyEVChargingNeeds": ACCEPTED,
    "NotifyEVChargingSchedule": ACCEPTED,
    "SignCertificate": ACCEPTED,
}
"""Constant answers of the central system, by action; ``_answer_to`` builds others, and the rest are empty."""

FILES_URL: Final = "http://files/"
"""Prefix of the URLs whose transfers succeed; all others fail."""

type Entry = tuple[float, str, Any]
"""Time, then ``sent`` or ``received`` with the parsed frame, or ``connected`` or ``disconnected``."""


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace all file transfers; only those at FILES_URL succeed."""

    def transfer(url: str, *_: object) -> Download:
        if not url.startswith(FILES_URL):
            raise OSError("no such server")
        return Download(size=1, sha256=bytes(32), md5="0" * 32)

    monkeypatch.setattr("mock_csms.simulator.firmware.download", transfer)
    monkeypatch.setattr("mock_csms.simulator.publishing.download", transfer)
    monkeypatch.setattr("mock_csms.simulator.logs.upload", transfer)


class VirtualLink:
    """The network of an `ObservedStation`."""

    def __init__(self, owner: "ObservedStation") -> None:
        self._owner = owner
        self._is_wanted = False
        self.drops = 0
        """Number of connections lost without a closing handshake."""

    def open(self) -> None:
        """Connect after ``connect_s``, and from then on reconnect after each `lose`."""
        self._is_wanted = True
        self._owner.host.call_later(self._owner.connect_s, self._connect)

    def _connect(self) -> None:
        if self._is_wanted and self._owner.connection is None:
            self._owner.connect()

    def close(self) -> None:
        """Disconnect and stay disconnected."""
        self._is_wanted = False
        self._owner.host.call_later(0, self._owner.disconnect)

    def drop(self) -> None:
        """Lose the connection and stay disconnected."""
        self.drops += 1
        self.close()

    def lose(self) -> None:
        """Lose the connection, and reconnect unless `close` or `drop` has ended the link."""
        self._owner.disconnect()
        if self._is_wanted:
            self.open()


class ObservedStation:
    """A simulated station and its central system; the observer sees every frame that they exchange.

    ``boots`` are the statuses that answer the first BootNotifications; all later ones are Accepted.
    ``withhold`` decides by action whether a CALL gets no answer, ``refuse`` whether it gets a CALLERROR.
    """

    def __init__(
        self,
        *misbehaviours: str,
        seed: int = 1,
        boots: Iterable[str] = (),
        heartbeat_s: int = 300,
        silenced: Iterable[str] = (),
        **setup: Any,
    ) -> None:
        self.random = Random(seed)
        self.host = VirtualHost()
        options = {"identity": "CS001", "url": "ws://central-system", **setup}
        self.station = SimulatedStation(Setup(**options), self.host, Random(seed), OCPP_2_0_1)
        misbehave(self.station, misbehaviours)
        self.link = VirtualLink(self)
        self.station.core.link = self.link
        self.observer = Observer201("CS001", frozenset(silenced), FINDING_KINDS)
        self.findings: list[Finding] = []
        self.journal: list[Entry] = []
        self.connect_s = 0.1
        self.heartbeat_s = heartbeat_s
        self.answers: dict[str, Callable[[JsonObject], JsonObject]] = {}
        """Answers that differ from ANSWERS, by action."""
        self.withhold: Callable[[str], bool] = lambda _: False
        self.refuse: Callable[[str], bool] = lambda _: False
        self.answer_delay_s: Callable[[], float] = lambda: 0.0
        self.connection: object | None = None
        """A new object for each connection, None without one; frames on the way when it ends are lost."""
        self._boots = list(boots)
        self._numbers = count(1)
        self._ticks_at = self.host.time()
        self._pending: tuple[str, str] | None = None
        self._answer: CallResult | CallError | None = None

    # Time

    def start(self) -> None:
        """Connect the station, and advance the time until it has booted."""
        self.link.open()
        self.advance(10)

    def advance(self, seconds: float) -> None:
        """Advance the time, with a tick of the observer each second."""
        end = self.host.time() + seconds
        while self._ticks_at + TICK_S <= end:
            self._ticks_at += TICK_S
            self.host.advance(max(self._ticks_at - self.host.time(), 0))
            self._collect(self.observer.tick(self.host.time()))
        self.host.advance(end - self.host.time())

    def end(self) -> list[Finding]:
        """End the observation, which adds findings about missing messages; return all findings."""
        self._collect(self.observer.end(self.host.time()))
        return self.findings

    @property
    def errors(self) -> set[str]:
        """Kinds of the findings that are errors."""
        return {finding.id for finding in self.findings if finding.severity == "error"}

    @property
    def warnings(self) -> set[str]:
        """Kinds of the findings that are warnings."""
        return {finding.id for finding in self.findings if finding.severity == "warning"}

    def calls(self, action: str) -> list[JsonObject]:
        """Payloads of the CALLs of the station with this action."""
        return [
            frame[3]
            for _, way, frame in self.journal
            if way == "received" and frame[0] == 2 and frame[2] == action
        ]

    def _collect(self, findings: Iterable[Finding]) -> None:
        self.findings += findings

    def _note(self, way: str, frame: Any) -> tuple[float, int]:
        """Add an entry to the journal; return its time and number."""
        self.journal.append((self.host.time(), way, frame))
        return self.host.time(), len(self.journal)

    # Connection

    def connect(self) -> None:
        """Open a connection."""
        connection = self.connection = object()
        self._collect(self.observer.connected(*self._note("connected", None)))
        self.station.endpoint.opened(lambda frame: self._later(connection, self._receive, frame))

    def disconnect(self) -> None:
        """Lose the connection, if there is one."""
        if self.connection is not None:
            self.connection = None
            self.station.endpoint.closed()
            self._collect(self.observer.disconnected(*self._note("disconnected", None)))

    def _later(
        self, connection: object, deliver: Callable[[bytes], object], frame: bytes, delay_s: float = 0
    ) -> None:
        def arrive() -> None:
            if self.connection is connection:
                deliver(frame)

        self.host.call_later(LATENCY_S + delay_s, arrive)

    def _send(self, frame: bytes) -> None:
        if self.connection is not None:
            self._later(self.connection, self.station.endpoint.receive, frame)

    # Central system

    def _receive(self, frame: bytes) -> None:
        try:
            message = parse_message(frame, OCPP_2_0_1.dialect)
        except (MalformedFrame, MalformedAnswer) as error:
            self._collect(self.observer.malformed(*self._note("received", ["malformed", frame]), str(error)))
            if isinstance(error, MalformedFrame):
                self._send(call_error_frame(error.message_id or "-1", error, OCPP_2_0_1.dialect))
            return
        at, number = self._note("received", orjson.loads(frame))
        if isinstance(message, Call):
            self._judge_call(at, number, message)
        else:
            self._settle(at, number, message)

    def _judge_call(self, at: float, number: int, message: Call) -> None:
        is_known = message.action in OCPP_2_0_1.from_station
        violation = OCPP_2_0_1.request(message.action).violation(message.payload) if is_known else None
        self._collect(
            self.observer.received_call(
                at,
                number,
                message.message_id,
                message.action,
                message.payload,
                violation=violation.description if violation else None,
                known=is_known,
            )
        )
        if self.withhold(message.action):
            self._collect(self.observer.withheld(at, message.message_id))
            return
        is_refused = not is_known or violation is not None or self.refuse(message.action)
        answer = partial(self._answer_call, self.connection, message, is_refused=is_refused)
        self.host.call_later(self.answer_delay_s(), answer)

    def _answer_call(self, connection: object, message: Call, *, is_refused: bool) -> None:
        if self.connection is not connection:
            return
        if is_refused:
            error = CallRejected(ErrorCode.INTERNAL_ERROR, "")
            frame = call_error_frame(message.message_id, error, OCPP_2_0_1.dialect)
            at, number = self._note("sent", orjson.loads(frame))
            self._collect(self.observer.sent_error(at, number, message.message_id, message.action))
        else:
            payload = self._answer_to(message.action, message.payload)
            assert OCPP_2_0_1.response(message.action).violation(payload) is None
            frame = call_result_frame(message.message_id, payload)
            at, number = self._note("sent", orjson.loads(frame))
            self._collect(self.observer.sent_result(at, number, message.message_id, message.action, payload))
        self._send(frame)

    def _answer_to(self, action: str, payload: JsonObject) -> JsonObject:
        now = timestamp(datetime.fromtimestamp(self.host.time(), UTC))
        if action in self.answers:
            return self.answers[action](payload)
        if action == "Heartbeat":
            return {"currentTime": now}
        if action == "BootNotification":
            status = self._boots.pop(0) if self._boots else "Accepted"
            interval_s = self.heartbeat_s if status == "Accepted" else 60
            return {"status": status, "currentTime": now, "interval": interval_s}
        if action == "TransactionEvent" and "idToken" in payload:
            return {"idTokenInfo": ACCEPTED}
        return ANSWERS.get(action, {})

    def _settle(self, at: float, number: int, message: CallResult | CallError) -> None:
        pending = self._pending
        is_result = isinstance(message, CallResult)
        payload = message.payload if isinstance(message, CallResult) else None
        action, violation = None, None
        if pending is not None and pending[0] == message.message_id and self._answer is None:
            action, self._answer = pending[1], message
            violation = OCPP_2_0_1.response(action).violation(payload or {}) if is_result else None
        self._collect(
            self.observer.received_answer(
                at,
                number,
                message.message_id,
                action,
                payload,
                violation=violation.description if violation else None,
                error_code=message.code if isinstance(message, CallError) else "",
            )
        )

    def command(self, action: str, payload: JsonObject | None = None) -> JsonObject | None:
        """Send a command and wait for its answer; None for a CALLERROR, no answer or no connection."""
        if self.connection is None:
            return None
        request = payload or {}
        assert OCPP_2_0_1.request(action).violation(request) is None
        message_id = f"csms-{next(self._numbers)}"
        frame = call_frame(message_id, action, request)
        self._pending, self._answer = (message_id, action), None
        connection = self.connection
        self._collect(
            self.observer.sent_call(*self._note("sent", orjson.loads(frame)), message_id, action, request)
        )
        self._send(frame)
        deadline = self.host.time() + COMMAND_TIMEOUT_S
        while self._answer is None and self.connection is connection and self.host.time() < deadline:
            self.advance(LATENCY_S)
        answer, self._pending = self._answer, None
        if answer is None and self.host.time() >= deadline:
            self._collect(self.observer.timed_out(self.host.time(), message_id, action))
        return answer.payload if isinstance(answer, CallResult) else None
