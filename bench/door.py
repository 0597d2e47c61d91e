"""Shared parts of the Python contenders: fixed answers, address, subprotocols and the ready file."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any, Final

from websockets.asyncio.server import Server
from websockets.typing import Subprotocol

HOST: Final = "127.0.0.1"
SUBPROTOCOLS: Final = [Subprotocol("ocpp2.0.1")]

ANSWERS: Final[dict[str, dict[str, Any]]] = json.loads(Path(__file__).with_name("answers.json").read_text())
"""Payload of the CALLRESULT for each action."""


def announce(server: Server | asyncio.Server, ready_file: Path, scheme: str = "ws") -> None:
    """Write the address of the server to its ready file, atomically."""
    port = next(iter(server.sockets)).getsockname()[1]
    draft = ready_file.with_suffix(".draft")
    draft.write_text(json.dumps({scheme: f"{scheme}://{HOST}:{port}", "pid": os.getpid()}))
    draft.replace(ready_file)
