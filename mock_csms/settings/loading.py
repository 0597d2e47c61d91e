"""Where settings come from: flags, environment variables and a TOML file, in that order of strength."""

import argparse
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mock_csms import __version__
from mock_csms.behaviour.faults import KINDS
from mock_csms.behaviour.rules import ErrorAnswer, Rule, Then, When
from mock_csms.behaviour.tokens import Token
from mock_csms.settings.dump import as_toml
from mock_csms.settings.fields import in_words
from mock_csms.settings.model import Settings
from mock_csms.settings.profile import Profile
from mock_csms.text import UsageError, closest
from mock_csms.v201.actions import CSMS_ACTIONS

ENVIRONMENT_PREFIX: Final = "OCPP_MOCK_"

KNOBS: Final = {
    name: field for name, field in Settings.model_fields.items() if isinstance(field.json_schema_extra, dict)
}
"""The settings that are flags and environment variables; the others are tables of the file."""


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the settings of the command line, the environment and the file that these name.

    Raises UsageError; ``--help``, ``--version`` and ``--print-config`` print their page and raise SystemExit.
    """
    said: dict[str, tuple[str, object]] = {}
    for name, value in _from_environment(environment).items():
        said[name] = (ENVIRONMENT_PREFIX + name.upper(), value)
    flags = vars(_parser().parse_args(arguments))
    is_to_be_printed = flags.pop("print_config", False)
    for name, value in flags.items():
        said[name] = (_flag(name), value)
    file = _File(Path(str(said["config"][1]))) if "config" in said else None
    settings = _validated(said, file)
    if is_to_be_printed:
        print(as_toml(settings, KNOBS), end="")  # noqa: T201 - is what was asked for
        raise SystemExit(0)
    return settings


def _validated(said: Mapping[str, tuple[str, object]], file: "_File | None") -> Settings:
    values: dict[str, object] = dict(file.content) if file else {}
    values |= {name: value for name, (_, value) in said.items()}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if file and (not first["loc"] or first["loc"][0] not in said):
            raise UsageError(file.complaint(first)) from None
        raise UsageError(_complaint(first, said)) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    known = {ENVIRONMENT_PREFIX + name.upper(): name for name in KNOBS}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            hint = closest(variable, known) or f"; it has {', '.join(known)}"
            raise UsageError(f"the environment has {variable}, which is no setting{hint}")
    return {name: environment[variable] for variable, name in known.items() if variable in environment}


def _complaint(error: ErrorDetails, said: Mapping[str, tuple[str, object]]) -> str:
    """Say in one line what is wrong with a flag or an environment variable."""
    if not error["loc"]:
        return in_words(error)
    name = str(error["loc"][0])
    written_as, value = said[name]
    if error["type"] == "value_error":
        return f"{written_as}: {in_words(error)}"
    extra = _extra(name)
    example = f"{_flag(name)} {extra['example']}".rstrip()
    return f"{written_as} wants {extra['wants']}, not {value!r}; for example: {example}"


def _flag(name: str) -> str:
    return str(_extra(name)["flag"] or "--" + name.replace("_", "-"))


def _extra(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", KNOBS[name].json_schema_extra)


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
            hint = closest(str(place[-1]), known)
            return f"{where}there is no key {name}{hint}; there are {', '.join(known)}"
        if error["type"] == "value_error":
            return f"{where}{name}: {in_words(error)}" if name else f"{where}{in_words(error)}"
        wants = f"wants {_extra(name)['wants']}, not" if name in KNOBS else f"{in_words(error)}, not"
        return f"{where}{name}: {wants} {error['input']!r}"

    def _keys_at(self, place: tuple[int | str, ...]) -> Sequence[str]:
        """The keys that may stand in a table."""
        if place and place[-1] == "fault" and place[0] == "rules":
            kind = KINDS[str(_follow(self.content, place)["kind"])]
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


# The command line


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        wrong = message.removeprefix("unrecognized arguments: ").split(" ", 1)[0]
        hint = closest(wrong, self._option_string_actions) or "; --help shows what there is"
        raise UsageError(message + hint)


def _parser() -> argparse.ArgumentParser:
    """Make the command line and its help page from the fields of Settings."""
    parser = _Parser(
        prog="server.py",
        usage="python server.py [--command NAME --period SECONDS] [settings]",
        description="A mock central system (CSMS) for OCPP 2.0.1. Point a charging station at "
        "ws://127.0.0.1:9000/<station id>; stop with Ctrl+C.",
        epilog=_epilog(),
        formatter_class=_page,
        allow_abbrev=False,
        add_help=False,
    )
    groups: dict[str, Callable[..., argparse.Action]] = {}
    for name in sorted(KNOBS, key=lambda it: GROUPS.index(_extra(it)["group"])):
        group = _extra(name)["group"]
        if group not in groups:
            groups[group] = parser.add_argument_group(group).add_argument
        _add_flag(groups[group], name)
    about = parser.add_argument_group("about")
    about.add_argument("-h", "--help", action="help", help="show this page and exit")
    about.add_argument("--version", action="version", version=__version__, help="show the version and exit")
    about.add_argument(
        "--print-config",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print all that is in force as a file for --config, and exit",
    )
    return parser


GROUPS: Final = list(
    dict.fromkeys(
        str(cast("dict[str, Any]", field.json_schema_extra)["group"])
        for field in [KNOBS["config"], *KNOBS.values()]
    )
)


def _add_flag(add_argument: Callable[..., argparse.Action], name: str) -> None:
    field, extra = KNOBS[name], _extra(name)
    default = field.default
    shown = f" (default: {_shown(default)})" if default not in (None, (), False) else ""
    value: dict[str, Any] = {"metavar": extra["metavar"] or name.upper()}
    if field.annotation is bool:
        value = {"action": "store_true" if name.startswith("no_") else argparse.BooleanOptionalAction}
    elif extra["many"] == "words":
        value["nargs"] = "+"
    elif extra["many"] == "flags":
        value["action"] = "append"
    elif extra["without_value"]:
        value |= {"nargs": "?", "const": extra["without_value"]}
    add_argument(
        *filter(None, (extra["short"], _flag(name))),
        dest=name,
        default=argparse.SUPPRESS,
        help=f"{field.description}{shown}".replace("%", "%%"),
        **value,
    )


def _shown(default: object) -> object:
    return " ".join(map(str, default)) if isinstance(default, tuple) else default


def _page(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=34, width=108)


def _epilog() -> str:
    names = sorted(CSMS_ACTIONS)
    columns = [names[start::14] for start in range(14)]
    table = "\n".join("  " + "".join(f"{name:32}" for name in row).rstrip() for row in columns)
    return (
        f"commands:\n{table}\n\n"
        f"faults:\n  {', '.join(kind for kind in KINDS if not kind.isdigit())};\n"
        "  at the handshake an HTTP status as 503, wrong-subprotocol or hang\n\n"
        f"Every setting is also an environment variable: --boot-status is {ENVIRONMENT_PREFIX}BOOT_STATUS, "
        "and a key of the\nfile that --config names: boot_status. A flag wins over the environment, and that "
        "over the file.\n\n"
        "examples:\n"
        "  python server.py --command GetBaseReport --period 5\n"
        "  python server.py --commands RequestStartTransaction:5,RequestStopTransaction:30\n"
        "  python server.py --command Reset --delay 10 --payload '{\"type\": \"OnIdle\"}' --station 'CS0*'\n"
        "  python server.py --boot-status-sequence Pending,Pending,Accepted --boot-retry-interval 10\n"
        "  python server.py --fault 'Heartbeat:no-answer:times=2' --fault 'handshake:503:times=3'\n"
        "  python server.py --config examples/flaky-network.toml --seed 42"
    )
