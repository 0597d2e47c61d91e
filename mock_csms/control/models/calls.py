"""Models of commands and their outcomes."""

from typing import Any, Literal

from mock_csms.control.models.base import Model, OcppPayload, Root, absent


class CallOutcome(Model):
    """The outcome of a command."""

    outcome: Literal["result", "error", "timeout", "disconnected"]
    """`result` for a CALLRESULT; `error` for a CALLERROR or a malformed answer; `timeout` if no answer came
    in time; `disconnected` if the connection ended before the answer."""
    message_id: str | None
    """Message id of the CALL; null if the command could not be sent to this station of a glob."""
    elapsed: float = absent()
    """Seconds from the CALL to its answer, or to its failure."""
    payload: OcppPayload = absent()
    """Payload of the CALLRESULT."""
    violation: str = absent()
    """Violation of the schema by the payload of the CALLRESULT."""
    error_code: str = absent()
    """errorCode of the CALLERROR."""
    error_description: str = absent()
    """errorDescription of the CALLERROR."""
    error_details: OcppPayload = absent()
    """errorDetails of the CALLERROR."""
    detail: str = absent()
    """Why the command has neither a CALLRESULT nor a CALLERROR."""


class CallAnswer(Root[CallOutcome | dict[str, CallOutcome]]):
    """The outcome of a command; for a glob such as `*`, the outcome for each identity."""


class ReleasedCommand(CallOutcome):
    """A command that was held back, with its outcome."""

    action: str
    """Action of the command."""
    request: Any
    """Payload of the command."""


class ReleasedCommands(Root[list[ReleasedCommand]]):
    """The commands that were held back, the oldest first."""
