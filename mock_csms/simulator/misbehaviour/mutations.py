"""Mutations: misbehaviours that are described in words, such as ``say BootNotification reason=Unknown``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mock_csms.messages import ErrorCode
from mock_csms.simulator.core import Setup
from mock_csms.simulator.device_model import INVALID_VALUE, violation
from mock_csms.simulator.misbehaviour.deviations import Deviation
from mock_csms.simulator.misbehaviour.mutated_connection import CONNECT_OPTIONS, ConnectOtherwise, has_ciphers
from mock_csms.simulator.misbehaviour.mutated_messages import (
    HearInAnswer,
    HearInCommand,
    OmitCall,
    PretendAnswer,
    RefuseCommand,
    SayInAnswer,
    SayInCall,
)
from mock_csms.simulator.misbehaviour.mutated_perception import BelieveValues, NameOfVariable, OverlookStep
from mock_csms.simulator.misbehaviour.mutated_traffic import (
    AddedMessage,
    AddedStep,
    DelayAnswer,
    DelayCall,
    Effect,
    FollowAnswer,
    FollowCall,
    FollowStep,
    LeaveUnanswered,
    RepeatCall,
    SendBeforeAnswer,
    SendBeforeCall,
)
from mock_csms.simulator.misbehaviour.mutation_reader import (
    OF_CALL,
    OF_CALL_AND_ANSWER,
    FieldCheck,
    MutationReader,
)
from mock_csms.simulator.misbehaviour.mutation_text import WrittenValue, WrongMutation, parse_words
from mock_csms.simulator.variables import TABLE
from mock_csms.simulator.verbs import VERBS, WrongStep, step_of_words, verb_named
from mock_csms.text import suggest, suggest_or_list
from mock_csms.versions import OcppVersion

_SECONDS: Final = re.compile(r"\d{1,6}(\.\d{1,3})?", re.ASCII)
_VARIABLES: Final = {
    ".".join(filter(None, (each.component, each.name, each.instance))): each for each in TABLE
}
"""Definitions of variables, by names such as ``OCPPCommCtrlr.MessageTimeout.Default``."""
LARGEST_STATION: Final = Setup(identity="", url="", evses=100, connectors=10)
"""A station with every EVSE and connector that a step may name."""
EXAMPLE_OF_VARIABLE: Final = "; write, for example, OCPPCommCtrlr.HeartbeatInterval"


@dataclass(frozen=True)
class MutationForm:
    """A form of mutations, such as ``omit ACTION [if FIELD=VALUE...]``."""

    usage: str
    description: str
    example: str
    build: Callable[["MutationReader"], Deviation]


def parse_mutation(text: str, version: OcppVersion) -> Deviation:
    """Return the deviation that a mutation describes; raises WrongMutation."""
    words = parse_words(text)
    if words.form not in FORMS:
        raise WrongMutation(f"unknown form {words.form!r}{suggest_or_list(words.form, FORMS)}")
    form = FORMS[words.form]
    if words.occasion is not None and " on" not in form.usage:
        raise WrongMutation(f"{words.form} takes no {words.occasion[0]}; write {form.usage}")
    if words.values and "=VALUE" not in form.usage.partition(" [if")[0]:
        raise WrongMutation(f"{words.form} sets no field; write {form.usage}")
    if "[if" not in form.usage and (words.conditions or words.limit or words.skip):
        raise WrongMutation(f"{words.form} takes no if, times or after; write {form.usage}")
    return form.build(MutationReader(words, form.usage, version))


def _say(reader: MutationReader) -> Deviation:
    (action,) = reader.subjects(1)
    if not reader.text.values:
        raise reader.usage_error()
    if reader.is_about_command(action, "request"):
        values = reader.assignments(action, "response", reader.fields_of(action, OF_CALL_AND_ANSWER))
        return SayInAnswer(action, values=values, **reader.options_of(action, OF_CALL_AND_ANSWER))
    values = reader.assignments(action, "request", reader.fields_of(action, OF_CALL))
    return SayInCall(action, values=values, **reader.options_of(action, OF_CALL))


def _hear(reader: MutationReader) -> Deviation:
    (action,) = reader.subjects(1)
    if not reader.text.values:
        raise reader.usage_error()
    if reader.is_about_command(action, "response"):
        values = reader.assignments(action, "request", reader.fields_of(action, OF_CALL))
        return HearInCommand(action, values=values, **reader.options_of(action, OF_CALL))
    values = reader.assignments(action, "response", reader.fields_of(action, OF_CALL_AND_ANSWER))
    return HearInAnswer(action, values=values, **reader.options_of(action, OF_CALL_AND_ANSWER))


def _omit(reader: MutationReader) -> Deviation:
    action = reader.message(*reader.subjects(1))
    return OmitCall(action, **reader.options_of(action, OF_CALL))


def _pretend(reader: MutationReader) -> Deviation:
    action = reader.command(*reader.subjects(1))
    values = reader.assignments(action, "response", reader.fields_of(action, OF_CALL))
    return PretendAnswer(action, values=values, **reader.options_of(action, OF_CALL))


def _refuse(reader: MutationReader) -> Deviation:
    action, code = reader.subjects(2)
    codes = list(map(str, ErrorCode))
    if code not in codes:
        raise WrongMutation(f"unknown error code {code!r}{suggest_or_list(code, codes)}")
    spelling = reader.version.dialect.spell(ErrorCode(code))
    return RefuseCommand(reader.command(action), code=spelling, **reader.options_of(action, OF_CALL))


def _ignore(reader: MutationReader) -> Deviation:
    action = reader.command(*reader.subjects(1))
    return LeaveUnanswered(action, **reader.options_of(action, OF_CALL))


def _repeat(reader: MutationReader) -> Deviation:
    action = reader.message(*reader.subjects(1))
    return RepeatCall(action, **reader.options_of(action, OF_CALL))


def _delay(reader: MutationReader) -> Deviation:
    action, seconds = reader.subjects(2)
    delay_s = _seconds(seconds)
    if reader.is_about_command(action, "request"):
        return DelayAnswer(action, delay_s=delay_s, **reader.options_of(action, OF_CALL_AND_ANSWER))
    return DelayCall(action, delay_s=delay_s, **reader.options_of(action, OF_CALL))


def _seconds(text: str) -> float:
    if not _SECONDS.fullmatch(text) or not float(text):
        raise WrongMutation(f"{text!r} is not a number of seconds; write, for example, 2.5")
    return float(text)


def _send(reader: MutationReader) -> Deviation:
    added_action = reader.message(*reader.subjects(1))
    if reader.text.occasion is None:
        raise reader.usage_error()
    check = _check_of_occasion(reader)
    added = AddedMessage(added_action, reader.assignments(added_action, "request", check))
    word, action = reader.text.occasion
    if word == "on":
        return _following(reader, added.send)
    before = SendBeforeAnswer if reader.is_about_command(action, "request") else SendBeforeCall
    return before(action, added=added, **reader.options(check))


def _check_of_occasion(reader: MutationReader) -> FieldCheck:
    """Return a function that checks whether a name is a field of the message, or a parameter of the step,
    that ``on`` or ``before`` introduces.
    """
    word, action = reader.text.occasion or ("", "")
    if action in VERBS:
        if word == "before":
            raise WrongMutation(f"nothing can be sent before a step; write on {action}")
        return reader.parameters_of(VERBS[action])
    is_message_only = word == "before" and not reader.is_about_command(action, "request")
    return reader.fields_of(action, OF_CALL if is_message_only else OF_CALL_AND_ANSWER)


def _do(reader: MutationReader) -> Deviation:
    if not reader.text.subjects or reader.text.occasion is None or reader.text.occasion[0] != "on":
        raise reader.usage_error()
    name, *words = reader.text.subjects
    words += [f"{value.path}={value.text}" for value in reader.text.values]
    try:
        verb = verb_named(name)
        step_of_words(verb, words, LARGEST_STATION)
    except WrongStep as error:
        raise WrongMutation(str(error)) from None
    return _following(reader, AddedStep(verb, tuple(words)).take)


def _following(reader: MutationReader, effect: Effect) -> Deviation:
    """Return a deviation that calls ``effect`` after the message or step that ``on`` introduces."""
    options = {"effect": effect, **reader.options(_check_of_occasion(reader))}
    _, action = reader.text.occasion or ("", "")
    if action in VERBS:
        return FollowStep(action, **options)
    follow = FollowAnswer if reader.is_about_command(action, "request") else FollowCall
    return follow(action, **options)


def _believe(reader: MutationReader) -> Deviation:
    reader.subjects(0)
    if not reader.text.values:
        raise reader.usage_error()
    return BelieveValues(None, values=dict(map(_believed, reader.text.values)))


def _believed(written: WrittenValue) -> tuple[NameOfVariable, str]:
    definition = _VARIABLES.get(written.path)
    if definition is None:
        raise WrongMutation(
            f"unknown variable {written.path!r}{suggest(written.path, _VARIABLES) or EXAMPLE_OF_VARIABLE}"
        )
    found = violation(definition, written.text)
    if found is not None and found.reason_code == INVALID_VALUE:
        raise WrongMutation(f"{written.text!r} is not a value of {written.path}: {found.text}")
    return (definition.component, definition.name, definition.instance), written.text


def _connect(reader: MutationReader) -> Deviation:
    reader.subjects(0)
    if not reader.text.values:
        raise reader.usage_error()
    for written in reader.text.values:
        _check_connect_option(written)
    return ConnectOtherwise(None, values={written.path: written.text for written in reader.text.values})


def _check_connect_option(written: WrittenValue) -> None:
    name, value = written.path, written.text
    if name not in CONNECT_OPTIONS:
        raise WrongMutation(f"unknown option {name!r}{suggest_or_list(name, CONNECT_OPTIONS)}")
    pattern, description = CONNECT_OPTIONS[name]
    if not pattern.fullmatch(value) or (name == "ciphers" and not has_ciphers(value)):
        raise WrongMutation(f"{name} is {description}, not {value!r}")


def _overlook(reader: MutationReader) -> Deviation:
    (name,) = reader.subjects(1)
    if name not in VERBS:
        raise WrongMutation(f"unknown step {name!r}{suggest_or_list(name, VERBS)}")
    return OverlookStep(name, **reader.options(reader.parameters_of(VERBS[name])))


FORMS: Final[Mapping[str, MutationForm]] = {
    "say": MutationForm(
        "say ACTION FIELD=VALUE... [if FIELD=VALUE...]",
        "sends other values in a message, or in the answer to a command",
        "say BootNotification reason=Unknown",
        _say,
    ),
    "hear": MutationForm(
        "hear ACTION FIELD=VALUE... [if FIELD=VALUE...]",
        "acts as if a command, or the answer to one of its messages, had other values",
        "hear Authorize idTokenInfo.status=Accepted",
        _hear,
    ),
    "omit": MutationForm(
        "omit ACTION [if FIELD=VALUE...]",
        "does not send a message, and goes on as if it had been answered",
        "omit StatusNotification if evseId=2",
        _omit,
    ),
    "pretend": MutationForm(
        "pretend COMMAND FIELD=VALUE... [if FIELD=VALUE...]",
        "answers a command with these values, and does not carry it out",
        "pretend ClearCache status=Accepted",
        _pretend,
    ),
    "refuse": MutationForm(
        "refuse COMMAND CODE [if FIELD=VALUE...]",
        "answers a command with a CALLERROR of this code",
        "refuse GetVariables NotSupported if getVariableData.component.name=TxCtrlr",
        _refuse,
    ),
    "ignore": MutationForm(
        "ignore COMMAND [if FIELD=VALUE...]",
        "ignores a command: no answer, no effect",
        "ignore Reset if type=Immediate",
        _ignore,
    ),
    "repeat": MutationForm(
        "repeat ACTION [if FIELD=VALUE...]",
        "sends a message twice",
        "repeat BootNotification times 1",
        _repeat,
    ),
    "delay": MutationForm(
        "delay ACTION SECONDS [if FIELD=VALUE...]",
        "sends a message, or the answer to a command, SECONDS later",
        "delay GetVariables 5",
        _delay,
    ),
    "send": MutationForm(
        "send ACTION FIELD=VALUE... on|before ACTION|STEP [if FIELD=VALUE...]",
        "sends an additional message. It comes after or before another message, an answer to a command, or "
        "a step",
        "send Heartbeat before BootNotification",
        _send,
    ),
    "do": MutationForm(
        "do STEP [PARAMETER=VALUE...] on ACTION|STEP [if FIELD=VALUE...]",
        "does a step by itself, after a message, an answer to a command, or another step",
        "do power-cycle on SetNetworkProfile",
        _do,
    ),
    "believe": MutationForm(
        "believe COMPONENT.VARIABLE[.INSTANCE]=VALUE...",
        "acts as if variables had these values, but still reports the values that were set",
        "believe TxCtrlr.StopTxOnInvalidId=false",
        _believe,
    ),
    "overlook": MutationForm(
        "overlook STEP [if PARAMETER=VALUE...]",
        "does not notice a step of a person or of the network",
        "overlook unplug if evse=2",
        _overlook,
    ),
    "connect": MutationForm(
        "connect OPTION=VALUE...",
        "connects with other values of password, user, identity, subprotocol, certificate, verify, tls, "
        "ciphers or wait. They apply from the start or after some attempts",
        "connect password=wrong wait=0.5",
        _connect,
    ),
}
