"""Validation of payloads against JSON schemas, and the error code for each kind of violation."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from jsonschema_rs import Draft4Validator, ValidationError

from mock_csms.log.redact import has_secret
from mock_csms.messages import MAX_NESTING, ErrorCode, JsonObject, is_deeper
from mock_csms.schema.patch import merge_patch
from mock_csms.schema.structs import ValidPayload, payload_type
from mock_csms.text import truncate

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
"""Error code for each violated keyword of JSON schema (OCPP-J 4.3); for other keywords, FormatViolation."""


RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII)
DATE_TIME_RULE: Final = "must be a date and time with a zone, as in 2026-01-31T12:00:00Z"

RULES_IN_WORDS: Final = {
    "additionalProperties": "has a property that the schema does not define",
    "format": DATE_TIME_RULE,
}
"""Texts for violations that are described without the value of the keyword, by keyword of JSON schema."""

MAX_FOUND_LENGTH: Final = 300
"""Maximum number of characters of `Violation.found`; an invalid value may be as long as a message."""

TOO_DEEP: Final = "payload: nested too deeply"


class Violation(NamedTuple):
    """First violation of the schema in a payload.

    ``description`` has the path and the violated rule, and repeats no text of the sender. ``found`` also has
    the beginning of the invalid value, for the log, unless the payload has a secret.
    """

    code: ErrorCode
    description: str
    found: str

    def with_hint(self, hint: str) -> "Violation":
        """Return the violation with ``hint`` appended to ``description`` and to ``found``."""
        return self._replace(description=self.description + hint, found=self.found + hint)


class Schema:
    """JSON schema of one payload, compiled when it is first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text: bytes | None = None

    def load(self) -> None:
        """Read the file now, so that no message has to open it later. Raises OSError."""
        self._text = self._file.read_bytes()

    def read(self) -> JsonObject:
        """Parse the schema; read its file if it is not loaded yet."""
        text = self._file.read_bytes() if self._text is None else self._text
        schema: JsonObject = orjson.loads(text.removeprefix(BOM_UTF8))
        return schema

    @cached_property
    def _validator(self) -> Draft4Validator:
        return Draft4Validator(self.read(), validate_formats=False)

    @cached_property
    def _has_times(self) -> bool:
        return b'"date-time"' in orjson.dumps(self.read())

    @cached_property
    def content(self) -> type[ValidPayload]:
        """Payload type generated from the schema."""
        return payload_type(self._file.stem, self.read())

    @cached_property
    def _sending_validator(self) -> Draft4Validator:
        """Validator that also checks the form of times; the plain one if the schema has no times."""
        return _sending_validator(self.read()) if self._has_times else self._validator

    @cached_property
    def _patch_validator(self) -> Draft4Validator:
        """Validator that requires no property, at any level."""
        return Draft4Validator(_without_required(self.read()), validate_formats=False)

    @cached_property
    def _sending_patch_validator(self) -> Draft4Validator:
        """Validator that requires no property, and also checks the form of times."""
        return _sending_validator(_without_required(self.read()))

    @cached_property
    def _field_validator(self) -> Draft4Validator:
        """Validator that does not require top-level properties, only those required in nested objects."""
        schema = {name: part for name, part in self.read().items() if name != "required"}
        return Draft4Validator(schema, validate_formats=False)

    @cached_property
    def _fields(self) -> frozenset[str]:
        """Names of the top-level properties that the schema defines."""
        return frozenset(self.read().get("properties", ()))

    @cached_property
    def _required(self) -> frozenset[str]:
        """Names of the top-level properties that the schema requires."""
        return frozenset(self.read().get("required", ()))

    def violation(self, payload: JsonObject) -> Violation | None:
        """Return the first violation in a payload, or None. The form of times is not checked.

        Validation stops at the first error: a message of 1 MiB may have hundreds of thousands.
        """
        return _first_violation(self._validator, payload)

    def violation_when_sent(self, payload: JsonObject) -> Violation | None:
        """Return the first violation in a payload to send, or None. The form of times is checked too."""
        return _first_violation(self._sending_validator, payload)

    def violation_of_patch(self, patch: JsonObject, *, is_sent: bool = False) -> Violation | None:
        """Return the first violation in a merge patch for a valid payload, or None.

        A required property may be absent from the patch, but the patch may not remove it. ``is_sent``: the
        patched payload will be sent, so the form of times is checked too.
        """
        if is_deeper(patch, MAX_NESTING):
            return Violation(ErrorCode.FORMAT_VIOLATION, TOO_DEEP, TOO_DEEP)
        removed = {name for name, value in patch.items() if value is None}
        if removed & self._required:
            presence = Draft4Validator({"required": sorted(self._required)})
            return _first_violation(presence, dict.fromkeys(self._required - removed))
        validator = self._sending_patch_validator if is_sent else self._patch_validator
        return _first_violation(validator, merge_patch({}, patch))

    def invalid_fields(self, payload: JsonObject) -> frozenset[str]:
        """Return the top-level properties with an invalid value."""
        return frozenset(
            name for name, value in payload.items() if name in self._fields and self._is_invalid(name, value)
        )

    def _is_invalid(self, name: str, value: Any) -> bool:
        try:
            return not self._field_validator.is_valid({name: value})
        except ValueError:  # nested 255 levels or deeper
            return True


def _sending_validator(schema: JsonObject) -> Draft4Validator:
    return Draft4Validator(schema, validate_formats=True, formats={"date-time": is_date_time})


def _without_required(schema: Any) -> Any:
    """Return a schema without the keyword ``required``, whose value is a list.

    A property with the name ``required``, whose value is an object, stays.
    """
    match schema:
        case dict():
            return {
                name: _without_required(part)
                for name, part in schema.items()
                if name != "required" or not isinstance(part, list)
            }
        case list():
            return [_without_required(part) for part in schema]
        case _:
            return schema


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
        validator.validate(payload)
    except ValidationError as error:
        violation = _violation(error)
        return violation._replace(found=violation.description) if has_secret(payload) else violation
    except ValueError:  # nested 255 levels or deeper
        return Violation(ErrorCode.FORMAT_VIOLATION, TOO_DEEP, TOO_DEEP)
    return None


def _violation(error: ValidationError) -> Violation:
    path, keyword = _dotted(error.instance_path), error.kind.name
    return Violation(
        code=CODES.get(keyword, ErrorCode.FORMAT_VIOLATION),
        description=f"{path}: {_rule(error)} ({keyword})",
        found=truncate(f"{path}: {_message(error)}", MAX_FOUND_LENGTH),
    )


def _message(error: ValidationError) -> str:
    match error.kind.name:
        case "format":
            return f"{error.instance!r} {DATE_TIME_RULE}"
        case "required":
            return f"{_rule(error)} (required)"
    return error.message


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
