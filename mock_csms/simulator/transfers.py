"""Downloads and uploads by HTTP and HTTPS."""

import hashlib
import http.client
import ssl
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import unquote, urlsplit

from mock_csms.simulator.core import Core
from mock_csms.simulator.host import Timer

TIMEOUT_S: Final = 20.0
MAX_DURATION_S: Final = 300.0
MAX_FILE_BYTES: Final = 64 * 2**20
CHUNK_BYTES: Final = 2**16
SCHEMES: Final = frozenset({"http", "https"})

DEFAULT_RETRIES: Final = 2
DEFAULT_INTERVAL_S: Final = 10
MIN_INTERVAL_S: Final = 1
MAX_INTERVAL_S: Final = 86400
MAX_RUNNING: Final = 4


class TransferRefused(OSError):
    """The file server answered with an HTTP error status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the file server answered {status}")
        self.status = status


@dataclass(frozen=True)
class Download:
    """Size and hashes of a downloaded file; the bytes are not kept."""

    size: int
    sha256: bytes
    md5: str


def download(url: str, roots_pem: str = "", max_bytes: int = MAX_FILE_BYTES) -> Download:
    """Download a file; raises OSError.

    The roots in PEM are trusted in addition to the root certificates of the operating system.
    """
    deadline = time.monotonic() + MAX_DURATION_S
    sha256, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with _open(url, roots_pem) as response:
        while chunk := response.read1(CHUNK_BYTES):
            size += len(chunk)
            if size > max_bytes:
                raise OSError(f"the file has more than {max_bytes} bytes")
            if time.monotonic() > deadline:
                raise TimeoutError(f"the download takes more than {MAX_DURATION_S:.0f} s")
            sha256.update(chunk)
            md5.update(chunk)
        if response.length:
            raise OSError(f"the file ends {response.length} bytes early")
    return Download(size, sha256.digest(), md5.hexdigest())


def upload(url: str, filename: str, content: bytes, roots_pem: str = "") -> None:
    """Upload a file with PUT; raises OSError.

    If ``url`` ends in a slash, or the server does not allow PUT at ``url``, then ``url`` is the address of a
    folder. In this case, the file name is appended to ``url``.
    """
    parts = urlsplit_checked(url)
    in_folder = parts._replace(path=f"{parts.path.rstrip('/')}/{filename}").geturl()
    if parts.path.endswith("/"):
        _put(in_folder, filename, content, roots_pem)
        return
    try:
        _put(url, filename, content, roots_pem)
    except TransferRefused as error:
        if error.status != HTTPStatus.METHOD_NOT_ALLOWED:
            raise
        _put(in_folder, filename, content, roots_pem)


def _put(url: str, filename: str, content: bytes, roots_pem: str) -> None:
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f'form-data; name="uploadfile"; filename="{filename}"',
    }
    with _open(url, roots_pem, content, headers):
        pass


def http_status(error: OSError) -> int | None:
    """HTTP status code that made a transfer fail, or None."""
    return error.status if isinstance(error, TransferRefused) else None


def urlsplit_checked(url: str) -> Any:
    """Parts of a URL; raises OSError unless it is a valid http or https URL."""
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme.lower() in SCHEMES and parts.hostname and parts.port != 0
    except ValueError as error:
        raise OSError(f"not a valid URL: {error}") from error
    if not is_valid:
        raise OSError("not an http or https URL")
    return parts


@contextmanager
def _open(
    url: str, roots_pem: str, content: bytes | None = None, headers: dict[str, str] | None = None
) -> Iterator[http.client.HTTPResponse]:
    parts = urlsplit_checked(url)
    try:
        userinfo, _, location = parts.netloc.rpartition("@")
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            parts._replace(netloc=location, fragment="").geturl(),
            content,
            headers or {},
            method="GET" if content is None else "PUT",
        )
        if userinfo:  # urllib would take it as part of the host name (N01.FR.17)
            credentials = b64encode(unquote(userinfo).encode()).decode()
            request.add_unredirected_header("Authorization", f"Basic {credentials}")
        with _opener(roots_pem).open(request, timeout=TIMEOUT_S) as response:
            yield response
    except HTTPError as error:
        error.close()
        raise TransferRefused(error.code) from None  # a cause would keep the socket open
    except (ValueError, http.client.HTTPException) as error:
        raise OSError(f"the transfer failed: {error!r}") from error


def _opener(roots_pem: str) -> urllib.request.OpenerDirector:
    """Make an opener for http and https only; a redirect cannot lead to a local file."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_tls_context(roots_pem)),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def clamp_interval(interval_s: int) -> int:
    """Limit an interval between attempts to at least a second and at most a day."""
    return min(max(interval_s, MIN_INTERVAL_S), MAX_INTERVAL_S)


@lru_cache(maxsize=8)
def _tls_context(roots_pem: str) -> ssl.SSLContext:
    """Make a TLS context. Stations with the same roots share one context, because loading the roots takes
    20 ms.
    """
    context = ssl.create_default_context()
    if roots_pem:
        context.load_verify_locations(cadata=roots_pem)
    return context


class Transfer[T]:
    """A transfer that is repeated until it succeeds or its retries are used up."""

    timer: Timer | None = None

    def __init__(
        self,
        function: Callable[[], T],
        on_result: Callable[[T], object],
        on_failure: Callable[[OSError], object],
        retries: int | None,
        interval_s: int | None,
    ) -> None:
        self.function = function
        self.on_result = on_result
        self.on_failure = on_failure
        self.retries = DEFAULT_RETRIES if retries is None else max(0, retries)
        self.interval_s = DEFAULT_INTERVAL_S if interval_s is None else clamp_interval(interval_s)
        self.is_cancelled = False

    def cancel(self) -> None:
        """Stop retries and callbacks. A running attempt continues, but its result is ignored."""
        self.is_cancelled = True
        if self.timer is not None:
            self.timer.cancel()


class Transfers:
    """Runs transfers in threads; callers check `is_busy` to limit their number."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._running = 0

    @property
    def is_busy(self) -> bool:
        """Whether the maximum number of attempts is running. Attempts of cancelled transfers count too."""
        return self._running >= MAX_RUNNING

    def start(self, transfer: Transfer[Any]) -> None:
        """Start the first or next attempt of a transfer."""
        self._running += 1

        def succeed(result: Any) -> None:
            self._running -= 1
            if not transfer.is_cancelled:
                self._core.guard("a transfer", lambda: transfer.on_result(result))

        def fail(error: OSError) -> None:
            self._running -= 1
            if not transfer.is_cancelled:
                self._core.guard("a transfer", lambda: self._retry(transfer, error))

        self._core.host.run_in_thread(transfer.function, succeed, fail)

    def _retry(self, transfer: Transfer[Any], error: OSError) -> None:
        if transfer.retries == 0:
            transfer.on_failure(error)
            return
        transfer.retries -= 1
        transfer.timer = self._core.after(transfer.interval_s, lambda: self.start(transfer))
