"""Validation of payloads against JSON schemas, and the error code for each kind of violation."""

from collections.abc import Iterable, Sequence
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

    def read(self) -> JsonObject:
        """Read the schema from its file, without caching it."""
        schema: JsonObject = orjson.loads(self._file.read_text(encoding="utf-8-sig"))
        return schema

    @cached_property
    def _validator(self) -> Draft4Validator:
        return Draft4Validator(self.read(), validate_formats=False)

    @cached_property
    def content(self) -> type[ValidPayload]:
        """Payload type generated from the schema."""
        return payload_type(self._file.stem, self.read())

    def violation(self, payload: JsonObject) -> Violation | None:
        """Return the first violation in a payload, or None if it is valid."""
        try:
            if self._validator.is_valid(payload):
                return None
            return _violation(list(self._validator.iter_errors(payload)))
        except ValueError:  # nested 255 levels or deeper
            return Violation(ErrorCode.FORMAT_VIOLATION, TOO_DEEP, TOO_DEEP, frozenset(payload))

    def violation_of_patch(self, patch: JsonObject) -> Violation | None:
        """Return the first violation in a merge patch for a valid payload, or None.

        A required property may be absent from the patch, unless the patch removes it.
        """
        removed = {name for name, value in patch.items() if value is None}
        for error in self._validator.iter_errors(merge_patch({}, patch)):
            if error.kind.name != "required" or (
                not error.instance_path and error.kind.as_dict()["property"] in removed
            ):
                return _violation([error])
        return None


def _violation(errors: Sequence[ValidationError]) -> Violation:
    path, keyword = _dotted(errors[0].instance_path), errors[0].kind.name
    return Violation(
        code=CODES.get(keyword, ErrorCode.FORMAT_VIOLATION),
        description=f"{path}: {_rule(errors[0])} ({keyword})",
        found=f"{path}: {errors[0].message}",
        fields=frozenset(str(error.instance_path[0]) for error in errors if error.instance_path),
    )


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
        case "additionalProperties":
            return "has a property that the schema does not define"
        case keyword:
            return f"breaks the rule {keyword}"
