"""All the settings: those of every station, those of the server, and how single stations differ."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, model_validator

from mock_csms.behaviour.rules import Rule, rule_of_flag
from mock_csms.behaviour.tokens import united
from mock_csms.findings.kinds import Watch
from mock_csms.settings.field_types import (
    CONTROLLING,
    FAILING,
    JUDGING,
    LISTENING,
    SENDING,
    SHOWING,
    SOME_SECONDS,
    TRUE_OR_FALSE,
    WHOLE_NUMBER,
    Period,
    Words,
    knob,
    separate,
)
from mock_csms.settings.station_settings import Profile
from mock_csms.transport.address import is_loopback, parse
from mock_csms.verdict.expectations import Expectation
from mock_csms.verdict.judge import Terms
from mock_csms.versions import OcppVersion


def _address(text: str) -> str:
    parse(text)
    return text


def _semicolons(value: object) -> object:
    """Separate what has commas of its own, as in the environment."""
    return tuple(part.strip() for part in value.split(";")) if isinstance(value, str) else value


Expected = Annotated[tuple[str, ...], BeforeValidator(_semicolons)]
FailOn = Annotated[tuple[Literal["findings", "errors"], ...], BeforeValidator(separate)]
ControlAddress = Annotated[str, AfterValidator(_address)]

GLOB: Final = frozenset("*?[")


class Settings(Profile):
    """How the mock behaves; what it says of a station holds for all that have no profile of their own."""

    config: Path | None = knob(
        None,
        "a TOML file with settings, tokens, rules and profiles of stations; a change takes effect at once",
        group=LISTENING,
        wants="a path",
        example="examples/pending-boot.toml",
        metavar="FILE",
    )
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
        wants=WHOLE_NUMBER,
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
        wants=TRUE_OR_FALSE,
        example="",
    )
    ping_interval: Period | None = knob(
        None,
        "send a WebSocket ping every so many seconds",
        group=LISTENING,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    ping_timeout: Period = knob(
        20.0,
        "close a connection that leaves such a ping unanswered for so many seconds",
        group=LISTENING,
        wants=SOME_SECONDS,
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

    station: str = knob(
        "*",
        "send commands only to stations whose identity matches, as in 'CS0*'",
        group=SENDING,
        wants="a pattern",
        example="'CS0*'",
        metavar="GLOB",
    )

    seed: Annotated[int, Field(ge=0)] | None = knob(
        None,
        "what chance is drawn from: the same seed gives the same run; by default a new one, shown in the log",
        group=FAILING,
        wants="a whole number, 0 or more",
        example="42",
        metavar="NUMBER",
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

    control: ControlAddress | None = knob(
        None,
        "where the control API listens; by default on 127.0.0.1 at the port after that of the stations",
        group=CONTROLLING,
        wants="a host and a port",
        example="127.0.0.1:9001",
        metavar="HOST:PORT",
    )
    no_control: bool = knob(
        False,
        "no control API",
        group=CONTROLLING,
        wants=TRUE_OR_FALSE,
        example="",
    )
    control_token: str | None = knob(
        None,
        "the bearer token that the control API asks for; needed where others than this machine reach it",
        group=CONTROLLING,
        wants="a token",
        example="secret",
        metavar="TOKEN",
    )
    control_origins: Words = knob(
        (),
        "origins whose pages may use the control API from a browser",
        group=CONTROLLING,
        wants="origins",
        example="http://localhost:3000",
        metavar="ORIGIN",
        many="words",
    )

    files: Path | None = knob(
        None,
        "a folder whose files stations may download beside the mock's own firmware.bin; uploads go to its "
        "folder uploads",
        group=CONTROLLING,
        wants="a path",
        example="firmware",
        metavar="FOLDER",
    )
    max_upload: PositiveInt = knob(
        100 * 2**20,
        "bytes that an upload may have",
        group=CONTROLLING,
        wants="a whole number of bytes greater than 0",
        example="1000000",
        metavar="BYTES",
    )

    journal: Path | None = knob(
        None,
        "append every frame to this file, an object of JSON a line",
        group=JUDGING,
        wants="a path",
        example="run.jsonl",
        metavar="FILE",
    )
    journal_rotate: PositiveInt | None = knob(
        None,
        "bytes after which that file is put aside and begun anew",
        group=JUDGING,
        wants="a whole number of bytes greater than 0",
        example="100000000",
        metavar="BYTES",
    )
    journal_max: PositiveInt = knob(
        20_000,
        "frames that are kept in memory",
        group=JUDGING,
        wants=WHOLE_NUMBER,
        example="10000",
        metavar="NUMBER",
    )
    journal_max_bytes: Annotated[int, Field(ge=2**16)] = knob(
        16 * 2**20,
        "bytes that they may take",
        group=JUDGING,
        wants="a whole number of bytes, 65536 or more",
        example="16777216",
        metavar="BYTES",
    )
    expect: Expected = knob(
        (),
        "what has to come, as often as you like: NotifyReport>=1, CS1/TransactionEvent[eventType=Ended]==1, "
        ">Reset (a command), <Reset[status=Accepted] (its answer); the run ends when all of it has",
        group=JUDGING,
        wants="an expectation",
        example="'NotifyReport>=1'",
        metavar="WHAT",
        many="flags",
    )
    expect_order: bool = knob(
        False,
        "one thing after the other",
        group=JUDGING,
        wants=TRUE_OR_FALSE,
        example="",
    )
    deadline: Period | None = knob(
        None,
        "end the run after so many seconds if it has not come by then",
        group=JUDGING,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    exit_after: Period | None = knob(
        None,
        "end the run after so many seconds",
        group=JUDGING,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    fail_on: FailOn = knob(
        (),
        "what fails the run beside expectations: findings (any) or errors (findings that are errors, and "
        "commands that are refused or fail)",
        group=JUDGING,
        wants="findings or errors",
        example="findings",
        metavar="WHAT",
    )
    junit: Path | None = knob(
        None,
        "write a JUnit report at the end",
        group=JUDGING,
        wants="a path",
        example="out.xml",
        metavar="FILE",
    )
    report: Path | None = knob(
        None,
        "write all there is to say at the end as JSON",
        group=JUDGING,
        wants="a path",
        example="out.json",
        metavar="FILE",
    )
    findings: Watch = knob(
        "auto",
        "look for what stations do against the specification: always, never, or unless there are more than "
        "5,000 messages a second (auto); --fail-on does so always",
        group=JUDGING,
        wants="auto, always or never",
        example="always",
        metavar="WHEN",
        without_value="always",
    )
    silence: Words = knob(
        (),
        "findings to leave out, by id",
        group=JUDGING,
        wants="ids of findings",
        example="heartbeat-missing",
        metavar="ID",
        many="words",
    )

    rules: tuple[Rule, ...] = ()
    stations: dict[str, Profile] = Field(default_factory=dict)
    """How stations differ, by identity or glob."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if twice := [
            name for name, times in Counter(rule.id for rule in self.rules).items() if name and times > 1
        ]:
            raise ValueError(f"two rules have the id {twice[0]!r}; each has its own, or none")
        if not is_loopback(self.control_address[0]) and self.control_token is None and not self.no_control:
            raise ValueError(
                f"--control {self.control} is reached from other machines and needs a --control-token"
            )
        return self

    def profile(self, identity: str) -> Profile:
        """How a station is treated: of the profiles that match it the most specific wins, key by key.

        A name without wildcards is the most specific, then the pattern with the most other characters, then
        the one that stands later. Tokens are laid over one another by idToken.
        """
        if not self.stations:
            return self
        said: dict[str, Any] = {name: getattr(self, name) for name in Profile.model_fields}
        for pattern in self.matching(identity):
            overlay = self.stations[pattern]
            said |= _plan_replaced_by(overlay)
            said |= {name: getattr(overlay, name) for name in overlay.model_fields_set - {"tokens"}}
            said["tokens"] = united(said["tokens"], overlay.tokens)
        return Profile.model_construct(**said)

    def matching(self, identity: str) -> tuple[str, ...]:
        """The names of the profiles that a station matches, the most specific last."""
        matching = (it for it in self.stations if it == identity or fnmatchcase(identity, it))
        return tuple(sorted(matching, key=_specificity))

    @property
    def control_address(self) -> tuple[str, int]:
        """Where the control API listens; port 0 is any free one."""
        if self.control is not None:
            return parse(self.control)
        return "127.0.0.1", self.port + 1 if 0 < self.port < 65535 else 0

    def all_rules(self) -> Iterator[Rule]:
        """The rules of the file, the faults of the profiles and those of everybody, the newest last."""
        taken = {rule.id for rule in self.rules}
        for number, rule in enumerate(self.rules, 1):
            free = (f"rule-{it}" for it in count(number) if f"rule-{it}" not in taken)
            named = rule if rule.id else rule.model_copy(update={"id": next(free)})
            taken.add(named.id)
            yield named
        for pattern, profile in self.stations.items():
            for text in profile.faults:
                rule = rule_of_flag(text, station=pattern)
                yield rule.model_copy(update={"id": f"{pattern}: {text}"})
        yield from map(rule_of_flag, self.faults)

    def terms(self, versions: Iterable[OcppVersion]) -> Terms:
        """Terms of a run with these settings."""
        versions = tuple(versions)
        return Terms(
            expectations=[Expectation.parse(text, versions) for text in self.expect],
            in_order=self.expect_order,
            deadline_s=self.deadline,
            exit_after_s=self.exit_after,
            fail_on=self.fail_on,
            junit=self.junit,
            report=self.report,
        )

    def plan_in_words(self) -> str:
        """Say which commands go out, when and to whom."""
        plan = super().plan_in_words()
        if not (self.command or self.commands):
            return plan
        return f"{plan} to {'every station' if self.station == '*' else self.station}"


def _plan_replaced_by(overlay: Profile) -> dict[str, Any]:
    """What a profile does away with of other plans: a sequence replaces a command, and it one."""
    alone: dict[str, Any] = {"period": None, "delay": None, "payload": None}
    if overlay.commands:
        return {"command": None, **alone}
    if "command" not in overlay.model_fields_set:
        return {}
    return {"commands": ()} if overlay.command else alone


def _specificity(pattern: str) -> tuple[bool, int]:
    return not GLOB & set(pattern), sum(character not in GLOB for character in pattern)
