"""Messages of the stations: schema-valid CALLs, pre-encoded except for ten digits."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bench import wire
from mock_csms.text import timestamp

type Call = tuple[str, dict[str, Any]]
"""An action and its payload."""

CYCLE: Final = "@@@@@@@@@@"
"""Placeholder in a message for the number of the cycle, which has ten digits."""

NOW: Final = timestamp(datetime.now(UTC))
EVSE: Final = {"id": 1, "connectorId": 1}
ID_TOKEN: Final = {"idToken": "04A1B2C3D4E5F6", "type": "ISO14443"}

BOOT: Final[Call] = (
    "BootNotification",
    {
        "reason": "PowerUp",
        "chargingStation": {
            "model": "Bench",
            "vendorName": "Mock",
            "serialNumber": "B-0001",
            "firmwareVersion": "1.2.3",
        },
    },
)
HEARTBEAT: Final[Call] = ("Heartbeat", {})
AUTHORIZE: Final[Call] = ("Authorize", {"idToken": ID_TOKEN})

QUANTITIES: Final = (
    ("Energy.Active.Import.Register", None, "Wh", 51234.5),
    ("Power.Active.Import", None, "W", 10873.2),
    ("Current.Import", "L1", "A", 15.9),
    ("Current.Import", "L2", "A", 15.7),
    ("Current.Import", "L3", "A", 15.8),
    ("Voltage", "L1-N", "V", 229.8),
    ("Voltage", "L2-N", "V", 230.4),
    ("Voltage", "L3-N", "V", 231.1),
    ("Current.Offered", None, "A", 16.0),
    ("SoC", None, "Percent", 57.0),
)


def _sampled_value(measurand: str, phase: str | None, unit: str, value: float) -> dict[str, Any]:
    sampled = {
        "value": value,
        "context": "Sample.Periodic",
        "measurand": measurand,
        "location": "EV" if measurand == "SoC" else "Outlet",
        "unitOfMeasure": {"unit": unit},
    }
    return sampled if phase is None else {**sampled, "phase": phase}


METER_VALUE: Final = [
    {"timestamp": NOW, "sampledValue": [_sampled_value(*quantity) for quantity in QUANTITIES]}
]
METER_VALUES: Final[Call] = ("MeterValues", {"evseId": 1, "meterValue": METER_VALUE})


def _status(status: str) -> Call:
    return "StatusNotification", {
        "timestamp": NOW,
        "connectorStatus": status,
        "evseId": 1,
        "connectorId": 1,
    }


def _event(event_type: str, seq_no: int, trigger: str, state: str, **fields: Any) -> Call:
    return "TransactionEvent", {
        "eventType": event_type,
        "timestamp": NOW,
        "triggerReason": trigger,
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": f"bench-{CYCLE}", "chargingState": state},
        **fields,
    }


def _updated(seq_no: int) -> Call:
    return _event("Updated", seq_no, "MeterValuePeriodic", "Charging", meterValue=METER_VALUE)


def _report_item(number: int) -> dict[str, Any]:
    return {
        "component": {"name": "EVSE", "evse": {"id": 1}},
        "variable": {"name": f"Variable{number:02}"},
        "variableAttribute": [{"type": "Actual", "value": str(number), "mutability": "ReadWrite"}],
        "variableCharacteristics": {"dataType": "integer", "unit": "s", "supportsMonitoring": True},
    }


NOTIFY_REPORT: Final[Call] = (
    "NotifyReport",
    {
        "requestId": 1,
        "generatedAt": NOW,
        "seqNo": 0,
        "tbc": False,
        "reportData": [_report_item(number) for number in range(50)],
    },
)

MIX: Final[Sequence[Call]] = (
    AUTHORIZE,
    _status("Occupied"),
    _event("Started", 0, "CablePluggedIn", "EVConnected", evse=EVSE, idToken=ID_TOKEN),
    _updated(1),
    METER_VALUES,
    HEARTBEAT,
    _updated(2),
    NOTIFY_REPORT,
    _updated(3),
    HEARTBEAT,
    METER_VALUES,
    _updated(4),
    _status("Occupied"),
    _updated(5),
    HEARTBEAT,
    METER_VALUES,
    _updated(6),
    _event("Ended", 7, "EVDeparted", "Idle"),
    _status("Available"),
    HEARTBEAT,
)
SMALL: Final[Sequence[Call]] = (HEARTBEAT, _status("Available"), AUTHORIZE)

CYCLES: Final[Mapping[str, Sequence[Call]]] = {"mix": MIX, "small": SMALL}
"""Calls of one cycle, by workload; stations repeat the cycle."""


@dataclass(frozen=True, slots=True)
class Step:
    """An encoded CALL in pieces, between which the ten digits of the cycle's number are inserted."""

    action: str
    frame: tuple[bytes, ...]
    message_id: tuple[bytes, ...]
    """The message id with its quotes, as repeated in the answer."""


def encode(calls: Sequence[Call]) -> list[Step]:
    """Encode the CALLs of a cycle; every message of a run has a unique id."""
    return [_encoded(f"{CYCLE}-{number:02}", call) for number, call in enumerate(calls)]


def _encoded(message_id: str, call: Call) -> Step:
    placeholder = CYCLE.encode()
    return Step(
        call[0],
        frame=tuple(wire.frame(wire.TEXT, _text(message_id, call)).split(placeholder)),
        message_id=tuple(f'"{message_id}"'.encode().split(placeholder)),
    )


def _text(message_id: str, call: Call) -> bytes:
    return json.dumps([2, message_id, *call], separators=(",", ":")).encode()


def encode_boot(*, deflate: bool) -> Step:
    """Encode the BootNotification; compressed, it has the same message id for every station."""
    if not deflate:
        return _encoded(f"{CYCLE}-boot", BOOT)
    compressed = wire.compress(_text("boot", BOOT))
    return Step(BOOT[0], frame=(wire.frame(wire.COMPRESSED_TEXT, compressed),), message_id=(b'"boot"',))


def digits(cycle: int) -> bytes:
    """Format the number of a cycle as the ten digits that belong between the pieces of a Step."""
    return b"%0*d" % (len(CYCLE), cycle)
