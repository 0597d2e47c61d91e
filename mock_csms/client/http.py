"""HTTP requests to the control API, on `httpx`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from json import JSONDecodeError
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from mock_csms._version import __version__
from mock_csms.client.failures import ApiError, ClientError, NotReachable, WrongArgument
from mock_csms.client.operations import Operation

try:
    import httpx
except ImportError as error:
    raise ImportError("mock_csms.client needs httpx: pip install httpx") from error

__tracebackhide__ = True

STREAM_SILENCE_S: Final = 45.0
"""Seconds without a byte after which the client gives up an event stream.

The server sends a comment every 15 s while there are no events.
"""
RECONNECT_PAUSES_S: Final = (0.0, 0.05, 0.1, 0.2, 0.5)
"""Seconds before each attempt to reach a server again; the last value repeats."""
IDLE_CONNECTION_S: Final = 2.0
"""Seconds to keep an idle connection; the server closes it after 5 s."""


class Reconnects:
    """Pauses between attempts to reach a server again, and the time at which the attempts end."""

    def __init__(self, max_seconds: float) -> None:
        self._max_seconds = max_seconds
        self._since: float | None = None
        self._attempts = 0

    def end(self) -> None:
        """Forget the outage and its attempts, because the server has answered."""
        self._since, self._attempts = None, 0

    def next_pause(self) -> float | None:
        """Return the seconds before the next attempt; None if the outage has lasted too long."""
        now = monotonic()
        self._since = now if self._since is None else self._since
        self._attempts += 1
        if now - self._since > self._max_seconds:
            return None
        return RECONNECT_PAUSES_S[min(self._attempts, len(RECONNECT_PAUSES_S)) - 1]


class ControlApi:
    """Sends requests to the control API at ``url``."""

    def __init__(self, url: str, token: str | None) -> None:
        if urlsplit(url).scheme not in {"http", "https"}:
            raise WrongArgument(
                f"{url!r} is not the URL of a control API; write, for example, http://127.0.0.1:9001"
            )
        headers = {"User-Agent": f"ocpp2-mock-server-client/{__version__}"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.url = url
        self.scope: str | None = None
        """Name of the scope that the changes of the following requests belong to; None for no scope."""
        self._http = httpx.AsyncClient(
            base_url=url,
            headers=headers,
            trust_env=False,  # a proxy for the internet does not know the server on this machine
            timeout=httpx.Timeout(10.0, pool=None),
            limits=httpx.Limits(max_connections=1000, keepalive_expiry=IDLE_CONNECTION_S),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def send[Result](self, operation: Operation[Result]) -> Result:
        """Send a request and return its result; raises ApiError or NotReachable."""
        if self._http.is_closed:
            raise ClientError("the client is closed")
        try:
            response = await self._http.request(
                operation.method,
                operation.path,
                params=operation.query,
                json=operation.body,
                headers={"X-Scope": self.scope} if self.scope else None,
                timeout=httpx.Timeout(10.0, read=operation.timeout_s, pool=None),
            )
        except httpx.TransportError as error:
            raise self._not_reachable(error) from None
        _check(response)
        return operation.parse(response.json() if response.content else None)

    async def send_patiently[Result](self, operation: Operation[Result], seconds: float) -> Result:
        """Repeat a request until the server answers; raises NotReachable after ``seconds``."""
        reconnects = Reconnects(seconds)
        while True:
            try:
                return await self.send(operation)
            except NotReachable:
                pause = reconnects.next_pause()
                if pause is None:
                    raise
            await asyncio.sleep(pause)

    def _not_reachable(self, error: httpx.TransportError) -> NotReachable:
        reason = str(error) or type(error).__name__
        return NotReachable(
            f"no mock server answers at {self.url}: {reason}; is it running, with its control API there?"
        )

    @asynccontextmanager
    async def events(self, last_id: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Request the events after the id ``last_id``, and yield an iterator over the chunks of the stream.

        Raises ApiError if the server rejects the request, and NotReachable if the stream breaks.
        """
        try:
            async with self._stream(last_id) as response:
                if response.is_error:
                    await response.aread()
                _check(response)
                yield response.aiter_raw()
        except httpx.TransportError as error:
            raise self._not_reachable(error) from None

    def _stream(self, last_id: str) -> AbstractAsyncContextManager[httpx.Response]:
        return self._http.stream(
            "GET",
            "/v1/events",
            headers={"Last-Event-ID": last_id, "Accept-Encoding": "identity"},
            timeout=httpx.Timeout(10.0, read=STREAM_SILENCE_S, pool=None),
        )


def _check(response: httpx.Response) -> None:
    """Raise ApiError unless the status of the response is 2xx."""
    if response.is_success:
        return
    try:
        members: Any = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        members = None
    if not isinstance(members, dict):
        members = {"detail": _no_control_api(response)}
    raise ApiError(response.status_code, members)


def _no_control_api(response: httpx.Response) -> str:
    url = response.request.url
    remedy = (
        "give the URL of the control API; the log of the server shows it, and the ready file has it "
        'as "control"'
    )
    if response.status_code == HTTPStatus.UPGRADE_REQUIRED:
        return f"{url.scheme}://{url.netloc.decode()} is a port for stations; {remedy}"
    return f"there is no control API at {url}: {response.reason_phrase}; {remedy}"
