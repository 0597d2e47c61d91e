"""Options of the sockets of connections."""

import asyncio
import socket
import struct
from typing import Final

NO_LINGER: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with zero seconds: the kernel sends a RST and discards unsent data."""


def reset_on_close(transport: asyncio.Transport) -> None:
    """Make the kernel send a RST when the connection is closed."""
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
