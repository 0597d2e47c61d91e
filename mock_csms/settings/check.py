"""Checks settings, rules and expectations against the served OCPP versions.

pydantic has already checked the shape of these values.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mock_csms.behaviour.faults import (
    AT_HANDSHAKE,
    ON_ANSWERS,
    ON_COMMANDS,
    TLS_FAULTS,
    TO_THE_CONNECTION,
    kinds_in_words,
)
from mock_csms.behaviour.rules import ANY_STATION, HANDSHAKE, CommandEffect, Rule, Then, When, rule_of_flag
from mock_csms.behaviour.templates import check_template, example
from mock_csms.findings.kinds import flaw_of_id
from mock_csms.messages import JsonObject
from mock_csms.security.passwords import flaw_of_new_password
from mock_csms.security.profiles import BASIC_PROFILES
from mock_csms.settings.listening_settings import LOWEST_TLS_PROFILE
from mock_csms.settings.server_settings import Settings
from mock_csms.settings.station_settings import Profile
from mock_csms.text import suggest, suggest_or_list
from mock_csms.verdict.expectations import Expectation
from mock_csms.versions import OcppVersion, actions_from_csms, actions_from_station, having

type Location = tuple[str | int, ...]
"""Keys and indexes that lead to a value, as in pydantic's ``loc``; empty for the whole value."""


class Flaw(NamedTuple):
    """One problem of a value: its location and a sentence."""

    location: Location
    sentence: str

    def __str__(self) -> str:
        return ": ".join(filter(None, [".".join(map(str, self.location)), self.sentence]))


class Flawed(ValueError):
    """Raised for a changed profile that OCPP does not allow; ``flaw`` is the first flaw of the profile."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.sentence)
        self.flaw = flaw


def check(value: Settings | Profile | Rule | str, versions: Iterable[OcppVersion]) -> Flaw | None:
    """Return the first flaw of a well-formed value, or None. A str is an expectation."""
    checker = _Checker(versions)
    match value:
        case Settings():
            flaws = checker.settings(value)
        case Profile():
            flaws = checker.profile(value)
        case Rule():
            flaws = checker.rule(value)
        case str():
            flaws = checker.expectations([value])
    return next(flaws, None)


def check_security(profile: Profile, *, has_password: bool, has_tls: bool) -> Flaw | None:
    """Return a flaw if a station's security profile requires a password or TLS that is not available."""
    required = profile.security_profile
    if required in BASIC_PROFILES and not has_password:
        return Flaw(("security_profile",), f"{required} needs a password; set it too")
    if required >= LOWEST_TLS_PROFILE and not has_tls:
        sentence = f"{required} needs TLS, which no listener accepts; start the server with --tls"
        return Flaw(("security_profile",), sentence)
    return None


