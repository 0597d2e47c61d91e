"""Access to the control API: the token, the origins of web pages, and the Host header."""

import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mock_csms.control import ocsp, problems
from mock_csms.transport.address import is_loopback

PUBLIC_PATHS: Final = ("/health", "/docs", "/files/", "/ocsp")
"""Paths that need no token, because stations have none: files and the OCSP responder."""


class AccessControl:
    """Rejects requests without the token, from pages of other origins, or for another host.

    The check of the host guards a server on loopback against DNS rebinding. An OCSP request for another path
    comes from a station: it may name any URL as a responder that the mock then asks (``--ocsp ask``).
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, origins: tuple[str, ...], only_local: bool
    ) -> None:
        self._app = app
        self._token = token
        self._origins = origins
        self._only_local = only_local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if (reason := self._forbidden_reason(scope["path"], headers)) is not None:
            answer = problems.response(HTTPStatus.FORBIDDEN, "forbidden", reason)
            await answer(scope, receive, send)
        elif not self._is_authorized(scope["path"], headers):
            detail = "send the header Authorization: Bearer TOKEN, with the token of --control-token"
            answer = problems.response(HTTPStatus.UNAUTHORIZED, "unauthorized", detail)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _forbidden_reason(self, path: str, headers: Headers) -> str | None:
        if headers.get("content-type") == ocsp.REQUEST_TYPE and not path.startswith("/ocsp"):
            return "an OCSP request belongs to /ocsp"
        host, origin = headers.get("host", ""), headers.get("origin")
        try:
            hostname = urlsplit(f"//{host}").hostname or ""
            is_same_origin = origin is None or urlsplit(origin).netloc == host
        except ValueError:
            return "the header Host or Origin is not a valid address"
        if self._only_local and not is_loopback(hostname):
            return f"this server listens on loopback only and rejects requests for the host {host}"
        if is_same_origin or origin in self._origins:
            return None
        return f"pages of {origin} may not use the control API; allow them with --control-origins"

    def _is_authorized(self, path: str, headers: Headers) -> bool:
        if self._token is None or path.startswith(PUBLIC_PATHS):
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), self._token.encode())
