"""The answer of a station to a command."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from mock_csms.client.entries import MAX_DETAILED_CHARACTERS, TranscriptEntry
from mock_csms.client.failures import WrongAnswer
from mock_csms.client.fields import PayloadDifference, brief_value, differences, nested

__tracebackhide__ = True


@dataclass(frozen=True, slots=True, repr=False)
class CommandAnswer:
    """The answer of a station to a command, with methods that check it, such as `is_` and `has`.

    A check returns the answer, so that checks can be chained:
    ``call(...).is_("Accepted").has(statusInfo__reasonCode="X")``. A check that fails raises WrongAnswer with
    the last frames of the station.
    """

    station: str
    action: str
    outcome: str
    """result, error (a CALLERROR or a malformed answer), timeout or disconnected.

    The outcome is "sent" for an answer of the server that was held back and has been released.
    """
    payload: Mapping[str, Any]
    """Payload of a CALLRESULT; empty for other outcomes."""
    elapsed: float | None
    """Seconds from the CALL to its answer or failure; None if the CALL was not sent."""
    message_id: str | None
    error_code: str | None = None
    error_description: str | None = None
    error_details: Any = None
    detail: str | None = None
    """Reason why there is neither a CALLRESULT nor a CALLERROR."""
    violation: str | None = None
    """Violation of the schema by the answer."""
    request: Any = None
    """Payload of the command, if this is the answer to a part of a command or to a released command."""
    parts: tuple["CommandAnswer", ...] = ()
    """Answers to the parts of a command that was sent in parts."""
    call: TranscriptEntry | None = None
    """Journal entry of the command, or of its first part."""
    entry: TranscriptEntry | None = None
    """Journal entry of the answer, or of the answer to the first part."""
    explain: Callable[[str], str] = field(default=str, compare=False)
    """Function that appends the last frames of the station to a sentence."""

    @classmethod
    def of_json(cls, station: str, action: str, content: Mapping[str, Any]) -> Self:
        """Make an answer from its JSON."""
        return cls(
            station=station,
            action=action,
            outcome=content["outcome"],
            payload=content.get("payload") or {},
            elapsed=content.get("elapsed"),
            message_id=content.get("messageId"),
            error_code=content.get("errorCode"),
            error_description=content.get("errorDescription"),
            error_details=content.get("errorDetails"),
            detail=content.get("detail"),
            violation=content.get("violation"),
            request=content.get("request"),
            parts=tuple(cls.of_json(station, action, part) for part in content.get("parts", ())),
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.action}: {self._in_words()})"

    def __getitem__(self, name: str) -> Any:
        """A field of the payload; raises WrongAnswer for a CALLERROR or a missing answer."""
        self._check_result(f"the field {name}")
        return self.payload[name]

    def is_(self, status: str, /, *others: str) -> Self:
        """Check that the field `status` of the answer has one of these values; raises WrongAnswer."""
        statuses = status, *others
        self._check_result(f"status {' or '.join(statuses)}")
        if "status" not in self.payload:
            raise self._wrong(f"has no status, it is {brief_value(self.payload)}; use has(...) or each(...)")
        if self.payload["status"] not in statuses:
            expected = set(statuses) if len(statuses) > 1 else statuses[0]
            difference = PayloadDifference("status", expected, self.payload["status"])
            raise self._wrong("differs:", [difference], self.payload)
        return self

    def has(self, fields: Mapping[str, Any] | None = None, /, **others: Any) -> Self:
        """Check that the payload has these fields, compared as by `differences`; raises WrongAnswer."""
        self._check_result("a result")
        if found := differences(nested({**(fields or {}), **others}), self.payload):
            raise self._wrong("differs:", found, self.payload)
        return self

    def each(self, name: str, fields: Mapping[str, Any] | None = None, /, **others: Any) -> Self:
        """Check that the list ``name`` of the payload has items, and that each item has these fields.

        Raises WrongAnswer.
        """
        self._check_result("a result")
        items = self.payload.get(name)
        if not isinstance(items, list) or not items:
            raise self._wrong(f"has no list {name} with items, it is {brief_value(self.payload)}")
        for number, item in enumerate(items):
            if found := differences(nested({**(fields or {}), **others}), item):
                raise self._wrong(f"differs in {name}[{number}]:", found, item)
        return self

    def is_error(self, *codes: str) -> Self:
        """Check that the answer is a CALLERROR with one of these codes. Without codes, any CALLERROR passes.

        Raises WrongAnswer.
        """
        if self.error_code is None:
            raise self._wrong(f"is not a CALLERROR, but {self._in_words()}")
        if codes and self.error_code not in codes:
            raise self._wrong(f"is {self._in_words()}, not {' or '.join(codes)}")
        return self

    def _check_result(self, wanted: str) -> None:
        if self.outcome != "result":
            raise self._wrong(f"should have {wanted}, but it is {self._in_words()}")

    def _in_words(self) -> str:
        if self.error_code is not None:
            details = f" {brief_value(self.error_details)}" if self.error_details else ""
            return f"CALLERROR {self.error_code}: {self.error_description}{details}"
        if self.outcome == "result":
            return brief_value(self.payload)
        if self.outcome == "sent":
            return "sent"
        return f"missing ({self.outcome}): {self.detail}"

    def _wrong(
        self, sentence: str, found: Iterable[PayloadDifference] = (), content: Any = None
    ) -> WrongAnswer:
        """Make a WrongAnswer; ``content`` is the payload that differs, or the list item that differs."""
        lines = [
            f"the answer of {self.station} to {self.action} {sentence}",
            *([] if content is None else [f"  {brief_value(content, MAX_DETAILED_CHARACTERS)}"]),
            *(f"    {each}" for each in found),
        ]
        decisive = self.entry or self.call
        return WrongAnswer(self.explain("\n".join(lines)), decisive.number if decisive else None)
