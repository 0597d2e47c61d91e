"""An OCPP version as a value: everything about it that version-independent code needs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, NamedTuple

from mock_csms.findings.kinds import FindingKind
from mock_csms.messages import Dialect, JsonObject
from mock_csms.schema.validation import Schema

CommandOutcome = Literal["result", "refused", "partly refused"]
"""Outcome of a command answered with a CALLRESULT; partly refused if the station refuses only some items."""

SHOWN_OUTCOMES: Final[Mapping[CommandOutcome, str]] = {
    "result": "result",
    "refused": "REFUSED",
    "partly refused": "PARTLY REFUSED",
}
"""Outcomes as the log shows them."""


class EarlierVersion(NamedTuple):
    """An earlier version of OCPP, to recognise a station that speaks it over the subprotocol of a later
    version.
    """

    name: str
    actions: frozenset[str]
    """Actions that stations send in the earlier version, and that the later version lacks."""
    properties: Mapping[str, frozenset[str]]
    """Properties of requests in the earlier version that the later version lacks, by action."""


class ListLimit(NamedTuple):
    """A list in a command whose length per message a station may limit (B05, B06)."""

    property: str
    max_items: str
    """Device model variable with the maximum number of items that the station accepts."""
    max_bytes: str
    """Device model variable with the maximum bytes of the message that the station accepts."""
    requirement: str
    """Id of the requirement that sets the limit."""
    setting: str | None = None
    """Setting that overrides the number of items that the station reports, if there is such a setting."""


class CommandParts(NamedTuple):
    """The payload of a command, split into messages that the station accepts."""

    payloads: list[JsonObject]
    limit: str = ""
    """The exceeded limit in words, with its requirement; empty if the payload was not split."""
    end_at_refusal: bool = False
    """Whether parts after a refused part are useless and must not be sent."""


def _no_flaw(_action: str, _payload: JsonObject) -> str:
    return ""


def _no_cases(_requirement: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True, eq=False)
class OcppVersion:
    """One version of OCPP as plain data: actions, schemas and wire format."""

    name: str
    subprotocol: str
    """Name in Sec-WebSocket-Protocol (OCPP-J 3.1.2)."""
    from_station: frozenset[str]
    """Actions that a station sends."""
    from_csms: frozenset[str]
    """Actions that a central system sends, called commands."""
    schemas: Path
    """Folder with the JSON schemas, ``<action>Request.json`` and ``<action>Response.json``."""
    dialect: Dialect
    fulfilled: frozenset[str]
    """Statuses in an answer by which a station fulfils a command; any other status refuses it."""
    flaw_of_command: Callable[[str, JsonObject], str] = _no_flaw
    """Describes why a command that fits its schema may not be sent; empty if it may."""
    triggers: tuple[str, ...] = ()
    """Messages that TriggerMessage can request, in the order of the specification."""
    default_trigger: str = ""
    """Message that TriggerMessage requests by default."""
    list_limits: Mapping[str, ListLimit] = field(default_factory=dict)
    """List whose length stations may limit, by command that has one."""
    finding_kinds: Mapping[str, FindingKind] = field(default_factory=dict)
    """Kinds of findings, by id."""
    blocks: Mapping[str, str] = field(default_factory=dict)
    """Names of the functional blocks of the specification, by letter."""
    cases_of: Callable[[str], Sequence[str]] = _no_cases
    """Returns the ids of the certification cases that test whether stations meet a requirement."""
    summaries: Mapping[str, str] = field(default_factory=dict)
    """Purpose of each message, in one line, by action."""
    earlier: EarlierVersion | None = None
    _compiled: dict[tuple[str, str], Schema] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def actions(self) -> frozenset[str]:
        """Actions of both directions."""
        return self.from_station | self.from_csms

    def request(self, action: str) -> Schema:
        """Schema of the payload of a CALL; the action must belong to this version."""
        return self._schema(action, "Request")

    def response(self, action: str) -> Schema:
        """Schema of the payload of a CALLRESULT; the action must belong to this version."""
        return self._schema(action, "Response")

    def load_schemas(self) -> None:
        """Read the schemas of all actions from their files; raises OSError."""
        for action in self.actions:
            self.request(action).load()
            self.response(action).load()

    def _schema(self, action: str, kind: str) -> Schema:
        schema = self._compiled.get((action, kind))
        if schema is None:
            schema = self._compiled[action, kind] = Schema(self.schemas / f"{action}{kind}.json")
        return schema

    def hint(self, action: str, payload: JsonObject) -> str:
        """Return a remark if an invalid CALL looks like one of an earlier version; otherwise ""."""
        if self.earlier is None:
            return ""
        if action in self.earlier.actions:
            return f"; looks like OCPP {self.earlier.name}, which has {action}"
        properties = sorted(self.earlier.properties.get(action, frozenset()) & payload.keys())
        return f"; looks like OCPP {self.earlier.name}: {', '.join(properties)}" if properties else ""

    def is_refusal(self, answer: JsonObject) -> bool:
        """Whether the answer refuses a command or any item in it."""
        return self.outcome(answer) != "result"

    def outcome(self, answer: JsonObject) -> CommandOutcome:
        """Return whether an answer, which may break its schema, refuses a command or some of its items."""
        results = (
            [answer]
            if "status" in answer
            else [item for value in answer.values() if isinstance(value, list) for item in value]
        )
        objects = (item for item in results if isinstance(item, dict))
        statuses = [item.get("status") or item.get("attributeStatus") for item in objects]
        refused = [isinstance(status, str) and status not in self.fulfilled for status in statuses if status]
        if not any(refused):
            return "result"
        return "refused" if all(refused) else "partly refused"


def actions_from_station(versions: Iterable[OcppVersion]) -> frozenset[str]:
    """Actions that stations send in any of these versions."""
    return frozenset[str]().union(*(version.from_station for version in versions))


def actions_from_csms(versions: Iterable[OcppVersion]) -> frozenset[str]:
    """Actions that central systems send in any of these versions."""
    return frozenset[str]().union(*(version.from_csms for version in versions))


def having(versions: Iterable[OcppVersion], action: str, *, from_station: bool) -> list[OcppVersion]:
    """Versions with this action, sent by the station (``from_station``) or by the central system."""
    return [
        version
        for version in versions
        if action in (version.from_station if from_station else version.from_csms)
    ]


def outcome(versions: Iterable[OcppVersion], action: str, answer: JsonObject) -> CommandOutcome:
    """Return the outcome of a command, as the versions that have the command judge the answer.

    The first outcome other than ``result`` counts. If no version has the command, all versions judge.
    """
    versions = list(versions)
    with_command = having(versions, action, from_station=False) or versions
    outcomes = (version.outcome(answer) for version in with_command)
    return next((each for each in outcomes if each != "result"), "result")


def default_settings(versions: Iterable[OcppVersion]) -> Mapping[str, str]:
    """Version-dependent defaults by setting, each from the first version that has one."""
    triggers = [version.default_trigger for version in versions if version.default_trigger]
    return {"trigger_message": triggers[0]} if triggers else {}
