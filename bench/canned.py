"""The contender *canned*: `websockets` as in its documentation, fixed answers by action, no validation."""

import asyncio
import json
import sys
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from bench.door import ANSWERS, HOST, SUBPROTOCOLS, announce


async def answer(websocket: ServerConnection) -> None:
    """Answer one station until it disconnects."""
    async for message in websocket:
        _, message_id, action, _ = json.loads(message)
        await websocket.send(json.dumps([3, message_id, ANSWERS[action]]))


async def main(ready_file: Path) -> None:
    """Serve until the process is terminated."""
    async with serve(answer, HOST, 0, subprotocols=SUBPROTOCOLS) as server:
        announce(server, ready_file)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
