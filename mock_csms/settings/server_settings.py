"""All the settings: those of every station, those of the server, and how single stations differ."""

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, model_validator

from mock_csms.behaviour.rules import Rule, rule_of_flag
from mock_csms.behaviour.tokens import merge_tokens
from mock_csms.findings.kinds import Watch
from mock_csms.settings.field_types import (
    COMMANDS_GROUP,
    CONTROL_GROUP,
    FAULTS_GROUP,
    LISTENING_GROUP,
    LOG_GROUP,
    SOME_SECONDS,
    TRUE_OR_FALSE,
    VERDICT_GROUP,
    WHOLE_NUMBER,
    Period,
    Words,
    separate,
    setting,
)
from mock_csms.settings.station_settings import Profile
from mock_csms.transport.address import is_loopback, parse_address
from mock_csms.verdict.expectations import Expectation
from mock_csms.verdict.judge import Terms
from mock_csms.versions import OcppVersion


def _address(text: str) -> str:
    parse_address(text)
    return text


def _semicolons(value: object) -> object:
    """Separate what has commas of its own, as in the environment."""
    return tuple(part.strip() for part in value.split(";")) if isinstance(value, str) else value


Expected = Annotated[tuple[str, ...], BeforeValidator(_semicolons)]
FailOnNames = Annotated[tuple[Literal["findings", "errors"], ...], BeforeValidator(separate)]
ControlAddress = Annotated[str, AfterValidator(_address)]

GLOB_CHARACTERS: Final = frozenset("*?[")


