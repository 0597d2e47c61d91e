"""Loads the settings. Flags override environment variables, which override the TOML file."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mock_csms.behaviour.faults import FAULT_KINDS, parse_fault
from mock_csms.behaviour.rules import CommandEffect, ErrorAnswer, Rule, Then, When
from mock_csms.behaviour.tokens import Token
from mock_csms.errors import UsageError
from mock_csms.launch import PROGRAM
from mock_csms.process import print_text
from mock_csms.settings.check import check
from mock_csms.settings.command_line import (
    ENVIRONMENT_PREFIX,
    SETTING_FIELDS,
    command_line,
    extra_of,
    flag_of,
)
from mock_csms.settings.dump import as_toml
from mock_csms.settings.field_types import in_words, shown_value
from mock_csms.settings.files import read_file
from mock_csms.settings.listening_settings import ListenerSettings
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.settings.toml_lines import MAX_KEY_PARTS, line_of, line_of_long_key
from mock_csms.text import suggest, suggest_or_list
from mock_csms.versions import OcppVersion, default_settings

type Sources = Mapping[str, tuple[str, object]]
"""For each setting given by a flag or an environment variable: the name of that source, and the value."""


def read_settings(
    arguments: Sequence[str], environment: Mapping[str, str], versions: Sequence[OcppVersion]
) -> Settings:
    """Load the settings from the command line, the environment and the file that ``config`` names.

    Raises UsageError; ``--help``, ``--version`` and ``--print-config`` print their text and raise SystemExit.
    """
    try:
        return _read_settings(arguments, environment, versions)
    except RecursionError:
        raise UsageError("the settings are nested too deeply; use fewer levels") from None
    except MemoryError:
        raise UsageError("the settings need more memory than there is; write a shorter file") from None


def _read_settings(
    arguments: Sequence[str], environment: Mapping[str, str], versions: Sequence[OcppVersion]
) -> Settings:
    sources: dict[str, tuple[str, object]] = {}
    for name, value in _from_environment(environment).items():
        sources[name] = (ENVIRONMENT_PREFIX + name.upper(), value)
    flags = vars(command_line(versions).parse_args(_with_negative_values(arguments)))
    print_config = flags.pop("print_config", False)
    for name, value in flags.items():
        sources[name] = (flag_of(name), value)
    for source, given in sources.values():
        _check_text(source, given)
    file = _File(_path_of_file(*sources["config"])) if "config" in sources else None
    settings = _validated(sources, file, versions)
    if print_config:
        print_text(as_toml(settings, SETTING_FIELDS, default_settings(versions)), PROGRAM)
        raise SystemExit(0)
    return settings


def _with_negative_values(arguments: Sequence[str]) -> list[str]:
    """Turn ``--clock-skew -2h`` into ``--clock-skew=-2h``, because argparse would see two flags."""
    joined: list[str] = []
    for argument in arguments:
        if joined and NEGATIVE_VALUE.match(argument) and LONG_FLAG.fullmatch(joined[-1]):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


LONG_FLAG: Final = re.compile(r"--[a-z][a-z-]*")
NEGATIVE_VALUE: Final = re.compile(r"-[0-9.]")


def _check_text(source: str, value: object) -> None:
    """Raise UsageError for text that is not UTF-8; it could be neither validated nor logged."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and not text.isascii() and text != text.encode(errors="replace").decode():
            raise UsageError(f"{source} must be UTF-8 text, not {shown_value(text)}")


def _path_of_file(source: str, value: object) -> Path:
    if not str(value).strip():
        raise UsageError(f"{source} must be a path, not {value!r}; leave it out if there is no file")
    return Path(str(value))


def _validated(sources: Sources, file: "_File | None", versions: Sequence[OcppVersion]) -> Settings:
    values: dict[str, object] = dict(file.content) if file else {}
    values |= {name: value for name, (_, value) in sources.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as invalid:
        raise _usage_error(invalid.errors(include_url=False)[0], sources, file) from None
    if flaw := check(settings, versions):
        location, sentence = flaw
        error: ErrorDetails = {"type": "value_error", "loc": location, "msg": sentence, "input": None}
        raise _usage_error(error, sources, file)
    return settings


def _usage_error(error: ErrorDetails, sources: Sources, file: "_File | None") -> UsageError:
    if file and (not error["loc"] or error["loc"][0] not in sources):
        return UsageError(file.message(error))
    return UsageError(_message(error, sources))


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {ENVIRONMENT_PREFIX + name.upper(): name for name in SETTING_FIELDS}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in names:
            hint = suggest_or_list(variable, names)
            raise UsageError(f"the environment variable {variable} is not a setting{hint}")
    return {name: environment[variable] for variable, name in names.items() if variable in environment}


def _message(error: ErrorDetails, sources: Sources) -> str:
    """One-line error message about a wrong flag or environment variable, with an example."""
    if not error["loc"]:
        return in_words(error)
    name = str(error["loc"][0])
    source, value = sources[name]
    if error["type"] == "value_error":
        return f"{source}: {in_words(error)}"
    extra = extra_of(name)
    example = f"{flag_of(name)} {extra['example']}".rstrip()
    found = "" if extra["secret"] else f", not {shown_value(value)}"
    hint = _meant_choice(error) if found else ""
    return f"{source} must be {extra['expected']}{found}{hint or f'; for example: {example}'}"


def _meant_choice(error: ErrorDetails) -> str:
    """Suggest the allowed text that a wrong one probably means, for example if only the case differs."""
    value = error["input"]
    if error["type"] != "literal_error" or not isinstance(value, str):
        return ""
    return suggest(value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))


