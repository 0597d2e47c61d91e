"""An OCPP version as a value: all that shared code has to know about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mock_csms.findings.kinds import FindingKind
from mock_csms.messages import Dialect, JsonObject
from mock_csms.schema.validation import Schema


class ListLimit(NamedTuple):
    """A list in a command of which a station may limit the length in one message (B05, B06)."""

    property: str
    setting: str
    """The setting of a profile that overrides what the station reports."""
    variable: str
    """Key of the device model variable in which the station reports its limit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OcppVersion:
    """One version of OCPP: its actions, schemas and wire format. It has no behaviour of its own."""

    name: str
    subprotocol: str
    """The name in Sec-WebSocket-Protocol (OCPP-J 3.1.2)."""
    from_station: frozenset[str]
    """Actions that a station sends."""
    from_csms: frozenset[str]
    """Actions that a central system sends, called commands."""
    schemas: Path
    """Folder with the JSON schemas, ``<action>Request.json`` and ``<action>Response.json``."""
    dialect: Dialect
    fulfilled: frozenset[str]
    """Statuses in an answer that do not refuse a command."""
    secret_commands: frozenset[str] = frozenset()
    """Commands that may carry a password, which the journal and the log must not show."""
    triggers: tuple[str, ...] = ()
    """Messages that a station can be asked to send, in the order of the specification."""
    default_trigger: str = ""
    """The message that a station is asked for unless a setting names another."""
    list_limits: Mapping[str, ListLimit] = field(default_factory=dict)
    """By command."""
    finding_kinds: Mapping[str, FindingKind] = field(default_factory=dict)
    """What can be found about a station, by id."""
    _compiled: dict[tuple[str, str], Schema] = field(default_factory=dict, init=False, repr=False)

    @property
    def actions(self) -> frozenset[str]:
        """Every action, in both directions."""
        return self.from_station | self.from_csms

    def request(self, action: str) -> Schema:
        """Schema for the payload of a CALL; the action must be one of this version."""
        return self._schema(action, "Request")

    def response(self, action: str) -> Schema:
        """Schema for the payload of a CALLRESULT; the action must be one of this version."""
        return self._schema(action, "Response")

    def _schema(self, action: str, kind: str) -> Schema:
        schema = self._compiled.get((action, kind))
        if schema is None:
            schema = self._compiled[action, kind] = Schema(self.schemas / f"{action}{kind}.json")
        return schema

    def is_refusal(self, answer: JsonObject) -> bool:
        """Tell whether the answer to a command refuses it, or any item of it."""
        results = (
            [answer]
            if "status" in answer
            else [item for value in answer.values() if isinstance(value, list) for item in value]
        )
        objects = (item for item in results if isinstance(item, dict))
        statuses = (item.get("status") or item.get("attributeStatus") for item in objects)
        return any(isinstance(status, str) and status not in self.fulfilled for status in statuses if status)


type Versions = Mapping[str, OcppVersion]
"""The versions that are served, by subprotocol."""


def actions_from_station(versions: Iterable[OcppVersion]) -> frozenset[str]:
    """Actions that a station of any of these versions sends."""
    return frozenset[str]().union(*(version.from_station for version in versions))


def actions_from_csms(versions: Iterable[OcppVersion]) -> frozenset[str]:
    """Commands of any of these versions."""
    return frozenset[str]().union(*(version.from_csms for version in versions))


def having(versions: Iterable[OcppVersion], action: str, *, from_station: bool) -> list[OcppVersion]:
    """Versions in which a station, else the central system, sends an action."""
    return [it for it in versions if action in (it.from_station if from_station else it.from_csms)]


def is_refusal(versions: Iterable[OcppVersion], action: str, answer: JsonObject) -> bool:
    """Tell whether an answer refuses a command, by the versions that have the command, else by all."""
    versions = list(versions)
    judging = having(versions, action, from_station=False) or versions
    return any(version.is_refusal(answer) for version in judging)


def default_settings(versions: Iterable[OcppVersion]) -> Mapping[str, str]:
    """Defaults of settings that depend on the version, by setting: those of the first that has one."""
    triggers = [version.default_trigger for version in versions if version.default_trigger]
    return {"trigger_message": triggers[0]} if triggers else {}
