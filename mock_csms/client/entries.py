"""Journal entries, findings and other answers of the control API as typed objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from mock_csms.client.fields import MAX_VALUE_CHARACTERS, brief_value

DIRECTION_ARROWS: Final = {"received": "<-", "sent": "->"}
"""Arrow for each direction of a frame, as in the log of the server."""
MAX_DETAILED_CHARACTERS: Final = 2000
"""Maximum characters of a payload in a transcript, or in a failure that lists its differences."""
TYPES_WITH_PAYLOAD: Final = frozenset({"call", "result", "error"})


@dataclass(frozen=True, slots=True, repr=False)
class TranscriptEntry:
    """A journal entry: a frame, an event of a connection, or a note.

    Attributes that do not apply are None, False or empty. ``entry["reason"]`` returns the field ``reason`` of
    the payload.
    """

    number: int
    time: datetime
    station: str
    type: str
    """call, result, error, malformed, withheld, connected, disconnected, refused or note."""
    direction: str | None = None
    """received (from the station) or sent (to it)."""
    action: str | None = None
    message_id: str | None = None
    connection: int | None = None
    partner: int | None = None
    """Number of the journal entry of the CALL that this entry answers."""
    elapsed: float | None = None
    """Seconds since the CALL that this entry answers."""
    violation: str | None = None
    rule: str | None = None
    injected: bool = False
    note: str | None = None
    handshake: Mapping[str, Any] = field(default_factory=dict)
    frame: Any = None
    """The frame, parsed from JSON."""
    text: str | None = None
    """Text of a frame that is malformed or has line breaks; replaces ``frame``."""

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make an entry from its JSON."""
        optional = {name: content.get(name) for name in _OPTIONAL}
        return cls(
            number=int(content["number"]),
            time=datetime.fromisoformat(content["time"]),
            station=str(content.get("station") or ""),
            type=str(content["type"]),
            message_id=content.get("messageId"),
            injected=bool(content.get("injected")),
            handshake=content.get("handshake") or {},
            **optional,
        )

    @property
    def payload(self) -> Mapping[str, Any]:
        """Payload of a CALL or CALLRESULT. For a CALLERROR: its details, errorCode and errorDescription.

        For other entries, such as a connection: the facts of the handshake.
        """
        match self.type, self.frame:
            case "call", [_, _, _, dict(payload), *_]:
                return payload
            case "result", [_, _, dict(payload), *_]:
                return payload
            case "error", [_, _, code, description, *rest]:
                details = rest[0] if rest and isinstance(rest[0], dict) else {}
                return {**details, "errorCode": code, "errorDescription": description}
        return self.handshake

    def __getitem__(self, name: str) -> Any:
        return self.payload[name]

    def seconds_since(self, earlier: "TranscriptEntry") -> float:
        """Seconds between an earlier entry and this one."""
        return (self.time - earlier.time).total_seconds()

    def __str__(self) -> str:
        return self.as_line()

    def as_line(self, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
        """Return the entry as one line, with at most ``max_characters`` of its payload."""
        mark = DIRECTION_ARROWS.get(self.direction or "", "--")
        name = " ".join(filter(None, (self.action, "" if self.type == "call" else self.type)))
        content = self.frame
        if self.frame is None:
            content = self.text or self.handshake or None
        elif self.type in TYPES_WITH_PAYLOAD:
            content = self.payload
        shown = [] if content is None else [brief_value(content, max_characters)]
        remarks = [self.note, self.violation and f"violation: {self.violation}"]
        words = [f"#{self.number}", self.time.strftime("%H:%M:%S.%f")[:-3], mark, name]
        return " ".join([*words, *shown, *filter(None, remarks)])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self})"


_OPTIONAL: Final = (
    "direction",
    "action",
    "connection",
    "partner",
    "elapsed",
    "violation",
    "rule",
    "note",
    "frame",
    "text",
)


@dataclass(frozen=True, slots=True, repr=False)
class StationFinding:
    """A violation of the specification by a station."""

    id: str
    severity: str
    section: str
    station: str
    time: datetime
    frames: tuple[int, ...]
    """Numbers of the journal entries that show the violation."""
    sentence: str

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a finding from its JSON."""
        return cls(
            id=content["id"],
            severity=content["severity"],
            section=content["section"],
            station=content["station"],
            time=datetime.fromisoformat(content["time"]),
            frames=tuple(content["frames"]),
            sentence=content["sentence"],
        )

    def __str__(self) -> str:
        frames = ", ".join(f"#{number}" for number in self.frames)
        return f"{self.severity} {self.id} ({self.section}) of {self.station}: {self.sentence}; {frames}"

    def __repr__(self) -> str:
        return f"<{self}>"


@dataclass(frozen=True, slots=True)
class RefusedConnection:
    """An attempt of a station to connect, refused because the server was offline for it."""

    time: datetime
    remote: str
    """Address and port of the station."""
    listener: str

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a refused connection from its JSON."""
        return cls(datetime.fromisoformat(content["time"]), content["remote"], content["listener"])


@dataclass(frozen=True, slots=True)
class VersionActions:
    """The actions of an OCPP version."""

    version: str
    subprotocol: str
    from_station: tuple[str, ...]
    """Actions that stations send."""
    from_csms: tuple[str, ...]
    """Actions that the server sends (commands)."""

    @property
    def all(self) -> tuple[str, ...]:
        """The actions of both directions."""
        return self.from_station + self.from_csms

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make the actions from their JSON."""
        from_station, from_csms = (
            tuple(each["action"] for each in content[name]) for name in ("fromStation", "fromCsms")
        )
        return cls(content["version"], content["subprotocol"], from_station, from_csms)


@dataclass(frozen=True, slots=True)
class KnownStation:
    """Summary of the state of a station."""

    id: str
    connected: bool
    registration: str | None
    """Status in the answer to its latest BootNotification; None before the first one."""
    boots: int
    transactions: int
    """Number of running transactions."""
    state: str
    """Label that a rule has given the station, for conditions of rules; ``start`` if no rule has done so."""

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make a summary from its JSON."""
        return cls(
            id=content["id"],
            connected=content["connected"],
            registration=content["registration"],
            boots=content["boots"],
            transactions=content["transactions"],
            state=content["state"],
        )


@dataclass(frozen=True, slots=True)
class ListenerAddress:
    """A port for stations. ``ws`` is empty if the port accepts only TLS, ``wss`` if only plain text."""

    name: str
    ws: str
    wss: str
    security_profile: int | None

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Self:
        """Make an address from its JSON."""
        address = content["address"]
        return cls(
            name=content["name"],
            ws=f"ws://{address}" if content["plain"] else "",
            wss=f"wss://{address}" if content["tls"] else "",
            security_profile=content.get("securityProfile"),
        )
