"""Exceptions of the client.

AssertionError
  StationFailure       a station did not do what a test expects
    NotSeen            no matching message in time, or not all parts of a report
    WrongMessage       the next message of an action differs
    UnwantedMessage    a message that must not come
    WrongAnswer        the answer to a command differs, is a CALLERROR, or is missing
    NotVerified        the journal has more or fewer matching entries than expected
    UnwantedFindings   violations of the specification
ClientError            the client cannot do what the test asks for
  ApiError             the control API answered with a problem
  NotReachable         no server answers at the address
  StreamLost           the client lost the event stream, or missed entries that a wait needs
ValueError
  WrongArgument        an argument is not valid, such as a mistyped action or a negative number of seconds
"""

from collections.abc import Mapping
from typing import Any, Final

__tracebackhide__ = True

PROBLEM_PREFIX: Final = "urn:ocpp2-mock-server:"


class StationFailure(AssertionError):
    """A station did not behave as a test expects; the text shows the message closest to the expected one."""

    def __init__(self, text: str, frame: int | None = None) -> None:
        super().__init__(text)
        self.frame = frame
        """Number of the journal entry that caused the failure: the wrong or unwanted message, or the answer.
        """


class NotSeen(StationFailure):
    """No matching message came in time, or parts of a report are missing."""


class WrongMessage(StationFailure):
    """The next message of an action differs from the expected one."""


class UnwantedMessage(StationFailure):
    """A message came that must not come."""


class WrongAnswer(StationFailure):
    """The answer to a command differs from the expected one, is a CALLERROR, or is missing."""


class NotVerified(StationFailure):
    """The journal has more or fewer matching entries than expected."""


class UnwantedFindings(StationFailure):
    """Stations violated the specification."""


class WrongArgument(ValueError):
    """An argument is not valid, such as a mistyped action or a negative number of seconds."""


class ClientError(Exception):
    """The client cannot do what the test asks for."""


class NotReachable(ClientError):
    """No server answers at the address."""


class StreamLost(ClientError):
    """The client has lost the event stream, or has missed journal entries that a wait needs."""


class ApiError(ClientError):
    """The control API answered with a problem; ``members`` holds its problem details."""

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members = members
        self.type = str(members.get("type", "about:blank"))
        self.detail = str(members.get("detail", members.get("title", "")))
        super().__init__(f"{self.detail} ({status} {self.kind})")

    @property
    def kind(self) -> str:
        """The kind of problem, such as not-connected; the last part of its type."""
        return self.type.removeprefix(PROBLEM_PREFIX)


def with_hint(problem: ApiError, hints: Mapping[str, str]) -> ApiError:
    """Return the problem with the hint for its kind added to its detail; unchanged if there is no hint."""
    if problem.kind not in hints:
        return problem
    return ApiError(problem.status, {**problem.members, "detail": f"{problem.detail}; {hints[problem.kind]}"})
