"""Key codes: no idToken of type KeyCode in the log, the journal or the control API (C04.FR.04)."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from mock_csms.log import output
from mock_csms.log.output import logger
from tests.conftest import LogLines
from tests.support.control import driven
from tests.support.station import raw_connection, receive

SECRET: Final = "47110815"
TOKEN: Final = {"idToken": SECRET, "type": "KeyCode"}
NOW: Final = "2026-01-01T00:00:00Z"
STARTED: Final = {
    "eventType": "Started",
    "timestamp": NOW,
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "T1"},
    "evse": {"id": 1},
    "idToken": TOKEN,
}
WITH_ADDITIONAL_CODE: Final = {
    "idToken": "CAFE",
    "type": "Central",
    "additionalInfo": [{"additionalIdToken": SECRET, "type": "keycode"}],
}
FRAMES: Final = {
    "authorize": json.dumps([2, "1", "Authorize", {"idToken": TOKEN}]),
    "transaction": json.dumps([2, "2", "TransactionEvent", STARTED]),
    "too long": json.dumps([2, "3", "Authorize", {"idToken": {**TOKEN, "idToken": SECRET * 10}}]),
    "custom data": json.dumps([2, "4", "Authorize", {"idToken": TOKEN, "customData": {"vendorId": "V"}}]),
    "unknown action": json.dumps([2, "5", "Pay", {"idToken": TOKEN}]),
    "cut off": json.dumps([2, "6", "Authorize", {"idToken": TOKEN}])[:-3],
    "answer to nothing": json.dumps([3, "7", {"idToken": TOKEN}]),
    "additional": json.dumps([2, "8", "Authorize", {"idToken": WITH_ADDITIONAL_CODE}]),
    "additional, in a transaction": json.dumps(
        [2, "9", "TransactionEvent", STARTED | {"seqNo": 1, "idToken": WITH_ADDITIONAL_CODE}]
    ),
    "repeated": json.dumps([2, "1", "Authorize", {"idToken": TOKEN}]),
}
COMMANDS: Final[dict[str, dict[str, Any]]] = {
    "RequestStartTransaction": {"idToken": TOKEN, "remoteStartId": 1},
    "ReserveNow": {"id": 1, "expiryDateTime": "2036-01-01T00:00:00Z", "idToken": TOKEN},
    "SendLocalList": {
        "versionNumber": 1,
        "updateType": "Full",
        "localAuthorizationList": [{"idToken": TOKEN, "idTokenInfo": {"status": "Accepted"}}],
    },
    "CustomerInformation": {"requestId": 1, "report": True, "clear": False, "idToken": TOKEN},
}
VIEWS: Final = ("/v1/journal?limit=100", "/v1/findings", "/v1/stations/CS1")


@pytest.fixture
def log_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], io.StringIO]]:
    """Yield a function that makes the log write all lines to a new stream, and returns the stream."""
    monkeypatch.setattr(output, "_output", None)
    root, level = logging.getLogger(), logger.level
    handlers = root.handlers[:]

    def configure(style: str) -> io.StringIO:
        monkeypatch.setattr(sys, "stdout", stream := io.StringIO())
        output.configure("debug", style)
        return stream

    yield configure
    output.close()
    root.handlers[:] = handlers
    logger.setLevel(level)


@pytest.mark.parametrize("style", ["text", "json"])
async def test_key_codes_are_shown_nowhere(
    style: str, log_as: Callable[[str], io.StringIO], tmp_path: Path
) -> None:
    log_text = log_as(style)
    journal = tmp_path / "journal.ndjson"
    async with driven(journal=journal) as (csms, client), raw_connection(csms) as connection:
        for frame in FRAMES.values():
            await connection.send(frame)
        for _ in range(len(FRAMES) - 1):
            await receive(connection)
        for action, payload in COMMANDS.items():
            command = asyncio.create_task(csms.sessions["CS1"].call(action, payload))
            _, message_id, *_ = await receive(connection)
            await connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
            await command
        shown = [(await client.get(path)).text for path in VIEWS]
    output.flush()
    shown += [log_text.getvalue(), journal.read_text()]
    for text in shown:
        assert SECRET not in text
        assert "CS1" in text
    assert all("***" in text for text in (shown[0], shown[2], *shown[3:]))


async def test_key_code_is_still_checked(log_lines: LogLines) -> None:
    tokens = {SECRET: {"status": "Blocked", "type": "KeyCode"}}
    async with driven(tokens=tokens) as (csms, _), raw_connection(csms) as connection:
        await connection.send(FRAMES["authorize"])
        assert (await receive(connection))[2] == {"idTokenInfo": {"status": "Blocked"}}
        await log_lines.wait_for("<- Authorize", "idToken=***")
