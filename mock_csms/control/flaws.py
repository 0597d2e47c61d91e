"""Sentences about the errors of a request; each says how to correct it."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from mock_csms.behaviour.faults import FAULT_KINDS, Fault
from mock_csms.text import closest, suggest, truncate

type ErrorLocation = Sequence[str | int]
type PydanticError = Mapping[str, Any]

MAX_ERRORS: Final = 3
"""Maximum number of errors named in the answer to an invalid request."""
MAX_KEY: Final = 100
"""Maximum characters of an unknown key that are shown."""
UNKNOWN_KEY: Final = "extra_forbidden"
UNION_BRANCH: Final = re.compile(r"constrained-\w+|[\w-]+\[.*\]|str|int|float|bool|datetime", re.DOTALL)
"""Matches the suffix that pydantic adds to an error location to name a type of a union; it is not a key."""
EXPECTED: Final = "Input should be "
NOT_AN_OBJECT: Final = frozenset({"model_type", "model_attributes_type", "dict_type"})


class Shape(NamedTuple):
    """The type of a value in a request, to look up the keys that are valid at a location."""

    annotation: Any = None
    """The annotation; None if it is not known."""
    root: tuple[str, ...] = ()
    """Location of the value, such as ``("body",)``; the locations of its errors begin with it."""
    value: Any = None
    """The value itself; needed if it may contain a `Fault`, whose valid keys depend on its ``kind``."""

    def keys_at(self, location: ErrorLocation) -> dict[str, Any]:
        """Valid keys of the object at a location, with their annotations; empty if its type is unknown."""
        model, value = _model_in(self.annotation), self.value
        for step in location[len(self.root) :]:
            if isinstance(step, str):  # a number steps into a list, and `_model_in` finds the items' model
                model = _model_in(_keys_of(model).get(step))
            value = _step_into(value, step)
        if model is Fault:
            model = FAULT_KINDS.get(str(value.get("kind"))) if isinstance(value, dict) else None
        return _keys_of(model)


def describe(error: ValidationError, name: Callable[[str], str] = str, shape: Shape | None = None) -> str:
    """Describe the first errors of a value and their locations; ``name`` translates the outermost key."""
    return "; ".join(sentences(error.errors(include_url=False), shape or Shape(), name))


def sentences(
    errors: Sequence[PydanticError], shape: Shape, name: Callable[[str], str] = str
) -> Iterator[str]:
    """Yield sentences about the first errors. A missing key is left out if another sentence suggests it."""
    errors = _by_location(errors)
    unknown = islice((error["loc"] for error in errors if error["type"] == UNKNOWN_KEY), MAX_ERRORS)
    suggested = {_suggested(location, shape) for location in unknown}
    shown = (error for error in errors if error["type"] != "missing" or error["loc"] not in suggested)
    for error in islice(shown, MAX_ERRORS):
        yield _sentence(error, shape, name)


def _by_location(errors: Sequence[PydanticError]) -> Sequence[PydanticError]:
    """Replace the errors about each type of a union by one error that names all types."""
    found: dict[ErrorLocation, PydanticError] = {}
    for error in errors:
        location, message = error["loc"], str(error["msg"])
        if len(location) > 1 and UNION_BRANCH.fullmatch(str(location[-1])):
            location = location[:-1]
        if error["type"].endswith("_parsing"):
            message = message.partition(", ")[0]  # the rest is about the parser
        if known := found.get(location):
            message = _either(known["msg"], message)
        found[location] = {**(known or error), "loc": location, "msg": message}
    return list(found.values())


def _either(message: str, other: str) -> str:
    both = message.startswith(EXPECTED) and other.startswith(EXPECTED)
    return f"{message} or {other.removeprefix(EXPECTED)}" if both else message


def sentence_at(location: ErrorLocation, sentence: str, name: Callable[[str], str] = str) -> str:
    """Put the location of a value in front of a sentence; ``name`` translates the outermost key."""
    where = _path(location, name)
    return f"{where}: {sentence}" if where else sentence


def _path(location: ErrorLocation, name: Callable[[str], str]) -> str:
    return ".".join([*(name(str(step)) for step in location[:1]), *map(str, location[1:])])


def _sentence(error: PydanticError, shape: Shape, name: Callable[[str], str]) -> str:
    kind, location = error["type"], error["loc"]
    if kind == "json_invalid":
        return f"the body cannot be read as JSON: {error['ctx']['error']}"
    if kind == "missing":
        return f"{_path(location, name)} is missing"
    if kind == UNKNOWN_KEY:
        key = truncate(str(location[-1]), MAX_KEY)
        sentence = f"there is no key {key!r}{_instead(location, shape)}"
        return sentence_at(location[:-1], sentence, name)
    sentence = "write a JSON object" if kind in NOT_AN_OBJECT else str(error["msg"])
    if kind == "literal_error" and isinstance(error["input"], str):
        sentence += _wrong_choice(error["input"], error["ctx"]["expected"])
    return sentence_at(location, sentence.removeprefix("Value error, "), name)


def _wrong_choice(value: str, expected: str) -> str:
    """Describe a text that is not in ``expected``, and suggest the text that is probably meant."""
    return f", not {truncate(value, MAX_KEY)!r}{suggest(value, re.findall(r"'([^']*)'", expected))}"


def _instead(location: ErrorLocation, shape: Shape) -> str:
    """Return a hint for an unknown key: the object to write it in, a similar valid key, or all valid keys."""
    key, keys = str(location[-1]), shape.keys_at(location[:-1])
    if owner := _owner(key, keys):
        return f'; write it in "{owner}"'
    if similar := closest(key, keys):
        return f"; did you mean {similar}?"
    return f"; valid keys are {', '.join(keys)}" if keys else ""


def _suggested(location: ErrorLocation, shape: Shape) -> ErrorLocation | None:
    """Location of the valid key that is suggested for an unknown key; None if no key is suggested."""
    key, keys = str(location[-1]), shape.keys_at(location[:-1])
    suggested = _owner(key, keys) or closest(key, keys)
    return None if suggested is None else (*location[:-1], suggested)


def _owner(key: str, keys: Mapping[str, Any]) -> str | None:
    """The first of ``keys`` whose value is an object that may contain ``key``; None if there is none."""
    return next((owner for owner, inner in keys.items() if key in _keys_of(_model_in(inner))), None)


def _step_into(value: Any, step: str | int) -> Any:
    """Part of a value, one step along an error location.

    If a request has a single object where a list is expected, the error location has a step 0 for the
    object. This step leads to the object itself.
    """
    if isinstance(value, list) and isinstance(step, int):
        return value[step]
    if isinstance(value, dict):
        return value if isinstance(step, int) else value.get(step)
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The first model in an annotation, such as the model of a list's items; None if there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)


def _keys_of(model: type[BaseModel] | None) -> dict[str, Any]:
    fields = model.model_fields if model else {}
    return {field.alias or name: field.annotation for name, field in fields.items()}
