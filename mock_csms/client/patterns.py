"""Patterns of the messages and connection events that a test expects, ignores or forbids."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Self

from mock_csms.client.entries import TranscriptEntry, VersionActions
from mock_csms.client.failures import WrongArgument
from mock_csms.client.fields import PayloadDifference, brief_value, differences, matches, nested, similar_name

__tracebackhide__ = True

EVENTS: Final = {
    "connected": "connection",
    "disconnected": "end of the connection",
    "refused": "refused handshake",
}
"""Names of the events of a connection, by the type of the journal entry."""


class Pattern:
    """Matches a station's CALL of one of these actions, whose payload must have these fields.

    The fields are keywords, or a dict, and are compared as `mock_csms.client.fields.differences` describes.
    """

    def __init__(
        self, action: str | Iterable[str], fields: Mapping[str, Any] | None = None, /, **others: Any
    ) -> None:
        self.actions = action_names(action)
        self.fields = nested({**(fields or {}), **others})
        self.type = "call"
        if not self.actions:
            raise WrongArgument("name an action")

    @classmethod
    def event(cls, kind: str, fields: Mapping[str, Any]) -> Self:
        """Make a pattern for an event of the connection; the fields are facts of its handshake."""
        pattern = cls(EVENTS[kind], fields)
        pattern.type = kind
        return pattern

    def concerns(self, entry: TranscriptEntry) -> bool:
        """Whether an entry has one of the actions, or is an event of this kind, whatever its fields are."""
        if self.type != "call":
            return entry.type == self.type
        return is_from_station(entry) and entry.action in self.actions

    def differences(self, entry: TranscriptEntry) -> list[PayloadDifference]:
        """List the fields of an entry that differ from the expected ones."""
        return differences(self.fields, entry.payload)

    def holds(self, entry: TranscriptEntry) -> bool:
        """Whether an entry matches the pattern: its action or kind of event, and its fields."""
        return self.concerns(entry) and matches(self.fields, entry.payload)

    def __str__(self) -> str:
        conditions = ", ".join(f"{path} {brief_value(value)}" for path, value in _paths(self.fields))
        return " or ".join(self.actions) + (f" with {conditions}" if conditions else "")

    def __repr__(self) -> str:
        return f"Pattern({self})"


def action_names(action: str | Iterable[str]) -> tuple[str, ...]:
    """Return an action, or several, as a tuple of strings."""
    actions = (action,) if isinstance(action, str) else action
    return tuple(str(each) for each in actions)


def check_actions(patterns: Iterable[Pattern], versions: Sequence[VersionActions]) -> None:
    """Raise WrongArgument for a mistyped action, and for a command, which stations never send."""
    messages = {name for version in versions for name in version.from_station}
    commands = {name for version in versions for name in version.from_csms} - messages
    for action in {action for pattern in patterns if pattern.type == "call" for action in pattern.actions}:
        if action in commands:
            raise WrongArgument(f"{action} is a command to stations, not a message from them")
        _check_spelling(action, messages)


def spelled_actions(action: str | Iterable[str], versions: Sequence[VersionActions]) -> list[str]:
    """Return one or several actions as a list; raises WrongArgument for a mistyped OCPP action."""
    names, known = action_names(action), {name for version in versions for name in version.all}
    for name in names:
        _check_spelling(name, known)
    return list(names)


def _check_spelling(action: str, names: Collection[str]) -> None:
    """Raise WrongArgument for an action that looks like a mistyped OCPP action.

    Any other action may be an extension of a vendor.
    """
    if action not in names and (meant := similar_name(action, names)):
        raise WrongArgument(f"OCPP has no message {action!r}; did you mean {meant}?")


def is_from_station(entry: TranscriptEntry) -> bool:
    """Whether an entry is a CALL of the station."""
    return entry.type == "call" and entry.direction == "received"


def _paths(fields: Mapping[Any, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in fields.items():
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, dict) and value:
            yield from _paths(value, path)
        else:
            yield path, value
