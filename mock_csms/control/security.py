"""Who may use the control API: whoever has the token, and no page of another origin."""

import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_csms.control import problems
from mock_csms.transport.address import is_loopback

OPEN: Final = ("/health", "/docs", "/files/")
"""What needs no token: stations download and upload without one."""


class AccessControl:
    """Turns requests away that lack the token, come from a page of another origin or mean another host."""

    def __init__(
        self, app: ASGIApp, *, token: str | None, origins: tuple[str, ...], only_local: bool
    ) -> None:
        self._app = app
        self._token = token
        self._origins = origins
        self._only_local = only_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (reason := self._forbidden(headers)) is not None:
            answer = problems.response(HTTPStatus.FORBIDDEN, "forbidden", reason)
            await answer(scope, receive, send)
        elif not self._is_known(scope["path"], headers):
            detail = "send the header Authorization: Bearer TOKEN, with the token of --control-token"
            answer = problems.response(HTTPStatus.UNAUTHORIZED, "unauthorized", detail)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _forbidden(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            name = urlsplit(f"//{host}").hostname or ""
            own = origin is None or urlsplit(origin).netloc == host
        except ValueError:
            return "the header Host or Origin is no address"
        if self._only_local and not is_loopback(name):
            return f"this is not the host {host}"
        if own or origin in self._origins:
            return None
        return f"pages of {origin} may not use this; --control-origins allows it"

    def _is_known(self, path: str, headers: Headers) -> bool:
        if self._token is None or path.startswith(OPEN):
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(given.encode(), self._token.encode())
