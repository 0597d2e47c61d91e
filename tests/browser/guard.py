"""A guard that collects what must not happen in the browser: errors, and requests to other origins."""

from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, ConsoleMessage, Request, WebError

LOCAL_SCHEMES: Final = frozenset({"data", "blob"})
API: Final = "/v1/"
"""Path prefix of requests that a test may let fail: the error that Chromium then logs is not a fault."""
FAILED_REQUEST: Final = "Failed to load resource"


class PageGuard:
    """Collects the faults of the pages of one browser context."""

    def __init__(self, address: str) -> None:
        self._origin = _origin(address)
        self.faults: list[str] = []
        """Requests to other origins, console errors (including CSP violations) and uncaught exceptions."""

    def watch(self, context: BrowserContext) -> None:
        """Watch all pages of a context."""
        context.on("request", self._requested)
        context.on("console", self._logged)
        context.on("weberror", self._raised)

    def check(self) -> None:
        """Fail if there are faults."""
        if self.faults:
            raise AssertionError("\n".join(self.faults))

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in LOCAL_SCHEMES and _origin(request.url) != self._origin:
            self.faults.append(f"request to another origin: {request.method} {request.url}")

    def _logged(self, message: ConsoleMessage) -> None:
        url = message.location["url"]
        is_answer = message.text.startswith(FAILED_REQUEST) and urlsplit(url).path.startswith(API)
        if message.type == "error" and not is_answer:
            self.faults.append(f"console: {message.text} ({url})")

    def _raised(self, error: WebError) -> None:
        self.faults.append(f"uncaught: {error.error.stack or error.error.message}")


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc
