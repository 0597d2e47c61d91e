"""A file server on a free port, for the tests of transfers."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

FIRMWARE = b"firmware image"


class FileServer(ThreadingHTTPServer):
    """Serves ``files`` by path and stores ``uploads``; first fails one request with each of ``failures``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {"/firmware.bin": FIRMWARE}
        self.uploads: dict[str, bytes] = {}
        self.headers_seen: list[dict[str, str]] = []
        self.failures: list[int] = []
        self.redirects: dict[str, str] = {}
        self.folders: set[str] = set()
        """Paths at which PUT is not allowed."""

    def url(self, path: str, userinfo: str = "") -> str:
        """URL of a path on this server."""
        return f"http://{userinfo}127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    """Handles one connection."""

    server: FileServer

    def do_GET(self) -> None:
        """Send the file at the path, a redirect or a failure."""
        self.server.headers_seen.append(dict(self.headers))
        if self.path in self.server.redirects:
            self.send_response(302)
            self.send_header("Location", self.server.redirects[self.path])
            self.end_headers()
        elif self.server.failures or self.path not in self.server.files:
            self.send_error(self.server.failures.pop(0) if self.server.failures else 404)
        else:
            self._send(200, self.server.files[self.path])

    def do_PUT(self) -> None:
        """Store the content in ``uploads``, or send a failure."""
        self.server.headers_seen.append(dict(self.headers))
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.failures or self.path in self.server.folders:
            self.send_error(self.server.failures.pop(0) if self.server.failures else 405)
            return
        self.server.uploads[self.path] = content
        self._send(201, b"")

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def running_file_server() -> Iterator[FileServer]:
    """Run a file server in a thread."""
    with FileServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
