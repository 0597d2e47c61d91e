"""A rig behind an HTTP service, such as the station in the box with ``--http``."""

from http import HTTPStatus
from typing import Any, Final

import httpx

from mock_csms.certify.stimuli import CannotDo, Stimulus

MAX_DETAIL: Final = 300


class HttpRig:
    """Sends ``POST URL/plug-in {"evse": 1}``; a status of 400 or more means that it cannot."""

    def __init__(self, url: str, within: float) -> None:
        self._url = url.rstrip("/")
        self._within = within

    async def do(self, stimulus: Stimulus) -> None:
        """Send the request; raises CannotDo."""
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=self._within) as client:
                answer = await client.post(f"{self._url}/{stimulus.name}", json=dict(stimulus.parameters))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise CannotDo(f"no rig answers at {self._url}: {error}") from None
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise CannotDo(f"the rig cannot do {stimulus}: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        content: Any = answer.json()
    except ValueError:
        content = None
    detail = content.get("detail") if isinstance(content, dict) else None
    return str(detail or f"{answer.status_code} {answer.reason_phrase}")[:MAX_DETAIL]
