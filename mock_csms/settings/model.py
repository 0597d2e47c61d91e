"""All the settings: those of every station, those of the server, and how single stations differ."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from mock_csms.rules import Rule, rule_of_flag
from mock_csms.settings.knobs import (
    FAILING,
    LISTENING,
    SENDING,
    SHOWING,
    SOME_SECONDS,
    TRUE_OR_FALSE,
    WHOLE_NUMBER,
    Period,
    knob,
)
from mock_csms.settings.profile import Profile
from mock_csms.tokens import united

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

    rules: tuple[Rule, ...] = ()
    stations: dict[str, Profile] = Field(default_factory=dict)
    """How stations differ, by identity or glob."""

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        self.check()
        for pattern in self.stations:
            try:
                self.profile(pattern).check()
            except ValueError as error:
                raise ValueError(f'[stations."{pattern}"]: {error}') from None
        return self

    def profile(self, identity: str) -> Profile:
        """How a station is treated: of the profiles that match it the most specific wins, key by key.

        A name without wildcards is the most specific, then the pattern with the most other characters, then
        the one that stands later. Tokens are laid over one another by idToken.
        """
        if not self.stations:
            return self
        said: dict[str, Any] = {name: getattr(self, name) for name in Profile.model_fields}
        for pattern in sorted(self._matching(identity), key=_specificity):
            overlay = self.stations[pattern]
            said |= _plan_replaced_by(overlay)
            said |= {name: getattr(overlay, name) for name in overlay.model_fields_set - {"tokens"}}
            said["tokens"] = united(said["tokens"], overlay.tokens)
        return Profile.model_construct(**said)

    def _matching(self, identity: str) -> Iterator[str]:
        return (pattern for pattern in self.stations if pattern == identity or fnmatchcase(identity, pattern))

    def all_rules(self) -> Iterator[Rule]:
        """The rules of the file, the faults of the profiles and those of everybody, the newest last."""
        for number, rule in enumerate(self.rules, 1):
            yield rule if rule.id else rule.model_copy(update={"id": f"rule-{number}"})
        for pattern, profile in self.stations.items():
            for text in profile.faults:
                rule = rule_of_flag(text, station=pattern)
                yield rule.model_copy(update={"id": f"{pattern}: {text}"})
        yield from map(rule_of_flag, self.faults)

    def plan_in_words(self) -> str:
        """Say which commands go out, when and to whom."""
        plan = super().plan_in_words()
        if not (self.command or self.commands):
            return plan
        return f"{plan} to {'every station' if self.station == '*' else self.station}"


def _plan_replaced_by(overlay: Profile) -> dict[str, Any]:
    """What a profile does away with of other plans: a sequence replaces a command, and the other way round."""
    alone: dict[str, Any] = {"period": None, "delay": None, "payload": None}
    if overlay.commands:
        return {"command": None, **alone}
    if "command" not in overlay.model_fields_set:
        return {}
    return {"commands": ()} if overlay.command else alone


def _specificity(pattern: str) -> tuple[bool, int]:
    return not GLOB & set(pattern), sum(character not in GLOB for character in pattern)
