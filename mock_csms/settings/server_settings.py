"""All settings: those of the server, the defaults for every station, and the profiles of single stations."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, FailFast, Field, PositiveInt, model_validator

from mock_csms.behaviour.rules import Rule, rule_of_flag
from mock_csms.behaviour.tokens import merge_tokens
from mock_csms.findings.kinds import Watch
from mock_csms.settings.field_types import (
    COMMANDS_GROUP,
    CONTROL_GROUP,
    FAULTS_GROUP,
    LOG_GROUP,
    SECURITY_GROUP,
    SOME_SECONDS,
    TRUE_OR_FALSE,
    VERDICT_GROUP,
    WHOLE_NUMBER,
    FilePath,
    Period,
    Words,
    separate,
    setting,
)
from mock_csms.settings.listening_settings import ListeningSettings
from mock_csms.settings.password_settings import missing_password, password_in_file
from mock_csms.settings.profiles import PLAN_FIELDS, ProfileNames, is_profile_glob, plan_of, plan_replaced_by
from mock_csms.settings.station_settings import Profile
from mock_csms.transport.address import is_loopback, parse_address
from mock_csms.verdict.expectations import Expectation
from mock_csms.verdict.judge import Terms
from mock_csms.versions import OcppVersion


def _address(text: str) -> str:
    parse_address(text)
    return text


def _semicolons(value: object) -> object:
    """Split text at semicolons, because an expectation may contain commas."""
    return tuple(part.strip() for part in value.split(";")) if isinstance(value, str) else value


VISIBLE_ASCII: Final = frozenset(map(chr, range(0x21, 0x7F)))


def _control_token(token: str) -> str:
    """Return a token of the control API unchanged; raises ValueError if it is not visible ASCII.

    Any visible ASCII fits into an HTTP header; RFC 6750 2.1 would allow fewer characters.
    """
    if not token:
        raise ValueError("must not be empty; write a token such as secret, or leave the setting out")
    if not set(token) <= VISIBLE_ASCII:
        raise ValueError("must be visible ASCII characters without spaces, such as secret-1")
    return token


ControlToken = Annotated[str, AfterValidator(_control_token)]
Expected = Annotated[tuple[str, ...], BeforeValidator(_semicolons)]
FailOnNames = Annotated[tuple[Literal["findings", "errors"], ...], BeforeValidator(separate)]
ControlAddress = Annotated[str, AfterValidator(_address)]

MAX_GLOBS: Final = 1000
"""Maximum number of profiles with wildcards; the identity of each station is compared with all of them."""


class Settings(ListeningSettings):
    """All settings of the mock; the settings of Profile are the defaults for every station."""

    password_file: FilePath | None = setting(
        None,
        "file with the password of the stations in its only line; replaces --password",
        group=SECURITY_GROUP,
        expected="a path",
        example="password.txt",
        metavar="FILE",
    )

    station: str = setting(
        "*",
        "send commands only to stations whose identity matches this pattern, for example 'CS0*'",
        group=COMMANDS_GROUP,
        expected="a glob pattern",
        example="'CS0*'",
        metavar="GLOB",
    )

    seed: Annotated[int, Field(ge=0)] | None = setting(
        None,
        "random seed for delays and probabilities; a run with the same seed repeats the random choices "
        "(default: a new seed, shown in the log)",
        group=FAULTS_GROUP,
        expected="a whole number, 0 or more",
        example="42",
        metavar="NUMBER",
    )

    log_level: Literal["debug", "info", "warning", "error"] = setting(
        "info",
        "lowest level to log: debug, info (one line per message), warning or error",
        group=LOG_GROUP,
        expected="debug, info, warning or error",
        example="warning",
        metavar="LEVEL",
    )
    log_format: Literal["text", "json"] = setting(
        "text",
        "format of the log: text, or json with one JSON object per line",
        group=LOG_GROUP,
        expected="text or json",
        example="json",
        metavar="FORMAT",
    )
    color: Literal["auto", "always", "never"] = setting(
        "auto",
        "when to colour the log: always, never, or auto. auto: on a terminal or with FORCE_COLOR set, but "
        "never with NO_COLOR set",
        group=LOG_GROUP,
        expected="auto, always or never",
        example="never",
        metavar="WHEN",
    )

    control: ControlAddress | None = setting(
        None,
        "address of the control API (default: 127.0.0.1 and the next free port after --port)",
        group=CONTROL_GROUP,
        expected="a host and a port",
        example="127.0.0.1:9001",
        metavar="HOST:PORT",
    )
    no_control: bool = setting(
        False,
        "do not serve the control API",
        group=CONTROL_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    control_token: ControlToken | None = setting(
        None,
        "bearer token that the control API requires; mandatory if other machines can reach the API",
        group=CONTROL_GROUP,
        expected="a token",
        example="secret",
        metavar="TOKEN",
        secret=True,
    )
    control_origins: Words = setting(
        (),
        "web origins whose pages may call the control API from a browser, such as http://localhost:3000",
        group=CONTROL_GROUP,
        expected="a list of origins",
        example="http://localhost:3000",
        metavar="ORIGIN",
        many="words",
    )

    files: FilePath | None = setting(
        None,
        "folder of files that stations may download, in addition to the built-in firmware.bin and "
        "empty.bin; files that "
        "stations upload are stored in its subfolder uploads",
        group=CONTROL_GROUP,
        expected="a path",
        example="firmware",
        metavar="FOLDER",
    )
    max_upload: PositiveInt = setting(
        100 * 2**20,
        "maximum size in bytes of a file that a station uploads",
        group=CONTROL_GROUP,
        expected="a whole number of bytes greater than 0",
        example="1000000",
        metavar="BYTES",
    )

    journal: FilePath | None = setting(
        None,
        "append every frame to this file as NDJSON",
        group=VERDICT_GROUP,
        expected="a path",
        example="run.jsonl",
        metavar="FILE",
    )
    journal_rotate: PositiveInt | None = setting(
        None,
        "size in bytes at which the journal file is renamed and a new file is started",
        group=VERDICT_GROUP,
        expected="a whole number of bytes greater than 0",
        example="100000000",
        metavar="BYTES",
    )
    journal_max: PositiveInt = setting(
        20_000,
        "maximum number of frames kept in memory; when it is reached, the oldest frames are dropped",
        group=VERDICT_GROUP,
        expected=WHOLE_NUMBER,
        example="10000",
        metavar="NUMBER",
    )
    journal_max_bytes: Annotated[int, Field(ge=2**16)] = setting(
        16 * 2**20,
        "maximum total size in bytes of the frames kept in memory; when it is reached, the oldest frames are "
        "dropped",
        group=VERDICT_GROUP,
        expected="a whole number of bytes, 65536 or more",
        example="16777216",
        metavar="BYTES",
    )
    expect: Expected = setting(
        (),
        "message to expect (repeatable), such as 'NotifyReport>=1' or "
        "'CS1/TransactionEvent[eventType=Ended]==1'. '>Reset' is a command to a station, and "
        "'<Reset[status=Accepted]' is the station's answer to it. The run ends when all expectations are met",
        group=VERDICT_GROUP,
        expected="an expectation",
        example="'NotifyReport>=1'",
        metavar="WHAT",
        many="flags",
    )
    expect_order: bool = setting(
        False,
        "require the messages to arrive in the order of the --expect flags",
        group=VERDICT_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    deadline: Period | None = setting(
        None,
        "end the run after this many seconds at the latest; it ends earlier when all expectations are met",
        group=VERDICT_GROUP,
        expected=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    exit_after: Period | None = setting(
        None,
        "end the run after this many seconds",
        group=VERDICT_GROUP,
        expected=SOME_SECONDS,
        example="60",
        metavar="SECONDS",
    )
    exit_with_stdin: bool = setting(
        False,
        "end the run when standard input is closed. Standard input must be a pipe from the program that "
        "starts the server; the server then ends with that program, even if the program is killed",
        group=VERDICT_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    fail_on: FailOnNames = setting(
        (),
        "conditions that fail the run in addition to unmet expectations. findings: any finding; errors: a "
        "finding of severity error, a command that fails, or a command that a station refuses, even in part",
        group=VERDICT_GROUP,
        expected="findings or errors",
        example="findings",
        metavar="WHAT",
    )
    junit: FilePath | None = setting(
        None,
        "write a JUnit report to this file at the end of the run",
        group=VERDICT_GROUP,
        expected="a path",
        example="out.xml",
        metavar="FILE",
    )
    report: FilePath | None = setting(
        None,
        "write the verdict, the findings and the counts to this JSON file at the end of the run",
        group=VERDICT_GROUP,
        expected="a path",
        example="out.json",
        metavar="FILE",
    )
    findings: Watch = setting(
        "auto",
        "when to report that a station violates the specification: always, never or auto. auto: always, "
        "except while stations send more than 2,500 calls per second. --findings "
        "without a value means always; --fail-on always implies --findings always",
        group=VERDICT_GROUP,
        expected="auto, always or never",
        example="always",
        metavar="WHEN",
        without_value="always",
    )
    hints: bool = setting(
        False,
        "also report findings about recommendations of the specification; these findings are logged at level "
        "info and never fail the run",
        group=VERDICT_GROUP,
        expected=TRUE_OR_FALSE,
        example="",
    )
    silence: Words = setting(
        (),
        "ids of findings not to report",
        group=VERDICT_GROUP,
        expected="a list of finding ids",
        example="heartbeat-missing",
        metavar="ID",
        many="words",
    )

    rules: Annotated[tuple[Rule, ...], FailFast()] = ()
    stations: dict[str, Profile] = Field(default_factory=dict)
    """Profiles of single stations, by identity or glob."""

    @model_validator(mode="before")
    @classmethod
    def _read_password_file(cls, values: Any) -> Any:
        """Set ``password`` to the password in the file that ``password_file`` names, if any."""
        path = values.get("password_file") if isinstance(values, dict) else None
        if not path or not isinstance(path, str | Path):
            return values
        if values.get("password") is not None:
            raise ValueError("use either --password or --password-file, not both")
        return {**values, "password": password_in_file(Path(path))}

    @model_validator(mode="after")
    def _check_combinations(self) -> Self:
        if (globs := sum(map(is_profile_glob, self.stations))) > MAX_GLOBS:
            raise ValueError(
                f"{globs} names of [stations] have wildcards, and the maximum is {MAX_GLOBS}; write "
                f"identities, or use fewer and broader wildcards"
            )
        if duplicates := [
            name for name, times in Counter(rule.id for rule in self.rules).items() if name and times > 1
        ]:
            raise ValueError(f"two rules have the id {duplicates[0]!r}; give each its own id, or none")
        if not is_loopback(self.control_address[0]) and self.control_token is None and not self.no_control:
            raise ValueError(
                f"--control {self.control} can be reached from other machines and needs a --control-token"
            )
        port = 0 if self.no_control else self.control_address[1]
        if names := [name for name, listener in self.all_listeners.items() if port and listener.port == port]:
            raise ValueError(
                f"the control API and the listener {names[0]} both use port {port}; give one of them "
                f"another port, for example with --control 127.0.0.1:{port + (1 if port < 65535 else -1)}"
            )
        of_listeners = {listener.security_profile for listener in self.listeners.values()}
        if reason := missing_password(self, self.stations, self.profile, of_listeners):
            raise ValueError(reason)
        return self

    @property
    def security_profiles(self) -> frozenset[int]:
        """Values of ``security_profile`` in the settings, including the profiles in ``[stations]``."""
        return self._security_profiles

    @cached_property
    def _security_profiles(self) -> frozenset[int]:
        """`security_profiles`, cached: each TLS connection needs them, and profiles may number thousands."""
        tables = self.stations.values()
        own = {table.security_profile for table in tables if "security_profile" in table.model_fields_set}
        return frozenset({self.security_profile, *own})

    def profile(self, identity: str) -> Profile:
        """Profile of one station. For each key, the most specific matching profile decides.

        A name without wildcards is the most specific, then the pattern with the most characters that are not
        wildcards; among equals, the later one in the file wins. Tokens are merged by idToken.
        """
        if not self.stations:
            return self
        values: dict[str, Any] = {name: getattr(self, name) for name in Profile.model_fields}
        for pattern in self.matching(identity):
            overlay = self.stations[pattern]
            values |= plan_replaced_by(overlay)
            values |= {name: getattr(overlay, name) for name in overlay.model_fields_set - {"tokens"}}
            if overlay.tokens:
                values["tokens"] = merge_tokens(values["tokens"], overlay.tokens)
        return Profile.model_construct(**values)

    def matching(self, identity: str) -> tuple[str, ...]:
        """Names of the profiles that match a station, the most specific last."""
        return self._names.matching(identity)

    @cached_property
    def _names(self) -> ProfileNames:
        return ProfileNames(self.stations)

    @cached_property
    def plans(self) -> dict[str, Profile]:
        """Schedules of the profiles in ``[stations]``, by the profile's name.

        A profile inherits scheduled commands from the other profiles in ``[stations]`` that match its name.
        It is left out if neither it nor they schedule commands. All settings but the schedule are defaults.
        """
        planning = ProfileNames(
            name for name, profile in self.stations.items() if PLAN_FIELDS & profile.model_fields_set
        )
        return {
            name: plan_of(self, map(self.stations.__getitem__, patterns))
            for name in self.stations
            if (patterns := planning.matching(name))
        }

    @property
    def control_address(self) -> tuple[str, int]:
        """Host and port of the control API; by default, the next port above ``--port`` that has no listener.

        Port 0 picks a free port.
        """
        if self.control is not None:
            return parse_address(self.control)
        used = {listener.port for listener in self.all_listeners.values()}
        free_ports = (port for port in range(self.port + 1, 65536) if port not in used)
        return "127.0.0.1", next(free_ports, 0) if self.port else 0

    def all_rules(self) -> Iterator[Rule]:
        """Rules of the settings file, then faults of profiles, then faults for all stations.

        Of rules with the same priority, the last one is tried first.
        """
        used_ids = {rule.id for rule in self.rules}
        for number, rule in enumerate(self.rules, 1):
            free_ids = (name for suffix in count(number) if (name := f"rule-{suffix}") not in used_ids)
            named = rule if rule.id else rule.model_copy(update={"id": next(free_ids)})
            used_ids.add(named.id)
            yield named
        for pattern, profile in self.stations.items():
            for text in profile.faults:
                rule = rule_of_flag(text, station=pattern)
                yield rule.model_copy(update={"id": f"{pattern}: {text}"})
        yield from map(rule_of_flag, self.faults)

    def terms(self, versions: Iterable[OcppVersion]) -> Terms:
        """Conditions that end or fail a run with these settings; raises ValueError for a bad expectation."""
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
        """Describe the scheduled commands and the stations that get them, for the log."""
        plan = super().plan_in_words()
        if not (self.command or self.commands):
            return plan
        return f"{plan} to {'every station' if self.station == '*' else self.station}"
