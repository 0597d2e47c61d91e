"""Reads the settings: flags win over environment variables, and those over a TOML file."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mock_csms.behaviour.faults import FAULT_KINDS
from mock_csms.behaviour.rules import ErrorAnswer, Rule, Then, When
from mock_csms.behaviour.tokens import Token
from mock_csms.errors import UsageError
from mock_csms.settings.check import check
from mock_csms.settings.command_line import (
    ENVIRONMENT_PREFIX,
    SETTING_FIELDS,
    command_line,
    extra_of,
    flag_of,
)
from mock_csms.settings.dump import as_toml
from mock_csms.settings.field_types import in_words
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.text import suggest
from mock_csms.versions import OcppVersion, default_settings

type Sources = Mapping[str, tuple[str, object]]
"""Values of flags and environment variables by setting, each with the spelling it came by."""


def read_settings(
    arguments: Sequence[str], environment: Mapping[str, str], versions: Sequence[OcppVersion]
) -> Settings:
    """Read the settings of the command line, the environment and the file that these name.

    Raises UsageError; ``--help``, ``--version`` and ``--print-config`` print their page and raise SystemExit.
    """
    said: dict[str, tuple[str, object]] = {}
    for name, value in _from_environment(environment).items():
        said[name] = (ENVIRONMENT_PREFIX + name.upper(), value)
    flags = vars(command_line(versions).parse_args(arguments))
    is_to_be_printed = flags.pop("print_config", False)
    for name, value in flags.items():
        said[name] = (flag_of(name), value)
    file = _File(Path(str(said["config"][1]))) if "config" in said else None
    settings = _validated(said, file, versions)
    if is_to_be_printed:
        print(as_toml(settings, SETTING_FIELDS, default_settings(versions)), end="")  # noqa: T201 - is what was asked for
        raise SystemExit(0)
    return settings


def _validated(said: Sources, file: "_File | None", versions: Sequence[OcppVersion]) -> Settings:
    values: dict[str, object] = dict(file.content) if file else {}
    values |= {name: value for name, (_, value) in said.items()}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as invalid:
        raise _usage_error(invalid.errors(include_url=False)[0], said, file) from None
    if flaw := check(settings, versions):
        location, sentence = flaw
        error: ErrorDetails = {"type": "value_error", "loc": location, "msg": sentence, "input": None}
        raise _usage_error(error, said, file)
    return settings


def _usage_error(error: ErrorDetails, said: Sources, file: "_File | None") -> UsageError:
    if file and (not error["loc"] or error["loc"][0] not in said):
        return UsageError(file.complaint(error))
    return UsageError(_complaint(error, said))


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    known = {ENVIRONMENT_PREFIX + name.upper(): name for name in SETTING_FIELDS}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            hint = suggest(variable, known) or f"; it has {', '.join(known)}"
            raise UsageError(f"the environment has {variable}, which is no setting{hint}")
    return {name: environment[variable] for variable, name in known.items() if variable in environment}


def _complaint(error: ErrorDetails, said: Sources) -> str:
    """Say in one line what is wrong with a flag or an environment variable."""
    if not error["loc"]:
        return in_words(error)
    name = str(error["loc"][0])
    written_as, value = said[name]
    if error["type"] == "value_error":
        return f"{written_as}: {in_words(error)}"
    extra = extra_of(name)
    example = f"{flag_of(name)} {extra['example']}".rstrip()
    return f"{written_as} wants {extra['wants']}, not {value!r}; for example: {example}"


# The file

MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "stations": Profile,
    "tokens": Token,
    "rules": Rule,
    "when": When,
    "then": Then,
    "error": ErrorAnswer,
}
"""What stands in a table or under the names of one."""


class _File:
    """A TOML file with settings; raises UsageError if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
            content = tomllib.loads(self.text)
        except OSError as error:
            raise UsageError(f"cannot read {path}: {error.strerror}") from None
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{path} is no TOML: {error}") from None
        try:
            self.content = _with_underscores(content)
        except ValueError as error:
            raise UsageError(f"{path}: {error}") from None
        if "config" in self.content:
            raise UsageError(f"{path}:{self.line(('config',))}: a file cannot name another with config")

    def complaint(self, error: ErrorDetails) -> str:
        """Say in one line what is wrong, and where."""
        place = error["loc"]
        where = f"{self.path}:{self.line(place)}: " if place else f"{self.path}: "
        name = ".".join(str(step) for step in place if isinstance(step, str))
        if error["type"] == "extra_forbidden":
            known = self._keys_at(place[:-1])
            hint = suggest(str(place[-1]), known)
            return f"{where}there is no key {name}{hint}; there are {', '.join(known)}"
        if error["type"] == "value_error":
            return f"{where}{name}: {in_words(error)}" if name else f"{where}{in_words(error)}"
        wants = (
            f"wants {extra_of(name)['wants']}, not" if name in SETTING_FIELDS else f"{in_words(error)}, not"
        )
        return f"{where}{name}: {wants} {error['input']!r}"

    def _keys_at(self, place: tuple[int | str, ...]) -> Sequence[str]:
        """The keys that may stand in a table."""
        if place and place[-1] == "fault" and place[0] == "rules":
            kind = FAULT_KINDS[str(_follow(self.content, place)["kind"])]
            return list(kind.model_fields)
        tables = [step for step in place if step in MODELS]
        model = MODELS[str(tables[-1])] if tables else Settings
        return [field.alias or name for name, field in model.model_fields.items() if name != "config"]

    def line(self, place: Sequence[int | str]) -> int:
        """The number of the line on which the statement stands that says what is at a place.

        It is the first line with which the file, cut off after it, has anything there. A place that nothing
        says, because it lacks, is that of the table it lacks in.
        """
        lines = self.text.splitlines()
        while place:
            whole = 0
            for number in range(1, len(lines) + 1):
                try:
                    content = _with_underscores(tomllib.loads("\n".join(lines[:number])))
                except tomllib.TOMLDecodeError:
                    continue
                if _has(content, place):
                    return _first_of_statement(lines, whole, number)
                whole = number
            place = place[:-1]
        return 1


def _first_of_statement(lines: Sequence[str], whole: int, number: int) -> int:
    """The first line after ``whole`` that says something."""
    for candidate in range(whole + 1, number):
        if lines[candidate - 1].strip() and not lines[candidate - 1].lstrip().startswith("#"):
            return candidate
    return number


def _with_underscores(content: dict[str, Any]) -> dict[str, Any]:
    """Let a key be written as its flag is, with hyphens; raises ValueError if it is written both ways."""
    settings = _one_spelling(content)
    stations = settings.get("stations")
    if isinstance(stations, dict):
        settings["stations"] = {
            pattern: _one_spelling(profile) if isinstance(profile, dict) else profile
            for pattern, profile in stations.items()
        }
    return settings


def _one_spelling(table: dict[str, Any]) -> dict[str, Any]:
    for name in table:
        if "-" in name and (other := name.replace("-", "_")) in table:
            raise ValueError(f"{name} and {other} are the same key; write it once")
    return {name.replace("-", "_"): value for name, value in table.items()}


def _follow(content: Any, place: Iterable[int | str]) -> Any:
    for step in place:
        stands_for_itself = isinstance(content, dict) and isinstance(step, int)  # a list of one
        if not stands_for_itself:
            content = content[step]
    return content


def _has(content: Any, place: Iterable[int | str]) -> bool:
    try:
        _follow(content, place)
    except (LookupError, TypeError):
        return False
    return True
