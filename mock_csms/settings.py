"""Every knob, once: its flag, its environment variable and its default (in that order of strength)."""

import argparse
import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, NoReturn, Self, cast

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from mock_csms import __version__
from mock_csms.actions import BY_CSMS
from mock_csms.frames import JsonObject
from mock_csms.log import one_line

ENVIRONMENT_PREFIX: Final = "OCPP_MOCK_"

LISTENING = "where it listens"
SENDING = "what it sends"
ANSWERING = "what it answers"
SHOWING = "what it shows"


class UsageError(Exception):
    """Settings that cannot be used; the message is one line that says what to write instead."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class Step(NamedTuple):
    """One command of a plan and the seconds to wait before it."""

    command: str
    after: float


def closest(word: str, known: Iterable[str]) -> str:
    """Suggest what a mistyped word may have meant: ``; did you mean X?``, or nothing."""
    by_lower_case = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower_case, n=1)
    return f"; did you mean {by_lower_case[found[0]]}?" if found else ""


def _command(name: str) -> str:
    if name not in set(BY_CSMS):
        hint = closest(name, BY_CSMS) or "; --help lists all of them"
        raise ValueError(f"there is no command {name!r}{hint}")
    return name


def _steps(value: object) -> object:
    return tuple(_step(part) for part in value.split(",")) if isinstance(value, str) else value


def _step(text: str) -> Step:
    name, _, seconds = text.strip().partition(":")
    try:
        after = float(seconds)
    except ValueError:
        after = math.nan
    if not 0 <= after < math.inf:
        raise ValueError(
            f"{text.strip()!r} must be a command, a colon and seconds, as in {name or 'Reset'}:5"
        )
    return Step(_command(name), after)


def _json_object(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        payload = orjson.loads(Path(value[1:]).read_bytes() if value.startswith("@") else value)
    except OSError as error:
        raise ValueError(f"cannot read {value[1:]}: {error.strerror}") from None
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg}, line {error.lineno} column {error.colno})") from None
    if not isinstance(payload, dict):
        raise ValueError("must be a JSON object")
    return payload


def _separate(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def knob(  # noqa: PLR0913 - each argument is one column of the help page
    default: object,
    description: str,
    *,
    group: str,
    wants: str,
    example: str,
    short: str | None = None,
    metavar: str | None = None,
) -> Any:
    """Define a setting; ``wants`` and ``example`` complete the line that answers a wrong value."""
    extra = {"group": group, "wants": wants, "example": example, "short": short, "metavar": metavar}
    return Field(default, description=description, json_schema_extra=cast("dict[str, Any]", extra))


Seconds = Annotated[FiniteFloat, Field(ge=0)]
Period = Annotated[FiniteFloat, Field(gt=0)]
Interval = Annotated[int, Field(ge=0, le=2**31 - 1)]
Price = Annotated[FiniteFloat, Field(ge=0)]
Command = Annotated[str, AfterValidator(_command)]
Validation = Literal["strict", "report", "off"]
BootStatus = Literal["Accepted", "Pending", "Rejected"]
BOOT_STATUSES: Final = "Accepted, Pending or Rejected"


class Settings(BaseModel):
    """How the mock behaves; every field is a flag and an ``OCPP_MOCK_*`` environment variable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = knob(
        "127.0.0.1",
        "address to listen on; 0.0.0.0 for all",
        group=LISTENING,
        wants="an address of this machine",
        example="0.0.0.0",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = knob(
        9000,
        "TCP port, 0 for any free one",
        group=LISTENING,
        wants="a port from 0 to 65535",
        example="9000",
    )
    max_connections: PositiveInt = knob(
        20_000,
        "connections at a time; one more is refused with 503",
        group=LISTENING,
        wants="a whole number greater than 0",
        example="100",
        metavar="NUMBER",
    )
    max_message_size: PositiveInt = knob(
        2**20,
        "bytes of a message; a larger one closes its connection with 1009",
        group=LISTENING,
        wants="a whole number of bytes greater than 0",
        example="65536",
        metavar="BYTES",
    )
    compression: bool = knob(
        True,
        "negotiate permessage-deflate with stations that offer it, or do not",
        group=LISTENING,
        wants="true or false",
        example="",
    )
    ping_interval: Period | None = knob(
        None,
        "send a WebSocket ping every so many seconds",
        group=LISTENING,
        wants="a number of seconds greater than 0",
        example="60",
        metavar="SECONDS",
    )
    ping_timeout: Period = knob(
        20.0,
        "close a connection that leaves such a ping unanswered for so many seconds",
        group=LISTENING,
        wants="a number of seconds greater than 0",
        example="20",
        metavar="SECONDS",
    )
    ready_file: Path | None = knob(
        None,
        "write a JSON file with the address and the pid once it listens; removed at the end",
        group=LISTENING,
        wants="a path",
        example="ready.json",
        metavar="PATH",
    )

    command: Command | None = knob(
        None,
        "the command to send, with --period or --delay",
        group=SENDING,
        wants="a command",
        example="GetBaseReport",
        short="-c",
        metavar="NAME",
    )
    period: Period | None = knob(
        None,
        "send it every so many seconds",
        group=SENDING,
        wants="a number of seconds greater than 0",
        example="5",
        short="-p",
        metavar="SECONDS",
    )
    delay: Seconds | None = knob(
        None,
        "send it once to each station, after so many seconds; with --period, wait that long before the first",
        group=SENDING,
        wants="a number of seconds, 0 or more",
        example="2",
        short="-d",
        metavar="SECONDS",
    )
    commands: Annotated[tuple[Step, ...], BeforeValidator(_steps)] = knob(
        (),
        "send a sequence once to each station, NAME:SECONDS,... each so long after the one before",
        group=SENDING,
        wants="commands with seconds",
        example="RequestStartTransaction:5,RequestStopTransaction:30",
        metavar="LIST",
    )
    payload: Annotated[JsonObject | None, BeforeValidator(_json_object)] = knob(
        None,
        "JSON object, or @FILE with one, laid over the command's default payload; null removes a key",
        group=SENDING,
        wants="a JSON object",
        example='\'{"type": "OnIdle"}\'',
        metavar="JSON",
    )
    station: str = knob(
        "*",
        "send commands only to stations whose identity matches, as in 'CS0*'",
        group=SENDING,
        wants="a pattern",
        example="'CS0*'",
        metavar="GLOB",
    )
    call_timeout: Period = knob(
        30.0,
        "seconds to wait for a station's answer to a command",
        group=SENDING,
        wants="a number of seconds greater than 0",
        example="10",
        metavar="SECONDS",
    )

    validation: Validation = knob(
        "strict",
        "strict: a message that breaks its schema is refused with a CALLERROR; report: the log says what is "
        "wrong, the answer is as if it were valid; off: nobody looks",
        group=ANSWERING,
        wants="strict, report or off",
        example="report",
        metavar="HOW",
    )
    boot_status: BootStatus = knob(
        "Accepted",
        f"answer to BootNotification: {BOOT_STATUSES}",
        group=ANSWERING,
        wants=BOOT_STATUSES,
        example="Pending",
        metavar="STATUS",
    )
    boot_status_sequence: Annotated[tuple[BootStatus, ...], BeforeValidator(_separate)] = knob(
        (),
        "answers to each station's first, second, ... BootNotification; the last one stays",
        group=ANSWERING,
        wants=f"a list of {BOOT_STATUSES}",
        example="Pending,Pending,Accepted",
        metavar="LIST",
    )
    heartbeat_interval: Interval = knob(
        300,
        "seconds between Heartbeats, told to a station whose boot is Accepted",
        group=ANSWERING,
        wants="a whole number of seconds, 0 or more",
        example="60",
        metavar="SECONDS",
    )
    boot_retry_interval: Interval = knob(
        30,
        "seconds until the next BootNotification, told to a station whose boot is Pending or Rejected",
        group=ANSWERING,
        wants="a whole number of seconds, 0 or more",
        example="10",
        metavar="SECONDS",
    )
    cost_per_kwh: Price = knob(
        0.25,
        "price of a kWh; totalCost runs with the meter values of a transaction",
        group=ANSWERING,
        wants="a price, 0 or more",
        example="0.3",
        metavar="PRICE",
    )
    total_cost: Price | None = knob(
        None,
        "tell this totalCost instead, whatever the meter says",
        group=ANSWERING,
        wants="a price, 0 or more",
        example="12.5",
        metavar="PRICE",
    )

    log_level: Literal["debug", "info", "warning", "error"] = knob(
        "info",
        "debug, info (a line a message), warning (what went wrong) or error",
        group=SHOWING,
        wants="debug, info, warning or error",
        example="warning",
        metavar="LEVEL",
    )
    log_format: Literal["text", "json"] = knob(
        "text",
        "text to read, or json with an object a line",
        group=SHOWING,
        wants="text or json",
        example="json",
        metavar="FORMAT",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.command and self.commands:
            raise ValueError("use either --command or --commands, not both")
        if self.command and self.period is None and self.delay is None:
            raise ValueError(
                f"--command needs --period or --delay, for example: --command {self.command} --period 5"
            )
        for flag in ("period", "delay", "payload"):
            if getattr(self, flag) is not None and not self.command:
                raise ValueError(
                    f"--{flag} goes with --command, for example: --command GetBaseReport --period 5"
                )
        return self

    def plan_in_words(self) -> str:
        """Say which commands go out, and when, for the person at the terminal."""
        if self.commands:
            plan = ", ".join(f"{step.command} after {step.after:g} s" for step in self.commands)
        elif self.command is None:
            return "none of them by itself"
        else:
            once = f" after {self.delay:g} s" if self.delay is not None else ""
            plan = f"{self.command}{once}" + (f" every {self.period:g} s" if self.period else "")
        return f"{plan} to {'every station' if self.station == '*' else self.station}"

    def boot_status_at(self, boot: int) -> BootStatus:
        """The answer to a station's first (1), second (2), ... BootNotification."""
        sequence = self.boot_status_sequence or (self.boot_status,)
        return sequence[min(boot, len(sequence)) - 1]


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Read the settings of the command line and the environment.

    Raises UsageError; ``--help`` and ``--version`` print their page and raise SystemExit.
    """
    sources: dict[str, tuple[str, object]] = {}
    for name, value in _from_environment(environment).items():
        sources[name] = (ENVIRONMENT_PREFIX + name.upper(), value)
    for name, value in vars(_parser().parse_args(arguments)).items():
        sources[name] = (_flag(name), value)
    try:
        return Settings.model_validate({name: value for name, (_, value) in sources.items()})
    except ValidationError as error:
        raise UsageError(_in_one_line(error, sources)) from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    known = {ENVIRONMENT_PREFIX + name.upper(): name for name in Settings.model_fields}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            hint = closest(variable, known) or f"; it has {', '.join(known)}"
            raise UsageError(f"the environment has {variable}, which is no setting{hint}")
    return {name: environment[variable] for variable, name in known.items() if variable in environment}


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _in_one_line(error: ValidationError, sources: Mapping[str, tuple[str, object]]) -> str:
    first = error.errors(include_url=False)[0]
    own_words = str(first["ctx"]["error"]) if first["type"] == "value_error" else None
    if not first["loc"]:
        return own_words or first["msg"]
    name = str(first["loc"][0])
    written_as, value = sources[name]
    knob = _extra(name)
    if own_words:
        return f"{written_as}: {own_words}"
    example = f"{_flag(name)} {knob['example']}".rstrip()
    return f"{written_as} wants {knob['wants']}, not {value!r}; for example: {example}"


def _extra(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", Settings.model_fields[name].json_schema_extra)


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
    for name, field in Settings.model_fields.items():
        extra = _extra(name)
        if extra["group"] not in groups:
            groups[extra["group"]] = parser.add_argument_group(extra["group"]).add_argument
        shown = f" (default: {field.default})" if field.default not in (None, ()) else ""
        value: dict[str, Any] = {"metavar": extra["metavar"] or name.upper()}
        if field.annotation is bool:
            value = {"action": argparse.BooleanOptionalAction}
        groups[extra["group"]](
            *filter(None, (extra["short"], _flag(name))),
            dest=name,
            default=argparse.SUPPRESS,
            help=f"{field.description}{shown}".replace("%", "%%"),
            **value,
        )
    about = parser.add_argument_group("about")
    about.add_argument("-h", "--help", action="help", help="show this page and exit")
    about.add_argument("--version", action="version", version=__version__, help="show the version and exit")
    return parser


def _page(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=34, width=108)


def _epilog() -> str:
    names = sorted(BY_CSMS)
    columns = [names[start::14] for start in range(14)]
    table = "\n".join("  " + "".join(f"{name:32}" for name in row).rstrip() for row in columns)
    return (
        f"commands:\n{table}\n\n"
        f"Every setting is also an environment variable: --boot-status is {ENVIRONMENT_PREFIX}BOOT_STATUS. "
        "A flag wins over it.\n\n"
        "examples:\n"
        "  python server.py --command GetBaseReport --period 5\n"
        "  python server.py --commands RequestStartTransaction:5,RequestStopTransaction:30\n"
        "  python server.py --command Reset --delay 10 --payload '{\"type\": \"OnIdle\"}' --station 'CS0*'\n"
        "  python server.py --boot-status-sequence Pending,Pending,Accepted --boot-retry-interval 10"
    )
