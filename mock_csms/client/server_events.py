"""Server-sent events, parsed from bytes."""

from collections.abc import Iterator
from typing import NamedTuple


class ServerEvent(NamedTuple):
    """One event with name and data; a comment has neither."""

    name: str
    data: str
    id: str
    """Id of this event; without one, the id of the previous event."""


class EventParser:
    """Parses a stream of server-sent events; bytes may be cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = self._id = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[ServerEvent]:
        """Yield the events that these bytes complete, and a nameless event for each comment."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if event := self._take(line.removesuffix(b"\r").decode()):
                yield event

    def _take(self, line: str) -> ServerEvent | None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        elif not line:
            event = ServerEvent(self._name, "\n".join(self._data), self._id)
            self._name, self._data = "", []
            return event
        return None