class Settings(Profile):
    """How the mock behaves; what it says of a station holds for all that have no profile of their own."""

    config: Path | None = setting(
        None,
        "a TOML file with settings, tokens, rules and profiles of stations; a change takes effect at once",
        group=LISTENING_GROUP,
        wants="a path",
        example="examples/pending-boot.toml",
        metavar="FILE",
    )
    host: str = setting(
        "127.0.0.1",
        "address to listen on; 0.0.0.0 for all",
        group=LISTENING_GROUP,
        wants="an address of this machine",
        example="0.0.0.0",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = setting(
        9000,
        "TCP port, 0 for any free one",
        group=LISTENING_GROUP,
        wants="a port from 0 to 65535",
        example="9000",
    )
    max_connections: PositiveInt = setting(
        20_000,
        "connections at a time; one more is refused with 503",
        group=LISTENING_GROUP,
        wants=WHOLE_NUMBER,
        example="100",
        metavar="NUMBER",
    )
    max_message_size: PositiveInt = setting(
        2**20,
        "bytes of a message; a larger one closes its connection with 1009",
        group=LISTENING_GROUP,
        wants="a whole number of bytes greater than 0",
        example="65536",
        metavar="BYTES",
    )
    compression: bool = setting(
        True,
        "negotiate permessage-deflate with stations that offer it, or do not",
        group=LISTENING_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    ping_interval: Period | None = setting(
        None,
        "send a WebSocket ping every so many seconds",
        group=LISTENING_GROUP,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    ping_timeout: Period = setting(
        20.0,
        "close a connection that leaves such a ping unanswered for so many seconds",
        group=LISTENING_GROUP,
        wants=SOME_SECONDS,
        example="20",
        metavar="SECONDS",
    )
    ready_file: Path | None = setting(
        None,
        "write a JSON file with the address and the pid once it listens; removed at the end",
        group=LISTENING_GROUP,
        wants="a path",
        example="ready.json",
        metavar="PATH",
    )

    station: str = setting(
        "*",
        "send commands only to stations whose identity matches, as in 'CS0*'",
        group=COMMANDS_GROUP,
        wants="a pattern",
        example="'CS0*'",
        metavar="GLOB",
    )

    seed: Annotated[int, Field(ge=0)] | None = setting(
        None,
        "what chance is drawn from: the same seed gives the same run; by default a new one, shown in the log",
        group=FAULTS_GROUP,
        wants="a whole number, 0 or more",
        example="42",
        metavar="NUMBER",
    )

    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info",
        "debug, info (a line a message), warning (what went wrong) or error",
        group=LOG_GROUP,
        wants="debug, info, warning or error",
        example="warning",
        metavar="LEVEL",
    )
    log_format: Literal["text", "json"] = setting(
        "text",
        "text to read, or json with an object a line",
        group=LOG_GROUP,
        wants="text or json",
        example="json",
        metavar="FORMAT",
    )

    control: ControlAddress | None = setting(
        None,
        "where the control API listens; by default on 127.0.0.1 at the port after that of the stations",
        group=CONTROL_GROUP,
        wants="a host and a port",
        example="127.0.0.1:9001",
        metavar="HOST:PORT",
    )
    no_control: bool = setting(
        False,
        "no control API",
        group=CONTROL_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    control_token: str | None = setting(
        None,
        "the bearer token that the control API asks for; needed where others than this machine reach it",
        group=CONTROL_GROUP,
        wants="a token",
        example="secret",
        metavar="TOKEN",
    )
    control_origins: Words = setting(
        (),
        "origins whose pages may use the control API from a browser",
        group=CONTROL_GROUP,
        wants="origins",
        example="http://localhost:3000",
        metavar="ORIGIN",
        many="words",
    )

    files: Path | None = setting(
        None,
        "a folder whose files stations may download beside the mock's own firmware.bin; uploads go to its "
        "folder uploads",
        group=CONTROL_GROUP,
        wants="a path",
        example="firmware",
        metavar="FOLDER",
    )
    max_upload: PositiveInt = setting(
        100 * 2**20,
        "bytes that an upload may have",
        group=CONTROL_GROUP,
        wants="a whole number of bytes greater than 0",
        example="1000000",
        metavar="BYTES",
    )

    journal: Path | None = setting(
        None,
        "append every frame to this file, an object of JSON a line",
        group=VERDICT_GROUP,
        wants="a path",
        example="run.jsonl",
        metavar="FILE",
    )
    journal_rotate: PositiveInt | None = setting(
        None,
        "bytes after which that file is put aside and begun anew",
        group=VERDICT_GROUP,
        wants="a whole number of bytes greater than 0",
        example="100000000",
        metavar="BYTES",
    )
    journal_max: PositiveInt = setting(
        20_000,
        "frames that are kept in memory",
        group=VERDICT_GROUP,
        wants=WHOLE_NUMBER,
        example="10000",
        metavar="NUMBER",
    )
    journal_max_bytes: Annotated[int, Field(ge=2**16)] = setting(
        16 * 2**20,
        "bytes that they may take",
        group=VERDICT_GROUP,
        wants="a whole number of bytes, 65536 or more",
        example="16777216",
        metavar="BYTES",
    )
    expect: Expected = setting(
        (),
        "what has to come, as often as you like: NotifyReport>=1, CS1/TransactionEvent[eventType=Ended]==1, "
        ">Reset (a command), <Reset[status=Accepted] (its answer); the run ends when all of it has",
        group=VERDICT_GROUP,
        wants="an expectation",
        example="'NotifyReport>=1'",
        metavar="WHAT",
        many="flags",
    )
    expect_order: bool = setting(
        False,
        "one thing after the other",
        group=VERDICT_GROUP,
        wants=TRUE_OR_FALSE,
        example="",
    )
    deadline: Period | None = setting(
        None,
        "end the run after so many seconds if it has not come by then",
        group=VERDICT_GROUP,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    exit_after: Period | None = setting(
        None,
        "end the run after so many seconds",
        group=VERDICT_GROUP,
        wants=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    fail_on: FailOnNames = setting(
        (),
        "what fails the run beside expectations: findings (any) or errors (findings that are errors, and "
        "commands that are refused or fail)",
        group=VERDICT_GROUP,
        wants="findings or errors",
        example="findings",
        metavar="WHAT",
    )
    junit: Path | None = setting(
        None,
        "write a JUnit report at the end",
        group=VERDICT_GROUP,
        wants="a path",
        example="out.xml",
        metavar="FILE",
    )
    report: Path | None = setting(
        None,
        "write all there is to say at the end as JSON",
        group=VERDICT_GROUP,
        wants="a path",
        example="out.json",
        metavar="FILE",
    )
    findings: Watch = setting(
        "auto",
        "look for what stations do against the specification: always, never, or unless there are more than "
        "5,000 messages a second (auto); --fail-on does so always",
        group=VERDICT_GROUP,
        wants="auto, always or never",
        example="always",
        metavar="WHEN",
        without_value="always",
    )
    silence: Words = setting(
        (),
        "findings to leave out, by id",
        group=VERDICT_GROUP,
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
            said["tokens"] = merge_tokens(said["tokens"], overlay.tokens)
        return Profile.model_construct(**said)

    def matching(self, identity: str) -> tuple[str, ...]:
        """The names of the profiles that a station matches, the most specific last."""
        matching = (it for it in self.stations if it == identity or fnmatchcase(identity, it))
        return tuple(sorted(matching, key=_specificity))

    @property
    def control_address(self) -> tuple[str, int]:
        """Where the control API listens; port 0 is any free one."""
        if self.control is not None:
            return parse_address(self.control)
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
    return not GLOB_CHARACTERS & set(pattern), sum(character not in GLOB_CHARACTERS for character in pattern)
