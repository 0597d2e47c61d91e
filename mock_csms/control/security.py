"""Access to the control API: the token, the origins of web pages, and the Host header."""

import secrets
from collections.abc import Callable, Collection
from functools import partial
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mock_csms.control import ocsp, problems
from mock_csms.control.limits import OF_STATION, UPLOADS
from mock_csms.log.output import logger
from mock_csms.text import truncate
from mock_csms.transport.address import PublicUrl, is_loopback

PUBLIC_PATHS: Final = ("/health", "/docs", "/ui", "/files/", "/ocsp")
"""Beginnings of the paths that need no token. The pages ask for the token, and stations have none."""
ROOT: Final = "/"
"""Path that redirects to the page; it needs no token either."""

MAX_PATH: Final = 120
"""Maximum characters of a path in a log line."""


def needs_no_token(method: str, path: str) -> bool:
    """Whether a request needs no token. Reading uploads needs it, as a station may upload secrets."""
    return (
        method in {"PUT", "POST"} if _is_for_uploads(path) else path == ROOT or path.startswith(PUBLIC_PATHS)
    )


def _is_for_uploads(path: str) -> bool:
    return path == UPLOADS or path.startswith(f"{UPLOADS}/")


def forbidden_reason(
    path: str, headers: Headers, origins: Collection[str], flaw_of_host: Callable[[str], str]
) -> str:
    """Return the reason why a request must be rejected; empty if it is allowed."""
    if headers.get("content-type") == ocsp.REQUEST_TYPE and not path.startswith("/ocsp"):
        return "send OCSP requests to /ocsp"
    host, origin = headers.get("host", ""), headers.get("origin")
    try:
        hostname = urlsplit(f"//{host}").hostname or ""
        is_same_origin = origin is None or urlsplit(origin).netloc == host
    except ValueError:
        return "the header Host or Origin is not a valid address"
    if flaw := flaw_of_host(hostname):
        return flaw
    if origin is None and not origins and _is_from_other_site(headers):
        return "pages of other sites may not use this server; allow them with --control-origins"
    if is_same_origin or origin in origins:
        return ""
    return f"pages of {origin} may not use this server; allow them with --control-origins"


def _is_from_other_site(headers: Headers) -> bool:
    """Whether a browser says that a page of another site made the request; a followed link does not count.

    The header Origin is not enough: browsers omit it in requests for images and scripts.
    """
    is_other = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    return is_other and headers.get("sec-fetch-dest") != "document"


class AccessControl:
    """Rejects requests without the token, from pages of other origins, or for another host.

    The check of the host guards a server on loopback against DNS rebinding. OCSP requests are rejected except
    on /ocsp, because with ``--ocsp ask`` a station can make the mock send one to any URL, even of this API.
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
        if scope["type"] != "http" or OF_STATION in scope:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if reason := forbidden_reason(scope["path"], headers, self._origins, self._flaw_of_host):
            answer = problems.response(HTTPStatus.FORBIDDEN, "forbidden", reason)
            await answer(scope, receive, send)
        elif not self._is_authorized(scope["method"], scope["path"], headers):
            detail = "send the header Authorization: Bearer TOKEN, with the token of --control-token"
            answer = problems.response(HTTPStatus.UNAUTHORIZED, "unauthorized", detail)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _flaw_of_host(self, host: str) -> str:
        if self._only_local and not is_loopback(host):
            return f"this server listens on loopback only and rejects requests for the host {host}"
        return ""

    def _is_authorized(self, method: str, path: str, headers: Headers) -> bool:
        if self._token is None or needs_no_token(method, path):
            return True
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and secrets.compare_digest(token.encode(), self._token.encode())


def is_for_stations(method: str, path: str) -> bool:
    """Whether a port for stations serves a request: a download, an upload or an OCSP request.

    Uploads can be read through the control API only: a log may contain anything.
    """
    if _is_for_uploads(path):
        return method in {"PUT", "POST"}
    return path.startswith("/ocsp") or (path.startswith("/files/") and method in {"GET", "HEAD"})


class StationAccess:
    """Restricts ports for stations to the requests that a station makes; none of these needs a token."""

    def __init__(
        self, app: ASGIApp, *, origins: tuple[str, ...], public_url: PublicUrl | None, control: str
    ) -> None:
        self._app = app
        self._origins = origins
        self._public_url = public_url
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem; log downloads and failed requests."""
        send = _logging(scope, send)
        path = scope["path"].removeprefix(self._public_url.path if self._public_url else "")
        if not is_for_stations(scope["method"], path):
            detail = f"this port is for stations; use the control API at {self._control}{path}"
            answer = problems.response(HTTPStatus.FORBIDDEN, "forbidden", detail)
        elif reason := forbidden_reason(
            path, Headers(scope=scope), self._origins, partial(self._flaw_of_host, scope=scope)
        ):
            answer = problems.response(HTTPStatus.FORBIDDEN, "forbidden", reason)
        else:
            await self._app({**scope, "path": path, OF_STATION: True}, receive, send)
            return
        await answer(scope, receive, send)

    def _flaw_of_host(self, host: str, scope: Scope) -> str:
        """Return the reason why a request with this host is rejected; empty if it is allowed.

        This check guards a port on loopback against DNS rebinding.
        """
        server, public_url = scope.get("server"), self._public_url
        if not server or not is_loopback(server[0]) or is_loopback(host):
            return ""
        if public_url is not None and host == public_url.host:
            return ""
        return (
            f"only stations on this machine can use this address; to accept requests for the host {host}, "
            "start the server with --public-url"
        )


def _logging(scope: Scope, send: Send) -> Send:
    """Return a ``send`` that also logs the status of a GET request or a failed request.

    A stored upload (PUT or POST) is not logged here, because it has its own log line.
    """

    async def send_and_log(message: Message) -> None:
        if message["type"] == "http.response.start":
            status, method = message["status"], scope["method"]
            if method == "GET" or status >= HTTPStatus.BAD_REQUEST:
                host = scope["client"][0] if scope.get("client") else "an unknown address"
                logger.info("%s %s from %s: %d", method, truncate(scope["path"], MAX_PATH), host, status)
        await send(message)

    return send_and_log
