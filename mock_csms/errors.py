"""Exceptions that callers handle.

- UsageError: invalid settings
- CouldNotStart: valid settings that cannot be applied, such as a port in use
- NothingToDo: a command that does not apply to a station at the moment
- CallFailed: a CALL to a station without a valid CALLRESULT

  - CallErrorReceived
  - CallTimedOut
  - Disconnected
  - InvalidAnswer
  - InvalidRequest
  - UnfitRequest
"""

from typing import Any, Final, Self

from mock_csms.log.secret_text import masked_text
from mock_csms.messages import CallError
from mock_csms.text import one_line

WRONG_USAGE: Final = 2
"""Exit code after a UsageError."""

COULD_NOT_START: Final = 3
"""Exit code after a CouldNotStart."""

NO_STATION: Final = 5
"""Exit code if no station has connected."""


class UsageError(Exception):
    """Invalid settings. The message is one line without secrets, and says how to correct them."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(masked_text(message)))


class CouldNotStart(Exception):
    """The server cannot start, although the settings are valid. The message is one line with the reason."""


class NothingToDo(Exception):
    """A command does not apply to a station in its current state; the message is the reason.

    A given ``--payload`` is then merged into the payload ``instead`` (None: an empty payload). If the result
    is a valid payload, the command is sent nevertheless.
    """

    def __init__(self, reason: str, instead: Any = None) -> None:
        super().__init__(reason)
        self.instead = instead


class CallFailed(Exception):
    """A CALL to a station failed.

    ``message_id`` stays None for a CALL that was not sent; ``elapsed`` is in seconds since sending.
    """

    message_id: str | None = None
    elapsed: float = 0.0

    def of(self, message_id: str, elapsed: float) -> Self:
        """Attach the id of the CALL and the seconds since it was sent. Return the exception."""
        self.message_id, self.elapsed = message_id, elapsed
        return self


class CallErrorReceived(CallFailed):
    """The station answered with a CALLERROR; ``details`` may be of any JSON type."""

    def __init__(self, error: CallError) -> None:
        super().__init__(f"{error.code}: {error.description}" if error.description else error.code)
        self.code = error.code
        self.description = error.description
        self.details = error.details


class CallTimedOut(CallFailed):
    """The station did not answer within the time-out."""


class Disconnected(CallFailed):
    """The connection ended before the station answered."""


class InvalidAnswer(CallFailed):
    """The station answered, but its answer is malformed or breaks the schema."""


class InvalidRequest(CallFailed):
    """The payload breaks the schema of its command; nothing was sent."""


class UnfitRequest(CallFailed):
    """The payload fits the schema of its command, but OCPP forbids it; nothing was sent."""
