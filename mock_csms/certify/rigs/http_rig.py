"""A rig behind an HTTP service, such as ``mock-csms station --http``."""

import asyncio
import json
from http import HTTPStatus
from typing import Any, Final

import httpx

from mock_csms.certify.stimuli import CannotDo, RigFailed, Stimulus
from mock_csms.errors import UsageError

MAX_DETAIL: Final = 300
MAX_ANSWER: Final = 100_000
"""Maximum bytes that are read of an answer."""


class HttpRig:
    """Sends ``POST URL/plug-in {"evse": 1}``; a status of 400 or more means CannotDo."""

    def __init__(self, url: str, within: float) -> None:
        """Check the URL; raises UsageError."""
        _check(url)
        self._url = url.rstrip("/")
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Send the request; raises CannotDo or RigFailed."""
        try:
            async with (
                asyncio.timeout(self._within),  # the timeout of httpx starts again with each chunk
                httpx.AsyncClient(trust_env=False, timeout=self._within) as client,
                client.stream(
                    "POST", f"{self._url}/{stimulus.name}", json=dict(stimulus.parameters)
                ) as answer,
            ):
                content = await _beginning(answer)
        except TimeoutError:
            raise RigFailed(f"the rig has not done {stimulus} within {self._within:g} s") from None
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise RigFailed(f"no rig answers at {self._url}: {reason}") from None
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise CannotDo(f"the rig cannot do {stimulus}: {_detail(answer, content)}")


def _check(url: str) -> None:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise UsageError(f"the rig {url!r} is not a URL; write one such as http://127.0.0.1:9002")


async def _beginning(answer: httpx.Response) -> bytes:
    content = b""
    async for chunk in answer.aiter_bytes():
        content += chunk
        if len(content) > MAX_ANSWER:
            break
    return content[:MAX_ANSWER]


def _detail(answer: httpx.Response, text: bytes) -> str:
    try:
        content: Any = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    detail = content.get("detail") if isinstance(content, dict) else None
    return str(detail or f"{answer.status_code} {answer.reason_phrase}")[:MAX_DETAIL]
