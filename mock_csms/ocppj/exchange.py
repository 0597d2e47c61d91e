"""A command to a station, while its answer is pending and after the answer has arrived."""

import asyncio
from typing import Any, NamedTuple

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
    """A command whose answer is pending; ``started`` is a time of the performance counter in seconds."""

    message_id: str
    action: str
    payload: Any
    number: int
    """Number of the command's journal entry; 0 if the command could not be recorded."""
    started: float
    validate: bool
    answer: asyncio.Future[Exchange]


def retrieve_exception(exchange: asyncio.Task[Any]) -> None:
    """Keep asyncio from logging an exception as never retrieved; a caller that awaits the task gets it."""
    if not exchange.cancelled():
        exchange.exception()
