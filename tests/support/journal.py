"""Heartbeats and their answers, stored in a journal as a connection stores them."""

from functools import cache
from typing import Any

from mock_csms.journal.recorder import Recorder
from mock_csms.journal.records import Records
from mock_csms.journal.store import ConnectionRef, Journal
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.version import OCPP_2_0_1

HEARTBEAT = b'[2, "7", "Heartbeat", { }]'
ANSWER = b'[3,"7",{}]'


def beat(journal: Journal, station: str = "CS1", **fields: Any) -> int:
    """Store a Heartbeat, and return the number of its journal entry."""
    details: dict[str, Any] = {"action": "Heartbeat", "message_id": "7", "raw": HEARTBEAT, **fields}
    return journal.note(station, 1, "received", "call", **details)


@cache
def first_connection(station: str) -> ConnectionRef:
    """Return a reference to the first connection of a station."""
    return recorder_of(Records(Journal()), station)


def recorder_of(records: Records, station: str) -> Recorder:
    """Return the recorder of a new connection of a 2.0.1 station."""
    observer = records.observer(station, OCPP_2_0_1, Observer201)
    return Recorder(records, station, OCPP_2_0_1, observer)


def exchange(journal: Journal, station: str = "CS1", message_id: str = "7", **frames: bytes) -> int:
    """Store a Heartbeat with its answer, and return the number of the Heartbeat's journal entry."""
    raw, answer = frames.get("raw", HEARTBEAT), frames.get("answer", ANSWER)
    return journal.note_exchange(first_connection(station), 1.5, message_id, "Heartbeat", 0.25, raw, answer)
