"""The contender *bare-tls*: fixed answers by action over the TLS of asyncio, without a WebSocket library."""

import asyncio
import json
import ssl
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

from bench import wire
from bench.door import ANSWERS, HOST, announce
from mock_csms.pki import Pki

ACCEPTED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: fixed\r\nSec-WebSocket-Protocol: ocpp2.0.1\r\n\r\n"
)
"""Response to every handshake; the load generator does not check Sec-WebSocket-Accept."""


class Answering(asyncio.Protocol):
    """Accepts the WebSocket and answers each text frame."""

    def __init__(self) -> None:
        self._unread = b""
        self._is_accepted = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_accepted:
            _, end, rest = self._unread.partition(b"\r\n\r\n")
            if not end:
                return
            self._is_accepted, self._unread = True, rest
            self._transport.write(ACCEPTED)
        while bounds := wire.masked_payload_bounds(self._unread):
            start, end_of_frame = bounds
            self._handle(self._unread[0], self._unread[start:end_of_frame])
            self._unread = self._unread[end_of_frame:]

    def _handle(self, first_byte: int, payload: bytes) -> None:
        """Answer a frame; the load generator masks it with zeros, so the payload needs no unmasking."""
        if first_byte == wire.TEXT:
            _, message_id, action, _ = json.loads(payload)
            answer = json.dumps([3, message_id, ANSWERS[action]]).encode()
            self._transport.write(wire.unmasked_frame(wire.TEXT, answer))
        else:
            self._transport.write(wire.unmasked_frame(wire.CLOSE, wire.NORMAL_CLOSURE))
            self._transport.close()


def certified_context() -> ssl.SSLContext:
    """TLS context with certificates of the mock's PKI, otherwise as in the documentation of `ssl`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    with TemporaryDirectory(prefix="bench-") as folder:
        pki = Pki.open(Path(folder))
        for kind in "ecdsa", "rsa":
            issued = pki.named(f"server-{kind}")
            assert issued.chain_path
            context.load_cert_chain(issued.chain_path, issued.key_path)
    return context


async def main(ready_file: Path) -> None:
    """Serve until the process is terminated."""
    create_server = asyncio.get_running_loop().create_server
    async with await create_server(Answering, HOST, 0, ssl=certified_context(), backlog=1024) as server:
        announce(server, ready_file, "wss")
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
