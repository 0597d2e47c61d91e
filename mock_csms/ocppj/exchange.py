"""A command on its way to a station, and what it came to."""

import asyncio
from typing import NamedTuple

from mock_csms.messages import CallError, CallResult
from mock_csms.schema.validation import Violation

type Answer = CallResult | CallError


class Exchange(NamedTuple):
    """A command and the station's answer; ``elapsed`` is in seconds from sending."""

    message_id: str
    answer: Answer
    violation: Violation | None
    elapsed: float


class PendingCall(NamedTuple):
    """The command that waits for its answer."""

    message_id: str
    action: str
    number: int
    """Its number in the journal; 0 if it could not be recorded."""
    started: float
    validate: bool
    answer: asyncio.Future[tuple[Answer, Violation | None]]
