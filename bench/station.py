"""One station of the load generator, with as little work per call as possible."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from time import perf_counter
from typing import cast

from bench import wire
from bench.workloads import Step, digits, encode_boot


class Failed(Exception):
    """A station received an unexpected frame or lost its connection."""


class Run:
    """State shared by the stations of one run: calls in flight, latencies and failures."""

    def __init__(self, *, deflate: bool) -> None:
        self.deflate = deflate
        self.boot = encode_boot(deflate=deflate)
        self.calling = False
        self.latencies: list[float] = []
        """Seconds from each CALL to its CALLRESULT."""
        self.failures = 0
        self._first_failure = ""
        self._wanted = 0
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._enough = asyncio.Event()
        self._cycles = count()

    def next_cycle(self) -> bytes:
        """Return the number of a new cycle of calls as ten digits; each number is used once in the run."""
        return digits(next(self._cycles))

    async def answered(self, calls: int) -> None:
        """Wait until ``calls`` latencies are recorded; raises Failed at the first failure."""
        self._wanted = calls
        self._enough.clear()
        if len(self.latencies) < calls and not self.failures:
            await self._enough.wait()
        self.check()

    def call_started(self) -> None:
        """Count a call in flight."""
        self._in_flight += 1
        self._idle.clear()

    async def all_answered(self) -> None:
        """Wait until every call is answered; raises Failed at the first failure."""
        if self._in_flight and not self.failures:
            await self._idle.wait()
        self.check()

    def note(self, latency: float) -> None:
        """Record the latency of an answered call, in seconds."""
        self._in_flight -= 1
        if not self._in_flight:
            self._idle.set()
        self.latencies.append(latency)
        if len(self.latencies) >= self._wanted:
            self._enough.set()

    def fail(self, reason: str) -> None:
        """Count a failure; the first reason is kept."""
        self.failures += 1
        self._first_failure = self._first_failure or reason
        self._enough.set()
        self._idle.set()

    def check(self) -> None:
        """Raise Failed if there were failures."""
        if self.failures:
            raise Failed(f"{self.failures} failures, the first: {self._first_failure}")


class Station(asyncio.Protocol):
    """Station that connects, boots, then keeps one CALL in flight while the run is calling."""

    def __init__(self, run: Run, identity: str) -> None:
        loop = asyncio.get_running_loop()
        self.booted: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._run = run
        self._identity = identity
        self._transport: asyncio.Transport
        self._unread = b""
        self._read: Callable[[], None] = self._read_response
        self._leaving = False
        self._step = run.boot
        self._steps: Sequence[Step] = ()
        self._next = 0
        self._cycle = run.next_cycle()
        self._expected = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(wire.opening(self._identity, deflate=self._run.deflate))

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._leaving:
            self._fail(f"the connection was lost: {exc or 'closed by the server'}")
        self.gone.set_result(None)

    def prepare(self, steps: Sequence[Step], first: int) -> None:
        """Set the steps to repeat, and the index of the first one to send."""
        self._steps = steps
        self._next = first

    def call(self) -> None:
        """Send the next call; each answer triggers another while the run is calling."""
        self._run.call_started()
        self._send(self._steps[self._next])
        self._next += 1
        if self._next == len(self._steps):
            self._next = 0
            self._cycle = self._run.next_cycle()

    async def leave(self) -> None:
        """Close the WebSocket and wait until the server has closed the connection."""
        self._leaving = True
        self._transport.write(wire.frame(wire.CLOSE, wire.NORMAL_CLOSURE))
        await self.gone

    def drop(self) -> None:
        """Abort the TCP connection without a close frame."""
        self._leaving = True
        self._transport.abort()

    def _read_response(self) -> None:
        head, separator, rest = self._unread.partition(b"\r\n\r\n")
        if not separator:
            return
        try:
            wire.check_accepted(head, deflate=self._run.deflate)
        except wire.Refused as refused:
            self._fail(str(refused))
            self.drop()
            return
        self._unread = rest
        self._read = self._read_frames
        self._send(self._run.boot)

    def _read_frames(self) -> None:
        while bounds := wire.payload_bounds(self._unread):
            start, end = bounds
            first_byte, payload = self._unread[0], self._unread[start:end]
            self._unread = self._unread[end:]
            if first_byte == wire.TEXT:
                self._handle_answer(payload)
            else:
                self._handle_other(first_byte, payload)

    def _handle_other(self, first_byte: int, payload: bytes) -> None:
        if first_byte == wire.COMPRESSED_TEXT:
            self._handle_answer(wire.decompress(payload))
        elif first_byte == wire.PING:
            self._transport.write(wire.frame(wire.PONG, payload))
        elif not (self._leaving and first_byte == wire.CLOSE):
            self._fail(f"unexpected frame, first byte {first_byte:#x}: {payload[:200]!r}")

    def _handle_answer(self, text: bytes) -> None:
        elapsed = perf_counter() - self._sent_at
        if not text.startswith(b"[3,") or self._expected not in text[:64]:
            self._fail(f"{self._step.action} {self._expected.decode()} was answered {text[:200]!r}")
        elif self._steps:
            self._run.note(elapsed)
        else:
            self.booted.set_result(None)
        if self._steps and self._run.calling:
            self.call()

    def _send(self, step: Step) -> None:
        self._step = step
        self._expected = self._cycle.join(step.message_id)
        self._sent_at = perf_counter()
        self._transport.write(self._cycle.join(step.frame))

    def _fail(self, reason: str) -> None:
        self._run.fail(f"{self._identity}: {reason}")
        if not self.booted.done():
            self.booted.set_exception(Failed(reason))