class _Checker:
    """Yields the flaws of values in the order in which the values are written."""

    def __init__(self, versions: Iterable[OcppVersion]) -> None:
        self._versions = tuple(versions)
        self._messages = actions_from_station(self._versions)
        self._commands = actions_from_csms(self._versions)

    def settings(self, settings: Settings) -> Iterator[Flaw]:
        """Yield the flaws of all settings, including flaws of rules and profiles."""
        yield from self._names(settings)
        yield from _under(("expect",), self.expectations(settings.expect))
        yield from _under(("silence",), self._finding_ids(settings.silence))
        for number, rule in enumerate(settings.rules):
            yield from _under(("rules", number), self.rule(rule))
            yield from _under(("rules", number), _names_of_listeners(_templates(rule), settings))
        yield from _under(("payload",), _names_of_listeners([settings.payload], settings))
        for pattern, profile in settings.stations.items():
            own = (*self._names(profile, pattern), *_names_of_listeners([profile.payload], settings))
            yield from _under(("stations", pattern), own)
        yield from _plan(settings)
        for pattern, plan in settings.plans.items():
            for flaw in _plan(plan):
                yield Flaw((), f'[stations."{pattern}"]: {flaw.sentence}')

    def profile(self, profile: Profile) -> Iterator[Flaw]:
        """Yield the flaws of the profile of one station."""
        yield from self._names(profile, "the station")
        yield from _plan(profile)

    def _names(self, profile: Profile, station: str = ANY_STATION) -> Iterator[Flaw]:
        """Yield a flaw for each command, message or fault that no version has, and for each bad password."""
        if profile.command is not None:
            yield from _under(("command",), self._command(profile.command))
        for step in profile.commands:
            yield from _under(("commands",), self._command(step.command))
        if profile.trigger_message is not None:
            yield from _under(("trigger_message",), self._trigger(profile.trigger_message))
        for variable in profile.set_variables:
            is_password = variable.name.lower() == "basicauthpassword"
            if is_password and (flaw := flaw_of_new_password(variable.value or "")):
                yield Flaw(("set_variables",), flaw)
        for text in profile.faults:
            for location, sentence in self.rule(rule_of_flag(text, station)):
                prefix = "".join(f"{step}: " for step in location)
                yield Flaw(("faults",), f"{text!r}: {prefix}{sentence}")

    def _command(self, name: str) -> Iterator[Flaw]:
        if name not in self._commands:
            hint = suggest(name, self._commands) or "; --help lists all of them"
            yield Flaw((), f"there is no command {name!r}{hint}")

    def _trigger(self, name: str) -> Iterator[Flaw]:
        triggers = list(dict.fromkeys(name for version in self._versions for name in version.triggers))
        if name not in triggers:
            yield Flaw((), f"{name!r} cannot be triggered{suggest_or_list(name, triggers)}")

    def _finding_ids(self, names: Sequence[str]) -> Iterator[Flaw]:
        ids = list(dict.fromkeys(name for version in self._versions for name in version.finding_kinds))
        for name in names:
            if flaw := flaw_of_id(name, ids):
                yield Flaw((), flaw)

    def expectations(self, texts: Iterable[str]) -> Iterator[Flaw]:
        """Yield the flaws of expectations."""
        for text in texts:
            try:
                Expectation.parse(text, self._versions)
            except ValueError as error:
                yield Flaw((), str(error))

    def rule(self, rule: Rule) -> Iterator[Flaw]:
        """Yield the flaws of a rule."""
        rule = rule.directed(self._messages, self._commands)
        yield from _under(("when",), self._when(rule.when))
        for then in rule.then:
            if then.fault:
                yield from _fault(rule.when, then.fault.kind)
            if then.answer is not None and rule.check_answer:
                yield from self._answer(rule.when, then.answer)
            yield from _handshake(rule, then)
            yield from _of_command(rule.when, then)
            if then.command:
                yield from self._command_effect(rule.when, then.command)

    def _command_effect(self, when: When, effect: CommandEffect) -> Iterator[Flaw]:
        """Yield the flaws of a command that a rule sends. Its payload is checked again when it is sent."""
        if when.action == HANDSHAKE:
            yield Flaw((), "no command can be sent at the handshake; use --command with --start connect")
        yield from _under(("then", "command"), self._command(effect.action))
        commanding = having(self._versions, effect.action, from_station=False)
        patch = example(effect.payload or {})
        violations = [
            version.request(effect.action).violation_of_patch(patch, is_sent=True) for version in commanding
        ]
        errors = [violation.found for violation in violations if violation]
        if errors and len(errors) == len(violations):
            yield Flaw((), f"its command breaks the schema of {effect.action}: {errors[0]}")
        for version in commanding:
            if flaw := version.flaw_of_command(effect.action, patch):
                yield Flaw((), f"its command must not be sent: {flaw}")

    def _when(self, when: When) -> Iterator[Flaw]:
        is_call = when.direction == "call"
        actions = self._messages | {HANDSHAKE} if is_call else self._commands
        if when.action is not None and when.action not in actions:
            noun = "station message" if is_call else "command"
            yield Flaw((), f"there is no {noun} {when.action!r}{suggest(when.action, actions)}")

    def _answer(self, when: When, answer: JsonObject) -> Iterator[Flaw]:
        """Yield a flaw if the answer, merged over a minimal answer, breaks the schema in every version."""
        if when.action is None or when.action == HANDSHAKE or when.direction == "command":
            return
        patch = example(answer)
        answering = having(self._versions, when.action, from_station=when.direction == "call")
        violations = [
            version.response(when.action).violation_of_patch(patch, is_sent=when.direction == "call")
            for version in answering
        ]
        errors = [violation.found for violation in violations if violation]
        if errors and len(errors) == len(violations):
            yield Flaw(
                (),
                f"its answer breaks the schema of {when.action}: {errors[0]}; "
                "set validate = false to send it anyway",
            )


