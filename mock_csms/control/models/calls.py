"""Models of commands and their outcomes."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, FiniteFloat, model_validator

from mock_csms.control.models.base import Model, OcppPayload, RequestBody, Root, absent


class CallRequest(RequestBody):
    """A command to send."""

    action: Annotated[str, Field(min_length=1, max_length=200)]
    """Name of a command in the OCPP version of the station; with `"validate": false`, any action."""
    payload: Any = None
    """Payload to send; null is sent as null. If omitted, the default payload of the command for this station.

    Placeholders such as `{{certificate.root}}` are filled in as in rules, but not with `"validate": false`.
    """
    timeout: Annotated[FiniteFloat | None, Field(gt=0, le=3600)] = None
    """Seconds to wait for the answer after sending; if omitted, the setting `callTimeout` for the station."""
    validate_: Annotated[bool, Field(alias="validate")] = True
    """If false, any action with any payload is sent, and the answer is not validated."""
    split: bool = False
    """Whether a list is sent in several parts, one after the other, if it is longer than the station accepts.

    The answer has the outcome of each part in `parts`.
    """
    when: Literal["connected"] | None = None
    """If `connected`, the command is sent at the next connection of the station, before the server answers
    any message.
    """
    within: Annotated[FiniteFloat | None, Field(gt=0, le=86_400)] = None
    """Seconds to wait for the next connection; 60 if omitted."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.within is not None and self.when is None:
            raise ValueError('"within" limits the wait for a connection; add "when": "connected"')
        if self.split and not self.validate_:
            raise ValueError(
                '"split" needs the schema of the command; leave out "split" or "validate": false'
            )
        return self


class CallOutcome(Model):
    """The outcome of a command."""

    outcome: Literal["result", "error", "timeout", "disconnected"]
    """`result` for a CALLRESULT; `error` for a CALLERROR, for a malformed answer, or if the command could not
    be sent; `timeout` if no answer came in time; `disconnected` if the connection ended before the answer."""
    message_id: str | None
    """Message id of the CALL; null if the command, or this part of it, could not be sent."""
    elapsed: float = absent()
    """Seconds from the CALL to the answer or the failure."""
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


class PartOutcome(CallOutcome):
    """The outcome of a part of a command."""

    request: OcppPayload
    """Payload of the part."""


class SentCommand(CallOutcome):
    """The outcome of a command, with the outcomes of its parts."""

    parts: list[PartOutcome] = absent()
    """Outcomes of the parts that were sent, if `split` was true."""


class CallAnswer(Root[SentCommand | dict[str, SentCommand]]):
    """The outcome of a command; for a glob such as `*`, the outcome for each identity."""


class ReleasedCommand(CallOutcome):
    """A released command with its outcome."""

    action: str
    """Action of the command."""
    request: Any
    """Payload of the command."""


class ReleasedAnswer(Model):
    """An answer that was held back, and has been sent."""

    action: str
    """Action of the CALL that it answers."""
    outcome: Literal["sent"]
    """Always `sent`."""
    message_id: str
    """Message id of the CALL and of the answer."""
    elapsed: float
    """Seconds from the CALL to the answer."""


class Released(Root[list[ReleasedAnswer | ReleasedCommand]]):
    """The released answers, the oldest first, and then the released commands, the oldest first."""


class ReleaseRequest(RequestBody):
    """Limits the held answers and commands that are released."""

    action: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """Release only answers to CALLs with this action, and commands with this action; if omitted, all."""
    count: Annotated[int | None, Field(ge=1)] = None
    """Maximum number of answers and commands to release; if omitted, all."""