# The file

MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "stations": Profile,
    "listeners": ListenerSettings,
    "tokens": Token,
    "rules": Rule,
    "when": When,
    "then": Then,
    "error": ErrorAnswer,
    "command": CommandEffect,
}
"""Model of a table, by key; for ``stations``, ``listeners`` and ``tokens``, the model of one entry."""


class _File:
    """A TOML file with settings; raises UsageError if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = read_file(path).decode()
            if line := line_of_long_key(self.text):
                raise UsageError(
                    f"{path}:{line}: a key has more than {MAX_KEY_PARTS} parts; write a shorter one"
                )
            content = tomllib.loads(self.text)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is not valid TOML: {error}") from None
        try:
            self.content = _with_underscores(content)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
        if "config" in self.content:
            raise UsageError(f"{path}:{self.line(('config',))}: config cannot be set in the file itself")

    def message(self, error: ErrorDetails) -> str:
        """One-line error message about a wrong key or value, with the line number in the file."""
        location = error["loc"]
        prefix = f"{self.path}:{self.line(location)}: " if location else f"{self.path}: "
        name = ".".join(step for step in location if isinstance(step, str))
        if error["type"] == "extra_forbidden":
            keys = self._keys_at(location[:-1])
            hint = suggest(str(location[-1]), keys)
            return f"{prefix}there is no key {name}{hint}; valid keys: {', '.join(keys)}"
        if error["type"] == "value_error":
            return f"{prefix}{name}: {in_words(error)}" if name else f"{prefix}{in_words(error)}"
        if error["type"] == "missing":
            return f"{prefix}the key {name} is missing"
        reason = f"must be {extra_of(name)['expected']}" if name in SETTING_FIELDS else in_words(error)
        found = "" if _is_secret(location) else f", not {shown_value(error['input'])}"
        return f"{prefix}{name}: {reason}{found}"

    def _keys_at(self, location: tuple[int | str, ...]) -> Sequence[str]:
        """Valid keys of the table at a location."""
        if location and location[-1] == "fault" and location[0] == "rules":
            return self._keys_of_fault(location)
        tables = [
            step
            for before, step in pairwise(("", *location))
            if step in MODELS and before not in {"stations", "listeners", "tokens"}
        ]
        model = MODELS[str(tables[-1])] if tables else Settings
        return [field.alias or name for name, field in model.model_fields.items() if name != "config"]

    def _keys_of_fault(self, location: tuple[int | str, ...]) -> Sequence[str]:
        """Valid keys of a rule's fault. It may be in ``then`` or directly in the rule, as table or text."""
        rule = _value_at(self.content, location[:2])
        fault = rule["fault"] if "fault" in rule else _value_at(self.content, location)
        kind = fault["kind"] if isinstance(fault, dict) else parse_fault(fault)["kind"]
        return list(FAULT_KINDS[str(kind)].model_fields) if str(kind) in FAULT_KINDS else ["kind"]

    def line(self, location: Sequence[int | str]) -> int:
        """Number of the line on which the statement for a location begins."""
        return line_of(self.text, location)


def _is_secret(location: Sequence[int | str]) -> bool:
    """Return whether a location holds a secret setting, also in a profile of ``[stations]``."""
    return any(step in SETTING_FIELDS and extra_of(str(step))["secret"] for step in location)


def _with_underscores(content: dict[str, Any]) -> dict[str, Any]:
    """Replace hyphens in keys by underscores. Raises ValueError for a key in both spellings."""
    settings = _one_spelling(content)
    for name in ("stations", "listeners"):
        tables = settings.get(name)
        if isinstance(tables, dict):
            settings[name] = {
                key: _one_spelling(table) if isinstance(table, dict) else table
                for key, table in tables.items()
            }
    return settings


def _one_spelling(table: dict[str, Any]) -> dict[str, Any]:
    for name in table:
        if "-" in name and (other := name.replace("-", "_")) in table:
            raise ValueError(f"{name} and {other} are the same key; write it once")
    return {name.replace("-", "_"): value for name, value in table.items()}


def _value_at(content: Any, location: Iterable[int | str]) -> Any:
    for step in location:
        # a single `then` table is validated as a list of one, so its location has an index
        is_single_table = isinstance(content, dict) and isinstance(step, int)
        if not is_single_table:
            content = content[step]
    return content
