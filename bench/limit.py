"""The contender *limit*: fixed answers from the callback that decodes a frame, with orjson and uvloop."""

import sys
from pathlib import Path
from typing import Any, Final

import orjson
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Frame, Opcode

from bench import loop
from bench.door import ANSWERS, HOST, SUBPROTOCOLS, announce

ENCODED: Final = {action: orjson.Fragment(orjson.dumps(payload)) for action, payload in ANSWERS.items()}


class Answering(ServerConnection):
    """Answers each frame in the event loop step that decodes it."""

    def process_event(self, event: Any) -> None:
        """Answer text frames at once; pass other events to `websockets`."""
        if isinstance(event, Frame) and event.opcode is Opcode.TEXT:
            _, message_id, action, _ = orjson.loads(event.data)
            self.protocol.send_text(orjson.dumps([3, message_id, ENCODED[action]]))
            self.send_data()
        else:
            super().process_event(event)


async def main(ready_file: Path) -> None:
    """Serve until the process is terminated."""
    async with serve(
        ServerConnection.wait_closed, HOST, 0, create_connection=Answering, subprotocols=SUBPROTOCOLS
    ) as server:
        announce(server, ready_file)
        await server.serve_forever()


if __name__ == "__main__":
    loop.run(main(Path(sys.argv[1])))
