"""The certification rehearsal as the server shows it: a run of test cases on one station.

The `certify` command, or another client of the control API, reports the run. A run has cases, their
progress, and prompts that ask the person at the station to do something.
"""

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Literal

import orjson

from mock_csms.messages import JsonObject

MAX_REHEARSAL_BYTES: Final = 16 * 2**20
"""Maximum bytes of all cases of a run as JSON, with their steps."""

type PromptAnswer = Literal["done", "cannot"]


class ReportTooLarge(Exception):
    """The cases of a run exceed `MAX_REHEARSAL_BYTES`."""


@dataclass(eq=False)
class Prompt:
    """A request to the person at the station, such as to plug in a cable."""

    id: str
    text: str
    detail: str | None = None
    answer: PromptAnswer | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the prompt is answered or withdrawn."""

    def as_json(self) -> JsonObject:
        """JSON form of the prompt."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"id": self.id, "text": self.text, **detail, "answer": self.answer}


@dataclass(eq=False)
class ReportedCase:
    """A case of a run: its plan and its newest progress."""

    plan: JsonObject
    content: bytes
    """The plan and the progress as JSON text, which takes a fraction of the memory of Python objects."""
    version: int
    """Version of the rehearsal at the newest change of this case."""


@dataclass(eq=False)
class Run:
    """A run of certification test cases on one station."""

    station: str
    started_at: str
    cases: dict[str, ReportedCase]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    """Random, so that runs have different ids even if the server is restarted between them."""
    finished_at: str | None = None
    prompt: Prompt | None = None

    @property
    def size(self) -> int:
        """Bytes of all cases as JSON."""
        return sum(len(case.content) for case in self.cases.values())


class Rehearsal:
    """The newest run, if any, and a version, which is the number of changes so far.

    A new run does not reset the version. A client that knows the run at a version needs only the cases that
    have changed since.
    """

    def __init__(self) -> None:
        self.run: Run | None = None
        self.version = 0
        self.on_change: list[Callable[[], None]] = []
        """Functions that are called after each change."""

    def begin(self, station: str, started_at: str, plans: Collection[JsonObject]) -> None:
        """Replace the run by a new one with the planned cases; raises ReportTooLarge."""
        cases = {plan["id"]: ReportedCase(plan, _encoded(plan), self.version + 1) for plan in plans}
        run = Run(station, started_at, cases)
        if run.size > MAX_REHEARSAL_BYTES:
            raise ReportTooLarge
        if self.run is not None:
            _withdraw(self.run)
        self.run = run
        self._changed()

    def clear(self) -> None:
        """Drop the run, if any, and withdraw its prompt."""
        if self.run is not None:
            _withdraw(self.run)
            self.run = None
            self._changed()

    def report(self, case: ReportedCase, progress: JsonObject) -> None:
        """Replace the progress of a case of the run; raises ReportTooLarge."""
        content = _encoded({**case.plan, **progress})
        if self.run is not None and self.run.size - len(case.content) + len(content) > MAX_REHEARSAL_BYTES:
            raise ReportTooLarge
        case.content, case.version = content, self.version + 1
        self._changed()

    def finish(self, run: Run, finished_at: str) -> None:
        """Mark a run as finished, and withdraw its prompt."""
        _withdraw(run)
        run.finished_at = finished_at
        self._changed()

    def ask(self, run: Run, prompt: Prompt | None) -> None:
        """Withdraw the prompt of a run, if any, and show ``prompt``, unless it is None."""
        _withdraw(run)
        run.prompt = prompt
        self._changed()

    def answer(self, prompt: Prompt, answer: PromptAnswer) -> None:
        """Store the answer to a prompt, and wake the callers that wait for it."""
        prompt.answer = answer
        prompt.settled.set()
        self._changed()

    def _changed(self) -> None:
        self.version += 1
        for listener in self.on_change:
            listener()


def changed_cases(run: Run, since: int) -> bytes:
    """Return a JSON list of the cases that have changed after the version ``since``."""
    return b"[%b]" % b",".join(case.content for case in run.cases.values() if case.version > since)


def _withdraw(run: Run) -> None:
    if run.prompt is not None:
        run.prompt.settled.set()
        run.prompt = None


def _encoded(content: JsonObject) -> bytes:
    return orjson.dumps({"verdict": None, **content})
