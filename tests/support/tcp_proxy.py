"""A TCP proxy in front of the control API, which records requests and cuts connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit


class TcpProxy:
    """Forwards connections to an address while ``is_open``; aborts them otherwise."""

    def __init__(self, url: str) -> None:
        self.lead_to(url)
        self._writers: set[asyncio.StreamWriter] = set()
        self.requests: list[str] = []
        """Method and target of each request: the first two words of each chunk of bytes from a client."""
        self.is_open = True
        self.attempted = asyncio.Event()
        """Set when a connection is refused because the proxy is closed."""
        self.url = ""

    def lead_to(self, url: str) -> None:
        """Forward new connections to the server at a URL."""
        target = urlsplit(url)
        self._target = target.hostname, target.port

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward a connection in both directions until one side closes it; abort it if not ``is_open``."""
        if not self.is_open:
            self.attempted.set()
            writer.transport.abort()
            return
        other_reader, other_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, other_writer}
        await asyncio.wait(
            [
                asyncio.create_task(self._forward(reader, other_writer, is_request=True)),
                asyncio.create_task(self._forward(other_reader, writer, is_request=False)),
            ]
        )
        self._writers -= {writer, other_writer}

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_request: bool
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(2**16):
                if is_request:
                    self.requests.append(" ".join(chunk.split(b"\r\n")[0].decode().split()[:2]))
                writer.write(chunk)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        """Abort all connections."""
        for writer in list(self._writers):
            writer.transport.abort()


@asynccontextmanager
async def proxy_before(url: str) -> AsyncIterator[TcpProxy]:
    """Run a proxy in front of the server at a URL while the context lasts."""
    proxy = TcpProxy(url)
    server = await asyncio.start_server(proxy.handle, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut()
        await server.wait_closed()
