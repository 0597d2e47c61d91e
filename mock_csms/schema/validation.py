"""Validation of payloads against JSON schemas, and the error code for each kind of violation."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from jsonschema_rs import Draft4Validator, ValidationError

from mock_csms.messages import ErrorCode, JsonObject
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.structs import ValidPayload, payload_type

CODES: Final = {
    "required": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "minItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxItems": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
    "type": ErrorCode.TYPE_CONSTRAINT_VIOLATION,
    "enum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "minLength": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "maxLength": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "minimum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "maximum": ErrorCode.PROPERTY_CONSTRAINT_VIOLATION,
    "additionalProperties": ErrorCode.FORMAT_VIOLATION,
}
"""Error code for each violated JSON schema keyword (OCPP-J 4.3); FormatViolation for any other keyword."""


RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
DATE_TIME_RULE: Final = "must be a date and time with a zone, as in 2026-01-31T12:00:00Z"

RULES_IN_WORDS: Final = {
    "additionalProperties": "has a property that the schema does not define",
    "format": DATE_TIME_RULE,
}
"""Rules in words for keywords without a value worth showing."""

TOO_DEEP: Final = "payload: nested too deeply"


class Violation(NamedTuple):
    """First violation of the schema in a payload.

    ``description`` has the path and the violated rule, and repeats no text of the sender. ``found`` also has
    the invalid value, for the log. ``fields`` are the top-level properties with violations.
    """

    code: ErrorCode
    description: str
    found: str
    fields: frozenset[str]


class Schema:
    """JSON schema of one payload, compiled when it is first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._has_times = False
        self._text: bytes | None = None

    def load(self) -> None:
        """Read the file now, so that no file is opened when a message comes. Raises OSError."""
        self._text = self._file.read_bytes()

    def read(self) -> JsonObject:
        """Parse the schema, which is read from its file unless it is loaded."""
        text = self._file.read_bytes() if self._text is None else self._text
        schema: JsonObject = orjson.loads(text.removeprefix(BOM_UTF8))
        return schema

    @cached_property
    def _validator(self) -> Draft4Validator:
        schema = self.read()
        self._has_times = b'"date-time"' in orjson.dumps(schema)
        return Draft4Validator(schema, validate_formats=False)

    @cached_property
    def content(self) -> type[ValidPayload]:
        """Payload type generated from the schema."""
        return payload_type(self._file.stem, self.read())

    @cached_property
    def _sending_validator(self) -> Draft4Validator:
        """Validator that also checks the form of times; the same one for a payload without times."""
        validator = self._validator
        if not self._has_times:
            return validator
        return Draft4Validator(self.read(), validate_formats=True, formats={"date-time": is_date_time})

    def violation(self, payload: JsonObject) -> Violation | None:
        """Return the first violation in a payload, or None; the form of times is not checked."""
        return _first_violation(self._validator, payload)

    def violation_when_sent(self, payload: JsonObject) -> Violation | None:
        """Return the first violation in a payload to send, also of the form of times, or None."""
        return _first_violation(self._sending_validator, payload)

    def violation_of_patch(self, patch: JsonObject, *, is_sent: bool = False) -> Violation | None:
        """Return the first violation in a merge patch for a valid payload, or None.

        A required property may be absent from the patch, unless the patch removes it. The form of times is
        checked in a payload that is sent.
        """
        validator = self._sending_validator if is_sent else self._validator
        removed = {name for name, value in patch.items() if value is None}
        for error in validator.iter_errors(merge_patch({}, patch)):
            if error.kind.name != "required" or (
                not error.instance_path and error.kind.as_dict()["property"] in removed
            ):
                return _violation([error])
        return None


def is_date_time(text: str) -> bool:
    """Whether a text is a time in the form of RFC 3339 (Part 2, 3.1)."""
    if RFC_3339.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _first_violation(validator: Draft4Validator, payload: JsonObject) -> Violation | None:
    try:
        return None if validator.is_valid(payload) else _violation(list(validator.iter_errors(payload)))
    except ValueError:  # nested 255 levels or deeper
        return Violation(ErrorCode.FORMAT_VIOLATION, TOO_DEEP, TOO_DEEP, frozenset(payload))


def _violation(errors: Sequence[ValidationError]) -> Violation:
    path, keyword = _dotted(errors[0].instance_path), errors[0].kind.name
    return Violation(
        code=CODES.get(keyword, ErrorCode.FORMAT_VIOLATION),
        description=f"{path}: {_rule(errors[0])} ({keyword})",
        found=f"{path}: {_message(errors[0])}",
        fields=frozenset(str(error.instance_path[0]) for error in errors if error.instance_path),
    )


def _message(error: ValidationError) -> str:
    return f"{error.instance!r} {DATE_TIME_RULE}" if error.kind.name == "format" else error.message


def _dotted(path: Iterable[str | int]) -> str:
    """Format the path to a value, such as ``meterValue[0].sampledValue``."""
    dotted = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return dotted.removeprefix(".") or "payload"


def _rule(error: ValidationError) -> str:
    limits: dict[str, Any] = error.kind.as_dict()
    match error.kind.name:
        case "required":
            return f"{limits['property']} is missing"
        case "type":
            return f"must be of type {' or '.join(limits['types'])}"
        case "enum":
            return f"must be one of {', '.join(map(str, limits['options']))}"
        case "minLength" | "maxLength" | "minItems" | "maxItems" | "minimum" | "maximum" as keyword:
            return f"{keyword} is {limits['limit']}"
        case keyword:
            return RULES_IN_WORDS.get(keyword, f"breaks the rule {keyword}")
