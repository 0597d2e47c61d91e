"""How a CALL to a station may come to nothing."""

from typing import Self

from mock_csms.messages import CallError


class NothingToDo(Exception):
    """The command makes no sense for the station as it is known now; the message says why."""


class CallFailed(Exception):
    """A CALL that brought no CALLRESULT that could be used.

    ``message_id`` is None if it was not sent, ``elapsed`` is in seconds from sending.
    """

    message_id: str | None = None
    elapsed: float = 0.0

    def of(self, message_id: str, elapsed: float) -> Self:
        """Say which CALL it was."""
        self.message_id, self.elapsed = message_id, elapsed
        return self


class CallErrorReceived(CallFailed):
    """The station answered with a CALLERROR; its details may be of any JSON type."""

    def __init__(self, error: CallError) -> None:
        super().__init__(f"{error.code}: {error.description}" if error.description else error.code)
        self.code = error.code
        self.description = error.description
        self.details = error.details


class CallTimedOut(CallFailed):
    """The station did not answer in time."""


class Disconnected(CallFailed):
    """The connection ended before the station answered."""


class InvalidAnswer(CallFailed):
    """The station answered, but its answer is malformed or breaks the schema."""


class InvalidRequest(CallFailed):
    """The payload breaks the schema of its command; nothing was sent."""
