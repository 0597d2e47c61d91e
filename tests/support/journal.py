"""Heartbeats and their answers, noted in a journal as a connection notes them."""

from functools import cache
from typing import Any

from mock_csms.journal.recorder import Recorder
from mock_csms.journal.records import Records
from mock_csms.journal.store import ConnectionRef, Journal
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1

HEARTBEAT = b'[2, "7", "Heartbeat", { }]'
ANSWER = b'[3,"7",{}]'


def beat(journal: Journal, station: str = "CS1", **more: Any) -> int:
    """Note a Heartbeat."""
    said: dict[str, Any] = {"action": "Heartbeat", "message_id": "7", "raw": HEARTBEAT, **more}
    return journal.note(station, 1, "received", "call", **said)


@cache
def where(station: str) -> ConnectionRef:
    """The first connection of a station."""
    return recorder_of(Records(Journal()), station)


def recorder_of(records: Records, station: str) -> Recorder:
    """Record a new connection of a station that speaks OCPP 2.0.1."""
    observer = records.observer(station, OCPP_2_0_1, Observer201)
    return Recorder(records, station, OCPP_2_0_1, observer)


def exchange(journal: Journal, station: str = "CS1", message_id: str = "7", **frames: bytes) -> int:
    """Note a Heartbeat with its answer."""
    raw, answer = frames.get("raw", HEARTBEAT), frames.get("answer", ANSWER)
    return journal.note_exchange(where(station), 1.5, message_id, "Heartbeat", 0.25, raw, answer)
