"""Virtual time for a simulated station, and test benches for its functional blocks."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

import orjson

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core, Setup
from mock_csms.simulator.device_model import LocalDeviceModel
from mock_csms.simulator.dispatch import Dispatcher
from mock_csms.simulator.endpoint import Endpoint
from mock_csms.simulator.outbox import Request, StationOutbox
from mock_csms.v201.version import OCPP_2_0_1

START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


class VirtualTimer:
    """A callback that `VirtualHost.advance` calls when its time has come, unless it is cancelled."""

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Cancel the callback."""
        self.callback = None


class VirtualHost:
    """A Host whose time passes only in `advance`; `run_in_thread` runs the function without a thread."""

    def __init__(self, now: float = START) -> None:
        self._now = now
        self._timers: list[tuple[float, int, VirtualTimer]] = []
        self._numbers = count()

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> VirtualTimer:
        """Make `advance` call a callback when this many seconds have passed."""
        timer = VirtualTimer(callback)
        heapq.heappush(self._timers, (self._now + max(delay_s, 0), next(self._numbers), timer))
        return timer

    def run_in_thread[T](
        self,
        function: Callable[[], T],
        on_result: Callable[[T], object],
        on_failure: Callable[[OSError], object],
    ) -> None:
        """Run the function at once; the next `advance` calls ``on_result`` or ``on_failure``."""
        try:
            result = function()
        except OSError as error:
            reason = error
            self.call_later(0, lambda: on_failure(reason))
        else:
            self.call_later(0, lambda: on_result(result))

    def advance(self, seconds: float = 0) -> None:
        """Advance the time and call the timers that are due, in order."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._now, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
        self._now = end


class Sent(StationOutbox):
    """An outbox that sends nothing: it checks each request against its schema and stores it."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def add(self, request: Request) -> None:
        """Store a request, which must be valid."""
        assert request.action in OCPP_2_0_1.from_station
        assert OCPP_2_0_1.request(request.action).violation(request.payload) is None
        self.requests.append(request)


class Workbench:
    """The core of a station without a connection, with the functional blocks under test."""

    def __init__(self, *factories: Callable[[Core], Any], **setup: Any) -> None:
        self.host = VirtualHost()
        self.outbox = Sent()
        options = {"identity": "CS1", "url": "ws://127.0.0.1:9000", **setup}
        station = Setup(**options)
        variables = LocalDeviceModel(station.evses, station.connectors, station.nameplate)
        self.core = Core(station, self.host, Random(7), variables, self.outbox)
        self.core.is_connected = True
        self.core.registration = "Accepted"
        self.blocks = [factory(self.core) for factory in factories]
        self._dispatcher = Dispatcher(OCPP_2_0_1, self.blocks)

    def command(self, action: str, payload: JsonObject | None = None) -> JsonObject:
        """Return the station's answer to a command, checked against its schema; raises CallRejected."""
        answer = self._dispatcher.answer(action, payload or {})
        assert OCPP_2_0_1.response(action).violation(answer) is None
        return answer

    def advance(self, seconds: float = 0) -> None:
        """Advance the time."""
        self.host.advance(seconds)

    @property
    def sent(self) -> list[tuple[str, JsonObject]]:
        """Action and payload of every request that was queued."""
        return [(request.action, request.payload) for request in self.outbox.requests]

    def payloads(self, action: str) -> list[JsonObject]:
        """Payloads of the requests of one action."""
        return [payload for name, payload in self.sent if name == action]

    def answer(self, index: int, payload: JsonObject) -> None:
        """Answer the queued request at this index with this payload; index -1 is the newest request."""
        if callback := self.outbox.requests[index].on_result:
            callback(payload)

    def trigger(self, requested: str, **payload: Any) -> bool:
        """Trigger a message as TriggerMessage does; return whether the station accepts the trigger."""
        send = self.core.triggers[requested]({"requestedMessage": requested, **payload})
        if send is not None:
            send()
        return send is not None


class Wire:
    """The core of a station with a real outbox and endpoint, whose frames the test reads and answers."""

    def __init__(self, *factories: Callable[[Core], Any], registration: str | None = "Accepted") -> None:
        self.host = VirtualHost()
        setup = Setup(identity="CS1", url="ws://127.0.0.1:9000")
        variables = LocalDeviceModel(setup.evses, setup.connectors, setup.nameplate)
        self.core = Core(setup, self.host, Random(7), variables, StationOutbox())
        self.core.registration = registration
        self.blocks = [factory(self.core) for factory in factories]
        self.endpoint = Endpoint(self.core, Dispatcher(OCPP_2_0_1, self.blocks), OCPP_2_0_1)
        self.frames: list[Any] = []
        """Frames sent by the station, oldest first."""

    def connect(self) -> None:
        """Open the WebSocket."""
        self.endpoint.opened(lambda frame: self.frames.append(orjson.loads(frame)))
        self.advance()

    def advance(self, seconds: float = 0) -> None:
        """Advance the time."""
        self.host.advance(seconds)

    @property
    def calls(self) -> list[tuple[str, JsonObject]]:
        """Action and payload of the CALLs sent."""
        return [(frame[2], frame[3]) for frame in self.frames if frame[0] == 2]

    def receive(self, *frame: Any) -> None:
        """Make the station receive a frame from the central system."""
        self.endpoint.receive(orjson.dumps(frame))
        self.advance()

    def answer(self, payload: JsonObject | None = None) -> None:
        """Make the station receive a CALLRESULT for its newest CALL."""
        self.receive(3, self._newest_id, payload or {})

    def refuse(self) -> None:
        """Make the station receive a CALLERROR for its newest CALL."""
        self.receive(4, self._newest_id, "InternalError", "", {})

    @property
    def _newest_id(self) -> str:
        return next(str(frame[1]) for frame in reversed(self.frames) if frame[0] == 2)
