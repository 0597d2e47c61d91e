"""The exceptions that callers handle.

- UsageError: the settings cannot be used
- CouldNotStart: the server cannot do what its settings ask
- NothingToDo: a command makes no sense for a station now
- CallFailed: a CALL to a station brought no CALLRESULT that can be used

  - CallErrorReceived
  - CallTimedOut
  - Disconnected
  - InvalidAnswer
  - InvalidRequest
"""

from typing import Final, Self

from mock_csms.messages import CallError
from mock_csms.text import one_line

WRONG_USAGE: Final = 2
"""Exit code after a UsageError."""


class UsageError(Exception):
    """Settings that cannot be used; the message is one line that says what to write instead."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class CouldNotStart(Exception):
    """The server cannot do what its settings ask; the message is one line that says why."""


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