def _under(location: Location, flaws: Iterable[Flaw]) -> Iterator[Flaw]:
    return (Flaw((*location, *flaw.location), flaw.sentence) for flaw in flaws)


def _fault(when: When, kind: str) -> Iterator[Flaw]:
    """Yield a flaw if a fault is impossible for the messages that a rule matches."""
    if (when.action == HANDSHAKE) != (kind in AT_HANDSHAKE):
        possible = AT_HANDSHAKE if when.action == HANDSHAKE else ON_ANSWERS
        target = "at the handshake" if when.action == HANDSHAKE else "to an answer"
        yield Flaw((), f"the fault {kind} cannot be applied {target}; use {kinds_in_words(possible)}")
    if when.direction == "answer" and kind not in TO_THE_CONNECTION:
        yield Flaw(
            (),
            f"the fault {kind} cannot be applied to a station's answer; "
            f"use {', '.join(sorted(TO_THE_CONNECTION))}",
        )
    if when.direction == "command" and kind in ON_ANSWERS and kind not in ON_COMMANDS:
        yield Flaw(
            (),
            f"the fault {kind} cannot be applied to a command; use {kinds_in_words(ON_COMMANDS)}, or set "
            'direction = "answer" for the station\'s answer',
        )


def _handshake(rule: Rule, then: Then) -> Iterator[Flaw]:
    when = rule.when
    if rule.is_about_tls:
        yield from _tls_handshake(rule, then)
    if when.action == HANDSHAKE and (then.answer is not None or then.error):
        yield Flaw((), "the handshake has no message to answer; only a fault is possible")


def _templates(rule: Rule) -> Iterator[JsonObject | None]:
    """Yield the answer and the command payload of each effect of a rule; both may have placeholders."""
    for then in rule.then:
        yield then.answer
        yield then.command.payload if then.command else None


def _names_of_listeners(templates: Iterable[JsonObject | None], settings: Settings) -> Iterator[Flaw]:
    """Yield a flaw for each template with a placeholder that names an unknown listener."""
    names = settings.all_listeners

    def look_up(kind: str, name: str) -> str:
        if kind == "listener" and name not in names:
            raise ValueError(f"there is no listener {name}{suggest(name, names)}")
        return ""

    for template in templates:
        try:
            check_template(template, look_up)
        except ValueError as error:
            yield Flaw((), str(error))


def _tls_handshake(rule: Rule, then: Then) -> Iterator[Flaw]:
    """Yield a flaw if a rule with a TLS fault depends on a station or its state, or has other effects."""
    when = rule.when
    if when.station != ANY_STATION:
        yield Flaw(
            (),
            "a TLS fault cannot depend on the station, because the station is not known yet; leave out the "
            "key station, or use a separate listener with tls_fault for the station",
        )
    if when.state is not None or rule.set is not None:
        yield Flaw(
            (), "a TLS fault cannot depend on the state of a station, because the station is not known yet"
        )
    if then.fault is None or then.fault.kind not in TLS_FAULTS:
        yield Flaw((), "a rule with a TLS fault can have only TLS faults; write a second rule for others")


def _of_command(when: When, then: Then) -> Iterator[Flaw]:
    if when.direction == "command" and (then.answer is not None or then.error):
        yield Flaw(
            (),
            "a command has no answer to change, only a fault is possible; for the station's answer, set "
            'direction = "answer"',
        )


def _plan(profile: Profile) -> Iterator[Flaw]:
    """Yield conflicts between the settings that schedule commands."""
    if profile.command and profile.commands:
        yield Flaw((), "use either --command or --commands, not both")
    if profile.command and profile.period is None and profile.delay is None:
        yield Flaw(
            (),
            f"--command needs --period or --delay, for example: --command {profile.command} --period 5",
        )
    for flag in ("period", "delay", "payload"):
        if getattr(profile, flag) is not None and not profile.command:
            yield Flaw((), f"--{flag} needs --command, for example: --command GetBaseReport --period 5")
